//! What a stage has that CreateStage does not take: settings of methods, its access log, its client certificate. They
//! are patched, whether a template has them in a Stage or in a Deployment's StageDescription.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::operation;
use crate::member::{Member, Shape, member};
use crate::scope::text;

pub(crate) const ACCESS_LOG: &[Member] = &[member("DestinationArn", Shape::Text), member("Format", Shape::Text)];

pub(crate) const CANARY: &[Member] = &[
    member("DeploymentId", Shape::Text),
    member("PercentTraffic", Shape::Number),
    member("StageVariableOverrides", Shape::TextMap),
    member("UseStageCache", Shape::Flag),
];

pub(crate) const METHOD_SETTING: &[Member] = &[
    member("CacheDataEncrypted", Shape::Flag),
    member("CacheTtlInSeconds", Shape::Integer),
    member("CachingEnabled", Shape::Flag),
    member("DataTraceEnabled", Shape::Flag),
    member("HttpMethod", Shape::Text),
    member("LoggingLevel", Shape::Text),
    member("MetricsEnabled", Shape::Flag),
    member("ResourcePath", Shape::Text),
    member("ThrottlingBurstLimit", Shape::Integer),
    member("ThrottlingRateLimit", Shape::Number),
];

/// The names of settings, as a template and as a patch path have them.
pub(crate) const SETTINGS: [(&str, &str); 8] = [
    ("metricsEnabled", "metrics/enabled"),
    ("dataTraceEnabled", "logging/dataTrace"),
    ("loggingLevel", "logging/loglevel"),
    ("throttlingBurstLimit", "throttling/burstLimit"),
    ("throttlingRateLimit", "throttling/rateLimit"),
    ("cachingEnabled", "caching/enabled"),
    ("cacheTtlInSeconds", "caching/ttlInSeconds"),
    ("cacheDataEncrypted", "caching/dataEncrypted"),
];

/// The operations that lead from one list of method settings to another.
pub(crate) fn method_operations(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    let (before, after) = (by_method(before), by_method(after));
    let mut operations = Vec::new();
    for (method, settings) in &before {
        // A setting that is not named any more takes the others with it; they are set anew.
        let shrinks = after.get(method).is_none_or(|after| settings.keys().any(|name| !after.contains_key(name)));
        if shrinks {
            operations.push(operation("remove", method.clone(), None));
        }
    }
    for (method, settings) in &after {
        let old = before.get(method).filter(|old| old.keys().all(|name| settings.contains_key(name)));
        for (name, value) in settings {
            if old.and_then(|old| old.get(name)) != Some(value) {
                operations.push(operation("replace", format!("{method}/{name}"), Some(value.clone())));
            }
        }
    }
    operations
}

/// Settings by `/{resource}/{method}`, with resources as one token.
fn by_method(settings: Option<&Value>) -> BTreeMap<String, BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::<_, BTreeMap<_, _>>::new();
    for setting in settings.and_then(Value::as_array).into_iter().flatten() {
        let named = |name: &str, default: &str| setting[name].as_str().unwrap_or(default).to_owned();
        let resource = resource_token(&named("resourcePath", "/*"));
        let entry = found.entry(format!("/{resource}/{}", named("httpMethod", "*"))).or_default();
        let known = SETTINGS.iter().filter_map(|(name, path)| Some((*path, text(setting.get(*name)?)?)));
        entry.extend(known);
    }
    found
}

/// `/*` is all; `/pets/{id}`, or `/~1pets~1{id}` as templates have it, is `~1pets~1{id}`; `/` is `~1`.
fn resource_token(path: &str) -> String {
    let below = path.strip_prefix('/').unwrap_or(path);
    if below == "*" {
        return below.to_owned();
    }
    let below = below.strip_prefix("~1").unwrap_or(below);
    format!("~1{}", below.replace('/', "~1"))
}

/// The operations that lead from one access log to another.
pub(crate) fn access_log_operations(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    if before == after {
        return Vec::new();
    }
    let Some(after) = after else { return vec![operation("remove", "/accessLogSettings".to_owned(), None)] };
    let member = |name: &str| {
        let value = after.get(name).and_then(text)?;
        Some(operation("replace", format!("/accessLogSettings/{name}"), Some(value)))
    };
    ["destinationArn", "format"].into_iter().filter_map(member).collect()
}

/// The operations that lead from one canary to another.
pub(crate) fn canary_operations(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    if before == after {
        return Vec::new();
    }
    let remove = before.map(|_| operation("remove", "/canarySettings".to_owned(), None));
    let Some(after) = after else { return remove.into_iter().collect() };
    let member = |name: &str| {
        let value = after.get(name).and_then(text)?;
        Some(operation("replace", format!("/canarySettings/{name}"), Some(value)))
    };
    let overrides = after.get("stageVariableOverrides").and_then(Value::as_object).cloned().unwrap_or_default();
    let overrides = overrides.into_iter().map(|(name, value)| {
        operation("replace", format!("/canarySettings/stageVariableOverrides/{name}"), text(&value))
    });
    let scalars = ["deploymentId", "percentTraffic", "useStageCache"].into_iter().filter_map(member);
    remove.into_iter().chain(scalars).chain(overrides).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_one_token_however_they_are_written() {
        for (given, token) in
            [("/*", "*"), ("/", "~1"), ("/~1pets~1{id}", "~1pets~1{id}"), ("/pets/{id}", "~1pets~1{id}")]
        {
            assert_eq!(resource_token(given), token, "{given}");
        }
    }

    #[test]
    fn a_setting_that_goes_takes_no_other_with_it() {
        let before =
            json!([{"resourcePath": "/*", "httpMethod": "*", "throttlingRateLimit": 5.0, "metricsEnabled": true}]);
        let after = json!([{"resourcePath": "/*", "httpMethod": "*", "metricsEnabled": true}]);
        assert_eq!(
            method_operations(Some(&before), Some(&after)),
            [
                operation("remove", "/*/*".to_owned(), None),
                operation("replace", "/*/*/metrics/enabled".to_owned(), Some("true".to_owned()))
            ]
        );
        assert!(method_operations(Some(&after), Some(&after)).is_empty());
    }
}
