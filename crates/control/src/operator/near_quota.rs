//! GetNearQuota: keys that have used most of their quota, those with the least left first.

use serde::Serialize;
use tollgate_domain::{Catalog, Day, UsagePlanId};
use tollgate_store::{NearQuota, StoreError};

use super::key_names;
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// Percent of a quota from which on a key is near it.
const NEAR: u32 = 80;
/// Keys that are shown.
const SHOWN: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NearQuotaWire {
    key_id: String,
    name: Option<String>,
    usage_plan_id: String,
    plan_name: String,
    used: u64,
    /// The quota of the period, with what it was extended by.
    limit: u64,
    period: &'static str,
    /// The first day of the next period.
    resets_on: String,
}

#[derive(Serialize)]
struct NearQuotasWire {
    item: Vec<NearQuotaWire>,
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    control.gate().settle().await?;
    let (catalog, today) = (control.catalog(), request.now().day());
    let near = control.paced().near_quota.get(control.clock(), find(control, &catalog, today)).await?;
    let names = key_names(control, near.iter().map(|(_, near)| near.key)).await?;
    let wire = |(plan, near): &(UsagePlanId, NearQuota)| {
        let plan = catalog.usage_plans.get(plan)?;
        let quota = plan.quota?;
        Some(NearQuotaWire {
            key_id: near.key.to_string(),
            name: names.get(&near.key).cloned(),
            usage_plan_id: plan.id.to_string(),
            plan_name: plan.name.clone(),
            used: near.used,
            limit: near.limit,
            period: quota.period.as_str(),
            resets_on: quota.period_at(today).end.to_string(),
        })
    };
    Answer::json(&NearQuotasWire { item: near.iter().filter_map(wire).collect() })
}

async fn find(control: &Control, catalog: &Catalog, today: Day) -> Result<Vec<(UsagePlanId, NearQuota)>, StoreError> {
    let shown = u32::try_from(SHOWN).unwrap_or(u32::MAX);
    let mut near = Vec::new();
    for plan in catalog.usage_plans.values() {
        let Some(quota) = plan.quota else { continue };
        let keys = control.store().near_quota(plan.id, quota, today, NEAR, shown).await?;
        near.extend(keys.into_iter().map(|key| (plan.id, key)));
    }
    near.sort_by_key(|(_, key)| key.limit.saturating_sub(key.used));
    near.truncate(SHOWN);
    Ok(near)
}
