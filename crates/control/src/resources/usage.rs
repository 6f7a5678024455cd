//! Usage: what keys have used of a plan, day by day, from the ledger that refuses them.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{Adjustment, ApiKeyId, Day, UsagePlanId};
use tollgate_store::{KeyUsage, QuotaExtension, UsageQuery};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::page::{PageError, PageQuery};
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::usage_plan;

/// Ours: AWS's own limit on the range is folklore.
const LONGEST_RANGE_DAYS: i32 = 366;
/// Characters of a reason that are kept.
const REASON_KEPT: usize = 500;
const PATHS: Paths = Paths { add: &[], replace: &["/remaining"], remove: &[] };

/// Usage on the wire: used and remaining, by key and day.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageWire {
    usage_plan_id: String,
    start_date: String,
    end_date: String,
    values: BTreeMap<String, Vec<(u64, i64)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "usage")?;
    let (first, last) = range(request.query("startDate"), request.query("endDate"))?;
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?;
    let key = request.query("keyId").map(ApiKeyId::parse).transpose().map_err(|_| Conflict::NoSuchApiKey)?;
    let after = query.after.as_deref().map(ApiKeyId::parse).transpose().map_err(|_| PageError::BadPosition)?;
    control.gate().settle().await?;
    let limit = u32::try_from(query.limit).unwrap_or(u32::MAX);
    let usage = UsageQuery {
        plan: plan.id,
        key,
        first,
        last,
        after,
        limit,
        quota: plan.quota,
        unspent: control.gate().unspent(plan.id),
    };
    let page = control.store().usage(usage).await?;
    let next = page.keys.last().filter(|_| page.more).map(|usage| usage.key.to_string());
    let page = query.finish(page.keys, next);
    Answer::json(&wire(plan.id, (first, last), page.items, page.position))
}

/// Sets what a key has left of its current period.
pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateUsageInput")?;
    // The quota has to be in force until it is adjusted.
    let _turn = control.writer().turn().await?;
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?;
    let key = request.api_key_id("keyId")?;
    control.store().plan_key(plan.id, key).await?.ok_or(Conflict::NoSuchApiKey)?;
    let quota = plan.quota.ok_or(Conflict::NoQuota(plan.id))?;
    let remaining = patch::apply(&None, &operations, run)?;
    let today = request.now().day();
    match remaining {
        Some(remaining) => {
            let period = quota.period_at(today);
            control.store().gather(plan.id, key).await?;
            control.gate().adjust(Adjustment { plan: plan.id, key, quota, period, remaining }).await?;
            let noted = control.store().note_extension(extension(request, plan.id, key, remaining)).await;
            if let Err(error) = noted {
                // The quota is extended; to answer "no" now would be untrue.
                tracing::error!(target: "tollgate::control", %error, "an extension of a quota is not in its history");
            }
        }
        None => control.gate().settle().await?,
    }
    let (first, last, key) = (today, today, Some(key));
    let usage = UsageQuery {
        plan: plan.id,
        key,
        first,
        last,
        after: None,
        limit: 1,
        quota: Some(quota),
        unspent: control.gate().unspent(plan.id),
    };
    let page = control.store().usage(usage).await?;
    Answer::json(&wire(plan.id, (today, today), page.keys, None))
}

/// What is noted of an extension.
fn extension(request: &Request, plan: UsagePlanId, key: ApiKeyId, remaining: u64) -> QuotaExtension {
    let author = request.caller().map_or_else(|| "tollgate".to_owned(), |caller| caller.access_key_id.clone());
    let reason = request.reason().map(|reason| reason.chars().take(REASON_KEPT).collect());
    QuotaExtension { plan, key, at: request.now(), remaining, author, reason }
}

fn wire(plan: UsagePlanId, (first, last): (Day, Day), keys: Vec<KeyUsage>, position: Option<String>) -> UsageWire {
    let pairs = |usage: KeyUsage| {
        let days = usage.days.iter().map(|day| (day.used, day.remaining)).collect();
        (usage.key.to_string(), days)
    };
    UsageWire {
        usage_plan_id: plan.to_string(),
        start_date: first.to_string(),
        end_date: last.to_string(),
        values: keys.into_iter().map(pairs).collect(),
        position,
    }
}

fn run(remaining: &mut Option<u64>, operation: &PatchOperation) -> Result<(), crate::error::Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/remaining") => {
            let value: Option<u32> = operation.value().trim().parse().ok();
            let value = value.ok_or_else(|| Conflict::BadRemaining(operation.value().to_owned()))?;
            *remaining = Some(u64::from(value));
            Ok(())
        }
        _ => Err(PATHS.refuse(operation).into()),
    }
}

/// The first and last day of a range.
fn range(start: Option<&str>, end: Option<&str>) -> Result<(Day, Day), Conflict> {
    let (start, end) = start.zip(end).ok_or(Conflict::NoUsageDates)?;
    let day = |text: &str| Day::parse(text).ok_or_else(|| Conflict::BadUsageDate(text.to_owned()));
    let (first, last) = (day(start)?, day(end)?);
    match last.0 - first.0 {
        ..0 => Err(Conflict::UsageEndsBeforeStart),
        LONGEST_RANGE_DAYS.. => Err(Conflict::UsageRangeTooLong),
        _ => Ok((first, last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    #[test]
    fn a_range_has_two_real_days_in_order_and_a_year_at_most() {
        let range = |start, end| range(Some(start), Some(end));
        assert!(range("2026-11-22", "2026-11-22").is_ok());
        assert!(range("2028-01-01", "2028-12-31").is_ok());
        assert_eq!(range("2026-11-22", "2026-11-21"), Err(Conflict::UsageEndsBeforeStart));
        assert_eq!(range("2026-01-01", "2027-01-02"), Err(Conflict::UsageRangeTooLong));
        assert_eq!(range("2026-02-29", "2026-03-01"), Err(Conflict::BadUsageDate("2026-02-29".to_owned())));
        assert_eq!(super::range(Some("2026-02-28"), None), Err(Conflict::NoUsageDates));
    }

    #[test]
    fn remaining_is_a_count() {
        for (value, good) in [("0", true), ("12", true), ("-1", false), ("x", false), ("99999999999", false)] {
            let operations = [operation(Op::Replace, "/remaining", value)];
            assert_eq!(patch::apply(&None, &operations, run).is_ok(), good, "{value}");
        }
    }
}
