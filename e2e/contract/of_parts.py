"""Models, validators, authorizers, gateway responses and documentation."""

from contract.case import NO_SUCH_API, Done, bad, clash, missing, no_such_api, patch
from contract.world import FUNCTION, POOL, SCHEMA

NO_VALIDATOR = "Invalid Request Validator identifier specified"
NO_AUTHORIZER = "Invalid Authorizer identifier specified"
NO_PART = "Invalid Documentation part identifier specified"
NO_VERSION = "Invalid Documentation version specified"
NO_MODEL = "Invalid model name specified: Nope"
VALIDATOR_PATHS = "[/name, /validateRequestParameters, /validateRequestBody]"


def a_model(name="Pet", schema=SCHEMA):
    return lambda w: {**w.api, "name": name, "contentType": "application/json", "schema": schema}


def a_model_in_a_method(w):
    w.client.put_method(**w.api, resourceId=w.root, httpMethod="ANY", authorizationType="NONE",
                        requestModels={"application/json": w.model["modelName"]})
    return w.model


def a_model_in_a_model(w):
    reference = f"https://apigateway.amazonaws.com/restapis/{w.api['restApiId']}/models/{w.model['modelName']}"
    w.client.create_model(**w.api, name="Pets", contentType="application/json",
                          schema=f'{{"type":"array","items":{{"$ref":"{reference}"}}}}')
    return w.model


def an_authorizer(kind="TOKEN", **members):
    token = {"authorizerUri": FUNCTION, "identitySource": "method.request.header.A"}
    return lambda w: {**w.api, "name": "made", "type": kind, **(token | members)}


def a_used_authorizer(w):
    w.client.put_method(**w.absent_method, authorizationType="CUSTOM", authorizerId=w.authorizer["authorizerId"])
    return w.authorizer


def to_a_pool(w):
    return {
        **a_used_authorizer(w),
        "patchOperations": patch("replace", "/type", "COGNITO_USER_POOLS") + patch("add", "/providerARNs", POOL),
    }


def patched(of, *operation):
    return lambda w: {**getattr(w, of), "patchOperations": patch(*operation)}


MODELS = [
    Done("CreateModel", a_model(), {"name": "Pet", "contentType": "application/json", "schema": SCHEMA}),
    clash("CreateModel", lambda w: {**a_model()(w), "name": w.model["modelName"]},
          "Model name already exists for this REST API"),
    bad("CreateModel", a_model(name=""), "Model name must be non-empty"),
    bad("CreateModel", a_model(name="a b"), "Model name must be alphanumeric: a b"),
    bad("CreateModel", a_model(schema=""), "Model schema must have at least 1 property or array items defined"),
    bad("CreateModel", a_model(schema="[]"),
        "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"),
    no_such_api("CreateModel", name="Pet", contentType="application/json", schema=SCHEMA),
    Done("GetModel", lambda w: {**w.api, "modelName": "Empty"}, {"name": "Empty"}),
    missing("GetModel", lambda w: {**w.api, "modelName": "Nope"}, NO_MODEL),
    Done("GetModels", lambda w: {**w.api, "limit": 1}),
    no_such_api("GetModels"),
    Done("GetModelTemplate", lambda w: w.model),
    missing("GetModelTemplate", lambda w: {**w.api, "modelName": "Nope"}, NO_MODEL),
    Done("UpdateModel", patched("model", "replace", "/description", "d"), {"description": "d"}),
    bad("UpdateModel", patched("model", "replace", "/name", "x"),
        "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]"),
    bad("UpdateModel", patched("model", "add", "/wrong-path", "x"),
        "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations"),
    missing("UpdateModel", lambda w: {**w.api, "modelName": "Nope", "patchOperations": []}, NO_MODEL),
    Done("DeleteModel", lambda w: w.model),
    missing("DeleteModel", lambda w: {**w.api, "modelName": "Nope"}, NO_MODEL),
    clash("DeleteModel", a_model_in_a_method, "Cannot delete model 'Pet', is referenced in method request: //ANY"),
    clash("DeleteModel", a_model_in_a_model, "Cannot delete model 'Pet', is referenced in model: Pets"),
]

VALIDATORS = [
    Done("CreateRequestValidator", lambda w: {**w.api, "name": "v"},
         {"name": "v", "validateRequestBody": False, "validateRequestParameters": False}),
    bad("CreateRequestValidator", lambda _: {"restApiId": NO_SUCH_API, "name": "v"},
        "Invalid REST API identifier specified"),
    Done("GetRequestValidator", lambda w: w.validator, {"name": "all", "validateRequestBody": True}),
    missing("GetRequestValidator", lambda w: {**w.api, "requestValidatorId": "nosuch"}, NO_VALIDATOR),
    Done("GetRequestValidators", lambda w: w.api, {"items": []}),
    no_such_api("GetRequestValidators"),
    Done("UpdateRequestValidator", patched("validator", "replace", "/validateRequestBody", "false"),
         {"validateRequestBody": False}),
    bad("UpdateRequestValidator", patched("validator", "replace", "/name", ""),
        "Request Validator name cannot be blank"),
    bad("UpdateRequestValidator", patched("validator", "replace", "/invalidPath", "x"),
        f"Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: {VALIDATOR_PATHS}"),
    missing("UpdateRequestValidator", lambda w: {**w.api, "requestValidatorId": "nosuch", "patchOperations": []},
            NO_VALIDATOR),
    Done("DeleteRequestValidator", lambda w: w.validator),
    missing("DeleteRequestValidator", lambda w: {**w.api, "requestValidatorId": "nosuch"}, NO_VALIDATOR),
]

AUTHORIZERS = [
    Done("CreateAuthorizer", an_authorizer(), {"authType": "custom", "authorizerResultTtlInSeconds": 300}),
    no_such_api("CreateAuthorizer", name="a", type="TOKEN", authorizerUri=FUNCTION,
                identitySource="method.request.header.A"),
    bad("CreateAuthorizer", an_authorizer(authorizerResultTtlInSeconds=3601),
        "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds."),
    bad("CreateAuthorizer", an_authorizer(identitySource="wrong"),
        "Invalid request identity source expression: wrong"),
    bad("CreateAuthorizer", an_authorizer(authorizerUri="wrong"),
        "Invalid Authorizer URI: wrong. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
        "function invocation."),
    Done("TestInvokeAuthorizer", lambda w: w.authorizer, {"clientStatus": 401}),
    missing("TestInvokeAuthorizer", lambda w: {**w.api, "authorizerId": "nosuch"}, NO_AUTHORIZER),

    Done("GetAuthorizer", lambda w: w.authorizer, {"name": "token", "type": "TOKEN"}),
    missing("GetAuthorizer", lambda w: {**w.api, "authorizerId": "nosuch"}, NO_AUTHORIZER),
    Done("GetAuthorizers", lambda w: w.api, {"items": []}),
    no_such_api("GetAuthorizers"),
    Done("UpdateAuthorizer", patched("authorizer", "replace", "/name", "renamed"), {"name": "renamed"}),
    bad("UpdateAuthorizer", patched("authorizer", "replace", "/type", "COGNITO_USER_POOLS"),
        "Authorizers of type COGNITO_USER_POOLS must specify at least one provider ARN"),
    clash("UpdateAuthorizer", to_a_pool, "Cannot change the type of authorizer 'token', is referenced in method: "
          "GET//pets"),
    missing("UpdateAuthorizer", lambda w: {**w.api, "authorizerId": "nosuch", "patchOperations": []}, NO_AUTHORIZER),
    Done("DeleteAuthorizer", lambda w: w.authorizer),
    clash("DeleteAuthorizer", a_used_authorizer,
          "Cannot delete authorizer 'token', is referenced in method: GET//pets"),
    missing("DeleteAuthorizer", lambda w: {**w.api, "authorizerId": "nosuch"}, NO_AUTHORIZER),
]

GATEWAY_RESPONSES = [
    Done("PutGatewayResponse", lambda w: {**w.api, "responseType": "THROTTLED", "statusCode": "503"},
         {"responseType": "THROTTLED", "statusCode": "503", "defaultResponse": False}),
    no_such_api("PutGatewayResponse", responseType="THROTTLED"),
    Done("GetGatewayResponse", lambda w: {**w.api, "responseType": "QUOTA_EXCEEDED"},
         {"statusCode": "429", "defaultResponse": True}),
    no_such_api("GetGatewayResponse", responseType="THROTTLED"),
    Done("GetGatewayResponses", lambda w: w.api),
    no_such_api("GetGatewayResponses"),
    Done("UpdateGatewayResponse", patched("gateway_response", "replace", "/statusCode", "503"), {"statusCode": "503"}),
    bad("UpdateGatewayResponse", patched("gateway_response", "add", "/statusCode", "503"),
        "Invalid patch path /statusCode"),
    bad("UpdateGatewayResponse", patched("gateway_response", "add", "/responseTemplates/a~1b", ""),
        "Invalid null or empty value in responseTemplates"),
    bad("UpdateGatewayResponse", patched("gateway_response", "replace", "/responseParameters", ""),
        "Invalid null or empty value in responseParameters"),
    bad("UpdateGatewayResponse", lambda w: {**w.gateway_response, "patchOperations": [{"op": "add"}]},
        "Invalid patch path null"),
    missing("UpdateGatewayResponse", patched(
        "gateway_response", "replace", "/responseParameters/gatewayresponse.header.a", "'a'"),
            "Invalid parameter name specified"),
    Done("DeleteGatewayResponse", lambda w: w.gateway_response),
    missing("DeleteGatewayResponse", lambda w: {**w.api, "responseType": "THROTTLED"},
            "Gateway response type not defined on api"),
]

DOCUMENTATION = [
    Done("CreateDocumentationPart", lambda w: {**w.api, "location": {"type": "API"}, "properties": '{"a":1}'},
         {"location": {"type": "API"}, "properties": '{"a":1}'}),
    no_such_api("CreateDocumentationPart", location={"type": "API"}, properties="{}"),
    Done("GetDocumentationPart", lambda w: w.part, {"properties": '{"a":1}'}),
    missing("GetDocumentationPart", lambda w: {**w.api, "documentationPartId": "nosuch"}, NO_PART),
    Done("GetDocumentationParts", lambda w: {"type": "RESOURCE", **w.api}, {"items": []}),
    no_such_api("GetDocumentationParts"),
    Done("UpdateDocumentationPart", patched("part", "replace", "/properties", '{"b":2}'), {"properties": '{"b":2}'}),
    bad("UpdateDocumentationPart", patched("part", "replace", "/invalidPath", "x"),
        "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]"),
    missing("UpdateDocumentationPart", lambda w: {**w.api, "documentationPartId": "nosuch", "patchOperations": []},
            NO_PART),
    Done("DeleteDocumentationPart", lambda w: w.part),
    no_such_api("DeleteDocumentationPart", documentationPartId="nosuch"),
    Done("ImportDocumentationParts", lambda w: {**w.api, "body": (
        b'{"documentationParts":[{"location":{"type":"API"},"properties":{"a":1}}]}')}),
    bad("ImportDocumentationParts", lambda w: {**w.api, "body": b"nonsense"},
        "Unable to build importer with provided input."),
    Done("CreateDocumentationVersion", lambda w: {**w.api, "documentationVersion": "v1"}, {"version": "v1"}),
    clash("CreateDocumentationVersion", lambda w: w.version, "Documentation version already exists: v1"),
    no_such_api("CreateDocumentationVersion", documentationVersion="v1"),
    Done("GetDocumentationVersion", lambda w: w.version, {"version": "v1"}),
    missing("GetDocumentationVersion", lambda w: {**w.api, "documentationVersion": "nosuch"}, NO_VERSION),
    Done("GetDocumentationVersions", lambda w: w.api, {"items": []}),
    no_such_api("GetDocumentationVersions"),
    Done("UpdateDocumentationVersion", patched("version", "replace", "/description", "d"), {"description": "d"}),
    bad("UpdateDocumentationVersion", patched("version", "replace", "/version", "v2"),
        "Invalid patch path  '/version' specified for op 'replace'. Must be one of: [/description]"),
    missing("UpdateDocumentationVersion", lambda w: {
        **w.api, "documentationVersion": "nosuch", "patchOperations": []}, NO_VERSION),
    Done("DeleteDocumentationVersion", lambda w: w.version),
    missing("DeleteDocumentationVersion", lambda w: {**w.api, "documentationVersion": "nosuch"}, NO_VERSION),
]

CASES = MODELS + VALIDATORS + AUTHORIZERS + GATEWAY_RESPONSES + DOCUMENTATION
