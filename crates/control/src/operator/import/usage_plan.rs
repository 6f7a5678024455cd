//! A usage plan with the id that it has elsewhere.

use tollgate_domain::{Catalog, Record, UsagePlan, UsagePlanId};

use super::{ImportChange, answer, is_dry, other_name, refuse_clashes};
use crate::Control;
use crate::answer::{Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::operator::OperatorRefusal;
use crate::request::Request;
use crate::resources::usage_plan;
use crate::write::Change;

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let id = UsagePlanId::parse(request.label("usageplanId"))
        .map_err(|_| OperatorRefusal::BadImport("ids of plans have up to 15 letters and digits here".to_owned()))?;
    let body = request.body()?;
    let plan = UsagePlan { product_code: body.string("productCode")?, ..usage_plan::read(id, &body)? };
    let change = control.writer().write(|catalog| decide(catalog, plan.clone(), request)).await?;
    answer(vec![change])
}

fn decide(catalog: &Catalog, plan: UsagePlan, request: &Request) -> Result<Change<ImportChange>, Failure> {
    let before = catalog.usage_plans.get(&plan.id);
    let change = match before {
        None => ImportChange::make(plan.id),
        Some(before) => match other_name(request, &before.name, &plan.name) {
            Some(clash) => ImportChange::clash(plan.id, clash),
            None => ImportChange::of(plan.id, difference(before, &plan)),
        },
    };
    if is_dry(request) {
        return Ok(Change::answering(change));
    }
    refuse_clashes(std::slice::from_ref(&change))?;
    let missing = plan.api_stages.iter().find(|stage| !usage_plan::has_stage(catalog, &stage.api_id, &stage.stage));
    if let Some(stage) = missing {
        return Err(Conflict::ApiStageNotFound { api: stage.api_id.clone(), stage: stage.stage.clone() }.into());
    }
    if before.is_some_and(|before| difference(before, &plan).is_empty()) {
        return Ok(Change::answering(change));
    }
    let is_new = |api, stage| before.is_none_or(|before| before.api_stage(api, stage).is_none());
    let added = plan.api_stages.iter().filter(|stage| is_new(&stage.api_id, &stage.stage));
    let added = added.map(|stage| (stage.api_id.clone(), stage.stage.clone())).collect();
    let limits_hold = before.is_some_and(|before| usage_plan::limits(before) == usage_plan::limits(&plan));
    let edit = Change::answering(change).keeping_keys_apart(plan.id, added);
    let edit = if limits_hold { edit } else { edit.recalling(plan.id) };
    Ok(edit.put(Record::UsagePlan(plan)))
}

/// The members that differ, by AWS's names. Empty text is no text.
fn difference(before: &UsagePlan, after: &UsagePlan) -> Vec<String> {
    let stages = |plan: &UsagePlan| {
        let mut stages = plan.api_stages.clone();
        stages.sort_by(|a, b| (&a.api_id, &a.stage).cmp(&(&b.api_id, &b.stage)));
        stages
    };
    let pairs = [
        ("name", before.name != after.name),
        ("description", text(&before.description) != text(&after.description)),
        ("apiStages", stages(before) != stages(after)),
        ("throttle", before.throttle != after.throttle),
        ("quota", before.quota != after.quota),
        ("productCode", text(&before.product_code) != text(&after.product_code)),
        ("tags", before.tags != after.tags),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}
