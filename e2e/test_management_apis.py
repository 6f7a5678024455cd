"""The tree of an API on the wire, its deployments and stages, as AWS does it."""

import json
import re

import pytest

from arrange import replace, unique
from callers import signed
from refusals import bad_request, not_found, plain, refused

ACCOUNT = "000000000000"


def test_a_rest_api_has_the_defaults_of_aws(tollgate, client):
    answer = signed(tollgate, "POST", "/restapis", {"name": "wire"})
    said = answer.json
    assert answer.status == 201 and re.fullmatch("[a-z0-9]{10}", said["id"])
    assert {name: said[name] for name in ("apiKeySource", "disableExecuteApiEndpoint", "endpointConfiguration")} == {
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]},
    }
    assert isinstance(said["createdDate"], (int, float)) and "tags" not in said and "binaryMediaTypes" not in said
    assert signed(tollgate, "GET", f"/restapis/{said['id']}").json["tags"] == {}
    resources = signed(tollgate, "GET", f"/restapis/{said['id']}/resources").json
    assert resources == {"item": [{"id": said["rootResourceId"], "path": "/"}]}
    assert signed(tollgate, "DELETE", f"/restapis/{said['id']}").status == 202
    assert refused(client.get_rest_api, restApiId=said["id"]) == not_found(
        f"Invalid API identifier specified {ACCOUNT}:{said['id']}"
    )


def test_a_rest_api_is_validated_as_aws_does(client):
    create = client.create_rest_api
    assert refused(create, name="x", description="") == bad_request("Description cannot be an empty string")
    for size in (-1, 10485761):
        assert refused(create, name="x", minimumCompressionSize=size) == bad_request(
            "Invalid minimum compression size, must be between 0 and 10485760"
        )

    def endpoint(**configuration):
        return refused(create, name="x", endpointConfiguration=configuration)

    assert endpoint(types=["EDGE", "REGIONAL"]) == bad_request("Cannot create an api with multiple Endpoint Types.")
    assert endpoint(types=[]) == bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    assert endpoint(types=["PRIVATE"], ipAddressType="ipv4") == bad_request(
        "Only dualstack ipAddressType is supported for Private APIs."
    )
    assert endpoint(types=["wrong"]) == (
        400,
        "ValidationException",
        (
            "1 validation error detected: Value '[wrong]' at "
            "'createRestApiInput.endpointConfiguration.types' failed to "
            "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
            "[PRIVATE, EDGE, REGIONAL]]"
        ),
    )


def test_a_rest_api_is_patched_as_aws_does(client, api):
    def change(*operations):
        return client.update_rest_api(restApiId=api.id, patchOperations=list(operations))

    def refused_change(operation):
        return refused(client.update_rest_api, restApiId=api.id, patchOperations=[operation])

    said = change(
        replace("/name", "renamed"),
        {"op": "add", "path": "/binaryMediaTypes/image~1png"},
        replace("/minimumCompressionSize", 10),
        replace("/description", "d"),
    )
    assert (said["name"], said["binaryMediaTypes"], said["minimumCompressionSize"]) == ("renamed", ["image/png"], 10)
    said = change(
        {"op": "replace", "path": "/minimumCompressionSize"},
        {"op": "remove", "path": "/description"},
        {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
    )
    assert not {"minimumCompressionSize", "description", "binaryMediaTypes"} & set(said) and said["tags"] == {}
    assert refused_change({"op": "add", "path": "/name", "value": "x"}) == bad_request(
        "Invalid patch operation specified. Must be one of: [replace]"
    )
    assert refused_change({"op": "add", "path": "/binaryMediaTypes", "value": "x/y"}) == bad_request(
        "Invalid patch path /binaryMediaTypes"
    )
    assert refused(client.get_rest_api, restApiId=api.id.upper())[0] == 404


def test_a_policy_comes_back_escaped_twice_as_terraform_reads_it(client):
    policy = '{"Version":"2012-10-17","Statement":[]}'
    said = client.create_rest_api(name="policy", policy=policy)["policy"]
    assert '\\"Version\\":\\"2012-10-17\\"' in said
    assert json.loads(json.loads(f'"{said}"')) == json.loads(policy), "Terraform puts it in quotes and unquotes it"


def test_resources_obey_the_rules_of_aws(client, api):
    def add(part, parent=api.root):
        return client.create_resource(restApiId=api.id, parentId=parent, pathPart=part)

    def refused_add(part, parent=api.root):
        return refused(client.create_resource, restApiId=api.id, parentId=parent, pathPart=part)

    pets = add("pets")
    assert plain(pets) == {"id": pets["id"], "parentId": api.root, "pathPart": "pets", "path": "/pets"}
    assert re.fullmatch("[a-z0-9]{6}", pets["id"])
    assert refused_add("pets") == (
        409,
        "ConflictException",
        "Another resource with the same parent already has this name: pets",
    )
    assert refused_add("{id}") == bad_request(
        "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"
    )
    assert refused_add("x", api.proxy) == bad_request(
        "Cannot create a child of a resource with a greedy path variable: {proxy+}"
    )
    assert refused_add("sp ace") == bad_request(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
        "beginning and the end."
    )
    assert refused_add("x", "nosuch") == not_found("Invalid Resource identifier specified")
    child = add("child", pets["id"])

    def refused_change(resource, *operations):
        return refused(client.update_resource, restApiId=api.id, resourceId=resource, patchOperations=list(operations))

    assert refused_change(pets["id"], replace("/parentId", child["id"])) == bad_request("Resources cannot be cyclical.")
    assert refused_change(api.root, replace("/pathPart", "x")) == bad_request(
        "Root resource cannot update its pathPart."
    )
    assert refused_change(api.root, replace("/parentId", pets["id"])) == bad_request(
        "Root resource cannot update its parentId."
    )
    assert refused_change(pets["id"], replace("/invalid", "x")) == bad_request(
        "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
    )
    assert refused_change(pets["id"], {"op": "add", "path": "/pathPart", "value": "x"}) == bad_request(
        "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations"
    )
    moved = client.update_resource(
        restApiId=api.id, resourceId=pets["id"], patchOperations=[replace("/pathPart", "dogs")]
    )
    assert moved["path"] == "/dogs"
    assert client.get_resource(restApiId=api.id, resourceId=child["id"])["path"] == "/dogs/child"
    client.delete_resource(restApiId=api.id, resourceId=pets["id"])
    assert refused(client.get_resource, restApiId=api.id, resourceId=child["id"]) == not_found(
        "Invalid Resource identifier specified"
    )


def test_resources_show_their_methods_and_embed_them(client, api):
    def proxy(**query):
        items = client.get_resources(restApiId=api.id, **query)["items"]
        return next(item for item in items if item["id"] == api.proxy)["resourceMethods"]["ANY"]

    assert proxy() == {}
    assert proxy(embed=["methods"])["apiKeyRequired"] is True
    assert proxy(embed=["methods"])["methodIntegration"]["type"] == "HTTP_PROXY"


@pytest.fixture
def where(client, api):
    """A resource without methods, as arguments."""
    made = client.create_resource(restApiId=api.id, parentId=api.root, pathPart=unique("r"))
    return {"restApiId": api.id, "resourceId": made["id"]}


def test_methods_obey_the_rules_of_aws(client, where):
    get = {**where, "httpMethod": "GET"}
    unknown = not_found("Invalid Method identifier specified")
    assert refused(client.get_method, **get) == unknown
    assert refused(client.put_method, **{**get, "httpMethod": "WRONG"}, authorizationType="NONE") == bad_request(
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
    )
    assert refused(client.put_method, **{**get, "resourceId": "nosuch"}, authorizationType="NONE") == not_found(
        "Invalid Resource identifier specified"
    )
    assert refused(client.put_method, **get, authorizationType="CUSTOM") == bad_request(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a "
        "valid authorizer."
    )
    assert refused(
        client.put_method,
        **get,
        authorizationType="NONE",
        requestParameters={"method.request.path.a": True, "method.request.header.a": True},
    ) == bad_request("Parameter names must be unique across querystring, header and path")
    said = client.put_method(**get, authorizationType="NONE")
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert plain(said) == {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}
    assert refused(client.put_method, **get, authorizationType="NONE")[:2] == (409, "ConflictException")

    def refused_change(*operations):
        return refused(client.update_method, **get, patchOperations=list(operations))

    assert refused_change({"op": "add", "path": "/apiKeyRequired", "value": "true"}) == bad_request(
        "Invalid patch operation specified. Must be one of: [replace]"
    )
    for path in ("/httpMethod", "/requestParameters", "/requestModels/application/json"):
        assert refused_change(replace(path, "x")) == bad_request(f"Invalid patch path {path}")
    said = client.update_method(
        **get,
        patchOperations=[
            replace("/apiKeyRequired", "true"),
            replace("/operationName", "op"),
            {"op": "add", "path": "/requestParameters/method.request.header.h", "value": "true"},
        ],
    )
    assert (said["apiKeyRequired"], said["operationName"], said["requestParameters"]) == (
        True,
        "op",
        {"method.request.header.h": True},
    )
    said = client.update_method(
        **get,
        patchOperations=[{"op": "replace", "path": "/operationName"}, {"op": "replace", "path": "/requestValidatorId"}],
    )
    assert "operationName" not in said
    assert client.delete_method(**get)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(client.delete_method, **get) == unknown


def test_method_responses_obey_the_rules_of_aws(client, where):
    get = {**where, "httpMethod": "GET"}
    client.put_method(**get, authorizationType="NONE")
    ok = {**get, "statusCode": "200"}
    unknown = not_found("Invalid Response status code specified")
    assert refused(client.get_method_response, **ok) == unknown
    said = client.put_method_response(**ok, responseParameters={"method.response.header.a": True})
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert plain(said) == {"statusCode": "200", "responseParameters": {"method.response.header.a": True}}
    said = client.update_method_response(
        **ok, patchOperations=[{"op": "add", "path": "/responseParameters/method.response.header.b", "value": "false"}]
    )
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201, "AWS answers this one update with 201"
    assert said["responseParameters"]["method.response.header.b"] is False
    assert refused(client.update_method_response, **ok, patchOperations=[replace("/wrong", "x")]) == bad_request(
        "Invalid patch path /wrong"
    )
    status, code, message = refused(client.get_method_response, **{**ok, "statusCode": "wrong"})
    assert (status, code) == (400, "ValidationException")
    assert message == (
        "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [1-5]\\d\\d"
    )
    assert client.delete_method_response(**ok)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(client.delete_method_response, **ok) == unknown


def test_integrations_obey_the_rules_of_aws(client, where):
    get = {**where, "httpMethod": "GET"}
    assert refused(client.put_integration, **get, type="MOCK") == not_found("Invalid Method identifier specified")
    client.put_method(**get, authorizationType="NONE")
    assert refused(client.get_integration, **get) == not_found("Invalid Integration identifier specified")

    def refused_put(**members):
        return refused(client.put_integration, **get, **members)

    url = "http://127.0.0.1:1/"
    assert refused_put(type="HTTP_PROXY", uri=url) == bad_request("Enumeration value for HttpMethod must be non-empty")
    assert refused_put(type="HTTP", integrationHttpMethod="GET", uri="nonsense") == bad_request(
        "Invalid HTTP endpoint specified for URI"
    )
    for timeout in (49, 29001):
        assert refused_put(
            type="HTTP_PROXY", integrationHttpMethod="GET", uri=url, timeoutInMillis=timeout
        ) == bad_request("Timeout should be between 50 ms and 29000 ms")
    status, code, message = refused_put(type="HTTPS_PROXY", integrationHttpMethod="GET", uri=url)
    assert (status, code) == (400, "ValidationException")
    assert message == (
        "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
    )
    said = client.put_integration(**get, type="HTTP_PROXY", integrationHttpMethod="POST", uri=url)
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert plain(said) == {
        "type": "HTTP_PROXY",
        "httpMethod": "POST",
        "uri": url,
        "connectionType": "INTERNET",
        "timeoutInMillis": 29000,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "cacheNamespace": where["resourceId"],
        "cacheKeyParameters": [],
    }
    said = client.update_integration(
        **get,
        patchOperations=[
            replace("/timeoutInMillis", 500),
            replace("/uri", url + "x"),
            {"op": "add", "path": "/requestParameters/integration.request.header.h", "value": "'static'"},
            {"op": "add", "path": "/requestTemplates/application~1json", "value": "{}"},
        ],
    )
    assert (said["timeoutInMillis"], said["uri"], said["requestTemplates"]) == (
        500,
        url + "x",
        {"application/json": "{}"},
    )
    assert client.get_method(**get)["methodIntegration"]["timeoutInMillis"] == 500
    assert client.delete_integration(**get)["ResponseMetadata"]["HTTPStatusCode"] == 204
    mock = client.put_integration(**get, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    assert "connectionType" not in mock and "integrationResponses" not in mock


def test_integration_responses_obey_the_rules_of_aws(client, where):
    get = {**where, "httpMethod": "GET"}
    ok = {**get, "statusCode": "200"}
    client.put_method(**get, authorizationType="NONE")
    gone = not_found("Invalid Integration identifier specified")
    assert refused(client.get_integration_response, **ok) == gone
    client.put_integration(**get, type="MOCK")
    unknown = not_found("Invalid Response status code specified")
    client.put_method_response(**ok, responseParameters={"method.response.header.a": False})
    assert refused(client.get_integration_response, **ok) == unknown
    said = client.put_integration_response(
        **ok,
        selectionPattern="2..",
        responseParameters={"method.response.header.a": "'x'"},
        responseTemplates={"application/json": "{}"},
    )
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201 and said["selectionPattern"] == "2.."
    said = client.update_integration_response(**ok, patchOperations=[replace("/selectionPattern", "4..")])
    assert said["selectionPattern"] == "4.."
    assert client.get_integration(**get)["integrationResponses"]["200"]["selectionPattern"] == "4.."
    assert client.delete_integration_response(**ok)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_deployments_obey_the_rules_of_aws(client, api):
    empty = client.create_rest_api(name="empty")["id"]
    assert refused(client.create_deployment, restApiId=empty, stageName="dev") == bad_request(
        "The REST API doesn't contain any methods"
    )
    said = client.create_deployment(restApiId=api.id, description="d", stageName="")
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201 and re.fullmatch("[a-z0-9]{6}", said["id"])
    assert set(plain(said)) == {"id", "description", "createdDate"}
    summary = client.get_deployment(restApiId=api.id, deploymentId=said["id"], embed=["apisummary"])["apiSummary"]
    assert summary == {"/{proxy+}": {"ANY": {"authorizationType": "NONE", "apiKeyRequired": True}}}
    used = client.get_stage(restApiId=api.id, stageName="dev")["deploymentId"]
    assert refused(client.delete_deployment, restApiId=api.id, deploymentId=used) == bad_request(
        "Active stages pointing to this deployment must be moved or deleted"
    )
    assert len(client.get_deployments(restApiId=api.id)["items"]) == 2
    changed = client.update_deployment(
        restApiId=api.id, deploymentId=said["id"], patchOperations=[replace("/description", "e")]
    )
    assert changed["description"] == "e"
    client.delete_deployment(restApiId=api.id, deploymentId=said["id"])
    assert refused(client.get_deployment, restApiId=api.id, deploymentId=said["id"]) == not_found(
        "Invalid Deployment identifier specified"
    )


def test_stages_obey_the_rules_of_aws(tollgate, client, api):
    deployment = client.create_deployment(restApiId=api.id)["id"]
    create = {"restApiId": api.id, "deploymentId": deployment}
    said = client.create_stage(**create, stageName="test-2", variables={"a": "b"})
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 201
    shown = {name: said[name] for name in set(plain(said)) - {"createdDate", "lastUpdatedDate"}}
    assert shown == {
        "stageName": "test-2",
        "deploymentId": deployment,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "variables": {"a": "b"},
    }
    assert refused(client.create_stage, **create, stageName="test-2") == (
        409,
        "ConflictException",
        "Stage already exists",
    )
    assert refused(client.create_stage, restApiId=api.id, stageName="x", deploymentId="nosuch") == bad_request(
        "Deployment id does not exist"
    )
    assert refused(client.create_stage, **create, stageName="no space")[:2] == (400, "BadRequestException")
    assert refused(client.get_stage, restApiId=api.id, stageName="nosuch") == not_found(
        "Invalid stage identifier specified"
    )
    listed = signed(tollgate, "GET", f"/restapis/{api.id}/stages").json
    assert set(listed) == {"item"} and {stage["stageName"] for stage in listed["item"]} == {"dev", "test-2"}
    filtered = client.get_stages(restApiId=api.id, deploymentId=deployment)["item"]
    assert [stage["stageName"] for stage in filtered] == ["test-2"]
    assert client.delete_stage(restApiId=api.id, stageName="test-2")["ResponseMetadata"]["HTTPStatusCode"] == 202


def test_method_settings_of_a_stage_have_the_defaults_and_errors_of_aws(client, api):
    def change(*operations):
        return client.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=list(operations))

    settings = change(replace("/*/*/throttling/rateLimit", 7))["methodSettings"]
    assert settings == {
        "*/*": {
            "throttlingRateLimit": 7.0,
            "throttlingBurstLimit": 5000,
            "cachingEnabled": False,
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": False,
            "metricsEnabled": False,
            "dataTraceEnabled": False,
            "requireAuthorizationForCacheControl": True,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        }
    }
    settings = change(replace("/test/GET/throttling/burstLimit", 3), replace("/~1test/GET/metrics/enabled", "true"))[
        "methodSettings"
    ]
    assert settings["test/GET"]["throttlingRateLimit"] == 7.0 and settings["test/GET"]["throttlingBurstLimit"] == 3
    assert settings["~1test/GET"]["metricsEnabled"] is True
    settings = change({"op": "remove", "path": "/*/*"})["methodSettings"]
    assert set(settings) == {"test/GET", "~1test/GET"}

    def refused_change(operation):
        return refused(client.update_stage, restApiId=api.id, stageName=api.stage, patchOperations=[operation])

    assert refused_change({"op": "remove", "path": "/*/*"}) == bad_request(
        "Cannot remove method setting */* because there is no method setting for this method "
    )
    status, code, message = refused_change(replace("/nosuch", "x"))
    assert (status, code) == (400, "BadRequestException")
    assert message.startswith("Invalid method setting path: /nosuch. Must be one of: [/deploymentId, /description, ")
    assert refused_change(replace("/deploymentId", "nosuch")) == bad_request("Deployment id does not exist")
    said = change(replace("/description", "d"), replace("/variables/v", "w"), replace("/tracingEnabled", "true"))
    assert (said["description"], said["variables"], said["tracingEnabled"]) == ("d", {"v": "w"}, True)
    assert "variables" not in change({"op": "remove", "path": "/variables/v"})
