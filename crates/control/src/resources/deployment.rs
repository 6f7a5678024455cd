//! Deployment: an API as it stood at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::RecordKey;
use tollgate_domain::stage::CanarySettings;
use tollgate_domain::{
    Catalog, DeployedApi, Deployment, DeploymentId, Record, RestApiTree, Stage, StageName, UnixMillis,
};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, PatchRefusal, Paths};
use crate::request::Request;
use crate::resources::rest_api;
use crate::resources::stage::{self, StageDraft};
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/description"], remove: &[] };

/// A deployment on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentWire<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_summary: Option<ApiSummary<'a>>,
}

/// Path to verb to what a caller needs.
type ApiSummary<'a> = BTreeMap<&'a str, BTreeMap<&'static str, MethodSnapshotWire<'a>>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MethodSnapshotWire<'a> {
    authorization_type: &'a str,
    api_key_required: bool,
}

#[derive(Serialize)]
struct DeploymentsWire<'a> {
    item: Vec<DeploymentWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> DeploymentWire<'a> {
    fn new(deployment: &'a Deployment, with_summary: bool) -> Self {
        Self {
            id: deployment.id.as_str(),
            description: text(&deployment.description),
            created_date: deployment.created.seconds(),
            api_summary: with_summary.then(|| summary(&deployment.snapshot)),
        }
    }
}

fn summary(snapshot: &DeployedApi) -> ApiSummary<'_> {
    let with_methods = snapshot.resources.values().filter(|resource| !resource.methods.is_empty());
    with_methods
        .map(|resource| {
            let methods = resource.methods.iter().map(|(verb, method)| {
                let (authorization_type, api_key_required) =
                    (method.authorization_type.as_str(), method.api_key_required);
                (verb.as_str(), MethodSnapshotWire { authorization_type, api_key_required })
            });
            (resource.path.as_str(), methods.collect())
        })
        .collect()
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let wanted = Wanted::read(control.ids().deployment_id(), request.now(), &request.body()?)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_create(&*rest_api::find(control, catalog, &api)?, &wanted);
    let deployment = control.writer().write(decide).await?;
    Answer::json(&DeploymentWire::new(&deployment, false))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let deployment = tree.deployments.get(&request.deployment_id()).ok_or(Conflict::NoSuchDeployment)?;
    let with_summary = request.query_all("embed").flat_map(|value| value.split(',')).any(|value| value == "apisummary");
    Answer::json(&DeploymentWire::new(deployment, with_summary))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "deployments")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let deployments = tree.deployments.values();
    let page = query.page(deployments.map(|one| (one.id.to_string(), DeploymentWire::new(one, false))));
    Answer::json(&DeploymentsWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateDeploymentInput")?;
    let (api, id) = (request.rest_api_id(), request.deployment_id());
    let decide = |catalog: &Catalog| {
        let tree = rest_api::find(control, catalog, &api)?;
        let before = tree.deployments.get(&id).ok_or(Conflict::NoSuchDeployment)?;
        let deployment = patch::apply(&Deployment::clone(before), &operations, run)?;
        Ok(Change::answering(deployment.clone()).put(Record::Deployment(api.clone(), deployment)))
    };
    let deployment = control.writer().write(decide).await?;
    Answer::json(&DeploymentWire::new(&deployment, false))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, id) = (request.rest_api_id(), request.deployment_id());
    let decide = |catalog: &Catalog| decide_delete(&*rest_api::find(control, catalog, &api)?, &id);
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// A deployment that is asked for, with what it does to a stage.
#[derive(Clone, Debug)]
struct Wanted {
    id: DeploymentId,
    now: UnixMillis,
    description: Option<String>,
    /// As it was sent: a canary's refusal tells absent from empty.
    stage_name: Option<String>,
    stage: StageDraft,
    canary: Option<CanarySettings>,
}

impl Wanted {
    fn read(id: DeploymentId, now: UnixMillis, body: &Members) -> Result<Self, Failure> {
        Ok(Self {
            id,
            now,
            description: body.string("description")?,
            stage_name: body.string("stageName")?,
            stage: StageDraft::read(body, "stageDescription")?,
            canary: body.object("canarySettings")?.map(|members| stage::read_canary(&members)).transpose()?,
        })
    }

    fn stage_name(&self) -> Option<StageName> {
        self.stage_name.as_deref().filter(|name| !name.is_empty()).map(StageName::new)
    }
}

/// Freezes the API as it stands and, when a stage is named, makes it or points it here.
fn decide_create(tree: &RestApiTree, wanted: &Wanted) -> Result<Change<Deployment>, Failure> {
    check_deployable(tree)?;
    let snapshot = DeployedApi::freeze(tree);
    let deployment = Deployment {
        id: wanted.id.clone(),
        description: wanted.description.clone(),
        created: wanted.now,
        snapshot: Arc::new(snapshot),
    };
    let api = tree.api.id.clone();
    let stage = deployed_stage(tree, wanted)?;
    let change = Change::answering(deployment.clone()).put(Record::Deployment(api.clone(), deployment));
    Ok(change.put_all(stage.map(|stage| Record::Stage(api, stage))))
}

fn deployed_stage(tree: &RestApiTree, wanted: &Wanted) -> Result<Option<Stage>, Conflict> {
    let name = wanted.stage_name();
    let existing = name.as_ref().and_then(|name| tree.stages.get(name));
    if let Some(canary) = &wanted.canary {
        let sent = wanted.stage_name.as_deref().unwrap_or("null").to_owned();
        let name = name.ok_or(Conflict::CanaryWithoutStage(sent))?;
        let mut stage = Stage::clone(existing.ok_or(Conflict::CanaryStageUnknown(name))?);
        stage.canary_settings = Some(CanarySettings { deployment_id: Some(wanted.id.clone()), ..canary.clone() });
        stage.updated = wanted.now;
        stage::check(&stage)?;
        return Ok(Some(stage));
    }
    let Some(name) = name else { return Ok(None) };
    let stage = match existing {
        Some(existing) => Stage::clone(existing),
        None => stage::fresh(name, wanted.id.clone(), wanted.now)?,
    };
    let stage = wanted.stage.apply(Stage { deployment_id: wanted.id.clone(), updated: wanted.now, ..stage });
    stage::check(&stage)?;
    Ok(Some(stage))
}

/// An API can be deployed when it has methods and each of them has an integration.
pub(crate) fn check_deployable(tree: &RestApiTree) -> Result<(), Conflict> {
    let mut methods = tree.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(Conflict::NothingToDeploy);
    }
    if methods.all(|method| method.integration.is_some()) { Ok(()) } else { Err(Conflict::MethodWithoutIntegration) }
}

/// Deletes a deployment that no stage serves, not even to a share of its callers.
fn decide_delete(tree: &RestApiTree, id: &DeploymentId) -> Result<Change<()>, Failure> {
    if !tree.deployments.contains_key(id) {
        return Err(Conflict::NoSuchDeployment.into());
    }
    let canary = |stage: &Stage| stage.canary_settings.as_ref().and_then(|canary| canary.deployment_id.clone());
    if tree.stages.values().any(|stage| stage.deployment_id == *id || canary(stage).as_ref() == Some(id)) {
        return Err(Conflict::DeploymentInUse.into());
    }
    Ok(Change::answering(()).delete(RecordKey::Deployment(tree.api.id.clone(), id.clone())))
}

fn run(deployment: &mut Deployment, operation: &PatchOperation) -> Result<(), PatchRefusal> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/description") => deployment.description = operation.text(),
        _ => return Err(PATHS.refuse(operation)),
    }
    Ok(())
}

/// The deployment `dep1` of an API as it stands.
#[cfg(test)]
pub(crate) fn sample(tree: &RestApiTree) -> Deployment {
    let snapshot = DeployedApi::freeze(tree);
    let id = DeploymentId::new("dep1");
    Deployment { id, description: None, created: UnixMillis(1_000), snapshot: Arc::new(snapshot) }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{HttpMethod, RestApiId};

    use super::*;
    use crate::resources::rest_api::sample_catalog;

    fn wanted(body: &str) -> Wanted {
        let body = Members::parse(body.as_bytes()).expect("an object");
        Wanted::read(DeploymentId::new("dep2"), UnixMillis(9_000), &body).expect("a wanted deployment")
    }

    /// An API with a stage `dev` and, when `integrated`, one method that can be deployed.
    fn tree(integrated: bool) -> Arc<RestApiTree> {
        let mut catalog = sample_catalog("api1", &["dev"]);
        let api = RestApiId::new("api1");
        let mut root =
            tollgate_domain::Resource::clone(catalog.rest_apis[&api].resources.values().next().expect("a root"));
        let method = serde_json::json!({
            "authorization_type": "NONE", "authorization_scopes": [], "api_key_required": true,
            "request_parameters": {}, "request_models": {}, "responses": {}
        });
        let mut method: tollgate_domain::Method = serde_json::from_value(method).expect("a method");
        if integrated {
            method.integration = Some(
                serde_json::from_value(serde_json::json!({
                    "kind": "MOCK", "request_parameters": {}, "request_templates": {}, "cache_namespace": "",
                    "passthrough_behavior": "WHEN_NO_MATCH", "cache_key_parameters": [], "timeout_millis": 29000,
                    "responses": {}
                }))
                .expect("an integration"),
            );
        }
        root.methods.insert(HttpMethod::Get, method);
        catalog.put(Record::Resource(api.clone(), root));
        catalog.rest_apis[&api].clone()
    }

    fn refused(tree: &RestApiTree, body: &str) -> String {
        decide_create(tree, &wanted(body)).expect_err("a refusal").to_string()
    }

    #[test]
    fn what_cannot_be_called_is_not_deployed() {
        let empty = sample_catalog("api1", &[]).rest_apis.values().next().expect("an API").clone();
        assert_eq!(refused(&empty, "{}"), "The REST API doesn't contain any methods");
        assert_eq!(refused(&tree(false), "{}"), "No integration defined for method");
        assert!(decide_create(&tree(true), &wanted(r#"{"stageName":""}"#)).is_ok());
    }

    #[test]
    fn a_deployment_repoints_its_stage_and_keeps_the_rest() {
        let tree = tree(true);
        let stage = deployed_stage(&tree, &wanted(r#"{"stageName":"dev","variables":{"a":"b"}}"#)).expect("a stage");
        let stage = stage.expect("a stage");
        assert_eq!(stage.deployment_id.as_str(), "dep2");
        assert_eq!((stage.created, stage.updated), (UnixMillis(1_000), UnixMillis(9_000)));
        assert_eq!(stage.variables["a"], "b");
        let new = deployed_stage(&tree, &wanted(r#"{"stageName":"prod"}"#)).expect("a stage").expect("a stage");
        assert_eq!(new.created, UnixMillis(9_000));
    }

    #[test]
    fn a_canary_needs_a_stage_that_is_there() {
        let tree = tree(true);
        let start = "Invalid deployment content specified.";
        assert_eq!(
            refused(&tree, r#"{"canarySettings":{}}"#),
            format!(
                "{start}Non null and non empty stageName must be provided for canary deployment. Provided value is null"
            )
        );
        assert_eq!(
            refused(&tree, r#"{"canarySettings":{},"stageName":""}"#),
            format!(
                "{start}Non null and non empty stageName must be provided for canary deployment. Provided value is "
            )
        );
        assert_eq!(
            refused(&tree, r#"{"canarySettings":{},"stageName":"nope"}"#),
            format!("{start}Stage nope must already be created before making a canary release deployment")
        );
        let body = r#"{"canarySettings":{"percentTraffic":10},"stageName":"dev"}"#;
        let stage = deployed_stage(&tree, &wanted(body)).expect("a stage").expect("a stage");
        assert_eq!(stage.deployment_id.as_str(), "dep1");
        let canary = stage.canary_settings.expect("a canary");
        assert_eq!((canary.percent_traffic, canary.deployment_id), (10.0, Some(DeploymentId::new("dep2"))));
    }

    #[test]
    fn a_deployment_in_use_is_not_deleted() {
        let tree = tree(true);
        let error = decide_delete(&tree, &DeploymentId::new("dep1")).expect_err("a refusal");
        assert_eq!(error.to_string(), "Active stages pointing to this deployment must be moved or deleted");
        let error = decide_delete(&tree, &DeploymentId::new("nope")).expect_err("a refusal");
        assert_eq!(error.to_string(), "Invalid Deployment identifier specified");
    }
}
