//! GetTraffic: what becomes of calls, as counts that only grow, read once a second.

use serde::Serialize;
use tollgate_domain::{Traffic, UnixMillis};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// The counts of all threads at one moment. Whoever reads takes differences.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadingWire {
    /// Milliseconds since 1970.
    at: i64,
    answered: u64,
    admitted: u64,
    throttled: u64,
    quota_exceeded: u64,
    refused: u64,
    /// Answers 4xx and 5xx, whoever gave them.
    client_errors: u64,
    server_errors: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrafficWire {
    now: i64,
    readings: Vec<ReadingWire>,
}

impl ReadingWire {
    fn new(at: UnixMillis, traffic: &Traffic) -> Self {
        Self {
            at: at.0,
            answered: traffic.answered(),
            admitted: traffic.admitted(),
            throttled: traffic.throttled,
            quota_exceeded: traffic.quota_exceeded,
            refused: traffic.refused,
            client_errors: traffic.by_class[3],
            server_errors: traffic.errors(),
        }
    }
}

/// The readings after `since` (milliseconds), or all that are kept.
pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let since = request.query("since").and_then(|since| since.parse().ok()).map(UnixMillis);
    let readings = control.history().since(since);
    let readings = readings.iter().map(|(at, traffic)| ReadingWire::new(*at, traffic)).collect();
    Answer::json(&TrafficWire { now: request.now().0, readings })
}
