"""Throttles that nodes share in Redis: one limit over all nodes, and each node's share of it while Redis is away."""

import re
import time

import pytest

import paced
from arrange import a_key, a_plan, change_plan, integrated, replace
from callers import call, signed
from certificate import self_signed
from harness import poll
from redis_server import Cluster, Redis, Watched

OK = {"application/json": '{"statusCode": 200}'}
PATH = "/things/1"
CONNECTIONS = 4


@pytest.fixture(scope="module")
def redis():
    server = Redis()
    yield server
    server.end()


def shares(buckets, **settings):
    return {"TOLLGATE_BUCKETS__URL": buckets.url, **settings}


@pytest.fixture(scope="module")
def three(starter, shared_postgres, redis):
    from postgres import MASTER_KEY

    url = shared_postgres.url(shared_postgres.make_database())
    settings = {"TOLLGATE_STORE__URL": url, "TOLLGATE_MASTER_KEY": MASTER_KEY, **shares(redis)}
    return [starter(**settings) for _ in range(3)]


def operator(node, path):
    answer = signed(node, "GET", f"/tollgate/v1{path}")
    assert answer.status == 200, answer.body
    return answer.json


def everywhere(nodes):
    """Waits until all changes so far are in force on all nodes."""
    assert operator(nodes[0], "/nodes?wait=10000")["behind"] == []


def a_limited_key(nodes, rate, burst, **plan):
    """An API that answers by itself, a plan and a key, which all nodes know."""
    return limited_keys(nodes, 1, rate, burst, **plan)[0]


def limited_keys(nodes, count, rate, burst, **plan):
    client = nodes[0].client()
    api = integrated(client, key_required=True, type="MOCK", requestTemplates=OK)
    plan = a_plan(client, api, throttle={"rateLimit": rate, "burstLimit": burst}, **plan)
    keys = [(api, plan, a_key(client, plan)) for _ in range(count)]
    everywhere(nodes)
    return keys


def status(node, api, key):
    return call(node.gateway, api.path(PATH), key.value).status


def admitted(node, api, key, calls):
    return sum(status(node, api, key) == 200 for _ in range(calls))


def metric(node, name):
    return float(re.search(rf"^tollgate_{name} (\S+)$", node.get_management("/metrics")[1].decode(), re.MULTILINE)[1])


def round_trips(nodes):
    return sum(metric(node, "bucket_round_trips_total") for node in nodes)


@pytest.mark.parametrize("rates", [(1000, 1000, 1000), (2400, 400, 200)], ids=["even", "skewed"])
def test_three_nodes_admit_what_one_bucket_does_at_three_times_the_rate(three, rates):
    api, _, key = a_limited_key(three, 1000, 100)
    loads = [
        paced.Paced(node.gateway, api.path(PATH), key.value, rate / CONNECTIONS, 20)
        for node, rate in zip(three, rates)
        for _ in range(CONNECTIONS)
    ]
    before = round_trips(three)
    answers, took = paced.run(*loads)
    trips = 1000 * (round_trips(three) - before) / sum(answers.values())
    print(f"{dict(answers)} in {took:.2f} s, {trips:.1f} round trips per 1,000 calls")
    assert set(answers) == {200, 429}
    assert answers[200] <= 100 + 1000 * took
    assert answers[200] >= 0.99 * 20_100


def test_a_burst_is_one_over_all_nodes(three):
    api, _, key = a_limited_key(three, 0.001, 9)
    assert sum(admitted(node, api, key, 5) for node in three) == 9


def test_without_redis_each_node_gives_out_its_share_and_with_it_they_share_again(start_nodes, shared_postgres, own_redis):
    nodes = start_nodes(shared_postgres, **shares(own_redis))
    api, _, key = a_limited_key(nodes, 0.001, 30)
    assert admitted(nodes[0], api, key, 3) == 3
    own_redis.kill()
    for node in nodes:
        poll(lambda node=node: metric(node, "buckets_shared") == 0, within=5)
        poll(lambda node=node: metric(node, "buckets_nodes") == 3, within=5)
        assert node.log().count("shared buckets are out of reach") == 1
    alone = [admitted(node, api, key, 20) for node in nodes]
    assert alone[1:] == [10, 10] and alone[0] <= 10, alone
    own_redis.start()
    for node in nodes:
        poll(lambda node=node: metric(node, "buckets_shared") == 1, within=10)
        assert "buckets are shared again" in node.log()
    # What they gave out by themselves is owed, though Redis has forgotten all that was before.
    again = sum(admitted(node, api, key, 20) for node in nodes)
    assert again <= 20, again


def alone(nodes):
    for node in nodes:
        poll(lambda node=node: metric(node, "buckets_shared") == 0, within=5, what="alone")


def together(nodes, within=10):
    for node in nodes:
        poll(lambda node=node: metric(node, "buckets_shared") == 1, within=within, what="shared buckets")


def test_a_redis_that_is_restarted_gives_out_one_more_burst_at_most(start_nodes, shared_postgres, own_redis):
    nodes = start_nodes(shared_postgres, count=2, **shares(own_redis))
    api, _, key = a_limited_key(nodes, 0.001, 20)
    together(nodes)
    assert sum(admitted(node, api, key, 20) for node in nodes) == 20
    own_redis.restart()
    together(nodes)
    assert sum(admitted(node, api, key, 30) for node in nodes) <= 20


def test_a_redis_that_stands_still_is_told_by_findings_and_status(start_nodes, shared_postgres, own_redis):
    nodes = start_nodes(shared_postgres, count=2, **shares(own_redis))
    api, _, key = a_limited_key(nodes, 1000, 10)
    states = lambda: {node["buckets"] for node in operator(nodes[0], "/nodes")["item"]}  # noqa: E731
    poll(lambda: states() == {"shared"}, within=5)
    own_redis.pause()
    try:
        began = time.monotonic()
        assert status(nodes[0], api, key) == 200
        assert time.monotonic() - began < 2, "a call does not wait for long"
        alone(nodes)
        poll(lambda: states() == {"alone"}, within=5)
        (finding,) = [f for f in operator(nodes[1], "/findings")["item"] if f["kind"] == "BucketsOutOfReach"]
        assert len(finding["nodes"]) == 2
    finally:
        own_redis.resume()
    together(nodes)
    poll(lambda: states() == {"shared"}, within=5)


def test_a_password_is_needed_and_a_wrong_one_is_not_logged(start):
    server = Redis(password="right")
    try:
        given = start(**shares(server, TOLLGATE_BUCKETS__PASSWORD="right"))
        poll(lambda: metric(given, "buckets_shared") == 1, within=5)
        api, plan, key = a_limited_key([given], 0.001, 3)
        assert admitted(given, api, key, 5) == 3
        assert f"tollgate:{{key:{plan}:{key.id}}}" in server.ask("KEYS", "*").split()
        wrong = start(**shares(server, TOLLGATE_BUCKETS__PASSWORD="wr0ng"))
        alone([wrong])
        poll(lambda: "shared buckets are out of reach" in wrong.log(), within=5)
        assert "wr0ng" not in wrong.log()
        api, _, key = a_limited_key([wrong], 0.001, 3)
        assert admitted(wrong, api, key, 5) == 3, "it limits by itself"
    finally:
        server.end()


def test_a_plan_that_is_edited_is_in_force_on_all_nodes_and_keeps_what_is_owed(three):
    api, plan, key = a_limited_key(three, 0.001, 6)
    client = three[1].client()
    assert sum(admitted(node, api, key, 3) for node in three) == 6
    change_plan(client, plan, replace("/throttle/burstLimit", 10))
    everywhere(three)
    assert sum(admitted(node, api, key, 10) for node in three) == 4
    change_plan(client, plan, replace("/throttle/burstLimit", 5))
    everywhere(three)
    assert sum(admitted(node, api, key, 10) for node in three) == 0
    change_plan(client, plan, replace("/throttle/rateLimit", 1000))
    everywhere(three)
    for node in three:
        poll(lambda node=node: status(node, api, key) == 200, within=2)


def test_what_one_level_refuses_costs_the_others_nothing(three):
    """A key of which the quota is used up, and then one whose method is throttled, keeps the tokens of its plan."""
    api, plan, key = a_limited_key(three, 0.001, 10, quota={"limit": 2, "period": "MONTH"})
    assert [status(three[0], api, key) for _ in range(20)].count(200) == 2
    change_plan(three[0].client(), plan, {"op": "remove", "path": "/quota"})
    everywhere(three)
    assert sum(admitted(node, api, key, 10) for node in three) == 8


@pytest.mark.parametrize("kind", [Cluster, Watched])
def test_buckets_are_shared_in_a_cluster_and_through_a_failover(kind, start_nodes, shared_postgres):
    buckets = kind()
    try:
        nodes = start_nodes(shared_postgres, count=2, **shares(buckets))
        together(nodes)
        for api, _, key in limited_keys(nodes, 4, 0.001, 9):
            assert sum(admitted(node, api, key, 9) for node in nodes) == 9
        buckets.fail()
        together(nodes, within=30)
        for api, _, key in limited_keys(nodes, 4, 0.001, 9):
            assert sum(admitted(node, api, key, 9) for node in nodes) == 9
    finally:
        buckets.end()


@pytest.mark.parametrize("kind", [Redis, Cluster, Watched])
def test_servers_are_reached_by_tls_and_by_passwords_and_by_nothing_less(kind, start_nodes, shared_postgres, tmp_path):
    tls, other = (self_signed(tmp_path, file, "IP:127.0.0.1") for file in ("server", "other"))
    watched = {"sentinel_password": "w4tchpw"} if kind is Watched else {}
    buckets = kind(password="s3cr3tpw", tls=tls, **watched)
    try:
        right = shares(buckets, TOLLGATE_BUCKETS__ROOT_CERTIFICATE=tls[0], TOLLGATE_BUCKETS__PASSWORD="s3cr3tpw")
        if watched:
            right["TOLLGATE_BUCKETS__SENTINEL_PASSWORD"] = "w4tchpw"
        nodes = start_nodes(shared_postgres, count=2, **right)
        together(nodes)
        for api, _, key in limited_keys(nodes, 4, 0.001, 9):
            assert sum(admitted(node, api, key, 9) for node in nodes) == 9
        mistakes = [
            {"TOLLGATE_BUCKETS__ROOT_CERTIFICATE": other[0]},
            {"TOLLGATE_BUCKETS__ROOT_CERTIFICATE": None},
            {"TOLLGATE_BUCKETS__URL": buckets.url.replace("rediss", "redis")},
            {"TOLLGATE_BUCKETS__PASSWORD": "wr0ngpw"},
            {"TOLLGATE_BUCKETS__PASSWORD": None},
        ]
        if watched:
            mistakes += [{"TOLLGATE_BUCKETS__SENTINEL_PASSWORD": word} for word in ("wr0ngpw", None)]
        node = nodes[1]
        for mistake in mistakes:
            node.stop()
            before = len(node.log())
            node.settings.update({**right, **mistake})
            node.start()
            said = lambda: node.log()[before:]  # noqa: B023, E731
            poll(lambda: "shared buckets are out of reach" in said(), within=5)
            # Longer than a try may take, after the first, which has less time.
            time.sleep(2.5)
            assert metric(node, "buckets_shared") == 0, mistake
            assert len(said().splitlines()) < 8, said()
            assert not any(secret in node.log() for secret in ("s3cr3tpw", "w4tchpw", "wr0ngpw"))
    finally:
        buckets.end()
