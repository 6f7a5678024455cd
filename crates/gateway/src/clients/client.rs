//! One connection of a caller: what it is doing, and since when.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use http::HeaderValue;

use super::Patience;
use crate::raw_head::RawHead;

/// How a connection came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    /// The port that the caller connected to.
    pub(crate) port: u16,
    /// Whether it is secured by TLS.
    pub(crate) secured: bool,
}

/// One connection, or one stream of a connection that has many.
#[derive(Debug)]
pub(crate) struct Client {
    /// The caller's IP address.
    pub(crate) address: HeaderValue,
    /// The port that the caller connected to.
    pub(crate) local_port: HeaderValue,
    /// `http` or `https`.
    pub(crate) scheme: HeaderValue,
    /// The head of the call that is arriving.
    pub(crate) raw_head: RawHead,
    phase: Cell<Phase>,
    /// Those that hold on to the call that is served.
    servings: Cell<u32>,
    /// The tick at which the phase began.
    since: Cell<u32>,
    called: Cell<bool>,
    /// Streams that are open.
    streams: Cell<u32>,
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
    /// Whether the ticks of a table come to it.
    watched: bool,
    /// Whether its task is to be woken at the next tick.
    awaits_tick: Cell<bool>,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for a call.
    Idle,
    /// The head of a call is arriving.
    Head,
    /// A call has still to be admitted or refused.
    Deciding,
    /// A call is being answered.
    Answering,
    /// It has streams, each of which is a client of its own.
    Streams,
}

/// Marks that a call is being served, until it and all that share it are dropped.
#[derive(Debug)]
pub(crate) struct Serving(Rc<Client>);

impl Serving {
    fn new(client: &Rc<Client>) -> Self {
        client.servings.set(client.servings.get() + 1);
        Self(Rc::clone(client))
    }

    /// Marks the same call.
    pub(crate) fn share(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let others = self.0.servings.get() - 1;
        self.0.servings.set(others);
        if others > 0 {
            return;
        }
        self.0.enter(Phase::Idle);
        self.0.sending_since.set(None);
        self.0.uploading_since.set(None);
    }
}

impl Client {
    /// A connection that is in no table: nothing limits how long it waits.
    pub(crate) fn new(peer: SocketAddr, port: u16) -> Self {
        Self { watched: false, ..Self::arrived(Arrival { peer, port, secured: false }, Rc::default()) }
    }

    pub(super) fn arrived(arrival: Arrival, tick: Rc<Cell<u32>>) -> Self {
        let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"));
        let scheme = HeaderValue::from_static(if arrival.secured { "https" } else { "http" });
        Self::at(tick, text(arrival.peer.ip().to_canonical().to_string()), text(arrival.port.to_string()), scheme)
    }

    /// A stream of this connection.
    pub(super) fn stream(&self) -> Self {
        Self::at(Rc::clone(&self.tick), self.address.clone(), self.local_port.clone(), self.scheme.clone())
    }

    fn at(tick: Rc<Cell<u32>>, address: HeaderValue, local_port: HeaderValue, scheme: HeaderValue) -> Self {
        Self {
            address,
            local_port,
            scheme,
            raw_head: RawHead::default(),
            phase: Cell::new(Phase::Idle),
            servings: Cell::new(0),
            since: Cell::new(tick.get()),
            called: Cell::new(false),
            streams: Cell::new(0),
            sending_since: Cell::new(None),
            uploading_since: Cell::new(None),
            reading_since: Cell::new(None),
            too_long: Cell::new(false),
            body_bytes: Cell::new(0),
            expired: Cell::new(false),
            waker: RefCell::new(None),
            tick,
            watched: true,
            awaits_tick: Cell::new(false),
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.tick.get());
    }

    /// Notes that the connection is one of many streams.
    pub(crate) fn multiplex(&self) {
        self.enter(Phase::Streams);
    }

    pub(super) fn stream_began(&self) {
        self.called.set(true);
        self.streams.set(self.streams.get() + 1);
    }

    pub(super) fn stream_ended(&self) {
        self.streams.set(self.streams.get() - 1);
        // From now on it is idle, unless there are others.
        self.since.set(self.tick.get());
    }

    /// Whether a call came on this connection.
    pub(crate) fn has_called(&self) -> bool {
        self.called.get()
    }

    /// Begins to serve a call.
    pub(crate) fn serve(self: &Rc<Self>) -> Serving {
        self.called.set(true);
        self.enter(Phase::Deciding);
        self.too_long.set(false);
        self.body_bytes.set(0);
        Serving::new(self)
    }

    /// Notes that the call is admitted.
    pub(crate) fn admitted(&self) {
        self.enter(Phase::Answering);
    }

    /// Whether a call may come of what the caller has begun, or is about to begin.
    pub(super) fn is_undecided(&self) -> bool {
        self.is_silent() || matches!(self.phase.get(), Phase::Head | Phase::Deciding)
    }

    /// Whether nothing came on this connection yet.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self.phase.get(), Phase::Idle | Phase::Streams) && !self.called.get()
    }

    /// Whether what comes next is the head of a call.
    pub(crate) fn awaits_head(&self) -> bool {
        matches!(self.phase.get(), Phase::Idle | Phase::Head)
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

    /// The tick of its table.
    pub(super) fn tick(&self) -> u32 {
        self.tick.get()
    }

    /// Has its task woken at the next tick. False if none will come.
    pub(super) fn wake_at_tick(&self) -> bool {
        self.awaits_tick.set(self.watched);
        self.watched
    }

    /// Notes that a tick has passed.
    pub(super) fn tick_passed(&self) {
        if self.awaits_tick.replace(false) {
            self.wake();
        }
    }

    /// Has the connection closed.
    pub(super) fn expire(&self) {
        self.expired.set(true);
        self.wake();
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    pub(super) fn waits_too_long(&self, limits: &Patience) -> bool {
        let now = self.tick.get();
        let longer = |since: u32, limit: u32| now.wrapping_sub(since) > limit;
        let phase = match self.phase.get() {
            Phase::Idle => longer(self.since.get(), limits.idle),
            Phase::Head => longer(self.since.get(), limits.head),
            Phase::Streams => self.streams.get() == 0 && longer(self.since.get(), limits.idle),
            Phase::Deciding | Phase::Answering => false,
        };
        let paused = |since: Option<u32>| since.is_some_and(|since| longer(since, limits.body));
        let uploads = self.uploading_since.get().is_some_and(|since| longer(since, limits.upload));
        phase || uploads || paused(self.sending_since.get()) || paused(self.reading_since.get())
    }
}

/// Runs a task until it ends, or until the client has waited for too long: then nothing comes of it.
pub(crate) async fn until_expired<T>(client: &Client, task: impl Future<Output = T>) -> Option<T> {
    let mut task = pin!(task);
    std::future::poll_fn(|cx| {
        client.listen(cx.waker());
        if client.is_expired() {
            return Poll::Ready(None);
        }
        task.as_mut().poll(cx).map(Some)
    })
    .await
}
