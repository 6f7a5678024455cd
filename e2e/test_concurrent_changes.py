"""Changes made at once by many clients come out as if made one after the other."""

from collections import Counter

from botocore.exceptions import ClientError

from arrange import a_key, a_plan, an_api, change_plan, unique
from callers import call, crowd

CLIENTS = 16


def outcomes(work):
    """Runs `work(number)` for all clients at once; how often each ended with which error, or with none."""

    def attempt(number):
        try:
            work(number)
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return None

    return Counter(crowd(CLIENTS, attempt))


ONE_WINS = {None: 1, "ConflictException": CLIENTS - 1}


def test_one_value_becomes_one_key(client):
    value = unique("a-value-of-enough-length")
    assert outcomes(lambda _: client.create_api_key(value=value)) == ONE_WINS


def test_one_key_joins_one_of_the_plans_that_share_a_stage(tollgate, client, api):
    plans = [a_plan(client, api) for _ in range(CLIENTS)]
    key = a_key(client)
    join = {"keyId": key.id, "keyType": "API_KEY"}
    assert outcomes(lambda number: client.create_usage_plan_key(usagePlanId=plans[number], **join)) == ONE_WINS
    assert len(client.get_usage_plans(keyId=key.id)["items"]) == 1
    assert call(tollgate.gateway, api.path(), key.value).status == 200


def test_a_key_and_a_stage_that_meet_in_two_plans_meet_in_one(client, upstream):
    """One half attaches the key to a plan that gets the stage from the other half."""
    for _ in range(5):
        api = an_api(client, upstream)
        first, second = a_plan(client, api), a_plan(client)
        key = a_key(client, first)
        stage = {"op": "add", "path": "/apiStages", "value": f"{api.id}:{api.stage}"}

        def work(number, second=second, key=key, stage=stage):
            if number % 2:
                client.create_usage_plan_key(usagePlanId=second, keyId=key.id, keyType="API_KEY")
            else:
                change_plan(client, second, stage)

        outcomes(work)
        plans = [plan for plan in client.get_usage_plans(keyId=key.id)["items"] if plan["apiStages"]]
        assert [plan["id"] for plan in plans] == [first]


def test_one_name_becomes_one_stage_and_one_resource(client, api):
    deployment = client.create_deployment(restApiId=api.id)["id"]
    where = {"restApiId": api.id}
    assert outcomes(lambda _: client.create_stage(**where, stageName="same", deploymentId=deployment)) == ONE_WINS
    assert outcomes(lambda _: client.create_resource(**where, parentId=api.root, pathPart="same")) == ONE_WINS


def test_every_acknowledged_change_is_kept(client):
    plan = a_plan(client)

    def tag(number):
        arn = f"arn:aws:apigateway:us-east-1::/usageplans/{plan}"
        client.tag_resource(resourceArn=arn, tags={f"tag-{number}": "kept"})
        a_key(client, plan, name=f"kept-{number}")

    assert outcomes(tag) == {None: CLIENTS}
    assert len(client.get_usage_plan(usagePlanId=plan)["tags"]) == CLIENTS
    assert len(client.get_usage_plan_keys(usagePlanId=plan, limit=500)["items"]) == CLIENTS


def test_a_key_deleted_while_it_is_attached_is_gone(tollgate, client, api):
    plan = a_plan(client, api)
    for _ in range(5):
        key = a_key(client)

        def work(number, key=key):
            if number % 2:
                client.create_usage_plan_key(usagePlanId=plan, keyId=key.id, keyType="API_KEY")
            else:
                client.delete_api_key(apiKey=key.id)

        outcomes(work)
        assert call(tollgate.gateway, api.path(), key.value).status == 403
        assert client.get_usage_plan_keys(usagePlanId=plan)["items"] == []


def test_parallel_changes_of_one_api_are_never_told_to_try_again(client):
    """What Terraform does at its default parallelism: each client brings all that one method has."""
    made = client.create_rest_api(name="parallel")
    api, root = {"restApiId": made["id"]}, made["rootResourceId"]

    def build(number):
        name = f"n{number}"
        client.create_model(**api, name=name, contentType="application/json", schema='{"type":"object"}')
        resource = client.create_resource(**api, parentId=root, pathPart=name)["id"]
        method = {**api, "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**method, authorizationType="NONE", requestModels={"application/json": name})
        client.put_method_response(**method, statusCode="200")
        client.put_integration(**method, type="MOCK")
        client.put_integration_response(**method, statusCode="200")
        client.put_gateway_response(**api, responseType="THROTTLED", statusCode=str(500 + number))

    def deploy(number):
        deployment = client.create_deployment(**api)["id"]
        client.create_stage(**api, stageName=f"n{number}", deploymentId=deployment)

    assert outcomes(build) == {None: CLIENTS}
    assert outcomes(deploy) == {None: CLIENTS}
    assert len(client.get_resources(**api, limit=500)["items"]) == CLIENTS + 1
    assert {stage["stageName"] for stage in client.get_stages(**api)["item"]} == {f"n{n}" for n in range(CLIENTS)}


def test_what_many_delete_at_once_is_deleted_by_one(client, api):
    key, plan = a_key(client), a_plan(client)
    made = client.create_resource(restApiId=api.id, parentId=api.root, pathPart="gone")["id"]
    once = {None: 1, "NotFoundException": CLIENTS - 1}
    assert outcomes(lambda _: client.delete_api_key(apiKey=key.id)) == once
    assert outcomes(lambda _: client.delete_usage_plan(usagePlanId=plan)) == once
    assert outcomes(lambda _: client.delete_resource(restApiId=api.id, resourceId=made)) == once
    assert outcomes(lambda _: client.delete_stage(restApiId=api.id, stageName=api.stage)) == once
    assert outcomes(lambda _: client.delete_rest_api(restApiId=api.id)) == once


def test_an_api_deleted_while_it_is_built_leaves_nothing_of_it(client):
    """Half of the clients build, the others delete; who comes too late is told that the API is not there."""
    made = client.create_rest_api(name="doomed")
    api, root = {"restApiId": made["id"]}, made["rootResourceId"]

    def work(number):
        if number == CLIENTS // 2:
            client.delete_rest_api(**api)
            return
        for turn in range(10):
            client.create_resource(**api, parentId=root, pathPart=f"r{number}-{turn}")
            client.create_request_validator(**api, name=f"v{number}-{turn}")

    assert set(outcomes(work)) <= {None, "NotFoundException", "BadRequestException"}
    assert outcomes(lambda _: client.get_resources(**api)) == {"NotFoundException": CLIENTS}
