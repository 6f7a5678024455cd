"""TestInvokeMethod: a method is tried before anything is deployed."""

import pytest
from arrange import put_http, unique
from botocore.exceptions import ClientError


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
    client.put_integration_response(**undeployed, statusCode="200", responseTemplates={"application/json": "tried"})
    assert client.test_invoke_method(**undeployed)["body"] == "tried"


def test_a_path_of_another_resource_is_refused(client, undeployed):
    with pytest.raises(ClientError) as refused:
        client.test_invoke_method(**undeployed, pathWithQueryString="/toys")
    assert refused.value.response["Error"]["Code"] == "BadRequestException"
