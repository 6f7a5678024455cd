"""API keys on the wire: created, read, listed, updated, imported, as AWS does it."""

import datetime
import re

import pytest

from arrange import a_key, a_plan, replace, unique
from callers import signed
from refusals import bad_request, not_found, plain, refused


def test_a_created_key_has_the_members_aws_gives_it(tollgate):
    answer = signed(tollgate, "POST", "/apikeys", {"name": "wire"})
    assert answer.status == 201
    said = answer.json
    assert set(said) == {"id", "value", "name", "enabled", "createdDate", "lastUpdatedDate", "stageKeys"}
    assert re.fullmatch("[a-z0-9]{10}", said["id"]) and re.fullmatch("[A-Za-z0-9]{40}", said["value"])
    assert said["enabled"] is False, "disabled unless asked for"
    assert said["stageKeys"] == []
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert isinstance(said["createdDate"], (int, float)) and abs(said["createdDate"] - now) < 60


def test_tags_are_empty_in_single_reads_and_absent_elsewhere(tollgate, client):
    key = a_key(client)
    assert "tags" not in signed(tollgate, "GET", "/apikeys?limit=1").json["item"][0]
    assert signed(tollgate, "GET", f"/apikeys/{key.id}").json["tags"] == {}
    updated = signed(tollgate, "PATCH", f"/apikeys/{key.id}", {"patchOperations": [replace("/name", "x")]})
    assert updated.status == 200 and updated.json["tags"] == {} and "value" not in updated.json
    assert client.create_api_key(name="t", tags={"a": "b"})["tags"] == {"a": "b"}


def test_the_value_of_a_key_is_shown_only_when_asked_for(client):
    key = a_key(client, value="the-value-of-this-key-" + unique())
    assert "value" not in client.get_api_key(apiKey=key.id)
    assert client.get_api_key(apiKey=key.id, includeValue=True)["value"] == key.value
    listed = {item["id"]: item for item in client.get_api_keys(limit=500)["items"]}
    assert "value" not in listed[key.id]
    listed = {item["id"]: item for item in client.get_api_keys(limit=500, includeValues=True)["items"]}
    assert listed[key.id]["value"] == key.value


@pytest.mark.parametrize("name", [{}, {"name": ""}])
def test_a_key_needs_no_name(client, name):
    assert "name" not in client.create_api_key(**name)


def test_the_limits_of_a_keys_members_are_those_of_aws(client):
    create = client.create_api_key
    assert refused(create, name="n" * 1025) == bad_request("Invalid API Key name, can be at most 1024 characters.")
    assert refused(create, value="v" * 19) == bad_request("API Key value should be at least 20 characters")
    assert refused(create, value="v" * 129) == bad_request("API Key value exceeds maximum size of 128 characters")
    too_long = bad_request("Invalid API Key description specified.")
    assert refused(create, description="d" * 125001) == too_long
    key = create(name="n" * 1024, description="d" * 125000, value="")
    assert len(key["value"]) == 40
    assert (
        refused(client.update_api_key, apiKey=key["id"], patchOperations=[replace("/description", "d" * 125001)])
        == too_long
    )
    client.delete_api_key(apiKey=key["id"])


def test_a_value_exists_once(client):
    key = a_key(client)
    assert refused(client.create_api_key, value=key.value) == (409, "ConflictException", "API Key already exists")
    client.delete_api_key(apiKey=key.id)
    assert client.create_api_key(value=key.value)["value"] == key.value


def test_a_key_is_updated_on_four_paths_and_no_other(client):
    key = a_key(client)
    said = client.update_api_key(
        apiKey=key.id,
        patchOperations=[
            replace("/name", "renamed"),
            replace("/description", "described"),
            replace("/customerId", "c1"),
            replace("/enabled", "not-a-boolean"),
        ],
    )
    assert (said["name"], said["description"], said["customerId"], said["enabled"]) == (
        "renamed",
        "described",
        "c1",
        False,
    )
    assert refused(client.update_api_key, apiKey=key.id, patchOperations=[replace("/id", "x")]) == bad_request(
        "Invalid patch path  '/id' specified for op 'replace'. "
        "Must be one of: [/description, /enabled, /name, /customerId]"
    )
    assert (
        refused(
            client.update_api_key,
            apiKey=key.id,
            patchOperations=[replace("/name", "half-done"), replace("/value", "v" * 30)],
        )[0]
        == 400
    )
    assert client.get_api_key(apiKey=key.id)["name"] == "renamed", "operations are applied together or not at all"


def test_an_operation_outside_the_enum_is_a_validation_error(client):
    key = a_key(client)
    status, code, message = refused(
        client.update_api_key,
        apiKey=key.id,
        patchOperations=[replace("/name", "x"), {"op": "wrong", "path": "/name", "value": "y"}],
    )
    assert (status, code) == (400, "ValidationException")
    assert message == (
        "1 validation error detected: Value 'wrong' at 'updateApiKeyInput.patchOperations.2.member.op' failed to "
        "satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
    )


def test_unknown_keys_are_not_found(client):
    message = not_found("Invalid API Key identifier specified")
    assert refused(client.get_api_key, apiKey="nosuchkey0") == message
    assert refused(client.delete_api_key, apiKey="nosuchkey0") == message
    assert refused(client.update_api_key, apiKey="nosuchkey0", patchOperations=[replace("/name", "x")]) == message


def test_a_deleted_key_is_answered_202_and_gone(tollgate, client):
    key = a_key(client)
    answer = signed(tollgate, "DELETE", f"/apikeys/{key.id}")
    assert (answer.status, answer.body) == (202, b"")
    assert signed(tollgate, "DELETE", f"/apikeys/{key.id}").status == 404


def test_keys_are_found_by_name_prefix_and_customer(client):
    stem = unique("Find")
    for suffix in ("-a", "-b", "-B"):
        a_key(client, name=stem + suffix, customerId=stem)
    a_key(client, name="x" + stem)

    def names(**query):
        return sorted(item["name"] for item in client.get_api_keys(**query)["items"])

    assert names(nameQuery=stem) == [stem + "-B", stem + "-a", stem + "-b"]
    assert names(nameQuery=stem + "-b") == [stem + "-b"]
    assert names(nameQuery=stem.lower()) == names(nameQuery=stem[1:] + "-a") == []
    assert names(customerId=stem) == names(nameQuery=stem)
    assert names(customerId=stem[:-1]) == []


def test_wildcards_in_a_name_query_are_letters(client):
    stem = unique("100")
    a_key(client, name=f"{stem}%_a")
    found = {query: len(client.get_api_keys(nameQuery=stem + query)["items"]) for query in ["%_", "%", "_", "%a", "%_a"]}
    assert found == {"%_": 1, "%": 1, "_": 0, "%a": 0, "%_a": 1}


def test_pages_cover_all_keys_once(client):
    stem = unique("page")
    made = {a_key(client, name=f"{stem}-{number}").id for number in range(7)}
    pages = list(client.get_paginator("get_api_keys").paginate(nameQuery=stem, PaginationConfig={"PageSize": 3}))
    ids = [item["id"] for page in pages for item in page["items"]]
    assert sorted(ids) == sorted(made) and [len(page["items"]) for page in pages] == [3, 3, 1]
    assert "position" in client.get_api_keys(nameQuery=stem, limit=3)
    assert "position" not in pages[-1]
    assert client.get_api_keys(limit=-1)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_keys_that_stay_are_listed_once_while_others_come_and_go(client):
    stem = unique("moving")
    stay = [a_key(client, name=f"{stem}-{number}") for number in range(12)]
    goes = [a_key(client, name=f"{stem}-goes-{number}") for number in range(6)]
    seen, position = [], None
    for _ in range(40):
        page = client.get_api_keys(nameQuery=stem, limit=3, **({"position": position} if position else {}))
        seen += [item["id"] for item in page["items"]]
        position = page.get("position")
        if not position:
            break
        a_key(client, name=f"{stem}-comes")
        if goes:
            client.delete_api_key(apiKey=goes.pop().id)
    assert position is None, "the listing ends although keys are added"
    assert sorted(set(seen) & {key.id for key in stay}) == sorted(key.id for key in stay)
    assert len(seen) == len(set(seen))


def test_a_position_nobody_gave_out_is_refused(client):
    for position in ("nonsense", "%00", "x" * 5000):
        status, code, message = refused(client.get_api_keys, position=position)
        assert (status, code) == (400, "BadRequestException") and message


def test_keys_are_imported_from_csv_as_aws_documents_it(client, api):
    plan, other = a_plan(client), a_plan(client)
    stem = unique("csv")
    rows = f"""key,Name,DESCRIPTION,enabled,usageplanids,unknown column
 {stem}-value-aaaaaaaaaaaa , {stem}-1 , , tRuE ,{plan} ,x
{stem}-value-bbbbbbbbbbbb,{stem}-2,"said ""so"", twice",FALSE,"{plan},{other}",
{stem}-value-cccccccccccc,{stem}-3,,,'{plan},{other}',
"""
    said = client.import_api_keys(body=rows.encode(), format="csv")
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert len(said["ids"]) == 3 and not said.get("warnings")
    keys = [plain(client.get_api_key(apiKey=id, includeValue=True)) for id in said["ids"]]
    assert [key["name"] for key in keys] == [f"{stem}-{number}" for number in (1, 2, 3)]
    assert [key["enabled"] for key in keys] == [True, False, True]
    assert keys[0]["value"] == f"{stem}-value-aaaaaaaaaaaa" and "description" not in keys[0]
    assert keys[1]["description"] == 'said "so", twice'

    def plans(key):
        return {item["id"] for item in client.get_usage_plans(keyId=key["id"])["items"]}

    assert [plans(key) for key in keys] == [{plan}, {plan, other}, {plan, other}]


def test_importing_a_value_again_overwrites_its_key(client):
    stem = unique("again")
    first = client.import_api_keys(body=f"Name,Key\n{stem}-old,{stem}-0123456789".encode(), format="csv")["ids"]
    again = client.import_api_keys(body=f"Name,Key\n{stem}-new,{stem}-0123456789".encode(), format="csv")["ids"]
    assert first == again
    assert client.get_api_key(apiKey=first[0])["name"] == f"{stem}-new"


def test_warnings_roll_an_import_back_only_when_asked_to(client):
    stem = unique("warn")
    rows = f"Name,Key,UsagePlanIds\n{stem}-good,{stem}-0123456789,\n{stem}-bad,{stem}-9876543210,nosuch\n".encode()
    status, code, _ = refused(client.import_api_keys, body=rows, format="csv", failOnWarnings=True)
    assert (status, code) == (400, "BadRequestException")
    assert client.get_api_keys(nameQuery=stem)["items"] == []
    said = client.import_api_keys(body=rows, format="csv")
    assert len(said["warnings"]) == 1 and said["ids"]
    assert f"{stem}-good" in [item["name"] for item in client.get_api_keys(nameQuery=stem)["items"]]


@pytest.mark.parametrize("body", [b"", b"Name\nonly-a-name", b"Key\nonly-a-key-of-enough-length", b"\xff\xfe\x00"])
def test_a_csv_without_its_columns_is_refused(client, body):
    assert refused(client.import_api_keys, body=body, format="csv")[:2] == (400, "BadRequestException")
