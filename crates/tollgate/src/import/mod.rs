//! Makes here what an account has elsewhere: compared first, told, then done.

mod diff;
mod step;

pub(crate) use diff::{Diff, Sending, send};
pub(crate) use step::steps;
