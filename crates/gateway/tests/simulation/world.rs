//! The world of one schedule: what happens in it, and what must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::runtime::Runtime;
use tollgate_domain::{
    Adjustment, ApiKeyId, Catalog, Clock, Day, Edit, Moment, Period, QuotaPeriod, QuotaSettings, Record, Settlement,
    Ticks, UnixMillis, UsagePlan, UsagePlanId,
};
use tollgate_gateway::admission::testing::MemoryLedger;
use tollgate_gateway::admission::{Denied, PlanLimits};

use crate::clock::WorldClock;
use crate::ledger::Fate;
use crate::node::Node;

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) nodes: usize,
    pub(crate) keys: usize,
    pub(crate) steps: usize,
}

/// 2026-11-22T12:00:00Z, a Sunday.
const NOON: i64 = 1_795_348_800_000;
const DAY_MILLIS: i64 = 86_400_000;
const SECOND: Ticks = Ticks(tollgate_domain::clock::TICKS_PER_SECOND);
/// Of the last, which takes long to use up, draws grow: up to a dozen units are out at once.
const LIMITS: [u32; 13] = [1, 2, 7, 50, 130, 250, 1, 2, 7, 50, 130, 250, 1200];
/// Longer than a call waits for the ledger.
const PATIENCE: Duration = Duration::from_secs(6);
/// Rounds that may arrive once more, long after their answers.
const OLD_ROUNDS: usize = 16;

/// A change that was asked for on every node that lives.
#[derive(Debug)]
enum Change {
    /// The plan's quota; it is acknowledged when every node has called back its leases.
    Quota { to: Option<QuotaSettings>, awaited: BTreeSet<usize>, failed: bool },
    /// What is left of a key's quota.
    Adjustment,
    /// The end of a node.
    Stop { node: usize },
}

/// A clock, and whether it was set to the other day of two.
struct Clocked {
    clock: Arc<WorldClock>,
    is_next_day: bool,
}

pub(crate) struct World<'a> {
    rng: Rng,
    scale: Scale,
    trace: bool,
    time: &'a Runtime,
    /// The clock of each node.
    clocks: Vec<Clocked>,
    catalog: Catalog,
    plan: UsagePlanId,
    keys: Vec<ApiKeyId>,
    ledger: Arc<MemoryLedger>,
    /// Rounds that were written.
    old_rounds: Vec<Settlement>,
    nodes: Vec<Option<Node>>,
    stopping: BTreeSet<usize>,
    sources: u64,
    changes: BTreeMap<u64, Change>,
    next_change: u64,
    /// The quota that was last acknowledged, and those that may be in force beside it.
    acknowledged: Option<QuotaSettings>,
    /// What callers saw: calls let in, by key and day of arrival.
    admitted: BTreeMap<(ApiKeyId, Day), i64>,
    /// Calls that were let in, but not reported when their process died.
    lost: BTreeMap<(ApiKeyId, Day), i64>,
    /// Processes that died.
    deaths: i64,
    /// The largest limit that ever was, for what a death may strand.
    largest_limit: u32,
    /// Whether the quota always counted the same periods: then all that was let in was drawn for.
    one_period: bool,
}

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, scale: Scale, time: &'a Runtime, trace: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let quota = QuotaSettings { limit: LIMITS[rng.usize(..LIMITS.len())], offset: 0, period: QuotaPeriod::Day };
        let id = |text: String| ApiKeyId::parse(&text).expect("an id");
        let mut world = Self {
            rng,
            scale,
            trace,
            time,
            clocks: (0..scale.nodes)
                .map(|_| {
                    let clock = WorldClock::at(Moment { ticks: Ticks(0), wall: UnixMillis(NOON) });
                    Clocked { clock: Arc::new(clock), is_next_day: false }
                })
                .collect(),
            catalog: Catalog::default(),
            plan: UsagePlanId::parse("plan").expect("an id"),
            keys: (0..scale.keys).map(|index| id(format!("key{index}"))).collect(),
            ledger: Arc::new(MemoryLedger::default()),
            old_rounds: Vec::new(),
            nodes: Vec::new(),
            stopping: BTreeSet::new(),
            sources: 0,
            changes: BTreeMap::new(),
            next_change: 0,
            acknowledged: Some(quota),
            admitted: BTreeMap::new(),
            lost: BTreeMap::new(),
            deaths: 0,
            largest_limit: quota.limit,
            one_period: true,
        };
        world.set_plan(Some(quota));
        world.nodes = (0..scale.nodes).map(|index| Some(world.start(index))).collect();
        world
    }

    /// Something happens, and everybody looks what it means for them.
    pub(crate) fn step(&mut self) {
        let node = self.rng.usize(..self.nodes.len());
        match self.rng.u32(..1000) {
            0..420 => self.call(node),
            420..540 => self.with(node, format_args!("begins a round"), |node, _| node.begin(true)),
            540..600 => self.with(node, format_args!("begins a round without usage"), |node, _| node.begin(false)),
            600..790 => self.settle(node),
            790..840 => {
                let ticks = Ticks(self.rng.u64(..SECOND.0 * 2));
                self.pass(ticks, 0);
            }
            840..866 => self.sweep(node),
            866..869 => self.lose_patience(),
            869..870 => self.deliver_again(),
            870..885 => self.kill(node),
            885..930 => self.restart(node),
            930..938 => self.stop(node),
            938..954 => self.cross_midnight(node),
            954..957 => self.let_days_pass(),
            957..985 => self.edit_quota(),
            _ => self.adjust(node),
        }
        self.listen();
    }

    /// Faults end, what waits is carried out, and leases come back. Then the sums are checked.
    pub(crate) fn come_to_rest(&mut self) {
        self.agree_on_the_day();
        self.settle_all();
        for node in 0..self.nodes.len() {
            self.restart(node);
            let plan = self.plan;
            self.ask(node, Change::Adjustment, move |admission| async move { admission.recall(plan, None).await });
        }
        self.settle_all();
        self.pass(Ticks(SECOND.0 * 2), 0);
        self.check_sums();
        self.use_up();
    }

    fn call(&mut self, node: usize) {
        if self.stopping.contains(&node) {
            return;
        }
        let key = self.keys[self.rng.usize(..self.keys.len())];
        let limits = PlanLimits { id: self.plan, rate: None, quota: self.quota() };
        self.with(node, format_args!("is called"), |node, clock| node.call(key, limits, clock));
    }

    fn settle(&mut self, node: usize) {
        let fate = match self.rng.u32(..100) {
            0..78 => Fate::Answered,
            78..85 => Fate::AnswerLost,
            85..91 => Fate::Doubled,
            _ => Fate::Refused,
        };
        let ledger = Arc::clone(&self.ledger);
        if let Some(settlement) = self.nodes[node].as_ref().and_then(Node::writing) {
            self.tell(format_args!("{settlement:?}"));
            self.check_draws(settlement);
            if fate != Fate::Refused && self.old_rounds.len() < OLD_ROUNDS {
                let settlement = settlement.clone();
                self.old_rounds.push(settlement);
            }
        }
        self.with(node, format_args!("is {fate:?} by the ledger"), |node, clock| {
            node.settle(&ledger, fate, clock.now())
        });
    }

    /// A round that was written arrives once more.
    fn deliver_again(&mut self) {
        if !self.old_rounds.is_empty() {
            let settlement = self.old_rounds.swap_remove(self.rng.usize(..self.old_rounds.len()));
            self.tell(format_args!("once more arrives {settlement:?}"));
            self.ledger.apply(&settlement);
        }
    }

    /// So much time passes that no call waits for the ledger any longer.
    fn lose_patience(&mut self) {
        self.tell(format_args!("calls have waited for too long"));
        self.time.block_on(tokio::time::advance(PATIENCE));
    }

    fn sweep(&mut self, node: usize) {
        self.with(node, format_args!("sweeps"), |node, clock| node.sweep(clock.now()));
    }

    fn pass(&mut self, ticks: Ticks, wall_millis: i64) {
        self.tell(format_args!("{ticks:?} and {wall_millis} ms of wall time pass"));
        self.clocks.iter().for_each(|of| of.clock.pass(ticks, wall_millis));
    }

    /// Wall clocks are set to the other day of two, as when they are corrected around midnight: one, or all.
    fn cross_midnight(&mut self, node: usize) {
        let all = self.rng.bool();
        for index in (0..self.clocks.len()).filter(|index| all || *index == node) {
            self.set_to_other_day(index);
        }
    }

    fn set_to_other_day(&mut self, node: usize) {
        self.tell(format_args!("the clock of node {node} is set to the other day"));
        let Clocked { clock, is_next_day } = &mut self.clocks[node];
        *is_next_day = !*is_next_day;
        clock.pass(SECOND, if *is_next_day { DAY_MILLIS } else { -DAY_MILLIS });
    }

    /// All nodes are set to the later of the two days.
    fn agree_on_the_day(&mut self) {
        for node in 0..self.clocks.len() {
            if !self.clocks[node].is_next_day {
                self.set_to_other_day(node);
            }
        }
    }

    /// Two days pass. Usage may still wait for a ledger that is away.
    fn let_days_pass(&mut self) {
        self.pass(Ticks(SECOND.0 * 2 * 86_400), 2 * DAY_MILLIS);
    }

    fn kill(&mut self, index: usize) {
        if let Some(node) = self.nodes[index].take() {
            let arrives = self.rng.bool();
            self.tell(format_args!("node {index} dies; its last round arrives: {arrives}"));
            self.bury(index, node, arrives);
        }
    }

    fn bury(&mut self, index: usize, node: Node, last_round_arrives: bool) {
        node.die(&self.ledger, last_round_arrives);
        self.deaths += 1;
        self.is_gone(index);
        for ((key, day), admitted) in &self.admitted {
            let used = i64::try_from(self.ledger.used_on(self.plan, *key, *day)).unwrap_or(i64::MAX);
            self.lost.insert((*key, *day), admitted - used);
        }
    }

    fn restart(&mut self, index: usize) {
        if self.nodes[index].is_none() {
            self.tell(format_args!("node {index} starts"));
            self.nodes[index] = Some(self.start(index));
        }
    }

    fn stop(&mut self, node: usize) {
        // The gateway has finished its calls before admission is closed.
        let drained = self.nodes[node].as_ref().is_some_and(|node| !node.has_calls());
        if drained && self.stopping.insert(node) {
            self.ask(node, Change::Stop { node }, |admission| async move { admission.close().await });
        }
    }

    fn edit_quota(&mut self) {
        let limit = LIMITS[self.rng.usize(..LIMITS.len())];
        // Calls that another node has not reported are not in the ledger when a new kind of period begins.
        let period = match self.rng.u32(..6) {
            0 if self.scale.nodes == 1 => Some(QuotaPeriod::Week),
            1 if self.scale.nodes == 1 => None,
            _ => Some(QuotaPeriod::Day),
        };
        let to = period.map(|period| QuotaSettings { limit, offset: 0, period });
        self.one_period &= to.is_some_and(|quota| quota.period == QuotaPeriod::Day);
        self.largest_limit = self.largest_limit.max(limit);
        self.set_plan(to);
        let (plan, live) = (self.plan, self.live());
        self.next_change += 1;
        let change = Change::Quota { to, awaited: live.clone(), failed: false };
        self.tell(format_args!("the quota becomes {to:?}"));
        self.changes.insert(self.next_change, change);
        for node in live {
            let (catalog, now, name) = (self.catalog.clone(), self.now(node), self.next_change);
            if let Some(node) = &mut self.nodes[node] {
                node.admission.publish(&catalog, now);
                node.change(name, move |admission| async move { admission.recall(plan, None).await });
            }
        }
        self.acknowledge();
    }

    fn adjust(&mut self, node: usize) {
        let Some(quota) = self.quota() else { return };
        let key = self.keys[self.rng.usize(..self.keys.len())];
        let (remaining, period) = (self.rng.u64(..60), quota.period_at(self.today(node)));
        let adjustment = Adjustment { plan: self.plan, key, quota, period, remaining };
        self.ask(node, Change::Adjustment, move |admission| async move { admission.adjust(adjustment).await });
    }

    fn ask<F>(
        &mut self,
        node: usize,
        change: Change,
        ask: impl FnOnce(Arc<tollgate_gateway::admission::Admission>) -> F,
    ) where
        F: Future<Output = Result<(), tollgate_gateway::admission::LedgerUnavailable>> + 'static,
    {
        self.next_change += 1;
        let name = self.next_change;
        self.tell(format_args!("node {node} is asked for {change:?}"));
        if let Some(node) = &mut self.nodes[node] {
            self.changes.insert(name, change);
            node.change(name, ask);
        }
    }

    /// Hears what became of calls and changes. True when there was something to hear.
    fn listen(&mut self) -> bool {
        let mut heard = false;
        for index in 0..self.nodes.len() {
            let Some(node) = &mut self.nodes[index] else { continue };
            let news = node.poll();
            heard |= !news.decided.is_empty() || !news.changed.is_empty();
            for (key, outcome) in news.decided {
                self.hear(index, key, outcome);
            }
            for (name, outcome) in news.changed {
                self.change_ended(index, name, outcome.is_ok());
            }
        }
        heard
    }

    /// A call was decided. One that was let in has to be within a limit that may be in force.
    fn hear(&mut self, node: usize, key: ApiKeyId, outcome: Result<(), Denied>) {
        let today = self.today(node);
        self.tell(format_args!("a call of {key} is decided by node {node}: {outcome:?}"));
        if outcome.is_err() {
            return;
        }
        *self.admitted.entry((key, today)).or_default() += 1;
        let quotas = self.quotas_in_force();
        let within = quotas.iter().any(|quota| {
            let Some(quota) = quota else { return true };
            let period = quota.period_at(today);
            let (drawn, extra) = self.ledger.period(self.plan, key, period);
            // Without a quota nothing is drawn: what a death loses of such calls, a later quota does not know of.
            let unknown = if self.one_period { 0 } else { sum(&self.lost, key, period) };
            // What was drawn before a limit sank may be spent until the edit is acknowledged.
            self.admitted_in(key, period) - unknown <= drawn.max(i64::from(quota.limit) + extra)
        });
        assert!(within, "promise 1: {key} was let in above {quotas:?}: {:?}", self.balance(key, today));
    }

    /// What is known of a key in the periods of a day.
    fn balance(&self, key: ApiKeyId, day: Day) -> String {
        let balance = |quota: QuotaSettings| {
            let period = quota.period_at(day);
            let (drawn, extra) = self.ledger.period(self.plan, key, period);
            let (admitted, used) = (self.admitted_in(key, period), self.used_in(key, period));
            format!("{quota:?}: {admitted} let in, {used} reported, {drawn} drawn, {extra} extra")
        };
        self.quotas_in_force().into_iter().flatten().map(balance).collect::<Vec<_>>().join("; ")
    }

    /// Units are drawn under a quota that may be in force, unless they were drawn before and are asked about again.
    fn check_draws(&self, settlement: &Settlement) {
        let quotas = self.quotas_in_force();
        let fresh = !self.ledger.has_settled(settlement.source, settlement.sequence);
        for draw in settlement.draws.iter().filter(|_| fresh) {
            assert!(quotas.contains(&Some(draw.quota)), "promise 5: {draw:?} under {quotas:?}");
        }
    }

    fn change_ended(&mut self, index: usize, name: u64, done: bool) {
        self.tell(format_args!("node {index} has change {name} done: {done}"));
        match self.changes.get_mut(&name) {
            Some(Change::Quota { awaited, failed, .. }) => {
                awaited.remove(&index);
                *failed |= !done;
                self.acknowledge();
            }
            Some(Change::Stop { node }) => {
                let node = *node;
                self.changes.remove(&name);
                match self.nodes[node].take() {
                    Some(stopped) if !done => self.bury(node, stopped, false),
                    _ => self.is_gone(node),
                }
            }
            Some(Change::Adjustment) | None => {
                self.changes.remove(&name);
            }
        }
    }

    /// A node that is gone holds no lease that could be called back.
    fn is_gone(&mut self, index: usize) {
        self.stopping.remove(&index);
        for change in self.changes.values_mut() {
            if let Change::Quota { awaited, .. } = change {
                awaited.remove(&index);
            }
        }
        self.acknowledge();
    }

    /// Once every node has carried out the last edit, only that is in force. An edit that failed somewhere leaves those
    /// before it in force beside it, until a later one succeeds.
    fn acknowledge(&mut self) {
        let done = |change: &Change| match change {
            Change::Quota { to, awaited, failed } if awaited.is_empty() && !failed => Some(*to),
            _ => None,
        };
        let last = self.changes.iter().rev().find_map(|(name, change)| Some((*name, done(change)?)));
        if let Some((last, quota)) = last {
            self.acknowledged = quota;
            self.changes.retain(|name, change| *name > last || !matches!(change, Change::Quota { .. }));
        }
    }

    fn quotas_in_force(&self) -> Vec<Option<QuotaSettings>> {
        let edits = self.changes.values().filter_map(|change| match change {
            Change::Quota { to, .. } => Some(*to),
            _ => None,
        });
        std::iter::once(self.acknowledged).chain(edits).collect()
    }

    /// Carries everything out, without faults.
    fn settle_all(&mut self) {
        let ledger = Arc::clone(&self.ledger);
        for _ in 0..100 {
            let mut wrote = false;
            for (node, Clocked { clock, .. }) in self.nodes.iter_mut().zip(&self.clocks) {
                let Some(node) = node else { continue };
                node.begin(true);
                while node.writing().is_some() {
                    wrote = true;
                    node.settle(&ledger, Fate::Answered, clock.now());
                    node.begin(true);
                }
            }
            if !self.listen() && !wrote && self.nodes.iter().flatten().all(Node::is_at_rest) {
                return;
            }
        }
        panic!("promise 6: something waits though the ledger answers");
    }

    /// Nothing is under way and no lease is out: the ledger has to know what callers saw.
    fn check_sums(&self) {
        for key in &self.keys {
            let all = Period { first: Day(i32::MIN), end: Day(i32::MAX) };
            let (admitted, used) = (self.admitted_in(*key, all), self.ledger.used(self.plan, *key));
            assert!(
                i64::try_from(used).is_ok_and(|used| used <= admitted),
                "promise 2: {used} reported of {key}, {admitted} let in"
            );
            for day in self.admitted.keys().filter(|(k, _)| k == key).map(|(_, day)| *day) {
                let period = Period { first: day, end: day.plus(1) };
                let (admitted, used) = (self.admitted_in(*key, period), self.used_in(*key, period));
                let told = format!("promise 2: {used} reported of {key} on {day:?}, {admitted} let in");
                assert!(used <= admitted && (self.deaths > 0 || used == admitted), "{told}");
                self.check_drawn(*key, period);
            }
        }
    }

    /// All that was drawn was spent, but for what deaths stranded.
    fn check_drawn(&self, key: ApiKeyId, period: Period) {
        let (drawn, _) = self.ledger.period(self.plan, key, period);
        let admitted = self.admitted_in(key, period);
        let cap = (i64::from(self.largest_limit) / 100).max(1);
        if self.one_period {
            let stranded = drawn - admitted;
            assert!(stranded >= 0, "promise 1: {admitted} calls of {key} were let in on {drawn} units");
            assert!(stranded <= self.deaths * cap, "promise 3: {stranded} units of {key} after {} deaths", self.deaths);
        }
    }

    /// Whatever the ledger says is left can be used, from any node, and not one unit more.
    fn use_up(&mut self) {
        let Some(quota) = self.quota() else { return };
        let period = quota.period_at(self.today(0));
        for key in self.keys.clone() {
            let (drawn, extra) = self.ledger.period(self.plan, key, period);
            // A lease that is opened counts what was used without one.
            let spent = drawn.max(self.admitted_in(key, period).min(self.used_in(key, period)));
            let left = (i64::from(quota.limit) + extra - spent).max(0);
            let before = self.admitted_in(key, period);
            // A call that finds nothing is made again when what other nodes hold idle has come back.
            let mut found_nothing = 0;
            while found_nothing < 3 {
                let count = self.admitted_in(key, period);
                self.call_somewhere(key, quota);
                found_nothing = if self.admitted_in(key, period) > count { 0 } else { found_nothing + 1 };
                if found_nothing > 0 {
                    self.pass(Ticks(SECOND.0 * 2), 0);
                    (0..2).for_each(|_| self.sweep_all());
                }
            }
            let used_up = self.admitted_in(key, period) - before;
            assert_eq!(used_up, left, "promise 1: of {left} units of {key} that were left");
        }
    }

    fn call_somewhere(&mut self, key: ApiKeyId, quota: QuotaSettings) {
        let node = self.rng.usize(..self.nodes.len());
        let limits = PlanLimits { id: self.plan, rate: None, quota: Some(quota) };
        self.with(node, format_args!("is called"), |node, clock| node.call(key, limits, clock));
        self.settle_all();
    }

    fn sweep_all(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.sweep(node));
        self.settle_all();
    }

    fn used_in(&self, key: ApiKeyId, period: Period) -> i64 {
        let days = (period.first.0..period.end.0).map(|day| self.ledger.used_on(self.plan, key, Day(day)));
        days.map(|calls| i64::try_from(calls).unwrap_or(i64::MAX)).sum()
    }

    fn admitted_in(&self, key: ApiKeyId, period: Period) -> i64 {
        sum(&self.admitted, key, period)
    }

    fn quota(&self) -> Option<QuotaSettings> {
        self.catalog.usage_plans[&self.plan].quota
    }

    fn set_plan(&mut self, quota: Option<QuotaSettings>) {
        let plan = UsagePlan {
            id: self.plan,
            name: "plan".to_owned(),
            description: None,
            api_stages: Vec::new(),
            throttle: None,
            quota,
            product_code: None,
            tags: BTreeMap::new(),
        };
        self.catalog = self.catalog.apply(&[Edit::put(Record::UsagePlan(plan))]);
    }

    fn start(&mut self, index: usize) -> Node {
        self.sources += 1;
        Node::start(self.sources, &self.catalog, self.now(index))
    }

    fn live(&self) -> BTreeSet<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].is_some()).collect()
    }

    /// Does something with a node that lives.
    fn with(&mut self, index: usize, what: std::fmt::Arguments<'_>, does: impl FnOnce(&mut Node, &Arc<WorldClock>)) {
        if let Some(mut node) = self.nodes[index].take() {
            self.tell(format_args!("node {index} {what}"));
            does(&mut node, &self.clocks[index].clock);
            self.nodes[index] = Some(node);
        }
    }

    fn now(&self, node: usize) -> Moment {
        self.clocks[node].clock.now()
    }

    fn today(&self, node: usize) -> Day {
        self.now(node).wall.day()
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        if self.trace {
            eprintln!("{what}");
        }
    }
}

fn sum(calls: &BTreeMap<(ApiKeyId, Day), i64>, key: ApiKeyId, period: Period) -> i64 {
    calls.range((key, period.first)..(key, period.end)).map(|(_, calls)| calls).sum()
}
