//! Answers of a function that are kept for a while, by the identity that the caller showed.
//!
//! Callers who come with one identity at the same time cause one question, also when it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use tollgate_domain::{Clock, Ticks};

use super::answer::{Fault, Grant};

/// Identities whose answers one authorizer keeps, at most.
const MOST_KEPT: usize = 10_000;

pub(super) type Outcome = Result<Arc<Grant>, Fault>;

/// The answers of one authorizer, shared by all threads.
pub(super) struct KeptAnswers {
    /// How long an answer is kept.
    ttl: Ticks,
    answers: Cache<Name, Kept>,
    /// Counts how often all answers were forgotten. It is part of their names, so that a question that was asked
    /// before leaves no answer for those who come after.
    flushes: AtomicU64,
}

/// Flushes before, and the identity.
type Name = (u64, Box<str>);

#[derive(Clone)]
struct Kept {
    outcome: Outcome,
    since: Ticks,
    until: Ticks,
}

impl Kept {
    /// Whether it answers a caller who came at `at`: it has not run out, or was made while the caller waited.
    fn serves(&self, at: Ticks, now: Ticks) -> bool {
        now < self.until || at <= self.since
    }
}

impl std::fmt::Debug for KeptAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptAnswers").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl KeptAnswers {
    pub(super) fn new(ttl: Ticks) -> Self {
        Self { ttl, answers: Cache::new(MOST_KEPT), flushes: AtomicU64::new(0) }
    }

    /// Forgets all of them.
    pub(super) fn flush(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        self.answers.clear();
    }

    /// The answer for an identity, shown by a caller who came at `at`.
    pub(super) async fn get(
        &self,
        identity: String,
        at: Ticks,
        clock: &dyn Clock,
        ask: impl AsyncFn() -> Outcome,
    ) -> Outcome {
        let name: Name = (self.flushes.load(Ordering::SeqCst), identity.into_boxed_str());
        loop {
            match self.answers.get_value_or_guard_async(&name).await {
                Ok(kept) if kept.serves(at, clock.ticks()) => return kept.outcome,
                // Made before this caller came: the next round asks, or waits for who asks.
                Ok(_) => drop(self.answers.remove_if(&name, |kept| !kept.serves(at, clock.ticks()))),
                Err(guard) => {
                    let outcome = ask().await;
                    let since = clock.ticks();
                    let until = Ticks(since.0 + if outcome.is_ok() { self.ttl.0 } else { 0 });
                    // It is lost when everything was forgotten in between, as it should be.
                    let _ = guard.insert(Kept { outcome: outcome.clone(), since, until });
                    return outcome;
                }
            }
        }
    }
}
