"""REST APIs and their resources."""

import json

from contract.case import NO_SUCH_API, Done, bad, clash, invalid, missing, no_such_api, patch

NO_RESOURCE = "Invalid Resource identifier specified"
DOCUMENT = {"openapi": "3.0.1", "info": {"title": "imported", "version": "7"}, "paths": {"/pets": {}}}


def document(**members):
    return json.dumps({**DOCUMENT, **members}).encode()


def an_api(**members):
    return lambda _: {"name": "contract", **members}


def an_endpoint(**members):
    return an_api(endpointConfiguration=members)


def api_patch(*operation):
    return lambda w: {**w.api, "patchOperations": patch(*operation)}


def resource_patch(*operation):
    return lambda w: {**w.resource, "patchOperations": patch(*operation)}


def root_patch(*operation):
    return lambda w: {**w.api, "resourceId": w.root, "patchOperations": patch(*operation)}


APIS = [
    Done("CreateRestApi", an_api(), {
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]},
    }),
    Done("CreateRestApi", an_endpoint(types=["PRIVATE"]),
         {"endpointConfiguration": {"ipAddressType": "dualstack", "types": ["PRIVATE"]}}),
    bad("CreateRestApi", an_api(description=""), "Description cannot be an empty string"),
    bad("CreateRestApi", an_api(minimumCompressionSize=-1),
        "Invalid minimum compression size, must be between 0 and 10485760"),
    bad("CreateRestApi", an_api(policy="{"),
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."),
    bad("CreateRestApi", an_endpoint(types=[]),
        "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."),
    bad("CreateRestApi", an_endpoint(types=["EDGE", "REGIONAL"]),
        "Cannot create an api with multiple Endpoint Types."),
    bad("CreateRestApi", an_endpoint(types=["PRIVATE"], ipAddressType="ipv4"),
        "Only dualstack ipAddressType is supported for Private APIs."),
    invalid("CreateRestApi", an_endpoint(ipAddressType="wrong"),
            "1 validation error detected: Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' "
            "failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]"),
    Done("GetRestApi", lambda w: w.api, {"tags": {}}),
    no_such_api("GetRestApi"),
    Done("GetRestApis", lambda _: {"limit": 1}),
    bad("GetRestApis", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateRestApi", api_patch("replace", "/name", "renamed"), {"name": "renamed", "tags": {}}),
    bad("UpdateRestApi", api_patch("add", "/name", "x"),
        "Invalid patch operation specified. Must be one of: [replace]"),
    bad("UpdateRestApi", api_patch("add", "/binaryMediaTypes", "a/b"), "Invalid patch path /binaryMediaTypes"),
    bad("UpdateRestApi", api_patch("copy", "/endpointConfiguration/types/EDGE", "REGIONAL"),
        "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
    bad("UpdateRestApi", api_patch("replace", "/endpointConfiguration/types/EDGE", "wrong"),
        "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"),
    bad("UpdateRestApi", api_patch("replace", "/endpointConfiguration/ipAddressType", "wrong"),
        "ipAddressType must be either ipv4 or dualstack."),
    bad("UpdateRestApi", api_patch("replace", "/minimumCompressionSize", "big"),
        "Invalid minimum compression size, must be between 0 and 10485760"),
    no_such_api("UpdateRestApi", patchOperations=[]),
    Done("DeleteRestApi", lambda w: w.api),
    no_such_api("DeleteRestApi"),
    Done("ImportRestApi", lambda _: {"body": document()}, {"name": "imported", "version": "7"}),
    bad("ImportRestApi", lambda _: {"body": b"nonsense"}, "Invalid OpenAPI input."),
    Done("PutRestApi", lambda w: {**w.api, "mode": "overwrite", "body": document()}, {"name": "imported"}),
    bad("PutRestApi", lambda w: {**w.api, "body": b"{}"}, "Invalid OpenAPI input."),
    no_such_api("PutRestApi", body=document()),
]

RESOURCES = [
    Done("CreateResource", lambda w: {**w.api, "parentId": w.root, "pathPart": "pets"},
         lambda w: {"path": "/pets", "pathPart": "pets", "parentId": w.root}),
    clash("CreateResource", lambda w: {**w.api, "parentId": w.resource and w.root, "pathPart": "pets"},
          "Another resource with the same parent already has this name: pets"),
    bad("CreateResource", lambda w: {**w.api, "parentId": w.root, "pathPart": "a b"},
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
        "beginning and the end."),
    missing("CreateResource", lambda w: {**w.api, "parentId": "nosuch", "pathPart": "a"}, NO_RESOURCE),
    Done("GetResource", lambda w: {**(w.method and w.resource), "embed": ["methods"]},
         {"resourceMethods": {"GET": {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}}}),
    missing("GetResource", lambda w: {**w.api, "resourceId": "nosuch"}, NO_RESOURCE),
    Done("GetResources", lambda w: w.api, lambda w: {"items": [{"id": w.root, "path": "/"}]}),
    no_such_api("GetResources"),
    Done("UpdateResource", resource_patch("replace", "/pathPart", "dogs"), {"path": "/dogs"}),
    clash("UpdateResource", lambda w: {
        **w.resource,
        "patchOperations": patch("replace", "/pathPart", w.client.create_resource(
            **w.api, parentId=w.root, pathPart="dogs")["pathPart"]),
    }, "Another resource with the same parent already has this name: dogs"),
    bad("UpdateResource", resource_patch("add", "/pathPart", "x"),
        "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations"),
    bad("UpdateResource", resource_patch("replace", "/invalid", "x"),
        "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"),
    bad("UpdateResource", lambda w: {**w.resource, "patchOperations": patch(
        "replace", "/parentId", w.resource["resourceId"])}, "Resources cannot be cyclical."),
    bad("UpdateResource", root_patch("replace", "/pathPart", "x"), "Root resource cannot update its pathPart."),
    missing("UpdateResource", lambda w: {**w.api, "resourceId": "nosuch", "patchOperations": []}, NO_RESOURCE),
    Done("DeleteResource", lambda w: w.resource),
    missing("DeleteResource", lambda w: {**w.api, "resourceId": "nosuch"}, NO_RESOURCE),
    missing("DeleteResource", lambda _: {"restApiId": NO_SUCH_API, "resourceId": "nosuch"}, NO_RESOURCE),
]

CASES = APIS + RESOURCES
