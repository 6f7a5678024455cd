//! An API as an OpenAPI document, made of its resources: for APIs that have no stage to export, and for accounts that
//! cannot export.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reader::{Reader, Unread, segment, text};

/// The parts of an API that its methods refer to by id.
struct Parts {
    /// Names of authorizers by id, with their kinds.
    authorizers: BTreeMap<String, (String, String)>,
    validators: BTreeMap<String, String>,
}

/// Reads an API as it stands. `None` when it has no methods.
pub(super) async fn read(reader: &impl Reader, api: &Value) -> Result<Option<Value>, Unread> {
    let id = segment(text(api, "id"));
    let list = async |part: &str| reader.items(&format!("/restapis/{id}/{part}")).await;
    let mut resources = list("resources?embed=methods").await?;
    for resource in &mut resources {
        fill_methods(reader, &id, resource).await?;
    }
    if resources.iter().all(|resource| methods(resource).next().is_none()) {
        return Ok(None);
    }
    let optional = async |part: &str| list(part).await.unwrap_or_default();
    let authorizers = list("authorizers").await?;
    let validators = optional("requestvalidators").await;
    let (models, responses) = (optional("models").await, optional("gatewayresponses").await);
    Ok(Some(document(api, &resources, &authorizers, &validators, &models, &responses)))
}

/// Some endpoints list methods by name alone, or do without their integrations: these are read one by one.
async fn fill_methods(reader: &impl Reader, api: &str, resource: &mut Value) -> Result<(), Unread> {
    let id = segment(text(resource, "id"));
    let Some(Value::Object(methods)) = resource.get_mut("resourceMethods") else { return Ok(()) };
    for (verb, method) in methods {
        if method.get("authorizationType").is_none() || method.get("methodIntegration").is_none() {
            *method = reader.read(&format!("/restapis/{api}/resources/{id}/methods/{verb}")).await?;
        }
    }
    Ok(())
}

fn methods(resource: &Value) -> impl Iterator<Item = (&String, &Value)> {
    resource["resourceMethods"].as_object().into_iter().flatten()
}

fn document(
    api: &Value,
    resources: &[Value],
    authorizers: &[Value],
    validators: &[Value],
    models: &[Value],
    responses: &[Value],
) -> Value {
    let name = |part: &Value| (text(part, "id").to_owned(), text(part, "name").to_owned());
    let parts = Parts {
        authorizers: authorizers
            .iter()
            .map(|part| (text(part, "id").to_owned(), (text(part, "name").to_owned(), text(part, "type").to_owned())))
            .collect(),
        validators: validators.iter().map(name).collect(),
    };
    let mut paths = Map::new();
    for resource in resources {
        let operations: Map<String, Value> = methods(resource)
            .map(|(verb, method)| {
                let name = if verb == "ANY" { ANY.to_owned() } else { verb.to_ascii_lowercase() };
                (name, operation(method, &parts))
            })
            .collect();
        paths.insert(text(resource, "path").to_owned(), operations.into());
    }
    let version = api["version"].as_str().unwrap_or("1");
    kept(json!({
        "openapi": "3.0.1",
        "info": kept(json!({ "title": api["name"], "description": api["description"], "version": version })),
        "paths": paths,
        "components": kept(json!({ "schemas": schemas(models), "securitySchemes": schemes(authorizers) })),
        "x-amazon-apigateway-request-validators": by_name(validators, |part| json!({
            "validateRequestBody": part["validateRequestBody"],
            "validateRequestParameters": part["validateRequestParameters"],
        })),
        "x-amazon-apigateway-gateway-responses": gateway_responses(responses),
        "x-amazon-apigateway-api-key-source": api["apiKeySource"],
        "x-amazon-apigateway-binary-media-types": api["binaryMediaTypes"],
        "x-amazon-apigateway-minimum-compression-size": api["minimumCompressionSize"],
    }))
}

const ANY: &str = "x-amazon-apigateway-any-method";

/// The members of an object that say something.
fn kept(object: Value) -> Value {
    let Value::Object(members) = object else { return object };
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    members.into_iter().filter(|(_, value)| says(value)).collect::<Map<_, _>>().into()
}

fn by_name(parts: &[Value], told: impl Fn(&Value) -> Value) -> Value {
    parts.iter().map(|part| (text(part, "name").to_owned(), told(part))).collect::<Map<_, _>>().into()
}

/// Models refer to each other by URLs, which documents write otherwise.
fn schemas(models: &[Value]) -> Value {
    let schema = |model: &Value| {
        let told = text(model, "schema").to_owned();
        serde_json::from_str(&told).map(with_references).unwrap_or_else(|_| json!({}))
    };
    by_name(models, schema)
}

fn with_references(schema: Value) -> Value {
    match schema {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| match value.as_str() {
                Some(reference) if name == "$ref" && reference.contains("/models/") => {
                    let model = reference.rsplit('/').next().unwrap_or_default();
                    (name, format!("#/components/schemas/{model}").into())
                }
                _ => (name, with_references(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(with_references).collect(),
        plain => plain,
    }
}

fn gateway_responses(responses: &[Value]) -> Value {
    let own = responses.iter().filter(|response| response["defaultResponse"] != true);
    let told = own.map(|response| {
        let told = kept(json!({
            "statusCode": response["statusCode"],
            "responseParameters": response["responseParameters"],
            "responseTemplates": response["responseTemplates"],
        }));
        (text(response, "responseType").to_owned(), told)
    });
    told.collect::<Map<_, _>>().into()
}

fn schemes(authorizers: &[Value]) -> Value {
    let mut schemes = Map::new();
    schemes.insert(API_KEY.to_owned(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
    let signed = json!({ "type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: "awsSigv4" });
    schemes.insert(SIGNED.to_owned(), signed);
    for authorizer in authorizers {
        let source = text(authorizer, "identitySource");
        let header = source.strip_prefix("method.request.header.").filter(|name| !name.contains(','));
        let extension = kept(json!({
            "type": text(authorizer, "type").to_ascii_lowercase(),
            "authorizerUri": authorizer["authorizerUri"],
            "authorizerCredentials": authorizer["authorizerCredentials"],
            "identitySource": source,
            "identityValidationExpression": authorizer["identityValidationExpression"],
            "authorizerResultTtlInSeconds": authorizer["authorizerResultTtlInSeconds"],
            "providerARNs": authorizer["providerARNs"],
        }));
        let scheme = kept(json!({
            "type": "apiKey", "name": header.unwrap_or("Authorization"), "in": "header",
            AUTHTYPE: authorizer["authType"], "x-amazon-apigateway-authorizer": extension,
        }));
        schemes.insert(text(authorizer, "name").to_owned(), scheme);
    }
    schemes.into()
}

const AUTHTYPE: &str = "x-amazon-apigateway-authtype";
/// Schemes by names that authorizers are not likely to have.
const API_KEY: &str = "tollgate_import_api_key";
const SIGNED: &str = "tollgate_import_sigv4";

fn operation(method: &Value, parts: &Parts) -> Value {
    kept(json!({
        "operationId": method["operationName"],
        "parameters": parameters(&method["requestParameters"]),
        "requestBody": kept(json!({ "content": contents(&method["requestModels"]) })),
        "responses": responses(&method["methodResponses"]),
        "security": security(method, parts),
        "x-amazon-apigateway-request-validator":
            method["requestValidatorId"].as_str().and_then(|id| parts.validators.get(id)),
        "x-amazon-apigateway-integration": integration(&method["methodIntegration"]),
    }))
}

fn security(method: &Value, parts: &Parts) -> Vec<Value> {
    let mut required = Vec::new();
    if text(method, "authorizationType") == "AWS_IAM" {
        required.push(json!({ SIGNED: [] }));
    }
    if let Some((name, kind)) = method["authorizerId"].as_str().and_then(|id| parts.authorizers.get(id)) {
        let scopes = if kind == "COGNITO_USER_POOLS" { method["authorizationScopes"].clone() } else { json!([]) };
        required.push(json!({ name: if scopes.is_null() { json!([]) } else { scopes } }));
    }
    if method["apiKeyRequired"] == true {
        required.push(json!({ API_KEY: [] }));
    }
    required
}

fn parameters(told: &Value) -> Vec<Value> {
    let told = told.as_object().into_iter().flatten();
    let parameter = |(name, required): (&String, &Value)| {
        let (place, name) = name.strip_prefix("method.request.")?.split_once('.')?;
        let required = place == "path" || *required == true;
        let place = if place == "querystring" { "query" } else { place };
        Some(json!({ "name": name, "in": place, "required": required, "schema": { "type": "string" } }))
    };
    told.filter_map(parameter).collect()
}

fn contents(models: &Value) -> Value {
    let models = models.as_object().into_iter().flatten();
    let content = |(media_type, model): (&String, &Value)| {
        let reference = format!("#/components/schemas/{}", model.as_str().unwrap_or("Empty"));
        (media_type.clone(), json!({ "schema": { "$ref": reference } }))
    };
    models.map(content).collect::<Map<_, _>>().into()
}

fn responses(told: &Value) -> Value {
    let told = told.as_object().into_iter().flatten();
    let response = |(code, response): (&String, &Value)| {
        let headers = response["responseParameters"].as_object().into_iter().flatten();
        let headers = headers.filter_map(|(name, required)| {
            let name = name.strip_prefix("method.response.header.")?.to_owned();
            Some((name, kept(json!({ "required": *required == true, "schema": { "type": "string" } }))))
        });
        let told = kept(json!({
            "description": format!("{code} response"),
            "headers": headers.collect::<Map<_, _>>(),
            "content": contents(&response["responseModels"]),
        }));
        (code.clone(), told)
    };
    told.map(response).collect::<Map<_, _>>().into()
}

/// An integration, with its responses by the pattern that selects them.
fn integration(told: &Value) -> Value {
    let Value::Object(members) = told else { return Value::Null };
    let mut integration = members.clone();
    for own in ["integrationResponses", "responseTransferMode", "_links"] {
        integration.remove(own);
    }
    for name in ["type", "passthroughBehavior"] {
        if let Some(word) = members.get(name).and_then(Value::as_str) {
            integration.insert(name.to_owned(), word.to_ascii_lowercase().into());
        }
    }
    let told = members.get("integrationResponses").and_then(Value::as_object);
    let responses = told.into_iter().flatten().map(|(code, response)| {
        let mut told = response.clone();
        let pattern = response["selectionPattern"].as_str().filter(|pattern| !pattern.is_empty());
        let pattern = pattern.unwrap_or("default").to_owned();
        if let Value::Object(members) = &mut told {
            members.remove("selectionPattern");
            members.insert("statusCode".to_owned(), code.clone().into());
        }
        (pattern, kept(told))
    });
    integration.insert("responses".to_owned(), responses.collect::<Map<_, _>>().into());
    kept(integration.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_becomes_an_operation() {
        let parts = Parts {
            authorizers: [("a1".to_owned(), ("pool".to_owned(), "COGNITO_USER_POOLS".to_owned()))].into(),
            validators: [("v1".to_owned(), "all".to_owned())].into(),
        };
        let method = json!({
            "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "a1", "authorizationScopes": ["read"],
            "apiKeyRequired": true, "requestValidatorId": "v1",
            "requestParameters": {"method.request.path.id": false, "method.request.querystring.q": true},
            "methodResponses": {"200": {"responseParameters": {"method.response.header.ETag": false}}},
            "methodIntegration": {
                "type": "HTTP", "httpMethod": "GET", "uri": "http://pets", "passthroughBehavior": "WHEN_NO_MATCH",
                "integrationResponses": {
                    "200": {"statusCode": "200", "selectionPattern": ""},
                    "404": {"statusCode": "404", "selectionPattern": "4\\d\\d"},
                },
            },
        });
        let told = operation(&method, &parts);
        assert_eq!(told["security"], json!([{"pool": ["read"]}, {API_KEY: []}]));
        assert_eq!(told["x-amazon-apigateway-request-validator"], json!("all"));
        assert_eq!(told["parameters"][0]["in"], json!("path"));
        assert_eq!(told["parameters"][1]["required"], json!(true));
        assert_eq!(
            told["responses"]["200"]["headers"],
            json!({"ETag": {"required": false, "schema": {"type": "string"}}})
        );
        let integration = &told["x-amazon-apigateway-integration"];
        assert_eq!(
            (&integration["type"], &integration["passthroughBehavior"]),
            (&json!("http"), &json!("when_no_match"))
        );
        let responses = json!({"default": {"statusCode": "200"}, "4\\d\\d": {"statusCode": "404"}});
        assert_eq!(integration["responses"], responses);
    }

    #[test]
    fn models_refer_to_each_other_within_the_document() {
        let told = json!({"properties": {"a": {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Pet"}}});
        let expected = json!({"properties": {"a": {"$ref": "#/components/schemas/Pet"}}});
        assert_eq!(with_references(told), expected);
    }
}
