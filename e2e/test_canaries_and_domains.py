"""Canaries and custom domain names, through the real binary."""

import pytest

from arrange import a_key, unique, usage_becomes
from callers import call

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000"


def a_mock(client, body, key_required=False):
    """An API whose one method answers by itself; not deployed."""
    made = client.create_rest_api(name=unique("api"))
    pets = client.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="pets")["id"]
    method = {"restApiId": made["id"], "resourceId": pets, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE", apiKeyRequired=key_required)
    client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**method, statusCode="200")
    client.put_integration_response(**method, statusCode="200", responseTemplates={"application/json": body})
    return made["id"], method


def reword(client, method, body):
    client.update_integration_response(**method, statusCode="200", patchOperations=[
        {"op": "replace", "path": "/responseTemplates/application~1json", "value": body},
    ])  # fmt: skip


@pytest.mark.parametrize(("percent", "served"), [(100.0, {"new is red"}), (0.0, {"old is blue"})])
def test_a_canary_serves_its_share_under_the_limits_of_its_stage(tollgate, client, percent, served):
    api, method = a_mock(client, "old is $stageVariables.colour", key_required=True)
    client.create_deployment(restApiId=api, stageName="dev", variables={"colour": "blue"})
    plan = client.create_usage_plan(
        name=unique("plan"), apiStages=[{"apiId": api, "stage": "dev"}], quota={"limit": 5, "period": "DAY"}
    )["id"]
    key = a_key(client, plan)
    reword(client, method, "new is $stageVariables.colour")
    canary = {"percentTraffic": percent, "stageVariableOverrides": {"colour": "red"}}
    client.create_deployment(restApiId=api, stageName="dev", canarySettings=canary)
    path = f"/restapis/{api}/dev/_user_request_/pets"
    answers = [call(tollgate.gateway, path, key.value) for _ in range(7)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert {answer.body.decode() for answer in answers[:5]} == served
    usage_becomes(client, plan, key, (5, 0))


def test_a_domain_name_leads_to_the_stage_that_its_path_is_mapped_to(tollgate, client):
    name = f"{unique('pets')}.example.com"
    client.create_domain_name(domainName=name, certificateArn=CERTIFICATE)
    for base, stage in (("(none)", "one"), ("shop", "two")):
        api, _ = a_mock(client, f"{stage} at $context.domainName")
        client.create_deployment(restApiId=api, stageName=stage)
        client.create_base_path_mapping(domainName=name, basePath=base, restApiId=api, stage=stage)

    def get(path, host=name):
        answer = call(tollgate.gateway, path, headers={"Host": host})
        return answer.status, answer.body.decode()

    assert get("/pets") == (200, f"one at {name}")
    assert get("/shop/pets") == (200, f"two at {name}")
    assert get("/pets", name.upper() + ":8443")[0] == 200
    assert get("/ping")[0] == 200
    assert get("/shopping/pets")[0] == 403
    client.delete_base_path_mapping(domainName=name, basePath="shop")
    assert get("/shop/pets")[0] == 403
