//! GetRefusals and GetRefusal: why calls were refused, from what the gateway remembers.

use serde::Serialize;
use tollgate_domain::{RefusalLevel, RefusedCall};
use tollgate_store::KeyRow;

use super::{OperatorRefusal, plan_name};
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::error::Failure;
use crate::request::Request;

/// Refusals of a list.
const LISTED: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketWire {
    burst_limit: u64,
    tokens: u64,
    full_in_millis: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuotaWire {
    limit: u32,
    remaining: u64,
    resets_at: i64,
}

/// A refused call on the wire. Times are milliseconds since 1970.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedCallWire {
    request_id: String,
    at: i64,
    status: u16,
    level: &'static str,
    reason: String,
    api_id: Option<String>,
    api_name: Option<String>,
    stage: Option<String>,
    method: String,
    path: String,
    resource_path: Option<String>,
    key_id: Option<String>,
    key_name: Option<String>,
    key_enabled: Option<bool>,
    usage_plan_id: Option<String>,
    plan_name: Option<String>,
    /// When the call would have passed; `None` where waiting does not help.
    clears_at: Option<i64>,
    bucket: Option<BucketWire>,
    quota: Option<QuotaWire>,
}

#[derive(Serialize)]
struct RefusedCallsWire {
    item: Vec<RefusedCallWire>,
}

/// The latest refusals; of one key with `keyId`, at one level with `level`.
pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let (key, wanted) = (request.query("keyId"), request.query("level"));
    let mut item = Vec::new();
    for call in control.gate().recent_refusals() {
        let of_key = key.is_none_or(|key| call.key.is_some_and(|id| id.as_str() == key));
        if of_key && wanted.is_none_or(|wanted| level(call.level) == wanted) {
            item.push(wire(control, call).await?);
        }
        if item.len() == LISTED {
            break;
        }
    }
    Answer::json(&RefusedCallsWire { item })
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let id = request.label("request_id");
    let call = control.gate().recent_refusals().into_iter().find(|call| call.request_id == id);
    let call = call.ok_or(OperatorRefusal::NoSuchRefusal)?;
    Answer::json(&wire(control, call).await?)
}

async fn wire(control: &Control, call: RefusedCall) -> Result<RefusedCallWire, Failure> {
    let key = find_key(control, &call).await?;
    let in_seconds = |seconds: u64| call.at.0.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX) * 1000);
    let api_name = call.api.as_ref().and_then(|api| Some(control.catalog().rest_apis.get(api)?.api.name.clone()));
    let reason = match &key {
        Some(row) if call.key.is_none() && !row.key.enabled => "the key is disabled".to_owned(),
        _ => call.reason,
    };
    Ok(RefusedCallWire {
        request_id: call.request_id,
        at: call.at.0,
        status: call.status,
        level: level(call.level),
        reason,
        api_id: call.api.map(|api| api.to_string()),
        api_name,
        stage: call.stage.map(|stage| stage.to_string()),
        method: call.verb,
        path: call.path,
        resource_path: call.resource_path,
        key_id: key.as_ref().map(|row| row.key.id).or(call.key).map(|id| id.to_string()),
        key_enabled: key.as_ref().map(|row| row.key.enabled),
        key_name: key.and_then(|row| row.key.name),
        plan_name: call.plan.and_then(|plan| plan_name(control, plan)),
        usage_plan_id: call.plan.map(|plan| plan.to_string()),
        clears_at: call.retry_after_secs.map(in_seconds),
        bucket: call.bucket.map(|bucket| BucketWire {
            burst_limit: bucket.burst,
            tokens: bucket.left,
            full_in_millis: bucket.full_in_millis,
        }),
        quota: call.quota.map(|quota| QuotaWire {
            limit: quota.limit,
            remaining: quota.remaining,
            resets_at: in_seconds(quota.resets_in_secs),
        }),
    })
}

/// The key that a call was made with, though the gateway may not know it: a disabled one has a name all the same.
async fn find_key(control: &Control, call: &RefusedCall) -> Result<Option<KeyRow>, Failure> {
    Ok(match (call.key, call.unknown_value) {
        (Some(id), _) => control.store().key(id).await?,
        (None, Some(digest)) => control.store().key_of_digest(digest).await?,
        (None, None) => None,
    })
}

fn level(level: RefusalLevel) -> &'static str {
    match level {
        RefusalLevel::Request => "request",
        RefusalLevel::Route => "route",
        RefusalLevel::Authorization => "authorization",
        RefusalLevel::Key => "key",
        RefusalLevel::PlanThrottle => "plan-throttle",
        RefusalLevel::PlanMethodThrottle => "plan-method-throttle",
        RefusalLevel::StageMethodThrottle => "stage-method-throttle",
        RefusalLevel::AccountThrottle => "account-throttle",
        RefusalLevel::Quota => "quota",
        RefusalLevel::Ledger => "ledger",
        RefusalLevel::Validation => "validation",
        RefusalLevel::Integration => "integration",
    }
}
