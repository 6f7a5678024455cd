//! GetFindings: what is wrong with the configuration right now, so that nobody has to find out by a call.

use serde::Serialize;
use tollgate_domain::{Catalog, DeployedApi, HttpMethod, Resource, RestApiTree, Stage, UsagePlan};
use tollgate_store::{NodeBuckets, NodeRow, StoreError};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// Keys in no plan that are told one by one.
const KEYS_TOLD: u32 = 20;

/// One thing that is wrong, or looks so.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
enum Finding {
    /// A plan that limits nothing.
    UnlimitedPlan { usage_plan_id: String, name: String },
    /// A plan whose keys may call nothing.
    PlanWithoutStage { usage_plan_id: String, name: String },
    /// A stage of a plan with methods that pass without a key: they are neither limited nor counted by the plan.
    StageWithOpenMethods {
        api_id: String,
        api_name: String,
        stage: String,
        /// Such as `GET /pets`.
        methods: Vec<String>,
        /// Whether no method of the stage requires a key.
        all: bool,
        plans: Vec<String>,
    },
    /// A stage that asks for keys otherwise than its API does by now.
    UndeployedKeyRequirement { api_id: String, api_name: String, stage: String, methods: Vec<String> },
    /// Nodes that cannot reach the buckets that they share: each gives out its share of the rates by itself.
    BucketsOutOfReach { nodes: Vec<String> },
    /// An enabled key that is in no plan.
    KeyInNoPlan { key_id: String, name: Option<String> },
}

#[derive(Serialize)]
struct FindingsWire {
    item: Vec<Finding>,
}

pub(crate) async fn get(control: &Control, _: &Request) -> Reply {
    let mut found = of_nodes(control).await?;
    found.extend(of_catalog(&control.catalog()));
    let work_out = async {
        let rows = control.store().keys_in_no_plan(KEYS_TOLD).await?;
        Ok::<_, StoreError>(rows.into_iter().map(|row| (row.key.id, row.key.name)).collect())
    };
    let keys = control.paced().keys_in_no_plan.get(control.clock(), work_out).await?;
    found.extend(keys.into_iter().map(|(id, name)| Finding::KeyInNoPlan { key_id: id.to_string(), name }));
    Answer::json(&FindingsWire { item: found })
}

async fn of_nodes(control: &Control) -> Result<Vec<Finding>, StoreError> {
    let rows = control.store().nodes().await?;
    let is_alone = |row: &NodeRow| row.alive && row.buckets == NodeBuckets::Alone;
    let mut nodes: Vec<String> = rows.iter().filter(|row| is_alone(row)).map(|row| row.node.name.clone()).collect();
    if rows.is_empty() && control.gate().buckets() == NodeBuckets::Alone {
        nodes.extend(control.node().map(|node| node.management.clone()));
    }
    Ok(if nodes.is_empty() { Vec::new() } else { vec![Finding::BucketsOutOfReach { nodes }] })
}

fn of_catalog(catalog: &Catalog) -> Vec<Finding> {
    let plans = catalog.usage_plans.values().flat_map(|plan| of_plan(plan));
    let stages = catalog.rest_apis.values().flat_map(|tree| tree.stages.values().map(move |stage| (tree, stage)));
    plans.chain(stages.flat_map(|(tree, stage)| of_stage(catalog, tree, stage))).collect()
}

fn of_plan(plan: &UsagePlan) -> impl Iterator<Item = Finding> {
    let (usage_plan_id, name) = (plan.id.to_string(), plan.name.clone());
    let limited = plan.throttle.is_some()
        || plan.quota.is_some()
        || plan.api_stages.iter().any(|covered| !covered.throttle.is_empty());
    let unlimited =
        (!limited).then(|| Finding::UnlimitedPlan { usage_plan_id: usage_plan_id.clone(), name: name.clone() });
    let empty = plan.api_stages.is_empty().then_some(Finding::PlanWithoutStage { usage_plan_id, name });
    unlimited.into_iter().chain(empty)
}

fn of_stage(catalog: &Catalog, tree: &RestApiTree, stage: &Stage) -> Vec<Finding> {
    let Some(deployment) = tree.deployments.get(&stage.deployment_id) else { return Vec::new() };
    let (api_id, api_name) = (tree.api.id.to_string(), tree.api.name.clone());
    let stage_name = stage.name.to_string();
    let plans: Vec<_> = catalog.plans_covering(&tree.api.id, &stage.name).map(|plan| plan.id.to_string()).collect();
    let served = methods(&deployment.snapshot);
    let open: Vec<String> = served.iter().filter(|(_, _, required)| !required).map(title).collect();
    let mut found = Vec::new();
    if !plans.is_empty() && !open.is_empty() {
        found.push(Finding::StageWithOpenMethods {
            api_id: api_id.clone(),
            api_name: api_name.clone(),
            stage: stage_name.clone(),
            all: open.len() == served.len(),
            methods: open,
            plans,
        });
    }
    let edited: Vec<_> = methods(&DeployedApi::freeze(tree));
    let differs = |served: &&(String, HttpMethod, bool)| {
        edited.iter().any(|edited| (&edited.0, edited.1) == (&served.0, served.1) && edited.2 != served.2)
    };
    let stale: Vec<String> = served.iter().filter(differs).map(title).collect();
    if !stale.is_empty() {
        found.push(Finding::UndeployedKeyRequirement { api_id, api_name, stage: stage_name, methods: stale });
    }
    found
}

/// Path, verb, and whether a key is required. Preflight requests carry no key, so that OPTIONS is left out.
fn methods(api: &DeployedApi) -> Vec<(String, HttpMethod, bool)> {
    let of_resource = |resource: &Resource| {
        let methods = resource.methods.iter().filter(|(verb, _)| **verb != HttpMethod::Options);
        methods.map(|(verb, method)| (resource.path.clone(), *verb, method.api_key_required)).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = api.resources.values().flat_map(|resource| of_resource(resource)).collect();
    found.sort();
    found
}

fn title((path, verb, _): &(String, HttpMethod, bool)) -> String {
    format!("{} {path}", verb.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tollgate_domain::{ThrottleSettings, UsagePlanId};

    use super::*;

    fn plan() -> UsagePlan {
        UsagePlan {
            id: UsagePlanId::parse("p1").expect("an id"),
            name: "gold".to_owned(),
            description: None,
            api_stages: Vec::new(),
            throttle: None,
            quota: None,
            product_code: None,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn a_plan_without_limits_and_stages_is_told_as_both() {
        let (usage_plan_id, name) = ("p1".to_owned(), "gold".to_owned());
        let both = [
            Finding::UnlimitedPlan { usage_plan_id: usage_plan_id.clone(), name: name.clone() },
            Finding::PlanWithoutStage { usage_plan_id, name },
        ];
        assert_eq!(of_plan(&plan()).collect::<Vec<_>>(), both);
        let limited = UsagePlan { throttle: Some(ThrottleSettings::new(1.0, 1)), ..plan() };
        assert_eq!(of_plan(&limited).collect::<Vec<_>>(), both[1..]);
    }
}
