//! Keys with the ids and values that they have elsewhere.

use std::collections::HashMap;

use tollgate_domain::{ApiKey, ApiKeyId, Catalog, RestApiId, StageName, UnixMillis, UsagePlanId};
use tollgate_store::{CallerRow, KeyImport, PutOutcome};

use super::{ImportChange, KEYS_LIMIT, answer, is_dry, refuse_clashes};
use crate::Control;
use crate::answer::Reply;
use crate::error::Failure;
use crate::json::Members;
use crate::operator::OperatorRefusal;
use crate::request::Request;
use crate::resources::{api_key, tags, usage_plan};

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let rows = request.body()?.objects("apiKeys")?.unwrap_or_default();
    if rows.len() > KEYS_LIMIT {
        return Err(OperatorRefusal::BadImport(format!("At most {KEYS_LIMIT} keys are taken at once")).into());
    }
    let _turn = control.writer().turn().await?;
    let (mut changes, mut keys) = (Vec::new(), Vec::new());
    for row in &rows {
        match read(row, request.now())? {
            Ok(key) => keys.push(key),
            Err(clash) => changes.push(clash),
        }
    }
    changes.extend(misplaced(control, &keys, is_dry(request)).await?);
    if !is_dry(request) {
        refuse_clashes(&changes)?;
    }
    keys.retain(|key| !changes.iter().any(|clash| clash.id == key.key.id.as_str()));
    let ids: Vec<ApiKeyId> = keys.iter().map(|key| key.key.id).collect();
    let puts = control.store().put_keys(keys, is_dry(request)).await?;
    for (id, put) in ids.into_iter().zip(puts) {
        changes.push(told(id, &put.outcome));
        if let Some(row) = put.row {
            control.gate().put_key(&CallerRow::from(&row));
        }
    }
    if !is_dry(request) {
        refuse_clashes(&changes)?;
    }
    answer(changes)
}

/// A key as it is sent; one that breaks the rules for keys is a clash.
fn read(row: &Members, now: UnixMillis) -> Result<Result<KeyImport, ImportChange>, Failure> {
    let text = row.string("id")?.unwrap_or_default();
    let Ok(id) = ApiKeyId::parse(&text) else {
        return Ok(Err(ImportChange::clash(&text, "ids of keys have up to 15 letters and digits here".to_owned())));
    };
    let date =
        |name: &str| Ok::<_, Failure>(row.integer(name)?.map(|seconds| UnixMillis(seconds.saturating_mul(1_000))));
    let stage_keys = row.strings("stageKeys")?.unwrap_or_default();
    let plans = row.strings("usagePlanIds")?.unwrap_or_default();
    let created = date("createdDate")?.unwrap_or(now);
    let key = ApiKey {
        id,
        name: row.string("name")?,
        description: row.string("description")?,
        customer_id: row.string("customerId")?,
        enabled: row.bool("enabled")?.unwrap_or(false),
        created,
        updated: date("lastUpdatedDate")?.unwrap_or(created),
        stage_keys: stage_keys
            .iter()
            .filter_map(|pair| pair.split_once('/'))
            .map(|(api, stage)| (RestApiId::new(api), StageName::new(stage)))
            .collect(),
        tags: row.string_map("tags")?.unwrap_or_default(),
    };
    let value = row.string("value")?.unwrap_or_default();
    let checked = api_key::check(key.name.as_deref(), key.description.as_deref())
        .and_then(|()| api_key::check_value(&value))
        .and_then(|()| tags::check(&key.tags));
    if let Err(conflict) = checked {
        return Ok(Err(ImportChange::clash(id, conflict.to_string())));
    }
    match plans.iter().map(|plan| UsagePlanId::parse(plan)).collect::<Result<_, _>>() {
        Ok(plans) => Ok(Ok(KeyImport { key, value, plans })),
        Err(_) => Ok(Err(ImportChange::clash(id, "it is in a plan whose id cannot be one here".to_owned()))),
    }
}

/// Keys that cannot be in all the plans that they would be in.
async fn misplaced(control: &Control, keys: &[KeyImport], dry: bool) -> Result<Vec<ImportChange>, Failure> {
    let catalog = control.catalog();
    let rows = control.store().keys(keys.iter().map(|key| key.key.id).collect()).await?;
    let joined: HashMap<ApiKeyId, Vec<UsagePlanId>> = rows.into_iter().map(|row| (row.key.id, row.plans)).collect();
    let mut clashes = Vec::new();
    for key in keys {
        let mut plans = joined.get(&key.key.id).cloned().unwrap_or_default();
        for plan in &key.plans {
            if let Some(message) = misfit(&catalog, *plan, &plans, dry) {
                clashes.push(ImportChange::clash(key.key.id, message));
                break;
            }
            plans.push(*plan);
        }
    }
    Ok(clashes)
}

/// Why a key that is in `joined` cannot join a plan. In a dry run the plan may still be to come.
fn misfit(catalog: &Catalog, plan: UsagePlanId, joined: &[UsagePlanId], dry: bool) -> Option<String> {
    if joined.contains(&plan) {
        return None;
    }
    let Some(plan) = catalog.usage_plans.get(&plan) else {
        return (!dry).then(|| format!("there is no usage plan {plan}"));
    };
    let stage = usage_plan::shared_stage(catalog, plan, joined)?;
    let other = joined.iter().find(|id| {
        let other = catalog.usage_plans.get(*id);
        other.is_some_and(|other| other.api_stage(&stage.api_id, &stage.stage).is_some())
    })?;
    Some(format!(
        "it is in the plan {other} here, which covers a stage of the plan {}: {}:{}",
        plan.id, stage.api_id, stage.stage
    ))
}

fn told(id: ApiKeyId, outcome: &PutOutcome) -> ImportChange {
    match outcome {
        PutOutcome::Made => ImportChange::make(id),
        PutOutcome::Same => ImportChange::of(id, Vec::new()),
        PutOutcome::Changed(members) => ImportChange::of(id, members.iter().map(ToString::to_string).collect()),
        PutOutcome::OtherValue => ImportChange::clash(id, "the key of this id has another value here".to_owned()),
        PutOutcome::ValueOf(other) => ImportChange::clash(id, format!("its value is that of the key {other} here")),
    }
}
