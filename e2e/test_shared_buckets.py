"""Throttles that nodes share in Redis: one limit over all nodes, and each node's share of it while Redis is away."""

import re
import threading
import time

import pytest

import paced
from arrange import a_key, a_plan, change_plan, integrated, replace
from callers import call
from harness import poll
from redis_server import Cluster, Redis, Watched

OK = {"application/json": '{"statusCode": 200}'}
PATH = "/things/1"


@pytest.fixture(scope="module")
def redis():
    server = Redis()
    yield server
    server.end()


@pytest.fixture
def own_redis():
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


def a_limited_key(nodes, rate, burst, **plan):
    """An API that answers by itself, and a key that all nodes know."""
    client = nodes[0].client()
    api = integrated(client, key_required=True, type="MOCK", requestTemplates=OK)
    plan = a_plan(client, api, throttle={"rateLimit": rate, "burstLimit": burst}, **plan)
    key = a_key(client, plan)
    client_of = lambda node: call(node.gateway, api.path("/no-such"), key.value).status  # noqa: E731
    for node in nodes:
        poll(lambda node=node: client_of(node) == 403, within=2)
    time.sleep(1)
    return api, plan, key


def status(node, api, key):
    return call(node.gateway, api.path(PATH), key.value).status


def admitted(node, api, key, calls):
    return sum(status(node, api, key) == 200 for _ in range(calls))


def metric(node, name):
    return float(re.search(rf"^tollgate_{name} (\S+)$", node.get_management("/metrics")[1].decode(), re.MULTILINE)[1])


def round_trips(nodes):
    return sum(metric(node, "bucket_round_trips_total") for node in nodes)


def test_three_nodes_admit_what_one_bucket_does_at_three_times_the_rate(three):
    for what, rates in (("even", (1000, 1000, 1000)), ("skewed", (2400, 400, 200))):
        api, _, key = a_limited_key(three, 1000, 100)
        before = round_trips(three)
        loads = [paced.Paced(node.gateway, api.path(PATH), key.value, rate, 20) for node, rate in zip(three, rates)]
        answers, took = paced.run(*loads)
        trips = round_trips(three) - before
        print(f"{what}: {answers} in {took:.2f} s, {1000 * trips / sum(answers.values()):.1f} round trips per 1,000 calls")
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
