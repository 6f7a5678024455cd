//! The drawer: the one task that asks for tokens. What is wanted in one moment goes out together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, timeout};
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::token_draw::{BucketDraw, TokenDraw};
use tollgate_domain::{Clock, ThrottleSettings, Ticks};

use super::SharedBuckets;
use super::bucket::SharedBucket;
use super::source::{BucketsUnavailable, Drawn, TokenSource};

/// Draws that are sent together at most.
const BATCH: usize = 256;

/// How often is tried whether buckets that were out of reach are back.
const PROBE_EVERY: Duration = Duration::from_millis(250);

/// How often is tried whether they are still in reach, also where nobody calls.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// How long that may take: connections are made.
const PROBE_PATIENCE: Duration = Duration::from_secs(2);

/// How long it takes to find out that they are not: less, but a first connection is made in it.
const FIRST_PATIENCE: Duration = Duration::from_millis(500);

/// How often it is said that buckets are out of reach.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How often buckets that nobody uses are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How often portions are prolonged: nobody waits for it, so that many are at once.
const PROLONG_EVERY: Duration = Duration::from_millis(100);

/// What the drawer is told.
#[derive(Debug)]
pub struct Inbox {
    pub(super) wanted: mpsc::UnboundedReceiver<Wanted>,
    /// Not claimed yet: until it is prolonged, calls may draw.
    pub(super) due: mpsc::UnboundedReceiver<Wanted>,
}

/// A bucket that tokens are wanted of, with the claim to draw them, or of which the portion is to be prolonged.
#[derive(Debug)]
pub(super) struct Wanted {
    bucket: Arc<SharedBucket>,
    rate: TokenRate,
}

impl Wanted {
    pub(super) fn new(bucket: Arc<SharedBucket>, rate: TokenRate) -> Self {
        Self { bucket, rate }
    }

    fn begin(&self, node: u64, nodes: u64, now: Ticks) -> BucketDraw {
        self.bucket.begin(self.rate, node, nodes, now)
    }
}

/// Asks for tokens. Run it on a thread that serves no calls.
pub struct Drawer {
    shared: Arc<SharedBuckets>,
    inbox: Inbox,
    work: Arc<Work>,
}

/// What a batch of draws needs.
struct Work {
    shared: Arc<SharedBuckets>,
    source: Arc<dyn TokenSource>,
    clock: Arc<dyn Clock>,
    /// How long calls wait for the source.
    patience: Duration,
    last_failure: Mutex<Failure>,
}

/// What failed last.
#[derive(Debug, Default)]
struct Failure {
    error: String,
    /// When it was last said that the buckets are out of reach, and whether it has not been said since that they are back.
    said: Option<(Ticks, bool)>,
    /// The draws that did. They are what is probed: of a cluster, only a part may be away.
    draws: Vec<BucketDraw>,
}

impl Failure {
    /// Whether it is time to say that the buckets are out of reach.
    fn may_say(&mut self, now: Ticks) -> bool {
        let may = self.said.is_none_or(|(at, _)| now.since(at) >= SAY_EVERY);
        if may {
            self.said = Some((now, true));
        }
        may
    }

    /// Whether that was said, and not yet that they are back.
    fn has_said(&mut self) -> bool {
        self.said.as_mut().is_some_and(|(_, open)| std::mem::take(open))
    }
}

impl Drawer {
    /// A drawer for `shared`, which reads the inbox that was made with it.
    pub fn new(
        shared: Arc<SharedBuckets>,
        inbox: Inbox,
        source: Arc<dyn TokenSource>,
        clock: Arc<dyn Clock>,
        patience: Duration,
    ) -> Self {
        let work =
            Arc::new(Work { shared: Arc::clone(&shared), source, clock, patience, last_failure: Mutex::default() });
        Self { shared, inbox, work }
    }

    /// Serves until the buckets are no longer used, or for as long as it is polled.
    pub async fn run(mut self) {
        let (mut batch, mut draws) = (Vec::new(), JoinSet::new());
        let every = [PROBE_EVERY, WATCH_EVERY, SWEEP_EVERY, PROLONG_EVERY];
        let [mut probe, mut watch, mut sweep, mut prolong] = every.map(|every| {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        loop {
            tokio::select! {
                wanted = self.inbox.wanted.recv_many(&mut batch, BATCH) => match wanted {
                    0 => return,
                    _ => { draws.spawn(Arc::clone(&self.work).draw(std::mem::take(&mut batch))); }
                },
                Some(_) = draws.join_next() => {}
                _ = prolong.tick() => self.prolong(&mut draws),
                _ = probe.tick(), if self.shared.watch.is_alone() => self.work.start_probe(&mut draws),
                _ = watch.tick() => {
                    self.work.say_alone();
                    self.work.start_probe(&mut draws);
                }
                _ = sweep.tick() => self.shared.forget_idle(self.work.clock.ticks()),
            }
        }
    }

    /// Prolongs the portions for which it is time. Where a draw is on its way, that does it.
    fn prolong(&mut self, draws: &mut JoinSet<()>) {
        let due = std::iter::from_fn(|| self.inbox.due.try_recv().ok());
        let mut due: Vec<Wanted> = due.filter(|wanted| wanted.bucket.start_drawing()).collect();
        while !due.is_empty() {
            let batch = due.split_off(due.len().saturating_sub(BATCH));
            draws.spawn(Arc::clone(&self.work).draw(batch));
        }
    }
}

impl Work {
    /// Draws, and hands out what is granted.
    async fn draw(self: Arc<Self>, batch: Vec<Wanted>) {
        let (nodes, sent) = (self.shared.watch.live_nodes(), self.clock.ticks());
        let draws: Vec<BucketDraw> = batch.iter().map(|wanted| wanted.begin(self.shared.node, nodes, sent)).collect();
        if self.shared.watch.is_alone() {
            return self.fail(&batch, &draws);
        }
        match timeout(self.patience, self.ask(&draws)).await {
            Ok(Ok(drawn)) => self.hand_out(batch, &draws, &drawn, sent),
            Ok(Err(error)) => self.go_alone(&error, &batch, &draws),
            Err(_) => self.go_alone(&BucketsUnavailable("no answer in time".to_owned()), &batch, &draws),
        }
    }

    async fn ask(&self, draws: &[BucketDraw]) -> Result<Drawn, BucketsUnavailable> {
        let drawn = self.source.draw(draws).await?;
        match drawn.grants.len() == draws.len() {
            true => Ok(drawn),
            false => Err(BucketsUnavailable("not every draw is answered".to_owned())),
        }
    }

    fn hand_out(&self, batch: Vec<Wanted>, draws: &[BucketDraw], drawn: &Drawn, sent: Ticks) {
        let tokens = drawn.grants.iter().map(|grant| grant.granted).sum();
        self.shared.watch.answered(draws.len(), tokens, drawn.round_trips);
        let now = self.clock.ticks();
        for ((wanted, draw), grant) in batch.into_iter().zip(draws).zip(&drawn.grants) {
            if wanted.bucket.end(&draw.draw, grant, sent, now) {
                let _ = self.shared.drawer.send(wanted);
            }
        }
    }

    fn go_alone(&self, error: &BucketsUnavailable, batch: &[Wanted], draws: &[BucketDraw]) {
        let now = self.clock.now();
        let mut failure = self.last_failure();
        failure.error = error.to_string();
        if !draws.is_empty() {
            failure.draws = draws.iter().map(nothing_of).collect();
        }
        // Where they come and go, one line a minute says enough.
        if self.shared.watch.failed(now) && failure.may_say(now.ticks) {
            let nodes = self.shared.watch.live_nodes();
            tracing::error!(
                target: "tollgate::buckets", %error, nodes,
                "shared buckets are out of reach: this node gives out its share of each rate"
            );
        }
        drop(failure);
        self.fail(batch, draws);
    }

    fn fail(&self, batch: &[Wanted], draws: &[BucketDraw]) {
        let (nodes, now) = (self.shared.watch.live_nodes(), self.clock.ticks());
        batch.iter().zip(draws).for_each(|(wanted, draw)| wanted.bucket.fail(&draw.draw, nodes, now));
    }

    /// Tries whether the buckets can be reached, unless that is being tried.
    fn start_probe(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        if self.shared.probing.take() {
            tasks.spawn(Arc::clone(self).probe());
        }
    }

    /// Draws nothing.
    async fn probe(self: Arc<Self>) {
        let draws = match self.last_failure().draws.clone() {
            draws if draws.is_empty() => vec![nothing()],
            draws => draws,
        };
        let patience = if self.shared.watch.is_alone() { PROBE_PATIENCE } else { self.patience.max(FIRST_PATIENCE) };
        let answer = timeout(patience, self.ask(&draws)).await;
        match answer.unwrap_or_else(|_| Err(BucketsUnavailable("no answer in time".to_owned()))) {
            Ok(_) if self.shared.watch.is_alone() => {
                let mut failure = self.last_failure();
                failure.draws.clear();
                self.shared.watch.is_back();
                if failure.has_said() {
                    tracing::info!(target: "tollgate::buckets", "buckets are shared again");
                }
            }
            Ok(_) => {}
            Err(error) => self.go_alone(&error, &[], &[]),
        }
        self.shared.probing.give_up();
    }

    /// Says that the buckets are still out of reach, where they are and a minute has passed.
    fn say_alone(&self) {
        if !self.shared.watch.is_alone() {
            return;
        }
        let nodes = self.shared.watch.live_nodes();
        let mut failure = self.last_failure();
        if !failure.may_say(self.clock.ticks()) {
            return;
        }
        let error = &failure.error;
        tracing::warn!(target: "tollgate::buckets", error, nodes, "shared buckets are still out of reach");
    }

    fn last_failure(&self) -> MutexGuard<'_, Failure> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A draw that changes nothing.
fn nothing() -> BucketDraw {
    let rate = ThrottleSettings::new(1.0, 1).token_rate().expect("a rate limits");
    BucketDraw { bucket: "probe".into(), draw: TokenDraw::of(rate, 0) }
}

/// A draw of no token from the same bucket.
fn nothing_of(draw: &BucketDraw) -> BucketDraw {
    let draw = BucketDraw::clone(draw);
    BucketDraw { draw: TokenDraw::of(draw.draw.rate, 0), ..draw }
}

impl SharedBuckets {
    /// Forgets buckets that are full and that no call came to: forgetting a full bucket changes nothing.
    pub(super) fn forget_idle(&self, now: Ticks) {
        self.buckets.pin().retain(|_, bucket| !bucket.is_idle(now));
    }
}
