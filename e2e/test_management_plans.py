"""Usage plans, their keys and their usage on the wire, as AWS does it."""

import datetime
import re

import pytest

from arrange import a_key, a_plan, an_api, change_plan, replace, today, unique
from callers import signed
from refusals import bad_request, not_found, plain, refused


def test_a_plan_is_created_and_read_as_aws_does(tollgate, client, api):
    answer = signed(
        tollgate,
        "POST",
        "/usageplans",
        {
            "name": "p",
            "apiStages": [api.stage_of_plan],
            "throttle": {"rateLimit": 2, "burstLimit": 1},
            "quota": {"limit": 5, "period": "WEEK"},
        },
    )
    assert answer.status == 201
    said = answer.json
    assert re.fullmatch("[a-z0-9]{6}", said["id"])
    assert said == {
        "id": said["id"],
        "name": "p",
        "apiStages": [api.stage_of_plan],
        "throttle": {"rateLimit": 2.0, "burstLimit": 1},
        "quota": {"limit": 5, "offset": 0, "period": "WEEK"},
    }
    assert b'"rateLimit":2.0' in answer.body.replace(b" ", b"")
    read = signed(tollgate, "GET", f"/usageplans/{said['id']}")
    assert (read.status, read.json) == (200, {**said, "tags": {}})
    bare = client.create_usage_plan(name="bare")
    assert bare["apiStages"] == [] and not {"throttle", "quota", "description", "tags"} & set(bare)
    listed = signed(tollgate, "GET", "/usageplans?limit=500").json
    assert said in listed["item"], "items of a list have no tags"


QUOTAS = [
    ({"limit": 0, "period": "DAY"}, "Usage Plan quota limit must be a non-negative numeric"),
    ({"limit": -1, "period": "DAY"}, "Usage Plan quota limit must be a non-negative numeric"),
    ({"limit": 5}, "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
    ({"limit": 5, "offset": 1, "period": "DAY"}, "Usage Plan quota offset must be zero in the DAY period"),
    (
        {"limit": 5, "offset": 7, "period": "WEEK"},
        "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period",
    ),
    (
        {"limit": 5, "offset": 28, "period": "MONTH"},
        "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period",
    ),
    (
        {"limit": 5, "offset": -1, "period": "MONTH"},
        "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period",
    ),
]


@pytest.mark.parametrize(("quota", "message"), QUOTAS)
def test_a_quota_is_validated_as_aws_does(client, quota, message):
    assert refused(client.create_usage_plan, name="q", quota=quota) == bad_request(message)
    plan = a_plan(client, quota={"limit": 9, "period": "MONTH", "offset": 3})
    operations = [replace(f"/quota/{member}", value) for member, value in {"offset": 0, **quota}.items()]
    if "period" in quota:
        assert refused(client.update_usage_plan, usagePlanId=plan, patchOperations=operations) == bad_request(message)
        assert client.get_usage_plan(usagePlanId=plan)["quota"] == {"limit": 9, "period": "MONTH", "offset": 3}


def test_a_plan_needs_stages_that_exist(client, api):
    create, update = client.create_usage_plan, client.update_usage_plan
    assert refused(create, name="s", apiStages=[{"apiId": api.id, "stage": "nosuch"}]) == not_found(
        f"API Stage not found: {api.id}:nosuch"
    )
    assert refused(create, name="s", apiStages=[{"apiId": "", "stage": ""}]) == bad_request(
        "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s"
    )
    plan = a_plan(client)

    def change(op, *value):
        operation = {"op": op, "path": "/apiStages", **({"value": value[0]} if value else {})}
        return refused(update, usagePlanId=plan, patchOperations=[operation])

    for op in ("add", "remove"):
        assert change(op, "nosuchapi0:dev") == not_found(
            f"Invalid API Stage {{api: nosuchapi0, stage: dev}} specified for usageplan {plan}"
        )
    assert change("remove") == change("remove", "no-colon") == bad_request("Invalid API Stage specified")


def test_a_plan_with_stages_cannot_be_deleted(client, api):
    plan = a_plan(client, api)
    a_key(client, plan)
    assert refused(client.delete_usage_plan, usagePlanId=plan) == bad_request(
        f"Cannot delete Usage Plan {plan} because there are API Stages associated with it, including "
        f"{api.id}:{api.stage}"
    )
    change_plan(client, plan, {"op": "remove", "path": "/apiStages", "value": f"{api.id}:{api.stage}"})
    said = client.delete_usage_plan(usagePlanId=plan)
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 202
    unknown = not_found("Invalid Usage Plan ID specified")
    assert refused(client.get_usage_plan, usagePlanId=plan) == unknown
    assert refused(client.update_usage_plan, usagePlanId=plan, patchOperations=[replace("/name", "x")]) == unknown


def test_every_patch_path_of_a_plan_changes_it(client, api):
    plan = a_plan(client)
    stage = f"{api.id}:{api.stage}"
    said = change_plan(
        client,
        plan,
        replace("/name", "n"),
        replace("/description", "d"),
        {"op": "add", "path": "/productCode", "value": "pc"},
        {"op": "add", "path": "/throttle/rateLimit", "value": "0.5"},
        {"op": "add", "path": "/throttle/burstLimit", "value": "7"},
        {"op": "add", "path": "/quota/limit", "value": "8"},
        {"op": "add", "path": "/quota/period", "value": "WEEK"},
        {"op": "add", "path": "/quota/offset", "value": "2"},
        {"op": "add", "path": "/apiStages", "value": stage},
        {
            "op": "add",
            "path": f"/apiStages/{stage}/throttle",
            "value": '{"/pets/GET":{"rateLimit":1.0,"burstLimit":1}}',
        },
    )
    assert plain(said) == {
        "id": plan,
        "name": "n",
        "description": "d",
        "productCode": "pc",
        "tags": {},
        "throttle": {"rateLimit": 0.5, "burstLimit": 7},
        "quota": {"limit": 8, "offset": 2, "period": "WEEK"},
        "apiStages": [{**api.stage_of_plan, "throttle": {"/pets/GET": {"rateLimit": 1.0, "burstLimit": 1}}}],
    }
    path = f"/apiStages/{stage}/throttle"
    said = change_plan(
        client,
        plan,
        replace(path + "///GET/rateLimit", "0.1"),
        replace(path + "///GET/burstLimit", 3),
        replace(path + "/~1dogs~1{id}/*/rateLimit", 4),
        replace(path + "/~1dogs~1{id}/*/burstLimit", 5),
        {"op": "remove", "path": path + "//pets/GET"},
    )
    assert said["apiStages"][0]["throttle"] == {
        "//GET": {"rateLimit": 0.1, "burstLimit": 3},
        "/dogs/{id}/*": {"rateLimit": 4.0, "burstLimit": 5},
    }
    said = change_plan(
        client,
        plan,
        {"op": "remove", "path": path, "value": ""},
        {"op": "remove", "path": "/throttle"},
        {"op": "remove", "path": "/quota"},
        {"op": "remove", "path": "/productCode"},
    )
    assert plain(said) == {"id": plan, "name": "n", "description": "d", "tags": {}, "apiStages": [api.stage_of_plan]}


def test_other_paths_of_a_plan_are_refused_with_the_list_of_aws(client):
    plan = a_plan(client)
    assert refused(
        client.update_usage_plan, usagePlanId=plan, patchOperations=[{"op": "remove", "path": "/name"}]
    ) == bad_request(
        "Invalid patch path  '/name' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, "
        "/productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
        "/apiStages/<apidId:stageName>/throttle]"
    )
    for operation in (replace("/nosuch", 1), replace("/id", "x"), replace("/throttle/nosuch", 1)):
        status, code, message = refused(client.update_usage_plan, usagePlanId=plan, patchOperations=[operation])
        assert (status, code) == (400, "BadRequestException")
        assert message.startswith(f"Invalid patch path  '{operation['path']}' specified for op 'replace'.")


def test_a_method_throttle_names_a_path_and_a_method(client, api):
    stages = [{**api.stage_of_plan, "throttle": {"badkey": {"rateLimit": 1, "burstLimit": 1}}}]
    assert refused(client.create_usage_plan, name="m", apiStages=stages) == bad_request(
        "Invalid method {resourcePath: badkey,method: } specified"
    )


def test_terraforms_one_patch_is_judged_by_its_outcome(client, api, upstream):
    """It removes and adds each stage again, sends the offset before the period it needs, and creates by replace."""
    other = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 5, "period": "DAY"})
    a_key(client, plan)

    def stage(of):
        return f"{of.id}:{of.stage}"

    said = change_plan(
        client,
        plan,
        replace("/name", "tf"),
        replace("/description", "tf"),
        replace("/productCode", "code"),
        {"op": "remove", "path": "/apiStages", "value": stage(api)},
        {"op": "add", "path": "/apiStages", "value": stage(api)},
        replace(f"/apiStages/{stage(api)}/throttle//test/GET/rateLimit", 3),
        replace(f"/apiStages/{stage(api)}/throttle//test/GET/burstLimit", 4),
        {"op": "add", "path": "/apiStages", "value": stage(other)},
        replace("/throttle/rateLimit", 0.5),
        replace("/throttle/burstLimit", 9),
        replace("/quota/limit", 50),
        replace("/quota/offset", 3),
        replace("/quota/period", "WEEK"),
    )
    assert said["quota"] == {"limit": 50, "offset": 3, "period": "WEEK"}
    assert said["throttle"] == {"rateLimit": 0.5, "burstLimit": 9}
    assert said["productCode"] == "code"
    assert {entry["apiId"]: entry.get("throttle") for entry in said["apiStages"]} == {
        api.id: {"/test/GET": {"rateLimit": 3.0, "burstLimit": 4}},
        other.id: None,
    }


def test_plans_are_listed_by_key_and_in_pages(client):
    plans = [a_plan(client) for _ in range(5)]
    key = a_key(client, *plans)
    pages = list(client.get_paginator("get_usage_plans").paginate(keyId=key.id, PaginationConfig={"PageSize": 2}))
    ids = [item["id"] for page in pages for item in page["items"]]
    assert sorted(ids) == sorted(plans) and len(pages) == 3


def test_a_plan_key_is_the_key_with_its_value(tollgate, client):
    plan, key = a_plan(client), a_key(client, name="member")
    answer = signed(tollgate, "POST", f"/usageplans/{plan}/keys", {"keyId": key.id, "keyType": "API_KEY"})
    member = {"id": key.id, "type": "API_KEY", "name": "member", "value": key.value}
    assert (answer.status, answer.json) == (201, member)
    assert plain(client.get_usage_plan_key(usagePlanId=plan, keyId=key.id)) == member
    listed = signed(tollgate, "GET", f"/usageplans/{plan}/keys").json
    assert listed == {"item": [member]}
    assert signed(tollgate, "DELETE", f"/usageplans/{plan}/keys/{key.id}").status == 202
    assert signed(tollgate, "DELETE", f"/usageplans/{plan}/keys/{key.id}").status == 404
    assert refused(client.get_usage_plan_key, usagePlanId=plan, keyId=key.id)[:2] == (404, "NotFoundException")


def test_plan_keys_are_found_by_name_prefix_and_in_pages(client):
    plan, stem = a_plan(client), unique("member")
    made = [a_key(client, plan, name=f"{stem}-{number}").id for number in range(5)]
    pages = list(
        client.get_paginator("get_usage_plan_keys").paginate(
            usagePlanId=plan, nameQuery=stem, PaginationConfig={"PageSize": 2}
        )
    )
    assert sorted(item["id"] for page in pages for item in page["items"]) == sorted(made)
    assert client.get_usage_plan_keys(usagePlanId=plan, nameQuery=stem.upper())["items"] == []
    assert client.get_usage_plan_keys(usagePlanId="nosuch")["items"] == [], "an unknown plan has no keys, AWS says"


def test_a_key_is_in_one_plan_for_each_stage(client, api, upstream):
    plan, rival = a_plan(client, api), a_plan(client, api)
    key = a_key(client, plan)

    def attach(to, **members):
        return refused(
            client.create_usage_plan_key, **{"usagePlanId": to, "keyId": key.id, "keyType": "API_KEY", **members}
        )

    assert attach(rival)[:2] == attach(plan)[:2] == (409, "ConflictException")
    elsewhere = a_plan(client, an_api(client, upstream))
    client.create_usage_plan_key(usagePlanId=elsewhere, keyId=key.id, keyType="API_KEY")
    status, code, message = refused(
        client.update_usage_plan,
        usagePlanId=elsewhere,
        patchOperations=[{"op": "add", "path": "/apiStages", "value": f"{api.id}:{api.stage}"}],
    )
    assert (status, code) == (409, "ConflictException")
    assert "try again later" not in message, "clients would repeat it for ever"
    assert attach(rival, keyId="nosuchkey0")[:2] == attach("nosuch")[:2] == (404, "NotFoundException")


def test_usage_has_a_pair_for_each_day_and_is_keyed_by_key_id(tollgate, client, api):
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    start = (datetime.date.fromisoformat(today()) - datetime.timedelta(days=2)).isoformat()
    answer = signed(tollgate, "GET", f"/usageplans/{plan}/usage?startDate={start}&endDate={today()}&keyId={key.id}")
    assert answer.status == 200
    assert answer.json == {
        "usagePlanId": plan,
        "startDate": start,
        "endDate": today(),
        "values": {key.id: [[0, 10], [0, 10], [0, 10]]},
    }


@pytest.mark.parametrize(
    "dates",
    [
        ("nonsense", "2024-01-01"),
        ("2024-01-02", "2024-01-01"),
        ("2024-02-30", "2024-03-01"),
        ("2020-01-01", "2024-01-01"),
        ("", ""),
        ("2024-1-1", "2024-1-2"),
    ],
)
def test_bad_dates_of_usage_are_refused(client, dates):
    plan = a_plan(client)
    status, code, message = refused(client.get_usage, usagePlanId=plan, startDate=dates[0], endDate=dates[1])
    assert (status, code) == (400, "BadRequestException") and message


def test_usage_of_unknown_plans_and_keys_is_not_found(client):
    span = {"startDate": today(), "endDate": today()}
    assert refused(client.get_usage, usagePlanId="nosuch", **span)[:2] == (404, "NotFoundException")
    assert refused(
        client.update_usage,
        usagePlanId=a_plan(client, quota={"limit": 1, "period": "DAY"}),
        keyId="nosuchkey0",
        patchOperations=[replace("/remaining", 1)],
    )[:2] == (404, "NotFoundException")


def test_only_remaining_of_usage_can_be_replaced(client):
    plan = a_plan(client, quota={"limit": 5, "period": "DAY"})
    key = a_key(client, plan)

    def change(path, value):
        return refused(client.update_usage, usagePlanId=plan, keyId=key.id, patchOperations=[replace(path, value)])

    for path, value in (("/used", 1), ("/remaining", "many"), ("/remaining", -1)):
        assert change(path, value)[:2] == (400, "BadRequestException")
    said = client.update_usage(usagePlanId=plan, keyId=key.id, patchOperations=[replace("/remaining", 9)])
    assert said["items"] == {key.id: [[0, 9]]} and said["usagePlanId"] == plan
