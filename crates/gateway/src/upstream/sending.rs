//! A request on its way to an upstream: its head, and then its body as it arrives.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body::Body as _;

use super::ExchangeError;
use super::stream::{Outgoing, Stream};
use crate::body::RequestBody;

/// Bytes of a line of a head beside name and value.
const LINE: usize = 4;

/// A request that is being written.
#[derive(Debug)]
pub(super) struct Sending {
    outgoing: Outgoing,
    /// What is still to come of the body.
    body: Option<RequestBody>,
    framing: Framing,
    /// Whether a chunk's data was written and not yet the end of its line.
    owes_line_end: bool,
}

/// How an upstream learns where a body ends (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// There is none.
    None,
    /// So many bytes are to come.
    Length(u64),
    Chunked,
}

impl Sending {
    pub(super) fn new(request: Request<RequestBody>) -> Self {
        let framing = match (request.body().is_end_stream(), request.body().size_hint().exact()) {
            (true, _) if expects_a_body(request.method()) => Framing::Length(0),
            (true, _) => Framing::None,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::Chunked,
        };
        let head = head(&request, framing);
        let body = (!request.body().is_end_stream()).then(|| request.into_body());
        Self { outgoing: Outgoing::starting_with(head), body, framing, owes_line_end: false }
    }

    /// Takes what is left to be sent.
    pub(super) fn take(&mut self) -> Self {
        let nothing = Self { outgoing: Outgoing::default(), body: None, framing: Framing::None, owes_line_end: false };
        std::mem::replace(self, nothing)
    }

    /// Whether nothing of it was written, so that it can go over another connection.
    pub(super) fn is_unsent(&self) -> bool {
        !self.outgoing.has_left()
    }

    /// Whether all of it was taken from the caller and written.
    pub(super) fn is_done(&self) -> bool {
        self.body.is_none() && self.outgoing.is_empty()
    }

    /// Writes until all is written.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<(), ExchangeError>> {
        loop {
            // The first piece of a body goes along with the head, if it is there already.
            let filled = self.poll_fill(cx)?;
            ready!(stream.poll_write(cx, &mut self.outgoing)).map_err(ExchangeError::Io)?;
            if self.is_done() {
                return Poll::Ready(Ok(()));
            }
            if filled.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes the next piece of the body, if there is room for one.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExchangeError>> {
        if self.outgoing.has_long() {
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

/// Whether an upstream may wait for a length even of a body that is empty (RFC 9110, section 8.6).
fn expects_a_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Writes a head. Headers that frame a body are this connection's own.
fn head(request: &Request<RequestBody>, framing: Framing) -> Vec<u8> {
    let method = request.method().as_str();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + LINE).sum::<usize>();
    let mut head = Vec::with_capacity(method.len() + target.len() + lines + 64);
    let mut put = |bytes: &[u8]| head.extend_from_slice(bytes);
    put(method.as_bytes());
    put(b" ");
    put(target.as_bytes());
    put(b" HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            put(name.as_str().as_bytes());
            put(b": ");
            put(value.as_bytes());
            put(b"\r\n");
        }
    }
    match framing {
        Framing::None => {}
        Framing::Length(length) => {
            put(b"content-length: ");
            put(itoa::Buffer::new().format(length).as_bytes());
            put(b"\r\n");
        }
        Framing::Chunked => put(b"transfer-encoding: chunked\r\n"),
    }
    put(b"\r\n");
    head
}
