//! Recent refusals: what an operator needs in order to say why a call was refused.
//!
//! Each thread keeps its own, so that recording meets nobody but a reader. Calls that pass cost nothing here.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::{BucketState, QuotaState, RefusalLevel, RefusedCall};

use crate::admission::{Standing, ThrottleLevel};
use crate::call::Call;
use crate::key::KeyFault;
use crate::refusal::Refusal;

/// Calls that one thread remembers: some 400 bytes each.
const CAPACITY: usize = 500;
/// Bytes of a path that are kept.
const PATH_KEPT: usize = 200;

/// The last calls that one thread refused, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct RefusalRing(Mutex<VecDeque<RefusedCall>>);

impl RefusalRing {
    /// Remembers a refused call in the place of the oldest, whose texts are written over: once the ring is full, nothing
    /// is allocated for one more refusal.
    pub(crate) fn record(&self, call: &Call<'_>, refusal: &Refusal, standing: &Standing, status: StatusCode) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if calls.len() < CAPACITY { None } else { calls.pop_front() };
        calls.push_back(refused_call(oldest, call, refusal, standing, status));
    }

    /// What is remembered.
    pub(crate) fn recent(&self) -> Vec<RefusedCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The text that was there, with another in its place.
fn rewritten(old: Option<String>, write: impl FnOnce(&mut String)) -> String {
    let mut text = old.unwrap_or_default();
    text.clear();
    write(&mut text);
    text
}

fn refused_call(
    oldest: Option<RefusedCall>,
    call: &Call<'_>,
    refusal: &Refusal,
    standing: &Standing,
    status: StatusCode,
) -> RefusedCall {
    let [request_id, reason, verb, path, resource_path] = oldest.map_or([const { None }; 5], |old| {
        [Some(old.request_id), Some(old.reason), Some(old.verb), Some(old.path), old.resource_path]
    });
    // What met no stage has no path below one.
    let whole_path = if call.stage.is_some() { call.path } else { call.uri.path() };
    RefusedCall {
        request_id: rewritten(request_id, |text| text.push_str(call.ids.request_id.as_str())),
        at: call.at.wall,
        status: status.as_u16(),
        level: level(refusal),
        reason: rewritten(reason, |text| text.write_fmt(format_args!("{refusal}")).unwrap_or_default()),
        api: call.stage.map(|stage| stage.deployed.api.id.clone()),
        stage: call.stage.map(|stage| stage.name.clone()),
        verb: rewritten(verb, |text| text.push_str(call.verb.as_str())),
        path: rewritten(path, |text| text.push_str(&whole_path[..whole_path.floor_char_boundary(PATH_KEPT)])),
        resource_path: call.method.map(|method| rewritten(resource_path, |text| text.push_str(&method.resource_path))),
        key: call.key,
        unknown_value: match refusal {
            Refusal::InvalidApiKey(KeyFault::Unknown(digest)) => Some(*digest),
            _ => None,
        },
        plan: call.plan.map(|coverage| coverage.limits.id),
        retry_after_secs: refusal.retry_after_secs(),
        bucket: standing.throttle.map(|bucket| BucketState {
            burst: bucket.burst,
            left: bucket.left,
            full_in_millis: bucket.full_in.0 / (TICKS_PER_SECOND / 1000),
        }),
        quota: standing.quota.map(|quota| QuotaState {
            limit: quota.limit,
            remaining: quota.remaining,
            resets_in_secs: quota.resets_in_secs,
        }),
    }
}

fn level(refusal: &Refusal) -> RefusalLevel {
    match refusal {
        Refusal::Malformed(_) | Refusal::RequestTooLong | Refusal::UriTooLong => RefusalLevel::Request,
        Refusal::UnknownStage | Refusal::EndpointDisabled | Refusal::UnknownRoute => RefusalLevel::Route,
        Refusal::Denied(_)
        | Refusal::Unauthorized
        | Refusal::TokenExpired
        | Refusal::Signature(_)
        | Refusal::AuthorizerFailed(_)
        | Refusal::AuthorizerUnusable(_) => RefusalLevel::Authorization,
        Refusal::InvalidApiKey(_) => RefusalLevel::Key,
        Refusal::Throttled { level, .. } => match level {
            ThrottleLevel::Plan => RefusalLevel::PlanThrottle,
            ThrottleLevel::PlanMethod => RefusalLevel::PlanMethodThrottle,
            ThrottleLevel::StageMethod => RefusalLevel::StageMethodThrottle,
            ThrottleLevel::Account => RefusalLevel::AccountThrottle,
        },
        Refusal::QuotaExceeded { .. } => RefusalLevel::Quota,
        Refusal::LedgerUnavailable | Refusal::Unaccounted => RefusalLevel::Ledger,
        Refusal::MissingParameters(_) | Refusal::InvalidBody(_) => RefusalLevel::Validation,
        Refusal::UnsupportedMediaType
        | Refusal::Misconfigured(_)
        | Refusal::BadAnswer(_)
        | Refusal::IntegrationTimeout
        | Refusal::IntegrationFailure(_) => RefusalLevel::Integration,
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{IdSource, Moment};

    use super::*;
    use crate::call::CallIdSource;
    use crate::test_invoke;

    #[test]
    fn the_latest_calls_are_kept_and_no_more_than_the_ring_holds() {
        let (ring, ids) = (RefusalRing::default(), CallIdSource::new(&IdSource::seeded(1)));
        let (head, _) = test_invoke::request("GET", "/pets".to_owned(), &[]).expect("a request");
        let client = test_invoke::client();
        for _ in 0..=CAPACITY {
            let ids = ids.next();
            let call = Call::new(&ids, Moment::default(), &client, "000000000000", &head);
            let refusal = Refusal::QuotaExceeded { retry_after_secs: 7 };
            ring.record(&call, &refusal, &Standing::default(), StatusCode::TOO_MANY_REQUESTS);
        }
        let calls = ring.recent();
        assert_eq!(calls.len(), CAPACITY);
        let last = calls.last().expect("a call");
        assert_eq!((last.level, last.retry_after_secs, last.status), (RefusalLevel::Quota, Some(7), 429));
        assert_eq!((last.verb.as_str(), last.path.as_str()), ("GET", "/pets"));
        assert_eq!(last.reason, Refusal::QuotaExceeded { retry_after_secs: 7 }.to_string());
    }
}
