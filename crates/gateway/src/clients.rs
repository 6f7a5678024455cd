//! The connections of callers on one thread: what each is doing, and since when.
//!
//! A timer per call would cost more than all limits together. Instead each connection notes what it waits for and at
//! which tick, and the thread looks at all of them once a tick.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use foldhash::fast::RandomState;
use http::HeaderValue;
use tokio::sync::Notify;

use crate::config::GatewayConfig;
use crate::raw_head::RawHead;

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    /// The caller's IP address.
    pub(crate) address: HeaderValue,
    /// The port that the caller connected to.
    pub(crate) local_port: HeaderValue,
    /// The head of the call that is arriving.
    pub(crate) raw_head: RawHead,
    phase: Cell<Phase>,
    /// The tick at which the phase began.
    since: Cell<u32>,
    /// The tick at which the caller began to pause within a body.
    sending_since: Cell<Option<u32>>,
    /// The tick at which the body of the call began to arrive, until all of it has.
    uploading_since: Cell<Option<u32>>,
    /// The tick at which the caller stopped reading.
    reading_since: Cell<Option<u32>>,
    too_long: Cell<bool>,
    /// Bytes of the body of the call that have passed.
    body_bytes: Cell<u64>,
    expired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    tick: Rc<Cell<u32>>,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for a call.
    Idle,
    /// The head of a call is arriving.
    Head,
    /// A call is being served.
    Call,
}

/// Marks that a call is being served, until it is dropped.
#[derive(Debug)]
pub(crate) struct Serving(Rc<Client>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
        self.0.sending_since.set(None);
        self.0.uploading_since.set(None);
    }
}

impl Client {
    /// A connection that is in no table: nothing limits how long it waits.
    pub(crate) fn new(peer: SocketAddr, local_port: u16) -> Self {
        Self::at(peer, local_port, Rc::default())
    }

    fn at(peer: SocketAddr, local_port: u16, tick: Rc<Cell<u32>>) -> Self {
        let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"));
        Self {
            address: text(peer.ip().to_canonical().to_string()),
            local_port: text(local_port.to_string()),
            raw_head: RawHead::default(),
            phase: Cell::new(Phase::Idle),
            since: Cell::new(tick.get()),
            sending_since: Cell::new(None),
            uploading_since: Cell::new(None),
            reading_since: Cell::new(None),
            too_long: Cell::new(false),
            body_bytes: Cell::new(0),
            expired: Cell::new(false),
            waker: RefCell::new(None),
            tick,
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.tick.get());
    }

    /// Begins to serve a call.
    pub(crate) fn serve(self: &Rc<Self>) -> Serving {
        self.enter(Phase::Call);
        self.too_long.set(false);
        self.body_bytes.set(0);
        Serving(Rc::clone(self))
    }

    /// Whether what comes next is the head of a call.
    pub(crate) fn awaits_head(&self) -> bool {
        self.phase.get() != Phase::Call
    }

    /// Notes that bytes came.
    pub(crate) fn received(&self) {
        if self.phase.get() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Notes whether the body of the call is waited for.
    pub(crate) fn waits_for_body(&self, waits: bool) {
        self.note(&self.sending_since, waits);
    }

    /// Notes whether the body of the call is still arriving.
    pub(crate) fn uploads(&self, uploads: bool) {
        self.note(&self.uploading_since, uploads);
    }

    /// Notes whether the caller has to read before more can be written.
    pub(crate) fn waits_for_reader(&self, waits: bool) {
        self.note(&self.reading_since, waits);
    }

    fn note(&self, since: &Cell<Option<u32>>, waits: bool) {
        match (waits, since.get()) {
            (true, None) => since.set(Some(self.tick.get())),
            (false, Some(_)) => since.set(None),
            _ => {}
        }
    }

    /// Notes that a part of the body passed.
    pub(crate) fn passed(&self, bytes: usize) {
        self.body_bytes.set(self.body_bytes.get() + bytes as u64);
    }

    /// How much of the body of the call has passed.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.get()
    }

    /// Notes that the body of the call is too long.
    pub(crate) fn sends_too_much(&self) {
        self.too_long.set(true);
    }

    /// Whether the body of the call was too long.
    pub(crate) fn sent_too_much(&self) -> bool {
        self.too_long.get()
    }

    /// Whether the connection waited for too long and is to be closed.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.get()
    }

    /// Has the task of the connection woken when there is news.
    pub(crate) fn listen(&self, waker: &Waker) {
        let mut listening = self.waker.borrow_mut();
        if !listening.as_ref().is_some_and(|listening| listening.will_wake(waker)) {
            *listening = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn waits_too_long(&self, limits: &Patience) -> bool {
        let now = self.tick.get();
        let longer = |since: u32, limit: u32| now.wrapping_sub(since) > limit;
        let phase = match self.phase.get() {
            Phase::Idle => longer(self.since.get(), limits.idle),
            Phase::Head => longer(self.since.get(), limits.head),
            Phase::Call => false,
        };
        let paused = |since: Option<u32>| since.is_some_and(|since| longer(since, limits.body));
        let uploads = self.uploading_since.get().is_some_and(|since| longer(since, limits.upload));
        phase || uploads || paused(self.sending_since.get()) || paused(self.reading_since.get())
    }
}

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
    draining: Cell<bool>,
    closed: Notify,
}

/// A connection in the table; dropping it takes it out.
#[derive(Debug)]
pub(crate) struct Registered {
    clients: Rc<Clients>,
    id: u64,
    pub(crate) client: Rc<Client>,
}

impl Drop for Registered {
    fn drop(&mut self) {
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
            draining: Cell::new(false),
            closed: Notify::new(),
        }
    }

    /// Takes a connection into the table.
    pub(crate) fn register(self: &Rc<Self>, peer: SocketAddr, local_port: u16) -> Registered {
        let id = self.next.get();
        self.next.set(id + 1);
        let client = Rc::new(Client::at(peer, local_port, Rc::clone(&self.tick)));
        self.open.borrow_mut().insert(id, Rc::clone(&client));
        Registered { clients: Rc::clone(self), id, client }
    }

    /// Closes connections that wait for too long, forever.
    pub(crate) async fn watch(&self) {
        loop {
            tokio::time::sleep(self.tick_length).await;
            self.tick.set(self.tick.get().wrapping_add(1));
            for client in self.open.borrow().values().filter(|client| client.waits_too_long(&self.patience)) {
                client.expired.set(true);
                client.wake();
            }
        }
    }

    /// Whether connections are to be closed after the call that they serve.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Asks all connections to close, and waits until they have or until `patience` is over.
    pub(crate) async fn drain(&self, patience: Duration) {
        self.draining.set(true);
        self.open.borrow().values().for_each(|client| client.wake());
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
