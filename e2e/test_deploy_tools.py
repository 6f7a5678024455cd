"""Templates of the real tools: osls, CDK and SAM's transform, deployed, called, changed and deleted."""

import json
import shutil

import pytest

from arrange import Key, usage_becomes
from callers import call
from deploying import SAM, SCENARIOS, SERVERLESS_3, Deployer, missing_tools, sam_build, synthesize
from harness import ROOT

SERVERLESS = SERVERLESS_3 / ".bin" / "serverless"
needs_tools = pytest.mark.skipif(bool(missing_tools()), reason=f"needs {missing_tools()}")


@pytest.fixture(scope="module")
def node(starter):
    tollgate = starter()
    yield tollgate
    tollgate.end()


@pytest.fixture
def deployer(node):
    deployer = Deployer(node)
    yield deployer
    for stack in deployer.run("stack", "list")[0].split():
        deployer.run("stack", "delete", stack)
    assert deployer.left() == []


def project(tmp_path, folder):
    return shutil.copytree(folder, tmp_path / folder.name)


def statuses(node, path, key, times, **how):
    return [call(node.gateway, path, key, **how).status for _ in range(times)]


@needs_tools
def test_the_warranty_service_is_for_one_caller_with_a_plan(node, deployer, tmp_path):
    folder = project(tmp_path, ROOT / "examples" / "serverless-warranty")
    _, stages = deployer.deploy("--serverless", folder)
    value = json.loads((folder / "keys.json").read_text())["batch"]
    path = stages["dev"] + "/registrations/7/warranty"
    answer = call(node.gateway, path, value, method="PUT", body='{"years": 2}')
    assert (answer.status, json.loads(answer.body)["registration"]) == (200, "7")
    assert call(node.gateway, path, method="PUT", body="{}").status == 403
    preflight = call(node.gateway, path, method="OPTIONS")
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (200, "OPTIONS,PUT")
    (plan,) = node.client().get_usage_plans()["items"]
    assert plan["quota"] == {"limit": 1000, "offset": 2, "period": "MONTH"}
    assert plan["throttle"] == {"burstLimit": 50, "rateLimit": 100.0}


@needs_tools
def test_tiers_keep_their_keys_and_counts_over_deployments(node, deployer, tmp_path):
    folder = project(tmp_path, ROOT / "examples" / "serverless-tiers")
    _, stages = deployer.deploy("--serverless", folder)
    path, ids = stages["dev"] + "/weather/oslo", deployer.ids("tiers-dev")
    free, paid = "joe-of-the-free-tier-000", "ann-of-the-paid-tier-000"
    assert statuses(node, path, free, 4) == [200, 200, 200, 429]
    assert statuses(node, path, paid, 4) == [200] * 4

    # Ann leaves, so that all keys of her tier are numbered anew; the free tier gets one call more.
    settings = folder / "serverless.yml"
    settings.write_text(settings.read_text().replace("limit: 3", "limit: 4"))
    keys = json.loads((folder / "keys.json").read_text())
    keys["paid"] = keys["paid"][1:]
    (folder / "keys.json").write_text(json.dumps(keys))
    deployer.deploy("--serverless", folder)
    after = deployer.ids("tiers-dev")
    assert after["ApiGatewayApiKeyPaid1"] == ids["ApiGatewayApiKeyPaid2"]
    assert after["ApiGatewayApiKeyFree1"] == ids["ApiGatewayApiKeyFree1"]
    assert after["ApiGatewayRestApi"] == ids["ApiGatewayRestApi"]
    assert statuses(node, path, free, 2) == [200, 429]
    assert statuses(node, path, paid, 1) == [403]
    assert statuses(node, path, "bob-of-the-paid-tier-000", 1) == [200]
    usage_becomes(node.client(), ids["ApiGatewayUsagePlanFree"], Key(ids["ApiGatewayApiKeyFree1"], free), (4, 0))


@needs_tools
def test_a_key_moves_from_one_tier_to_another(node, deployer, tmp_path):
    folder = project(tmp_path, ROOT / "examples" / "serverless-tiers")
    _, stages = deployer.deploy("--serverless", folder)
    path, before = stages["dev"] + "/weather/oslo", deployer.ids("tiers-dev")
    joe = "joe-of-the-free-tier-000"
    assert statuses(node, path, joe, 4) == [200, 200, 200, 429]
    keys = json.loads((folder / "keys.json").read_text())
    keys = {"free": [{"name": "new", "value": "new-of-the-free-tier-000"}], "paid": keys["paid"] + keys["free"]}
    (folder / "keys.json").write_text(json.dumps(keys))
    deployer.deploy("--serverless", folder)
    assert deployer.ids("tiers-dev")["ApiGatewayApiKeyPaid3"] == before["ApiGatewayApiKeyFree1"]
    assert statuses(node, path, joe, 4) == [200] * 4


@needs_tools
def test_a_service_of_many_functions_and_methods(node, deployer, tmp_path):
    folder = project(tmp_path, SCENARIOS / "services" / "many")
    _, stages = deployer.deploy("--serverless", folder)
    assert len(deployer.ids("many-dev")) > 100
    keys = node.client().get_api_keys(includeValues=True)["items"]
    value = next(key["value"] for key in keys if key["name"] == "many-two")
    assert statuses(node, stages["dev"] + "/shelf3/pets", value, 2) == [200, 200]
    assert statuses(node, stages["dev"] + "/shelf3/pets", None, 1) == [403]
    answer = call(node.gateway, stages["dev"] + "/shelf4/pets/9", method="DELETE")
    assert (answer.status, json.loads(answer.body)["id"]) == (200, "9")


@needs_tools
def test_stages_of_a_service_are_stacks_apart(node, deployer, tmp_path):
    folder = project(tmp_path, SCENARIOS / "services" / "stages")
    paths = {}
    for stage in ("dev", "prod"):
        _, stages = deployer.deploy("--serverless", folder, "--stage", stage)
        paths[stage] = stages[stage] + "/where"
    assert deployer.run("stack", "list")[0].split() == ["stages-dev", "stages-prod"]
    dev, prod = "key-of-the-stage-dev-000000", "key-of-the-stage-prod-000000"
    assert statuses(node, paths["dev"], dev, 3) == [200, 200, 429]
    answers = [call(node.gateway, paths["prod"], prod) for _ in range(3)]
    assert [json.loads(answer.body)["stage"] for answer in answers] == ["prod"] * 3
    assert statuses(node, paths["prod"], dev, 1) == [403]
    deployer.run("stack", "delete", "stages-dev")
    assert statuses(node, paths["prod"], prod, 1) == [200]


@needs_tools
def test_keys_given_as_objects_have_all_that_is_said_of_them(node, deployer, tmp_path):
    folder = project(tmp_path, SCENARIOS / "services" / "keys")
    _, stages = deployer.deploy("--serverless", folder)
    keys = {key["value"]: key for key in node.client().get_api_keys(includeValues=True)["items"]}
    ann = keys["value-of-the-key-of-ann-0"]
    assert (ann["name"], ann["description"], ann["customerId"], ann["enabled"]) == ("ann", "Ann", "c-1", True)
    assert "name" not in keys["value-of-a-key-without-name"]
    path = stages["dev"] + "/hello"
    assert statuses(node, path, ann["value"], 1) == [200]
    assert statuses(node, path, "value-of-a-key-without-name", 1) == [200]
    assert statuses(node, path, "value-of-the-key-of-out-0", 1) == [403]
    plans = {plan["name"]: plan for plan in node.client().get_usage_plans()["items"]}
    assert plans["keys-free-dev"]["quota"] == {"limit": 10, "offset": 1, "period": "WEEK"}
    assert plans["keys-paid-dev"]["throttle"] == {"burstLimit": 7, "rateLimit": 7.0}
    assert "quota" not in plans["keys-paid-dev"]


@needs_tools
def test_a_stack_of_cdk(node, deployer, tmp_path):
    outputs, stages = deployer.deploy(synthesize(tmp_path / "cdk"))
    path, ann = stages["live"] + "/pets", "ann-of-the-cdk-stack-0000"
    assert call(node.gateway, path, ann).body == b"hello GET"
    json_type = {"Content-Type": "application/json"}
    assert call(node.gateway, path, ann, method="POST", body="{}", headers=json_type).status == 400
    assert call(node.gateway, path, method="OPTIONS").status == 204
    changed = synthesize(tmp_path / "cdk", LIMIT="3", GREETING="bye")
    signs = {sign for sign, _ in deployer.plan(changed)}
    assert signs == {"~"}
    assert deployer.deploy(changed)[0] == outputs
    answer = call(node.gateway, path, ann)
    assert (answer.status, answer.body) == (200, b"bye GET")
    assert call(node.gateway, path, ann).status == 429
    plan = next(plan["id"] for plan in node.client().get_usage_plans()["items"])
    usage_becomes(node.client(), plan, Key(outputs["KeyId"], ann), (3, 0))
    left = call(node.gateway, path, ann, method="POST", body="{}", headers=json_type)
    assert left.status == 429


def test_a_template_of_sam(node, deployer, tmp_path):
    folder = project(tmp_path, SCENARIOS / "sam")
    outputs, _ = deployer.deploy(folder / "template.yaml", "--stack", "shop")
    value = node.client().get_api_key(apiKey=outputs["Key"], includeValue=True)["value"]
    path = f"/_aws/execute-api/{outputs['Api']}/{outputs['Stage']}"
    assert call(node.gateway, path + "/pets/7", value).body == b"pet 7"
    assert call(node.gateway, path + "/pets/7").status == 403
    assert call(node.gateway, path + "/up").status == 200
    assert call(node.gateway, path + "/pets/7", method="OPTIONS").headers["access-control-allow-origin"] == "*"
    assert statuses(node, path + "/pets/7", value, 3) == [200, 200, 429]
    assert deployer.plan(folder / "template.yaml", "--stack", "shop") == set()
    deployer.deploy(folder / "template.yaml", "--stack", "shop", "--parameter", "Limit=4")
    assert statuses(node, path + "/pets/7", value, 2) == [200, 429]
    implied = next(api for api in node.client().get_rest_apis()["items"] if api["id"] != outputs["Api"])
    assert call(node.gateway, f"/_aws/execute-api/{implied['id']}/Prod/implied", method="POST").body == b"implied"


@pytest.mark.skipif(bool(missing_tools(SERVERLESS)), reason=f"needs {missing_tools(SERVERLESS)}")
def test_a_project_of_serverless_3_is_packaged_by_its_own_tool(node, tmp_path):
    folder = project(tmp_path, ROOT / "examples" / "serverless-tiers")
    (folder / "node_modules").symlink_to(SERVERLESS_3)
    # It is kept from calling home, and works without.
    deployer = Deployer(node, SLS_TELEMETRY_DISABLED="1", SLS_NOTIFICATIONS_MODE="off", HOME=str(tmp_path))
    _, stages = deployer.deploy("--serverless", folder)
    free, ids = "joe-of-the-free-tier-000", deployer.ids("tiers-dev")
    path = stages["dev"] + "/weather/oslo"
    assert statuses(node, path, free, 4) == [200, 200, 200, 429]
    settings = folder / "serverless.yml"
    settings.write_text(settings.read_text().replace("limit: 3", "limit: 4"))
    deployer.deploy("--serverless", folder)
    assert statuses(node, path, free, 2) == [200, 429]
    usage_becomes(node.client(), ids["ApiGatewayUsagePlanFree"], Key(ids["ApiGatewayApiKeyFree1"], free), (4, 0))
    # What osls makes of the same project is the same stack.
    (folder / "node_modules").unlink()
    if not missing_tools():
        deployer.deploy("--serverless", folder)
        assert deployer.ids("tiers-dev")["ApiGatewayRestApi"] == ids["ApiGatewayRestApi"]
        assert statuses(node, path, free, 1) == [429]
    deployer.run("stack", "delete", "tiers-dev")
    assert deployer.left() == []


@pytest.mark.skipif(bool(missing_tools(SAM)), reason=f"needs {missing_tools(SAM)}")
def test_what_sam_build_builds(node, deployer, tmp_path):
    built = sam_build(tmp_path / "built")
    outputs, stages = deployer.deploy(built, "--stack", "built")
    value = node.client().get_api_key(apiKey=outputs["Key"], includeValue=True)["value"]
    path = stages["live"]
    assert call(node.gateway, path + "/hello/ann", value).body == b"hello ann"
    assert call(node.gateway, path + "/hello/ann").status == 403
    assert json.loads(call(node.gateway, path + "/pets").body) == ["cat"]
    assert statuses(node, path + "/hello/bob", value, 2) == [200, 429]
    assert deployer.plan(built, "--stack", "built") == set()

    code = tmp_path / "built" / "greet" / "index.js"
    code.write_text(code.read_text().replace("hello ", "bye "))
    again = sam_build(tmp_path / "built")
    assert deployer.plan(again, "--stack", "built") == {("~", "Greet")}
    deployer.deploy(again, "--stack", "built", "--parameter", "Limit=3")
    assert call(node.gateway, path + "/hello/ann", value).body == b"bye ann"
    assert statuses(node, path + "/hello/ann", value, 1) == [429]
    usage_becomes(node.client(), outputs["Plan"], Key(outputs["Key"], value), (3, 0))


def test_http_apis_of_sam_are_named_as_out_of_scope(node, deployer, tmp_path):
    template = (SCENARIOS / "sam" / "template.yaml").read_text().replace("Any: {Type: Api", "Any: {Type: HttpApi")
    (tmp_path / "template.yaml").write_text(template)
    why = deployer.refused(tmp_path / "template.yaml")
    assert "Implied: an HTTP API (the event Any of type HttpApi) is not supported" in why
