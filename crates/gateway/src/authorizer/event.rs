//! What a function is shown of a call.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::integration::{scope, seen_by_authorizers};
use crate::variables;

/// The event of an authorizer of type TOKEN.
pub(super) fn token(token: &str, arn: &str) -> Value {
    json!({"type": "TOKEN", "authorizationToken": token, "methodArn": arn})
}

/// The event of an authorizer of type REQUEST: the call without its body. Where a name has several values, the single
/// map has the last.
pub(super) fn request(call: &Call<'_>, headers: &HeaderMap, arn: &str) -> Value {
    let (query, seen) = (scope::query(call), scope::headers(call, &seen_by_authorizers(call, headers)));
    let path_variables = call.path_variables().map(|(name, value)| (name.to_owned(), Value::from(value)));
    let stage_variables = call.stage.map(|stage| &stage.program.variables);
    json!({
        "type": "REQUEST",
        "methodArn": arn,
        "resource": call.method.map(|method| method.resource_path.as_str()),
        "path": call.told_path(),
        "httpMethod": call.verb.as_str(),
        "headers": last_values(&seen),
        "multiValueHeaders": all_values(&seen),
        "queryStringParameters": last_values(&query),
        "multiValueQueryStringParameters": all_values(&query),
        "pathParameters": path_variables.collect::<Map<String, Value>>(),
        "stageVariables": stage_variables,
        "requestContext": variables::tree(call, headers),
    })
}

fn last_values(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

fn all_values(pairs: &[(String, String)]) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in pairs {
        if let Value::Array(values) = all.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(Value::from(value.as_str()));
        }
    }
    all
}
