//! An API with the id that it has elsewhere, all of it in one step: its settings, deployments and stages.

use std::sync::Arc;

use serde_json::Value;
use tollgate_domain::{
    Catalog, DeployedApi, Deployment, DeploymentId, Record, ResourceId, RestApi, RestApiId, RestApiTree, Stage,
    UnixMillis,
};

use super::{ImportChange, answer, is_dry, other_name, refuse_clashes, stage};
use crate::Control;
use crate::answer::{Reply, text};
use crate::error::Failure;
use crate::json::Members;
use crate::openapi::base_path::BasePath;
use crate::openapi::definition::Definition;
use crate::openapi::difference;
use crate::openapi::import::{self, Mode, Options};
use crate::operator::OperatorRefusal;
use crate::request::Request;
use crate::resources::{deployment, rest_api, stage as stages};
use crate::write::Change;

/// Documents say all that there is of an API, and where it is served is not part of it.
const OPTIONS: Options = Options {
    mode: Mode::Overwrite,
    base_path: BasePath::Ignore,
    ignore_documentation: false,
    fail_on_warnings: false,
};
const ID_LIMIT: usize = 32;

/// An API as it is elsewhere.
struct Wanted {
    api: RestApi,
    /// The oldest first.
    deployments: Vec<WantedDeployment>,
    stages: Vec<Stage>,
    /// The API as it stands, where that is not what was deployed last.
    definition: Option<Definition>,
}

/// A deployment, with what it froze unless that is here already.
struct WantedDeployment {
    id: DeploymentId,
    description: Option<String>,
    created: UnixMillis,
    definition: Definition,
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let wanted = Wanted::read(control, request).await?;
    let (owned, request) = (control.clone(), request.clone());
    let decide = move |catalog: &Catalog| decide(&owned, catalog, &wanted, &request);
    let change = control.writer().write_at_length(decide).await?;
    answer(vec![change])
}

impl Wanted {
    async fn read(control: &Control, request: &Request) -> Result<Self, Failure> {
        let (id, body) = (request.rest_api_id(), request.body()?);
        check_id("APIs", id.as_str())?;
        let told = plain_policy(body.object("restApi")?.unwrap_or_default())?;
        let now = date(&told, "createdDate")?.unwrap_or(request.now());
        let root = told.string("rootResourceId")?.map(ResourceId::new);
        let root = root.unwrap_or_else(|| control.ids().root_resource_id());
        check_id("resources", root.as_str())?;
        let api = RestApi { id: id.clone(), ..rest_api::read(id.clone(), root, now, &told)? };
        let mut deployments = Vec::new();
        for told in body.objects("deployments")?.unwrap_or_default() {
            let deployment = told.string("id")?.unwrap_or_default();
            check_id("deployments", &deployment)?;
            deployments.push(WantedDeployment {
                id: DeploymentId::new(deployment),
                description: told.string("description")?,
                created: date(&told, "createdDate")?.unwrap_or(now),
                definition: definition(&told, &id).await?.ok_or_else(no_document)?,
            });
        }
        let told = body.objects("stages")?.unwrap_or_default();
        let stages = told.iter().map(|stage| stage::read(stage, request.now())).collect::<Result<_, _>>()?;
        Ok(Self { api, deployments, stages, definition: definition(&body, &id).await? })
    }
}

fn check_id(of: &str, id: &str) -> Result<(), Failure> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=ID_LIMIT).contains(&id.len()) && id.bytes().all(good) {
        return Ok(());
    }
    let message = format!("ids of {of} have 1 to {ID_LIMIT} letters, digits, '-' and '_' here");
    Err(OperatorRefusal::BadImport(message).into())
}

fn no_document() -> Failure {
    OperatorRefusal::BadImport("a deployment needs a document".to_owned()).into()
}

/// A date in seconds since 1970.
pub(super) fn date(told: &Members, name: &str) -> Result<Option<UnixMillis>, Failure> {
    Ok(told.integer(name)?.map(|seconds| UnixMillis(seconds.saturating_mul(1_000))))
}

async fn definition(told: &Members, id: &RestApiId) -> Result<Option<Definition>, Failure> {
    let Some(document) = told.object("document")? else { return Ok(None) };
    Ok(Some(Definition::of_file(document.into_text().into(), id.clone()).await?))
}

/// AWS shows policies escaped once more than JSON does.
fn plain_policy(told: Members) -> Result<Members, Failure> {
    let Some(policy) = told.string("policy")? else { return Ok(told) };
    let unescaped: Result<String, _> = serde_json::from_str(&format!("\"{policy}\""));
    Ok(match unescaped {
        Ok(plain) => told.with("policy", Value::from(plain)),
        Err(_) => told,
    })
}

fn decide(
    control: &Control,
    catalog: &Catalog,
    wanted: &Wanted,
    request: &Request,
) -> Result<Change<ImportChange>, Failure> {
    let id = &wanted.api.id;
    let before = catalog.rest_apis.get(id);
    if let Some(clash) = before.and_then(|before| other_name(request, &before.api.name, &wanted.api.name)) {
        let clash = ImportChange::clash(id, clash);
        return if is_dry(request) { Ok(Change::answering(clash)) } else { Err(refused(&clash)) };
    }
    let start = before.map_or_else(|| fresh(&wanted.api), |before| before.as_ref().clone());
    let after = wanted.made_of(start.clone(), control)?;
    let members = differing(before.map_or(&bare(&wanted.api), |before| before), &after);
    let told = if before.is_some() { ImportChange::of(id, members) } else { ImportChange::make(id) };
    let change = Change::answering(told);
    if is_dry(request) || before.is_some_and(|before| **before == after) {
        return Ok(change);
    }
    let change = difference::write(change, before.map_or(&bare(&wanted.api), |before| before), &after);
    let deployments = after.deployments.iter().filter(|(id, _)| !start.deployments.contains_key(*id));
    let change =
        change.put_all(deployments.map(|(_, deployment)| Record::Deployment(id.clone(), deployment.as_ref().clone())));
    let stages = after.stages.iter().filter(|(name, stage)| start.stages.get(*name) != Some(*stage));
    Ok(change.put_all(stages.map(|(_, stage)| Record::Stage(id.clone(), stage.as_ref().clone()))))
}

fn refused(clash: &ImportChange) -> Failure {
    match refuse_clashes(std::slice::from_ref(clash)) {
        Err(refusal) => refusal.into(),
        Ok(()) => Failure::Panicked,
    }
}

/// An API of which nothing is here.
fn bare(api: &RestApi) -> RestApiTree {
    RestApiTree::new(Arc::new(api.clone()))
}

/// An API with its root resource. It has the models of its documents and no others.
fn fresh(api: &RestApi) -> RestApiTree {
    let mut tree = bare(api);
    let root = rest_api::root_of(api);
    tree.resources.insert(root.id.clone(), Arc::new(root));
    tree
}

impl Wanted {
    /// What this makes of an API.
    fn made_of(&self, mut tree: RestApiTree, control: &Control) -> Result<RestApiTree, Failure> {
        for wanted in &self.deployments {
            if tree.deployments.contains_key(&wanted.id) {
                continue;
            }
            tree = self.described(&tree, &wanted.definition, control)?;
            deployment::check_deployable(&tree)?;
            let (id, snapshot) = (wanted.id.clone(), Arc::new(DeployedApi::freeze(&tree)));
            let (description, created) = (wanted.description.clone(), wanted.created);
            tree.deployments.insert(id.clone(), Arc::new(Deployment { id, description, created, snapshot }));
        }
        if let Some(definition) = &self.definition {
            tree = self.described(&tree, definition, control)?;
        }
        tree.api = Arc::new(RestApi {
            root_resource_id: tree.api.root_resource_id.clone(),
            created: tree.api.created,
            ..self.api.clone()
        });
        for wanted in &self.stages {
            let before = tree.stages.get(&wanted.name);
            let stage = stage::settled(wanted, before.map(AsRef::as_ref), &tree);
            stages::check_deployments(&tree, &stage)?;
            tree.stages.insert(stage.name.clone(), Arc::new(stage));
        }
        Ok(tree)
    }

    /// The API as a document describes it; what documents do not tell is as the API has it.
    fn described(
        &self,
        before: &RestApiTree,
        definition: &Definition,
        control: &Control,
    ) -> Result<RestApiTree, Failure> {
        let (mut tree, _) = import::import(before, definition, OPTIONS, control.ids())?;
        let told = tree.api.as_ref();
        tree.api = Arc::new(RestApi {
            root_resource_id: told.root_resource_id.clone(),
            created: told.created,
            api_key_source: told.api_key_source,
            binary_media_types: told.binary_media_types.clone(),
            minimum_compression_size: told.minimum_compression_size,
            // Not every document tells it, and to do without it would let more callers in.
            policy: told.policy.clone().or_else(|| self.api.policy.clone()),
            ..self.api.clone()
        });
        Ok(tree)
    }
}

/// What differs, in words.
fn differing(before: &RestApiTree, after: &RestApiTree) -> Vec<String> {
    let (old, new) = (before.api.as_ref(), after.api.as_ref());
    let settings = [
        ("name", old.name != new.name),
        ("description", text(&old.description) != text(&new.description)),
        ("policy", old.policy != new.policy),
        ("tags", old.tags != new.tags),
    ];
    let named: Vec<String> =
        settings.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect();
    let settings = if named.is_empty() && old != new { vec!["settings".to_owned()] } else { named };
    let parts = |tree: &RestApiTree| RestApiTree {
        api: Arc::clone(&before.api),
        deployments: Default::default(),
        stages: Default::default(),
        ..tree.clone()
    };
    let methods = (parts(before) != parts(after)).then(|| "methods".to_owned());
    let deployments = after.deployments.keys().filter(|id| !before.deployments.contains_key(*id));
    let stages = after.stages.iter().filter(|(name, stage)| before.stages.get(*name) != Some(*stage));
    let told = settings.into_iter().chain(methods);
    let told = told.chain(deployments.map(|id| format!("deployment {id}")));
    told.chain(stages.map(|(name, _)| format!("stage {name}"))).collect()
}
