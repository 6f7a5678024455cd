//! Shared buckets in memory, for tests of what stands on the port. What lasts is the store's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_domain::owed_tokens::OwedTokens;
use tollgate_domain::token_draw::BucketDraw;
use tollgate_domain::{Clock, Ticks};

use super::source::{BucketsUnavailable, Drawing, Drawn, TokenSource};

/// Buckets that go by a clock, and cannot be reached when told so.
#[derive(Debug)]
pub struct MemorySource {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<Arc<str>, OwedTokens>,
    away: bool,
    /// The names of buckets that were asked for tokens, in order.
    asked: Vec<Arc<str>>,
}

impl MemorySource {
    /// Knows no bucket yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Puts them out of reach, or back.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// The names of buckets that were asked for tokens, in order.
    pub fn asked(&self) -> Vec<Arc<str>> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenSource for MemorySource {
    fn draw<'a>(&'a self, draws: &'a [BucketDraw]) -> Drawing<'a> {
        Box::pin(async move {
            let now = u64::try_from(self.clock.ticks().since(Ticks(0)).as_micros()).unwrap_or(u64::MAX);
            let mut state = self.state();
            if state.away {
                return Err(BucketsUnavailable("away".to_owned()));
            }
            let answer = |BucketDraw { bucket, draw }: &BucketDraw| {
                state.asked.push(Arc::clone(bucket));
                let kept = state.buckets.entry(Arc::clone(bucket));
                kept.or_insert_with(|| OwedTokens::none(draw.rate, now)).draw(*draw, now)
            };
            Ok(Drawn { grants: draws.iter().map(answer).collect(), round_trips: 1 })
        })
    }
}
