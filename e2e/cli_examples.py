"""The examples that the AWS CLI's own help shows, adapted: what they name is made, and ids are of what was made."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import awscli

from contract.world import FUNCTION, World

FOLDER = Path(awscli.__file__).parent / "examples" / "apigateway"
#: Examples that are not run here, and why.
ELSEWHERE = {
    "test-invoke-method": "its commands are for two resources of one API; test_test_invoke.py makes such calls",
}
METHOD = ("api", "resource", "method")
#: What an option of the examples stands for in a world.
OPTIONS = {
    "--rest-api-id": lambda w: w.api["restApiId"],
    "--clone-from": lambda w: w.api["restApiId"],
    "--parent-id": lambda w: w.root,
    "--resource-id": lambda w: w.resource["resourceId"],
    "--authorizer-id": lambda w: w.authorizer["authorizerId"],
    "--deployment-id": lambda w: w.deployment["deploymentId"],
    "--client-certificate-id": lambda w: w.certificate["clientCertificateId"],
    "--vpc-link-id": lambda w: w.link["vpcLinkId"],
    "--usage-plan-id": lambda w: w.plan["usagePlanId"],
    "--key-id": lambda w: w.key.id,
    "--api-key": lambda w: w.key.id,
    "--domain-name-arn": lambda w: w.private_domain["domainNameArn"],
    "--domain-name-access-association-arn": lambda w: w.association["domainNameAccessAssociationArn"],
}


@dataclass(frozen=True)
class Example:
    """What the commands of an example file must answer, one after the other."""

    #: Members of each command's answer, which may depend on the world; none for a command that prints nothing, a text
    #: for the end of its refusal.
    says: list[Any]
    #: What has to be there before.
    needs: tuple[str, ...] = ()
    #: What words of the example stand for in a world.
    words: dict[str, Callable[[World], str]] = field(default_factory=dict)
    #: Whether each command has a world of its own.
    apart: bool = False


def commands(name):
    """The commands of an example file, as a shell splits them, without `aws apigateway`."""
    text = re.sub(r"\\\n\s*", " ", (FOLDER / f"{name}.rst").read_text())
    return [shlex.split(line)[2:] for line in re.findall(r"^\s*(aws apigateway .*)$", text, re.MULTILINE)]


def adapted(command, example, world, files):
    """A command with the ids and the files of here."""
    words = {word: meaning(world) for word, meaning in example.words.items()}
    said = []
    for before, word in zip([None, *command], command):
        if before in OPTIONS and word not in words:
            word = OPTIONS[before](world)
        word = re.sub(r"(?<=://)\S*?([\w.]+\.json)$|^/path/to/(\S+)$", lambda m: str(files / (m[1] or m[2])), word)
        for given, meant in words.items():
            word = word.replace(given, meant)
        said.append(word)
    return said


def domain(*words):
    return {word: lambda w: w.domain["domainName"] for word in words}


def patched(**says):
    return [says]


MODEL = {"customModel": lambda w: w.model["modelName"]}
PRIVATE = {"api.private.domain.tld": lambda w: w.private_domain["domainName"],
           "abcd1234": lambda w: w.private_domain["domainNameId"]}
STAGE = Example([None], ("stage",))
TOKEN = {"authType": "custom", "type": "TOKEN", "authorizerResultTtlInSeconds": 300}

EXAMPLES = {
    "create-api-key": Example(
        [{"name": "Dev API Key", "enabled": True}], ("stage",), {"a1b2c3d4e5": lambda w: w.api["restApiId"]}
    ),
    "create-authorizer": Example([
        {"name": "First_Token_Custom_Authorizer", **TOKEN},
        {"authType": "cognito_user_pools", "identitySource": "method.request.header.Authorization"},
        {"type": "REQUEST", "identitySource": "method.request.header.Authorization,context.accountId"},
    ]),
    "create-base-path-mapping": Example(
        [{"basePath": "v1"}], ("stage",), {**domain("subdomain.domain.tld"), "prod": lambda w: w.stage["stageName"]}
    ),
    "create-deployment": Example([
        {"description": "First deployment to the dev stage"},
        {"description": "Second deployment to the dev stage"},
        {"description": "Third deployment to the dev stage"},
    ], ("integration",)),
    "create-domain-name-access-association": Example([{"accessAssociationSource": "vpce-abcd1234efg"}]),
    "create-domain-name": Example([
        {"domainName": "my.domain.tld", "domainNameStatus": "AVAILABLE", "securityPolicy": "TLS_1_2"},
        {"domainName": "my.private.domain.tld", "securityPolicy": "TLS_1_2"},
    ]),
    "create-model": Example([{"name": "firstModel", "description": "The First Model"}]),
    "create-resource": Example([{"path": "/new-resource"}]),
    "create-rest-api": Example([{"name": "My First API"}, {"name": "Copy of My First API"}]),
    "create-stage": Example(
        [{"stageName": "dev"}, {"variables": {"key": "value", "otherKey": "otherValue"}}], apart=True
    ),
    "create-usage-plan-key": Example([{"type": "API_KEY"}]),
    "create-usage-plan": Example([{
        "throttle": {"burstLimit": 10, "rateLimit": 5.0},
        "quota": {"limit": 500, "offset": 0, "period": "MONTH"},
    }]),
    "delete-api-key": Example([None]),
    "delete-authorizer": Example([None]),
    "delete-base-path-mapping": Example(
        [None], ("mapping",), {**domain("api.domain.tld"), "dev": lambda w: w.mapping["basePath"]}
    ),
    "delete-client-certificate": Example([None]),
    "delete-deployment": Example([None]),
    "delete-domain-name-access-association": Example([None]),
    "delete-domain-name": Example([None], words=domain("api.domain.tld")),
    "delete-integration-response": Example([None], ("integration_response",)),
    "delete-integration": Example([None], ("integration",)),
    "delete-method-response": Example([None], ("method_response",)),
    "delete-method": Example([None], METHOD),
    "delete-model": Example([None], words=MODEL),
    "delete-resource": Example([None]),
    "delete-rest-api": Example([None]),
    "delete-stage": STAGE,
    "delete-usage-plan-key": Example([None], ("plan_key",)),
    "delete-usage-plan": Example([None]),
    "flush-stage-authorizers-cache": STAGE,
    "flush-stage-cache": STAGE,
    "generate-client-certificate": Example([{"description": "My First Client Certificate"}]),
    "get-account": Example([{"features": ["UsagePlans"]}]),
    "get-api-key": Example([{"enabled": True, "stageKeys": []}]),
    "get-api-keys": Example([{}]),
    "get-authorizer": Example([{**TOKEN, "identitySource": "method.request.header.Authorization"}]),
    "get-authorizers": Example([{"items": []}]),
    "get-base-path-mapping": Example([{"basePath": "v1"}], ("mapping",), domain("subdomain.domain.tld")),
    "get-base-path-mappings": Example([{}], ("mapping",), domain("subdomain.domain.tld")),
    "get-client-certificate": Example([{"description": "contract"}]),
    "get-client-certificates": Example([{}]),
    "get-deployment": Example([{}]),
    "get-deployments": Example([{"items": []}]),
    "get-domain-name-access-associations": Example([{}, {}]),
    "get-domain-name": Example([{"domainNameStatus": "AVAILABLE"}, {"endpointConfiguration": {"types": ["PRIVATE"]}}],
                               words={**PRIVATE, **domain("api.domain.tld")}),
    "get-domain-names": Example([{}, {}, {"items": []}]),
    "get-export": Example(
        [{"contentType": "application/json"}, {"contentType": "application/json"},
         "GetExport operation: Invalid export extension specified: postman. Postman collections are not built"],
        ("stage",),
    ),
    "get-integration-response": Example([{"statusCode": "200", "selectionPattern": "2.."}], ("integration_response",)),
    "get-integration": Example([{"type": "MOCK"}], ("integration",)),
    "get-method-response": Example([{"statusCode": "200"}], ("method_response",)),
    "get-method": Example([{"httpMethod": "GET", "apiKeyRequired": False, "authorizationType": "NONE"}], METHOD),
    "get-model-template": Example([{"value": "#set($inputRoot = $input.path('$'))\n{ }"}]),
    "get-model": Example([{"name": "Empty", "contentType": "application/json"}]),
    "get-models": Example([{}]),
    "get-resource": Example([{"path": "/pets"}]),
    "get-resources": Example([{}]),
    "get-rest-api": Example([{"tags": {}}]),
    "get-rest-apis": Example([{}]),
    "get-sdk": Example(
        ["GetSdk operation: Invalid SDK type specified: android. Only javascript is built",
         "GetSdk operation: Invalid SDK type specified: objectivec. Only javascript is built",
         {"contentType": "application/zip"}],
        ("stage",),
    ),
    "get-stage": Example([{"stageName": "dev", "methodSettings": {}}], ("stage",)),
    "get-stages": Example([{"item": []}]),
    "get-usage-plan-key": Example([{"type": "API_KEY"}], ("plan_key",)),
    "get-usage-plan-keys": Example([{"items": []}]),
    "get-usage-plan": Example([{"apiStages": []}]),
    "get-usage-plans": Example([{}]),
    "get-usage": Example([{"startDate": "2016-08-16", "endDate": "2016-08-17", "items": {}}]),
    "import-rest-api": Example([{"name": "petstore"}]),
    "put-integration-response": Example([
        {"statusCode": "200", "responseTemplates": {"application/json": '{"json": "template"}'}},
        {"selectionPattern": "400", "responseParameters": {"method.response.header.custom-header": "'custom-value'"}},
    ], ("integration", "method_responses")),
    "put-integration": Example([
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        {"type": "HTTP", "uri": "https://domain.tld/path"},
        {"type": "AWS", "httpMethod": "POST"},
    ], METHOD),
    "put-method-response": Example(
        [{"statusCode": "400", "responseParameters": {"method.response.header.custom-header": False}}], METHOD
    ),
    "put-method": Example([{"httpMethod": "PUT", "requestParameters": {"method.request.header.custom-header": False}}]),
    "put-rest-api": Example([{"name": "petstore"}, {"name": "petstore"}]),
    "reject-domain-name-access-association": Example([None]),
    "test-invoke-authorizer": Example([{"clientStatus": 500}]),
    "update-account": Example([{
        "cloudwatchRoleArn": "arn:aws:iam::123412341234:role/APIGatewayToCloudWatchLogs"
    }]),
    "update-api-key": Example([{"name": "newName"}, {"enabled": False}]),
    "update-authorizer": Example([
        {"name": "testAuthorizer"},
        {"authorizerUri": FUNCTION.replace("us-east-1", "us-west-2").replace("000000000000:function:f",
                                                                             "123412341234:function:newAuthorizer")},
    ]),
    "update-base-path-mapping": Example(
        [{"basePath": "v1"}], ("mapping",), {**domain("api.domain.tld"), "prod": lambda w: w.mapping["basePath"]}
    ),
    "update-client-certificate": Example(patched(description="My new description")),
    "update-deployment": Example(patched(description="newDescription")),
    "update-domain-name": Example(
        patched(certificateArn="arn:aws:acm:us-west-2:111122223333:certificate/CERTEXAMPLE123EXAMPLE"),
        words=domain("api.domain.tld"),
    ),
    "update-integration-response": Example([
        {"responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}},
        {"statusCode": "200"},
    ], ("integration_response", "cors_header")),
    "update-integration": Example([
        {"requestTemplates": {"application/json": None}},
        {"requestTemplates": {"application/json": "{example: json}"}},
        "UpdateIntegration operation: Invalid patch path requestTemplates/application~1json",
        {"type": "MOCK"},
    ], ("integration",), {"POST": lambda w: w.method["httpMethod"]}),
    "update-method-response": Example([
        {"responseParameters": {"method.response.header.custom-header": False}},
        {"responseModels": {"a/b": "Empty"}},
    ], ("method_response", "json_model")),
    "update-method": Example([
        {"apiKeyRequired": True},
        {"authorizationType": "AWS_IAM"},
        {"authorizationType": "CUSTOM"},
    ], METHOD, {"e4f5g6": lambda w: w.authorizer["authorizerId"]}),
    "update-model": Example([{"description": "New Description"}, {"name": "Empty"}]),
    "update-resource": Example(
        [{"path": "/pets"}, {"path": "/newresourcename"}], words={"3c2b1a": lambda w: w.root}
    ),
    "update-rest-api": Example([{"name": "New Name"}, {"description": "New Description"}]),
    "update-stage": Example([
        {"methodSettings": {"~1resourceName/GET": {"dataTraceEnabled": False}}},
        {"methodSettings": {"*/*": {"dataTraceEnabled": True}}},
    ], ("stage",)),
    "update-usage-plan": Example([
        {"quota": {"period": "MONTH"}},
        {"quota": {"limit": 500}},
        {"throttle": {"rateLimit": 10.0}},
        {"throttle": {"burstLimit": 20}},
    ]),
    "update-usage": Example([lambda w: {"items": {w.key.id: [[0, 50]]}}], ("plan_key",)),
    "update-vpc-link": Example([{"name": "my-vpc-link"}, {"description": "My custom description"}]),
}
