"""What an account has elsewhere moves in: keys go on working, and what is left of their quotas is left."""

import importlib.util
import json

import pytest

from arrange import Key, a_key, a_plan, an_api, change_plan, put_http, replace, unique, usage, usage_becomes
from callers import call
from harness import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from importing import Mover, answers, breaks_after, moto_server

NOTHING = "nothing to do"


@pytest.fixture
def pair(start):
    """A Tollgate to move from, and one to move to."""
    return start(), start()


@pytest.fixture
def mover(pair, tmp_path):
    return Mover(pair[1], tmp_path)


def furnished(client, upstream):
    """An account with two stages of an API that serve different deployments, a plan with a quota, and keys."""
    api = an_api(client, upstream)
    client.create_stage(
        restApiId=api.id, stageName="prod", variables={"color": "blue"}, tags={"team": "pets"},
        deploymentId=client.get_stage(restApiId=api.id, stageName="dev")["deploymentId"],
    )  # fmt: skip
    pets = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="only-dev")["id"]
    put_http(client, api.id, pets, upstream.url + "/only-dev", key_required=True)
    client.create_deployment(restApiId=api.id, stageName="dev", description="the second")
    client.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=[replace("/*/*/throttling/rateLimit", 50), replace("/*/*/throttling/burstLimit", 40)],
    )  # fmt: skip
    plan = a_plan(client, api, quota={"limit": 10, "period": "MONTH"}, throttle={"rateLimit": 100, "burstLimit": 50})
    key = a_key(client, plan, description="of Ann", customerId="c-1", tags={"tier": "gold"})
    off = a_key(client, plan, enabled=False)
    return api, plan, key, off


def state(client, without=()):
    """All of an account that moves, but for what is counted and what differs by nature."""
    apis = client.get_rest_apis()["items"]
    stages = {api["id"]: client.get_stages(restApiId=api["id"])["item"] for api in apis}
    plans = [client.get_usage_plan(usagePlanId=plan["id"]) for plan in client.get_usage_plans()["items"]]
    keys = client.get_api_keys(includeValues=True, limit=500)["items"]
    keys = [{**client.get_api_key(apiKey=key["id"]), "value": key["value"]} for key in keys]
    members = {plan["id"]: client.get_usage_plan_keys(usagePlanId=plan["id"])["items"] for plan in plans}
    found = {"apis": apis, "stages": stages, "plans": plans, "keys": keys, "members": members}
    return json.loads(json.dumps(found, default=str, sort_keys=True), object_hook=lambda told: {
        name: value for name, value in told.items() if name not in ("ResponseMetadata", "lastUpdatedDate", *without)
    })  # fmt: skip


def test_keys_go_on_working_with_what_is_left_of_their_quota(pair, mover, upstream, one_day):
    old, new = pair
    api, plan, key, off = furnished(old.client(), upstream)
    for _ in range(3):
        assert call(old.gateway, api.path(), key.value).status == 200
    usage_becomes(old.client(), plan, key, (3, 7))

    said, told = mover.bring(old.endpoint_url)
    name = old.client().get_rest_api(restApiId=api.id)["name"]
    assert f"+ API {name} ({api.id}): stages dev, prod" in said
    assert said[-1] == "done: 4 steps"
    assert "[4/4] usage of plan" in told

    assert state(new.client()) == state(old.client())
    assert usage(new.client(), plan, key) == (3, 7)
    assert [call(new.gateway, api.path(), key.value).status for _ in range(8)] == [200] * 7 + [429]
    assert call(new.gateway, api.path("/only-dev"), off.value).status == 403
    usage_becomes(new.client(), plan, key, (10, 0))


def test_each_stage_serves_what_it_served(pair, mover, upstream):
    old, new = pair
    api, _, key, _ = furnished(old.client(), upstream)
    change_plan(old.client(), a_plan(old.client()), replace("/name", "spare"))
    plan = old.client().get_usage_plans(keyId=key.id)["items"][0]["id"]
    added = {"op": "add", "path": "/apiStages", "value": f"{api.id}:prod"}
    old.client().update_usage_plan(usagePlanId=plan, patchOperations=[added])
    mover.bring(old.endpoint_url)
    paths = {"dev": ["/", "/only-dev", "/{proxy+}"], "prod": ["/", "/{proxy+}"]}
    for stage, expected in paths.items():
        deployment = new.client().get_stage(restApiId=api.id, stageName=stage)["deploymentId"]
        told = new.client().get_deployment(restApiId=api.id, deploymentId=deployment, embed=["apisummary"])
        assert sorted(told["apiSummary"]) == [path for path in expected if path != "/"], stage
        answer = call(new.gateway, f"/restapis/{api.id}/{stage}/_user_request_/pets", key.value)
        assert answer.status == 200, stage
    assert new.client().get_stage(restApiId=api.id, stageName="prod")["variables"] == {"color": "blue"}


def test_a_second_run_has_nothing_to_do_until_something_changes(pair, mover, upstream, one_day):
    old, new = pair
    api, plan, key, _ = furnished(old.client(), upstream)
    assert call(old.gateway, api.path(), key.value).status == 200
    usage_becomes(old.client(), plan, key, (1, 9))
    mover.bring(old.endpoint_url)
    before = state(new.client(), without=["unknown"])
    said, _ = mover.bring(old.endpoint_url)
    assert said == ["= 5 here already as they are there", NOTHING]
    assert state(new.client(), without=["unknown"]) == before

    # The last callers have not moved yet; calls here and there count together.
    assert call(new.gateway, api.path(), key.value).status == 200
    usage_becomes(new.client(), plan, key, (2, 8))
    assert call(old.gateway, api.path(), key.value).status == 200
    usage_becomes(old.client(), plan, key, (2, 8))
    change_plan(old.client(), plan, replace("/throttle/rateLimit", 5))
    old.client().update_api_key(apiKey=key.id, patchOperations=[replace("/enabled", "false")])
    said, _ = mover.bring(old.endpoint_url)
    signs = [line for line in said if line[0] in "+~-!"]
    assert len(signs) == 3 and signs[0].endswith("throttle") and "enabled" in signs[1] and "2 used, 8 left" in signs[2]
    assert usage(new.client(), plan, key) == (3, 7)
    assert call(new.gateway, api.path(), key.value).status == 403
    assert mover.bring(old.endpoint_url)[0][-1] == NOTHING


def test_a_dry_run_changes_nothing(pair, mover, upstream):
    old, new = pair
    furnished(old.client(), upstream)
    before = state(new.client())
    said, _ = mover.bring(old.endpoint_url, "--dry-run")
    assert [line[0] for line in said] == ["+"] * 4 + ["n"]
    assert said[-1] == "nothing was changed: this was a dry run"
    assert state(new.client()) == before
    assert [before["apis"], before["keys"]] == [[], []]


@pytest.mark.parametrize("changes", [0, 1, 2, 3])
def test_an_import_that_is_cut_off_goes_on(pair, mover, upstream, tmp_path, changes, one_day):
    old, new = pair
    api, plan, key, _ = furnished(old.client(), upstream)
    assert call(old.gateway, api.path(), key.value).status == 200
    usage_becomes(old.client(), plan, key, (1, 9))
    with breaks_after(new.management, changes) as address:
        _, told = Mover(new, tmp_path, address).bring(old.endpoint_url, code=1)
        assert f"{changes} of 4 steps are done; the same command goes on from there" in told
    said, _ = mover.bring(old.endpoint_url)
    assert said[-1] == ("done: 1 step" if changes == 3 else f"done: {4 - changes} steps")
    assert state(new.client()) == state(old.client())
    assert usage(new.client(), plan, key) == (1, 9)
    assert mover.bring(old.endpoint_url)[0][-1] == NOTHING


def test_clashes_are_told_before_anything_is_changed(pair, mover, upstream):
    old, new = pair
    api, plan, key, _ = furnished(old.client(), upstream)
    other = a_key(new.client(), value=key.value)
    here = new.client().create_rest_api(name="mine", tags={"_custom_id_": api.id})
    said, told = mover.bring(old.endpoint_url, code=1)
    assert f"! key {key.id}: its value is that of the key {other.id} here" in said
    assert any(line.startswith("! API") and "it is called \"mine\" here" in line for line in said)
    assert "2 are here already as something else" in told and "nothing was changed" in told
    assert new.client().get_usage_plans()["items"] == []
    assert new.client().get_rest_api(restApiId=api.id)["name"] == here["name"]
    new.client().delete_api_key(apiKey=other.id)
    mover.bring(old.endpoint_url, "--overwrite")
    assert call(new.gateway, api.path(), key.value).status == 200


def test_many_keys_come_in_pages(pair, mover):
    old, new = pair
    plan = a_plan(old.client(), quota={"limit": 10, "period": "DAY"})
    rows = "".join(f"k{number:05},{unique('a-long-enough-value')},{plan}\n" for number in range(1203))
    old.client().import_api_keys(body=("Name,key,UsageplanIds\n" + rows).encode(), format="csv", failOnWarnings=True)
    said, told = mover.bring(old.endpoint_url, "--skip-key-tags")
    assert said[-1] == "done: 4 steps" and "and 1183 more keys" in "\n".join(said)
    assert "read 1203 keys" in told
    names = [
        [key["name"] for page in client.get_paginator("get_api_keys").paginate() for key in page["items"]]
        for client in (old.client(), new.client())
    ]
    assert names[0] == names[1] and len(names[0]) == 1203
    assert mover.bring(old.endpoint_url)[0] == ["= 1204 here already as they are there", NOTHING]


def test_credentials_are_those_of_a_profile(pair, mover, tmp_path):
    old, _ = pair
    (tmp_path / ".aws").mkdir()
    keys = json.dumps({"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_ACCESS_KEY})
    (tmp_path / ".aws" / "config").write_text(f"[profile old]\ncredential_process = echo '{keys}'\nregion = eu-north-1\n")
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert mover.bring(old.endpoint_url, "--profile", "old", **without)[0] == [NOTHING]
    _, told = mover.bring(old.endpoint_url, code=1, **without)
    assert "there are no credentials" in told
    _, told = mover.run("import", "aws", code=1)
    assert "the region is not known" in told


def test_what_cannot_be_reached_or_may_not_be_read_is_said(pair, mover):
    old, _ = pair
    _, told = mover.bring("http://127.0.0.1:1", code=1)
    assert "http://127.0.0.1:1 does not answer" in told
    _, told = mover.bring(old.endpoint_url, code=1, AWS_SECRET_ACCESS_KEY="wrong")
    assert "GET /restapis" in told and "InvalidSignatureException" in told


INTEGRATION = {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://127.0.0.1:1/", "integrationResponses": {}}


def canned(**changes):
    """What a source of our own answers: an API whose one method has no integration, a plan for it and another, a key."""
    method = {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": True, "methodIntegration": INTEGRATION}
    paths, plans = {}, [{"id": "plan12", "name": "gold", "apiStages": [
        {"apiId": "good123456", "stage": "dev"}, {"apiId": "bad1234567", "stage": "dev"},
    ]}]  # fmt: skip
    apis = [{"id": "good123456", "name": "good"}, {"id": "bad1234567", "name": "bad"}]
    for api in apis:
        integration = INTEGRATION if api["name"] == "good" else {**INTEGRATION, "type": "WRONG"}
        resource = {"id": "r1", "path": "/", "resourceMethods": {"GET": {**method, "methodIntegration": integration}}}
        here = f"/restapis/{api['id']}"
        stage = {"stageName": "dev", "deploymentId": "dep001", "createdDate": 1600000000}
        paths |= {f"{here}/stages": {"item": [stage]}, f"{here}/resources": {"item": [resource]}}
        paths |= {f"{here}/{part}": {"item": []} for part in ("deployments", "authorizers", "models")}
    key = {"id": "key1234567", "name": "ann", "value": "a-value-of-20-characters", "enabled": True, "tags": {}}
    lists = {"/restapis": apis, "/usageplans": plans, "/apikeys": [key], "/usageplans/plan12/keys": [key]}
    return {**paths, **{path: {"item": items} for path, items in lists.items()}, "/usageplans/plan12": plans[0], **changes}


def test_what_cannot_be_imported_is_named_and_the_rest_comes(start, tmp_path):
    new = start()
    mover = Mover(new, tmp_path)
    with answers(canned()) as (url, _):
        said, told = mover.bring(url, code=1)
        assert any(line.startswith("! API bad (bad1234567): 400 BadRequestException") for line in said), said
        assert "! plan gold (plan12): it comes without the stage bad1234567:dev, whose API cannot be imported" in said
        assert "2 things were not imported" in told
        stages = new.client().get_usage_plan(usagePlanId="plan12")["apiStages"]
        assert stages == [{"apiId": "good123456", "stage": "dev"}]
        keys = new.client().get_usage_plan_keys(usagePlanId="plan12")["items"]
        assert [key["value"] for key in keys] == ["a-value-of-20-characters"]
        again, _ = mover.bring(url, code=1)
        assert NOTHING in again


def test_a_source_that_throttles_is_asked_again(start, tmp_path):
    new = start()
    with answers(canned(), throttled=3) as (url, asked):
        Mover(new, tmp_path).bring(url, code=1)
        assert asked.count("/restapis") == 4
    assert new.client().get_usage_plan(usagePlanId="plan12")["name"] == "gold"


@pytest.mark.skipif(not importlib.util.find_spec("moto"), reason="needs moto")
def test_an_account_of_moto_moves_in_with_what_moto_cannot_tell_noted(start, tmp_path, upstream):
    new = start()
    mover = Mover(new, tmp_path)
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with moto_server(tmp_path) as (client, url):
        made = client.create_rest_api(name="pets", description="All pets")
        root = client.get_resources(restApiId=made["id"])["items"][0]["id"]
        pets = client.create_resource(restApiId=made["id"], parentId=root, pathPart="pets")["id"]
        put_http(client, made["id"], pets, upstream.url + "/pets", key_required=True)
        client.create_deployment(restApiId=made["id"], stageName="prod")
        plan = client.create_usage_plan(
            name="gold", apiStages=[{"apiId": made["id"], "stage": "prod"}],
            quota={"limit": 2, "period": "MONTH"}, throttle={"rateLimit": 10, "burstLimit": 5},
        )["id"]  # fmt: skip
        key = client.create_api_key(name="ann", enabled=True, tags={"a": "b"})
        client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        key = Key(key["id"], client.get_api_key(apiKey=key["id"], includeValue=True)["value"])

        said, told = mover.bring(url, **keys)
        assert "the stage prod cannot be exported; it is taken as the API stands now" in told
        assert "what its keys used cannot be had, so that they begin with their whole quota" in told
        assert said[-1] == "done: 3 steps"
        path = f"/restapis/{made['id']}/prod/_user_request_/pets"
        assert [call(new.gateway, path, key.value).status for _ in range(3)] == [200, 200, 429]
        assert call(new.gateway, path).status == 403
        assert new.client().get_api_key(apiKey=key.id)["tags"] == {"a": "b"}
        assert mover.bring(url, **keys)[0][-1] == NOTHING
