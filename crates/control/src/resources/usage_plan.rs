//! UsagePlan: how fast and how much, and where.

use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::RecordKey;
use tollgate_domain::{ApiKeyId, ApiStage, Catalog, Record, RestApiId, StageName, Tags, UsagePlan, UsagePlanId};

use crate::Control;
use crate::answer::{Answer, Reply, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, PatchOperation};
use crate::request::Request;
use crate::resources::quota::{QuotaDraft, QuotaWire};
use crate::resources::throttle::{self, ThrottleWire};
use crate::resources::usage_plan_patch::Draft;
use crate::resources::validation::Validation;
use crate::resources::{rest_api, tags};
use crate::write::Change;

/// A usage plan on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsagePlanWire<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    api_stages: Vec<ApiStageWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle: Option<ThrottleWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<QuotaWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiStageWire<'a> {
    api_id: &'a str,
    stage: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    throttle: Vec<(&'a str, ThrottleWire)>,
}

#[derive(Serialize)]
struct UsagePlansWire<'a> {
    item: Vec<UsagePlanWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

fn as_map<S: serde::Serializer>(entries: &[(&str, ThrottleWire)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(key, throttle)| (key, throttle)))
}

impl<'a> UsagePlanWire<'a> {
    fn new(plan: &'a UsagePlan, tags: Option<&'a Tags>) -> Self {
        Self {
            id: plan.id.as_str(),
            name: &plan.name,
            description: text(&plan.description),
            api_stages: plan.api_stages.iter().map(ApiStageWire::new).collect(),
            throttle: plan.throttle.map(ThrottleWire::from),
            quota: plan.quota.map(QuotaWire::from),
            product_code: text(&plan.product_code),
            tags,
        }
    }
}

impl<'a> ApiStageWire<'a> {
    fn new(stage: &'a ApiStage) -> Self {
        let throttle = stage.throttle.iter().map(|(key, throttle)| (key.as_str(), ThrottleWire::from(*throttle)));
        Self { api_id: stage.api_id.as_str(), stage: stage.stage.as_str(), throttle: throttle.collect() }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let plan = read(control.ids().usage_plan_id(), &request.body()?)?;
    let plan = control.writer().write(|catalog| decide_create(catalog, plan.clone())).await?;
    Answer::json(&UsagePlanWire::new(&plan, tags_if_any(&plan.tags)))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let plan = find(&control.catalog(), request.usage_plan_id()?)?;
    Answer::json(&UsagePlanWire::new(&plan, Some(&plan.tags)))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "usageplans")?;
    let of_key = match request.query("keyId") {
        Some(key) => Some(plans_of_key(control, key).await?),
        None => None,
    };
    let catalog = control.catalog();
    let wanted = |plan: &&Arc<UsagePlan>| of_key.as_ref().is_none_or(|plans| plans.contains(&plan.id));
    let plans = catalog.usage_plans.values().filter(wanted);
    let page = query.page(plans.map(|plan| (plan.id.to_string(), UsagePlanWire::new(plan, None))));
    Answer::json(&UsagePlansWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateUsagePlanInput")?;
    let id = request.usage_plan_id()?;
    let plan = control.writer().write(|catalog| decide_update(catalog, id, &operations)).await?;
    Answer::json(&UsagePlanWire::new(&plan, Some(&plan.tags)))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let id = request.usage_plan_id()?;
    control.writer().write(|catalog| decide_delete(catalog, id)).await?;
    Ok(Answer::Empty)
}

/// The plan with this id.
pub(crate) fn find(catalog: &Catalog, id: UsagePlanId) -> Result<Arc<UsagePlan>, Conflict> {
    catalog.usage_plans.get(&id).cloned().ok_or(Conflict::NoSuchUsagePlan)
}

/// A stage of `plan` that one of `others` covers too.
pub(crate) fn shared_stage<'a>(catalog: &Catalog, plan: &'a UsagePlan, others: &[UsagePlanId]) -> Option<&'a ApiStage> {
    let others: Vec<_> = others.iter().filter_map(|id| catalog.usage_plans.get(id)).collect();
    plan.api_stages
        .iter()
        .find(|stage| others.iter().any(|other| other.api_stage(&stage.api_id, &stage.stage).is_some()))
}

/// The records of plans without their associations with stages that are about to go.
pub(crate) fn without_stages<'a>(
    catalog: &'a Catalog,
    gone: impl Fn(&ApiStage) -> bool + 'a,
) -> impl Iterator<Item = Record> + 'a {
    catalog.usage_plans.values().filter_map(move |plan| {
        let mut left = UsagePlan::clone(plan);
        left.api_stages.retain(|stage| !gone(stage));
        (left.api_stages.len() < plan.api_stages.len()).then_some(Record::UsagePlan(left))
    })
}

/// A key that is not there is in no plan: AWS answers an empty list of plan keys for an unknown plan, too.
async fn plans_of_key(control: &Control, key: &str) -> Result<Vec<UsagePlanId>, Failure> {
    let Ok(id) = ApiKeyId::parse(key) else { return Ok(Vec::new()) };
    Ok(control.store().key(id).await?.map(|row| row.plans).unwrap_or_default())
}

/// Reads a plan as CreateUsagePlan takes it.
pub(crate) fn read(id: UsagePlanId, body: &Members) -> Result<UsagePlan, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("name")?, "createUsagePlanInput.name");
    validation.finish()?;
    let stages = body.objects("apiStages")?.unwrap_or_default();
    let plan = UsagePlan {
        id,
        name,
        description: body.string("description")?,
        api_stages: stages.iter().map(read_stage).collect::<Result<_, _>>()?,
        throttle: body.object("throttle")?.map(|members| throttle::read(&members)).transpose()?,
        quota: match body.object("quota")? {
            Some(members) => Some(QuotaDraft::read(&members)?.finish()?),
            None => None,
        },
        product_code: None,
        tags: tags::read(body)?,
    };
    check(&plan)?;
    Ok(plan)
}

fn read_stage(body: &Members) -> Result<ApiStage, Failure> {
    let api_id = body.string("apiId")?.unwrap_or_default();
    let stage = body.string("stage")?.unwrap_or_default();
    if api_id.is_empty() || stage.is_empty() {
        return Err(Conflict::EmptyApiStage.into());
    }
    let throttle = throttle::read_methods(body.object_map("throttle")?.unwrap_or_default())?;
    Ok(ApiStage { api_id: RestApiId::new(api_id), stage: StageName::new(stage), throttle })
}

/// The rules for a plan's texts.
fn check(plan: &UsagePlan) -> Result<(), Conflict> {
    rest_api::check_name(&plan.name)?;
    rest_api::check_description(plan.description.as_deref())
}

fn decide_create(catalog: &Catalog, mut plan: UsagePlan) -> Result<Change<UsagePlan>, Failure> {
    for stage in &plan.api_stages {
        if !has_stage(catalog, &stage.api_id, &stage.stage) {
            return Err(Conflict::ApiStageNotFound { api: stage.api_id.clone(), stage: stage.stage.clone() }.into());
        }
    }
    let mut seen = Vec::new();
    plan.api_stages.retain(|stage| {
        let fresh = !seen.contains(&(stage.api_id.clone(), stage.stage.clone()));
        seen.push((stage.api_id.clone(), stage.stage.clone()));
        fresh
    });
    Ok(Change::answering(plan.clone()).put(Record::UsagePlan(plan)))
}

fn decide_update(
    catalog: &Catalog,
    id: UsagePlanId,
    operations: &[PatchOperation],
) -> Result<Change<UsagePlan>, Failure> {
    let before = find(catalog, id)?;
    let draft = patch::apply(&Draft::from(UsagePlan::clone(&before)), operations, |draft, operation| {
        draft.run(operation, &|api, stage| has_stage(catalog, api, stage))
    })?;
    let plan = draft.finish()?;
    check(&plan)?;
    let added = plan.api_stages.iter().filter(|stage| before.api_stage(&stage.api_id, &stage.stage).is_none());
    let added = added.map(|stage| (stage.api_id.clone(), stage.stage.clone())).collect();
    let change = Change::answering(plan.clone()).keeping_keys_apart(id, added);
    let change = if limits(&before) == limits(&plan) { change } else { change.recalling(id) };
    Ok(if plan == *before { change } else { change.put(Record::UsagePlan(plan)) })
}

/// Deletes a plan that covers no stage; its keys do not hold it.
fn decide_delete(catalog: &Catalog, id: UsagePlanId) -> Result<Change<()>, Failure> {
    let plan = find(catalog, id)?;
    match plan.api_stages.first() {
        Some(stage) => {
            let (api, stage) = (stage.api_id.clone(), stage.stage.clone());
            Err(Conflict::UsagePlanInUse { plan: id, api, stage }.into())
        }
        None => Ok(Change::answering(()).delete(RecordKey::UsagePlan(id)).recalling(id)),
    }
}

/// What a lease or a bucket depends on.
pub(crate) fn limits(plan: &UsagePlan) -> impl PartialEq + '_ {
    (plan.throttle, plan.quota, &plan.api_stages)
}

pub(crate) fn has_stage(catalog: &Catalog, api: &RestApiId, stage: &StageName) -> bool {
    catalog.rest_apis.get(api).is_some_and(|tree| tree.stages.contains_key(stage))
}

#[cfg(test)]
pub(crate) fn sample(id: &str) -> UsagePlan {
    UsagePlan {
        id: UsagePlanId::parse(id).expect("an id"),
        name: "gold".to_owned(),
        description: None,
        api_stages: Vec::new(),
        throttle: None,
        quota: None,
        product_code: None,
        tags: Tags::new(),
    }
}

#[cfg(test)]
#[path = "usage_plan_tests.rs"]
mod tests;
