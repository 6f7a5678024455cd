//! `AWS::Serverless::Api`: an API with a deployment and a stage, and a plan with a key if it asks for one.

use serde_json::{Value, json};

use crate::digest;
use crate::document::Members;
use crate::mistake::Fault;
use crate::sam::document::{Endpoint, document};
use crate::sam::{Made, check, copied, properties, reference};

const OF_API: &[&str] = &[
    "ApiKeySourceType",
    "Description",
    "DisableExecuteApiEndpoint",
    "FailOnWarnings",
    "MinimumCompressionSize",
    "Mode",
    "Name",
    "Policy",
];
const OF_STAGE: &[&str] = &[
    "AccessLogSetting",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "CanarySetting",
    "MethodSettings",
    "StageName",
    "TracingEnabled",
    "Variables",
];
const OWN: &[&str] = &[
    "AlwaysDeploy",
    "Auth",
    "BinaryMediaTypes",
    "Cors",
    "DefinitionBody",
    "DefinitionUri",
    "EndpointConfiguration",
    "GatewayResponses",
    "MergeDefinitions",
    "Models",
    "OpenApiVersion",
    "PropagateTags",
    "Tags",
];

/// An API whose plan is shared with others.
pub(super) struct SharedStage {
    plan: Value,
    stage: Value,
    after: String,
}

/// Makes the resources of an API. Returns its stage if it shares a plan.
pub(super) fn make(
    made: &mut Made,
    logical_id: &str,
    resource: &Value,
    endpoints: &[Endpoint],
) -> Result<Option<SharedStage>, Fault> {
    let given = properties(resource);
    check(&given, &[OF_API, OF_STAGE, OWN])?;
    let stage_name = given.get("StageName").cloned().ok_or_else(|| Fault::Missing("StageName".to_owned()))?;
    let api = api(&given, endpoints)?;
    let body = api.get("Body").or_else(|| api.get("BodyS3Location")).cloned().unwrap_or_default();
    let deployment = format!("{logical_id}Deployment{}", digest(body.to_string().as_bytes(), 10));
    let stage = match stage_name.as_str() {
        Some(name) => format!("{logical_id}{}Stage", name.replace(|c: char| !c.is_ascii_alphanumeric(), "")),
        None => format!("{logical_id}Stage"),
    };
    made.add(logical_id, "AWS::ApiGateway::RestApi", api.into(), resource);
    let condition = match resource.get("Condition") {
        Some(condition) => json!({ "Condition": condition }),
        None => Value::Null,
    };
    made.add(&deployment, "AWS::ApiGateway::Deployment", json!({ "RestApiId": reference(logical_id) }), &condition);
    let mut settings = copied(&given, OF_STAGE);
    settings.insert("RestApiId".to_owned(), reference(logical_id));
    settings.insert("DeploymentId".to_owned(), reference(&deployment));
    if let Some(Value::Object(tags)) = given.get("Tags") {
        settings.insert("Tags".to_owned(), Value::Object(tags.clone()));
    }
    made.add(&stage, "AWS::ApiGateway::Stage", settings.into(), &condition);
    made.aliases.insert(format!("{logical_id}.Deployment"), deployment);
    made.aliases.insert(format!("{logical_id}.Stage"), stage.clone());
    plan(made, logical_id, &stage, &given)
}

fn api(given: &Members, endpoints: &[Endpoint]) -> Result<Members, Fault> {
    let mut api = copied(given, OF_API);
    match (given.get("DefinitionBody"), given.get("DefinitionUri")) {
        (Some(body), _) => api.insert("Body".to_owned(), body.clone()),
        (None, Some(place)) => api.insert("BodyS3Location".to_owned(), place.clone()),
        (None, None) => api.insert("Body".to_owned(), document(given, endpoints)?),
    };
    let adds = given.contains_key("GatewayResponses") || given.contains_key("Models");
    match api.get_mut("Body").filter(|body| body.is_object()) {
        Some(body) => add_to_document(body, given),
        None if adds => return Err(Fault::Unsupported("GatewayResponses or Models beside DefinitionUri".to_owned())),
        None => {}
    }
    if let Some(types) = given.get("BinaryMediaTypes").and_then(Value::as_array) {
        let plain = |kind: &Value| kind.as_str().map_or_else(|| kind.clone(), |kind| kind.replace("~1", "/").into());
        api.insert("BinaryMediaTypes".to_owned(), types.iter().map(plain).collect());
    }
    match given.get("EndpointConfiguration") {
        Some(Value::String(kind)) => {
            api.insert("EndpointConfiguration".to_owned(), json!({ "Types": [kind] }));
        }
        Some(Value::Object(members)) if members.contains_key("Type") => {
            let mut endpoint = json!({ "Types": [members.get("Type")] });
            if let Some(ids) = members.get("VPCEndpointIds") {
                endpoint["VpcEndpointIds"] = ids.clone();
            }
            api.insert("EndpointConfiguration".to_owned(), endpoint);
        }
        Some(other) => {
            api.insert("EndpointConfiguration".to_owned(), other.clone());
        }
        None => {}
    }
    Ok(api)
}

/// Gateway responses and models are parts of the document, so that the deployment has them.
fn add_to_document(body: &mut Value, given: &Members) {
    for (kind, response) in given.get("GatewayResponses").and_then(Value::as_object).into_iter().flatten() {
        let mut said = json!({});
        for (name, sent) in [("StatusCode", "statusCode"), ("ResponseTemplates", "responseTemplates")] {
            if let Some(value) = response.get(name) {
                said[sent] = value.clone();
            }
        }
        let headers = response.pointer("/ResponseParameters/Headers").and_then(Value::as_object);
        for (name, value) in headers.into_iter().flatten() {
            said["responseParameters"][format!("gatewayresponse.header.{name}")] = value.clone();
        }
        body["x-amazon-apigateway-gateway-responses"][kind] = said;
    }
    if let Some(models) = given.get("Models") {
        body["definitions"] = models.clone();
    }
}

fn plan(made: &mut Made, api: &str, stage: &str, given: &Members) -> Result<Option<SharedStage>, Fault> {
    let Some(plan) = given.get("Auth").and_then(|auth| auth.get("UsagePlan")) else { return Ok(None) };
    let covered = json!({ "ApiId": reference(api), "Stage": reference(stage) });
    match plan["CreateUsagePlan"].as_str() {
        Some("PER_API") => {
            add_plan(made, api, plan, &[(covered, stage.to_owned())]);
            Ok(None)
        }
        Some("SHARED") => Ok(Some(SharedStage { plan: plan.clone(), stage: covered, after: stage.to_owned() })),
        Some("NONE") => Ok(None),
        _ => Err(Fault::Wrong { what: "Auth.UsagePlan.CreateUsagePlan".to_owned(), wanted: "PER_API, SHARED or NONE" }),
    }
}

/// Makes the plan that all APIs share which ask for it; the first one says what it is.
pub(super) fn make_shared_plan(made: &mut Made, shared: &[SharedStage]) {
    if let Some(first) = shared.first() {
        let stages: Vec<_> = shared.iter().map(|one| (one.stage.clone(), one.after.clone())).collect();
        add_plan(made, "Serverless", &first.plan.clone(), &stages);
    }
}

fn add_plan(made: &mut Made, prefix: &str, plan: &Value, stages: &[(Value, String)]) {
    let names = ["Description", "Quota", "Tags", "Throttle", "UsagePlanName"];
    let mut properties = copied(plan.as_object().unwrap_or(&Members::new()), &names);
    let covered: Vec<&Value> = stages.iter().map(|(stage, _)| stage).collect();
    properties.insert("ApiStages".to_owned(), json!(covered));
    let after: Vec<&String> = stages.iter().map(|(_, after)| after).collect();
    let (plan, key) = (format!("{prefix}UsagePlan"), format!("{prefix}ApiKey"));
    made.add(&plan, "AWS::ApiGateway::UsagePlan", properties.into(), &json!({ "DependsOn": after }));
    let stage_key = |(stage, _): &(Value, String)| json!({ "RestApiId": stage["ApiId"], "StageName": stage["Stage"] });
    let keys: Vec<Value> = stages.iter().map(stage_key).collect();
    let key_properties = json!({ "Enabled": true, "StageKeys": keys });
    made.add(&key, "AWS::ApiGateway::ApiKey", key_properties, &json!({ "DependsOn": [plan] }));
    let join = json!({ "KeyId": reference(&key), "KeyType": "API_KEY", "UsagePlanId": reference(&plan) });
    made.add(format!("{prefix}UsagePlanKey"), "AWS::ApiGateway::UsagePlanKey", join, &Value::Null);
}
