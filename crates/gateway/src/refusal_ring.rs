//! Recent refusals: what an operator needs in order to say why a call was refused.
//!
//! Each thread keeps its own, so that recording meets nobody but a reader. Calls that pass cost nothing here.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::{BucketState, QuotaState, RefusalLevel, RefusedCall, UnixMillis};

use crate::admission::{Standing, ThrottleLevel};
use crate::call::{Call, CallId};
use crate::key::KeyFault;
use crate::refusal::Refusal;

/// Calls that one thread remembers: some 400 bytes each.
const CAPACITY: usize = 500;
/// Calls that one thread remembers of a second, and as many that failed by no fault of their callers. Of a flood, more would drive each other out before anybody reads them,
/// and each would cost the thread more than it takes to refuse it.
const A_SECOND: u32 = 250;
/// Bytes of a path that are kept.
const PATH_KEPT: usize = 200;

/// The last calls that one thread refused, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct RefusalRing(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    kept: Vec<Kept>,
    /// Where the oldest is, once there is no room for more.
    oldest: usize,
}

/// A call, of which some texts are made only when somebody reads them.
#[derive(Debug)]
struct Kept {
    request_id: CallId<36>,
    /// Why it was refused, if what is in `call` is not the reason.
    refusal: Option<Refusal>,
    call: RefusedCall,
}

impl Kept {
    fn read(&self) -> RefusedCall {
        let mut call = self.call.clone();
        self.request_id.as_str().clone_into(&mut call.request_id);
        if let Some(refusal) = &self.refusal {
            call.reason = refusal.to_string();
        }
        call
    }
}

/// The same refusal, of those that are everyday.
fn everyday(refusal: &Refusal) -> Option<Refusal> {
    match *refusal {
        Refusal::InvalidApiKey(fault) => Some(Refusal::InvalidApiKey(fault)),
        Refusal::Throttled { level, retry_after_secs } => Some(Refusal::Throttled { level, retry_after_secs }),
        Refusal::QuotaExceeded { retry_after_secs } => Some(Refusal::QuotaExceeded { retry_after_secs }),
        _ => None,
    }
}

/// How a thread has its refused calls remembered.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    ring: Arc<RefusalRing>,
    second: Cell<i64>,
    /// Calls of this second: those that were refused for what their callers did, and those that failed.
    counts: [Cell<u32>; 2],
}

impl Refusals {
    pub(crate) fn new(ring: Arc<RefusalRing>) -> Self {
        Self { ring, ..Self::default() }
    }

    /// Remembers a call that is refused now, if it is one of the first of this second and of its kind.
    pub(crate) fn record(
        &self,
        call: &Call<'_>,
        refusal: &Refusal,
        standing: &Standing,
        status: StatusCode,
        now: UnixMillis,
    ) {
        if self.second.replace(now.seconds()) != now.seconds() {
            self.counts.iter().for_each(|count| count.set(0));
        }
        let count = &self.counts[usize::from(status.is_server_error())];
        if count.get() < A_SECOND {
            count.set(count.get() + 1);
            self.ring.record(call, refusal, standing, status);
        }
    }
}

impl RefusalRing {
    /// Remembers a refused call in the place of the oldest, whose texts are written over: once the ring is full, nothing
    /// is allocated for one more refusal, and nothing moved.
    fn record(&self, call: &Call<'_>, refusal: &Refusal, standing: &Standing, status: StatusCode) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Calls { kept, oldest } = &mut *calls;
        if kept.len() < CAPACITY {
            kept.push(nothing_known(call));
            if let Some(new) = kept.last_mut() {
                write(new, call, refusal, standing, status);
            }
        } else if let Some(old) = kept.get_mut(*oldest) {
            write(old, call, refusal, standing, status);
            *oldest = (*oldest + 1) % CAPACITY;
        }
    }

    /// What is remembered.
    pub(crate) fn recent(&self) -> Vec<RefusedCall> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (newer, older) = calls.kept.split_at(calls.oldest);
        older.iter().chain(newer).map(Kept::read).collect()
    }
}

fn nothing_known(call: &Call<'_>) -> Kept {
    let known = RefusedCall {
        request_id: String::new(),
        at: call.at.wall,
        status: 0,
        level: RefusalLevel::Request,
        reason: String::new(),
        api: None,
        stage: None,
        verb: String::new(),
        path: String::new(),
        resource_path: None,
        key: None,
        unknown_value: None,
        plan: None,
        retry_after_secs: None,
        bucket: None,
        quota: None,
    };
    Kept { request_id: call.ids.request_id, refusal: None, call: known }
}

/// Puts another text in the place of one.
fn rewrite(text: &mut String, new: &str) {
    text.clear();
    text.push_str(new);
}

fn write(kept: &mut Kept, call: &Call<'_>, refusal: &Refusal, standing: &Standing, status: StatusCode) {
    let into = &mut kept.call;
    // What met no stage has no path below one.
    let whole_path = if call.stage.is_some() { call.path } else { call.sent_path() };
    kept.request_id = call.ids.request_id;
    into.at = call.at.wall;
    into.status = status.as_u16();
    into.level = level(refusal);
    kept.refusal = everyday(refusal);
    if kept.refusal.is_none() {
        into.reason.clear();
        into.reason.write_fmt(format_args!("{refusal}")).unwrap_or_default();
    }
    into.api = call.stage.map(|stage| stage.deployed.api.id.clone());
    into.stage = call.stage.map(|stage| stage.name.clone());
    rewrite(&mut into.verb, call.verb.as_str());
    rewrite(&mut into.path, &whole_path[..whole_path.floor_char_boundary(PATH_KEPT)]);
    match call.method {
        Some(method) => rewrite(into.resource_path.get_or_insert_default(), &method.resource_path),
        None => into.resource_path = None,
    }
    into.key = call.key;
    into.unknown_value = match refusal {
        Refusal::InvalidApiKey(KeyFault::Unknown(digest)) => Some(*digest),
        _ => None,
    };
    into.plan = call.plan.map(|coverage| coverage.limits.id);
    into.retry_after_secs = refusal.retry_after_secs();
    into.bucket = standing.throttle.map(|bucket| BucketState {
        burst: bucket.burst,
        left: bucket.left,
        full_in_millis: bucket.full_in.0 / (TICKS_PER_SECOND / 1000),
    });
    into.quota = standing.quota.map(|quota| QuotaState {
        limit: quota.limit,
        remaining: quota.remaining,
        resets_in_secs: quota.resets_in_secs,
    });
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
        let mut names = Vec::new();
        for _ in 0..CAPACITY + 3 {
            let ids = ids.next();
            let call = Call::new(&ids, Moment::default(), &client, "000000000000", (&head).into());
            let refusal = Refusal::QuotaExceeded { retry_after_secs: 7 };
            ring.record(&call, &refusal, &Standing::default(), StatusCode::TOO_MANY_REQUESTS);
            names.push(ids.request_id.as_str().to_owned());
        }
        let calls = ring.recent();
        assert_eq!(calls.iter().map(|call| call.request_id.as_str()).collect::<Vec<_>>(), names[3..]);
        let last = calls.last().expect("a call");
        assert_eq!((last.level, last.retry_after_secs, last.status), (RefusalLevel::Quota, Some(7), 429));
        assert_eq!((last.verb.as_str(), last.path.as_str()), ("GET", "/pets"));
        assert_eq!(last.reason, Refusal::QuotaExceeded { retry_after_secs: 7 }.to_string());
    }

    #[test]
    fn of_a_flood_the_first_of_each_second_and_kind_are_kept() {
        let (ring, ids) = (Arc::<RefusalRing>::default(), CallIdSource::new(&IdSource::seeded(1)));
        let refusals = Refusals::new(Arc::clone(&ring));
        let (head, _) = test_invoke::request("GET", "/pets".to_owned(), &[]).expect("a request");
        let client = test_invoke::client();
        let record = |came: i64, now: i64, status| {
            let (ids, at) = (ids.next(), Moment { wall: UnixMillis(came), ..Moment::default() });
            let call = Call::new(&ids, at, &client, "000000000000", (&head).into());
            refusals.record(&call, &Refusal::UnknownRoute, &Standing::default(), status, UnixMillis(now));
        };
        for call in 0..A_SECOND + 10 {
            record(5_000, 5_000 + i64::from(call), StatusCode::FORBIDDEN);
            // Others have waited since the second before.
            record(4_000, 5_000 + i64::from(call), StatusCode::TOO_MANY_REQUESTS);
        }
        record(5_000, 5_999, StatusCode::BAD_GATEWAY);
        record(5_999, 6_000, StatusCode::FORBIDDEN);
        let kept = ring.recent();
        let of = |came, status| kept.iter().filter(|call| call.at == UnixMillis(came) && call.status == status).count();
        assert_eq!(of(5_000, 403) + of(4_000, 429), A_SECOND as usize);
        assert_eq!((of(5_000, 502), of(5_999, 403)), (1, 1));
    }

    #[test]
    fn what_is_written_over_leaves_nothing_behind() {
        let (ring, ids) = (RefusalRing::default(), CallIdSource::new(&IdSource::seeded(1)));
        let (head, _) = test_invoke::request("GET", "/pets".to_owned(), &[]).expect("a request");
        let client = test_invoke::client();
        // An odd number of kinds, so that each place has every kind in turn.
        let kinds = [
            Refusal::QuotaExceeded { retry_after_secs: 7 },
            Refusal::Misconfigured("no such function".to_owned()),
            Refusal::UnknownRoute,
        ];
        for refusal in kinds.iter().cycle().take(3 * CAPACITY + 1) {
            let ids = ids.next();
            let call = Call::new(&ids, Moment::default(), &client, "000000000000", (&head).into());
            ring.record(&call, refusal, &Standing::default(), StatusCode::FORBIDDEN);
        }
        let reasons = ring.recent().into_iter().map(|call| call.reason);
        let expected = kinds.iter().map(ToString::to_string).cycle().skip((2 * CAPACITY + 1) % 3);
        assert_eq!(reasons.collect::<Vec<_>>(), expected.take(CAPACITY).collect::<Vec<_>>());
    }
}
