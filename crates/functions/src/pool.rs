//! The instances of one function: started as calls come, kept while they are of use, ended when idle.
//!
//! Keeps the promise that there are never more than the cap, and that no call is forgotten: each is taken by an
//! instance, withdrawn by its caller, or answered with the reason for which no instance starts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::InvokeError;
use crate::host::Host;
use crate::instance::{self, StartFailure};
use crate::settings::{FunctionSettings, ProcessSettings};
use crate::work::{Outcome, Work};

/// How long no instance is started after the second that failed in a row; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(10);

/// The instances of one function.
pub(crate) struct Pool {
    pub(crate) host: Arc<Host>,
    pub(crate) function: FunctionSettings,
    pub(crate) process: ProcessSettings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Calls that no instance has taken yet.
    waiting: VecDeque<Work>,
    /// Instances without work, the one that worked last at the end: it is the next to work, so that others go idle.
    idle: Vec<oneshot::Sender<Work>>,
    /// Instances that there are, those that are starting included.
    instances: usize,
    starting: usize,
    failing: Option<Failing>,
    retired: bool,
}

/// Instances fail to start.
struct Failing {
    in_a_row: u32,
    rest_until: Instant,
    why: StartFailure,
}

/// An instance's place among the idle ones.
pub(crate) struct Place(oneshot::Receiver<Work>);

impl Pool {
    pub(crate) fn new(host: Arc<Host>, function: FunctionSettings, process: ProcessSettings) -> Arc<Self> {
        Arc::new(Self { host, function, process, state: Mutex::default() })
    }

    /// Makes one call. It waits for an instance as long as its `patience` lasts, or for ever.
    pub(crate) async fn call(
        self: &Arc<Self>,
        request_id: String,
        payload: Bytes,
        patience: Option<Duration>,
    ) -> Outcome {
        let (work, mut outcome) = Work::new(request_id.clone(), payload);
        self.submit(work)?;
        if let Some(patience) = patience {
            match tokio::time::timeout(patience, &mut outcome).await {
                Ok(outcome) => return outcome.unwrap_or(Err(InvokeError::Stopping)),
                Err(_) if self.withdraw(&request_id) => return Err(self.throttled()),
                // An instance has it: its end is bounded by the function's timeout.
                Err(_) => {}
            }
        }
        outcome.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// Ends the instances that have nothing to do, and the others when nothing is left to do.
    pub(crate) fn retire(&self) {
        let mut state = self.lock();
        state.retired = true;
        state.idle.clear();
    }

    /// The next call for an instance, or a place to wait for one; neither when the instance is to end.
    pub(crate) fn next_work(&self) -> Option<Result<Work, Place>> {
        let mut state = self.lock();
        if let Some(work) = state.waiting.pop_front() {
            return Some(Ok(work));
        }
        if state.retired {
            return None;
        }
        let (give, given) = oneshot::channel();
        state.idle.push(give);
        Some(Err(Place(given)))
    }

    /// An instance that waited no longer does. Work that came at the same moment goes to another.
    pub(crate) fn leave(self: &Arc<Self>, Place(mut given): Place) {
        given.close();
        let mut state = self.lock();
        state.idle.retain(|place| !place.is_closed());
        if let Ok(work) = given.try_recv() {
            state.waiting.push_front(work);
        }
    }

    /// An instance is ready to work.
    pub(crate) fn started(self: &Arc<Self>) {
        let mut state = self.lock();
        state.starting -= 1;
        state.failing = None;
        self.start_missing(&mut state);
    }

    /// An instance that was ready is no more.
    pub(crate) fn ended(self: &Arc<Self>) {
        let mut state = self.lock();
        state.instances -= 1;
        self.start_missing(&mut state);
    }

    /// An instance could not be started. The first failure answers one call, further ones answer all that wait.
    pub(crate) fn start_failed(self: &Arc<Self>, why: StartFailure) {
        let mut state = self.lock();
        state.starting -= 1;
        state.instances -= 1;
        let in_a_row = state.failing.as_ref().map_or(0, |failing| failing.in_a_row) + 1;
        let told = if in_a_row == 1 { state.waiting.len().min(1) } else { state.waiting.len() };
        for work in state.waiting.drain(..told) {
            work.end(why.outcome());
        }
        state.failing = Some(Failing { in_a_row, rest_until: Instant::now() + rest_after(in_a_row), why });
        self.start_missing(&mut state);
    }

    fn submit(self: &Arc<Self>, mut work: Work) -> Result<(), InvokeError> {
        let mut state = self.lock();
        while let Some(place) = state.idle.pop() {
            match place.send(work) {
                Ok(()) => return Ok(()),
                Err(unsent) => work = unsent,
            }
        }
        if let Some(why) = state.resting() {
            work.end(why.outcome());
            return Ok(());
        }
        if state.waiting.len() >= self.host.config.max_queued {
            return Err(self.throttled());
        }
        state.waiting.push_back(work);
        self.start_missing(&mut state);
        Ok(())
    }

    /// Takes a call back; false when an instance has taken it already.
    fn withdraw(&self, request_id: &str) -> bool {
        let mut state = self.lock();
        let before = state.waiting.len();
        state.waiting.retain(|work| work.request_id != request_id);
        state.waiting.len() < before
    }

    /// Starts an instance for each call that waits and has none that is starting for it, up to the cap.
    fn start_missing(self: &Arc<Self>, state: &mut State) {
        if self.host.is_ending() {
            state.waiting.drain(..).for_each(|work| work.end(Err(InvokeError::Stopping)));
        }
        while state.starting < state.waiting.len() && state.instances < self.host.config.max_instances {
            state.instances += 1;
            state.starting += 1;
            self.host.runtime.spawn(instance::run(Arc::clone(self), self.host.presence()));
        }
    }

    fn throttled(&self) -> InvokeError {
        InvokeError::Throttled(self.function.name.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Why nothing can be done now: instances fail to start, and the next attempt is not due.
    fn resting(&self) -> Option<&StartFailure> {
        let failing = self.failing.as_ref().filter(|failing| failing.rest_until > Instant::now())?;
        (self.instances == 0).then_some(&failing.why)
    }
}

impl Place {
    /// The work that is given to this place; `None` when the instance is to end. Can be asked again if cut off.
    pub(crate) async fn work(&mut self) -> Option<Work> {
        (&mut self.0).await.ok()
    }
}

/// How long to rest after this many failures in a row.
fn rest_after(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        more => FIRST_REST.saturating_mul(1 << (more - 2).min(16)).min(LONGEST_REST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_between_failures_doubles_up_to_ten_seconds() {
        let rests: Vec<_> = [1, 2, 3, 4, 9, 50, u32::MAX].into_iter().map(|n| rest_after(n).as_millis()).collect();
        assert_eq!(rests, [0, 100, 200, 400, 10_000, 10_000, 10_000]);
    }
}
