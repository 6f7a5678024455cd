//! The event that a function gets for a call: version 1.0 of API Gateway's proxy format.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::super::binary;
use super::super::scope;
use crate::call::Call;
use crate::variables;

/// What `requestContext` says of a call, by the names of `$context`.
const REQUEST_CONTEXT: [&str; 15] = [
    "accountId",
    "apiId",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "extendedRequestId",
    "httpMethod",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "stage",
];

/// What `requestContext.identity` always says, `null` where it is not known.
const IDENTITY: [&str; 12] = [
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
];

/// What it says besides where it is known.
const IDENTITY_IF_KNOWN: [&str; 3] = ["apiKey", "apiKeyId", "clientCert"];

/// Makes the event. `sent` are the caller's headers, `seen` those that the function sees of them.
pub(super) fn event(call: &Call<'_>, sent: &HeaderMap, seen: &HeaderMap, body: &[u8], is_binary: bool) -> Value {
    let (headers, query) = (scope::headers(call, seen), scope::query(call));
    let path = call.path_variables().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
    let stage_variables: Vec<(String, String)> = scope::stage_variables(call).into_iter().collect();
    let body = match (body.is_empty(), is_binary) {
        (true, _) => Value::Null,
        (false, true) => binary::encode(body).into(),
        (false, false) => String::from_utf8_lossy(body).into(),
    };
    json!({
        "resource": call.method.map_or("/", |method| &method.resource_path),
        "path": call.told_path(),
        "httpMethod": call.verb.as_str(),
        "headers": last_values(&headers),
        "multiValueHeaders": all_values(&headers),
        "queryStringParameters": last_values(&query),
        "multiValueQueryStringParameters": all_values(&query),
        "pathParameters": last_values(&path),
        "stageVariables": last_values(&stage_variables),
        "requestContext": request_context(call, sent),
        "isBase64Encoded": is_binary && !body.is_null(),
        "body": body,
    })
}

fn request_context(call: &Call<'_>, sent: &HeaderMap) -> Value {
    let known = variables::tree(call, sent);
    let mut context = Map::new();
    for name in REQUEST_CONTEXT {
        context.insert(name.to_owned(), known[name].clone());
    }
    let identity = &known["identity"];
    let always = IDENTITY.into_iter().map(|name| (name, identity[name].clone()));
    let if_known = IDENTITY_IF_KNOWN.into_iter().filter_map(|name| Some((name, identity.get(name)?.clone())));
    let identity: Map<String, Value> = always.chain(if_known).map(|(name, value)| (name.to_owned(), value)).collect();
    context.insert("identity".to_owned(), Value::Object(identity));
    if let Some(authorizer) = authorizer(call) {
        context.insert("authorizer".to_owned(), authorizer);
    }
    Value::Object(context)
}

/// What the call's authorizer said of the caller.
fn authorizer(call: &Call<'_>) -> Option<Value> {
    let principal = &call.principal;
    let mut said = principal.context.clone();
    if let Some(id) = &principal.id {
        said.insert("principalId".to_owned(), id.as_str().into());
    }
    if !principal.claims.is_empty() {
        said.insert("claims".to_owned(), Value::Object(principal.claims.clone()));
    }
    (!said.is_empty()).then_some(Value::Object(said))
}

/// The last value of each name; `null` when there is none, as on AWS.
fn last_values(pairs: &[(String, String)]) -> Value {
    let values: Map<String, Value> = pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    if values.is_empty() { Value::Null } else { Value::Object(values) }
}

/// All values of each name; `null` when there is none.
fn all_values(pairs: &[(String, String)]) -> Value {
    let mut lists: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let list = lists.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(value.as_str().into());
        }
    }
    if lists.is_empty() { Value::Null } else { Value::Object(lists) }
}
