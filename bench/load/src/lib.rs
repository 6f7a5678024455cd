//! Load for Tollgate's benchmarks. Each program does one thing and prints what it counted as one line of JSON.

mod answer;
mod connection;
mod tally;
mod target;

pub use answer::{Answer, Broken};
pub use connection::{Connection, Progress};
pub use tally::{Latencies, Tally};
pub use target::Target;
