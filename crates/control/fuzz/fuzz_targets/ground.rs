//! A management API that outlives the cases, and sends them to it.

use std::sync::LazyLock;

use tokio::runtime::Runtime;

use crate::bench::Bench;

struct Ground {
    runtime: Runtime,
    bench: Bench,
    api: String,
}

static GROUND: LazyLock<Ground> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let bench = runtime.block_on(Bench::new());
    let api = runtime.block_on(bench.deployed_api("dev"));
    Ground { runtime, bench, api }
});

/// The id of an API that is there.
#[allow(dead_code, reason = "not every target names an API")]
pub(crate) fn api() -> &'static str {
    &GROUND.api
}

/// Sends a case and asserts that it is answered: a panic or a fault of ours would be a 500.
pub(crate) fn send(method: &str, path: &str, body: &[u8]) {
    let Ground { runtime, bench, .. } = &*GROUND;
    let answer = runtime.block_on(bench.send(bench.signed(method, path, body)));
    assert!(answer.status < 500, "{}: {}", answer.status, answer.body);
    // What the gate was told would pile up.
    bench.told();
}
