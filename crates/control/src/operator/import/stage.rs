//! A stage as it is elsewhere.

use std::collections::BTreeMap;

use tollgate_domain::stage::AccessLogSettings;
use tollgate_domain::{DeploymentId, MethodSetting, RestApiTree, Stage, StageName, UnixMillis};

use super::rest_api::date;
use crate::answer::text;
use crate::error::Failure;
use crate::json::Members;
use crate::resources::{stage, tags};

/// Reads a stage as GetStage shows it, but for a canary and a client certificate: both would name what is not here.
pub(super) fn read(told: &Members, now: UnixMillis) -> Result<Stage, Failure> {
    let name = StageName::new(told.string("stageName")?.unwrap_or_default());
    let deployment = DeploymentId::new(told.string("deploymentId")?.unwrap_or_default());
    let draft = stage::StageDraft::read(told, "description")?;
    let log = told.object("accessLogSettings")?;
    let created = date(told, "createdDate")?.unwrap_or(now);
    let stage = Stage {
        updated: date(told, "lastUpdatedDate")?.unwrap_or(created),
        method_settings: read_settings(told)?,
        documentation_version: told.string("documentationVersion")?,
        access_log_settings: log.map(|log| read_log(&log)).transpose()?,
        tags: tags::read(told)?,
        ..draft.apply(stage::fresh(name, deployment, created)?)
    };
    stage::check(&stage)?;
    Ok(stage)
}

fn read_log(told: &Members) -> Result<AccessLogSettings, Failure> {
    Ok(AccessLogSettings { destination_arn: told.string("destinationArn")?, format: told.string("format")? })
}

fn read_settings(told: &Members) -> Result<BTreeMap<String, MethodSetting>, Failure> {
    let settings = told.object_map("methodSettings")?.unwrap_or_default();
    settings.into_iter().map(|(key, told)| Ok((key, read_setting(&told)?))).collect()
}

fn read_setting(told: &Members) -> Result<MethodSetting, Failure> {
    let usual = MethodSetting::default();
    let truth = |name: &str, usual: bool| Ok::<_, Failure>(told.bool(name)?.unwrap_or(usual));
    let count = |name: &str, usual: i32| {
        Ok::<_, Failure>(told.integer(name)?.map_or(usual, |count| i32::try_from(count).unwrap_or(i32::MAX)))
    };
    Ok(MethodSetting {
        metrics_enabled: truth("metricsEnabled", usual.metrics_enabled)?,
        logging_level: told.string("loggingLevel")?,
        data_trace_enabled: truth("dataTraceEnabled", usual.data_trace_enabled)?,
        throttling_burst_limit: count("throttlingBurstLimit", usual.throttling_burst_limit)?,
        throttling_rate_limit: told.double("throttlingRateLimit")?.unwrap_or(usual.throttling_rate_limit),
        caching_enabled: truth("cachingEnabled", usual.caching_enabled)?,
        cache_ttl_in_seconds: count("cacheTtlInSeconds", usual.cache_ttl_in_seconds)?,
        cache_data_encrypted: truth("cacheDataEncrypted", usual.cache_data_encrypted)?,
        require_authorization_for_cache_control: truth(
            "requireAuthorizationForCacheControl",
            usual.require_authorization_for_cache_control,
        )?,
        unauthorized_cache_control_header_strategy: told
            .string("unauthorizedCacheControlHeaderStrategy")?
            .unwrap_or(usual.unauthorized_cache_control_header_strategy),
    })
}

/// The stage that is wanted in place of the one before. What is here alone stays: its canary, its certificate. A
/// version of the documentation that is not here is left out. What differs in its dates alone is the same.
pub(super) fn settled(wanted: &Stage, before: Option<&Stage>, tree: &RestApiTree) -> Stage {
    let version = text(&wanted.documentation_version);
    let documented = version.filter(|version| tree.documentation_versions.contains_key(*version)).map(str::to_owned);
    let mut stage = Stage { documentation_version: documented, ..wanted.clone() };
    let Some(before) = before else { return stage };
    stage.created = before.created;
    stage.canary_settings.clone_from(&before.canary_settings);
    stage.client_certificate_id.clone_from(&before.client_certificate_id);
    if stage.documentation_version.is_none() {
        stage.documentation_version.clone_from(&before.documentation_version);
    }
    let as_before = Stage { updated: before.updated, ..stage.clone() };
    if as_before == *before { as_before } else { stage }
}
