"""After a move, `tollgate deploy --adopt` takes over what the same project made elsewhere, with its ids and counts."""

import shutil

import pytest

from arrange import Key, a_key, a_plan, replace, usage, usage_becomes
from callers import call
from deploying import Deployer, missing_tools
from harness import ROOT
from importing import Mover
from test_deploy import TEMPLATE, ann, write


@pytest.fixture
def moved(start, tmp_path, one_day):
    """What was deployed elsewhere and then imported: the node, its command line, the template, outputs and stages."""
    old, new = start(), start()
    template = write(tmp_path, TEMPLATE)
    outputs, stages = Deployer(old).deploy(template, "--parameter", "Limit=5")
    key = ann(old, outputs)
    assert call(old.gateway, stages["dev"] + "/pets", key.value).status == 200
    usage_becomes(old.client(), outputs["Plan"], key, (1, 4))
    Mover(new, tmp_path).bring(old.endpoint_url)
    return new, Deployer(new), template, outputs, stages, key


def test_a_project_goes_on_with_what_was_imported(moved):
    new, deployer, template, outputs, stages, key = moved
    limit = ("--parameter", "Limit=5")
    said, _ = deployer.run("deploy", template, *limit, "--adopt", "--dry-run")
    signs = {line.split(" ")[1]: line for line in said.splitlines()}
    for name in ("Api", "Pets", "Plan", "Key", "In"):
        assert signs[name].startswith(">") and signs[name].endswith(": taken over as it is"), signs[name]
    assert signs["Function"].startswith("+")
    assert deployer.deploy(template, *limit, "--adopt") == (outputs, stages)
    assert call(new.gateway, stages["dev"] + "/pets", key.value).body == b"one"
    usage_becomes(new.client(), outputs["Plan"], key, (2, 3))
    assert deployer.plan(template, *limit) == set()
    assert deployer.plan(template, "--parameter", "Limit=7") == {("~", "Plan")}
    deployer.run("stack", "delete", "shop")
    assert deployer.left() == []


def test_a_deployment_that_fails_gives_back_what_it_took_over(moved, tmp_path):
    new, deployer, template, outputs, stages, key = moved
    text = TEMPLATE.replace("{Name: ann, Enabled: true}", "{Name: ann, Enabled: false, Description: hers}")
    # A plan that only the node knows not to be there: refused after all else was done.
    nowhere = "Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: nowhere}"
    again = f"  Again: {{Type: AWS::ApiGateway::UsagePlanKey, DependsOn: [In], {nowhere}}}\n"
    bad = text.replace("Outputs:\n", again + "Outputs:\n", 1)
    before = new.client().get_api_key(apiKey=key.id)
    why = deployer.refused(write(tmp_path, bad, "bad.yaml"), "--stack", "shop", "--adopt", "--parameter", "Limit=5")
    assert "Again: 404" in why and "All that was done before has been taken back" in why
    after = new.client().get_api_key(apiKey=key.id)
    own = ("lastUpdatedDate", "ResponseMetadata")
    assert {name: after.get(name) for name in before if name not in own} == {
        name: before[name] for name in before if name not in own
    }
    assert usage(new.client(), outputs["Plan"], key) == (1, 4)
    assert deployer.run("stack", "list")[0] == ""


def test_what_another_stack_has_is_not_taken_over(moved, tmp_path):
    new, deployer, template, outputs, _, key = moved
    deployer.deploy(template, "--adopt", "--parameter", "Limit=5")
    # Names of exports are one stack's, too.
    unnamed = write(tmp_path, TEMPLATE.replace(", Export: {Name: gold-plan}", ""), "unnamed.yaml")
    said, _ = deployer.run("deploy", unnamed, "--stack", "second", "--adopt", "--dry-run")
    assert ">" not in said
    # A key by its value, too: there it clashes, as it does without --adopt.
    by_value = f"Resources:\n  Key: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: x, Value: {key.value}}}}}\n"
    assert "409" in deployer.refused(write(tmp_path, by_value, "key.yaml"), "--stack", "third", "--adopt")


def test_a_key_is_taken_over_by_its_value_and_a_plan_only_if_its_name_is_one_plans(start, tmp_path):
    node = start()
    deployer, client = Deployer(node), node.client()
    plans = [a_plan(client, quota={"limit": 3, "period": "DAY"}) for _ in range(2)]
    key = a_key(client, plans[0], name="old-name")
    for plan in plans:
        client.update_usage_plan(usagePlanId=plan, patchOperations=[replace("/name", "gold")])
    text = f"""
Resources:
  Key: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: new-name, Value: {key.value}, Enabled: true}}}}
  Plan: {{Type: AWS::ApiGateway::UsagePlan, Properties: {{UsagePlanName: gold}}}}
  In: {{Type: AWS::ApiGateway::UsagePlanKey, Properties: {{KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}}}
"""
    template = write(tmp_path, text, "keys.yaml")
    why = deployer.refused(template, "--adopt")
    assert "line 4: Plan: " in why and "are both what it describes" in why and "nothing was changed" in why
    client.delete_usage_plan(usagePlanId=plans[1])
    said, _ = deployer.run("deploy", template, "--adopt", "--dry-run")
    assert "> Key (AWS::ApiGateway::ApiKey): taken over, with Name" in said
    deployer.deploy(template, "--adopt")
    assert client.get_api_key(apiKey=key.id)["name"] == "new-name"
    # What the template does not say stays.
    assert client.get_usage_plan(usagePlanId=plans[0])["quota"]["limit"] == 3
    assert deployer.plan(template) == set()


@pytest.mark.skipif(bool(missing_tools()), reason=f"needs {missing_tools()}")
def test_a_serverless_project_moves_with_its_own_tool(start, tmp_path, one_day):
    old, new = start(), start()
    folder = shutil.copytree(ROOT / "examples" / "serverless-tiers", tmp_path / "tiers")
    _, stages = Deployer(old).deploy("--serverless", folder)
    path = stages["dev"] + "/weather/oslo"
    joe = "joe-of-the-free-tier-000"
    assert call(old.gateway, path, joe).status == 200
    keys = {key["name"]: key["id"] for key in old.client().get_api_keys()["items"]}
    plans = {plan["name"]: plan["id"] for plan in old.client().get_usage_plans()["items"]}
    free = next(plan for name, plan in plans.items() if "free" in name)
    key = Key(next(id for name, id in keys.items() if "joe" in name), joe)
    usage_becomes(old.client(), free, key, (1, 2))
    _, told = Mover(new, tmp_path).bring(old.endpoint_url)
    assert "calls functions, which do not come along: tiers-dev-status, tiers-dev-weather" in told

    # Without --adopt the values of its keys are in the way.
    assert "409" in Deployer(new).refused("--serverless", folder)
    _, here = Deployer(new).deploy("--serverless", folder, "--adopt")
    assert here == stages
    assert {key["name"]: key["id"] for key in new.client().get_api_keys()["items"]} == keys
    assert {plan["name"]: plan["id"] for plan in new.client().get_usage_plans()["items"]} == plans
    assert [call(new.gateway, path, joe).status for _ in range(3)] == [200, 200, 429]
    # The tool names its deployments by the time.
    changes = {name.rstrip("0123456789") for _, name in Deployer(new).plan("--serverless", folder)}
    assert changes == {"ApiGatewayDeployment"}
