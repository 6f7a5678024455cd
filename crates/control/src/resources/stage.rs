//! Stage: a deployment under a name that callers use.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::RecordKey;
use tollgate_domain::stage::{AccessLogSettings, CanarySettings};
use tollgate_domain::{Catalog, DeploymentId, MethodSetting, Record, RestApiTree, Stage, StageName, Tags, UnixMillis};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::patch;
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{base_path_mapping, choice, client_certificate, rest_api, stage_patch, tags, usage_plan};
use crate::write::Change;

const NAME_LIMIT: usize = 128;

/// A stage on the wire. It shows tags only when there are some.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StageWire<'a> {
    deployment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate_id: Option<&'a str>,
    stage_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    cache_cluster_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_cluster_size: Option<&'a str>,
    cache_cluster_status: &'static str,
    method_settings: BTreeMap<&'a str, MethodSettingWire<'a>>,
    #[serde(skip_serializing_if = "is_empty")]
    variables: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_log_settings: Option<AccessLogSettingsWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canary_settings: Option<CanarySettingsWire<'a>>,
    tracing_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    created_date: i64,
    last_updated_date: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MethodSettingWire<'a> {
    metrics_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_level: Option<&'a str>,
    data_trace_enabled: bool,
    throttling_burst_limit: i32,
    throttling_rate_limit: f64,
    caching_enabled: bool,
    cache_ttl_in_seconds: i32,
    cache_data_encrypted: bool,
    require_authorization_for_cache_control: bool,
    unauthorized_cache_control_header_strategy: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessLogSettingsWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanarySettingsWire<'a> {
    percent_traffic: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    stage_variable_overrides: &'a BTreeMap<String, String>,
    use_stage_cache: bool,
}

#[derive(Serialize)]
struct StagesWire<'a> {
    item: Vec<StageWire<'a>>,
}

impl<'a> StageWire<'a> {
    fn new(stage: &'a Stage) -> Self {
        let settings = stage.method_settings.iter();
        Self {
            deployment_id: stage.deployment_id.as_str(),
            client_certificate_id: text(&stage.client_certificate_id),
            stage_name: stage.name.as_str(),
            description: text(&stage.description),
            cache_cluster_enabled: stage.cache_cluster_enabled,
            cache_cluster_size: text(&stage.cache_cluster_size),
            cache_cluster_status: if stage.cache_cluster_enabled { "AVAILABLE" } else { "NOT_AVAILABLE" },
            method_settings: settings.map(|(key, setting)| (key.as_str(), MethodSettingWire::new(setting))).collect(),
            variables: &stage.variables,
            documentation_version: text(&stage.documentation_version),
            access_log_settings: stage.access_log_settings.as_ref().map(AccessLogSettingsWire::new),
            canary_settings: stage.canary_settings.as_ref().map(CanarySettingsWire::new),
            tracing_enabled: stage.tracing_enabled,
            tags: tags_if_any(&stage.tags),
            created_date: stage.created.seconds(),
            last_updated_date: stage.updated.seconds(),
        }
    }
}

impl<'a> MethodSettingWire<'a> {
    fn new(setting: &'a MethodSetting) -> Self {
        Self {
            metrics_enabled: setting.metrics_enabled,
            logging_level: text(&setting.logging_level),
            data_trace_enabled: setting.data_trace_enabled,
            throttling_burst_limit: setting.throttling_burst_limit,
            throttling_rate_limit: setting.throttling_rate_limit,
            caching_enabled: setting.caching_enabled,
            cache_ttl_in_seconds: setting.cache_ttl_in_seconds,
            cache_data_encrypted: setting.cache_data_encrypted,
            require_authorization_for_cache_control: setting.require_authorization_for_cache_control,
            unauthorized_cache_control_header_strategy: &setting.unauthorized_cache_control_header_strategy,
        }
    }
}

impl<'a> AccessLogSettingsWire<'a> {
    fn new(settings: &'a AccessLogSettings) -> Self {
        Self { format: text(&settings.format), destination_arn: text(&settings.destination_arn) }
    }
}

impl<'a> CanarySettingsWire<'a> {
    fn new(canary: &'a CanarySettings) -> Self {
        Self {
            percent_traffic: canary.percent_traffic,
            deployment_id: canary.deployment_id.as_ref().map(DeploymentId::as_str),
            stage_variable_overrides: &canary.stage_variable_overrides,
            use_stage_cache: canary.use_stage_cache,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let stage = read(&request.body()?, request.now())?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_create(&*rest_api::find(control, catalog, &api)?, stage.clone());
    let stage = control.writer().write(decide).await?;
    Answer::json(&StageWire::new(&stage))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let tree = catalog.rest_apis.get(&request.rest_api_id()).ok_or(Conflict::NoSuchStage)?;
    Answer::json(&StageWire::new(tree.stages.get(&request.stage_name()).ok_or(Conflict::NoSuchStage)?))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let deployment = request.query("deploymentId");
    let wanted = |stage: &&std::sync::Arc<Stage>| deployment.is_none_or(|id| stage.deployment_id.as_str() == id);
    let item = tree.stages.values().filter(wanted).map(|stage| StageWire::new(stage)).collect();
    Answer::json(&StagesWire { item })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateStageInput")?;
    let (api, name, now) = (request.rest_api_id(), request.stage_name(), request.now());
    let decide = |catalog: &Catalog| {
        let tree = catalog.rest_apis.get(&api).ok_or(Conflict::NoSuchStage)?;
        let before = tree.stages.get(&name).ok_or(Conflict::NoSuchStage)?;
        let mut stage = patch::apply(&Stage::clone(before), &operations, stage_patch::run)?;
        stage.updated = now;
        check(&stage)?;
        check_deployments(tree, &stage)?;
        check_documentation(tree, Some(before), &stage)?;
        client_certificate::check_stage(catalog, before, &stage)?;
        Ok(Change::answering(stage.clone()).put(Record::Stage(api.clone(), stage)))
    };
    let stage = control.writer().write(decide).await?;
    Answer::json(&StageWire::new(&stage))
}

/// Deletes a stage that no domain name leads to; plans lose their associations with it.
pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, name) = (request.rest_api_id(), request.stage_name());
    let decide = |catalog: &Catalog| {
        let there = catalog.rest_apis.get(&api).is_some_and(|tree| tree.stages.contains_key(&name));
        if !there {
            return Err(Conflict::NoSuchStage.into());
        }
        base_path_mapping::refuse_if_mapped(catalog, &api, Some(&name))?;
        let plans = usage_plan::without_stages(catalog, |stage| stage.api_id == api && stage.stage == name);
        Ok(Change::answering(()).put_all(plans).delete(RecordKey::Stage(api.clone(), name.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// A stage with AWS's defaults.
pub(crate) fn fresh(name: StageName, deployment_id: DeploymentId, now: UnixMillis) -> Result<Stage, Conflict> {
    check_name(&name)?;
    Ok(Stage {
        name,
        deployment_id,
        description: None,
        created: now,
        updated: now,
        variables: BTreeMap::new(),
        method_settings: BTreeMap::new(),
        cache_cluster_enabled: false,
        cache_cluster_size: None,
        client_certificate_id: None,
        documentation_version: None,
        access_log_settings: None,
        canary_settings: None,
        tracing_enabled: false,
        tags: Tags::new(),
    })
}

/// Members that both CreateStage and CreateDeployment set; what is absent stays as it is.
#[derive(Clone, Debug)]
pub(crate) struct StageDraft {
    description: Option<String>,
    cache_cluster_enabled: Option<bool>,
    cache_cluster_size: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    tracing_enabled: Option<bool>,
}

impl StageDraft {
    pub(crate) fn read(body: &Members, description: &str) -> Result<Self, Failure> {
        Ok(Self {
            description: body.string(description)?,
            cache_cluster_enabled: body.bool("cacheClusterEnabled")?,
            cache_cluster_size: body.string("cacheClusterSize")?,
            variables: body.string_map("variables")?,
            tracing_enabled: body.bool("tracingEnabled")?,
        })
    }

    pub(crate) fn apply(&self, stage: Stage) -> Stage {
        Stage {
            description: self.description.clone().or(stage.description),
            cache_cluster_enabled: self.cache_cluster_enabled.unwrap_or(stage.cache_cluster_enabled),
            cache_cluster_size: self.cache_cluster_size.clone().or(stage.cache_cluster_size),
            variables: self.variables.clone().unwrap_or(stage.variables),
            tracing_enabled: self.tracing_enabled.unwrap_or(stage.tracing_enabled),
            ..stage
        }
    }
}

fn read(body: &Members, now: UnixMillis) -> Result<Stage, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("stageName")?, "createStageInput.stageName");
    let deployment = validation.required(body.string("deploymentId")?, "createStageInput.deploymentId");
    validation.finish()?;
    let stage = fresh(StageName::new(name), DeploymentId::new(deployment), now)?;
    let canary = body.object("canarySettings")?;
    let mut canary = canary.map(|members| read_canary(&members)).transpose()?;
    if let Some(canary) = &mut canary {
        canary.deployment_id.get_or_insert_with(|| stage.deployment_id.clone());
    }
    let stage = Stage {
        documentation_version: body.string("documentationVersion")?,
        canary_settings: canary,
        tags: tags::read(body)?,
        ..StageDraft::read(body, "description")?.apply(stage)
    };
    check(&stage)?;
    Ok(stage)
}

/// The canary that a stage begins with: it serves what the stage serves, to nobody yet.
pub(crate) fn canary_of(stage: &Stage) -> CanarySettings {
    CanarySettings { deployment_id: Some(stage.deployment_id.clone()), ..CanarySettings::default() }
}

pub(crate) fn read_canary(body: &Members) -> Result<CanarySettings, Failure> {
    Ok(CanarySettings {
        percent_traffic: check_percent(body.double("percentTraffic")?.unwrap_or(0.0))?,
        deployment_id: body.string("deploymentId")?.map(DeploymentId::new),
        stage_variable_overrides: body.string_map("stageVariableOverrides")?.unwrap_or_default(),
        use_stage_cache: body.bool("useStageCache")?.unwrap_or(false),
    })
}

pub(crate) fn check_percent(percent: f64) -> Result<f64, Conflict> {
    if (0.0..=100.0).contains(&percent) { Ok(percent) } else { Err(Conflict::BadPercentTraffic) }
}

fn check_name(name: &StageName) -> Result<(), Conflict> {
    let good = name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if good && (1..=NAME_LIMIT).contains(&name.as_str().len()) { Ok(()) } else { Err(Conflict::BadStageName) }
}

/// The rules for a stage as a whole.
pub(crate) fn check(stage: &Stage) -> Result<(), Conflict> {
    rest_api::check_description(stage.description.as_deref())?;
    choice::CACHE_CLUSTER_SIZE.check(text(&stage.cache_cluster_size))?;
    check_variables(&stage.variables)?;
    stage.canary_settings.as_ref().map_or(Ok(()), |canary| check_variables(&canary.stage_variable_overrides))
}

fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), Conflict> {
    for (name, value) in variables {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(word) {
            return Err(Conflict::BadVariableName(name.clone()));
        }
        if value.len() > 512 || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b" -._~:/?#&=,".contains(&b)) {
            return Err(Conflict::BadVariableValue(name.clone()));
        }
    }
    Ok(())
}

/// What a stage serves is there.
pub(crate) fn check_deployments(tree: &RestApiTree, stage: &Stage) -> Result<(), Conflict> {
    let canary = stage.canary_settings.as_ref().and_then(|canary| canary.deployment_id.as_ref());
    let mut served = std::iter::once(&stage.deployment_id).chain(canary);
    if served.all(|id| tree.deployments.contains_key(id)) { Ok(()) } else { Err(Conflict::StageDeploymentUnknown) }
}

/// The version of the documentation that a stage begins to show is there. One that is deleted later stays named.
fn check_documentation(tree: &RestApiTree, before: Option<&Stage>, after: &Stage) -> Result<(), Conflict> {
    let shown = before.and_then(|stage| text(&stage.documentation_version));
    match text(&after.documentation_version).filter(|version| Some(*version) != shown) {
        Some(version) if !tree.documentation_versions.contains_key(version) => Err(Conflict::StageDocumentationUnknown),
        _ => Ok(()),
    }
}

fn decide_create(tree: &RestApiTree, stage: Stage) -> Result<Change<Stage>, Failure> {
    if tree.stages.contains_key(&stage.name) {
        return Err(Conflict::StageExists.into());
    }
    check_deployments(tree, &stage)?;
    check_documentation(tree, None, &stage)?;
    Ok(Change::answering(stage.clone()).put(Record::Stage(tree.api.id.clone(), stage)))
}

#[cfg(test)]
pub(crate) fn sample(name: &str, deployment: &DeploymentId) -> Stage {
    fresh(StageName::new(name), deployment.clone(), UnixMillis(1_000)).expect("a stage")
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
