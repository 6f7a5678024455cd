//! One bucket that nodes share, as this node knows it: the portion that it has, the tokens that it drew, and who waits
//! for more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;
use tollgate_domain::Ticks;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::claim::Claim;
use tollgate_domain::portion::Portion;
use tollgate_domain::stock::{Run, Stock, Token};
use tollgate_domain::throttle::{Empty, TokenRate};
use tollgate_domain::token_draw::{BucketDraw, LoneDraw, PortionAsk, TokenDraw, TokenGrant};

use super::held::HeldToken;
use super::pace::{Pace, TERM, horizon};
use crate::admission::ThrottleStanding;

/// What a call that waited for a draw is told.
#[derive(Debug)]
pub(super) enum Answer {
    Token(HeldToken),
    Empty(Empty),
    /// The bucket cannot be reached.
    OutOfReach,
}

/// One bucket.
#[derive(Debug)]
pub(super) struct SharedBucket {
    name: Arc<str>,
    stock: Stock,
    portion: ArcSwapOption<Portion>,
    pub(super) pace: Pace,
    rest: Rest,
    /// When the shared bucket is full, as far as is known, in ticks of this node.
    full_at: AtomicU64,
    /// The one draw that may be on its way.
    drawing: Claim,
    waiting: Mutex<VecDeque<oneshot::Sender<Answer>>>,
    /// A draw of which no call has used the token.
    unused: Mutex<Option<LoneDraw>>,
    /// What this node gives out while the shared bucket is out of reach.
    alone: AloneBucket,
    /// Whether a call came since it was last looked.
    touched: AtomicBool,
}

/// Until when the shared bucket need not be asked, since it was found empty.
#[derive(Debug, Default)]
struct Rest {
    until: AtomicU64,
    /// The settings under which it was empty: others make it void.
    token_time: AtomicU64,
    capacity: AtomicU64,
}

/// This node's share of a bucket.
#[derive(Debug, Default)]
struct AloneBucket {
    bucket: Bucket,
    rate: ArcSwapOption<TokenRate>,
    /// Tokens given out that the shared bucket does not know of.
    spent: AtomicU64,
}

impl SharedBucket {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            stock: Stock::new(),
            portion: ArcSwapOption::empty(),
            pace: Pace::default(),
            rest: Rest::default(),
            full_at: AtomicU64::new(0),
            drawing: Claim::new(),
            waiting: Mutex::default(),
            unused: Mutex::default(),
            alone: AloneBucket::default(),
            touched: AtomicBool::new(true),
        }
    }

    /// Takes a token of the portion, or one that was drawn.
    pub(super) fn take(self: &Arc<Self>, rate: TokenRate, now: Ticks) -> Option<HeldToken> {
        self.take_of_portion(rate, now).or_else(|| {
            let token = self.stock.take(rate, now)?;
            Some(HeldToken::drawn(Arc::clone(self), token, rate, now, None))
        })
    }

    fn take_of_portion(self: &Arc<Self>, rate: TokenRate, now: Ticks) -> Option<HeldToken> {
        let portion = self.portion.load();
        let portion = portion.as_ref()?;
        let token = portion.take(rate, now)?;
        Some(HeldToken::of_portion(Arc::clone(self), Arc::clone(portion), token, rate, now))
    }

    /// Why a call is refused without asking, if it is.
    pub(super) fn refusal(&self, rate: TokenRate, now: Ticks) -> Option<Empty> {
        if rate.admits_nobody() {
            return Some(Empty { retry_after: None, full_in: Ticks(0) });
        }
        let until = self.rest.until(rate);
        if until <= now.0 || self.stock.left(rate, now) > 0 {
            return None;
        }
        let wait = self.sooner(rate, Ticks(until - now.0), now);
        (wait.0 > 0).then(|| Empty { retry_after: Some(wait), full_in: self.owed(now) })
    }

    /// Time until there is a token: `wait`, or less where the portion has one sooner.
    fn sooner(&self, rate: TokenRate, wait: Ticks, now: Ticks) -> Ticks {
        let of_portion = self.portion.load().as_ref().and_then(|portion| portion.wait(rate, now));
        of_portion.map_or(wait, |of_portion| of_portion.min(wait))
    }

    /// Whether tokens are to be drawn ahead of need.
    pub(super) fn is_low(&self, rate: TokenRate, now: Ticks) -> bool {
        self.pace.is_low(|| self.stock.left(rate, now)) && self.rest.until(rate) <= now.0
    }

    /// Whether the portion is to be prolonged. It is told once.
    pub(super) fn is_due(&self, now: Ticks) -> bool {
        self.portion.load().as_ref().is_some_and(|portion| portion.is_due(now))
    }

    /// Claims the one draw that may be on its way.
    pub(super) fn start_drawing(&self) -> bool {
        self.drawing.take()
    }

    /// What `node`, one of so many, asks of the shared bucket. Whoever has the claim calls it.
    pub(super) fn begin(&self, rate: TokenRate, node: u64, nodes: u64, now: Ticks) -> BucketDraw {
        let waiting = u64::try_from(self.queue().len()).unwrap_or(u64::MAX);
        let (held, _) = self.portion_standing(rate, now);
        let expected = self.pace.next(rate, waiting, self.owed(now), now);
        let portion = self.pace.portion(rate, nodes);
        let has_enough = held > 0 && (self.pace.is_quiet() || portion.is_some_and(|want| want <= held * 2));
        let want = if waiting == 0 && has_enough { 0 } else { expected };
        self.pace.wants(want);
        // A portion never shrinks: one that is far too large by now is not prolonged, and another asked for afterwards.
        let portion = portion.filter(|want| held / 4 <= *want);
        let portion = portion.map(|want| PortionAsk { node, held, want, term: TERM });
        let (debt, undo) = (self.alone.settle(rate.share(nodes), now), lock(&self.unused).take());
        BucketDraw { bucket: Arc::clone(&self.name), draw: TokenDraw { rate, want, debt, undo, portion } }
    }

    /// Hands what was granted to those who wait, and stocks the rest. True when others wait still: draw again.
    pub(super) fn end(self: &Arc<Self>, draw: &TokenDraw, grant: &TokenGrant, sent: Ticks, now: Ticks) -> bool {
        let rate = draw.rate;
        let mut run = Run::of(grant, rate, sent);
        self.full_at.store(sent.0.saturating_add(grant.owed.0), Ordering::Relaxed);
        self.take_portion(draw, grant, sent, now);
        let is_short = grant.granted < draw.want;
        let retry_after = is_short.then(|| self.sooner(rate, self.rest(draw, grant, now), now));
        while self.answer_one(&mut run, draw, grant, retry_after, sent, now) {}
        self.stock.put(run, rate, now);
        self.stop_drawing()
    }

    /// Has the portion that was given, prolonged or refused.
    fn take_portion(&self, draw: &TokenDraw, grant: &TokenGrant, sent: Ticks, now: Ticks) {
        let portion = Portion::answered(self.portion.load().as_deref(), draw, grant, sent, now);
        if portion.is_some() {
            self.portion.store(portion.map(Arc::new));
        }
    }

    /// Answers the next who waits; false when nobody does, or when there is nothing to answer yet.
    fn answer_one(
        self: &Arc<Self>,
        run: &mut Run,
        draw: &TokenDraw,
        grant: &TokenGrant,
        retry_after: Option<Ticks>,
        sent: Ticks,
        now: Ticks,
    ) -> bool {
        let mut queue = self.queue();
        // A call that was given up leaves nobody to take its token.
        while queue.front().is_some_and(oneshot::Sender::is_closed) {
            queue.pop_front();
        }
        if queue.is_empty() {
            return false;
        }
        let drawn = run.take(draw.rate);
        let drawn = drawn.map(|token| HeldToken::drawn(Arc::clone(self), token, draw.rate, sent, grant.lone()));
        let answer = match (drawn.or_else(|| self.take_of_portion(draw.rate, now)), retry_after) {
            (Some(token), _) => Answer::Token(token),
            (None, Some(wait)) => Answer::Empty(Empty { retry_after: Some(wait), full_in: self.owed(now) }),
            (None, None) => return false,
        };
        if let Some(caller) = queue.pop_front() {
            // A token that nobody receives after all is given back as it is dropped.
            let _ = caller.send(answer);
        }
        true
    }

    /// Lets the shared bucket be for a while, since it gave less than was wanted; says when it has a token.
    fn rest(&self, draw: &TokenDraw, grant: &TokenGrant, now: Ticks) -> Ticks {
        // Where many call, tokens are left to gather: one round trip for each would be no use to anybody.
        let gather = if draw.want > 1 { horizon(draw.rate) } else { Ticks(0) };
        self.rest.begin(draw.rate, Ticks(now.0.saturating_add(grant.retry_after.0.max(gather.0))));
        grant.retry_after
    }

    /// Tells those who wait that the bucket cannot be reached. What was to be settled is owed still.
    pub(super) fn fail(&self, draw: &TokenDraw, nodes: u64, now: Ticks) {
        self.alone.owe(draw.rate.share(nodes), draw.debt, now);
        loop {
            self.drop_callers();
            if !self.stop_drawing() {
                return;
            }
        }
    }

    /// Tells those who wait that the bucket cannot be reached.
    fn drop_callers(&self) {
        for caller in std::mem::take(&mut *self.queue()) {
            let _ = caller.send(Answer::OutOfReach);
        }
    }

    /// Gives the claim up; true, and it is held again, when somebody has begun to wait meanwhile.
    fn stop_drawing(&self) -> bool {
        self.drawing.give_up();
        !self.queue().is_empty() && self.start_drawing()
    }

    /// Waits for the draw that is on its way, or that the caller has to ask for after this.
    pub(super) fn join(&self) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.queue().push_back(sender);
        receiver
    }

    /// Takes a token of this node's share.
    pub(super) fn take_alone(self: &Arc<Self>, rate: TokenRate, now: Ticks) -> Result<HeldToken, Empty> {
        let bucket = self.alone.under(rate, now);
        let (full_at, of_portion) = (self.full_at.load(Ordering::Relaxed), self.end_portion(now));
        bucket.owe_until(match of_portion {
            0 => Ticks(full_at),
            tokens => Ticks(full_at.max(now.0) + tokens.saturating_mul(rate.token_time().0).min(rate.fill_time().0)),
        });
        bucket.take(rate, now)?;
        Ok(HeldToken::alone(Arc::clone(self), rate, now))
    }

    /// Ends the portion: a node that is alone gives out its share only. Says how many tokens it had.
    fn end_portion(&self, now: Ticks) -> u64 {
        self.portion.load().as_ref().map_or(0, |portion| portion.end(now))
    }

    /// Keeps a token of this node's share: the call is admitted.
    pub(super) fn spend_alone(&self) {
        self.alone.spent.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives back a token of this node's share.
    pub(super) fn give_back_alone(&self, rate: TokenRate, at: Ticks) {
        self.alone.bucket.give_back(rate, at, at);
    }

    /// Where a caller stands after a token was taken.
    pub(super) fn standing(&self, rate: TokenRate, now: Ticks) -> ThrottleStanding {
        let (burst, owed, stocked) = (rate.burst(), self.owed(now).0, self.stock.left(rate, now));
        let (portion, of_portion) = self.portion_standing(rate, now);
        let there = (rate.fill_time().0.saturating_sub(owed) / rate.token_time().0).saturating_sub(portion);
        let owed = owed.saturating_add((portion - of_portion).saturating_mul(rate.token_time().0));
        let full_in = owed.saturating_sub(stocked.saturating_mul(rate.token_time().0));
        ThrottleStanding { burst, left: (there + of_portion + stocked).min(burst), full_in: Ticks(full_in) }
    }

    /// Tokens of the portion when it is full, and those that it has.
    fn portion_standing(&self, rate: TokenRate, now: Ticks) -> (u64, u64) {
        self.portion.load().as_ref().map_or((0, 0), |portion| portion.standing(rate, now))
    }

    pub(super) fn touch(&self) {
        if !self.touched.load(Ordering::Relaxed) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    /// Whether forgetting it changes nothing, and no call came since the last look.
    pub(super) fn is_idle(&self, now: Ticks) -> bool {
        !self.touched.swap(false, Ordering::Relaxed)
            && self.owed(now).0 == 0
            && self.alone.bucket.is_full(now)
            && !self.portion.load().as_ref().is_some_and(|portion| portion.lasts(now))
    }

    fn owed(&self, now: Ticks) -> Ticks {
        Ticks(self.full_at.load(Ordering::Relaxed).saturating_sub(now.0))
    }

    /// Takes back a token. One that was drawn alone is not stocked: the draw is undone by the next.
    pub(super) fn give_back(&self, token: Token, rate: TokenRate, at: Ticks, lone: Option<LoneDraw>) {
        match lone {
            Some(_) => *lock(&self.unused) = lone,
            // Where its place has begun to pass, the bucket has it back by itself.
            None => drop(self.stock.give_back(token, rate, at)),
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<oneshot::Sender<Answer>>> {
        lock(&self.waiting)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rest {
    /// Ticks until which it lasts under these settings.
    fn until(&self, rate: TokenRate) -> u64 {
        let until = self.until.load(Ordering::Acquire);
        let same = self.token_time.load(Ordering::Relaxed) == rate.token_time().0
            && self.capacity.load(Ordering::Relaxed) == rate.fill_time().0;
        if same { until } else { 0 }
    }

    fn begin(&self, rate: TokenRate, until: Ticks) {
        self.until.store(0, Ordering::Release);
        self.token_time.store(rate.token_time().0, Ordering::Relaxed);
        self.capacity.store(rate.fill_time().0, Ordering::Relaxed);
        self.until.store(until.0, Ordering::Release);
    }
}

impl AloneBucket {
    /// The bucket, with what is owed kept if the rate has changed.
    fn under(&self, rate: TokenRate, now: Ticks) -> &Bucket {
        if self.rate.load().as_deref() != Some(&rate)
            && let Some(old) = self.rate.swap(Some(Arc::new(rate)))
        {
            self.bucket.rescale(*old, rate, now);
        }
        &self.bucket
    }

    /// Fills it, and says how many of the tokens that it gave out are owed still.
    fn settle(&self, rate: TokenRate, now: Ticks) -> u64 {
        if self.spent.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        let spent = self.spent.swap(0, Ordering::Relaxed);
        self.under(rate, now).settle(rate, now).min(spent)
    }

    /// Owes again what could not be settled.
    fn owe(&self, rate: TokenRate, tokens: u64, now: Ticks) {
        if tokens > 0 {
            self.spent.fetch_add(tokens, Ordering::Relaxed);
            let owed = tokens.saturating_mul(rate.token_time().0).min(rate.fill_time().0);
            self.under(rate, now).owe_until(Ticks(now.0.saturating_add(owed)));
        }
    }
}
