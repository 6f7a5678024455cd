"""What stands before an integration, through the real binary: policies, authorizers, validators, and how it refuses."""

import json

import pytest

from arrange import Api, a_key, a_plan, put_proxy, unique, usage_becomes
from callers import call
from test_functions import archive, lambda_client

JUDGE = """
def handler(event, context):
    token = event["authorizationToken"]
    if token == "unknown":
        raise Exception("Unauthorized")
    effect = "Deny" if token == "denied" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "joe", "policyDocument": policy, "usageIdentifierKey": token}
"""
SCHEMA = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


class Draft:
    """An API that is not deployed yet: one greedy resource before the upstream."""

    def __init__(self, client, upstream, **members):
        self.client = client
        made = client.create_rest_api(name=unique("api"), **members)
        self.id, self.root = made["id"], made["rootResourceId"]
        self.proxy = client.create_resource(restApiId=self.id, parentId=self.root, pathPart="{proxy+}")["id"]
        self.method = {"restApiId": self.id, "resourceId": self.proxy, "httpMethod": "ANY"}
        put_proxy(client, self.id, self.proxy, upstream.url, key_required=False)

    def change(self, *operations):
        self.client.update_method(**self.method, patchOperations=[
            {"op": "replace", "path": path, "value": value} for path, value in operations
        ])  # fmt: skip

    def deployed(self):
        self.client.create_deployment(restApiId=self.id, stageName="dev")
        return Api(self.id, "dev", self.root, self.proxy)


@pytest.fixture
def draft(client, upstream):
    return Draft(client, upstream)


def test_a_browser_reads_a_refusal_worded_by_the_api(tollgate, client, draft):
    draft.change(("/apiKeyRequired", "true"))
    for kind in ("DEFAULT_4XX", "INVALID_API_KEY"):
        client.put_gateway_response(
            restApiId=draft.id, responseType=kind,
            responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            responseTemplates={"application/json": '{"why":$context.error.messageString,"type":"$context.error.responseType"}'},
        )  # fmt: skip
    api = draft.deployed()
    answer = call(tollgate.gateway, api.path())
    assert (answer.status, answer.json) == (403, {"why": "Forbidden", "type": "INVALID_API_KEY"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    nowhere = call(tollgate.gateway, api.path("/"))
    assert (nowhere.status, nowhere.headers["Access-Control-Allow-Origin"]) == (403, "*")


def test_a_body_has_to_fit_its_model_and_counts_all_the_same(tollgate, client, draft):
    client.create_model(restApiId=draft.id, name="Pet", contentType="application/json", schema=json.dumps(SCHEMA))
    validator = client.create_request_validator(restApiId=draft.id, name="body", validateRequestBody=True)["id"]
    draft.client.update_method(**draft.method, patchOperations=[
        {"op": "replace", "path": "/requestValidatorId", "value": validator},
        {"op": "add", "path": "/requestModels/application~1json", "value": "Pet"},
        {"op": "replace", "path": "/apiKeyRequired", "value": "true"},
    ])  # fmt: skip
    api = draft.deployed()
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    send = lambda body: call(tollgate.gateway, api.path(), key.value, "POST", {"Content-Type": "application/json"}, body)  # noqa: E731
    assert send('{"name": "Rex"}').status == 200
    refused = send('{"name": 1}')
    assert (refused.status, refused.error_type, refused.message) == (400, "BadRequestException", "Invalid request body")
    usage_becomes(client, plan, key, (2, 8))


@pytest.mark.parametrize(("address", "status"), [("127.0.0.0/8", 403), ("10.0.0.0/8", 200)])
def test_a_policy_keeps_addresses_out(tollgate, client, upstream, address, status):
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
    some = {**everybody, "Effect": "Deny", "Condition": {"IpAddress": {"aws:SourceIp": address}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody, some]})
    answer = call(tollgate.gateway, Draft(client, upstream, policy=policy).deployed().path())
    assert answer.status == status
    if status == 403:
        assert answer.json["Message"].startswith("User: anonymous is not authorized to perform: execute-api:Invoke on")
        assert answer.json["Message"].endswith(" with an explicit deny")


def test_an_authorizer_says_who_calls_and_by_which_key(tollgate, client, upstream):
    made = lambda_client(tollgate).create_function(
        FunctionName=unique("judge"), Runtime="python3.11", Handler="judge.handler", Timeout=20,
        Role="arn:aws:iam::000000000000:role/none", Code={"ZipFile": archive(judge__py=JUDGE)},
    )  # fmt: skip
    draft = Draft(client, upstream, apiKeySource="AUTHORIZER")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
    authorizer = client.create_authorizer(
        restApiId=draft.id, name="judge", type="TOKEN", authorizerUri=uri,
        identitySource="method.request.header.Authorization",
    )["id"]  # fmt: skip
    custom = [("/authorizationType", "CUSTOM"), ("/authorizerId", authorizer), ("/apiKeyRequired", "true")]
    draft.change(*custom)
    api = draft.deployed()
    plan = a_plan(client, api, quota={"limit": 2, "period": "DAY"})
    key = a_key(client, plan)

    def status(token, sent=None):
        headers = {"Authorization": token} if token else {}
        return call(tollgate.gateway, api.path(), sent, headers=headers, timeout=60).status

    assert [status(None), status("unknown"), status("denied")] == [401, 401, 403]
    assert status("no key of the plan", sent=key.value) == 403, "the caller's own header names no key here"
    usage_becomes(client, plan, key, (0, 2))
    assert [status(key.value) for _ in range(3)] == [200, 200, 429]
    usage_becomes(client, plan, key, (2, 0))
