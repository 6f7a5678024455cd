//! What keys used of a plan elsewhere, and what is left of their quotas.

use futures_util::future::try_join_all;
use tollgate_domain::{ApiKeyId, Day, LeftElsewhere, QuotaSettings, UnixMillis, UsageImport, UsagePlanId};

use super::{ImportChange, KEYS_LIMIT, answer, is_dry};
use crate::Control;
use crate::answer::Reply;
use crate::error::Failure;
use crate::json::Members;
use crate::operator::OperatorRefusal;
use crate::request::Request;

/// Days that one key may have.
const DAYS_LIMIT: usize = 366;

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let keys = request.body()?.object_map("keys")?.unwrap_or_default();
    if keys.len() > KEYS_LIMIT {
        return Err(OperatorRefusal::BadImport(format!("At most {KEYS_LIMIT} keys are taken at once")).into());
    }
    // The quota has to be in force until its use is counted.
    let _turn = control.writer().turn().await?;
    let plan = request.usage_plan_id()?;
    let known = control.catalog().usage_plans.get(&plan).cloned();
    if known.is_none() && !is_dry(request) {
        return Err(crate::conflict::Conflict::NoSuchUsagePlan.into());
    }
    // The plan of a dry run may still be to come, and with it all that is told.
    let to_come = known.is_none();
    let quota = known.and_then(|plan| plan.quota);
    let (mut changes, mut imports) = (Vec::new(), Vec::new());
    for (id, told) in &keys {
        let import = read(plan, id, told, quota, request.now())?;
        let counts = to_come || control.store().imports_something(import.clone()).await?;
        changes.push(ImportChange::of(id, if counts { vec!["usage".to_owned()] } else { Vec::new() }));
        if counts {
            imports.push(import);
        }
    }
    if !is_dry(request) {
        // Asked for together, they are written in one round.
        try_join_all(imports.into_iter().map(|import| control.gate().import_usage(import))).await?;
    }
    answer(changes)
}

fn read(
    plan: UsagePlanId,
    id: &str,
    told: &Members,
    quota: Option<QuotaSettings>,
    now: UnixMillis,
) -> Result<UsageImport, Failure> {
    let bad = |what: &str| OperatorRefusal::BadImport(format!("{what} of the key {id} does not read"));
    let key = ApiKeyId::parse(id).map_err(|_| bad("The id"))?;
    let days = told.object("days")?.unwrap_or_default();
    let mut read = Vec::new();
    for (day, calls) in days.integers()? {
        let day = Day::parse(&day).ok_or_else(|| bad("A day"))?;
        read.push((day, u64::try_from(calls).map_err(|_| bad("A count"))?));
    }
    if read.len() > DAYS_LIMIT {
        return Err(bad("So many days").into());
    }
    let remaining = told.integer("remaining")?.and_then(|remaining| u64::try_from(remaining).ok());
    let left = quota.zip(remaining).map(|(quota, remaining)| LeftElsewhere {
        quota,
        period: quota.period_at(now.day()),
        remaining,
    });
    Ok(UsageImport { plan, key, days: read, left })
}
