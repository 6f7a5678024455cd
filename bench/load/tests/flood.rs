//! `flood` calls with the keys that it is given, and tells what became of its calls.

mod server;

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use server::{CLOSED_AFTER, server};

/// Runs it for a second on four connections.
fn flood(keys: &str, pick: &str) -> (serde_json::Value, HashMap<String, u64>) {
    let (address, called) = server();
    let mut program = Command::new(env!("CARGO_BIN_EXE_flood"));
    program.args(["--to", &address.to_string(), "--host", "h", "--path", "/", "--pick", pick]);
    program.args(["--seconds", "1", "--connections", "4"]);
    let mut run = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    run.stdin.take().expect("a pipe").write_all(keys.as_bytes()).expect("it reads");
    let output = run.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let called = called.lock().expect("no panic").clone();
    (serde_json::from_slice(&output.stdout).expect("JSON"), called)
}

#[test]
fn calls_answers_and_refusals_are_counted_and_broken_connections_opened_anew() {
    let (told, called) = flood("good\nbad\n", "uniform");
    let count = |value: &serde_json::Value| value.as_u64().expect("a count");
    let (passed, refused) = (count(&told["statuses"]["200"]), count(&told["statuses"]["403"]));
    assert_eq!(count(&told["answered"]), passed + refused, "{told}");
    assert!(count(&told["failed"]) > 0 && passed > 2 * CLOSED_AFTER as u64, "{told}");
    // Of each connection, the call under way when time was over may have been answered.
    assert!((passed..=passed + 4).contains(&called["good"]), "{told} {called:?}");
    assert!((refused..=refused + 4).contains(&called["bad"]), "{told} {called:?}");
    assert!(count(&told["micros"]) >= 1_000_000 && told["p50"].as_f64() > Some(0.0), "{told}");
}

#[test]
fn keys_are_picked_alike_or_by_zipfs_law() {
    let keys: String = (1..=100).map(|number| format!("{number}\n")).collect();
    let share = |pick| {
        let (_, called) = flood(&keys, pick);
        assert!(called.len() > 90, "{} of the keys were called with", called.len());
        called["1"] as f64 / called.values().sum::<u64>() as f64
    };
    assert!(share("uniform") < 0.05);
    // ln(2) / ln(101) = 0.15
    assert!((0.1..0.2).contains(&share("zipf")));
}

#[test]
fn who_gives_no_key_is_told() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_flood"));
    program.args(["--to", "127.0.0.1:1", "--host", "h", "--path", "/", "--seconds", "1"]).stdin(Stdio::null());
    let output = program.output().expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no key"), "{output:?}");
}

#[test]
fn calls_that_hang_have_failed() {
    let (told, _) = flood("hung\n", "uniform");
    assert_eq!((&told["answered"], &told["failed"]), (&0.into(), &4.into()), "{told}");
}
