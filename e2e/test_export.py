"""The way back: what `tollgate export` writes makes the same again, by the AWS CLI, by Terraform, by CSV."""

import json
import re
import stat

import pytest

from arrange import a_key, a_plan, an_api, unique
from callers import call
from importing import Mover
from terraforming import Terraform, missing
from test_import import furnished


@pytest.fixture
def old(start):
    return start()


@pytest.fixture
def mover(old, tmp_path):
    return Mover(old, tmp_path)


def odd_keys(client, *plans):
    """Keys whose names and descriptions are hard to write down."""
    a_key(client, *plans, name='so "called", it\'s', description="a $HOME `id` \\n back\\slash")
    a_key(client, *plans, name="ünïcödé", description="line\nbreak")


def a_nameless_key(client, *plans):
    nameless = client.create_api_key(enabled=True)
    client.create_usage_plan_key(usagePlanId=plans[0], keyId=nameless["id"], keyType="API_KEY")


def shape(client):
    """What an account has, by names and values: ids are given anew."""
    apis = {}
    for api in client.get_rest_apis()["items"]:
        stages = client.get_stages(restApiId=api["id"])["item"]
        apis[api["id"]] = (api["name"], {stage["stageName"]: shape_of_stage(client, api["id"], stage) for stage in stages})
    plans, members = {}, {}
    for plan in client.get_usage_plans()["items"]:
        whole = client.get_usage_plan(usagePlanId=plan["id"])
        whole["apiStages"] = [{**stage, "apiId": apis[stage["apiId"]][0]} for stage in whole["apiStages"]]
        plans[whole["name"]] = {name: whole[name] for name in whole if name not in ("id", "ResponseMetadata")}
        for key in client.get_usage_plan_keys(usagePlanId=plan["id"], limit=500)["items"]:
            members.setdefault(key["value"], set()).add(whole["name"])
    keys = {}
    for key in client.get_api_keys(includeValues=True, limit=500)["items"]:
        tags = client.get_api_key(apiKey=key["id"])["tags"]
        told = {name: key.get(name) for name in ("name", "description", "customerId", "enabled")}
        keys[key["value"]] = {**told, "tags": tags, "plans": members.get(key["value"], set())}
    return dict(apis.values()), plans, keys


def shape_of_stage(client, api, stage):
    export = client.get_export(
        restApiId=api, stageName=stage["stageName"], exportType="oas30", parameters={"extensions": "apigateway"}
    )
    document = json.loads(export["body"].read())
    own = ("deploymentId", "createdDate", "lastUpdatedDate")
    return {name: stage[name] for name in stage if name not in own}, document["paths"], document.get("components")


def without_owners(told):
    """Documents name their API in the addresses of its models."""
    return json.loads(re.sub(r"restapis/\w+/", "", json.dumps(told, default=sorted, sort_keys=True)))


def test_a_script_makes_the_same_again(old, mover, start, tmp_path, upstream):
    client = old.client()
    api, plan, key, _ = furnished(client, upstream)
    other = an_api(client, upstream, stage="v1")
    second = a_plan(client, other, method_throttle={"/{proxy+}/GET": {"rateLimit": 3.0, "burstLimit": 2}})
    client.update_usage_plan(
        usagePlanId=second, patchOperations=[{"op": "replace", "path": "/productCode", "value": "p-1"}]
    )
    client.create_rest_api(name=unique("no-stage"), description="It's `odd`: $HOME")
    for number in range(3):
        a_key(client, plan, second, name=f"plain-{number}")
    odd_keys(client, plan, second)
    a_nameless_key(client, plan)
    folder = tmp_path / "script"
    _, told = mover.run("export", "aws-cli", "--out", folder, "--include-values")
    assert "3 APIs, 2 plans, 8 keys" in told
    new = start()
    Mover(new, tmp_path).aws(folder / "restore.sh", tmp_path)
    assert without_owners(shape(new.client())) == without_owners(shape(client))
    moved = next(made["id"] for made in new.client().get_rest_apis()["items"] if client.get_rest_api(restApiId=api.id)["name"] == made["name"])
    assert call(new.gateway, f"/restapis/{moved}/dev/_user_request_/only-dev", key.value).status == 200


def test_values_are_written_only_on_request_and_for_nobody_else(old, mover, start, tmp_path, upstream):
    client = old.client()
    plan = a_plan(client)
    key = a_key(client, plan, name="ann")
    for kind in ("aws-cli", "terraform"):
        mover.run("export", kind, "--out", tmp_path / kind)
        written = [path for path in (tmp_path / kind).rglob("*") if path.is_file()]
        assert written and all(key.value not in path.read_text() for path in written)
        assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in [tmp_path / kind, *written])
        _, told = mover.run("export", kind, "--out", tmp_path / kind, code=1)
        assert "is not empty; nothing was written" in told
    said, told = mover.run("export", "csv")
    assert said == f"Name,Key,Description,Enabled,UsagePlanIds\nann,<not exported>,,true,{plan}\n"
    assert "--include-values writes them" in told
    mover.run("export", "csv", "--out", tmp_path / "keys.csv", "--include-values")
    assert key.value in (tmp_path / "keys.csv").read_text()
    assert stat.S_IMODE((tmp_path / "keys.csv").stat().st_mode) == 0o600

    new = Mover(start(), tmp_path)
    with pytest.raises(AssertionError, match=f"value_{key.id}: set it to the value of the key ann"):
        new.aws(tmp_path / "aws-cli" / "restore.sh", tmp_path)
    assert new.tollgate.client().get_usage_plans()["items"] == []
    new.aws(tmp_path / "aws-cli" / "restore.sh", tmp_path, **{f"value_{key.id}": key.value})
    assert new.tollgate.client().get_api_keys(includeValues=True)["items"][0]["value"] == key.value


def test_lines_of_keys_make_the_same_keys_again(old, mover, tmp_path):
    client = old.client()
    plans = [a_plan(client), a_plan(client)]
    odd_keys(client, *plans)
    a_nameless_key(client, *plans)
    a_key(client, plans[0], name="off", enabled=False)
    before = shape(client)
    mover.run("export", "csv", "--out", tmp_path / "keys.csv", "--include-values")
    for key in client.get_api_keys()["items"]:
        client.delete_api_key(apiKey=key["id"])
    answer = client.import_api_keys(body=(tmp_path / "keys.csv").read_bytes(), format="csv", failOnWarnings=True)
    assert len(answer["ids"]) == 4 and answer["warnings"] == []
    assert shape(client) == before


@pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}")
def test_terraform_takes_over_what_is_there(old, mover, tmp_path, upstream):
    client = old.client()
    _, plan, _, _ = furnished(client, upstream)
    odd_keys(client, plan)
    (tmp_path / "tf").mkdir()
    terraform = Terraform(tmp_path / "tf", old.endpoint_url)
    folder = terraform.folder / "exported"
    mover.run("export", "terraform", "--out", folder, "--include-values")
    provider = (terraform.template / "provider.tf").read_text()
    (folder / "provider.tf").write_text(provider[provider.index('provider "aws"') : provider.index("variable")])
    (folder / ".terraform.lock.hcl").write_bytes((terraform.template / ".terraform.lock.hcl").read_bytes())
    validated = terraform.run(folder, "validate")
    assert validated.code == 0, validated.said
    before = shape(client)
    planned = terraform.run(folder, "plan")
    assert planned.code == 0, planned.said
    found = re.search(r"Plan: (\d+) to import, (\d+) to add, (\d+) to change, (\d+) to destroy", planned.said)
    assert found and found[2] == found[4] == "0", planned.said
    applied = terraform.run(folder, "apply", "-auto-approve")
    assert applied.code == 0, applied.said
    assert without_owners(shape(client)[1:]) == without_owners(before[1:])
    again = terraform.run(folder, "plan", "-detailed-exitcode")
    assert again.code == 0, again.said
