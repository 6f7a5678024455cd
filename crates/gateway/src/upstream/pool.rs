//! Connections of one thread that wait for their next request.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use hyper::client::conn::http1::SendRequest;

use super::endpoint::Endpoint;
use crate::body::RequestBody;

pub(super) type Sender = SendRequest<RequestBody>;

const TICK: Duration = Duration::from_secs(1);

/// Idle connections by endpoint; the one used last is used next, so that the others can age.
pub(super) struct Pool {
    idle: RefCell<HashMap<Arc<Endpoint>, Vec<Idle>, RandomState>>,
    max_idle: usize,
    max_ticks: u32,
    tick: Cell<u32>,
}

struct Idle {
    sender: Sender,
    since: u32,
}

impl Pool {
    pub(super) fn new(max_idle: usize, max_age: Duration) -> Self {
        let max_ticks = u32::try_from(max_age.as_secs()).unwrap_or(u32::MAX);
        Self { idle: RefCell::default(), max_idle, max_ticks, tick: Cell::new(0) }
    }

    /// Takes a connection that can be written to now.
    pub(super) fn take(&self, endpoint: &Arc<Endpoint>) -> Option<Sender> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(endpoint)?;
        for at in (0..connections.len()).rev() {
            let sender = &connections[at].sender;
            if sender.is_closed() {
                connections.remove(at);
            } else if sender.is_ready() {
                return Some(connections.remove(at).sender);
            }
            // Otherwise it still sends the body of a call that was answered early.
        }
        None
    }

    fn put(&self, endpoint: Arc<Endpoint>, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.entry(endpoint).or_default();
        if connections.len() < self.max_idle {
            connections.push(Idle { sender, since: self.tick.get() });
        }
    }

    /// Closes connections that nobody used for a while, forever.
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
            connections.retain(|idle| !idle.sender.is_closed() && now.wrapping_sub(idle.since) <= self.max_ticks);
            !connections.is_empty()
        });
    }
}

/// A connection in use. Dropping it closes it; [`Pooled::keep`] puts it back.
pub(super) struct Pooled {
    sender: Sender,
    endpoint: Arc<Endpoint>,
    pool: Rc<Pool>,
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pooled").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Pooled {
    pub(super) fn new(sender: Sender, endpoint: Arc<Endpoint>, pool: Rc<Pool>) -> Self {
        Self { sender, endpoint, pool }
    }

    pub(super) fn keep(self) {
        if !self.sender.is_closed() {
            self.pool.put(self.endpoint, self.sender);
        }
    }
}
