"""Quotas are exact: never a call too many, and a crash strands little."""

import threading
import time
from collections import Counter

from arrange import a_key, a_plan, an_api, change_plan, replace, unique, usage, usage_becomes
from callers import FORBIDDEN, LIMIT_EXCEEDED, Connection, crowd, rush
from harness import poll

LIMIT, CLIENTS, KILLS = 1000, 64, 10


def tally(answers):
    return Counter("admitted" if answer.status == 200 else answer.refusal for answer in answers)


def test_64_clients_are_admitted_exactly_as_often_as_the_quota_says(tollgate, client, upstream, api, one_day):
    plan = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(client, plan), unique()
    answers = rush(tollgate.gateway, api.path(), key.value, CLIENTS, 25, mark)
    assert tally(answers) == {"admitted": LIMIT, LIMIT_EXCEEDED: CLIENTS * 25 - LIMIT}
    assert upstream.marked(mark) == LIMIT
    usage_becomes(client, plan, key, (LIMIT, 0))


def test_every_key_has_a_quota_of_its_own_in_each_plan(tollgate, client, upstream, api, one_day):
    plan = a_plan(client, api, quota={"limit": 30, "period": "MONTH"})
    keys = [a_key(client, plan) for _ in range(8)]

    def work(number):
        key = keys[number % len(keys)]
        connection = Connection(tollgate.gateway)
        try:
            return number % len(keys), [connection.call(api.path(), key.value) for _ in range(10)]
        finally:
            connection.close()

    admitted = Counter()
    for number, answers in crowd(32, work):
        admitted[number] += tally(answers)["admitted"]
        assert set(tally(answers)) <= {"admitted", LIMIT_EXCEEDED}
    assert admitted == {number: 30 for number in range(len(keys))}
    for key in keys:
        usage_becomes(client, plan, key, (30, 0))


def test_a_quota_is_one_over_all_stages_and_apis_of_the_plan(tollgate, client, upstream, one_day):
    first, second = an_api(client, upstream), an_api(client, upstream, stage="prod")
    plan = a_plan(client, first, second, quota={"limit": 10, "period": "WEEK", "offset": 3})
    key = a_key(client, plan)
    answers = [rush(tollgate.gateway, api.path(), key.value, 4, 2) for api in (first, second)]
    assert tally(answers[0]) == {"admitted": 8}
    assert tally(answers[1]) == {"admitted": 2, LIMIT_EXCEEDED: 6}


class _Load:
    """64 clients that call a Tollgate through its deaths and births until the quota refuses.

    Within `with` they call; at its end they are through.
    """

    def __init__(self, tollgate, api, key, mark):
        self.tollgate, self.path, self.key, self.mark = tollgate, api.path(), key, mark
        self.answers, self.cut_off, self.lock = Counter(), {}, threading.Lock()
        self.numbers = iter(range(10**9))
        self.finished = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, failed, *_):
        deadline = time.monotonic() + (0 if failed else 60)
        for thread in self.threads:
            thread.join(max(0, deadline - time.monotonic()))
        self.finished.set()
        for thread in self.threads:
            thread.join(20)

    def run(self, client):
        connection = None
        while not self.finished.is_set():
            with self.lock:
                name = f"{self.mark}-{next(self.numbers)}"
            process = self.tollgate.process.pid
            try:
                if connection is None:
                    connection = Connection(self.tollgate.gateway, timeout=10)
                    connection.http.connect()
            except OSError:
                connection = None
                self.finished.wait(0.02)  # nobody listens while the process is down
                continue
            try:
                answer = connection.call(self.path, self.key.value, headers={"x-mark": self.mark, "x-call": name})
                with self.lock:
                    self.answers["admitted" if answer.status == 200 else answer.refusal] += 1
                if answer.refusal == LIMIT_EXCEEDED:
                    return
            except Exception:  # noqa: BLE001 - whatever a killed process leaves of a connection
                with self.lock:
                    # A client's first cut is the call that was in flight; later ones met a process already dead.
                    self.cut_off.setdefault((client, process), name)
                connection.close()
                connection = None


def test_ten_kills_under_load_admit_never_too_many_and_strand_little(start, own_upstream, one_day):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, own_upstream)
    plan = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(client, plan), unique()
    at_kill = []
    # The upstream stops answering at each threshold, so that every death finds calls of all clients in flight and the
    # load cannot run ahead. The last one is well inside the quota, even if each death strands all it may.
    own_upstream.hold(after=75)
    with _Load(tollgate, api, key, mark) as load:
        for death in range(1, KILLS + 1):
            assert own_upstream.wait_for(mark, death * 75 + 1), "the load came to a halt"
            tollgate.kill()
            at_kill.append(own_upstream.marked(mark))
            own_upstream.hold(after=(death + 1) * 75 if death < KILLS else None)
            tollgate.start()
    assert len(at_kill) == KILLS and at_kill[-1] < LIMIT, at_kill

    reached = own_upstream.marked(mark)
    seen = {request.value("x-call") for request in own_upstream.since(0)}
    # A call that was cut off and never reached the upstream may have been admitted all the same: it is in flight
    # between the two. There is at most one a kill and client, and they are counted one by one here.
    lost = sum(name not in seen for name in load.cut_off.values())
    print(f"at each kill {at_kill}, in the end {reached}, cut off {len(load.cut_off)}, lost {lost}")
    assert reached <= LIMIT
    assert set(load.answers) <= {"admitted", LIMIT_EXCEEDED}
    assert len(seen - {None}) == reached, "a call reached the upstream twice"
    # At most 1 % of the quota is stranded a kill.
    assert reached + lost >= LIMIT - KILLS * LIMIT // 100

    client = tollgate.client()
    used, remaining = usage(client, plan, key)
    assert used <= reached + lost and used <= LIMIT
    assert remaining == 0, "GetUsage promises calls that are refused"


def test_a_kill_with_no_call_in_flight_strands_at_most_one_percent(start, own_upstream, one_day):
    """The same bound without the blur of calls in flight: every call has its answer when the process dies."""
    tollgate = start()
    api = an_api(tollgate.client(), own_upstream)
    plan = a_plan(tollgate.client(), api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(tollgate.client(), plan), unique()
    for _ in range(KILLS):
        assert tally(rush(tollgate.gateway, api.path(), key.value, CLIENTS, 1, mark)) == {"admitted": CLIENTS}
        tollgate.kill()
        tollgate.start()
        used, remaining = usage(tollgate.client(), plan, key)
        assert used <= own_upstream.marked(mark) and used + remaining <= LIMIT
    rush(tollgate.gateway, api.path(), key.value, CLIENTS, 10, mark)
    admitted = own_upstream.marked(mark)
    print(f"{admitted} of {LIMIT} admitted over {KILLS} kills")
    assert LIMIT - KILLS * LIMIT // 100 <= admitted <= LIMIT


def test_a_kill_loses_no_call_that_was_served_a_second_before(start, upstream, one_day):
    """What GetUsage lacks after a kill are calls of the last 0.2 seconds."""
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, upstream)
    counted, free = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"}), a_plan(client, api)
    keys = [(plan, a_key(client, plan)) for plan in (counted, counted, free, free)]
    for death in range(1, 4):
        for _, key in keys:
            assert tally(rush(tollgate.gateway, api.path(), key.value, 16, 3)) == {"admitted": 48}
        time.sleep(1.2)
        tollgate.kill()
        tollgate.start()
        assert [usage(tollgate.client(), *key)[0] for key in keys] == [48 * death] * 4


def test_a_clean_stop_strands_nothing(start, upstream, one_day):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"})
    key = a_key(client, plan)
    admitted = 0
    for calls_each in (2, 1, 3):
        admitted += tally(rush(tollgate.gateway, api.path(), key.value, CLIENTS, calls_each))["admitted"]
        assert tollgate.stop() == 0
        tollgate.start()
        assert usage(tollgate.client(), plan, key) == (admitted, LIMIT - admitted)
    assert admitted == CLIENTS * 6
    rest = rush(tollgate.gateway, api.path(), key.value, CLIENTS, 10)
    assert tally(rest) == {"admitted": LIMIT - admitted, LIMIT_EXCEEDED: CLIENTS * 10 - (LIMIT - admitted)}
    usage_becomes(tollgate.client(), plan, key, (LIMIT, 0))


def test_a_kill_at_rest_loses_no_acknowledged_configuration(start, upstream):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 100, "period": "DAY"})
    key, gone = a_key(client, plan), a_key(client, plan)
    client.delete_api_key(apiKey=gone.id)
    tollgate.kill()
    tollgate.start()
    connection = Connection(tollgate.gateway)
    assert connection.call(api.path(), key.value).status == 200
    assert connection.call(api.path(), gone.value).refusal == FORBIDDEN
    connection.close()
    poll(lambda: usage(tollgate.client(), plan, key)[0] == 1, within=1.0, what="the call in GetUsage")


def test_clean_stops_under_load_strand_nothing_and_lose_no_call(start, own_upstream, one_day):
    tollgate = start()
    api = an_api(tollgate.client(), own_upstream)
    plan = a_plan(tollgate.client(), api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(tollgate.client(), plan), unique()
    with _Load(tollgate, api, key, mark) as load:
        for stop in range(1, 5):
            assert own_upstream.wait_for(mark, stop * 100)
            assert tollgate.stop() == 0
            tollgate.start()
    assert own_upstream.marked(mark) == LIMIT
    assert load.answers == {"admitted": LIMIT, LIMIT_EXCEEDED: CLIENTS}, "an admitted call was left without its answer"
    assert usage(tollgate.client(), plan, key) == (LIMIT, 0)


def test_a_quota_that_is_lowered_under_load_lets_in_so_many_and_no_more(start, own_upstream, one_day):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, own_upstream)
    plan = a_plan(client, api, quota={"limit": 100_000, "period": "DAY"})
    key, mark = a_key(client, plan), unique()
    # With calls of all clients in flight, and a hundred and more units on a lease.
    own_upstream.hold(after=200)
    with _Load(tollgate, api, key, mark):
        assert own_upstream.wait_for(mark, 201)
        change_plan(client, plan, replace("/quota/limit", 300))
        own_upstream.hold(after=None)
    assert own_upstream.marked(mark) == 300
    usage_becomes(client, plan, key, (300, 0))


def test_edits_under_load_admit_never_too_many(tollgate, client, own_upstream, one_day):
    api = an_api(client, own_upstream)
    plan = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(client, plan), unique()

    def edit(round_number):
        change_plan(client, plan, replace("/quota/limit", 300 + 100 * (round_number % 5)))
        client.create_deployment(restApiId=api.id, stageName=api.stage)
        client.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", round_number % 2 == 0)])
        change_plan(client, plan, replace("/throttle/rateLimit", 100000), replace("/throttle/burstLimit", 100000))
        change_plan(
            client,
            plan,
            {"op": "remove", "path": "/apiStages", "value": f"{api.id}:{api.stage}"},
            {"op": "add", "path": "/apiStages", "value": f"{api.id}:{api.stage}"},
        )

    rounds = threading.Thread(target=lambda: [edit(number) for number in range(20)])
    rounds.start()
    answers = []
    while rounds.is_alive():
        answers += rush(tollgate.gateway, api.path(), key.value, 16, 20, mark)
        assert own_upstream.marked(mark) <= 700, "more than any limit there was"
    rounds.join()
    assert set(tally(answers)) <= {"admitted", LIMIT_EXCEEDED, FORBIDDEN}
    client.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", "true")])
    change_plan(client, plan, replace("/quota/limit", LIMIT))
    answers += rush(tollgate.gateway, api.path(), key.value, CLIENTS, 20, mark)
    assert tally(answers)["admitted"] == own_upstream.marked(mark) == LIMIT
    usage_becomes(client, plan, key, (LIMIT, 0))
