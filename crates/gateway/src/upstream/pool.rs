//! Connections of one thread that wait for their next request.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::endpoint::Endpoint;
use super::stream::Stream;

const TICK: Duration = Duration::from_secs(1);

/// Idle connections by endpoint; the one used last is used next, so that the others can age.
pub(super) struct Pool {
    idle: RefCell<HashMap<Arc<Endpoint>, Vec<Idle>, RandomState>>,
    max_idle: usize,
    max_ticks: u32,
    tick: Cell<u32>,
}

struct Idle {
    stream: Stream,
    since: u32,
}

impl Pool {
    pub(super) fn new(max_idle: usize, max_age: Duration) -> Self {
        let max_ticks = u32::try_from(max_age.as_secs()).unwrap_or(u32::MAX);
        Self { idle: RefCell::default(), max_idle, max_ticks, tick: Cell::new(0) }
    }

    /// Takes a connection that the other side has not closed, as far as is known.
    pub(super) fn take(&self, endpoint: &Arc<Endpoint>) -> Option<Stream> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(endpoint)?;
        while let Some(Idle { mut stream, .. }) = connections.pop() {
            if stream.is_silent() {
                return Some(stream);
            }
        }
        None
    }

    fn put(&self, endpoint: Arc<Endpoint>, stream: Stream) {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.entry(endpoint).or_default();
        if connections.len() < self.max_idle {
            connections.push(Idle { stream, since: self.tick.get() });
        }
    }

    /// Closes connections that nobody used for a while, or that the other side closed, forever.
    pub(super) async fn watch(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            self.tick.set(self.tick.get().wrapping_add(1));
            self.close_old();
        }
    }

    fn close_old(&self) {
        let now = self.tick.get();
        self.idle.borrow_mut().retain(|_, connections| {
            connections.retain_mut(|idle| now.wrapping_sub(idle.since) <= self.max_ticks && idle.stream.is_silent());
            !connections.is_empty()
        });
    }
}

/// The place of a connection that is in use.
pub(super) struct Place {
    endpoint: Arc<Endpoint>,
    pool: Rc<Pool>,
}

impl Place {
    pub(super) fn new(endpoint: &Arc<Endpoint>, pool: &Rc<Pool>) -> Self {
        Self { endpoint: Arc::clone(endpoint), pool: Rc::clone(pool) }
    }

    /// Keeps the connection for another call.
    pub(super) fn keep(self, stream: Stream) {
        self.pool.put(self.endpoint, stream);
    }
}
