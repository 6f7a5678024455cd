//! Calls as fast as answers come, over kept connections, and counts the answers.
//!
//! It does as little as it can for each call, since it has to be faster than what it measures: a gateway that waits for
//! its load falls asleep between calls, and pays for that.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use rustix::event::{Timespec, epoll};
use tollgate_bench_load::{Connection, Latencies, Progress, Tally, Target};

/// Calls with the API keys that it reads from its input, one in each line.
#[derive(Parser)]
struct Given {
    #[command(flatten)]
    target: Target,
    /// How the key of a call is picked.
    #[arg(long, value_enum, default_value_t = Pick::Uniform)]
    pick: Pick,
    /// With the same one, the same keys are picked.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A call that is under way for longer than this when time is over has failed.
const HUNG: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, ValueEnum)]
enum Pick {
    /// All alike.
    Uniform,
    /// The first far more often than the last, by Zipf's law with exponent 1.
    Zipf,
}

/// The load while it runs.
struct Load {
    to: SocketAddr,
    poll: std::os::fd::OwnedFd,
    connections: Vec<Connection>,
    /// When the call of each connection was sent.
    sent: Vec<Instant>,
    calls: Vec<Vec<u8>>,
    pick: Pick,
    dice: fastrand::Rng,
    latencies: Latencies,
    tally: Tally,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = Given::parse();
    let mut load = Load::open(&given)?;
    let Target { connections, seconds, .. } = given.target;
    let mut events = Vec::with_capacity(connections);
    let (began, length) = (Instant::now(), Duration::from_secs(seconds.into()));
    for index in 0..connections {
        load.send(index)?;
    }
    let mut passed = Duration::ZERO;
    while passed < length {
        let patience = Timespec::try_from(length - passed)?;
        events.clear();
        epoll::wait(&load.poll, rustix::buffer::spare_capacity(&mut events), Some(&patience))?;
        for event in &events {
            load.receive(usize::try_from(event.data.u64())?)?;
        }
        passed = began.elapsed();
    }
    // A call that was under way when time was over is not counted, unless it hung.
    load.tally.failed += load.sent.iter().filter(|sent| sent.elapsed() > HUNG).count() as u64;
    let mut counted = serde_json::to_value(&load.tally)?;
    counted["micros"] = u64::try_from(passed.as_micros())?.into();
    (counted["p50"], counted["p99"]) = (load.latencies.quantile(0.5).into(), load.latencies.quantile(0.99).into());
    println!("{counted}");
    Ok(())
}

impl Load {
    fn open(given: &Given) -> Result<Self, Box<dyn Error>> {
        let lines = io::stdin().lines();
        let calls: Vec<_> = lines.map(|key| Ok(given.target.call(&key?))).collect::<io::Result<_>>()?;
        if calls.is_empty() {
            return Err("there is no key to call with".into());
        }
        let mut load = Self {
            to: given.target.to,
            poll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            connections: Vec::with_capacity(given.target.connections),
            sent: vec![Instant::now(); given.target.connections],
            calls,
            pick: given.pick,
            dice: fastrand::Rng::with_seed(given.seed),
            latencies: Latencies::new()?,
            tally: Tally::default(),
        };
        for index in 0..given.target.connections {
            let connection = load.connect(index)?;
            load.connections.push(connection);
        }
        Ok(load)
    }

    fn connect(&self, index: usize) -> io::Result<Connection> {
        let connection = Connection::open(self.to)?;
        connection.stream().set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&self.poll, connection.stream(), data, epoll::EventFlags::IN)?;
        Ok(connection)
    }

    fn send(&mut self, index: usize) -> io::Result<()> {
        let keys = self.calls.len();
        let key = match self.pick {
            Pick::Uniform => self.dice.usize(..keys),
            // The integral of 1/x, turned round.
            Pick::Zipf => ((keys as f64 + 1.0).powf(self.dice.f64()) as usize).clamp(1, keys) - 1,
        };
        self.sent[index] = Instant::now();
        self.connections[index].send(&self.calls[key])
    }

    /// Reads what came on a connection, and calls again once its answer is whole. One that broke is opened anew.
    fn receive(&mut self, index: usize) -> io::Result<()> {
        match self.connections[index].receive() {
            Ok(Progress::Waiting) => return Ok(()),
            Ok(Progress::Done(status)) => {
                self.latencies.add(self.sent[index].elapsed());
                self.tally.add(status);
            }
            Err(_) => {
                self.tally.failed += 1;
                self.connections[index] = self.connect(index)?;
            }
        }
        self.send(index)
    }
}
