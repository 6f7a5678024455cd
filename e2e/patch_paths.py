"""Every path that a PATCH of AWS's REST API takes, with the operations that it takes there.

An operation that a row does not name is refused there. The rows are those of AWS's reference, corrected by what AWS was
seen to answer.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from contract.world import CERTIFICATE, FUNCTION, LOAD_BALANCER, POOL

#: The value of an operation that brings none.
NOTHING = object()
TRUST = "s3://bucket/trust.pem"
OTHER_CERTIFICATE = CERTIFICATE.replace("00000000-", "11111111-")
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'


@dataclass(frozen=True)
class Row:
    """A path of one resource. Values may depend on the world."""

    operation: str
    #: Names what is patched, in a world.
    of: str
    path: Any
    add: Any = None
    replace: Any = None
    remove: Any = None
    #: The path that is copied from.
    copy: Any = None
    #: Operations that go before each of the row's own, in a request of their own.
    first: list = field(default_factory=list)
    #: Operations after which the answer looks as it did before.
    unseen: tuple[str, ...] = ()
    #: Operations that come along with each of the row's own but `remove`, in the same request.
    along: list = field(default_factory=list)
    #: Operations that come along with `remove`.
    along_with_remove: list = field(default_factory=list)

    @property
    def name(self):
        return f"{self.operation}{self.path if isinstance(self.path, str) else ''}"


def rows(operation, of, *each):
    return [Row(operation, of, path, **members) for path, members in each]


def text(value="x"):
    return {"replace": value}


def entry(added, replaced):
    """A path to an entry of a map or list: it is added, replaced and removed."""
    return {"add": added, "replace": replaced, "remove": NOTHING}


def make(path, value=None, op="replace"):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


KEYS = rows(
    "UpdateApiKey", "api_key",
    ("/name", text()),
    ("/description", text()),
    ("/enabled", text("false")),
    ("/customerId", text()),
    ("/stages", {"add": lambda w: w.api_stage.replace(":", "/"), "remove": lambda w: w.api_stage.replace(":", "/")}),
    ("/labels", {"add": "x", "remove": "x", "unseen": ("add", "remove")}),
    ("/value", {}),
    ("/id", {}),
    ("/tags/a", {}),
)

THROTTLE = "/apiStages/{}/throttle"
METHODS = json.dumps({"/pets/GET": {"rateLimit": 1.0, "burstLimit": 1}, "//GET": {"rateLimit": 2.0}})


def of_stage(tail=""):
    return lambda w: THROTTLE.format(w.api_stage) + tail


PLANS = rows(
    "UpdateUsagePlan", "plan",
    ("/name", text()),
    ("/description", text()),
    ("/productCode", {"add": "a", "replace": "b", "remove": NOTHING}),
    ("/throttle", {"remove": NOTHING}),
    ("/throttle/rateLimit", {"add": "0.5", "replace": "10"}),
    ("/throttle/burstLimit", {"add": "3", "replace": "4"}),
    ("/quota", {"remove": NOTHING}),
    ("/quota/limit", {"add": "3", "replace": "4"}),
    ("/quota/offset", {"add": "3", "replace": "4", "along": [make("/quota/period", "WEEK")]}),
    ("/quota/period", {"add": "WEEK", "replace": "MONTH"}),
    ("/id", {}),
    ("/apiStages", {"add": lambda w: w.api_stage, "remove": lambda w: w.api_stage}),
) + rows(
    "UpdateUsagePlan", "covering_plan",
    (of_stage(), {"add": METHODS, "replace": '{"*/*":{"rateLimit":3.0}}', "remove": ""}),
    (of_stage("//pets/GET"), {"remove": NOTHING, "first": [make(of_stage("//pets/GET/rateLimit"), "1")]}),
    (of_stage("//pets/GET/rateLimit"), {"add": "0.1", "replace": "2"}),
    (of_stage("///GET/burstLimit"), {"add": "1", "replace": "2"}),
    (of_stage("/~1pets~1{id}/ANY/burstLimit"), {"add": "1", "replace": "2"}),
    (of_stage("/*/*/rateLimit"), {"add": "1", "replace": "2"}),
)

USAGE = rows("UpdateUsage", "plan_key", ("/remaining", text("7")), ("/limit", {}))
ACCOUNT = rows(
    "UpdateAccount", "nothing",
    ("/cloudwatchRoleArn", text("arn:aws:iam::000000000000:role/of-the-paths")),
    ("/features", {"add": "UsagePlans", "unseen": ("add",)}),
    ("/apiKeyVersion", {}),
)

APIS = rows(
    "UpdateRestApi", "api",
    ("/name", text()),
    ("/description", entry("a", "b")),
    ("/apiKeySource", text("AUTHORIZER")),
    ("/binaryMediaTypes/image~1png", {**entry(NOTHING, "image/png"), "unseen": ("replace",)}),
    ("/binaryMediaTypes", {}),
    ("/disableExecuteApiEndpoint", text("true")),
    ("/endpointConfiguration/types/EDGE", text("REGIONAL")),
    ("/endpointConfiguration/types/0", text("REGIONAL")),
    ("/endpointConfiguration/ipAddressType", text("dualstack")),
    ("/endpointAccessMode", text("STRICT")),
    ("/securityPolicy", text("TLS_1_2")),
    ("/minimumCompressionSize", text("10")),
    ("/policy", text(POLICY)),
    ("/id", {}),
    ("/version", {}),
) + rows(
    "UpdateRestApi", "private_api",
    ("/endpointConfiguration/vpcEndpointIds", {"add": "vpce-1", "remove": "vpce-1"}),
) + rows(
    "UpdateResource", "resource",
    ("/pathPart", text()),
    ("/parentId", text(lambda w: w.other_parent)),
    ("/path", {}),
)

METHOD_PATHS = rows(
    "UpdateMethod", "method",
    ("/authorizationType", text("AWS_IAM")),
    ("/authorizerId", {"replace": lambda w: w.authorizer["authorizerId"],
                       "along": [make("/authorizationType", "CUSTOM")]}),
    ("/apiKeyRequired", text("true")),
    ("/operationName", text()),
    ("/requestValidatorId", text(lambda w: w.validator["requestValidatorId"])),
    ("/authorizationScopes", {"add": "a", "remove": "a", "along": [
        make("/authorizationType", "COGNITO_USER_POOLS"), make("/authorizerId", lambda w: w.pool["authorizerId"])]}),
    ("/requestParameters/method.request.header.a", entry("true", "false")),
    ("/requestParameters", {}),
    ("/requestModels/application~1json", entry("Empty", "Error")),
    ("/requestModels/application/json", {}),
    ("/httpMethod", {}),
) + rows(
    "UpdateMethodResponse", "method_response",
    ("/responseParameters/method.response.header.b", entry("true", "false")),
    ("/responseModels/application~1json", entry("Empty", "Error")),
    ("/statusCode", {}),
)

INTEGRATIONS = rows(
    "UpdateIntegration", "http_integration",
    ("/type", {}),
    ("/httpMethod", text("POST")),
    ("/uri", text("http://127.0.0.1:9/other")),
    ("/credentials", text("arn:aws:iam::000000000000:role/r")),
    ("/connectionId", {"replace": lambda w: w.link["vpcLinkId"], "along": [make("/connectionType", "VPC_LINK")]}),
    ("/connectionType", {"replace": "VPC_LINK", "along": [make("/connectionId", lambda w: w.link["vpcLinkId"])]}),
    ("/cacheNamespace", text()),
    ("/cacheKeyParameters/method.request.header.a", {"add": NOTHING, "replace": NOTHING, "remove": NOTHING,
                                                     "unseen": ("replace",)}),
    ("/cacheKeyParameters", {"add": "method.request.header.a", "replace": "method.request.header.b",
                             "remove": "method.request.header.a"}),
    ("/passthroughBehavior", text("NEVER")),
    ("/contentHandling", text("CONVERT_TO_TEXT")),
    ("/timeoutInMillis", text("50")),
    ("/tlsConfig/insecureSkipVerification", text("true")),
    ("/responseTransferMode", text("STREAM")),
    ("/integrationTarget", text("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/a/b/c")),
    ("/requestTemplates/application~1json", entry("{}", "[]")),
    ("/requestParameters/integration.request.header.a", entry("'a'", "'b'")),
) + rows(
    "UpdateIntegration", "integration", ("/uri", {}), ("/httpMethod", {}),
) + rows(
    "UpdateIntegrationResponse", "integration_response",
    ("/selectionPattern", text("4..")),
    ("/contentHandling", text("CONVERT_TO_TEXT")),
    ("/responseTemplates/application~1json", entry("{}", "[]")),
    ("/responseParameters/method.response.header.a", entry("'a'", "'b'")),
    ("/statusCode", {}),
)

PARTS = rows(
    "UpdateModel", "model",
    ("/description", text()),
    ("/schema", text('{"type":"string"}')),
    ("/name", {}),
) + rows(
    "UpdateRequestValidator", "validator",
    ("/name", text()),
    ("/validateRequestBody", text("false")),
    ("/validateRequestParameters", text("true")),
) + rows(
    "UpdateAuthorizer", "authorizer",
    ("/name", text()),
    ("/type", text("REQUEST")),
    ("/authType", text()),
    ("/authorizerUri", text(FUNCTION.replace("function:f", "function:g"))),
    ("/authorizerCredentials", text("arn:aws:iam::000000000000:role/r")),
    ("/identityValidationExpression", text("a.*")),
    ("/authorizerResultTtlInSeconds", text("0")),
) + rows(
    "UpdateAuthorizer", "request_authorizer",
    ("/identitySource", entry("method.request.header.A", "method.request.header.B")),
) + rows(
    "UpdateAuthorizer", "pool",
    ("/providerARNs", {"add": POOL + "b", "remove": POOL + "b"}),
) + rows(
    "UpdateGatewayResponse", "gateway_response",
    ("/statusCode", text("503")),
    ("/responseParameters/gatewayresponse.header.a", entry("'a'", "'b'")),
    ("/responseParameters", entry('{"gatewayresponse.header.a":"\'a\'"}', '{"gatewayresponse.header.b":"\'b\'"}')),
    ("/responseTemplates/text~1plain", entry("a", "b")),
    ("/responseTemplates", entry('{"text/plain":"a"}', '{"text/plain":"b"}')),
    ("/responseType", {}),
) + rows(
    "UpdateDeployment", "deployment", ("/description", text()), ("/id", {}),
) + rows(
    "UpdateDocumentationPart", "part", ("/properties", text('{"b":2}')), ("/location", {}),
) + rows(
    "UpdateDocumentationVersion", "version", ("/description", text()), ("/version", {}),
)

NAMES = rows(
    "UpdateVpcLink", "link", ("/name", text()), ("/description", text()), ("/targetArns", {}),
) + rows(
    "UpdateClientCertificate", "certificate", ("/description", text()), ("/pemEncodedCertificate", {}),
) + rows(
    "UpdateDomainName", "domain",
    ("/certificateName", entry("a", "b")),
    ("/certificateArn", {"add": OTHER_CERTIFICATE, "replace": CERTIFICATE}),
    ("/ownershipVerificationCertificateArn", entry(CERTIFICATE, OTHER_CERTIFICATE)),
    ("/endpointConfiguration/ipAddressType", text("dualstack")),
    ("/endpointAccessMode", text("STRICT")),
    ("/securityPolicy", text("TLS_1_0")),
    ("/routingMode", text("ROUTING_RULE_ONLY")),
    ("/domainName", {}),
) + rows(
    "UpdateDomainName", "regional_domain",
    ("/regionalCertificateName", entry("a", "b")),
    ("/regionalCertificateArn", {"add": OTHER_CERTIFICATE, "replace": CERTIFICATE}),
    ("/mutualTlsAuthentication/truststoreUri", entry(TRUST, TRUST + ".new")),
    ("/mutualTlsAuthentication/truststoreVersion", {
        **entry("1", "2"), "first": [make("/mutualTlsAuthentication/truststoreUri", TRUST)]}),
    ("/endpointConfiguration/types", {"add": "EDGE", "remove": "EDGE",
                                      "along": [make("/certificateArn", CERTIFICATE)],
                                      "along_with_remove": [make("/certificateArn", op="remove")]}),
) + rows(
    "UpdateDomainName", "named_private_domain",
    ("/policy", text(POLICY)),
    ("/managementPolicy", text(POLICY)),
) + rows(
    "UpdateBasePathMapping", "mapping",
    ("/basePath", text("v2")),
    ("/basepath", text("v3")),
    ("/restapiId", {"replace": lambda w: w.stage["restApiId"], "unseen": ("replace",)}),
    ("/stage", text(lambda w: w.second_stage["stageName"])),
    ("/domainName", {}),
)

CANARY = make("/canarySettings/percentTraffic", "10")
CANARY_DEPLOYMENT = make("/canarySettings/deploymentId", lambda w: w.second_deployment["deploymentId"])
OVERRIDES = "/canarySettings/stageVariableOverrides"
REQUEST_ID = "$context.requestId"
STAGES = rows(
    "UpdateStage", "stage",
    ("/deploymentId", {"replace": lambda w: w.second_deployment["deploymentId"],
                       "copy": "/canarySettings/deploymentId", "first": [CANARY_DEPLOYMENT]}),
    ("/description", text()),
    ("/documentationVersion", text(lambda w: w.version["documentationVersion"])),
    ("/documentation_version", {}),
    ("/clientCertificateId", text(lambda w: w.certificate["clientCertificateId"])),
    ("/cacheClusterEnabled", text("true")),
    ("/cacheClusterSize", text("0.5")),
    ("/tracingEnabled", text("true")),
    ("/variables/a", {"replace": "b", "remove": NOTHING}),
    ("/variables", {"replace": '{"c":"d"}', "copy": OVERRIDES, "remove": NOTHING,
                    "first": [make(OVERRIDES + "/a", "z"), make("/variables/b", "y")]}),
    ("/accessLogSettings/destinationArn", {"add": "arn:aws:logs:us-east-1:000000000000:log-group:a",
                                           "replace": "arn:aws:logs:us-east-1:000000000000:log-group:b"}),
    ("/accessLogSettings/format", {"add": REQUEST_ID, "replace": REQUEST_ID + " "}),
    ("/accessLogSettings", {"remove": NOTHING, "first": [make("/accessLogSettings/format", REQUEST_ID)]}),
    ("/canarySettings", {"remove": NOTHING, "first": [CANARY]}),
    ("/canarySettings/deploymentId", text(lambda w: w.second_deployment["deploymentId"])),
    ("/canarySettings/percentTraffic", text("12.5")),
    ("/canarySettings/useStageCache", text("true")),
    (OVERRIDES + "/a", {"replace": "b", "remove": NOTHING}),
    (OVERRIDES, {"replace": '{"c":"d"}'}),
    ("/*/*", {"remove": NOTHING, "first": [make("/*/*/metrics/enabled", "true")]}),
    ("/pets/GET", {"remove": NOTHING, "first": [make("/pets/GET/metrics/enabled", "true")]}),
    ("/stageName", {}),
    ("/tags/a", {}),
    *[
        (method + tail, text(value))
        for method in ("/*/*", "/pets/GET", "/~1pets~1{id}/POST")
        for tail, value in {
            "/metrics/enabled": "true",
            "/logging/dataTrace": "true",
            "/logging/loglevel": "INFO",
            "/throttling/burstLimit": "1",
            "/throttling/rateLimit": "-1",
            "/caching/enabled": "true",
            "/caching/dataEncrypted": "true",
            "/caching/ttlInSeconds": "3600",
            "/caching/requireAuthorizationForCacheControl": "false",
            "/caching/unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403",
        }.items()
    ],
)

ROWS = KEYS + PLANS + USAGE + ACCOUNT + APIS + METHOD_PATHS + INTEGRATIONS + PARTS + NAMES + STAGES
