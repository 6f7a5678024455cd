"""The walk of a newcomer with the unmodified AWS CLI: make a key and a plan, put them before an API, be limited."""

import time
from types import SimpleNamespace

import pytest

from arrange import Key, today, unique, usage, usage_becomes
from callers import FORBIDDEN, LIMIT_EXCEEDED, TOO_MANY_REQUESTS, call, rush
from harness import poll


@pytest.fixture(scope="module")
def walk(aws, upstream):
    """The commands of the walk in their order; each answer by name."""
    said = SimpleNamespace()
    said.key = aws("create-api-key", "--name", "my-api-key", "--enabled")
    said.plan = aws(
        "create-usage-plan",
        "--name",
        "my-usage-plan",
        "--throttle",
        "burstLimit=100,rateLimit=50",
        "--quota",
        "limit=1000,period=DAY",
    )
    said.plan_key = aws(
        "create-usage-plan-key", "--usage-plan-id", said.plan["id"], "--key-id", said.key["id"], "--key-type", "API_KEY"
    )
    said.plans = aws("get-usage-plans")
    said.api = aws("create-rest-api", "--name", "petstore")
    said.pets = aws(
        "create-resource",
        "--rest-api-id",
        said.api["id"],
        "--parent-id",
        said.api["rootResourceId"],
        "--path-part",
        "pets",
    )
    where = ["--rest-api-id", said.api["id"], "--resource-id", said.pets["id"], "--http-method", "GET"]
    said.method = aws("put-method", *where, "--authorization-type", "NONE", "--api-key-required")
    said.integration = aws(
        "put-integration",
        *where,
        "--type",
        "HTTP_PROXY",
        "--integration-http-method",
        "GET",
        "--uri",
        upstream.url + "/pets",
    )
    said.deployment = aws("create-deployment", "--rest-api-id", said.api["id"], "--stage-name", "dev")
    said.api_stage = f"{said.api['id']}:dev"
    said.planned = aws(
        "update-usage-plan",
        "--usage-plan-id",
        said.plan["id"],
        "--patch-operations",
        f"op=add,path=/apiStages,value={said.api_stage}",
    )
    said.path = f"/restapis/{said.api['id']}/dev/_user_request_/pets"
    return said


@pytest.fixture
def limited(aws, walk):
    """Makes a plan by CLI with the given limits and attaches one new key; plan id, key id and value."""

    def make(*limits):
        plan = aws(
            "create-usage-plan", "--name", unique("plan"), "--api-stages", f"apiId={walk.api['id']},stage=dev", *limits
        )
        key = aws("create-api-key", "--name", unique("key"), "--enabled")
        aws("create-usage-plan-key", "--usage-plan-id", plan["id"], "--key-id", key["id"], "--key-type", "API_KEY")
        return SimpleNamespace(plan=plan["id"], id=key["id"], value=key["value"])

    return make


def the_usage(aws, plan, key):
    said = aws("get-usage", "--usage-plan-id", plan, "--start-date", today(), "--end-date", today())
    return said["items"][key]


def test_the_walk_answers_in_the_shape_of_aws(walk):
    assert walk.key["name"] == "my-api-key" and walk.key["enabled"] is True
    assert len(walk.key["id"]) == 10 and len(walk.key["value"]) == 40
    assert walk.plan["throttle"] == {"burstLimit": 100, "rateLimit": 50.0}
    assert walk.plan["quota"] == {"limit": 1000, "offset": 0, "period": "DAY"}
    assert walk.plan_key == {"id": walk.key["id"], "type": "API_KEY", "name": "my-api-key", "value": walk.key["value"]}
    listed = next(plan for plan in walk.plans["items"] if plan["id"] == walk.plan["id"])
    assert (listed["name"], listed["throttle"], listed["quota"]) == (
        "my-usage-plan",
        walk.plan["throttle"],
        walk.plan["quota"],
    )
    assert walk.method["apiKeyRequired"] is True
    assert walk.planned["apiStages"] == [{"apiId": walk.api["id"], "stage": "dev"}]


def test_a_call_with_the_key_reaches_the_upstream(walk, tollgate, upstream):
    start = upstream.seen()
    answer = call(tollgate.gateway, walk.path, walk.key["value"])
    assert (answer.status, answer.json) == (200, {"upstream": True})
    assert [request.target for request in upstream.since(start)] == ["/pets"]


def test_the_walks_plan_throttles_a_crowd_and_its_usage_adds_up(walk, tollgate, client, one_day):

    key = Key(walk.key["id"], walk.key["value"])
    poll(lambda: call(tollgate.gateway, walk.path, key.value).status == 200, within=5)
    used, _ = usage_settles(client, walk.plan["id"], key)
    start = time.monotonic()
    answers = rush(tollgate.gateway, walk.path, key.value, clients=64, calls_each=5)
    elapsed = time.monotonic() - start
    admitted = sum(answer.status == 200 for answer in answers)
    assert {answer.refusal for answer in answers if answer.status != 200} == {TOO_MANY_REQUESTS}
    assert admitted <= 100 + 50 * elapsed + 1
    assert admitted >= min(100, len(answers)) - 1
    usage_becomes(client, walk.plan["id"], key, (used + admitted, 1000 - used - admitted))
    assert usage(client, walk.plan["id"], key) == (used + admitted, 1000 - used - admitted)


def usage_settles(client, plan, key):
    """The usage once two looks a while apart agree: what was called before this test is in it."""

    seen = [None]

    def agrees():
        time.sleep(0.5)
        seen.append(usage(client, plan, key))
        return seen[-1] == seen[-2] and seen[-1]

    return poll(agrees, within=5, what="settled usage")


def test_a_low_rate_is_answered_as_aws_throttles(limited, tollgate, walk):
    key = limited("--throttle", "burstLimit=2,rateLimit=0.01")
    answers = [call(tollgate.gateway, walk.path, key.value) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[2].refusal == answers[3].refusal == TOO_MANY_REQUESTS
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 100


def test_a_used_up_quota_is_answered_as_aws_refuses_and_reported(aws, limited, tollgate, walk, one_day):
    key = limited("--quota", "limit=5,period=DAY")
    answers = [call(tollgate.gateway, walk.path, key.value) for _ in range(8)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 3
    assert {answer.refusal for answer in answers[5:]} == {LIMIT_EXCEEDED}
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 86400
    assert the_usage(aws, key.plan, key.id) == [[5, 0]]


def test_usage_shows_used_and_remaining_that_add_up(aws, limited, tollgate, walk, one_day):
    key = limited("--quota", "limit=20,period=MONTH")
    for _ in range(7):
        assert call(tollgate.gateway, walk.path, key.value).status == 200
    assert the_usage(aws, key.plan, key.id) == [[7, 13]]


def test_metered_answers_say_what_is_left(limited, tollgate, walk):
    key = limited("--quota", "limit=10,period=DAY", "--throttle", "burstLimit=5,rateLimit=0.01")
    answer = call(tollgate.gateway, walk.path, key.value)
    assert '"quota";q=10' in answer.headers["RateLimit-Policy"]
    assert '"quota";r=9' in answer.headers["RateLimit"] and '"throttle";r=4' in answer.headers["RateLimit"]


def test_all_keys_that_may_not_pass_are_refused_alike(aws, limited, tollgate, walk):
    """Missing, unknown, disabled, not in a plan, in a plan of another stage: nobody can tell them apart."""
    disabled, bare = limited(), aws("create-api-key", "--name", unique("key"), "--enabled")
    aws("update-api-key", "--api-key", disabled.id, "--patch-operations", "op=replace,path=/enabled,value=false")
    elsewhere = aws("create-api-key", "--name", unique("key"), "--enabled")
    plan = aws("create-usage-plan", "--name", unique("plan"))
    aws("create-usage-plan-key", "--usage-plan-id", plan["id"], "--key-id", elsewhere["id"], "--key-type", "API_KEY")
    values = [None, "", "no-such-key-no-such-key", disabled.value, bare["value"], elsewhere["value"]]
    answers = [call(tollgate.gateway, walk.path, value) for value in values]
    assert {answer.refusal for answer in answers} == {FORBIDDEN}
    assert len({frozenset(name.lower() for name in answer.headers) for answer in answers}) == 1


def test_the_key_header_is_found_in_any_spelling(walk, tollgate, limited):
    key = limited()
    for name in ("X-API-Key", "x-api-key", "X-Api-KEY"):
        assert call(tollgate.gateway, walk.path, headers={name: key.value}).status == 200
    assert call(tollgate.gateway, walk.path + f"?x-api-key={key.value}").refusal == FORBIDDEN


@pytest.mark.parametrize("form", ["user_request", "execute_api", "host"])
def test_every_form_of_the_address_leads_to_the_api(form, walk, tollgate, limited):
    key, api = limited(), walk.api["id"]
    path, headers = {
        "user_request": (walk.path, {}),
        "execute_api": (f"/_aws/execute-api/{api}/dev/pets", {}),
        "host": ("/dev/pets", {"Host": f"{api}.execute-api.eu-west-1.example.test"}),
    }[form]
    assert call(tollgate.gateway, path, key.value, headers=headers).json == {"upstream": True}


def test_an_error_reaches_the_cli_as_an_aws_error(aws):
    done = aws.run("get-usage-plan", "--usage-plan-id", "nosuch")
    assert done.code != 0
    assert "(NotFoundException)" in done.error and "Invalid Usage Plan ID specified" in done.error
