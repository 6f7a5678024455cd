"""TestInvokeMethod and TestInvokeAuthorizer: what is tried before anything is deployed."""

import json

import pytest

from arrange import put_http, unique
from test_functions import archive, lambda_client


@pytest.fixture
def undeployed(client, upstream):
    made = client.create_rest_api(name=unique("api"))
    pets = client.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="pets")["id"]
    put_http(client, made["id"], pets, upstream.url + "/pets")
    return {"restApiId": made["id"], "resourceId": pets, "httpMethod": "GET"}


def test_a_method_is_tried_without_a_deployment_or_a_key(client, undeployed):
    answer = client.test_invoke_method(**undeployed, pathWithQueryString="/pets?a=b", headers={"X-Sent": "yes"})
    assert answer["status"] == 200
    assert answer["latency"] >= 0
    assert answer["log"].startswith("Execution log for request ")
    assert "Method request query string: {a=b}" in answer["log"]
    assert answer["log"].endswith("Method completed with status: 200\n")


def test_an_edit_shows_in_the_next_test(client, undeployed):
    client.put_integration(**undeployed, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**undeployed, statusCode="200")
    client.put_integration_response(**undeployed, statusCode="200", responseTemplates={"application/json": "tried"})
    assert client.test_invoke_method(**undeployed)["body"] == "tried"


def test_a_method_is_tried_whatever_the_path_leads_to(client, undeployed):
    answer = client.test_invoke_method(**undeployed, pathWithQueryString="/toys")
    assert answer["status"] == 200
    assert "HTTP Method: GET, Resource Path: /toys\n" in answer["log"]


JUDGE = """
def handler(event, context):
    if event["authorizationToken"] != "Bearer joe":
        raise Exception("Unauthorized")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "joe", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture
def authorizer(tollgate, client):
    name = unique("judge")
    made = lambda_client(tollgate).create_function(
        FunctionName=name, Runtime="python3.11", Handler="judge.handler", Role="arn:aws:iam::000000000000:role/none",
        Code={"ZipFile": archive(judge__py=JUDGE)}, Timeout=20,
    )  # fmt: skip
    api = client.create_rest_api(name=unique("api"))["id"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
    source = "method.request.header.Authorization"
    put = client.create_authorizer(restApiId=api, name="a", type="TOKEN", authorizerUri=uri, identitySource=source)
    return {"restApiId": api, "authorizerId": put["id"]}


def test_an_authorizer_says_who_the_caller_is_and_what_it_may_call(client, authorizer):
    said = client.test_invoke_authorizer(**authorizer, headers={"Authorization": "Bearer joe"})
    assert (said["clientStatus"], said["principalId"]) == (0, "joe")
    [statement] = json.loads(said["policy"])["Statement"]
    assert statement["Resource"].endswith(f":{authorizer['restApiId']}/ESTestInvoke-stage/GET/")
    assert said["log"].endswith("Successfully completed authorizer execution\n")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer eve"}])
def test_a_caller_whom_the_authorizer_does_not_know_would_get_a_401(client, authorizer, headers):
    said = client.test_invoke_authorizer(**authorizer, headers=headers)
    assert said["clientStatus"] == 401
    assert "principalId" not in said and "policy" not in said
