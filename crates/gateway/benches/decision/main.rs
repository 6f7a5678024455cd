//! What it costs to decide one call: the key found by its value, a token at each level, a unit of the quota, and the
//! call counted. The clock is read for each.

mod population;

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tollgate_domain::IdSource;

use population::{Population, Value, value};

/// That of the gateway: it takes huge pages, by which the processor finds memory sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// Calls of which a measurement takes one after the other.
const CALLS: usize = 1 << 20;

/// Calls of keys that are all as likely.
fn uniform(keys: usize) -> Vec<Value> {
    calls(|share| (share * keys as f64) as usize, keys)
}

/// Calls by Zipf's law with exponent 1: the key of rank k calls a k-th as often as the first. Its distribution function
/// is ln(k) / ln(n), but for a rounding.
fn zipf(keys: usize) -> Vec<Value> {
    calls(|share| (keys as f64).powf(share) as usize, keys)
}

/// Values of calls, laid out in the order in which they come: a gateway has the value of a call at hand, too.
fn calls(index: impl Fn(f64) -> usize, keys: usize) -> Vec<Value> {
    let ids = IdSource::seeded(2);
    let share = || (ids.word() >> 11) as f64 / (1_u64 << 53) as f64;
    (0..CALLS).map(|_| value(index(share()).min(keys - 1))).collect()
}

/// Decides `decisions` calls on each of `threads` threads at once. Returns how long the slowest took.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn run(population: &Population, calls: &[Value], threads: usize, decisions: u64) -> Duration {
    let barrier = Barrier::new(threads);
    let part = |thread: usize| {
        let (_entered, callers) = (population.enter(), population.callers());
        barrier.wait();
        let began = Instant::now();
        let own = calls.iter().cycle().skip(thread * calls.len() / threads);
        for value in own.take(usize::try_from(decisions).unwrap_or(usize::MAX)) {
            population.decide(&callers, black_box(value));
        }
        began.elapsed()
    };
    let part = &part;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).max().unwrap_or_default()
    })
}

fn decision(criterion: &mut Criterion) {
    let all = thread::available_parallelism().map_or(2, usize::from);
    let mut group = criterion.benchmark_group("decision");
    let mut measure = |name: &str, population: &Population, calls: &[Value], threads: usize| {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|decisions| run(population, calls, threads, decisions));
        });
    };
    let few = Population::new(FEW);
    measure("few keys", &few, &uniform(FEW), 1);
    drop(few);
    let many = Population::new(MANY);
    measure("many keys uniform", &many, &uniform(MANY), 1);
    measure("many keys zipf", &many, &zipf(MANY), 1);
    measure("many keys uniform all threads", &many, &uniform(MANY), all);
    measure("one hot key all threads", &many, &[value(0)], all);
    group.finish();
}

criterion_group!(benches, decision);
criterion_main!(benches);
