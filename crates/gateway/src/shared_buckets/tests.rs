use std::time::Duration;

use tollgate_domain::bucket::Bucket;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::{
    ApiKeyId, Catalog, Edit, IdSource, KeyDigester, QuotaPeriod, QuotaSettings, Record, ThrottleSettings, UnixMillis,
    UsagePlan, UsagePlanId,
};

use super::testing::MemorySource;
use super::*;
use crate::admission::testing::admission;
use crate::admission::{Denied, Standing};

const MORNING: UnixMillis = UnixMillis(1_795_341_600_000);

struct Node {
    admission: Arc<Admission>,
    shared: Arc<SharedBuckets>,
}

/// Nodes that share buckets, one key in one plan, and a clock that all go by.
struct Bench {
    nodes: Vec<Node>,
    source: Arc<MemorySource>,
    clock: Arc<ManualClock>,
    plan: PlanLimits,
    key: ApiKeyId,
}

impl Bench {
    fn new(nodes: usize, rate: f64, burst: i32, quota: Option<u32>) -> Self {
        let clock = Arc::new(ManualClock::at(MORNING));
        clock.advance(Duration::from_secs(1));
        let source = Arc::new(MemorySource::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let plan = UsagePlanId::parse("plan1").expect("an id");
        let quota = quota.map(|limit| QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day });
        let limits = PlanLimits { id: plan, rate: ThrottleSettings::new(rate, burst).token_rate(), quota };
        let node = |number| Self::node(&clock, &source, quota, number, nodes);
        Self {
            nodes: (0..nodes).map(node).collect(),
            source: Arc::clone(&source),
            clock: Arc::clone(&clock),
            plan: limits,
            key: ApiKeyId::parse("key1").expect("an id"),
        }
    }

    fn node(
        clock: &Arc<ManualClock>,
        source: &Arc<MemorySource>,
        quota: Option<QuotaSettings>,
        number: usize,
        nodes: usize,
    ) -> Node {
        let told = Arc::clone(clock) as Arc<dyn Clock>;
        let (admission, _) = admission(KeyDigester::new([0; 32]), Arc::clone(&told));
        admission.publish(&catalog(quota), clock.now());
        let (shared, inbox) = SharedBuckets::new(number as u64);
        let shared = Arc::new(shared);
        shared.set_live_nodes(nodes as u64);
        let source = Arc::clone(source) as Arc<dyn TokenSource>;
        tokio::spawn(Drawer::new(Arc::clone(&shared), inbox, source, told, Duration::from_secs(1)).run());
        Node { admission, shared }
    }

    async fn call(&self, node: usize) -> Verdict {
        self.call_at(node, None).await
    }

    async fn call_at(&self, node: usize, method: Option<TokenRate>) -> Verdict {
        let Node { admission, shared } = &self.nodes[node];
        let keyed = Some(Keyed { key: self.key, plan: &self.plan, method_entry: None });
        let (bucket, name) = (Bucket::new(), Arc::from("api/stage/path/GET"));
        let demand = Demand { keyed, method: method.map(|rate| (&bucket, rate)), account: None };
        shared.admit(admission, None, demand, Some(&name), self.clock.now(), &*self.clock).await
    }

    async fn admitted(&self, node: usize, calls: usize) -> usize {
        let mut admitted = 0;
        for _ in 0..calls {
            admitted += usize::from(self.call(node).await.outcome.is_ok());
        }
        admitted
    }

    /// Lets draws that are on their way arrive.
    async fn settle(&self) {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    async fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
        tokio::time::advance(Duration::from_millis(millis)).await;
        self.settle().await;
    }

    /// Calls so often a second on each node for a time, one node after the other, and counts what is admitted.
    async fn load(&self, per_second: &[u64], seconds: u64) -> usize {
        let (mut admitted, mut due) = (0, vec![0; per_second.len()]);
        for _ in 0..seconds * 1000 {
            for (node, rate) in per_second.iter().enumerate() {
                due[node] += rate;
                admitted += self.admitted(node, due[node] as usize / 1000).await;
                due[node] %= 1000;
            }
            self.pass(1).await;
        }
        admitted
    }

    fn round_trips(&self) -> u64 {
        self.nodes.iter().map(|node| node.shared.health().round_trips).sum()
    }

    fn draws(&self) -> u64 {
        self.nodes.iter().map(|node| node.shared.health().draws).sum()
    }
}

fn catalog(quota: Option<QuotaSettings>) -> Catalog {
    let plan = UsagePlan {
        id: UsagePlanId::parse("plan1").expect("an id"),
        name: "plan".to_owned(),
        description: None,
        api_stages: Vec::new(),
        throttle: None,
        quota,
        product_code: None,
        tags: std::collections::BTreeMap::new(),
    };
    Catalog::default().apply(&[Edit::put(Record::UsagePlan(plan))])
}

fn say(what: &str, bench: &Bench, calls: u64, admitted: usize) {
    let trips = bench.round_trips();
    println!(
        "{what}: {admitted} of {calls} calls admitted, {trips} round trips ({} per 1,000 calls)",
        trips * 1000 / calls
    );
}

#[tokio::test(start_paused = true)]
async fn three_nodes_admit_what_one_bucket_does_whatever_the_spread() {
    for (what, load) in [("even", [1000, 1000, 1000]), ("skewed", [2700, 200, 100]), ("one node", [3000, 0, 0])] {
        let bench = Bench::new(3, 1000.0, 100, None);
        let admitted = bench.load(&load, 20).await;
        say(what, &bench, 60_000, admitted);
        assert!((19_899..=20_100).contains(&admitted), "{what}: {admitted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_follows_a_quiet_spell_has_the_whole_rate_after_a_term() {
    for (what, load) in [("even", [1000, 1000, 1000]), ("skewed", [2700, 200, 100]), ("one node", [3000, 0, 0])] {
        let bench = Bench::new(3, 1000.0, 100, None);
        assert_eq!(bench.load(&[2, 2, 2], 8).await, 48);
        assert!(bench.draws() < 20, "they have portions: {}", bench.draws());
        let (first, then) = (bench.load(&load, 10).await, bench.load(&load, 10).await);
        println!("{what}: {first} of 10,100 admitted in the first term, {then} of 10,000 in the second");
        assert!(first >= 9_200 && then >= 9_900 && first + then <= 20_100, "{what}: {first} and {then}");
    }
}

#[tokio::test(start_paused = true)]
async fn load_below_the_rate_is_admitted_whole() {
    for (what, load) in [("even", [320, 320, 320]), ("skewed", [800, 100, 60]), ("light", [30, 20, 10])] {
        let bench = Bench::new(3, 1000.0, 100, None);
        let calls = load.iter().sum::<u64>() * 5;
        let admitted = bench.load(&load, 5).await;
        say(what, &bench, calls, admitted);
        assert!(admitted as u64 * 100 >= calls * 99, "{what}: {admitted} of {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_key_costs_one_round_trip_and_an_empty_bucket_none_until_it_has_a_token() {
    let bench = Bench::new(2, 10.0, 2, None);
    assert_eq!(bench.admitted(0, 1).await + bench.admitted(1, 1).await, 2);
    assert_eq!(bench.round_trips(), 2);
    let refused = bench.call(0).await;
    let wait = Ticks::from_duration(Duration::from_millis(100));
    assert_eq!(refused.outcome, Err(Denied::Throttled { level: ThrottleLevel::Plan, retry_after: Some(wait) }));
    assert_eq!(bench.admitted(0, 50).await, 0);
    assert_eq!(bench.round_trips(), 3, "one that found the bucket empty");
    bench.pass(100).await;
    assert_eq!(bench.admitted(0, 1).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_called_now_and_then_costs_a_draw_for_each_node_and_term() {
    let bench = Bench::new(3, 100.0, 200, None);
    assert_eq!(bench.load(&[1, 1, 1], 70).await, 210);
    println!("{} draws and {} round trips for 210 calls", bench.draws(), bench.round_trips());
    assert!(bench.draws() <= 3 * (2 + 70 / 7), "{}", bench.draws());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_called_often_and_far_below_its_limit_costs_no_more() {
    let bench = Bench::new(3, 10_000.0, 20_000, None);
    assert_eq!(bench.load(&[40, 10, 5], 10).await, 550);
    let before = bench.draws();
    assert_eq!(bench.load(&[40, 10, 5], 70).await, 3850);
    println!("{before} draws until it is known how often, then {} for 3,850 calls", bench.draws() - before);
    assert!(before <= 30 && bench.draws() - before <= 3 * (1 + 70 / 7), "{before} and {}", bench.draws() - before);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_portion_cannot_grow_draws_ahead_and_one_that_is_too_large_ends() {
    let bench = Bench::new(3, 20_000.0, 40_000, None);
    let of_node = |node: usize| bench.nodes[node].shared.health();
    // Alone, a node has nearly all that may be in portions.
    bench.nodes[0].shared.set_live_nodes(1);
    assert_eq!(bench.load(&[600], 20).await, 12_000);
    bench.nodes[0].shared.set_live_nodes(3);
    assert_eq!(bench.load(&[40, 213, 213], 8).await, 8 * 466);
    let (draws, waits) = (bench.draws(), of_node(1).calls_waited + of_node(2).calls_waited);
    println!("{draws} draws, {waits} waited");
    assert!(waits <= 30, "{waits} waited");
    assert_eq!(bench.load(&[40, 213, 213], 40).await, 40 * 466);
    let (later, waited) = (bench.draws() - draws, of_node(1).calls_waited + of_node(2).calls_waited - waits);
    println!("{later} draws and {waited} waited afterwards");
    assert!(later <= 200 && waited <= 20, "{later} draws, {waited} waited");
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_calls_become_too_many_for_a_portion_is_drawn_for_in_batches() {
    let bench = Bench::new(1, 1000.0, 1000, None);
    assert_eq!(bench.load(&[10], 20).await, 200);
    let (before, waited) = (bench.draws(), bench.nodes[0].shared.health().calls_waited);
    let admitted = bench.load(&[900], 20).await;
    let (draws, waited) = (bench.draws() - before, bench.nodes[0].shared.health().calls_waited - waited);
    println!("{admitted} of 18,000 admitted with {draws} draws; {waited} waited");
    assert!(admitted >= 17_820 && draws <= 400 && waited <= 200, "{admitted}, {draws} draws, {waited} waited");
}

#[tokio::test(start_paused = true)]
async fn a_portion_that_is_used_up_is_made_larger() {
    let bench = Bench::new(1, 100.0, 200, None);
    assert_eq!(bench.load(&[1], 10).await, 10);
    let before = bench.draws();
    assert_eq!(bench.load(&[3], 20).await, 60);
    assert!(bench.draws() - before <= 10, "{}", bench.draws() - before);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_alone_gives_out_its_share_and_no_portion_beside() {
    let bench = Bench::new(2, 0.001, 100, None);
    assert_eq!(bench.load(&[1], 2).await, 2);
    bench.source.set_away(true);
    let waits = bench.nodes[0].shared.health().calls_waited;
    assert_eq!(bench.admitted(0, 2).await, 2, "of its portion: nobody has to be asked");
    assert_eq!(bench.nodes[0].shared.health().calls_waited, waits);
    let alone = bench.admitted(0, 100).await;
    assert!((40..=48).contains(&alone), "its share, less what it had: {alone}");
    bench.source.set_away(false);
    bench.nodes.iter().for_each(|node| node.shared.watch.is_back());
    let more = bench.admitted(0, 100).await + bench.admitted(1, 100).await;
    assert!(4 + alone + more <= 100, "{alone} and {more}");
}

#[tokio::test(start_paused = true)]
async fn a_portion_is_not_forgotten_before_its_term_is_over() {
    let bench = Bench::new(1, 100.0, 200, None);
    bench.load(&[2], 2).await;
    let node = &bench.nodes[0].shared;
    node.forget_idle(bench.clock.ticks());
    node.forget_idle(bench.clock.ticks());
    assert_eq!(node.health().buckets, 1);
    bench.pass(10_000).await;
    node.forget_idle(bench.clock.ticks());
    assert_eq!(node.health().buckets, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_another_level_refuses_costs_no_token() {
    let bench = Bench::new(1, 0.001, 10, None);
    let nobody = ThrottleSettings::new(0.0, 0).token_rate();
    for _ in 0..50 {
        let denied = bench.call_at(0, nobody).await.outcome.expect_err("nobody is admitted");
        assert!(matches!(denied, Denied::Throttled { level: ThrottleLevel::StageMethod, .. }));
    }
    assert_eq!(bench.source.asked().len(), 0, "the plan's bucket is not even asked");
    let little = ThrottleSettings::new(0.001, 1).token_rate();
    assert!(bench.call_at(0, little).await.outcome.is_ok());
    for _ in 0..50 {
        assert!(bench.call_at(0, little).await.outcome.is_err());
    }
    assert_eq!(bench.admitted(0, 20).await, 9);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_quota_refuses_costs_no_token() {
    let bench = Bench::new(1, 0.001, 10, Some(3));
    assert_eq!(bench.admitted(0, 3).await, 3);
    for _ in 0..20 {
        let denied = bench.call(0).await.outcome.expect_err("it is used up");
        assert!(matches!(denied, Denied::QuotaExceeded { .. }));
        bench.pass(50).await;
    }
    let mut unlimited = bench;
    unlimited.plan.quota = None;
    for node in &unlimited.nodes {
        node.admission.publish(&catalog(None), unlimited.clock.now());
    }
    assert_eq!(unlimited.admitted(0, 20).await, 7);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_alone_gives_out_its_share_and_settles_it_afterwards() {
    let bench = Bench::new(3, 1.0, 30, None);
    bench.source.set_away(true);
    let shares = [bench.admitted(0, 30).await, bench.admitted(1, 30).await];
    assert_eq!(shares, [10, 10]);
    assert!(bench.nodes[0].shared.health().alone_since.is_some());
    bench.source.set_away(false);
    bench.nodes.iter().for_each(|node| node.shared.watch.is_back());
    let more = [bench.admitted(0, 30).await, bench.admitted(1, 30).await, bench.admitted(2, 30).await];
    assert_eq!(more.iter().sum::<usize>(), 20, "the first to come back knows of its own alone: {more:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_drawn_counts_when_buckets_go_out_of_reach() {
    let bench = Bench::new(2, 1.0, 10, None);
    assert_eq!(bench.admitted(0, 10).await, 10);
    bench.source.set_away(true);
    bench.pass(2000).await;
    let alone = bench.admitted(0, 10).await;
    assert!(alone <= 1, "{alone}: its share of what has come since");
}

#[tokio::test(start_paused = true)]
async fn a_raised_limit_gives_headroom_at_once() {
    let mut bench = Bench::new(1, 0.001, 2, None);
    assert_eq!(bench.admitted(0, 5).await, 2);
    bench.plan.rate = ThrottleSettings::new(0.001, 5).token_rate();
    assert_eq!(bench.admitted(0, 10).await, 3);
    bench.plan.rate = ThrottleSettings::new(1000.0, 5).token_rate();
    assert_eq!(bench.admitted(0, 10).await, 0, "what is owed is tokens, as many under the new rate");
    bench.pass(2).await;
    assert!(bench.admitted(0, 10).await >= 1);
}

#[tokio::test(start_paused = true)]
async fn where_a_caller_stands_is_what_the_bucket_and_the_node_have() {
    let bench = Bench::new(1, 1.0, 10, None);
    let left = |standing: Standing| standing.throttle.map(|throttle| (throttle.burst, throttle.left));
    assert_eq!(left(bench.call(0).await.standing), Some((10, 9)));
    assert_eq!(left(bench.call(0).await.standing), Some((10, 8)));
}

/// Which of so many keys is called next: all alike, or the first far more often than the last (Zipf, exponent 1).
fn next_key(ids: &IdSource, keys: usize, zipf: bool) -> usize {
    let dice = ids.word() as f64 / u64::MAX as f64;
    let place = if zipf { (keys as f64 + 1.0).powf(dice) - 1.0 } else { dice * keys as f64 };
    (place as usize).min(keys - 1)
}

/// Draws for 30,000 calls of 1,000 keys, at 3,000 calls a second on three nodes, and for as many again.
async fn draws_for(what: &str, zipf: bool) -> [u64; 2] {
    let mut bench = Bench::new(3, 100.0, 200, None);
    let (ids, calls) = (IdSource::seeded(11), 30_000);
    let mut draws = [0; 2];
    for draws in &mut draws {
        let (mut admitted, before, trips) = (0, bench.draws(), bench.round_trips());
        for call in 0..calls {
            let number = next_key(&ids, 1000, zipf);
            bench.key = ApiKeyId::parse(&format!("key{number}")).expect("an id");
            admitted += bench.admitted(ids.word() as usize % 3, 1).await;
            if call % 3 == 2 {
                bench.pass(1).await;
            }
        }
        *draws = bench.draws() - before;
        let trips = bench.round_trips() - trips;
        println!("{what}: {admitted} of {calls} calls admitted, {draws} draws in {trips} round trips");
    }
    draws
}

#[tokio::test(start_paused = true)]
async fn busy_keys_cost_a_draw_for_many_calls_and_others_one_for_many_seconds() {
    let ([zipf, zipf_then], [uniform, uniform_then]) =
        (draws_for("Zipf", true).await, draws_for("uniform", false).await);
    assert!(zipf <= 15_000 && uniform <= 15_000, "{zipf} and {uniform}");
    assert!(zipf_then <= 12_000 && uniform_then <= 9_000, "{zipf_then} and {uniform_then}");
}
