use proptest::prelude::*;

use super::*;
use crate::patch::{Op, PatchOperation, copying, operation};
use crate::resources::rest_api::sample_catalog;

fn patched_from(before: &Stage, operations: &[PatchOperation]) -> Result<Stage, String> {
    patch::apply(before, operations, stage_patch::run).map_err(|failure| failure.to_string())
}

fn patched(operations: &[PatchOperation]) -> Result<Stage, String> {
    patched_from(&sample("dev", &DeploymentId::new("dep1")), operations)
}

fn refused(op: Op, path: &'static str, value: &'static str) -> String {
    patched(&[operation(op, path, value)]).expect_err("a refusal")
}

#[test]
fn a_new_method_setting_copies_what_all_methods_have_at_that_moment() {
    let stage = patched(&[
        operation(Op::Replace, "/*/*/throttling/rateLimit", "7"),
        operation(Op::Replace, "/test/GET/throttling/burstLimit", "3"),
        operation(Op::Replace, "/~1test/GET/caching/enabled", "true"),
        operation(Op::Replace, "/*/*/throttling/rateLimit", "9"),
    ])
    .expect("a stage");
    let rates: Vec<_> =
        stage.method_settings.iter().map(|(key, it)| (key.as_str(), it.throttling_rate_limit)).collect();
    assert_eq!(rates, [("*/*", 9.0), ("test/GET", 7.0), ("~1test/GET", 7.0)]);
    assert_eq!(stage.method_settings["test/GET"].throttling_burst_limit, 3);
}

#[test]
fn a_method_setting_starts_with_the_defaults_of_aws() {
    let stage = patched(&[operation(Op::Replace, "/*/*/metrics/enabled", "true")]).expect("a stage");
    assert_eq!(
        serde_json::to_value(StageWire::new(&stage)).expect("json")["methodSettings"]["*/*"],
        serde_json::json!({
            "metricsEnabled": true, "dataTraceEnabled": false, "throttlingBurstLimit": 5000,
            "throttlingRateLimit": 10000.0, "cachingEnabled": false, "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": false, "requireAuthorizationForCacheControl": true,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
        })
    );
}

#[test]
fn a_method_setting_is_removed_whole() {
    let set = operation(Op::Replace, "/test/GET/throttling/burstLimit", "3");
    assert!(patched(&[set, operation(Op::Remove, "/test/GET", None)]).expect("a stage").method_settings.is_empty());
    assert_eq!(
        refused(Op::Remove, "/*/*", ""),
        "Cannot remove method setting */* because there is no method setting for this method "
    );
    assert_eq!(
        refused(Op::Remove, "/accessLogSettings/destinationArn", ""),
        "Cannot remove method setting accessLogSettings/destinationArn because there is no method setting for this \
         method "
    );
}

#[test]
fn unknown_paths_get_the_long_list() {
    for path in ["/stageName", "/documentation_version", "/canarySettings", "/test/NOPE/metrics/enabled", ""] {
        let text = refused(Op::Replace, path, "x");
        let start = format!("Invalid method setting path: {path}. Must be one of: [/deploymentId, /description, ");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with("/variables/{variable_name}, /tracingEnabled]"), "{text}");
    }
}

#[test]
fn access_logs_are_refused_in_the_words_of_aws() {
    let paths = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, \
                 /accessLogSettings/format]";
    assert_eq!(refused(Op::Add, "/accessLogSettings", "x"), paths);
    assert_eq!(refused(Op::Replace, "/accessLogSettings/x", "x"), paths);
    assert_eq!(refused(Op::Replace, "/accessLogSettings/format", ""), "Access Log value must not be empty");
    assert_eq!(
        refused(Op::Add, "/accessLogSettings/format", "$context.status"),
        "Access Log format must include either $context.requestId or $context.extendedRequestId"
    );
    let stage = patched(&[operation(Op::Add, "/accessLogSettings/format", "$context.requestId")]).expect("a stage");
    assert!(
        patched_from(&stage, &[operation(Op::Remove, "/accessLogSettings", None)])
            .is_ok_and(|stage| stage.access_log_settings.is_none())
    );
}

#[test]
fn a_canary_begins_with_what_the_stage_serves() {
    for (path, value) in [("percentTraffic", "50"), ("stageVariableOverrides/a", "b"), ("useStageCache", "true")] {
        let stage = patched(&[operation(Op::Replace, &format!("/canarySettings/{path}"), value)]).expect("a stage");
        let canary = stage.canary_settings.expect("a canary");
        assert_eq!(canary.deployment_id, Some(DeploymentId::new("dep1")), "{path}");
    }
    let body = br#"{"stageName": "dev", "deploymentId": "dep1", "canarySettings": {"percentTraffic": 10}}"#;
    let made = read(&Members::parse(body).expect("an object"), UnixMillis(0)).expect("a stage");
    assert_eq!(made.canary_settings.expect("a canary").deployment_id, Some(DeploymentId::new("dep1")));
}

#[test]
fn a_canary_that_is_made_in_the_same_patch_can_be_promoted() {
    let stage = patched(&[
        operation(Op::Replace, "/canarySettings/percentTraffic", "0.0"),
        copying("/deploymentId", "/canarySettings/deploymentId"),
        copying("/variables", "/canarySettings/stageVariableOverrides"),
    ])
    .expect("a stage");
    let canary = stage.canary_settings.expect("a canary");
    assert_eq!((stage.deployment_id.as_str(), canary.percent_traffic), ("dep1", 0.0));
}

#[test]
fn a_canary_is_promoted_by_copying() {
    let with_canary = patched(&[
        operation(Op::Replace, "/canarySettings/deploymentId", "dep2"),
        operation(Op::Replace, "/canarySettings/percentTraffic", "10"),
        operation(Op::Replace, "/canarySettings/stageVariableOverrides/a", "new"),
        operation(Op::Replace, "/variables/a", "old"),
    ])
    .expect("a stage");
    let promoted = patched_from(
        &with_canary,
        &[
            copying("/deploymentId", "/canarySettings/deploymentId"),
            copying("/variables", "/canarySettings/stageVariableOverrides"),
        ],
    )
    .expect("a stage");
    assert_eq!((promoted.deployment_id.as_str(), promoted.variables["a"].as_str()), ("dep2", "new"));
    let canary = promoted.canary_settings.expect("a canary");
    assert_eq!((canary.percent_traffic, canary.stage_variable_overrides.len()), (0.0, 1));
}

#[test]
fn variables_are_replaced_one_by_one_or_all_at_once() {
    let stage = patched(&[
        operation(Op::Replace, "/variables/gone", "x"),
        operation(Op::Replace, "/variables", r#"{"a":"b"}"#),
        operation(Op::Replace, "/canarySettings/stageVariableOverrides/gone", "x"),
        operation(Op::Replace, "/canarySettings/stageVariableOverrides", r#"{"c":"d"}"#),
    ])
    .expect("a stage");
    assert_eq!(stage.variables, [("a".to_owned(), "b".to_owned())].into());
    let overrides = stage.canary_settings.expect("a canary").stage_variable_overrides;
    assert_eq!(overrides, [("c".to_owned(), "d".to_owned())].into());
    for path in ["/variables", "/canarySettings/stageVariableOverrides"] {
        for bad in ["", "a=b", "[]", r#"{"a":1}"#] {
            assert_eq!(refused(Op::Replace, path, bad), format!("Invalid value specified for {path}: {bad}"));
        }
    }
}

#[test]
fn a_stage_shows_a_version_of_the_documentation_that_is_there() {
    let catalog = sample_catalog("api1", &["dev"]);
    let tree = catalog.rest_apis.values().next().expect("an API");
    let plain = sample("dev", &DeploymentId::new("dep1"));
    let showing = Stage { documentation_version: Some("v1".to_owned()), ..plain.clone() };
    assert_eq!(check_documentation(tree, None, &plain), Ok(()));
    assert_eq!(check_documentation(tree, Some(&plain), &showing), Err(Conflict::StageDocumentationUnknown));
    assert_eq!(check_documentation(tree, Some(&showing), &showing), Ok(()), "a deleted version may stay named");
}

#[test]
fn canaries_are_refused_in_the_words_of_aws() {
    let copied = |path, from| patched(&[copying(path, from)]).expect_err("a refusal");
    assert_eq!(
        copied("/canarySettings/stageVariableOverrides", "/variables"),
        "Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid \
         copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, \
         /canarySettings/stageVariableOverrides]"
    );
    assert_eq!(
        copied("/deploymentId", "/canarySettings/deploymentId"),
        "Promotion not available. Canary does not exist."
    );
    assert_eq!(
        refused(Op::Add, "/canarySettings/deploymentId", "x"),
        "Invalid add operation with path: /canarySettings/deploymentId"
    );
}

#[test]
fn creation_is_refused_in_the_words_of_aws() {
    let catalog = sample_catalog("api1", &["dev"]);
    let tree = catalog.rest_apis.values().next().expect("an API");
    let refused = |name: &str, deployment: &str| {
        let body = format!(r#"{{"stageName":"{name}","deploymentId":"{deployment}"}}"#);
        let body = Members::parse(body.as_bytes()).expect("an object");
        let decided = read(&body, UnixMillis(0)).and_then(|stage| decide_create(tree, stage));
        decided.map(|_| ()).map_err(|failure| failure.to_string())
    };
    assert_eq!(refused("dev", "dep1"), Err("Stage already exists".to_owned()));
    assert_eq!(refused("new", "nope"), Err("Deployment id does not exist".to_owned()));
    assert_eq!(refused("a b", "dep1"), Err("Stage name only allows a-zA-Z0-9_-".to_owned()));
    assert_eq!(refused("my-stage_2", "dep1"), Ok(()));
}

#[test]
fn variables_have_plain_names_and_values() {
    let check = |name: &str, value: &str| check_variables(&[(name.to_owned(), value.to_owned())].into());
    assert_eq!(check("url", "https://a.b/c?d=e,f"), Ok(()));
    assert_eq!(check("a-b", "x"), Err(Conflict::BadVariableName("a-b".to_owned())));
    assert_eq!(check("a", "x'y"), Err(Conflict::BadVariableValue("a".to_owned())));
}

proptest! {
    #[test]
    fn any_path_and_value_is_answered(
        path in "(/[*]|/GET|/a|/throttling|/rateLimit|/canarySettings|~1|/){0,6}",
        value in ".{0,6}",
    ) {
        for op in [Op::Add, Op::Remove, Op::Replace, Op::Copy, Op::Move] {
            let _ = patched(&[operation(op, &path, value.as_str())]);
        }
    }
}
