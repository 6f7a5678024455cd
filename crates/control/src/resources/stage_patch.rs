//! UpdateStage: the paths of a stage, with texts of their own.

use std::collections::BTreeMap;

use tollgate_domain::stage::CanarySettings;
use tollgate_domain::{DeploymentId, HttpMethod, MethodSetting, Stage};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation, PatchRefusal, unescape};
use crate::resources::stage::{self, check_percent};

/// AWS's list of paths, with the separators that it forgets.
pub(crate) const PATHS: &str = "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, \
/clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, \
/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, \
/{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit\
/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, \
/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, \
/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, \
/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, \
/*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit \
/*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, \
/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, \
/variables/{variable_name}, /tracingEnabled";
const ALL_METHODS: &str = "*/*";
const LONGEST_TTL_SECONDS: i32 = 3600;

/// Runs one operation.
pub(crate) fn run(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    match operation.op {
        Op::Replace => replace(stage, operation),
        Op::Add => add(stage, operation),
        Op::Remove => remove(stage, operation),
        Op::Copy => copy(stage, operation),
        Op::Move | Op::Test => Err(bad_path(operation)),
    }
}

fn bad_path(operation: &PatchOperation) -> Failure {
    PatchRefusal::BadStagePath { path: operation.path().to_owned() }.into()
}

fn replace(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    let path = operation.path();
    match path {
        "/deploymentId" => stage.deployment_id = DeploymentId::new(operation.value()),
        "/description" => stage.description = operation.text(),
        "/documentationVersion" => stage.documentation_version = operation.text(),
        "/clientCertificateId" => stage.client_certificate_id = operation.text(),
        "/cacheClusterEnabled" => stage.cache_cluster_enabled = operation.truth(),
        "/cacheClusterSize" => stage.cache_cluster_size = operation.text(),
        "/tracingEnabled" => stage.tracing_enabled = operation.truth(),
        "/variables" => stage.variables = whole_map(operation)?,
        _ => {
            if let Some(name) = path.strip_prefix("/variables/") {
                stage.variables.insert(unescape(name), operation.value().to_owned());
            } else if let Some(member) = path.strip_prefix("/accessLogSettings") {
                set_access_log(stage, member, operation.value())?;
            } else if let Some(member) = path.strip_prefix("/canarySettings/") {
                replace_in_canary(stage, member, operation)?;
            } else {
                replace_method_setting(stage, operation)?;
            }
        }
    }
    Ok(())
}

fn add(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    let path = operation.path();
    if let Some(member) = path.strip_prefix("/accessLogSettings") {
        return set_access_log(stage, member, operation.value());
    }
    if path.starts_with("/canarySettings/") {
        return Err(Conflict::BadAdd(path.to_owned()).into());
    }
    Err(bad_path(operation))
}

fn remove(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    let path = operation.path();
    match path {
        "/variables" => stage.variables.clear(),
        "/accessLogSettings" => stage.access_log_settings = None,
        "/canarySettings" => stage.canary_settings = None,
        _ => {
            if let Some(name) = path.strip_prefix("/variables/") {
                stage.variables.remove(&unescape(name));
            } else if let Some(name) = path.strip_prefix("/canarySettings/stageVariableOverrides/") {
                let canary = stage.canary_settings.as_mut().ok_or(Conflict::NoCanary)?;
                canary.stage_variable_overrides.remove(&unescape(name));
            } else {
                // What is left can only be a method setting, for AWS even when it looks like something else.
                let key = path.strip_prefix('/').unwrap_or(path);
                let gone = stage.method_settings.remove(key);
                gone.ok_or_else(|| Conflict::NoSuchMethodSetting(key.to_owned()))?;
            }
        }
    }
    Ok(())
}

fn whole_map(operation: &PatchOperation) -> Result<BTreeMap<String, String>, Conflict> {
    let bad = || Conflict::BadSetting { path: operation.path().to_owned(), value: operation.value().to_owned() };
    operation.text_map().ok_or_else(bad)
}

/// Promotes a canary: its deployment or its variables become the stage's.
fn copy(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    let (path, from) = (operation.path(), operation.from.as_deref().unwrap_or_default());
    let canary = stage.canary_settings.as_mut();
    match (path, from) {
        ("/deploymentId", "/canarySettings/deploymentId") => {
            let canary = canary.ok_or(Conflict::NoCanary)?;
            stage.deployment_id = canary.deployment_id.clone().ok_or(Conflict::NoCanary)?;
            canary.percent_traffic = 0.0;
        }
        ("/variables", "/canarySettings/stageVariableOverrides") => {
            let canary = canary.ok_or(Conflict::NoCanary)?;
            stage.variables.extend(canary.stage_variable_overrides.clone());
        }
        _ => return Err(Conflict::BadCopy { path: path.to_owned(), from: from.to_owned() }.into()),
    }
    Ok(())
}

fn set_access_log(stage: &mut Stage, member: &str, value: &str) -> Result<(), Failure> {
    if !matches!(member, "/destinationArn" | "/format") {
        return Err(Conflict::BadAccessLogPath.into());
    }
    if value.is_empty() {
        return Err(Conflict::EmptyAccessLog.into());
    }
    let settings = stage.access_log_settings.get_or_insert_default();
    if member == "/format" {
        let named = ["$context.requestId", "$context.extendedRequestId"].iter().any(|name| value.contains(name));
        if !named {
            return Err(Conflict::BadAccessLogFormat.into());
        }
        settings.format = Some(value.to_owned());
    } else {
        if !value.starts_with("arn:") {
            return Err(Conflict::BadAccessLogArn.into());
        }
        settings.destination_arn = Some(value.to_owned());
    }
    Ok(())
}

fn replace_in_canary(stage: &mut Stage, member: &str, operation: &PatchOperation) -> Result<(), Failure> {
    let mut canary = stage.canary_settings.clone().unwrap_or_else(|| stage::canary_of(stage));
    set_in_canary(&mut canary, member, operation)?;
    stage.canary_settings = Some(canary);
    Ok(())
}

fn set_in_canary(canary: &mut CanarySettings, member: &str, operation: &PatchOperation) -> Result<(), Failure> {
    match member {
        "deploymentId" => canary.deployment_id = operation.text().map(DeploymentId::new),
        "percentTraffic" => {
            let percent = operation.value().trim().parse().map_err(|_| Conflict::BadPercentTraffic)?;
            canary.percent_traffic = check_percent(percent)?;
        }
        "useStageCache" => canary.use_stage_cache = operation.truth(),
        "stageVariableOverrides" => canary.stage_variable_overrides = whole_map(operation)?,
        _ => {
            let name = member.strip_prefix("stageVariableOverrides/").ok_or_else(|| bad_path(operation))?;
            canary.stage_variable_overrides.insert(unescape(name), operation.value().to_owned());
        }
    }
    Ok(())
}

/// Sets a member of `{resource path}/{METHOD}/{group}/{member}`.
///
/// The key is kept as it was written, escapes and all. A new entry for a method starts from what all methods have at
/// that moment; later changes to all methods do not reach it.
fn replace_method_setting(stage: &mut Stage, operation: &PatchOperation) -> Result<(), Failure> {
    let refuse = || bad_path(operation);
    let path = operation.path().strip_prefix('/').ok_or_else(refuse)?;
    let (rest, member) = path.rsplit_once('/').ok_or_else(refuse)?;
    let (key, group) = rest.rsplit_once('/').ok_or_else(refuse)?;
    let (_, method) = key.rsplit_once('/').ok_or_else(refuse)?;
    if method != "*" && HttpMethod::parse(method).is_none() {
        return Err(refuse());
    }
    let current = stage.method_settings.get(key).or_else(|| stage.method_settings.get(ALL_METHODS));
    let mut setting = current.cloned().unwrap_or_default();
    set_member(&mut setting, group, member, operation)?;
    stage.method_settings.insert(key.to_owned(), setting);
    Ok(())
}

fn set_member(
    setting: &mut MethodSetting,
    group: &str,
    member: &str,
    operation: &PatchOperation,
) -> Result<(), Failure> {
    let value = operation.value();
    let bad = || Conflict::BadSetting { path: operation.path().to_owned(), value: value.to_owned() };
    match (group, member) {
        ("metrics", "enabled") => setting.metrics_enabled = operation.truth(),
        ("logging", "dataTrace") => setting.data_trace_enabled = operation.truth(),
        ("logging", "loglevel") if matches!(value, "OFF" | "ERROR" | "INFO") => {
            setting.logging_level = Some(value.to_owned());
        }
        ("throttling", "burstLimit") => setting.throttling_burst_limit = value.trim().parse().map_err(|_| bad())?,
        ("throttling", "rateLimit") => {
            let rate: f64 = value.trim().parse().map_err(|_| bad())?;
            setting.throttling_rate_limit = Some(rate).filter(|rate| rate.is_finite()).ok_or_else(bad)?;
        }
        ("caching", "enabled") => setting.caching_enabled = operation.truth(),
        ("caching", "dataEncrypted") => setting.cache_data_encrypted = operation.truth(),
        ("caching", "ttlInSeconds") => {
            let seconds = value.trim().parse().map_err(|_| Conflict::BadTimeToLive)?;
            let seconds = Some(seconds).filter(|seconds| (0..=LONGEST_TTL_SECONDS).contains(seconds));
            setting.cache_ttl_in_seconds = seconds.ok_or(Conflict::BadTimeToLive)?;
        }
        ("caching", "requireAuthorizationForCacheControl") => {
            setting.require_authorization_for_cache_control = operation.truth();
        }
        ("caching", "unauthorizedCacheControlHeaderStrategy") if is_strategy(value) => {
            setting.unauthorized_cache_control_header_strategy = value.to_owned();
        }
        ("logging", "loglevel") | ("caching", "unauthorizedCacheControlHeaderStrategy") => return Err(bad().into()),
        _ => return Err(bad_path(operation)),
    }
    Ok(())
}

fn is_strategy(text: &str) -> bool {
    matches!(text, "FAIL_WITH_403" | "SUCCEED_WITH_RESPONSE_HEADER" | "SUCCEED_WITHOUT_RESPONSE_HEADER")
}
