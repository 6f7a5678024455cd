//! A message of HTTP/1.1 on its way, to an upstream or a caller: its head, and then its body as it arrives.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::Body;
use tokio::io::AsyncWrite;

use crate::body::BodyError;
use crate::upstream::ExchangeError;

/// Bytes that are worth copying, so that they go with those before them: for a few hundred bytes the kernel takes
/// longer to read a list of slices.
const SHORT: usize = 2048;

/// Room that is kept from one message to the next.
const SPARE: usize = 4096;

thread_local! {
    /// What the last message of this thread was written from. Most are written at once, so that one buffer serves all
    /// connections, and stays in the nearest cache.
    static SPARE_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer for a message that is about to be written, with so much room.
pub(crate) fn buffer(room: usize) -> Vec<u8> {
    let mut buffer = SPARE_BUFFER.take();
    buffer.reserve(room);
    buffer
}

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct Sending<B> {
    outgoing: Outgoing,
    /// What is still to come of the body.
    body: Option<B>,
    framing: Framing,
    /// Whether a chunk's data was written and not yet the end of its line.
    owes_line_end: bool,
}

/// How the other side learns where a body ends (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// So many bytes are to come.
    Length(u64),
    Chunked,
}

impl<B: Body<Data = Bytes, Error = BodyError> + Unpin> Sending<B> {
    /// A message whose head is written already, with a body that is framed as the head says.
    pub(crate) fn new(head: Vec<u8>, body: Option<B>, framing: Framing) -> Self {
        Self { outgoing: Outgoing::starting_with(head), body, framing, owes_line_end: false }
    }

    /// A message that is written already, its body included.
    pub(crate) fn written(bytes: Vec<u8>) -> Self {
        Self::new(bytes, None, Framing::None)
    }

    /// Takes what is left to be sent.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::written(Vec::new()))
    }

    /// Whether nothing of it was written, so that it can go over another connection.
    pub(crate) fn is_unsent(&self) -> bool {
        !self.outgoing.has_left()
    }

    /// Whether all of it was taken, written, and is on its way.
    pub(crate) fn is_done(&self) -> bool {
        self.body.is_none() && self.outgoing.is_empty() && !self.outgoing.is_held
    }

    /// Writes until all is written.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), ExchangeError>> {
        loop {
            // The first piece of a body goes along with the head, if it is there already.
            let filled = self.poll_fill(cx)?;
            ready!(self.outgoing.poll_write(cx, stream)).map_err(ExchangeError::Io)?;
            if self.is_done() {
                self.outgoing.release();
                return Poll::Ready(Ok(()));
            }
            if filled.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes the next piece of the body, if there is room for one.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExchangeError>> {
        if self.outgoing.has_long() || self.outgoing.is_full() {
            return Poll::Ready(Ok(()));
        }
        if std::mem::take(&mut self.owes_line_end) {
            self.outgoing.push_framing(b"\r\n");
        }
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
        match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) => self.push(frame.into_data().unwrap_or_default())?,
            Some(Err(error)) => return Poll::Ready(Err(ExchangeError::Body(Box::new(error)))),
            None => self.end()?,
        }
        Poll::Ready(Ok(()))
    }

    fn push(&mut self, data: Bytes) -> Result<(), ExchangeError> {
        match &mut self.framing {
            Framing::None => return Err(ExchangeError::BodyLength),
            Framing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(ExchangeError::BodyLength)?;
                self.outgoing.push(data);
                if *left == 0 {
                    self.body = None;
                }
            }
            // A chunk without data would end the body.
            Framing::Chunked if data.is_empty() => {}
            Framing::Chunked => {
                self.outgoing.push_framing(format!("{:x}\r\n", data.len()).as_bytes());
                self.outgoing.push(data);
                match self.outgoing.has_long() {
                    true => self.owes_line_end = true,
                    false => self.outgoing.push_framing(b"\r\n"),
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ExchangeError> {
        self.body = None;
        match self.framing {
            Framing::None | Framing::Length(0) => Ok(()),
            Framing::Length(_) => Err(ExchangeError::BodyLength),
            Framing::Chunked => {
                self.outgoing.push_framing(b"0\r\n\r\n");
                Ok(())
            }
        }
    }
}

/// Bytes on their way.
#[derive(Debug, Default)]
struct Outgoing {
    /// What is written first: a head, the frame of a chunk, and what is short.
    joined: Vec<u8>,
    written: usize,
    /// What follows and is too long to be copied.
    long: Bytes,
    has_left: bool,
    /// Whether the stream may hold back what it took: TLS does, until it is told to let it go.
    is_held: bool,
}

impl Outgoing {
    fn starting_with(head: Vec<u8>) -> Self {
        Self { joined: head, ..Self::default() }
    }

    /// Adds a piece of a body. A long one has to go before another is added.
    fn push(&mut self, data: Bytes) {
        match data.len() > SHORT {
            true => self.long = data,
            false => self.joined.extend_from_slice(&data),
        }
    }

    /// Adds what frames a body. Nothing long may be waiting.
    fn push_framing(&mut self, framing: &[u8]) {
        self.joined.extend_from_slice(framing);
    }

    /// Whether any of it was written.
    fn has_left(&self) -> bool {
        self.has_left
    }

    fn has_long(&self) -> bool {
        !self.long.is_empty()
    }

    /// Whether so much is short that no more is to be joined to it before some of it has gone.
    fn is_full(&self) -> bool {
        self.joined.len() - self.written >= SPARE
    }

    fn is_empty(&self) -> bool {
        self.written == self.joined.len() && self.long.is_empty()
    }

    /// Writes until none of it is left.
    fn poll_write(&mut self, cx: &mut Context<'_>, stream: &mut (impl AsyncWrite + Unpin)) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = ready!(self.poll_write_some(cx, stream))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        ready!(Pin::new(stream).poll_flush(cx))?;
        self.is_held = false;
        Poll::Ready(Ok(()))
    }

    fn poll_write_some(&self, cx: &mut Context<'_>, stream: &mut (impl AsyncWrite + Unpin)) -> Poll<io::Result<usize>> {
        let (joined, long) = (&self.joined[self.written..], &self.long[..]);
        match (joined, long) {
            (joined, []) => Pin::new(stream).poll_write(cx, joined),
            ([], long) => Pin::new(stream).poll_write(cx, long),
            (joined, long) => {
                let slices = [io::IoSlice::new(joined), io::IoSlice::new(long)];
                Pin::new(stream).poll_write_vectored(cx, &slices)
            }
        }
    }

    /// Leaves its buffer to the next message.
    fn release(&mut self) {
        if (1..=SPARE).contains(&self.joined.capacity()) {
            SPARE_BUFFER.set(std::mem::take(&mut self.joined));
        }
    }

    fn advance(&mut self, written: usize) {
        (self.has_left, self.is_held) = (true, true);
        let of_joined = written.min(self.joined.len() - self.written);
        self.written += of_joined;
        self.long.advance(written - of_joined);
        if self.written == self.joined.len() {
            self.joined.clear();
            self.written = 0;
        } else if self.written >= SPARE {
            // There may never be a moment at which all has gone.
            self.joined.drain(..self.written);
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::task::Waker;

    use http_body::Frame;

    use super::*;

    /// A stream that takes so many bytes, and lets them go only when it may.
    #[derive(Default)]
    struct Line {
        room: usize,
        may_flush: bool,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Line {
        fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            self.taken.extend_from_slice(&bytes[..taken]);
            if taken == 0 { Poll::Pending } else { Poll::Ready(Ok(taken)) }
        }

        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.may_flush { Poll::Ready(Ok(())) } else { Poll::Pending }
        }

        fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A body in pieces that are all there.
    struct Pieces(VecDeque<Bytes>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn poll(sending: &mut Sending<Pieces>, line: &mut Line) -> bool {
        sending.poll(&mut Context::from_waker(Waker::noop()), line).map(|sent| sent.expect("it goes")).is_ready()
    }

    #[test]
    fn what_a_stream_holds_back_is_not_done() {
        let mut sending = Sending::<Pieces>::written(b"head".to_vec());
        let mut line = Line { room: 10, ..Line::default() };
        assert!(!poll(&mut sending, &mut line));
        assert!(line.taken == b"head" && !sending.is_done());
        line.may_flush = true;
        assert!(poll(&mut sending, &mut line) && sending.is_done());
    }

    #[test]
    fn of_a_body_in_small_pieces_only_so_much_is_held_as_goes_at_once() {
        let pieces = 100_000;
        let body = Pieces((0..pieces).map(|_| Bytes::from_static(b"abc")).collect());
        let mut sending = Sending::new(b"head".to_vec(), Some(body), Framing::Chunked);
        let mut line = Line { may_flush: true, ..Line::default() };
        let mut rounds = 0;
        while !poll(&mut sending, &mut line) {
            let held = sending.outgoing.joined.len();
            assert!(held <= 2 * (SPARE + SHORT), "{held} bytes are held after {}", line.taken.len());
            line.room = 1000;
            rounds += 1;
            assert!(rounds < pieces, "it never ends");
        }
        assert_eq!(line.taken.len(), 4 + pieces * b"3\r\nabc\r\n".len() + b"0\r\n\r\n".len());
    }
}
