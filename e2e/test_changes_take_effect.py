"""What is changed by the management API holds from the very next call, and counters outlive every change."""

import pytest

from arrange import a_key, a_plan, an_api, change_plan, put_http, put_proxy, replace, unique, usage, usage_becomes
from callers import FORBIDDEN, LIMIT_EXCEEDED, TOO_MANY_REQUESTS, UNKNOWN_ROUTE, call
from harness import poll

NEVER = 0.0001
"""A rate that adds no token while a test runs."""


@pytest.fixture
def calling(tollgate, api):
    """Calls `times` times with a key; the status codes."""

    def calling(key, times=1, path="/pets", of=api):
        return [call(tollgate.gateway, of.path(path), key.value).status for _ in range(times)]

    return calling


def enable(client, key, enabled):
    client.update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", enabled)])


def test_a_key_disabled_by_cli_is_refused_on_the_very_next_call(aws, tollgate, client, api):
    key = a_key(client, a_plan(client, api))
    assert call(tollgate.gateway, api.path(), key.value).status == 200
    aws("update-api-key", "--api-key", key.id, "--patch-operations", "op=replace,path=/enabled,value=false")
    assert call(tollgate.gateway, api.path(), key.value).refusal == FORBIDDEN


def test_a_key_disabled_and_enabled_again_flips_on_the_very_next_call(client, api, calling):
    key = a_key(client, a_plan(client, api))
    for _ in range(20):
        assert calling(key) == [200]
        enable(client, key, "false")
        assert calling(key) == [403]
        enable(client, key, "true")


def test_a_disabled_key_keeps_its_count(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 3, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 2) == [200, 200]
    enable(client, key, "false")
    assert calling(key, 3) == [403] * 3
    enable(client, key, "true")
    assert calling(key, 3) == [200, 429, 429]
    usage_becomes(client, plan, key, (3, 0))


def test_a_deleted_key_is_refused_on_the_very_next_call(tollgate, client, api, calling):
    plan = a_plan(client, api)
    key = a_key(client, plan)
    assert calling(key) == [200]
    client.delete_api_key(apiKey=key.id)
    assert call(tollgate.gateway, api.path(), key.value).refusal == FORBIDDEN
    assert client.get_usage_plan_keys(usagePlanId=plan)["items"] == []


def test_a_key_taken_out_of_its_plan_is_refused_and_put_back_is_admitted(client, api, calling):
    plan = a_plan(client, api)
    key = a_key(client, plan)
    for _ in range(5):
        assert calling(key) == [200]
        client.delete_usage_plan_key(usagePlanId=plan, keyId=key.id)
        assert calling(key) == [403]
        client.create_usage_plan_key(usagePlanId=plan, keyId=key.id, keyType="API_KEY")


def test_a_key_put_back_in_its_plan_has_the_count_it_had(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 3, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 2) == [200, 200]
    client.delete_usage_plan_key(usagePlanId=plan, keyId=key.id)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key.id, keyType="API_KEY")
    assert calling(key, 2) == [200, 429]


def test_a_stage_taken_out_of_the_plan_refuses_its_keys(client, api, calling):
    plan = a_plan(client, api)
    key = a_key(client, plan)
    stage = f"{api.id}:{api.stage}"
    assert calling(key) == [200]
    change_plan(client, plan, {"op": "remove", "path": "/apiStages", "value": stage})
    assert calling(key) == [403]
    change_plan(client, plan, {"op": "add", "path": "/apiStages", "value": stage})
    assert calling(key) == [200]


def test_a_deleted_plan_admits_nobody(client, api, calling):
    plan = a_plan(client, api)
    key = a_key(client, plan)
    assert calling(key) == [200]
    change_plan(client, plan, {"op": "remove", "path": "/apiStages", "value": f"{api.id}:{api.stage}"})
    client.delete_usage_plan(usagePlanId=plan)
    assert calling(key) == [403]


def test_a_raised_quota_gives_headroom_at_once(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 3, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 5) == [200] * 3 + [429] * 2
    change_plan(client, plan, replace("/quota/limit", 5))
    assert calling(key, 4) == [200, 200, 429, 429]
    usage_becomes(client, plan, key, (5, 0))


def test_a_quota_lowered_below_what_is_used_refuses_and_never_shows_a_negative_rest(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 6) == [200] * 6
    change_plan(client, plan, replace("/quota/limit", 4))
    assert calling(key, 3) == [429] * 3
    usage_becomes(client, plan, key, (6, 0))
    change_plan(client, plan, replace("/quota/limit", 8))
    assert calling(key, 4) == [200, 200, 429, 429]
    usage_becomes(client, plan, key, (8, 0))


def test_a_quota_lowered_but_above_what_is_used_leaves_the_difference(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 1000, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 4) == [200] * 4
    change_plan(client, plan, replace("/quota/limit", 6))
    assert usage(client, plan, key)[1] <= 2
    assert calling(key, 4) == [200, 200, 429, 429]
    usage_becomes(client, plan, key, (6, 0))


def test_a_quota_taken_away_frees_and_given_back_still_counts(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 2, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 3) == [200, 200, 429]
    change_plan(client, plan, {"op": "remove", "path": "/quota"})
    assert calling(key, 3) == [200] * 3


def test_remaining_set_by_update_usage_holds_at_once(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 2, "period": "DAY"})
    key = a_key(client, plan)
    assert calling(key, 3) == [200, 200, 429]
    said = client.update_usage(usagePlanId=plan, keyId=key.id, patchOperations=[replace("/remaining", 3)])
    assert said["items"][key.id][0][1] == 3
    assert calling(key, 5) == [200] * 3 + [429] * 2
    usage_becomes(client, plan, key, (5, 0))


def redeploy(client, api):
    client.create_deployment(restApiId=api.id, stageName=api.stage)


def test_redeploying_resets_no_count_and_no_bucket(tollgate, client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 4, "period": "DAY"})
    drained = a_plan(client, an_elsewhere := an_api_on(client, api), throttle={"rateLimit": NEVER, "burstLimit": 1})
    key, slow = a_key(client, plan), a_key(client, drained)
    assert calling(key, 2) == [200, 200]
    assert calling(slow, 2, of=an_elsewhere) == [200, 429]
    redeploy(client, api)
    redeploy(client, an_elsewhere)
    assert calling(slow, of=an_elsewhere) == [429]
    assert calling(key, 3) == [200, 200, 429]
    usage_becomes(client, plan, key, (4, 0))


def an_api_on(client, api):
    """A second stage of the same API."""
    client.create_deployment(restApiId=api.id, stageName="second")
    return type(api)(api.id, "second", api.root, api.proxy)


def test_a_raised_throttle_frees_a_drained_caller(tollgate, client, api, calling):
    plan = a_plan(client, api, throttle={"rateLimit": NEVER, "burstLimit": 2})
    key = a_key(client, plan)
    assert calling(key, 4) == [200, 200, 429, 429]
    change_plan(client, plan, replace("/throttle/rateLimit", 1000), replace("/throttle/burstLimit", 100))
    # What is owed is at most one empty bucket, and the new rate fills a token of it in a millisecond.
    poll(lambda: calling(key) == [200], within=1.0, what="the freed caller")


def test_a_throttle_of_zero_admits_nobody_and_its_removal_everybody(tollgate, client, api, calling):
    plan = a_plan(client, api, throttle={"rateLimit": 0, "burstLimit": 0})
    key = a_key(client, plan)
    assert call(tollgate.gateway, api.path(), key.value).refusal == TOO_MANY_REQUESTS
    change_plan(client, plan, {"op": "remove", "path": "/throttle"})
    assert calling(key, 5) == [200] * 5


def test_each_key_has_a_bucket_of_its_own_across_methods(client, api, calling):
    plan = a_plan(client, api, throttle={"rateLimit": NEVER, "burstLimit": 3})
    one, other = a_key(client, plan), a_key(client, plan)
    assert calling(one, 2, "/a") + calling(one, 2, "/b") == [200, 200, 200, 429]
    assert calling(other, 4) == [200, 200, 200, 429]


def test_a_methods_throttle_in_the_plan_stands_instead_of_the_plans(client, upstream, api, calling):
    slow = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="slow")["id"]
    put_http(client, api.id, slow, upstream.url + "/plain")
    redeploy(client, api)
    plan = a_plan(
        client,
        api,
        throttle={"rateLimit": NEVER, "burstLimit": 5},
        method_throttle={"/slow/GET": {"rateLimit": NEVER, "burstLimit": 2}},
    )
    one, other = a_key(client, plan), a_key(client, plan)
    assert calling(one, 4, "/slow") == [200, 200, 429, 429]
    assert calling(one, 6, "/fast") == [200] * 5 + [429]
    assert calling(other, 3, "/slow") == [200, 200, 429]


def test_a_raised_throttle_of_a_method_frees_a_drained_caller(client, api, calling):
    plan = a_plan(client, api, method_throttle={"/{proxy+}/*": {"rateLimit": NEVER, "burstLimit": 2}})
    key = a_key(client, plan)
    assert calling(key, 3) == [200, 200, 429]
    path = f"/apiStages/{api.id}:{api.stage}/throttle//{{proxy+}}/*"
    change_plan(client, plan, replace(path + "/rateLimit", 1000), replace(path + "/burstLimit", 100))
    poll(lambda: calling(key) == [200], within=1.0, what="the freed caller")


def test_a_throttle_taken_away_and_given_back_higher_frees_a_drained_caller(client, api, calling):
    plan = a_plan(client, api, throttle={"rateLimit": NEVER, "burstLimit": 2})
    key = a_key(client, plan)
    assert calling(key, 3) == [200, 200, 429]
    change_plan(client, plan, {"op": "remove", "path": "/throttle"})
    assert calling(key) == [200]
    change_plan(client, plan, replace("/throttle/rateLimit", 1000), replace("/throttle/burstLimit", 100))
    poll(lambda: calling(key) == [200], within=1.0, what="the freed caller")


def test_a_raised_throttle_of_a_stage_frees_its_drained_callers(client, api, calling):
    key = a_key(client, a_plan(client, api))

    def throttle(rate, burst):
        client.update_stage(
            restApiId=api.id,
            stageName=api.stage,
            patchOperations=[replace("/*/*/throttling/rateLimit", rate), replace("/*/*/throttling/burstLimit", burst)],
        )

    throttle(NEVER, 2)
    assert calling(key, 3) == [200, 200, 429]
    throttle(1000, 100)
    poll(lambda: calling(key) == [200], within=1.0, what="the freed caller")


def test_a_stages_throttle_limits_all_its_callers_together_for_each_method(client, upstream, api, calling):
    slow = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="slow")["id"]
    put_http(client, api.id, slow, upstream.url + "/plain")
    redeploy(client, api)
    plan = a_plan(client, api)
    one, other = a_key(client, plan), a_key(client, plan)
    throttling = "/*/*/throttling/"
    client.update_stage(
        restApiId=api.id,
        stageName=api.stage,
        patchOperations=[replace(throttling + "rateLimit", NEVER), replace(throttling + "burstLimit", 3)],
    )
    assert calling(one, 2) + calling(other, 2) == [200, 200, 200, 429]
    assert calling(one, 4, "/slow") == [200, 200, 200, 429], "each method has its own bucket"
    client.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=[{"op": "remove", "path": "/*/*"}])
    assert calling(one, 3) == [200] * 3


def test_a_stages_method_setting_throttles_that_method_alone(client, upstream, api, calling):
    slow = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="slow")["id"]
    put_http(client, api.id, slow, upstream.url + "/plain")
    redeploy(client, api)
    key = a_key(client, a_plan(client, api))
    client.update_stage(
        restApiId=api.id,
        stageName=api.stage,
        patchOperations=[
            replace("/~1slow/GET/throttling/rateLimit", NEVER),
            replace("/~1slow/GET/throttling/burstLimit", 1),
        ],
    )
    assert calling(key, 2, "/slow") == [200, 429]
    assert calling(key, 3) == [200] * 3


def test_a_call_throttled_by_the_stage_costs_no_quota(client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 5, "period": "DAY"})
    key = a_key(client, plan)
    client.update_stage(
        restApiId=api.id,
        stageName=api.stage,
        patchOperations=[replace("/*/*/throttling/rateLimit", NEVER), replace("/*/*/throttling/burstLimit", 2)],
    )
    assert calling(key, 10) == [200, 200] + [429] * 8
    usage_becomes(client, plan, key, (2, 3))


def test_a_call_refused_by_quota_costs_no_token(tollgate, client, api, calling, one_day):
    plan = a_plan(client, api, quota={"limit": 1, "period": "DAY"}, throttle={"rateLimit": NEVER, "burstLimit": 3})
    key = a_key(client, plan)
    assert calling(key) == [200]
    for _ in range(5):
        assert call(tollgate.gateway, api.path(), key.value).refusal == LIMIT_EXCEEDED
    change_plan(client, plan, replace("/quota/limit", 100))
    assert calling(key, 2) == [200, 200]
    assert call(tollgate.gateway, api.path(), key.value).refusal == TOO_MANY_REQUESTS


def test_the_accounts_throttle_limits_all_calls_together(start, upstream):
    tollgate = start(TOLLGATE_LIMITS__ACCOUNT_RATE_LIMIT=NEVER, TOLLGATE_LIMITS__ACCOUNT_BURST_LIMIT=5)
    client = tollgate.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api)
    keys = [a_key(client, plan) for _ in range(2)]
    answers = [call(tollgate.gateway, api.path(), keys[number % 2].value) for number in range(8)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 3
    assert answers[-1].refusal == TOO_MANY_REQUESTS


def test_what_a_deployment_serves_changes_only_by_deploying(tollgate, client, api):
    client.update_method(
        restApiId=api.id, resourceId=api.proxy, httpMethod="ANY", patchOperations=[replace("/apiKeyRequired", "false")]
    )
    assert call(tollgate.gateway, api.path()).refusal == FORBIDDEN
    redeploy(client, api)
    assert call(tollgate.gateway, api.path()).status == 200


def test_a_method_that_needs_no_key_is_neither_metered_nor_refused(tollgate, client, upstream, one_day):
    api = an_api(client, upstream, key_required=False)
    plan = a_plan(client, api, quota={"limit": 1, "period": "DAY"})
    key = a_key(client, plan)
    for value in (None, "no-such-key-no-such-key", key.value, key.value, key.value):
        assert call(tollgate.gateway, api.path(), value).status == 200
    assert usage(client, plan, key) == (0, 1)


def test_a_stage_can_be_pointed_back_at_an_earlier_deployment(tollgate, client, upstream, api):
    earlier = client.get_stage(restApiId=api.id, stageName=api.stage)["deploymentId"]
    extra = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="open")["id"]
    put_http(client, api.id, extra, upstream.url + "/open", key_required=False)
    redeploy(client, api)
    assert call(tollgate.gateway, api.path("/open")).status == 200
    client.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=[replace("/deploymentId", earlier)])
    assert call(tollgate.gateway, api.path("/open")).refusal == FORBIDDEN


def test_stage_variables_take_effect_without_deploying(tollgate, client, upstream, api):
    varied = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="varied")["id"]
    put_http(client, api.id, varied, upstream.url + "/echo/${stageVariables.where}", key_required=False)
    redeploy(client, api)
    for value in ("here", "there"):
        client.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=[replace("/variables/where", value)])
        assert call(tollgate.gateway, api.path("/varied")).json["target"] == f"/echo/{value}"


def test_a_deleted_stage_serves_nobody_and_leaves_its_plans(tollgate, client, api):
    plan = a_plan(client, api)
    key = a_key(client, plan)
    client.delete_stage(restApiId=api.id, stageName=api.stage)
    assert call(tollgate.gateway, api.path(), key.value).refusal == FORBIDDEN
    assert client.get_usage_plan(usagePlanId=plan)["apiStages"] == []


def test_unknown_apis_and_stages_are_forbidden_and_unknown_routes_lack_a_token(tollgate, client, upstream, api):
    assert call(tollgate.gateway, "/restapis/nosuchapi0/dev/_user_request_/pets").refusal == FORBIDDEN
    assert call(tollgate.gateway, f"/restapis/{api.id}/nosuch/_user_request_/pets").refusal == FORBIDDEN
    assert call(tollgate.gateway, f"/restapis/{api.id}/{api.stage}/_user_request_/").refusal == UNKNOWN_ROUTE


def test_routes_are_found_by_precedence_with_backtracking(tollgate, client, upstream):
    made = client.create_rest_api(name=unique("api"))
    api_id, root = made["id"], made["rootResourceId"]

    def resource(parent, part):
        return client.create_resource(restApiId=api_id, parentId=parent, pathPart=part)["id"]

    def route(where, name, method="GET"):
        put_http(client, api_id, where, f"{upstream.url}/echo/{name}", method, key_required=False)

    users = resource(root, "users")
    route(resource(users, "me"), "static")
    user = resource(users, "{id}")
    route(user, "param")
    route(resource(user, "posts"), "posts")
    proxy = resource(root, "{proxy+}")
    put_proxy(client, api_id, proxy, upstream.url + "/echo/proxy", key_required=False)
    route(root, "root")
    client.create_deployment(restApiId=api_id, stageName="dev")

    def served(path, method="GET"):
        answer = call(tollgate.gateway, f"/restapis/{api_id}/dev/_user_request_{path}", method=method)
        assert answer.status == 200, (path, answer.body)
        return answer.json["target"].removeprefix("/echo/")

    assert served("/") == "root"
    assert served("/users/me") == "static"
    assert served("/users/me/") == "static"
    assert served("/users/42") == "param"
    assert served("/users/me/posts") == "posts"
    assert served("/users/me", "DELETE") == "proxy/users/me", "the static route has no DELETE"
    assert served("/users/42/likes") == "proxy/users/42/likes"
    assert served("/users") == "proxy/users"


def test_a_restart_keeps_keys_plans_deployments_and_usage(start, upstream, one_day):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, upstream)
    plan = a_plan(
        client,
        api,
        quota={"limit": 10, "period": "DAY"},
        throttle={"rateLimit": 100, "burstLimit": 100},
        method_throttle={"//GET": {"rateLimit": 1.5, "burstLimit": 2}},
    )
    key, disabled = a_key(client, plan), a_key(client, plan)
    enable(client, disabled, "false")
    client.tag_resource(resourceArn=f"arn:aws:apigateway:us-east-1::/usageplans/{plan}", tags={"team": "a b"})
    for _ in range(4):
        assert call(tollgate.gateway, api.path(), key.value).status == 200
    before = all_of(client)
    assert tollgate.stop() == 0
    tollgate.start()
    client = tollgate.client()
    assert all_of(client) == before
    assert usage(client, plan, key) == (4, 6)
    assert call(tollgate.gateway, api.path(), disabled.value).refusal == FORBIDDEN
    answers = [call(tollgate.gateway, api.path(), key.value).status for _ in range(8)]
    assert answers == [200] * 6 + [429] * 2


def all_of(client):
    """All that can be listed, as one value."""
    apis = client.get_rest_apis()["items"]
    return {
        "keys": client.get_api_keys(includeValues=True)["items"],
        "plans": [
            {k: v for k, v in client.get_usage_plan(usagePlanId=plan["id"]).items() if k != "ResponseMetadata"}
            for plan in client.get_usage_plans()["items"]
        ],
        "apis": apis,
        "resources": [
            sorted(
                client.get_resources(restApiId=api["id"], embed=["methods"])["items"],
                key=lambda resource: resource["id"],
            )
            for api in apis
        ],
        "stages": [client.get_stages(restApiId=api["id"])["item"] for api in apis],
        "deployments": [client.get_deployments(restApiId=api["id"])["items"] for api in apis],
    }
