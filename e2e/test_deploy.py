"""`tollgate deploy` of templates by hand: what it makes, changes, takes back, removes and refuses."""

import json

import pytest

from callers import call
from deploying import SCENARIOS, Deployer, lambda_client
from arrange import usage_becomes, Key

TEMPLATE = """
Parameters:
  Limit: {Type: Number, Default: 2}
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Pets:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets
      HttpMethod: GET
      AuthorizationType: NONE
      ApiKeyRequired: true
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs20.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: 'exports.handler = async () => ({ statusCode: 200, body: "one" });'}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Deployment1:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Get
    Properties: {RestApiId: !Ref Api, StageName: dev}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    DependsOn: Deployment1
    Properties:
      UsagePlanName: gold
      Quota: {Limit: !Ref Limit, Period: DAY}
      ApiStages: [{ApiId: !Ref Api, Stage: dev}]
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: ann, Enabled: true}}
  In: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
Outputs:
  Key: {Value: !Ref Key}
  Plan: {Value: !Ref Plan, Export: {Name: gold-plan}}
"""


@pytest.fixture
def node(starter):
    tollgate = starter()
    yield tollgate
    tollgate.end()


@pytest.fixture
def deployer(node):
    return Deployer(node)


def write(folder, text, name="shop.yaml"):
    path = folder / name
    path.write_text(text)
    return path


def ann(node, outputs):
    value = node.client().get_api_key(apiKey=outputs["Key"], includeValue=True)["value"]
    return Key(outputs["Key"], value)


def test_a_template_becomes_an_api_that_is_metered_and_is_gone_without_a_trace(node, deployer, tmp_path):
    outputs, stages = deployer.deploy(write(tmp_path, TEMPLATE))
    path, key = stages["dev"] + "/pets", ann(node, outputs)
    assert call(node.gateway, path).status == 403
    answers = [call(node.gateway, path, key.value) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    usage_becomes(node.client(), outputs["Plan"], key, (2, 0))

    assert deployer.run("stack", "list")[0] == "shop\n"
    deployer.run("stack", "delete", "shop")
    assert deployer.left() == []
    assert call(node.gateway, path, key.value).status == 403


def test_what_is_deployed_again_keeps_its_ids_values_and_counts(node, deployer, tmp_path):
    template = write(tmp_path, TEMPLATE)
    outputs, stages = deployer.deploy(template)
    path, key, ids = stages["dev"] + "/pets", ann(node, outputs), deployer.ids("shop")
    assert [call(node.gateway, path, key.value).status for _ in range(2)] == [200, 200]
    assert deployer.plan(template) == set()

    changed = TEMPLATE.replace("Deployment1", "Deployment2").replace('"one"', '"two"')
    template = write(tmp_path, changed)
    assert deployer.plan(template, "--parameter", "Limit=3") == {
        ("~", "Plan"), ("~", "Function"), ("+", "Deployment2"), ("-", "Deployment1"),
    }  # fmt: skip
    assert deployer.deploy(template, "--parameter", "Limit=3")[0] == outputs
    after = deployer.ids("shop")
    assert {name: after[name] for name in ids if name != "Deployment1"} == {
        name: ids[name] for name in ids if name != "Deployment1"
    }
    answers = [call(node.gateway, path, key.value) for _ in range(2)]
    assert [(answer.status, answer.body) for answer in answers][0] == (200, b"two")
    assert answers[1].status == 429
    usage_becomes(node.client(), outputs["Plan"], key, (3, 0))


def test_a_plan_that_limits_nobody_is_told_of_when_it_is_deployed(deployer, tmp_path):
    unlimited = TEMPLATE.replace("Quota: {Limit: !Ref Limit, Period: DAY}", "Description: gold")
    _, told = deployer.run("deploy", write(tmp_path, unlimited))
    assert "warning: " in told and "Plan: the plan has neither a throttle nor a quota" in told


def test_a_resource_that_leaves_the_template_is_removed(node, deployer, tmp_path):
    deployer.deploy(write(tmp_path, TEMPLATE))
    without = "\n".join(line for line in TEMPLATE.splitlines() if not line.startswith(("  In:", "  Key:")))
    deployer.deploy(write(tmp_path, without))
    assert node.client().get_api_keys()["items"] == []
    assert set(deployer.ids("shop")) & {"Key", "In"} == set()


def test_a_deployment_that_fails_is_taken_back(node, deployer, tmp_path):
    outputs, stages = deployer.deploy(write(tmp_path, TEMPLATE))
    ids, path, key = deployer.ids("shop"), stages["dev"] + "/pets", ann(node, outputs)
    value = "a-value-that-is-taken-already"
    node.client().create_api_key(name="other", value=value)
    # The function is changed, a stage turned and a plan widened before the last step fails.
    bad = TEMPLATE.replace("Deployment1", "Deployment2").replace('"one"', '"two"').replace("Default: 2", "Default: 9")
    bad = bad.replace(
        "Outputs:",
        f"  Late: {{Type: AWS::ApiGateway::ApiKey, DependsOn: [In, Function], Properties: {{Value: {value}}}}}\nOutputs:",
    )
    why = deployer.refused(write(tmp_path, bad))
    assert "Late: 409 ConflictException: API Key already exists. All that was done before has been taken back" in why
    assert deployer.ids("shop") == ids
    assert node.client().get_usage_plan(usagePlanId=outputs["Plan"])["quota"]["limit"] == 2
    answers = [call(node.gateway, path, key.value) for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers[:2]] == [(200, b"one")] * 2
    assert answers[2].status == 429
    assert len(node.client().get_deployments(restApiId=ids["Api"])["items"]) == 1
    # And what was wrong can be put right.
    deployer.deploy(write(tmp_path, TEMPLATE))


def test_a_first_deployment_that_fails_leaves_nothing(node, deployer, tmp_path):
    bad = TEMPLATE.replace("nodejs20.x", "cobol74")
    assert "Function: 400 " in deployer.refused(write(tmp_path, bad))
    assert deployer.left() == []


def test_stacks_import_what_others_export(node, deployer, tmp_path):
    outputs, _ = deployer.deploy(write(tmp_path, TEMPLATE))
    more = """
Resources:
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: bob, Enabled: true, Value: bob-has-a-value-of-his-own}}
  In:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !ImportValue gold-plan}
"""
    deployer.deploy(write(tmp_path, more, "bob.yaml"), "--stack", "callers")
    keys = node.client().get_usage_plan_keys(usagePlanId=outputs["Plan"])["items"]
    assert sorted(key["name"] for key in keys) == ["ann", "bob"]


def test_a_record_of_a_stack_is_sealed_and_shown_to_nobody_without_a_signature(node, deployer, tmp_path):
    secret = "a-value-that-nobody-may-read"
    deployer.deploy(write(tmp_path, TEMPLATE.replace("Name: ann", f"Name: ann, Value: {secret}")))
    assert node.get_management("/tollgate/v1/stacks")[0] == 403
    assert node.get_management("/tollgate/v1/stacks/shop")[0] == 403
    kept = [path for path in node.data_dir.rglob("*") if path.is_file()]
    assert kept and all(secret.encode() not in path.read_bytes() for path in kept)


BAD = {
    "a cycle": (
        ("Properties: {Name: shop}", "DependsOn: In, Properties: {Name: shop}"),
        "these wait for one another: Api → In → ",
    ),
    "a missing Ref": (("!Ref Pets", "!Ref Dogs"), "line 13: Get: Dogs is neither a parameter nor a resource"),
    "an unknown type": (("AWS::IAM::Role", "AWS::SQS::Queue"), "Role: resources of type AWS::SQS::Queue are not supported"),
    "an unknown attribute": (("Role.Arn", "Role.Name"), "Function: Role has no attribute Name here"),
    "a misspelt limit": (("Quota: {Limit:", "Quota: {Limits:"), "Plan: AWS::ApiGateway::UsagePlan has no property Quota.Limits"),
    "a missing property": (("HttpMethod: GET", "OperationName: x"), "Get: HttpMethod is missing"),
    "code that is not there": (("{ZipFile: 'exports.handler = async () => ({ statusCode: 200, body: \"one\" });'}", "./src"), "Function: the code of the function is not found"),
    "no YAML": (("Resources:", "Resources: ["), "not YAML"),
    "a key twice": (("\n  Role:", "\n  Key: {Type: AWS::IAM::Role}\n  Role:"), "Key is there twice"),
    "an offset out of range": (("Period: DAY", "Period: DAY, Offset: 3"), "the quota's offset is 3; in a DAY it goes from 0 to 0"),
    "a negative limit": (("Limit: !Ref Limit", "Limit: -5"), "the quota's limit is -5; it has to be 1 or more"),
    "a period of years": (("Period: DAY", "Period: YEAR"), "the quota's period is YEAR"),
    "a short value": (("Name: ann", "Name: ann, Value: short"), "Key: Value has to be a text of 20 to 128 characters"),
    "two documents": (("Outputs:", "---\nOutputs:"), "a second document in one file is not supported"),
    "an export twice": (("Outputs:", "Outputs:\n  More: {Value: x, Export: {Name: gold-plan}}"), "gold-plan is exported already"),
    "conditions in a circle": (("Resources:", "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources:"), "these wait for one another: conditions"),
    "code without end": (("Code: {ZipFile: 'exports.handler = async () => ({ statusCode: 200, body: \"one\" });'}", "Code: /dev/zero"), "Function: the code of the function is not found: /dev/zero: it is no file"),
    "text that multiplies": (("Name: shop", "Name: !Sub ['" + "${x}" * 1000 + "', {x: '" + "y" * 9000 + "'}]"), "what Fn::Sub and Fn::Join make is longer than"),
    "two keys of one value": (
        ("Name: ann", "Name: ann, Value: one-value-for-two-keys}}\n  Key2: {Type: AWS::ApiGateway::ApiKey, Properties: {Value: one-value-for-two-keys"),
        "Key2: what tells it apart (its value, name or path) is the same as that of Key",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def untouched(starter):
    tollgate = starter()
    yield tollgate
    tollgate.end()


@pytest.mark.parametrize("what", BAD)
def test_a_bad_template_is_told_with_its_place_and_changes_nothing(untouched, tmp_path, what):
    (old, new), said = BAD[what]
    assert old in TEMPLATE
    deployer, path = Deployer(untouched), write(tmp_path, TEMPLATE.replace(old, new))
    why = deployer.refused(path)
    assert said in why and str(path) in why and "nothing was changed" in why, why
    # What only comes of another mistake is not told.
    assert "Function has no attribute" not in why and "Api has no attribute" not in why
    assert deployer.left() == []


@pytest.mark.parametrize("name", ["../shop", "", "a b", "1st", "ключ", "a" * 129])
def test_a_name_that_no_stack_can_have_is_told(untouched, tmp_path, name):
    deployer = Deployer(untouched)
    why = deployer.refused(write(tmp_path, TEMPLATE), f"--stack={name}")
    assert "the name of a stack has up to 128 letters, digits and hyphens" in why
    assert deployer.left() == []


def test_an_export_belongs_to_one_stack(node, deployer, tmp_path):
    deployer.deploy(write(tmp_path, TEMPLATE))
    before = deployer.left()
    more = "Resources: {K: {Type: AWS::ApiGateway::ApiKey}}\nOutputs: {Mine: {Value: x, Export: {Name: gold-plan}}}"
    assert "gold-plan is exported already, by another output or stack" in deployer.refused(write(tmp_path, more, "b.yaml"))
    assert deployer.left() == before
    deployer.deploy(write(tmp_path, TEMPLATE))


def test_a_stage_that_is_renamed_keeps_the_plans_keys_and_counts(node, deployer, tmp_path, one_day):
    outputs, stages = deployer.deploy(write(tmp_path, TEMPLATE))
    key = ann(node, outputs)
    assert call(node.gateway, stages["dev"] + "/pets", key.value).status == 200
    renamed = TEMPLATE.replace("StageName: dev", "StageName: live").replace("Stage: dev", "Stage: live")
    after, now = deployer.deploy(write(tmp_path, renamed))
    assert after == outputs and list(now) == ["live"]
    answers = [call(node.gateway, now["live"] + "/pets", key.value).status for _ in range(2)]
    assert answers == [200, 429]
    assert call(node.gateway, stages["dev"] + "/pets", key.value).status == 403
    usage_becomes(node.client(), outputs["Plan"], key, (2, 0))
    assert deployer.plan(write(tmp_path, renamed)) == set()
    deployer.run("stack", "delete", "shop")
    assert deployer.left() == []


def test_of_two_deployments_of_one_stack_at_once_one_is_refused_or_both_agree(node, deployer, tmp_path):
    keys = "\n".join(f"  Key{n}: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: k{n}}}}}" for n in range(60))
    template = write(tmp_path, f"Resources:\n{keys}\n", "many.yaml")
    started = [deployer.start("deploy", template) for _ in range(3)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in started]
    assert sorted(code for _, code in ended) != [1, 1, 1], ended
    for why, code in ended:
        assert code == 0 or "under way" in why or "changed by somebody else" in why, why
    deployer.deploy(template, "--resume")
    ids = deployer.ids("many")
    made = {key["id"] for key in node.client().get_api_keys(limit=500)["items"]}
    assert len(ids) == 60 and set(ids.values()) == made


def test_a_key_moves_between_plans_and_into_several(node, deployer, tmp_path):
    two = TEMPLATE.replace(
        "  Key:",
        "  Other: {Type: AWS::ApiGateway::UsagePlan, Properties: {UsagePlanName: other, Quota: {Limit: 9, Period: DAY}}}\n  Key:",
        1,
    )
    both = two.replace(
        "Outputs:",
        "  Too: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Other}}\nOutputs:",
    )
    outputs, stages = deployer.deploy(write(tmp_path, both))
    key = ann(node, outputs)
    assert call(node.gateway, stages["dev"] + "/pets", key.value).status == 200
    # Two plans of one stage cannot both have it: all stays as it was.
    clash = both.replace("UsagePlanName: other,", "UsagePlanName: other, ApiStages: [{ApiId: !Ref Api, Stage: dev}],")
    why = deployer.refused(write(tmp_path, clash))
    assert "cannot reference multiple Usage Plans" in why or "multiple" in why, why
    assert call(node.gateway, stages["dev"] + "/pets", key.value).status == 200
    moved = two.replace("UsagePlanId: !Ref Plan}}", "UsagePlanId: !Ref Other}}")
    assert deployer.deploy(write(tmp_path, moved))[0]["Key"] == outputs["Key"]
    assert call(node.gateway, stages["dev"] + "/pets", key.value).status == 403


def test_a_stage_that_is_not_there_is_told_and_changes_nothing(untouched, tmp_path):
    deployer = Deployer(untouched)
    why = deployer.refused(write(tmp_path, TEMPLATE.replace("Stage: dev}", "Stage: none}")))
    assert "Plan: 404 NotFoundException: API Stage not found" in why
    assert deployer.left() == []


def test_files_that_are_too_much_are_answered(untouched, tmp_path):
    deployer = Deployer(untouched)
    large = write(tmp_path, TEMPLATE + "#" * (10 << 20), "large.yaml")
    assert "at most 5242880 bytes are read" in deployer.refused(large)
    assert "at most 5242880 bytes are read" in deployer.refused("/dev/zero")
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert "more than 1000000 values" in deployer.refused(write(tmp_path, "\n".join(bomb), "bomb.yaml"))
    assert "deep" in deployer.refused(write(tmp_path, json.loads('"' + "[" * 200 + '"'), "deep.yaml"))
    assert deployer.left() == []


def test_lint_says_what_is_wrong_and_fails(untouched, tmp_path):
    deployer = Deployer(untouched)
    good = write(tmp_path, TEMPLATE)
    assert deployer.run("lint", good)[0] == ""
    bad = TEMPLATE.replace("Quota: {Limit: !Ref Limit, Period: DAY}", "Description: gold").replace("  In:", "  #In:")
    path = write(tmp_path, bad, "bad.yaml")
    said, why = deployer.run("lint", path, code=1)
    assert said.splitlines() == [
        f"{path}: line 33: Plan: the plan has neither a throttle nor a quota: its keys are not limited",
        f"{path}: line 40: Key: the key is in no plan: whoever calls with it is refused",
    ]
    assert "2 findings" in why


def test_lint_reads_a_serverless_project_as_it_is_written(untouched, tmp_path):
    text = "provider:\n  apiGateway:\n    apiKeys: [a]\n    usagePlan:\n      quota:\n      limit: 5\n"
    path = write(tmp_path, text, "serverless.yml")
    said, _ = Deployer(untouched).run("lint", path, code=1)
    assert "line 5: provider.apiGateway.usagePlan: quota is empty" in said
    assert "line 6: serverless.yml: limit of provider.apiGateway.usagePlan is not read here: it belongs in quota" in said


def test_lint_looks_at_what_runs(node, deployer, tmp_path):
    deployer.deploy(write(tmp_path, TEMPLATE))
    assert deployer.run("lint", "--live")[0] == ""
    client = node.client()
    plan = client.create_usage_plan(name="forgotten", throttle={"burstLimit": 0, "rateLimit": 5})["id"]
    key = client.create_api_key(name="lost")["id"]
    said, _ = deployer.run("lint", "--live", code=1)
    assert said.splitlines() == [
        f"the node: the plan forgotten ({plan}): the burst limit is 0: nobody is let through",
        f"the node: the plan forgotten ({plan}): the plan covers no stage: its keys open nothing",
        f"the node: the key lost ({key}): the key is in no plan: whoever calls with it is refused",
        f"the node: the key lost ({key}): the key is not enabled: whoever calls with it is refused",
    ]


EVERY_TYPE = SCENARIOS / "every-type.yaml"


def described(client, ids):
    """What API Gateway says of each resource of the template of every type."""
    api = ids["Api"]
    return {
        "Account": client.get_account()["cloudwatchRoleArn"],
        "Api": client.get_rest_api(restApiId=api),
        "Model": client.get_model(restApiId=api, modelName="Model"),
        "Validator": client.get_request_validator(restApiId=api, requestValidatorId=ids["Validator"]),
        "Authorizer": client.get_authorizer(restApiId=api, authorizerId=ids["Authorizer"]),
        "Get": client.get_method(restApiId=api, resourceId=ids["Pets"], httpMethod="POST"),
        "GatewayResponse": client.get_gateway_response(restApiId=api, responseType="UNAUTHORIZED"),
        "Part": client.get_documentation_part(restApiId=api, documentationPartId=ids["Part"]),
        "DocumentationVersion": client.get_documentation_version(restApiId=api, documentationVersion="v1"),
        "Certificate": client.get_client_certificate(clientCertificateId=ids["Certificate"]),
        "Link": client.get_vpc_link(vpcLinkId=ids["Link"]),
        "Deployment": client.get_deployment(restApiId=api, deploymentId=ids["Deployment"]),
        "Stage": client.get_stage(restApiId=api, stageName="live"),
        "Domain": client.get_domain_name(domainName="every.example.com"),
        "Mapping": client.get_base_path_mapping(domainName="every.example.com", basePath="shop"),
        "Private": client.get_domain_name(domainName="private.example.com"),
        "PrivateMapping": client.get_base_path_mapping(domainName="private.example.com", basePath="(none)"),
        "Association": client.get_domain_name_access_associations()["items"][0],
        "Plan": client.get_usage_plan(usagePlanId=ids["Plan"]),
        "Key": client.get_api_key(apiKey=ids["Key"], includeValue=True),
        "In": client.get_usage_plan_key(usagePlanId=ids["Plan"], keyId=ids["Key"]),
        "Described": client.get_rest_api(restApiId=ids["Described"]),
        "DescribedStage": client.get_stage(restApiId=ids["Described"], stageName="up"),
    }


def without(answers):
    """Answers without what each change moves."""
    moving = {"ResponseMetadata", "lastUpdatedDate", "createdDate", "certificateUploadDate"}
    return {
        name: {key: value for key, value in answer.items() if key not in moving} if isinstance(answer, dict) else answer
        for name, answer in answers.items()
    }


def test_every_type_is_made_changed_in_place_taken_back_and_removed(node, deployer, tmp_path):
    client = node.client()
    change = ["--parameter", "Mark=two", "--parameter", "Number=6", "--parameter", "Flag=true"]
    deployer.deploy(EVERY_TYPE)
    ids = deployer.ids("every-type")
    first = without(described(client, ids))
    assert first["Plan"]["throttle"] == {"burstLimit": 3, "rateLimit": 1.5}
    assert first["Stage"]["methodSettings"]["*/*"]["throttlingBurstLimit"] == 7
    assert first["Described"]["name"] == "described-one"

    # A stack that fails at its end has been changed all over, and is as it was.
    bad = write(tmp_path, EVERY_TYPE.read_text().replace("Handler: index.handler", "Handler: index.handler\n      Tags: {x: y}"))
    after_all = "DependsOn: [In, Mapping, Permission, DescribedDeployment]"
    nowhere = "Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: nowhere}"
    bad.write_text(f"{bad.read_text()}  Last: {{Type: AWS::ApiGateway::UsagePlanKey, {after_all}, {nowhere}}}\n")
    assert "Last: 404 " in deployer.refused(bad, "--stack", "every-type", *change)
    assert without(described(client, ids)) == first
    assert deployer.ids("every-type") == ids

    deployer.deploy(EVERY_TYPE, *change)
    after = deployer.ids("every-type")
    assert {name for name in ids if ids[name] != after[name]} == {"Permission", "DescribedDeployment", "Validator"}
    second = without(described(client, after))
    assert {name for name in first if first[name] == second[name]} == {"Account", "Mapping", "Association"}
    text = json.dumps({name: answer for name, answer in second.items() if name != "Described"}, default=str)
    assert '"one"' not in text and "-one" not in text, text
    assert second["Plan"]["throttle"]["rateLimit"] == 1.5
    assert second["Key"]["value"] == "the-value-that-never-changes"
    function = lambda_client(node).get_function_configuration(FunctionName="every")
    assert (function["Timeout"], function["Environment"]["Variables"]) == (6, {"MARK": "two"})
    answered = lambda_client(node).invoke(FunctionName="every", Payload=b"{}")["Payload"].read()
    assert json.loads(answered)["body"] == "two"
    assert deployer.plan(EVERY_TYPE, *change) == set()

    deployer.run("stack", "delete", "every-type")
    assert deployer.left() == []
    assert client.get_domain_name_access_associations()["items"] == []
    assert client.get_vpc_links()["items"] == client.get_client_certificates()["items"] == []


def test_a_deployment_that_is_killed_is_gone_on_with(node, deployer, tmp_path):
    keys = "\n".join(
        f"  Key{n}: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: key-{n}, Enabled: true}}}}" for n in range(300)
    )
    template = write(tmp_path, f"Resources:\n{keys}\n", "many.yaml")
    process = deployer.start("deploy", template)
    with process:
        assert any(line.startswith("[20/300] ") for line in process.stderr)
        process.kill()
    assert process.returncode == -9
    assert "under way; if it was cut off, go on with --resume" in deployer.refused(template)
    begun = deployer.ids("many")
    assert 19 <= len(begun) < 300
    deployer.deploy(template, "--resume")
    ids = deployer.ids("many")
    assert len(ids) == 300 and {name: ids[name] for name in begun} == begun
    client = node.client()
    pages = client.get_paginator("get_api_keys").paginate(PaginationConfig={"PageSize": 500})
    # The one that was made when the record was not yet written is nobody's.
    assert 300 <= sum(len(page["items"]) for page in pages) <= 301
