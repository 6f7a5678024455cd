//! Token buckets that nodes share: one limit over all of them.
//!
//! Keeps the promise that all nodes together admit what one would. Of a bucket that is called now and then, or often but
//! far below its limit, a node has a portion for a while, of which it asks nobody (see [`tollgate_domain::portion`]). Of
//! others it draws tokens in small batches and spends them from memory; what it does not spend lapses as the bucket
//! refills (see [`tollgate_domain::stock`]). While the buckets are out of reach, each node gives out its share of the rate
//! by itself, and settles that when they are back.

mod bucket;
mod bucket_id;
mod drawer;
mod health;
mod held;
mod pace;
mod source;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use smallvec::SmallVec;
use tokio::sync::mpsc;
use tollgate_domain::claim::Claim;
use tollgate_domain::throttle::{Empty, TokenRate};
use tollgate_domain::{Clock, Moment, Ticks};

use crate::admission::{Admission, Caller, Demand, Keyed, PlanLimits, ThrottleLevel, Verdict};
use bucket::{Answer, SharedBucket};
use bucket_id::BucketId;
use drawer::Wanted;
pub use drawer::{Drawer, Inbox};
pub use health::BucketsHealth;
use health::Watch;
use held::HeldTokens;
pub use source::{BucketsUnavailable, Drawing, Drawn, TokenSource};

/// How long a call waits for the drawer, which gives up sooner by itself.
const CALLS_PATIENCE: Duration = Duration::from_secs(2);

/// The buckets that nodes share, as this node knows them. One for all threads.
#[derive(Debug)]
pub struct SharedBuckets {
    buckets: papaya::HashMap<BucketId, Arc<SharedBucket>, RandomState>,
    drawer: mpsc::UnboundedSender<Wanted>,
    /// Buckets of which portions are to be prolonged. The drawer claims them.
    due: mpsc::UnboundedSender<Wanted>,
    watch: Watch,
    probing: Claim,
    /// Names this node where the buckets are.
    node: u64,
}

/// One limit of a call.
struct Level {
    level: ThrottleLevel,
    bucket: Arc<SharedBucket>,
    rate: TokenRate,
}

type Levels = SmallVec<[Level; 3]>;

/// Why a call has no tokens.
enum Fault {
    Refused(Verdict),
    OutOfReach,
}

impl SharedBuckets {
    /// Knows no bucket yet; the inbox is for its [`Drawer`]. `node` names this process: no other ever has it.
    pub fn new(node: u64) -> (Self, Inbox) {
        let ((drawer, wanted), (due, prolonged)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let buckets = papaya::HashMap::default();
        (
            Self { buckets, drawer, due, watch: Watch::new(), probing: Claim::new(), node },
            Inbox { wanted, due: prolonged },
        )
    }

    /// Says among how many nodes rates are divided while the buckets are out of reach.
    pub fn set_live_nodes(&self, nodes: u64) {
        self.watch.set_live_nodes(nodes);
    }

    /// How they do.
    pub fn health(&self) -> BucketsHealth {
        self.watch.health(self.buckets.len())
    }

    /// Decides a call as [`Admission::admit_caller`] does, with tokens of buckets that nodes share. `method` names the
    /// stage's bucket.
    ///
    /// The tokens come first and are held while the quota is asked: it may be away, they are given back.
    pub(crate) async fn admit(
        &self,
        admission: &Admission,
        caller: Option<&Caller>,
        demand: Demand<'_>,
        method: Option<&Arc<str>>,
        now: Moment,
        clock: &dyn Clock,
    ) -> Verdict {
        let levels = self.levels(&demand, method);
        let (held, now) = match self.take(&levels, now, clock).await {
            Ok(held) => held,
            Err(verdict) => return verdict,
        };
        let limits = demand.keyed.as_ref().map(|keyed| PlanLimits { rate: None, ..keyed.plan.clone() });
        let keyed = demand.keyed.as_ref().zip(limits.as_ref());
        let keyed = keyed.map(|(keyed, plan)| Keyed { key: keyed.key, plan, method_entry: None });
        let quota = Demand { keyed, method: None, account: None };
        let mut verdict = admission.admit_caller(caller, quota, now, clock).await;
        if verdict.outcome.is_ok() {
            held.into_iter().for_each(|token| token.keep());
            let own = levels.iter().find(|level| level.is_own());
            verdict.standing.throttle = own.map(|level| level.bucket.standing(level.rate, now.ticks));
        }
        verdict
    }

    /// The limits of a call, in AWS's order.
    fn levels(&self, demand: &Demand<'_>, method: Option<&Arc<str>>) -> Levels {
        let own = demand.keyed.as_ref().and_then(|keyed| {
            let (plan, key) = (keyed.plan.id, keyed.key);
            match &keyed.method_entry {
                Some(entry) => {
                    let id = BucketId::Entry(plan, key, Arc::clone(entry.name));
                    entry.rate.map(|rate| (ThrottleLevel::PlanMethod, id, rate))
                }
                None => keyed.plan.rate.map(|rate| (ThrottleLevel::Plan, BucketId::Key(plan, key), rate)),
            }
        });
        let method = demand.method.zip(method);
        let method =
            method.map(|((_, rate), name)| (ThrottleLevel::StageMethod, BucketId::Method(Arc::clone(name)), rate));
        let account = demand.account.map(|(_, rate)| (ThrottleLevel::Account, BucketId::Account, rate));
        let levels = [own, method, account].into_iter().flatten();
        levels.map(|(level, id, rate)| Level { level, bucket: self.bucket(id), rate }).collect()
    }

    fn bucket(&self, id: BucketId) -> Arc<SharedBucket> {
        let buckets = self.buckets.pin();
        let bucket = match buckets.get(&id) {
            Some(bucket) => bucket,
            None => {
                let name = id.to_string().into();
                buckets.get_or_insert_with(id, || Arc::new(SharedBucket::new(name)))
            }
        };
        bucket.touch();
        Arc::clone(bucket)
    }

    /// Takes a token of each level, or none; and says when that is.
    async fn take(&self, levels: &Levels, now: Moment, clock: &dyn Clock) -> Result<(HeldTokens, Moment), Verdict> {
        if !self.watch.is_alone() {
            match self.take_shared(levels, now, clock).await {
                Ok(taken) => return Ok(taken),
                Err(Fault::Refused(verdict)) => return Err(verdict),
                Err(Fault::OutOfReach) => {}
            }
        }
        let now = clock.now();
        Ok((self.take_alone(levels, now.ticks)?, now))
    }

    async fn take_shared(
        &self,
        levels: &Levels,
        mut now: Moment,
        clock: &dyn Clock,
    ) -> Result<(HeldTokens, Moment), Fault> {
        levels.iter().for_each(|level| level.bucket.pace.ask());
        // A call that any level refuses costs none of the others a token, nor a question.
        if let Some(verdict) = levels.iter().find_map(|level| level.refusal(now.ticks)) {
            return Err(Fault::Refused(verdict));
        }
        let mut held = HeldTokens::new();
        for level in levels {
            let Level { bucket, rate, .. } = level;
            if let Some(token) = bucket.take(*rate, now.ticks) {
                let was_drawn = token.was_drawn();
                held.push(token);
                if was_drawn && bucket.is_low(*rate, now.ticks) {
                    self.draw(level);
                } else if bucket.is_due(now.ticks) {
                    let _ = self.due.send(Wanted::new(Arc::clone(bucket), *rate));
                }
                continue;
            }
            let answer = bucket.join();
            self.draw(level);
            self.watch.call_waits();
            match tokio::time::timeout(CALLS_PATIENCE, answer).await {
                Ok(Ok(Answer::Token(token))) => held.push(token),
                Ok(Ok(Answer::Empty(empty))) => return Err(Fault::Refused(level.refuse(empty))),
                Ok(Ok(Answer::OutOfReach) | Err(_)) | Err(_) => return Err(Fault::OutOfReach),
            }
            now = clock.now();
        }
        Ok((held, now))
    }

    /// Has the drawer draw, unless it does already.
    fn draw(&self, level: &Level) {
        if level.bucket.start_drawing() {
            // Without a drawer, since the node stops, whoever waits runs into the time limit.
            let _ = self.drawer.send(Wanted::new(Arc::clone(&level.bucket), level.rate));
        }
    }

    /// Takes a token of each level from this node's shares.
    fn take_alone(&self, levels: &Levels, now: Ticks) -> Result<HeldTokens, Verdict> {
        let nodes = self.watch.live_nodes();
        let take = |level: &Level| {
            let rate = level.rate.share(nodes);
            level.bucket.take_alone(rate, now).map_err(|empty| level.refuse(empty))
        };
        levels.iter().map(take).collect()
    }
}

impl Level {
    /// Whether the bucket is the caller's own, whose state the caller is told.
    fn is_own(&self) -> bool {
        matches!(self.level, ThrottleLevel::Plan | ThrottleLevel::PlanMethod)
    }

    fn refusal(&self, now: Ticks) -> Option<Verdict> {
        self.bucket.refusal(self.rate, now).map(|empty| self.refuse(empty))
    }

    fn refuse(&self, empty: Empty) -> Verdict {
        let verdict = Verdict::refuse(self.level.deny(empty));
        if self.is_own() { verdict.with_empty_bucket(self.rate, empty) } else { verdict }
    }
}
