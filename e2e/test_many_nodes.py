"""Nodes that share a PostgreSQL behave as one: what is changed on one holds on all, and quotas are exact over all."""

import base64
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from arrange import a_key, a_plan, an_api, change_plan, replace, unique, usage
from callers import LIMIT_EXCEEDED, TOO_MANY_REQUESTS, Connection, call, crowd
from certificate import self_signed
from harness import ACCESS_KEY_ID, BINARY, REGION, SECRET_ACCESS_KEY, environment, poll
from postgres import MASTER_KEY
from test_functions import archive, invoke, lambda_client, make

CLIENTS = 96
TRIALS = 200


@pytest.fixture(scope="module")
def three(starter, shared_postgres):
    """Three nodes for all tests that leave them be, and a client of each."""
    url = shared_postgres.url(shared_postgres.make_database())
    nodes = [starter(TOLLGATE_STORE__URL=url, TOLLGATE_MASTER_KEY=MASTER_KEY) for _ in range(3)]
    return nodes, [node.client() for node in nodes]


def status(node, api, key):
    return call(node.gateway, api.path(), key.value).status


def everywhere(nodes, api, key, expected, within=1.0):
    for node in nodes:
        poll(lambda node=node: status(node, api, key) == expected, within=within, what=f"{expected} on every node")


def tally(answers):
    return Counter("admitted" if answer.status == 200 else answer.refusal for answer in answers)


def test_what_is_changed_on_one_node_holds_on_all_within_a_second(three, upstream):
    nodes, (a, b, c) = three
    api = an_api(a, upstream)
    plan = a_plan(b, api)
    key = a_key(c, plan)
    everywhere(nodes, api, key, 200)
    b.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", "false")])
    assert status(nodes[1], api, key) == 403, "the node that answered refuses at once"
    everywhere(nodes, api, key, 403)
    a.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", "true")])
    everywhere(nodes, api, key, 200)
    change_plan(c, plan, replace("/throttle/rateLimit", 0.001), replace("/throttle/burstLimit", 1))
    everywhere(nodes, api, key, 429)
    b.delete_usage_plan_key(usagePlanId=plan, keyId=key.id)
    everywhere(nodes, api, key, 403)
    imported = a.import_api_keys(format="csv", body=f"Name,Key,UsagePlanIds\n{unique()},{'v' * 30},{plan}\n".encode())
    everywhere(nodes, api, type(key)(imported["ids"][0], "v" * 30), 200)
    assert {client.get_api_keys(limit=500)["items"][0]["id"] for client in (a, b, c)} == set(imported["ids"])


def test_a_key_that_is_disabled_on_one_node_is_refused_by_the_others_within_a_second(three, upstream):
    nodes, (a, *_) = three
    api = an_api(a, upstream)
    plan = a_plan(a, api)
    key = a_key(a, plan)
    others = [Connection(node.gateway) for node in nodes[1:]]
    took = []
    for trial in range(TRIALS):
        enabled = trial % 2 == 1
        a.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", str(enabled).lower())])
        since, expected = time.monotonic(), 200 if enabled else 403
        for other in others:
            poll(lambda other=other: other.call(api.path(), key.value).status == expected, within=5)
        took.append(time.monotonic() - since)
    took.sort()
    print(f"in force on all after {took[len(took) // 2]:.4f} s (median), {took[-3]:.4f} s (p99), {took[-1]:.4f} s (most)")
    assert took[-3] < 1, took[-10:]


def test_the_waiting_call_returns_after_all_nodes_refuse(start_nodes, shared_postgres, upstream):
    nodes = start_nodes(shared_postgres, TOLLGATE_STORE__WAIT_FOR_NODES=2000)
    a = nodes[0].client()
    api = an_api(a, upstream)
    plan = a_plan(a, api)
    for _ in range(20):
        key = a_key(a, plan)
        everywhere(nodes, api, key, 200)
        answer = a.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", "false")])
        assert [status(node, api, key) for node in nodes] == [403, 403, 403]
        assert "x-tollgate-nodes-behind" not in answer["ResponseMetadata"]["HTTPHeaders"]
    key = a_key(a, plan)
    everywhere(nodes, api, key, 200)
    nodes[2].process.send_signal(signal.SIGSTOP)
    try:
        answer = a.delete_api_key(apiKey=key.id)
        behind = answer["ResponseMetadata"]["HTTPHeaders"].get("x-tollgate-nodes-behind", "")
    finally:
        nodes[2].process.send_signal(signal.SIGCONT)
    assert behind == "{}:{}".format(*nodes[2].management), "the node that did not answer is named"
    assert [status(node, api, key) for node in nodes[:2]] == [403, 403]
    everywhere(nodes, api, key, 403)


def test_no_change_of_two_nodes_overwrites_the_others(three, upstream):
    nodes, clients = three
    api = an_api(clients[0], upstream)
    plan = a_plan(clients[0], api)
    key = a_key(clients[0], plan)
    arn = f"arn:aws:apigateway:us-east-1::/apikeys/{key.id}"
    of_plan = f"arn:aws:apigateway:us-east-1::/usageplans/{plan}"

    def tag(number):
        for round_ in range(5):
            for resource in (arn, of_plan):
                clients[number % 3].tag_resource(resourceArn=resource, tags={f"t{number}.{round_}": "x"})

    crowd(6, tag)
    assert len(clients[1].get_api_key(apiKey=key.id)["tags"]) == 30
    assert len(clients[2].get_usage_plan(usagePlanId=plan)["tags"]) == 30


def test_a_quota_is_one_over_all_nodes_to_its_last_unit(three, upstream, one_day):
    nodes, (a, b, c) = three
    api = an_api(a, upstream)
    plans = {limit: a_plan(a, api, quota={"limit": limit, "period": "DAY"}) for limit in (10_000, 5)}
    keys = {limit: a_key(a, plan) for limit, plan in plans.items()}
    for key in keys.values():
        poll(lambda key=key: all(b.get_usage_plan_keys(usagePlanId=plan) for plan in plans.values()), within=2)
    time.sleep(1)
    mark = {limit: unique() for limit in keys}

    def work(number):
        connection, answers = Connection(nodes[number % 3].gateway), {10_000: [], 5: []}
        try:
            while not answers[10_000] or answers[10_000][-1].status == 200:
                for limit, key in keys.items():
                    if limit == 10_000 or len(answers[limit]) < 3:
                        answers[limit].append(connection.call(api.path(), key.value, headers={"x-mark": mark[limit]}))
            return answers
        finally:
            connection.close()

    all_answers = crowd(CLIENTS, work)
    for limit in keys:
        counted = tally(answer for answers in all_answers for answer in answers[limit])
        assert counted["admitted"] == limit, counted
        assert set(counted) == {"admitted", LIMIT_EXCEEDED}
        assert upstream.marked(mark[limit]) == limit
        for client in (a, b, c):
            poll(lambda client=client: usage(client, plans[limit], keys[limit]) == (limit, 0), within=1)


def test_a_quota_of_five_can_be_used_from_any_node(three, upstream, one_day):
    nodes, (a, b, c) = three
    api = an_api(a, upstream)
    plan = a_plan(a, api, quota={"limit": 5, "period": "DAY"})
    key = a_key(a, plan)
    for number, node in enumerate(nodes):
        poll(lambda node=node: status(node, api, key) == 200, within=1, what="the key is known")
    # Each node has a unit on its lease by now, or the ledger has it: one node gets them all.
    assert [status(nodes[0], api, key) for _ in range(3)] == [200, 200, 429]
    assert [status(node, api, key) for node in nodes] == [429, 429, 429]
    b.update_usage(usagePlanId=plan, keyId=key.id, patchOperations=[replace("/remaining", 4)])
    poll(lambda: status(nodes[2], api, key) == 200, within=2, what="the quota was extended")
    assert [status(node, api, key) for node in nodes] == [200, 200, 200]
    assert [status(node, api, key) for node in nodes] == [429, 429, 429]
    assert usage(c, plan, key) == (9, 0)


ACCIDENTS = int(os.environ.get("ACCIDENTS", "2"))
"""How many of a kind happen while a quota is used up."""

PATIENCE = 30 + 6 * ACCIDENTS
"""Seconds that a client waits: where all pauses of a node follow each other, a call may wait for all of them."""


class Load:
    """Clients of three nodes that call until all of them refuse, through whatever happens."""

    def __init__(self, nodes, api, key, mark, clients=48):
        self.nodes, self.path, self.key, self.mark = nodes, api.path(), key, mark
        self.admitted, self.refused, self.lock = 0, 0, threading.Lock()
        self.others, self.lost = Counter(), Counter()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, failed, *_):
        deadline = time.monotonic() + (0 if failed else 60 + PATIENCE)
        for thread in self.threads:
            thread.join(max(0, deadline - time.monotonic()))
        self.stop.set()
        for thread in self.threads:
            thread.join(40)

    def run(self, number):
        connection, refusals = None, 0
        while not self.stop.is_set() and refusals < 3:
            node = self.nodes[number % len(self.nodes)]
            try:
                connection = connection or Connection(node.gateway, timeout=PATIENCE)
                answer = connection.call(self.path, self.key.value, headers={"x-mark": self.mark})
            except Exception as error:  # noqa: BLE001 - whatever a killed process leaves of a connection
                connection = None
                with self.lock:
                    self.lost[repr(error)] += 1
                self.stop.wait(0.02)
                continue
            with self.lock:
                if answer.status == 200:
                    self.admitted += 1
                elif answer.refusal == LIMIT_EXCEEDED:
                    self.refused += 1
                else:
                    self.others[answer.refusal] += 1
            if answer.refusal == LIMIT_EXCEEDED:
                refusals += 1
                self.stop.wait(1.1)
            elif answer.status != 200:
                self.stop.wait(0.2)


LIMIT = 10_000


@pytest.fixture
def wire(own_postgres):
    """What one node reaches the database by."""
    wire, url = own_postgres.wire()
    yield wire, url
    wire.close()


@pytest.mark.parametrize("accident", ["kill", "pause", "cut", "restart", "crash", "redis", "leave"])
def test_whatever_happens_to_a_node_or_to_an_engine_never_too_many_are_admitted(
    accident, start, start_nodes, own_postgres, own_upstream, wire, own_redis, one_day
):
    wire, url = wire
    database = own_postgres.make_database()
    first, last = start_nodes(own_postgres, count=2, database=database, TOLLGATE_BUCKETS__URL=own_redis.url)
    by_wire = {"TOLLGATE_STORE__URL": url(database), "TOLLGATE_MASTER_KEY": MASTER_KEY}
    victim = start(**by_wire, TOLLGATE_BUCKETS__URL=own_redis.url)
    nodes = [first, victim, last]
    clients = [node.client() for node in nodes]
    api = an_api(clients[0], own_upstream)
    plan = a_plan(clients[0], api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(clients[0], plan), unique()
    time.sleep(1)
    kills = 0
    with Load(nodes, api, key, mark) as load:
        for number in range(ACCIDENTS):
            threshold = LIMIT * (number + 1) * 2 // (ACCIDENTS * 3)
            poll(lambda: own_upstream.marked(mark) >= threshold, within=60, what="the load")
            if accident == "kill":
                victim.kill()
                kills += 1
                victim.start()
            elif accident == "pause":
                victim.process.send_signal(signal.SIGSTOP)
                time.sleep(5)
                victim.process.send_signal(signal.SIGCONT)
            elif accident == "cut":
                wire.cut()
                time.sleep(3)
                wire.mend()
            elif accident == "redis":
                own_redis.restart()
            elif accident == "leave":
                assert victim.stop() == 0
                victim.start()
            else:
                own_postgres.say(accident)
    admitted = own_upstream.marked(mark)
    print(accident, "admitted", admitted, "others", load.others, "lost", load.lost)
    assert admitted <= LIMIT
    assert admitted >= LIMIT - kills * LIMIT // 100, f"{LIMIT - admitted} units are stranded"
    if not kills:
        assert load.admitted == LIMIT
    # A killed node could not report its last calls; what it had drawn is nobody's any more.
    expected = {usage(client, plan, key) for client in [first.client(), last.client()]}
    assert len(expected) == 1 and expected.pop()[1] == 0
    if not kills:
        for node in nodes:
            poll(lambda node=node: usage(node.client(), plan, key) == (LIMIT, 0), within=1)


def test_a_function_that_is_uploaded_to_one_node_runs_on_all(start_nodes, shared_postgres):
    database = shared_postgres.make_database()
    nodes = start_nodes(shared_postgres, count=2, database=database)
    a, b = map(lambda_client, nodes)
    name = make(a, code="def handler(event, context): return 1")
    poll(lambda: answer_or_none(b, name) == 1, within=2, what="the function on the other node")
    b.update_function_code(FunctionName=name, ZipFile=archive(app__py="def handler(event, context): return 2"))
    poll(lambda: answer_or_none(a, name) == 2, within=2, what="its new code on the first node")
    (joined,) = start_nodes(shared_postgres, count=1, database=database)
    assert answer_or_none(lambda_client(joined), name) == 2, "a node that joins has it from the start"


def test_code_of_a_node_that_was_alone_is_shared_when_it_starts(start_nodes, shared_postgres):
    database = shared_postgres.make_database()
    (node,) = start_nodes(shared_postgres, count=1, database=database)
    name = make(lambda_client(node), code="def handler(event, context): return 3")
    shared_postgres.query(database, "DELETE FROM function_code")
    assert node.stop() == 0
    node.start()
    (joined,) = start_nodes(shared_postgres, count=1, database=database)
    assert answer_or_none(lambda_client(joined), name) == 3


def test_code_that_was_uploaded_to_one_node_is_taken_up_again_by_another(start_nodes, shared_postgres):
    nodes = start_nodes(shared_postgres, count=2)
    a, b = map(lambda_client, nodes)
    name = make(a, code="def handler(event, context): return 1")
    older = a.get_function(FunctionName=name)["Configuration"]["CodeSha256"]
    poll(lambda: answer_or_none(b, name) == 1, within=2, what="the function on the other node")
    a.update_function_code(FunctionName=name, ZipFile=archive(app__py="def handler(event, context): return 2"))
    poll(lambda: answer_or_none(b, name) == 2, within=2, what="its new code")
    # Older code goes when a node starts; whoever takes a deployment back names it by its digest.
    assert nodes[1].stop() == 0
    nodes[1].start()
    body = json.dumps({"ArchiveSha256": base64.b64decode(older).hex()}).encode()
    assert signed(nodes[1], "PUT", f"/2015-03-31/functions/{name}/code", body) == 200
    poll(lambda: answer_or_none(a, name) == 1, within=2, what="the older code on the first node")


def signed(node, method, path, body):
    """The status of a call of Lambda's API with members that are Tollgate's own."""
    request = AWSRequest(method, f"{node.endpoint_url}{path}", data=body, headers={"content-type": "application/json"})
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "lambda", REGION).add_auth(request)
    return URLLib3Session().send(request.prepare()).status_code


def answer_or_none(client, name):
    try:
        return invoke(client, name, {})[1]
    except ClientError:
        return None


def test_without_postgres_calls_go_on_from_leases_and_nothing_is_lost(start_nodes, own_postgres, upstream, one_day):
    nodes = start_nodes(own_postgres, count=2)
    a, b = [node.client() for node in nodes]
    api = an_api(a, upstream)
    plan = a_plan(a, api, quota={"limit": 2_000, "period": "DAY"})
    unmetered = a_plan(a, an_api(a, upstream))
    key, cold = a_key(a, plan), a_key(a, plan)
    everywhere(nodes, api, key, 200)
    for _ in range(60):
        assert status(nodes[0], api, key) == 200
    own_postgres.say("down")
    # What is on the lease is served; then nothing can be accounted for.
    answers = [call(nodes[0].gateway, api.path(), key.value) for _ in range(60)]
    served = sum(answer.status == 200 for answer in answers)
    assert 0 < served < 60
    assert answers[-1].refusal == TOO_MANY_REQUESTS and answers[-1].headers["Retry-After"] == "1"
    assert status(nodes[1], api, cold) == 429
    for refused in (
        lambda: a.get_usage_plans() and a.create_api_key(name="x"),
        lambda: b.update_usage_plan(usagePlanId=unmetered, patchOperations=[replace("/name", "y")]),
        lambda: b.get_api_keys(),
    ):
        with pytest.raises(ClientError) as error:
            refused()
        assert error.value.response["Error"]["Code"] == "ServiceUnavailableException"
    own_postgres.say("up")
    poll(lambda: status(nodes[0], api, key) == 200, within=10, what="calls are accounted for again")
    poll(lambda: status(nodes[1], api, cold) == 200, within=10, what="calls are accounted for again")
    used = 1 + 1 + 60 + served + 1
    for client in (a, b):
        poll(lambda client=client: usage(client, plan, key) == (used, 2_000 - used), within=2)
    change_plan(a, plan, replace("/name", "again"))


def test_a_node_that_sees_no_changes_for_too_long_refuses_keys(start_nodes, own_postgres, upstream):
    nodes = start_nodes(own_postgres, count=1, TOLLGATE_STORE__MAX_STALENESS=2)
    client = nodes[0].client()
    api, open_api = an_api(client, upstream), an_api(client, upstream, key_required=False)
    plan = a_plan(client, api)
    key = a_key(client, plan)
    own_postgres.say("pause")
    try:
        assert status(nodes[0], api, key) == 200, "not yet"
        poll(lambda: status(nodes[0], api, key) == 429, within=5, what="keys are believed no longer")
        assert call(nodes[0].gateway, open_api.path()).status == 200
    finally:
        own_postgres.say("resume")
    poll(lambda: status(nodes[0], api, key) == 200, within=20, what="changes are seen again")


def test_who_says_so_admits_what_cannot_be_accounted_for(start_nodes, own_postgres, upstream, one_day):
    (node,) = start_nodes(own_postgres, count=1, TOLLGATE_QUOTA__WHEN_UNACCOUNTED="admit")
    client = node.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    own_postgres.say("down")
    assert [status(node, api, key) for _ in range(12)] == [200] * 12
    own_postgres.say("up")
    poll(lambda: _usage_or_none(client, plan, key) == (12, 0), within=10, what="they are reported")
    poll(lambda: status(node, api, key) == 429, within=3)


def _usage_or_none(client, plan, key):
    try:
        return usage(client, plan, key)
    except ClientError:
        return None


def test_nodes_share_their_root_credentials_and_their_master_key(start, own_postgres):
    url = own_postgres.url(own_postgres.make_database())
    bare = {"TOLLGATE_ROOT_ACCESS_KEY_ID": None, "TOLLGATE_ROOT_SECRET_ACCESS_KEY": None, "TOLLGATE_STORE__URL": url}
    first = start(TOLLGATE_MASTER_KEY="1a" * 32, **bare)
    second = start(TOLLGATE_MASTER_KEY="1a" * 32, **bare)
    assert (first.data_dir / "root.json").read_text() == (second.data_dir / "root.json").read_text()
    assert "shown this once" in first.log() and "shown this once" not in second.log()
    second.stop()
    second.settings["TOLLGATE_MASTER_KEY"] = "2b" * 32
    said = second.refuses_to_start(because="master key")
    assert "2b2b" not in said
    second.settings["TOLLGATE_MASTER_KEY"] = None
    second.refuses_to_start(because="master_key_file")
    assert not (second.data_dir / "master.key").exists()


def test_a_password_of_the_database_is_told_nowhere(start, own_postgres, tmp_path):
    folder = own_postgres.folder
    wrong = f"postgres://tollgate:s3cr3tpw@{folder.replace('/', '%2F')}/nowhere"
    (tmp_path / "password").write_text("an0therpw\n")
    node = start(TOLLGATE_STORE__URL=own_postgres.url(own_postgres.make_database()), TOLLGATE_LOG="debug",
                 TOLLGATE_STORE__PASSWORD_FILE=tmp_path / "password")
    node.stop()
    node.settings["TOLLGATE_STORE__URL"] = wrong
    said = node.refuses_to_start(because="nowhere") + node.log()
    assert "s3cr3tpw" not in said and "an0therpw" not in said


def run(*command):
    done = subprocess.run(
        [str(BINARY), *command],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_status_shows_the_nodes_and_how_far_they_have_come(start_nodes, shared_postgres):
    nodes = start_nodes(shared_postgres, count=2)
    a = nodes[0].client()
    a.create_usage_plan(name="x")
    at = ["--management", "{}:{}".format(*nodes[0].management)]
    shown = [line.split("\t") for line in run("status", "--wait", "2000", *at).splitlines()]
    assert [line[0] for line in shown[1:]] == ["{}:{}".format(*node.management) for node in nodes]
    assert {(line[2], line[4]) for line in shown[1:]} == {("alive", "0")}
    nodes[1].kill()
    poll(lambda: "silent for" in run("status", *at), within=10, what="the dead node is noticed")
    assert nodes[0].stop() == 0
    nodes[0].start()
    shown = run("status", "--management", "{}:{}".format(*nodes[0].management))
    assert shown.count("alive") == 1 and len(shown.splitlines()) == 3, "who stops cleanly leaves nothing behind"


def test_all_state_moves_from_a_data_directory_counters_included(start, start_nodes, shared_postgres, upstream, one_day):
    alone = start(TOLLGATE_ROOT_ACCESS_KEY_ID=None, TOLLGATE_ROOT_SECRET_ACCESS_KEY=None)
    root = json.loads((alone.data_dir / "root.json").read_text())
    pair = root["access_key_id"], root["secret_access_key"]
    client = alone.client(*pair)
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 100, "period": "DAY"})
    key = a_key(client, plan)
    assert [status(alone, api, key) for _ in range(30)] == [200] * 30
    assert alone.stop() == 0
    database = shared_postgres.make_database()
    to = shared_postgres.url(database)
    done = subprocess.run(
        [str(BINARY), "migrate-store", "--from", f"sqlite:{alone.data_dir}", "--to", to],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(TOLLGATE_ROOT_ACCESS_KEY_ID=None, TOLLGATE_ROOT_SECRET_ACCESS_KEY=None),
    )
    assert done.returncode == 0 and "api_key\t1 rows" in done.stdout, done.stdout + done.stderr
    nodes = start_nodes(
        shared_postgres,
        count=2,
        database=database,
        TOLLGATE_MASTER_KEY=None,
        TOLLGATE_MASTER_KEY_FILE=alone.data_dir / "master.key",
        TOLLGATE_ROOT_ACCESS_KEY_ID=None,
        TOLLGATE_ROOT_SECRET_ACCESS_KEY=None,
    )
    for node in nodes:
        assert usage(node.client(*pair), plan, key) == (30, 70)
    assert [status(node, api, key) for node in nodes for _ in range(40)].count(200) == 70


def test_a_database_is_reached_by_tls_and_by_password(start, own_postgres, tmp_path):
    certificates = {name: self_signed(tmp_path, name, f"DNS:{name}") for name in ("localhost", "other")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = own_postgres.make_database()
    own_postgres.query(database, "ALTER USER tollgate PASSWORD 's3cr3tpw'")
    own_postgres.serve_tls(*certificates["localhost"], port)
    at = f"postgres://tollgate@localhost:{port}/{database}"
    settings = {"TOLLGATE_MASTER_KEY": "1a" * 32, "TOLLGATE_STORE__PASSWORD": "s3cr3tpw", "TOLLGATE_LOG": "debug"}
    trusted = {"TOLLGATE_STORE__ROOT_CERTIFICATE": certificates["localhost"][0]}
    node = start(TOLLGATE_STORE__URL=f"{at}?sslmode=verify-full", **trusted, **settings)
    node.client().create_api_key(name="by TLS")
    encrypted = "SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL"
    assert own_postgres.query(database, encrypted)[0][1] == "t"
    node.stop()
    for url, more, because in [
        (f"{at}?sslmode=verify-full", {}, "certificate"),
        (f"{at}?sslmode=verify-full", {"TOLLGATE_STORE__ROOT_CERTIFICATE": certificates["other"][0]}, "certificate"),
        (at.replace("localhost", "127.0.0.1") + "?sslmode=verify-full", trusted, "certificate"),
        (f"{at}?sslmode=require", {"TOLLGATE_STORE__PASSWORD": "wr0ngpw"}, "password"),
        (f"{at}?sslmode=disable", {}, "no encryption"),
    ]:
        refused = {**settings, "TOLLGATE_STORE__ROOT_CERTIFICATE": None, **more, "TOLLGATE_STORE__URL": url}
        node.settings = refused
        said = node.refuses_to_start(because=because)
        assert "s3cr3tpw" not in said and "wr0ngpw" not in said
    node.settings = {**settings, "TOLLGATE_STORE__URL": f"{at}?sslmode=require"}
    node.start()
    assert "s3cr3tpw" not in node.log()
