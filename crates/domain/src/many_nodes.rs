//! What must hold of stocks and portions together: all nodes spend what one bucket gives out, whatever is lost, late or
//! done twice.

use proptest::prelude::*;

use crate::clock::{TICKS_PER_SECOND, Ticks};
use crate::owed_tokens::OwedTokens;
use crate::portion::Portion;
use crate::stock::{Run, Stock};
use crate::throttle::{ThrottleSettings, TokenRate};
use crate::token_draw::{PortionAsk, TokenDraw, TokenGrant};

const MICRO: u64 = TICKS_PER_SECOND / 1_000_000;

/// Steps in which time passes, in microseconds.
const STEP: u64 = 500;

/// What happens next, on one of the nodes.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// So many microseconds pass.
    Pass(u64),
    Draw(Draw),
    /// So many calls are made that spend a token of the portion or the stock, or take one and are refused elsewhere.
    Calls {
        count: usize,
        refused: bool,
    },
    /// Other settings are in force on all nodes; what is on its way knows nothing of them.
    Edit(usize),
    /// All nodes spend whatever they have, and what is left is drawn for calls that wait.
    Rush,
    /// The node forgets its portion.
    Forget,
}

/// A draw that is sent, for a number of waiting calls and a number of tokens more, and maybe for a portion of so many
/// tokens, for a term in microseconds.
#[derive(Clone, Copy, Debug)]
struct Draw {
    waiting: u64,
    more: u64,
    portion: Option<(u64, u64)>,
    /// It arrives after so many microseconds, and is answered after so many more, or never.
    there: u64,
    back: Option<u64>,
    /// It arrives again after so many more.
    again: Option<u64>,
}

fn events(edits: u32) -> impl Strategy<Value = Vec<(usize, Event)>> {
    let pass = prop_oneof![4 => 0u64..3000, 1 => 3000u64..30_000].prop_map(Event::Pass);
    let count = prop_oneof![3 => Just(1usize), 1 => 1usize..80];
    let calls = (count, any::<bool>()).prop_map(|(count, refused)| Event::Calls { count, refused });
    let others =
        prop_oneof![edits => (0usize..3).prop_map(Event::Edit), 1 => Just(Event::Forget), 2 => Just(Event::Rush)];
    let event = prop_oneof![60 => pass, 50 => calls, 60 => draws().prop_map(Event::Draw), 10 => others];
    prop::collection::vec((0usize..3, event), 1..400)
}

fn draws() -> impl Strategy<Value = Draw> {
    let waiting = prop_oneof![9 => 0u64..4, 1 => 0u64..40];
    let portion =
        prop::option::weighted(0.7, (1u64..12, prop_oneof![Just(10_000u64), 1000u64..40_000, 40_000u64..1_000_000]));
    let back = prop_oneof![4 => (0u64..5000).prop_map(Some), 1 => Just(None)];
    let there = prop_oneof![9 => 0u64..5000, 1 => 5000u64..60_000];
    let again = prop_oneof![9 => Just(None), 1 => (0u64..40_000).prop_map(Some)];
    let more = prop_oneof![3 => 0u64..2, 1 => 0u64..12];
    let draw = (waiting, more, portion, there, back, again);
    draw.prop_map(|(waiting, more, portion, there, back, again)| Draw { waiting, more, portion, there, back, again })
}

/// A draw on its way to the bucket.
struct Sent {
    node: usize,
    sent: Ticks,
    waiting: u64,
    draw: TokenDraw,
    arrives: u64,
    back: Option<u64>,
}

/// An answer on its way to the node.
struct Answer {
    sent: Sent,
    arrives: u64,
    grant: TokenGrant,
    /// When it was drawn.
    at: u64,
}

#[derive(Default)]
struct Node {
    stock: Stock,
    portion: Option<Portion>,
}

/// Nodes with clocks of their own, a shared bucket, and when each token was spent.
struct World {
    settings: [TokenRate; 3],
    rate: TokenRate,
    now: u64,
    /// When other settings came into force, on the nodes or in the bucket.
    edited: u64,
    shared: OwedTokens,
    shared_rate: TokenRate,
    going: Vec<Sent>,
    coming: Vec<Answer>,
    nodes: [Node; 3],
    spent: Vec<u64>,
}

impl World {
    fn new(settings: [TokenRate; 3]) -> Self {
        let (now, rate) = (1_000_000, settings[0]);
        Self {
            settings,
            rate,
            now,
            edited: 0,
            shared: OwedTokens::none(rate, now),
            shared_rate: rate,
            going: Vec::new(),
            coming: Vec::new(),
            nodes: Default::default(),
            spent: Vec::new(),
        }
    }

    /// What a node's clock shows: they are hours apart.
    fn clock(&self, node: usize) -> Ticks {
        Ticks((self.now + node as u64 * 3_600_000_000) * MICRO)
    }

    fn go(&mut self, node: usize, event: Event) {
        match event {
            Event::Pass(micros) => self.pass(micros),
            Event::Draw(draw) => self.send(node, draw),
            Event::Calls { count, refused } => (0..count).for_each(|_| self.call(node, refused)),
            Event::Edit(index) => {
                self.rate = self.settings[index];
                self.edited();
            }
            Event::Rush => self.rush(),
            Event::Forget => self.nodes[node].portion = None,
        }
    }

    /// What was drawn before an edit is another promise's.
    fn edited(&mut self) {
        self.edited = self.now;
        self.nodes.iter_mut().for_each(|node| node.stock = Stock::new());
    }

    fn send(&mut self, node: usize, draw: Draw) {
        let (sent, rate) = (self.clock(node), self.rate);
        let held = self.nodes[node].portion.as_ref().map_or(0, |portion| portion.standing(rate, sent).0);
        let ask = |(want, term)| PortionAsk { node: node as u64, held, want, term };
        let Draw { waiting, more, portion, there, back, again } = draw;
        let draw = TokenDraw { portion: portion.map(ask), ..TokenDraw::of(rate, waiting + more) };
        let arrives = self.now + there;
        self.going.push(Sent { node, sent, waiting, draw, arrives, back });
        let again = again.map(|after| Sent { node, sent, waiting, draw, arrives: arrives + after, back: None });
        self.going.extend(again);
    }

    fn call(&mut self, node: usize, refused: bool) {
        let (now, rate) = (self.clock(node), self.rate);
        let Node { stock, portion } = &self.nodes[node];
        let of_portion = portion.as_ref().and_then(|portion| Some((portion, portion.take(rate, now)?)));
        let token = if of_portion.is_none() { stock.take(rate, now) } else { None };
        match (of_portion, token) {
            (None, None) => {}
            (Some((portion, token)), _) if refused => drop(portion.give_back(token)),
            (_, Some(token)) if refused => drop(stock.give_back(token, rate, now)),
            _ => self.spent.push(self.now),
        }
    }

    fn rush(&mut self) {
        (0..3).for_each(|node| (0..200).for_each(|_| self.call(node, false)));
        self.send(0, Draw { waiting: 200, more: 0, portion: None, there: 0, back: Some(0), again: None });
        self.arrive();
        self.answer();
    }

    /// Two rushes, the second a while after everything has arrived.
    fn end(&mut self) {
        self.rush();
        self.pass(70_000);
        self.rush();
    }

    fn pass(&mut self, micros: u64) {
        for _ in 0..micros.div_ceil(STEP) {
            self.now += micros.min(STEP);
            self.arrive();
            self.answer();
        }
    }

    fn arrive(&mut self) {
        let now = self.now;
        let (arrived, going) = std::mem::take(&mut self.going).into_iter().partition(|sent| sent.arrives <= now);
        self.going = going;
        let arrived: Vec<Sent> = arrived;
        for sent in arrived {
            if self.shared_rate != sent.draw.rate {
                self.shared_rate = sent.draw.rate;
                self.edited();
            }
            let grant = self.shared.draw(sent.draw, now);
            let answer = sent.back.map(|back| Answer { arrives: now + back, grant, at: now, sent });
            self.coming.extend(answer);
        }
    }

    fn answer(&mut self) {
        let now = self.now;
        let (answers, coming) = std::mem::take(&mut self.coming).into_iter().partition(|a| a.arrives <= now);
        self.coming = coming;
        let answers: Vec<Answer> = answers;
        for Answer { sent, grant, at, .. } in answers {
            let (rate, now) = (sent.draw.rate, self.clock(sent.node));
            let mut run = Run::of(&grant, rate, sent.sent);
            self.spent.extend((0..sent.waiting).filter_map(|_| run.take(rate)).map(|_| at));
            let Node { stock, portion } = &mut self.nodes[sent.node];
            if at > self.edited {
                stock.put(run, rate, now);
            }
            let next = Portion::answered(portion.as_ref(), &sent.draw, &grant, sent.sent, now);
            if next.is_some() {
                *portion = next;
            }
        }
    }

    /// Whether, since the last edit, more was spent within some time than one bucket gives out in it.
    fn overspent(mut self) -> Option<(u64, u64)> {
        self.spent.retain(|at| *at > self.edited);
        self.spent.sort_unstable();
        let (token, burst) = (self.rate.token_time().0, self.rate.fill_time().0);
        let ends = self.spent.iter().enumerate();
        let windows = ends.flat_map(|(last, end)| {
            self.spent[..=last].iter().enumerate().map(move |(first, start)| (last - first + 1, end - start))
        });
        let mut windows = windows.map(|(spent, micros)| (spent as u64, micros));
        windows.find(|(spent, micros)| spent * token > burst + micros * MICRO)
    }
}

fn settings() -> impl Strategy<Value = TokenRate> {
    let rate = prop_oneof![Just(1000.0), 0.1f64..50.0, 50.0f64..5000.0, 1000.0f64..5000.0];
    let burst = prop_oneof![1i32..30, 20i32..120, 60i32..120];
    (rate, burst).prop_map(|(rate, burst)| ThrottleSettings::new(rate, burst).token_rate().expect("a limit"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn all_nodes_together_spend_what_one_bucket_gives_out(rate in settings(), events in events(0)) {
        let mut world = World::new([rate; 3]);
        events.into_iter().for_each(|(node, event)| world.go(node, event));
        world.end();
        let overspent = world.overspent();
        prop_assert!(overspent.is_none(), "{overspent:?}");
    }

    #[test]
    fn after_edits_they_spend_what_the_settings_in_force_say(
        settings in prop::array::uniform3(settings()), events in events(2),
    ) {
        let mut world = World::new(settings);
        events.into_iter().for_each(|(node, event)| world.go(node, event));
        world.end();
        // Whatever knew other settings has arrived.
        let node_of = |call: usize| call % 3;
        for call in 0..60 {
            let draw = Draw { waiting: 2, more: 1, portion: Some((9, 9000)), there: 0, back: Some(0), again: None };
            world.go(node_of(call), Event::Draw(draw));
            world.go(node_of(call), Event::Calls { count: call, refused: false });
            world.pass(1000);
        }
        let overspent = world.overspent();
        prop_assert!(overspent.is_none(), "{overspent:?}");
    }
}
