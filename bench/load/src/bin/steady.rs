//! Calls at a fixed rate over kept connections, and tells how long answers took.
//!
//! A call is due at its time whether others are answered or not: one that finds no idle connection waits for one, and
//! that wait counts. So a gateway that stalls cannot hide the calls that it held up.

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use clap::Parser;
use hdrhistogram::Histogram;
use rustix::event::{Timespec, epoll};
use tollgate_bench_load::{Connection, Progress};

/// Calls at a fixed rate, and prints percentiles of the time from when a call was due to its answer.
#[derive(Parser)]
struct Given {
    /// The gateway.
    #[arg(long)]
    to: SocketAddr,
    #[arg(long)]
    host: String,
    #[arg(long)]
    path: String,
    /// A file with an API key in each line, which are used in turns.
    #[arg(long)]
    keys: std::path::PathBuf,
    /// Calls a second.
    #[arg(long)]
    rate: u32,
    #[arg(long)]
    seconds: u32,
    #[arg(long, default_value_t = 48)]
    connections: usize,
}

/// The load while it runs.
struct Load {
    connections: Vec<Connection>,
    /// When the call of each connection was due.
    due: Vec<Instant>,
    idle: VecDeque<usize>,
    calls: Vec<Vec<u8>>,
    next_call: usize,
    /// Calls that wait for a connection.
    late: VecDeque<Instant>,
    nanos: Histogram<u64>,
    failed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Given::parse();
    // Timers of the kernel are 50 microseconds late by default.
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut load = Load::open(&given)?;
    for (index, connection) in load.connections.iter().enumerate() {
        connection.stream().set_nonblocking(true)?;
        epoll::add(&poll, connection.stream(), epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
    }
    let total = u64::from(given.rate) * u64::from(given.seconds);
    let began = Instant::now();
    let at = |call: u64| began + Duration::from_secs_f64(call as f64 / f64::from(given.rate));
    let end = at(total);
    let mut sent = 0;
    let mut events = Vec::with_capacity(given.connections);
    // What is still open a second after the end has taken longer than that, and is counted as unanswered.
    while Instant::now() < end + Duration::from_secs(1) && (sent < total || load.waits()) {
        while sent < total && at(sent) <= Instant::now() {
            load.call(at(sent))?;
            sent += 1;
        }
        let wake = if sent < total { at(sent) } else { end + Duration::from_secs(1) };
        let patience = Timespec::try_from(wake.saturating_duration_since(Instant::now()))?;
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), Some(&patience))?;
        for event in &events {
            load.receive(usize::try_from(event.data.u64())?)?;
        }
    }
    let micros = |quantile| load.nanos.value_at_quantile(quantile) as f64 / 1000.0;
    let counted = serde_json::json!({
        "due": total, "answered": load.nanos.len(), "failed": load.failed,
        "p50": micros(0.5), "p90": micros(0.9), "p99": micros(0.99), "p999": micros(0.999),
    });
    println!("{counted}");
    Ok(())
}

impl Load {
    fn open(given: &Given) -> Result<Self, Box<dyn Error>> {
        let call = |key: &str| {
            let Given { path, host, .. } = given;
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nx-api-key: {key}\r\n\r\n").into_bytes()
        };
        let connect = |_| Connection::open(given.to);
        Ok(Self {
            connections: (0..given.connections).map(connect).collect::<io::Result<_>>()?,
            due: vec![Instant::now(); given.connections],
            idle: (0..given.connections).collect(),
            calls: std::fs::read_to_string(&given.keys)?.lines().map(call).collect(),
            next_call: 0,
            late: VecDeque::new(),
            nanos: Histogram::new_with_bounds(1, 3_600_000_000_000, 3)?,
            failed: 0,
        })
    }

    fn waits(&self) -> bool {
        !self.late.is_empty() || self.idle.len() < self.connections.len()
    }

    /// Sends a call, or has it wait until a connection is idle.
    fn call(&mut self, due: Instant) -> io::Result<()> {
        match self.idle.pop_front() {
            Some(index) => self.send(index, due),
            None => {
                self.late.push_back(due);
                Ok(())
            }
        }
    }

    fn send(&mut self, index: usize, due: Instant) -> io::Result<()> {
        self.due[index] = due;
        let call = &self.calls[self.next_call % self.calls.len()];
        self.next_call += 1;
        self.connections[index].send(call)
    }

    /// Reads what came on a connection, which takes the call that has waited longest once it is idle.
    fn receive(&mut self, index: usize) -> io::Result<()> {
        let Progress::Done(status) = self.connections[index].receive()? else { return Ok(()) };
        self.nanos.saturating_record(u64::try_from(self.due[index].elapsed().as_nanos()).unwrap_or(u64::MAX));
        self.failed += u64::from(status != 200);
        match self.late.pop_front() {
            Some(due) => self.send(index, due),
            None => {
                self.idle.push_back(index);
                Ok(())
            }
        }
    }
}
