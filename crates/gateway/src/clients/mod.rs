//! The connections of callers on one thread.
//!
//! A timer per call would cost more than all limits together. Instead each connection notes what it waits for and at
//! which tick, and the thread looks at all of them once a tick. A stream of HTTP/2 counts as a connection of its own.

mod client;
mod deadline;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use foldhash::fast::RandomState;
use tokio::sync::Notify;

pub(crate) use self::client::{Arrival, Client, Serving, until_expired};
pub(crate) use self::deadline::within;
use crate::config::GatewayConfig;

/// How long callers who have begun to call, or just connected, are waited for when the gateway stops.
const UNDECIDED_PATIENCE: Duration = Duration::from_millis(500);

/// How often it is looked whether there are any left.
const UNDECIDED_INTERVAL: Duration = Duration::from_millis(2);

/// How long a connection may wait, in ticks.
#[derive(Debug)]
struct Patience {
    idle: u32,
    head: u32,
    body: u32,
    upload: u32,
}

/// All connections of a thread.
#[derive(Debug)]
pub(crate) struct Clients {
    open: RefCell<HashMap<u64, Rc<Client>, RandomState>>,
    next: Cell<u64>,
    tick: Rc<Cell<u32>>,
    tick_length: Duration,
    patience: Patience,
    retiring: Cell<bool>,
    stopping: Cell<bool>,
    closed: Notify,
}

/// A connection in the table; dropping it takes it out.
#[derive(Debug)]
pub(crate) struct Registered {
    clients: Rc<Clients>,
    id: u64,
    pub(crate) client: Rc<Client>,
    /// The connection, if this is a stream.
    connection: Option<Rc<Client>>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.stream_ended();
        }
        self.clients.open.borrow_mut().remove(&self.id);
        self.clients.closed.notify_waiters();
    }
}

impl Clients {
    pub(crate) fn new(config: &GatewayConfig) -> Self {
        let shortest = [config.client_idle_timeout, config.body_read_timeout, config.body_total_timeout]
            .into_iter()
            .fold(config.header_read_timeout, Duration::min);
        let tick_length = (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1));
        let ticks = |timeout: Duration| {
            let ticks = timeout.as_millis().div_ceil(tick_length.as_millis().max(1));
            u32::try_from(ticks).unwrap_or(u32::MAX)
        };
        Self {
            open: RefCell::default(),
            next: Cell::new(0),
            tick: Rc::default(),
            tick_length,
            patience: Patience {
                idle: ticks(config.client_idle_timeout),
                head: ticks(config.header_read_timeout),
                body: ticks(config.body_read_timeout),
                upload: ticks(config.body_total_timeout),
            },
            retiring: Cell::new(false),
            stopping: Cell::new(false),
            closed: Notify::new(),
        }
    }

    /// Takes a connection into the table.
    pub(crate) fn register(self: &Rc<Self>, arrival: Arrival) -> Registered {
        self.add(Rc::new(Client::arrived(arrival, Rc::clone(&self.tick))), None)
    }

    /// Takes a stream of a connection into the table.
    pub(crate) fn register_stream(self: &Rc<Self>, connection: &Rc<Client>) -> Registered {
        connection.stream_began();
        self.add(Rc::new(connection.stream()), Some(Rc::clone(connection)))
    }

    fn add(self: &Rc<Self>, client: Rc<Client>, connection: Option<Rc<Client>>) -> Registered {
        let id = self.next.get();
        self.next.set(id + 1);
        self.open.borrow_mut().insert(id, Rc::clone(&client));
        Registered { clients: Rc::clone(self), id, client, connection }
    }

    /// Closes connections that wait for too long, forever.
    pub(crate) async fn watch(&self) {
        loop {
            tokio::time::sleep(self.tick_length).await;
            self.tick.set(self.tick.get().wrapping_add(1));
            for client in self.open.borrow().values() {
                client.tick_passed();
                if client.waits_too_long(&self.patience) {
                    client.expire();
                }
            }
        }
    }

    /// Whether each connection is for one more call.
    pub(crate) fn is_retiring(&self) -> bool {
        self.retiring.get()
    }

    /// Whether connections are to be closed as soon as they serve no call.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Lets connections go after their next call.
    pub(crate) fn retire(&self) {
        self.retiring.set(true);
        self.wake_all();
    }

    /// Closes connections that serve no call, and waits a little for callers who are about to call: until all calls
    /// are admitted or refused.
    pub(crate) async fn stop(&self) {
        self.retiring.set(true);
        self.stopping.set(true);
        self.wake_all();
        let none_undecided = async {
            while self.open.borrow().values().any(|client| client.is_undecided()) {
                tokio::time::sleep(UNDECIDED_INTERVAL).await;
            }
        };
        // Those who are left are slow, and it is for the caller to say what becomes of them.
        let _ = tokio::time::timeout(UNDECIDED_PATIENCE, none_undecided).await;
    }

    /// Cuts off those who have not said what they want, and calls that wait for admission.
    pub(crate) fn cut_off_undecided(&self) {
        self.open.borrow().values().filter(|client| client.is_undecided()).for_each(|client| client.expire());
    }

    /// Cuts off those who have said nothing.
    pub(crate) fn cut_off_silent(&self) {
        self.open.borrow().values().filter(|client| client.is_silent()).for_each(|client| client.expire());
    }

    fn wake_all(&self) {
        self.open.borrow().values().for_each(|client| client.wake());
    }

    /// Waits until all connections have closed, or until `patience` is over.
    pub(crate) async fn drain(&self, patience: Duration) {
        let all_closed = async {
            loop {
                let closed = self.closed.notified();
                if self.open.borrow().is_empty() {
                    return;
                }
                closed.await;
            }
        };
        if tokio::time::timeout(patience, all_closed).await.is_err() {
            let left = self.open.borrow().len();
            tracing::warn!(target: "tollgate::gateway", left, "calls in flight are cut off: the drain timeout is over");
        }
    }
}
