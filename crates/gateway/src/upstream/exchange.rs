//! One request and its answer over a connection.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use http::{Method, Request, StatusCode};

use super::ExchangeError;
use super::answer_head::AnswerHead;
use super::framing::Framing;
use super::request_head;
use super::stream::Stream;
use crate::body::RequestBody;
use crate::head_lines;
use crate::sending::Sending;

/// A request that is sent, and what came of its answer so far.
///
/// It stays where it is made, and its parts are taken out where they are needed: to move it costs more than to poll it.
pub(crate) struct Exchange {
    sending: Sending<RequestBody>,
    verb: Method,
    /// What came of a head that is not whole yet.
    head: BytesMut,
    /// Why the request could not be written. The upstream may have answered before it hung up.
    unwritten: Option<ExchangeError>,
}

/// An answer whose body is still to come.
pub(super) struct Answer {
    pub(super) head: Box<AnswerHead>,
    pub(super) rest: Rest,
}

/// What is still to come after the head of an answer.
pub(super) struct Rest {
    pub(super) stream: Stream,
    /// The rest of a request that was answered before all of it was sent.
    pub(super) sending: Option<Box<Sending<RequestBody>>>,
    pub(super) framing: Framing,
    /// What was read of the body, or after it.
    read: Bytes,
    reusable: bool,
}

impl Exchange {
    /// Puts a request as it is sent.
    pub(crate) fn new(request: Request<RequestBody>) -> Self {
        let verb = request.method().clone();
        Self { sending: request_head::put(request), verb, head: BytesMut::new(), unwritten: None }
    }

    /// A request that is written already, its body included.
    pub(crate) fn written(verb: Method, bytes: Vec<u8>) -> Self {
        Self { sending: Sending::written(bytes), verb, head: BytesMut::new(), unwritten: None }
    }

    /// Sends the request over a connection that nobody else uses, and waits for the head of the answer. Once it has
    /// one it is used up.
    pub(super) async fn over(&mut self, mut stream: Stream) -> Result<Answer, ExchangeError> {
        match poll_fn(|cx| self.poll(cx, &mut stream)).await {
            Ok((mut head, read)) => {
                let sending = (!self.sending.is_done()).then(|| Box::new(self.sending.take()));
                let reusable = head.reusable && self.unwritten.is_none();
                let framing = std::mem::replace(&mut head.framing, Framing::Ended);
                Ok(Answer { head, rest: Rest { stream, sending, framing, read, reusable } })
            }
            Err(error) => Err(self.unwritten.take().unwrap_or(error)),
        }
    }

    /// Whether nothing of the request was written, so that it can be sent again.
    pub(super) fn is_unsent(&self) -> bool {
        self.sending.is_unsent()
    }

    /// A head, and what was read after it.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<Result<(Box<AnswerHead>, Bytes), ExchangeError>> {
        if self.unwritten.is_none()
            && !self.sending.is_done()
            && let Poll::Ready(Err(error)) = self.sending.poll(cx, stream.socket())
        {
            if error.is_the_callers() {
                return Poll::Ready(Err(error));
            }
            self.unwritten = Some(error);
        }
        loop {
            let read = ready!(stream.poll_read(cx, 0)).map_err(ExchangeError::Io)?;
            if read.is_empty() {
                return Poll::Ready(Err(ExchangeError::Unanswered));
            }
            if let Some(received) = self.take_head(read)? {
                return Poll::Ready(Ok(received));
            }
        }
    }

    fn take_head(&mut self, read: Bytes) -> Result<Option<(Box<AnswerHead>, Bytes)>, ExchangeError> {
        let mut bytes = match self.head.is_empty() {
            true => read,
            false => {
                self.head.extend_from_slice(&read);
                self.head.split().freeze()
            }
        };
        while let Some(head) = AnswerHead::parse(&bytes, &self.verb)? {
            bytes.advance(head.length);
            let interim = head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS;
            if !interim {
                return Ok(Some((head, bytes)));
            }
        }
        if bytes.len() > head_lines::LONGEST {
            return Err(ExchangeError::HeadTooLong);
        }
        self.head = BytesMut::from(bytes);
        Ok(None)
    }
}

impl Rest {
    /// Waits for a piece of the body; `None` when it has ended. Sends on what is left of the request meanwhile.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ExchangeError>> {
        if let Some(sending) = &mut self.sending
            && let Poll::Ready(sent) = sending.poll(cx, self.stream.socket())
        {
            // The upstream has said what it thinks of the call, and need not take the rest.
            self.reusable &= sent.is_ok();
            self.sending = None;
        }
        loop {
            if let Some(piece) = self.framing.decode(&mut self.read)? {
                return Poll::Ready(Ok(Some(piece)));
            }
            if self.framing.has_ended() {
                return Poll::Ready(Ok(None));
            }
            self.read = ready!(self.stream.poll_read(cx, self.framing.at_least())).map_err(ExchangeError::Io)?;
            if self.read.is_empty() {
                self.framing.end()?;
            }
        }
    }

    /// The whole body, if all of it came with the head.
    pub(super) fn take_whole(&mut self) -> Option<Bytes> {
        let length = self.framing.exact().filter(|length| *length <= self.read.len() as u64)?;
        self.framing = Framing::Ended;
        Some(self.read.split_to(usize::try_from(length).ok()?))
    }

    /// Whether the connection may be used for another call, once the body has ended and the request is sent.
    pub(super) fn is_reusable(&self) -> bool {
        // Bytes after the body belong to no call.
        self.reusable && self.framing.has_ended() && self.read.is_empty()
    }
}
