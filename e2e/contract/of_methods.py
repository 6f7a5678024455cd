"""Methods, integrations and their responses."""

from contract.case import NO_SUCH_API, Done, bad, clash, invalid, missing, patch
from contract.world import FUNCTION

NO_RESOURCE = "Invalid Resource identifier specified"
NO_METHOD = "Invalid Method identifier specified"
NO_INTEGRATION = "Invalid Integration identifier specified"
NO_RESPONSE = "Invalid Response status code specified"
NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)
BAD_STATUS = (
    "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy "
    "regular expression pattern: [1-5]\\d\\d"
)
ADDRESS = {"integrationHttpMethod": "GET", "uri": "http://127.0.0.1:9/"}


def a_method(**members):
    return lambda w: {**w.absent_method, "authorizationType": "NONE", **members}


def an_integration(kind, **members):
    return lambda w: {**w.method, "type": kind, **members}


def method_patch(*operation):
    return lambda w: {**w.method, "patchOperations": patch(*operation)}


def in_no_resource(**others):
    return lambda _: {"restApiId": NO_SUCH_API, "resourceId": "nosuch", "httpMethod": "GET", **others}


def status(code):
    return {"statusCode": code}


METHODS = [
    Done("PutMethod", a_method(apiKeyRequired=True), {"httpMethod": "GET", "apiKeyRequired": True}),
    missing("PutMethod", in_no_resource(authorizationType="NONE"), NO_RESOURCE),
    clash("PutMethod", lambda w: {**w.method, "authorizationType": "NONE"}, "Method already exists for this resource"),
    bad("PutMethod", a_method(httpMethod="WRONG"),
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"),
    bad("PutMethod", a_method(authorizationType="CUSTOM", authorizerId="nosuch"), NO_AUTHORIZER),
    bad("PutMethod", a_method(requestValidatorId="nosuch"), "Invalid Request Validator identifier specified"),
    bad("PutMethod", a_method(requestModels={"a/b": "Nope"}), "Invalid model identifier specified: Nope"),
    bad("PutMethod", a_method(requestParameters={"method.request.body.a": True}),
        "Invalid mapping expression parameter specified: method.request.body.a"),
    bad("PutMethod", a_method(requestParameters={"true": True}),
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression "
        "specified: true]"),
    bad("PutMethod", a_method(requestParameters={"method.request.path.a": True, "method.request.header.a": True}),
        "Parameter names must be unique across querystring, header and path"),
    bad("PutMethod", a_method(authorizationScopes=["a"]),
        "Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type"),
    Done("TestInvokeMethod", lambda w: w.integration, {"status": 500}),
    Done("TestInvokeMethod", lambda w: {**w.integration, "pathWithQueryString": "/elsewhere"}, {"status": 500}),
    bad("TestInvokeMethod", lambda w: {**w.integration, "pathWithQueryString": "pets"},
        "Invalid test request specified. The path or a header has characters that none may have"),
    missing("TestInvokeMethod", lambda w: w.absent_method, "Invalid Method identifier specified"),

    Done("GetMethod", lambda w: w.integration, {"methodIntegration": {"type": "MOCK"}}),
    missing("GetMethod", lambda w: w.absent_method, NO_METHOD),
    Done("UpdateMethod", method_patch("replace", "/authorizationType", "AWS_IAM"), {"authorizationType": "AWS_IAM"}),
    bad("UpdateMethod", method_patch("replace", "/httpMethod", "PUT"), "Invalid patch path /httpMethod"),
    bad("UpdateMethod", method_patch("add", "/apiKeyRequired", "true"),
        "Invalid patch operation specified. Must be one of: [replace]"),
    bad("UpdateMethod", method_patch("replace", "/authorizationType", "CUSTOM"), NO_AUTHORIZER),
    missing("UpdateMethod", lambda w: {**w.absent_method, "patchOperations": []}, NO_METHOD),
    Done("DeleteMethod", lambda w: w.method),
    missing("DeleteMethod", lambda w: w.absent_method, NO_METHOD),
]

METHOD_RESPONSES = [
    Done("PutMethodResponse", lambda w: {**w.method, **status("200"), "responseModels": {"a/b": "Empty"}},
         {"statusCode": "200", "responseModels": {"a/b": "Empty"}}),
    Done("PutMethodResponse", lambda w: {**w.method, **status("200"), "responseModels": {}, "responseParameters": {}},
         {"responseModels": {}, "responseParameters": {}}),
    bad("PutMethodResponse", lambda w: {**w.method, **status("200"), "responseModels": {"a/b": "Nope"}},
        "Invalid model identifier specified: Nope"),
    invalid("PutMethodResponse", lambda w: {**w.method, **status("wrong")}, BAD_STATUS),
    missing("PutMethodResponse", lambda w: {**w.absent_method, **status("200")}, NO_METHOD),
    Done("GetMethodResponse", lambda w: w.method_response, {"responseParameters": {"method.response.header.a": False}}),
    missing("GetMethodResponse", lambda w: {**w.method, **status("404")}, NO_RESPONSE),
    Done("UpdateMethodResponse", lambda w: {**w.method_response, "patchOperations": patch(
        "replace", "/responseParameters/method.response.header.a", "true")},
         {"responseParameters": {"method.response.header.a": True}}),
    bad("UpdateMethodResponse", lambda w: {**w.method_response, "patchOperations": patch("add", "/x", "y")},
        "Invalid patch path /x"),
    missing("UpdateMethodResponse", lambda w: {**w.method_response, "patchOperations": patch(
        "remove", "/responseParameters/method.response.header.b")}, "Invalid parameter name specified"),
    missing("UpdateMethodResponse", lambda w: {**w.method_response, "patchOperations": patch(
        "remove", "/responseModels/text~1html")}, "Content-Type specified was not found"),
    missing("UpdateMethodResponse", lambda w: {**w.method, **status("404"), "patchOperations": []}, NO_RESPONSE),
    invalid("UpdateMethodResponse", lambda w: {**w.method, **status("wrong"), "patchOperations": patch("set", "/x")},
            "2 validation errors detected: Value 'set' at 'updateMethodResponseInput.patchOperations.1.member.op' "
            "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, "
            "copy]; " + BAD_STATUS.partition(": ")[2]),
    Done("DeleteMethodResponse", lambda w: w.method_response),
    missing("DeleteMethodResponse", lambda w: {**w.method, **status("404")}, NO_RESPONSE),
]

INTEGRATIONS = [
    Done("PutIntegration", an_integration("HTTP", **ADDRESS), {
        "type": "HTTP",
        "httpMethod": "GET",
        "connectionType": "INTERNET",
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheKeyParameters": [],
    }),
    bad("PutIntegration", an_integration("HTTP"), "Enumeration value for HttpMethod must be non-empty"),
    bad("PutIntegration", an_integration("HTTP", integrationHttpMethod="GET", uri="x"),
        "Invalid HTTP endpoint specified for URI"),
    bad("PutIntegration", an_integration("AWS", **ADDRESS), "Invalid ARN specified in the request"),
    bad("PutIntegration", an_integration("AWS", integrationHttpMethod="POST", uri=FUNCTION.replace("path/", "x/")),
        "AWS ARN for integration must contain path or action"),
    bad("PutIntegration", an_integration(
        "AWS_PROXY", integrationHttpMethod="POST", uri="arn:aws:apigateway:us-east-1:sqs:action/SendMessage"),
        "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."),
    bad("PutIntegration", an_integration("MOCK", timeoutInMillis=49), "Timeout should be between 50 ms and 29000 ms"),
    bad("PutIntegration", an_integration("MOCK", requestParameters={"integration.request.header.a": "true"}),
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression "
        "specified: true]"),
    bad("PutIntegration", an_integration("MOCK", requestTemplates={"123": "{}"}),
        "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"),
    bad("PutIntegration", an_integration("MOCK", cacheKeyParameters=["id"]), "Invalid cache key parameter specified"),
    bad("PutIntegration", an_integration("HTTP", connectionType="VPC_LINK", **ADDRESS),
        "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK"),
    invalid("PutIntegration", an_integration("HTTPS_PROXY"),
            "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy "
            "constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"),
    missing("PutIntegration", lambda w: {**w.absent_method, "type": "MOCK"}, NO_METHOD),
    Done("GetIntegration", lambda w: w.integration, lambda w: {"cacheNamespace": w.resource["resourceId"]}),
    missing("GetIntegration", lambda w: w.method, NO_INTEGRATION),
    Done("UpdateIntegration", lambda w: {**w.integration, "patchOperations": patch(
        "add", "/requestTemplates/application~1json", "{}")}, {"requestTemplates": {"application/json": "{}"}}),
    bad("UpdateIntegration", lambda w: {**w.integration, "patchOperations": patch("replace", "/type", "AWS")},
        "Invalid patch path /type"),
    bad("UpdateIntegration", lambda w: {**w.integration, "patchOperations": patch("replace", "/timeoutInMillis", "x")},
        "Timeout should be between 50 ms and 29000 ms"),
    missing("UpdateIntegration", lambda w: {**w.method, "patchOperations": []}, NO_INTEGRATION),
    Done("DeleteIntegration", lambda w: w.integration),
    missing("DeleteIntegration", lambda w: w.method, NO_INTEGRATION),
]

INTEGRATION_RESPONSES = [
    Done("PutIntegrationResponse", lambda w: {**w.integration, **w.method_response, "responseTemplates": {"a/b": "x"}},
         {"statusCode": "200", "responseTemplates": {"a/b": "x"}}),
    Done("PutIntegrationResponse", lambda w: {**w.integration, **w.method_response, "selectionPattern": "",
                                              "responseTemplates": {"application/json": ""}},
         {"selectionPattern": "", "responseTemplates": {"application/json": None}}),
    bad("PutIntegrationResponse", lambda w: {**w.integration, **w.method_response, "selectionPattern": "("},
        "Invalid regex pattern specified"),
    missing("PutIntegrationResponse", lambda w: w.method_response, NO_INTEGRATION),
    Done("GetIntegrationResponse", lambda w: w.integration_response, {"statusCode": "200", "selectionPattern": "2.."}),
    missing("GetIntegrationResponse", lambda w: {**w.integration, **status("404")}, NO_RESPONSE),
    Done("UpdateIntegrationResponse", lambda w: {**w.integration_response, "patchOperations": patch(
        "replace", "/selectionPattern", "4..")}, {"selectionPattern": "4.."}),
    bad("UpdateIntegrationResponse", lambda w: {**w.integration_response, "patchOperations": patch("add", "/x", "y")},
        "Invalid patch path /x"),
    missing("UpdateIntegrationResponse", lambda w: {**w.integration, **status("404"), "patchOperations": []},
            NO_RESPONSE),
    Done("DeleteIntegrationResponse", lambda w: w.integration_response),
    missing("DeleteIntegrationResponse", lambda w: {**w.absent_method, **status("404")}, NO_INTEGRATION),
]

CASES = METHODS + METHOD_RESPONSES + INTEGRATIONS + INTEGRATION_RESPONSES
