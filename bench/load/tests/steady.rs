//! `steady` tells how long each call took from when it was due, whether it was answered or not.

mod server;

use std::process::Command;

use server::{SLOW, server};

const RATE: usize = 40;

/// Runs it for a second with these keys, one after the other.
fn steady(keys: &[&str]) -> serde_json::Value {
    let (address, _) = server();
    let file = std::env::temp_dir().join(format!("steady-{}-{}", std::process::id(), address.port()));
    std::fs::write(&file, keys.join("\n")).expect("a file");
    let mut program = Command::new(env!("CARGO_BIN_EXE_steady"));
    program.args(["--to", &address.to_string(), "--host", "h", "--path", "/", "--seconds", "1"]);
    program.args(["--connections", "4", "--rate", &RATE.to_string(), "--keys"]).arg(&file);
    let output = program.output().expect("it runs");
    std::fs::remove_file(file).expect("it is there");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The calls of each window, by microseconds.
fn windows(told: &serde_json::Value) -> Vec<Vec<(f64, u64)>> {
    serde_json::from_value(told["windows"].clone()).expect("windows")
}

#[test]
fn each_call_is_in_the_quarter_of_a_second_that_it_was_due_in() {
    let told = steady(&["good", "bad"]);
    assert_eq!((&told["answered"], &told["failed"]), (&RATE.into(), &0.into()), "{told}");
    assert_eq!(told["statuses"], serde_json::json!({"200": RATE / 2, "403": RATE / 2}));
    let calls: Vec<u64> = windows(&told).iter().map(|window| window.iter().map(|(_, calls)| calls).sum()).collect();
    assert_eq!(calls, [RATE as u64 / 4; 4]);
}

#[test]
fn what_waits_behind_a_slow_call_counts_from_when_it_was_due() {
    // All connections are busy from the beginning of the second window.
    let mut keys = ["good"; RATE];
    keys[RATE / 4..][..4].fill("slow");
    let windows = windows(&steady(&keys));
    let late = |window: &Vec<(f64, u64)>| {
        window.iter().filter(|(micros, _)| *micros > 100_000.0).map(|(_, calls)| calls).sum::<u64>()
    };
    assert!(late(&windows[1]) > 4, "{windows:?}");
    let longest = windows[1].last().expect("calls").0;
    assert!(longest >= SLOW.as_micros() as f64, "{longest}");
}

#[test]
fn calls_that_are_never_answered_failed_and_took_until_the_end() {
    let mut keys = ["good"; RATE];
    keys[RATE - 4..].fill("hung");
    let told = steady(&keys);
    assert_eq!((&told["answered"], &told["failed"]), (&(RATE - 4).into(), &4.into()), "{told}");
    let longest = windows(&told)[3].last().copied().expect("calls");
    assert!(longest.0 > 900_000.0, "{longest:?}");
}
