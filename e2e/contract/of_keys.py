"""API keys, usage plans, usage, the account and tags."""

from arrange import today
from contract.case import Done, bad, clash, invalid, missing, patch

NO_KEY = "Invalid API Key identifier specified"
NO_PLAN = "Invalid Usage Plan ID specified"
DAYS = {"startDate": "2026-01-01", "endDate": "2026-01-02"}
KEY_PATHS = "[/description, /enabled, /name, /customerId]"
PLAN_REMOVES = (
    "[/apiStages, /quota, /throttle, /productCode, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle]"
)


def a_plan(**members):
    return lambda _: {"name": "contract", **members}


def a_quota(limit=1, **members):
    return a_plan(quota={"limit": limit, **members})


KEYS = [
    Done("CreateApiKey", lambda _: {"name": "made", "enabled": True}, {"name": "made", "enabled": True}),
    bad("CreateApiKey", lambda _: {"value": "v" * 19}, "API Key value should be at least 20 characters"),
    bad("CreateApiKey", lambda _: {"value": "v" * 129}, "API Key value exceeds maximum size of 128 characters"),
    bad("CreateApiKey", lambda _: {"name": "n" * 1025}, "Invalid API Key name, can be at most 1024 characters."),
    clash("CreateApiKey", lambda w: {"value": w.key.value}, "API Key already exists"),
    Done("GetApiKey", lambda w: {"apiKey": w.key.id, "includeValue": True}, lambda w: {"value": w.key.value}),
    missing("GetApiKey", lambda _: {"apiKey": "nosuchkey0"}, NO_KEY),
    Done("GetApiKeys", lambda w: {"nameQuery": w.client.get_api_key(apiKey=w.key.id)["name"]}),
    bad("GetApiKeys", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateApiKey", lambda w: {"apiKey": w.key.id, "patchOperations": patch("replace", "/enabled", "false")},
         {"enabled": False, "tags": {}}),
    bad("UpdateApiKey", lambda w: {"apiKey": w.key.id, "patchOperations": patch("replace", "/id", "x")},
        f"Invalid patch path  '/id' specified for op 'replace'. Must be one of: {KEY_PATHS}"),
    missing("UpdateApiKey", lambda _: {"apiKey": "nosuchkey0", "patchOperations": patch("replace", "/name", "x")},
            NO_KEY),
    Done("DeleteApiKey", lambda w: {"apiKey": w.key.id}),
    missing("DeleteApiKey", lambda _: {"apiKey": "nosuchkey0"}, NO_KEY),
    Done("ImportApiKeys", lambda _: {"body": b"Name,Key\nimported,", "format": "csv"}),
    bad("ImportApiKeys", lambda _: {"body": b"Name\nno-key-column", "format": "csv"},
        "Failed to import API keys: the column Key is missing"),
]

PLANS = [
    Done("CreateUsagePlan", a_quota(7, period="WEEK", offset=3),
         {"quota": {"limit": 7, "period": "WEEK", "offset": 3}}),
    bad("CreateUsagePlan", a_quota(0, period="DAY"), "Usage Plan quota limit must be a non-negative numeric"),
    bad("CreateUsagePlan", a_quota(),
        "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
    bad("CreateUsagePlan", a_quota(period="DAY", offset=1), "Usage Plan quota offset must be zero in the DAY period"),
    bad("CreateUsagePlan", a_quota(period="WEEK", offset=7),
        "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period"),
    bad("CreateUsagePlan", a_quota(period="MONTH", offset=28),
        "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period"),
    bad("CreateUsagePlan", a_plan(apiStages=[{"apiId": "", "stage": ""}]),
        "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s"),
    missing("CreateUsagePlan", a_plan(apiStages=[{"apiId": "nope", "stage": "dev"}]),
            "API Stage not found: nope:dev"),
    Done("GetUsagePlan", lambda w: w.plan, {"throttle": {"rateLimit": 5.0, "burstLimit": 2}, "apiStages": []}),
    missing("GetUsagePlan", lambda _: {"usagePlanId": "nosuch"}, NO_PLAN),
    Done("GetUsagePlans", lambda w: {"keyId": w.plan_key["keyId"]}),
    bad("GetUsagePlans", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateUsagePlan", lambda w: {**w.plan, "patchOperations": patch("add", "/apiStages", w.api_stage)},
         lambda w: {"apiStages": [{"apiId": w.stage["restApiId"], "stage": "dev"}]}),
    bad("UpdateUsagePlan", lambda w: {**w.plan, "patchOperations": patch("remove", "/apiStages", "nocolon")},
        "Invalid API Stage specified"),
    bad("UpdateUsagePlan", lambda w: {**w.plan, "patchOperations": patch("remove", "/name")},
        f"Invalid patch path  '/name' specified for op 'remove'. Must be one of: {PLAN_REMOVES}"),
    missing("UpdateUsagePlan", lambda w: {**w.plan, "patchOperations": patch("remove", "/apiStages", "nope:dev")},
            lambda w: f"Invalid API Stage {{api: nope, stage: dev}} specified for usageplan {w.plan['usagePlanId']}"),
    missing("UpdateUsagePlan", lambda _: {"usagePlanId": "nosuch", "patchOperations": []}, NO_PLAN),
    invalid("UpdateUsagePlan", lambda w: {**w.plan, "patchOperations": patch("set", "/name")},
            "1 validation error detected: Value 'set' at 'updateUsagePlanInput.patchOperations.1.member.op' failed to "
            "satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"),
    Done("DeleteUsagePlan", lambda w: w.plan),
    missing("DeleteUsagePlan", lambda _: {"usagePlanId": "nosuch"}, NO_PLAN),
    bad("DeleteUsagePlan", lambda w: w.covering_plan,
        lambda w: f"Cannot delete Usage Plan {w.covering_plan['usagePlanId']} because there are API Stages associated "
        f"with it, including {w.api_stage}"),
]

PLAN_KEYS = [
    Done("CreateUsagePlanKey", lambda w: {**w.plan, "keyId": w.key.id, "keyType": "API_KEY"},
         lambda w: {"id": w.key.id, "type": "API_KEY", "value": w.key.value}),
    missing("CreateUsagePlanKey", lambda w: {**w.plan, "keyId": "nosuchkey0", "keyType": "API_KEY"}, NO_KEY),
    missing("CreateUsagePlanKey", lambda w: {"usagePlanId": "nosuch", "keyId": w.key.id, "keyType": "API_KEY"},
            NO_PLAN),
    clash("CreateUsagePlanKey", lambda w: {**w.plan_key, "keyType": "API_KEY"},
          lambda w: f"API Key {w.key.id} is already in Usage Plan {w.plan['usagePlanId']}"),
    Done("GetUsagePlanKey", lambda w: w.plan_key, lambda w: {"id": w.key.id, "value": w.key.value}),
    missing("GetUsagePlanKey", lambda w: {**w.plan, "keyId": w.key.id}, NO_KEY),
    Done("GetUsagePlanKeys", lambda _: {"usagePlanId": "nosuch"}, {"items": []}),
    bad("GetUsagePlanKeys", lambda w: {**w.plan, "position": "nonsense"}, "Invalid position parameter specified"),
    Done("DeleteUsagePlanKey", lambda w: w.plan_key),
    missing("DeleteUsagePlanKey", lambda w: {**w.plan, "keyId": w.key.id}, NO_KEY),
    Done("GetUsage", lambda w: {**w.plan_key, "startDate": today(), "endDate": today()},
         lambda w: {"items": {w.key.id: [[0, 100]]}}),
    bad("GetUsage", lambda w: {**w.plan, "startDate": "soon", "endDate": "2026-01-02"},
        "Invalid date specified: soon. Dates have the form YYYY-MM-DD"),
    missing("GetUsage", lambda _: {"usagePlanId": "nosuch", **DAYS}, NO_PLAN),
    Done("UpdateUsage", lambda w: {**w.plan_key, "patchOperations": patch("replace", "/remaining", "5")},
         lambda w: {"usagePlanId": w.plan["usagePlanId"]}),
    bad("UpdateUsage", lambda w: {**w.plan_key, "patchOperations": patch("replace", "/remaining", "many")},
        "Invalid remaining quota specified: many. Must be a non-negative integer"),
    missing("UpdateUsage", lambda w: {**w.plan, "keyId": "nosuchkey0", "patchOperations": []}, NO_KEY),
]

ACCOUNT_AND_TAGS = [
    Done("GetAccount", lambda _: {}, {"features": ["UsagePlans"]}),
    bad("UpdateAccount", lambda _: {"patchOperations": patch("replace", "/cloudwatchRoleArn", "x")},
        "The role ARN is not well formed"),
    Done("UpdateAccount", lambda _: {"patchOperations": patch("add", "/features", "UsagePlans")}),
    Done("TagResource", lambda w: {"resourceArn": w.tagged, "tags": {"a": "b"}}),
    bad("TagResource", lambda _: {"resourceArn": "nonsense", "tags": {}}, "Invalid ARN specified: nonsense"),
    Done("GetTags", lambda w: {"resourceArn": w.tagged}, {"tags": {}}),
    missing("GetTags", lambda _: {"resourceArn": "arn:aws:apigateway:us-east-1::/usageplans/nosuch"},
            "Invalid resource ARN specified: arn:aws:apigateway:us-east-1::/usageplans/nosuch does not exist"),
    Done("UntagResource", lambda w: {"resourceArn": w.tagged, "tagKeys": ["absent"]}),
    bad("UntagResource", lambda _: {"resourceArn": "nonsense", "tagKeys": ["a"]}, "Invalid ARN specified: nonsense"),
]

CASES = KEYS + PLANS + PLAN_KEYS + ACCOUNT_AND_TAGS
