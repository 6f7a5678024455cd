//! The protocol of leases and ledger, run under schedules of faults that a seed decides.
//!
//! A schedule is a few hundred steps: calls, rounds, answers that get lost or come twice, a ledger that is away,
//! processes that die, restart or stop, clocks that jump, plans that are edited, and quotas that are extended. After
//! each step the promises are checked; at the end everything comes to rest, and the sums are checked. What is run is
//! the gateway's own admission and its rounds; only the ledger is a model of the store's, and time is an argument.
//!
//! A failure tells the command that shows its schedule.

#![allow(clippy::print_stderr, reason = "a schedule is shown to whoever runs it")]

mod clock;
mod ledger;
mod node;
mod world;

use tokio::runtime::Runtime;
use world::{Scale, World};

/// Runs one schedule; the panic of a broken promise says which seed it was.
fn run(seed: u64, scale: Scale, time: &Runtime, trace: bool) {
    let mut world = World::new(seed, scale, time, trace);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for _ in 0..scale.steps {
            world.step();
        }
        world.come_to_rest();
    }));
    if let Err(panic) = outcome {
        let nodes = scale.nodes;
        eprintln!(
            "a promise broke; SEED={seed} NODES={nodes} cargo test -p tollgate-gateway --test simulation replay -- \
             --ignored --nocapture shows how"
        );
        std::panic::resume_unwind(panic);
    }
}

/// Timers of waiting calls need a runtime around them; its time stands still, unless a schedule has it pass.
fn within_standing_time(run: impl FnOnce(&Runtime)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let _entered = runtime.enter();
    run(&runtime);
}

const ONE_NODE: Scale = Scale { nodes: 1, keys: 2, steps: 250 };
const FOUR_NODES: Scale = Scale { nodes: 4, keys: 2, steps: 350 };

#[test]
fn no_schedule_breaks_a_promise_on_one_node() {
    within_standing_time(|time| (0..14_000).for_each(|seed| run(seed, ONE_NODE, time, false)));
}

#[test]
fn no_schedule_breaks_a_promise_on_four_nodes() {
    within_standing_time(|time| (0..6_000).for_each(|seed| run(seed, FOUR_NODES, time, false)));
}

/// For as many schedules as somebody has time for: `SCHEDULES=1000000`, from the seed `SEED`.
#[test]
#[ignore = "runs for as long as it is told to"]
#[expect(clippy::disallowed_methods, reason = "how many is the caller's choice")]
fn many_schedules() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SEED").unwrap_or(1_000_000);
    let schedules = first..first + number("SCHEDULES").unwrap_or(100_000);
    within_standing_time(|time| {
        for seed in schedules {
            run(seed, if seed % 2 == 0 { ONE_NODE } else { FOUR_NODES }, time, false);
        }
    });
}

#[test]
#[ignore = "shows the steps of one schedule"]
#[expect(clippy::disallowed_methods, reason = "which one is the caller's choice")]
fn replay() {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).expect("SEED is a number");
    let nodes = std::env::var("NODES").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let scale = if nodes == 1 { ONE_NODE } else { FOUR_NODES };
    within_standing_time(|time| run(seed, scale, time, true));
}
