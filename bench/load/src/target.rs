//! What is called, and what became of the calls.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Serialize;

/// What is called, and for how long.
#[derive(clap::Args)]
pub struct Target {
    /// The gateway.
    #[arg(long)]
    pub to: SocketAddr,
    #[arg(long)]
    host: String,
    #[arg(long)]
    path: String,
    /// How long.
    #[arg(long)]
    pub seconds: u32,
    /// Kept connections, each with one call at a time.
    #[arg(long, default_value_t = 48)]
    pub connections: usize,
}

impl Target {
    /// A call with an API key, as it is sent.
    pub fn call(&self, key: &str) -> Vec<u8> {
        let Self { path, host, .. } = self;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nx-api-key: {key}\r\n\r\n").into_bytes()
    }
}

/// What became of the calls.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// Those that were answered.
    pub answered: u64,
    /// Those that were answered, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Those whose connection broke, or that were never answered.
    pub failed: u64,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, status: u16) {
        self.answered += 1;
        *self.statuses.entry(status).or_default() += 1;
    }
}
