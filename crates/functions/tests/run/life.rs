//! How instances come and go.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tollgate_functions::InvokeError;

use crate::bench::{Bench, example, is_alive, until};

/// Answers its process id once as many calls as the event's `together` are under way.
const MEETING: &str = r#"
import os, time
def handler(event, context):
    open(os.path.join(event["folder"], context.aws_request_id), "w").close()
    while len(os.listdir(event["folder"])) < event.get("together", 1):
        time.sleep(0.005)
    return os.getpid()
"#;

/// How many calls were begun.
fn count(met: &Path) -> usize {
    std::fs::read_dir(met).expect("there").count()
}

fn meeting(bench: &Bench) -> serde_json::Value {
    bench.publish(bench.function("python3.12", "app.handler", "app.py", MEETING));
    let folder = bench.path("met");
    std::fs::create_dir_all(&folder).expect("made");
    json!(folder.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_at_once_share_as_many_processes_as_the_cap_allows() {
    let bench = Arc::new(Bench::new());
    let folder = meeting(&bench);
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (bench, event) = (Arc::clone(&bench), json!({"folder": folder, "together": 4}));
            tokio::spawn(async move { bench.call(event).await })
        })
        .collect();
    let mut pids = HashSet::new();
    for call in calls {
        pids.insert(call.await.expect("called"));
    }
    assert_eq!(pids.len(), 4);
    bench.functions.drain().await;
    assert_eq!(pids.iter().filter(|pid| is_alive(pid)).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_finds_no_instance_in_time_is_throttled() {
    let bench = Arc::new(Bench::with(|config| {
        config.max_instances = 1;
        config.queue_wait = Duration::from_secs(2);
    }));
    let folder = meeting(&bench);
    bench.call(json!({"folder": folder})).await;
    let busy = {
        let (bench, event) = (Arc::clone(&bench), json!({"folder": folder, "together": 3}));
        tokio::spawn(async move { bench.call(event).await })
    };
    let met = bench.path("met");
    until("the call", || count(&met) >= 2).await;
    assert_eq!(bench.try_call(&json!({})).await, Err(InvokeError::Throttled("pets".to_owned())));
    std::fs::write(met.join("third"), "").expect("written");
    assert!(busy.await.expect("called").is_number());
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_function_keeps_its_processes_and_a_changed_one_does_not() {
    let bench = Bench::new();
    let event = json!({"folder": meeting(&bench)});
    let first = bench.call(event.clone()).await;
    meeting(&bench);
    assert_eq!(bench.call(event.clone()).await, first);
    let mut changed = bench.function("python3.12", "app.handler", "app.py", MEETING);
    changed.timeout = Duration::from_secs(29);
    bench.publish(changed);
    assert_ne!(bench.call(event).await, first);
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_work_ends() {
    let bench = Bench::with(|config| config.idle = Duration::from_millis(1));
    let event = json!({"folder": meeting(&bench)});
    let pid = bench.call(event).await;
    until("the end of the process", || !is_alive(&pid)).await;
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_under_way_are_finished_by_a_drain_and_cut_off_when_it_takes_too_long() {
    let bench = Arc::new(Bench::with(|config| config.drain_timeout = Duration::from_millis(300)));
    let folder = meeting(&bench);
    let pid = bench.call(json!({"folder": folder})).await;
    let never = {
        let (bench, event) = (Arc::clone(&bench), json!({"folder": folder, "together": 100}));
        tokio::spawn(async move { bench.try_call(&event).await })
    };
    let met = bench.path("met");
    until("the call", || count(&met) >= 2).await;
    bench.functions.drain().await;
    assert_eq!(never.await.expect("ended"), Err(InvokeError::Stopping));
    assert!(!is_alive(&pid));
}

#[test]
fn calls_may_come_from_any_runtime() {
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let bench = own.block_on(async { Bench::new() });
    let folder = own.block_on(async { meeting(&bench) });
    // Without timers and IO of its own, so that all has to be done elsewhere.
    let other = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert!(other.block_on(bench.call(json!({"folder": folder}))).is_number());
    other.block_on(bench.functions.drain());
}

#[tokio::test]
async fn a_launched_program_ends_with_the_process_that_started_it() {
    // A shell starts the launcher, tells its id, and is killed.
    let script = "\"$0\" $$ sleep 600 & echo $!; wait";
    let mut shell = Command::new("sh")
        .args(["-c", script, &example("launch").display().to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    let stdout = shell.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("read");
    let pid: serde_json::Value = line.trim().parse::<u32>().expect("an id").into();
    let command = format!("/proc/{pid}/cmdline");
    // Killed only once the launcher has become the program, and is bound.
    until("the program", || std::fs::read(&command).is_ok_and(|line| line.starts_with(b"sleep"))).await;
    shell.kill().expect("killed");
    shell.wait().expect("ended");
    until("the end of the program", || !is_alive(&pid)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_still_wait_when_a_drain_takes_too_long_start_nothing() {
    let bench = Arc::new(Bench::with(|config| {
        config.max_instances = 1;
        config.drain_timeout = Duration::from_millis(300);
    }));
    let folder = meeting(&bench);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (bench, event) = (Arc::clone(&bench), json!({"folder": folder, "together": 100}));
            tokio::spawn(async move { bench.try_call(&event).await })
        })
        .collect();
    let met = bench.path("met");
    until("the call", || count(&met) >= 1).await;
    bench.functions.drain().await;
    for call in calls {
        assert_eq!(call.await.expect("ended"), Err(InvokeError::Stopping));
    }
    assert_eq!(count(&met), 1);
}
