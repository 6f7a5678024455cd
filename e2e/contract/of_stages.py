"""Deployments, stages, exports and SDKs."""

from contract.case import NO_SUCH_API, Done, bad, clash, missing, no_such_api, patch

NO_STAGE = "Invalid stage identifier specified"
NO_DEPLOYMENT = "Invalid Deployment identifier specified"
LOGS = "/accessLogSettings"
NO_COPY = (
    "Invalid copy operation with path: /description and from /variables. Valid copy:path are [/deploymentId, "
    "/variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
)


def stage_patch(*operation):
    return lambda w: {**w.stage, "patchOperations": patch(*operation)}


def a_stage(**members):
    return lambda w: {**w.deployment, "stageName": "new", **members}


def in_no_stage(**others):
    return lambda w: {**w.api, "stageName": "nosuch", **others}


def copying(path, source):
    return lambda w: {**w.stage, "patchOperations": [{"op": "copy", "path": path, "from": source}]}


DEPLOYMENTS = [
    Done("CreateDeployment", lambda w: {**w.integration_api, "stageName": "dev", "description": "d"},
         {"description": "d"}),
    bad("CreateDeployment", lambda w: w.api, "The REST API doesn't contain any methods"),
    bad("CreateDeployment", lambda w: {**w.integration_api, "canarySettings": {"percentTraffic": 1}},
        "Invalid deployment content specified.Non null and non empty stageName must be provided for canary "
        "deployment. Provided value is null"),
    bad("CreateDeployment", lambda w: {**w.integration_api, "stageName": "new", "canarySettings": {}},
        "Invalid deployment content specified.Stage new must already be created before making a canary release "
        "deployment"),
    bad("CreateDeployment", lambda w: {**w.stage, "canarySettings": {"stageVariableOverrides": {"a-b": "x"}}},
        "Invalid stage variable name: a-b. Please use names with only word characters."),
    no_such_api("CreateDeployment"),
    Done("GetDeployment", lambda w: {**w.deployment, "embed": ["apisummary"]},
         {"apiSummary": {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}}),
    missing("GetDeployment", lambda w: {**w.api, "deploymentId": "nosuch"}, NO_DEPLOYMENT),
    Done("GetDeployments", lambda w: w.api, {"items": []}),
    no_such_api("GetDeployments"),
    Done("UpdateDeployment", lambda w: {**w.deployment, "patchOperations": patch("replace", "/description", "e")},
         {"description": "e"}),
    bad("UpdateDeployment", lambda w: {**w.deployment, "patchOperations": patch("replace", "/x", "e")},
        "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/description]"),
    missing("UpdateDeployment", lambda w: {**w.api, "deploymentId": "nosuch", "patchOperations": []}, NO_DEPLOYMENT),
    Done("DeleteDeployment", lambda w: w.deployment),
    bad("DeleteDeployment", lambda w: w.stage and w.deployment,
        "Active stages pointing to this deployment must be moved or deleted"),
    missing("DeleteDeployment", lambda w: {**w.api, "deploymentId": "nosuch"}, NO_DEPLOYMENT),
]

STAGES = [
    Done("CreateStage", a_stage(variables={"a": "b"}), {
        "stageName": "new",
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "variables": {"a": "b"},
    }),
    Done("CreateStage", lambda w: {**a_stage()(w), "documentationVersion": w.version["documentationVersion"]},
         {"documentationVersion": "v1"}),
    clash("CreateStage", lambda w: {**w.deployment, "stageName": w.stage["stageName"]}, "Stage already exists"),
    bad("CreateStage", a_stage(deploymentId="nosuch"), "Deployment id does not exist"),
    bad("CreateStage", a_stage(documentationVersion="nosuch"), "Invalid Documentation version specified"),
    bad("CreateStage", a_stage(variables={"a-b": "x"}),
        "Invalid stage variable name: a-b. Please use names with only word characters."),
    bad("CreateStage", a_stage(variables={"a": "'"}),
        "Invalid stage variable value of key a.  Please use values with alphanumeric characters and the symbols ' ', "
        "-', '.', '_', ':', '/', '?', '&', '=', and ','."),
    no_such_api("CreateStage", stageName="dev", deploymentId="nosuch"),
    Done("GetStage", lambda w: w.stage, lambda w: {"deploymentId": w.deployment["deploymentId"]}),
    missing("GetStage", in_no_stage(), NO_STAGE),
    missing("GetStage", lambda _: {"restApiId": NO_SUCH_API, "stageName": "dev"}, NO_STAGE),
    Done("GetStages", lambda w: w.api, {"item": []}),
    no_such_api("GetStages"),
    Done("UpdateStage", stage_patch("replace", "/*/*/throttling/rateLimit", "2"),
         {"methodSettings": {"*/*": {"throttlingRateLimit": 2.0, "throttlingBurstLimit": 5000}}}),
    bad("UpdateStage", stage_patch("replace", "/deploymentId", "nosuch"), "Deployment id does not exist"),
    bad("UpdateStage", stage_patch("replace", "/documentationVersion", "nosuch"),
        "Invalid Documentation version specified"),
    bad("UpdateStage", stage_patch("remove", "/*/*"),
        "Cannot remove method setting */* because there is no method setting for this method "),
    bad("UpdateStage", stage_patch("replace", LOGS, "x"),
        f"Invalid accessLogSettings path. Must be one of : [{LOGS}/destinationArn, {LOGS}/format]"),
    bad("UpdateStage", stage_patch("add", f"{LOGS}/format", ""), "Access Log value must not be empty"),
    bad("UpdateStage", stage_patch("add", f"{LOGS}/format", "$context.status"),
        "Access Log format must include either $context.requestId or $context.extendedRequestId"),
    bad("UpdateStage", stage_patch("add", f"{LOGS}/destinationArn", "x"),
        "The ARN must be a valid CloudWatch Logs log group or Kinesis Data Firehose delivery stream"),
    bad("UpdateStage", stage_patch("add", "/canarySettings/deploymentId", "x"),
        "Invalid add operation with path: /canarySettings/deploymentId"),
    bad("UpdateStage", stage_patch("replace", "/*/*/caching/ttlInSeconds", "3601"),
        "Invalid time-to-live setting, must be an integer no greater than 3600"),
    bad("UpdateStage", copying("/description", "/variables"), NO_COPY),
    bad("UpdateStage", copying("/deploymentId", "/canarySettings/deploymentId"),
        "Promotion not available. Canary does not exist."),
    missing("UpdateStage", in_no_stage(patchOperations=[]), NO_STAGE),
    Done("DeleteStage", lambda w: w.stage),
    missing("DeleteStage", in_no_stage(), NO_STAGE),
    Done("FlushStageCache", lambda w: w.stage),
    missing("FlushStageCache", in_no_stage(), NO_STAGE),
    Done("FlushStageAuthorizersCache", lambda w: w.stage),
    missing("FlushStageAuthorizersCache", in_no_stage(), NO_STAGE),
]

EXPORTS = [
    Done("GetExport", lambda w: {**w.stage, "exportType": "oas30"}, {"contentType": "application/json"}),
    missing("GetExport", in_no_stage(exportType="swagger"), NO_STAGE),
    Done("GetSdk", lambda w: {**w.stage, "sdkType": "javascript"}, {"contentType": "application/zip"}),
    missing("GetSdk", in_no_stage(sdkType="javascript"), NO_STAGE),
    Done("GetSdkTypes", lambda _: {}),
    bad("GetSdkTypes", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("GetSdkType", lambda _: {"id": "javascript"}, {"id": "javascript"}),
    missing("GetSdkType", lambda _: {"id": "nosuch"}, "Invalid SDK type identifier specified"),
]

CASES = DEPLOYMENTS + STAGES + EXPORTS
