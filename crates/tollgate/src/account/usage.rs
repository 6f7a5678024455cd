//! What keys used of a plan in the period that runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tollgate_domain::{Day, QuotaPeriod, QuotaSettings};

use super::reader::{Reader, Unread, segment, text};

/// Reads what the keys of a plan used since its period began, by key, as an import takes it. Keys that used nothing and
/// have their whole quota left are not told of; neither are those that are not in `known`.
pub(super) async fn read(
    reader: &impl Reader,
    plan: &Value,
    known: &BTreeSet<String>,
    today: Day,
) -> Result<BTreeMap<String, Value>, Unread> {
    let quota = quota(plan);
    // Without a quota it is told since the month began.
    let monthly = QuotaSettings { limit: 1, offset: 0, period: QuotaPeriod::Month };
    let first = quota.unwrap_or(monthly).period_at(today).first;
    let id = segment(text(plan, "id"));
    let range = format!("startDate={first}&endDate={today}");
    let mut keys = BTreeMap::new();
    let mut position = None::<String>;
    loop {
        let next = position.as_ref().map_or_else(String::new, |position| format!("&position={}", segment(position)));
        let answer = reader.read(&format!("/usageplans/{id}/usage?{range}&limit=500{next}")).await?;
        // Named `items` by the SDKs, and `values` on the wire.
        let values = answer.get("values").or_else(|| answer.get("items")).and_then(Value::as_object);
        for (key, days) in values.into_iter().flatten().filter(|(key, _)| known.contains(*key)) {
            keys.extend(used(days, first, quota).map(|used| (key.clone(), used)));
        }
        match answer["position"].as_str().filter(|next| Some(*next) != position.as_deref()) {
            Some(next) => position = Some(next.to_owned()),
            None => return Ok(keys),
        }
    }
}

/// The quota of a plan, if it has one that reads.
pub(crate) fn quota(plan: &Value) -> Option<QuotaSettings> {
    let quota = plan.get("quota")?;
    Some(QuotaSettings {
        limit: u32::try_from(quota["limit"].as_u64()?).ok()?,
        offset: i32::try_from(quota["offset"].as_i64().unwrap_or(0)).ok()?,
        period: QuotaPeriod::parse(text(quota, "period"))?,
    })
}

/// Pairs of used and remaining, for each day from the first.
fn used(days: &Value, first: Day, quota: Option<QuotaSettings>) -> Option<Value> {
    let pairs: Vec<(u64, i64)> =
        days.as_array()?.iter().map(|pair| (pair[0].as_u64().unwrap_or(0), pair[1].as_i64().unwrap_or(-1))).collect();
    let remaining = pairs.last().and_then(|(_, remaining)| u64::try_from(*remaining).ok());
    let untouched = remaining.is_none_or(|remaining| quota.is_some_and(|quota| u64::from(quota.limit) == remaining));
    if untouched && pairs.iter().all(|(used, _)| *used == 0) {
        return None;
    }
    let days: BTreeMap<String, u64> = (first.0..)
        .map(|day| Day(day).to_string())
        .zip(pairs.iter().map(|(used, _)| *used))
        .filter(|(_, used)| *used > 0)
        .collect();
    Some(json!({ "days": days, "remaining": remaining }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_first_and_what_remains_is_told_by_the_last() {
        let first = Day::parse("2026-11-01").expect("a day");
        let quota = quota(&json!({"quota": {"limit": 100, "offset": 0, "period": "MONTH"}}));
        let told = used(&json!([[3, 97], [0, 97], [7, 90]]), first, quota);
        assert_eq!(told, Some(json!({"days": {"2026-11-01": 3, "2026-11-03": 7}, "remaining": 90})));
        assert_eq!(used(&json!([[0, 100], [0, 100]]), first, quota), None);
        let extended = used(&json!([[0, 150]]), first, quota);
        assert_eq!(extended, Some(json!({"days": {}, "remaining": 150})));
        assert_eq!(used(&json!([[2, -1]]), first, None), Some(json!({"days": {"2026-11-01": 2}, "remaining": null})));
    }
}
