//! The document of an API that its functions describe by their events.

use serde_json::{Value, json};

use crate::document::Members;
use crate::mistake::Fault;
use crate::sam::cors;

/// A method of an API that calls a function.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// The logical id of the API.
    pub(super) api: String,
    /// The logical id of the function.
    pub(super) function: String,
    pub(super) path: String,
    /// In lower case; `any` is all.
    pub(super) method: String,
    pub(super) auth: Value,
    pub(super) parameters: Value,
    /// The globals of the template.
    pub(super) globals: Value,
}

const KEY_SCHEME: &str = "api_key";

/// The document, in Swagger 2.0.
pub(super) fn document(api: &Members, endpoints: &[Endpoint]) -> Result<Value, Fault> {
    let auth = api.get("Auth").cloned().unwrap_or_default();
    let mut schemes = Members::new();
    let mut paths = Members::new();
    for endpoint in endpoints {
        let security = security(&auth, &endpoint.auth, &mut schemes);
        let mut operation = json!({
            "responses": {},
            "x-amazon-apigateway-integration": {
                "type": "aws_proxy", "httpMethod": "POST", "uri": { "Fn::Sub": invocation(&endpoint.function) },
            },
        });
        if !security.is_empty() {
            operation["security"] = security.into();
        }
        let parameters = parameters(endpoint);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        let path = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        let method = if endpoint.method == "any" { "x-amazon-apigateway-any-method" } else { &endpoint.method };
        path[method] = operation;
    }
    for (name, authorizer) in auth["Authorizers"].as_object().into_iter().flatten() {
        schemes.insert(name.clone(), authorizer_scheme(name, authorizer)?);
    }
    if let Some(cors) = api.get("Cors") {
        cors::add(&mut paths, cors)?;
    }
    let title = api.get("Name").cloned().unwrap_or_else(|| json!({ "Ref": "AWS::StackName" }));
    let mut document = json!({ "swagger": "2.0", "info": { "title": title, "version": "1.0" }, "paths": paths });
    if !schemes.is_empty() {
        document["securityDefinitions"] = schemes.into();
    }
    Ok(document)
}

/// What a method asks of its callers. Its own settings win over the API's.
fn security(api: &Value, own: &Value, schemes: &mut Members) -> Vec<Value> {
    let of = |name: &str| own.get(name).or_else(|| api.get(name)).cloned();
    let authorizer = own.get("Authorizer").or_else(|| api.get("DefaultAuthorizer")).and_then(Value::as_str);
    let authorizer = authorizer.filter(|name| *name != "NONE");
    let key = of("ApiKeyRequired").is_some_and(|flag| flag == json!(true) || flag == json!("true"));
    if key {
        schemes.insert(KEY_SCHEME.to_owned(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
    }
    let named = authorizer.map(str::to_owned).into_iter().chain(key.then(|| KEY_SCHEME.to_owned()));
    named.map(|name| json!({ name: [] })).collect()
}

/// Parameters that have to be there, and those of the path.
fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let mut found = Vec::new();
    for part in endpoint.path.split('/') {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            found.push(json!({ "name": name.trim_end_matches('+'), "in": "path", "required": true, "type": "string" }));
        }
    }
    for given in endpoint.parameters.as_array().into_iter().flatten() {
        let (name, settings) = match given {
            Value::Object(one) => {
                one.iter().next().map(|(name, settings)| (name.as_str(), settings.clone())).unwrap_or_default()
            }
            other => (other.as_str().unwrap_or_default(), Value::Null),
        };
        let parts: Vec<&str> = name.splitn(4, '.').collect();
        if let ["method", "request", place @ ("header" | "querystring"), name] = parts.as_slice() {
            let place = if *place == "querystring" { "query" } else { place };
            let required = settings["Required"] == json!(true);
            found.push(json!({ "name": name, "in": place, "required": required, "type": "string" }));
        }
    }
    found
}

fn authorizer_scheme(name: &str, given: &Value) -> Result<Value, Fault> {
    if let Some(pools) = given.get("UserPoolArn") {
        let pools = if pools.is_array() { pools.clone() } else { json!([pools]) };
        return Ok(json!({
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": pools },
        }));
    }
    let arn = given.get("FunctionArn").ok_or_else(|| Fault::Missing(format!("Auth.Authorizers.{name}.FunctionArn")))?;
    let identity = &given["Identity"];
    let kind = given["FunctionPayloadType"].as_str().unwrap_or("TOKEN").to_ascii_lowercase();
    let uri = json!({ "Fn::Join": ["", [
        { "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/" }, arn, "/invocations",
    ]] });
    let mut authorizer = json!({ "type": kind, "authorizerUri": uri });
    let header = identity["Header"].as_str().unwrap_or("Authorization");
    if kind == "request" {
        authorizer["identitySource"] = identity_sources(identity).into();
    }
    if let Some(seconds) = identity.get("ReauthorizeEvery") {
        authorizer["authorizerResultTtlInSeconds"] = seconds.clone();
    }
    if let Some(expression) = identity.get("ValidationExpression") {
        authorizer["identityValidationExpression"] = expression.clone();
    }
    Ok(json!({
        "type": "apiKey", "name": if kind == "request" { "Unused" } else { header }, "in": "header",
        "x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": authorizer,
    }))
}

fn identity_sources(identity: &Value) -> String {
    let of = |member: &str, place: &str| -> Vec<String> {
        let names = identity[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.map(|name| format!("{place}.{name}")).collect()
    };
    let places = [
        ("Headers", "method.request.header"),
        ("QueryStrings", "method.request.querystring"),
        ("StageVariables", "stageVariables"),
        ("Context", "context"),
    ];
    places.iter().flat_map(|(member, place)| of(member, place)).collect::<Vec<_>>().join(", ")
}

fn invocation(function: &str) -> String {
    format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations"
    )
}
