//! Calls at a fixed rate over kept connections, and tells how long answers took.
//!
//! A call is due at its time whether others are answered or not: one that finds no idle connection waits for one, and
//! that wait counts. So a gateway that stalls cannot hide the calls that it held up.

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::event::{Timespec, epoll};
use tollgate_bench_load::{Connection, Latencies, Progress, Tally, Target};

/// Latencies are told for this much time each: a machine's pauses are in some windows, what a gateway does all along is in
/// all of them.
const WINDOW: Duration = Duration::from_millis(250);

/// Calls at a fixed rate, and prints how long it took from when a call was due to its answer: for each quarter of a
/// second in which calls were due, microseconds and how many calls took them. A call that was not answered took until the
/// end.
#[derive(Parser)]
struct Given {
    #[command(flatten)]
    target: Target,
    /// A file with an API key in each line, which are used in turns.
    #[arg(long)]
    keys: std::path::PathBuf,
    /// Calls a second.
    #[arg(long)]
    rate: u32,
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
    began: Instant,
    /// Of the calls that were due in each window.
    latencies: Vec<Latencies>,
    tally: Tally,
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
    let total = u64::from(given.rate) * u64::from(given.target.seconds);
    load.began = Instant::now();
    let began = load.began;
    let at = |call: u64| began + Duration::from_secs_f64(call as f64 / f64::from(given.rate));
    let end = at(total);
    let mut sent = 0;
    let mut events = Vec::with_capacity(given.target.connections);
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
    load.late.extend((sent..total).map(at));
    load.give_up();
    let mut counted = serde_json::to_value(&load.tally)?;
    counted["windows"] = serde_json::to_value(load.latencies.iter().map(Latencies::counts).collect::<Vec<_>>())?;
    println!("{counted}");
    Ok(())
}

impl Load {
    fn open(given: &Given) -> Result<Self, Box<dyn Error>> {
        let Target { to, connections, seconds, .. } = given.target;
        let connect = |_| Connection::open(to);
        let windows = Duration::from_secs(seconds.into()).div_duration_f64(WINDOW).ceil() as usize;
        Ok(Self {
            connections: (0..connections).map(connect).collect::<io::Result<_>>()?,
            due: vec![Instant::now(); connections],
            idle: (0..connections).collect(),
            calls: std::fs::read_to_string(&given.keys)?.lines().map(|key| given.target.call(key)).collect(),
            next_call: 0,
            late: VecDeque::new(),
            began: Instant::now(),
            latencies: (0..windows).map(|_| Latencies::new()).collect::<Result<_, _>>()?,
            tally: Tally::default(),
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
        self.note(self.due[index]);
        self.tally.add(status);
        match self.late.pop_front() {
            Some(due) => self.send(index, due),
            None => {
                self.idle.push_back(index);
                Ok(())
            }
        }
    }

    /// Notes how long it has been since a call was due.
    fn note(&mut self, due: Instant) {
        let window = (due - self.began).div_duration_f64(WINDOW) as usize;
        self.latencies[window].add(due.elapsed());
    }

    /// Counts the calls that are still open, or were never sent, as failed.
    fn give_up(&mut self) {
        let open = (0..self.connections.len()).filter(|index| !self.idle.contains(index)).map(|index| self.due[index]);
        let all: Vec<_> = open.chain(self.late.iter().copied()).collect();
        self.tally.failed += all.len() as u64;
        all.into_iter().for_each(|due| self.note(due));
    }
}
