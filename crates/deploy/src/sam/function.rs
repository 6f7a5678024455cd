//! `AWS::Serverless::Function`: a function, the role that it needs, and the methods of APIs that call it.

use serde_json::{Value, json};

use crate::mistake::Fault;
use crate::sam::document::Endpoint;
use crate::sam::{IMPLICIT_API, Made, check, copied, properties, reference};

const COPIED: &[&str] = &[
    "Architectures",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "MemorySize",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Runtime",
    "SnapStart",
    "Timeout",
    "VpcConfig",
];
const OWN: &[&str] = &[
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "CodeUri",
    "DeploymentPreference",
    "Events",
    "InlineCode",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "Role",
    "RolePath",
    "Tags",
    "Tracing",
    "VersionDescription",
];

/// Makes the resources of a function and returns the methods of APIs that call it.
pub(super) fn make(made: &mut Made, logical_id: &str, resource: &Value) -> Result<Vec<Endpoint>, Fault> {
    let given = properties(resource);
    check(&given, &[COPIED, OWN])?;
    let mut function = copied(&given, COPIED);
    let code = match (given.get("InlineCode"), given.get("CodeUri")) {
        (Some(text), _) => json!({ "ZipFile": text }),
        (None, Some(Value::Object(place))) if place.contains_key("Bucket") => {
            json!({ "S3Bucket": place.get("Bucket"), "S3Key": place.get("Key") })
        }
        (None, Some(path)) => path.clone(),
        (None, None) => return Err(Fault::Missing("CodeUri".to_owned())),
    };
    function.insert("Code".to_owned(), code);
    if let Some(tags) = given.get("Tags") {
        function.insert("Tags".to_owned(), tags.clone());
    }
    let role = format!("{logical_id}Role");
    let given_role = given.get("Role").cloned();
    let arn = given_role.clone().unwrap_or_else(|| json!({ "Fn::GetAtt": [role, "Arn"] }));
    function.insert("Role".to_owned(), arn);
    made.add(logical_id, "AWS::Lambda::Function", function.into(), resource);
    if given_role.is_none() {
        made.add(role, "AWS::IAM::Role", json!({}), &json!({ "Condition": resource.get("Condition") }).take_null());
    }
    if let Some(alias) = given.get("AutoPublishAlias").and_then(Value::as_str) {
        let name = format!("{logical_id}Alias{alias}");
        let properties = json!({ "FunctionName": reference(logical_id), "Name": alias });
        made.aliases.insert(format!("{logical_id}.Alias"), name.clone());
        made.add(name, "AWS::Lambda::Alias", properties, &Value::Null);
    }
    endpoints(made, logical_id, resource, given.get("Events"))
}

fn endpoints(
    made: &mut Made,
    function: &str,
    resource: &Value,
    events: Option<&Value>,
) -> Result<Vec<Endpoint>, Fault> {
    let mut endpoints = Vec::new();
    for (name, event) in events.and_then(Value::as_object).into_iter().flatten() {
        match event["Type"].as_str().unwrap_or_default() {
            "Api" => {}
            "HttpApi" => return Err(Fault::Unsupported(format!("an HTTP API (the event {name} of type HttpApi)"))),
            other => return Err(Fault::Unsupported(format!("the event {name} of type {other}"))),
        }
        let given = &event["Properties"];
        let text = |member: &str| {
            given[member].as_str().map(str::to_owned).ok_or_else(|| Fault::Missing(format!("Events.{name}.{member}")))
        };
        let api = match given.get("RestApiId") {
            None => IMPLICIT_API.to_owned(),
            Some(api) => {
                let named = api["Ref"].as_str().or(api.as_str());
                named.ok_or_else(|| Fault::Unsupported(format!("Events.{name}.RestApiId that is no Ref")))?.to_owned()
            }
        };
        let permission = format!("{function}{name}Permission");
        let source = format!("arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*");
        let properties = json!({
            "Action": "lambda:InvokeFunction", "FunctionName": reference(function),
            "Principal": "apigateway.amazonaws.com", "SourceArn": { "Fn::Sub": source },
        });
        made.add(
            permission,
            "AWS::Lambda::Permission",
            properties,
            &json!({ "Condition": resource.get("Condition") }).take_null(),
        );
        endpoints.push(Endpoint {
            api,
            function: function.to_owned(),
            path: text("Path")?,
            method: text("Method")?.to_ascii_lowercase(),
            auth: given.get("Auth").cloned().unwrap_or_default(),
            parameters: given.get("RequestParameters").cloned().unwrap_or_default(),
            globals: resource.get("Globals").cloned().unwrap_or_default(),
        });
    }
    Ok(endpoints)
}

trait TakeNull {
    fn take_null(self) -> Value;
}

impl TakeNull for Value {
    /// An object without the members that are null.
    fn take_null(mut self) -> Value {
        if let Value::Object(members) = &mut self {
            members.retain(|_, value| !value.is_null());
        }
        self
    }
}
