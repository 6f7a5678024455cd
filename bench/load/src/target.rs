//! What is called.

use std::net::SocketAddr;

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
    /// Seconds to call for.
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
