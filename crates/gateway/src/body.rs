//! Bodies on their way through. None is held whole in memory, unless somebody has to look into it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::task::spawn_local;

use crate::access_log::AccessLine;
use crate::clients::{Client, Serving};
use crate::compression::Encoder;
use crate::refusal::Refusal;
use crate::upstream::{ExchangeError, UpstreamBody};

/// Why a body ends before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It has more bytes than any call may send.
    #[error("the body is too long")]
    TooLong,
    /// The other side pauses for too long.
    #[error("the upstream stopped sending")]
    Stalled,
    /// The caller's connection failed.
    #[error(transparent)]
    Connection(#[from] hyper::Error),
    /// The exchange with the upstream failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// It could not be compressed.
    #[error("the body cannot be compressed: {0}")]
    Compression(#[from] std::io::Error),
}

/// The body of a request to an upstream.
#[derive(Debug)]
pub(crate) enum RequestBody {
    /// No body.
    Empty,
    /// A body that the configuration gives.
    Whole(Bytes),
    /// The caller's body, as it arrives.
    Streamed(CallerBody),
}

/// A caller's body, which counts what arrives.
#[derive(Debug)]
pub(crate) struct CallerBody {
    arriving: Rc<RefCell<Arriving>>,
    client: Rc<Client>,
}

/// What comes over the connection of a caller.
#[derive(Debug)]
struct Arriving {
    incoming: Incoming,
    /// Bytes that may still come.
    left: u64,
}

/// What a caller has still to send of a body, if whoever answers the call does not want it.
#[derive(Debug)]
pub(crate) struct Unread {
    arriving: Rc<RefCell<Arriving>>,
    client: Rc<Client>,
}

impl RequestBody {
    /// The body of a call, which may have `max` bytes, and what there is to do if nobody reads it.
    pub(crate) fn streamed(incoming: Incoming, max: u64, client: &Rc<Client>) -> (Self, Option<Unread>) {
        if incoming.is_end_stream() {
            return (Self::Empty, None);
        }
        client.uploads(true);
        let arriving = Rc::new(RefCell::new(Arriving { incoming, left: max }));
        let unread = Unread { arriving: Rc::clone(&arriving), client: Rc::clone(client) };
        (Self::Streamed(CallerBody { arriving, client: Rc::clone(client) }), Some(unread))
    }
}

impl Unread {
    /// Reads what nobody wants, beside the answer. Many callers send all of a body before they read: they would lose
    /// the answer if the connection closed on the rest. It may have as many bytes, and take as long, as any body.
    pub(crate) fn discard(self, serving: &Serving) {
        let Self { arriving, client } = self;
        let is_read_elsewhere = Rc::strong_count(&arriving) > 1;
        if is_read_elsewhere || client.sent_too_much() || arriving.borrow().incoming.is_end_stream() {
            return;
        }
        let serving = serving.share();
        client.uploads(true);
        let mut rest = RequestBody::Streamed(CallerBody { arriving, client });
        spawn_local(async move {
            while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await {}
            drop((rest, serving));
        });
    }
}

impl RequestBody {
    /// Waits for all of it. At most the bytes that a call may send are held.
    pub(crate) async fn whole(mut self) -> Result<Bytes, Refusal> {
        if let Self::Whole(bytes) = self {
            return Ok(bytes);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.size_hint().lower()).unwrap_or(0));
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            match frame {
                Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(BodyError::TooLong) => return Err(Refusal::RequestTooLong),
                Err(_) => {
                    return Err(Refusal::Malformed("the body breaks off"));
                }
            }
        }
        Ok(bytes.into())
    }

    /// Waits for all of it and keeps it, for those who only look.
    pub(crate) async fn hold(&mut self) -> Result<&[u8], Refusal> {
        let bytes = std::mem::replace(self, Self::Empty).whole().await?;
        *self = Self::Whole(bytes);
        match self {
            Self::Whole(bytes) => Ok(bytes),
            Self::Empty | Self::Streamed(_) => Ok(&[]),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(take_whole(bytes)),
            Self::Streamed(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed(body) => body.arriving.borrow().incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed(body) => body.arriving.borrow().incoming.size_hint(),
        }
    }
}

impl CallerBody {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let arriving = &mut *self.arriving.borrow_mut();
        let polled = Pin::new(&mut arriving.incoming).poll_frame(cx);
        self.client.waits_for_body(polled.is_pending());
        // Trailers end the body here: they are not passed on.
        let data = match ready!(polled) {
            None => {
                self.client.raw_head.body_ended();
                return Poll::Ready(None);
            }
            Some(frame) => match frame?.into_data() {
                Ok(data) => data,
                Err(_trailers) => return Poll::Ready(None),
            },
        };
        match arriving.left.checked_sub(data.len() as u64) {
            Some(left) => {
                arriving.left = left;
                self.client.passed(data.len());
                if arriving.incoming.is_end_stream() {
                    self.client.raw_head.body_ended();
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            None => {
                self.client.sends_too_much();
                Poll::Ready(Some(Err(BodyError::TooLong)))
            }
        }
    }
}

impl Drop for CallerBody {
    fn drop(&mut self) {
        // An upstream may answer without the rest: then nobody waits for it.
        self.client.waits_for_body(false);
        self.client.uploads(false);
    }
}

fn take_whole<E>(bytes: &mut Bytes) -> Option<Result<Frame<Bytes>, E>> {
    (!bytes.is_empty()).then(|| Ok(Frame::data(std::mem::take(bytes))))
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    content: Content,
    /// Held until the body is written: the connection serves a call until then.
    serving: Option<Serving>,
    /// The line of the access log, which ends with the body.
    line: Option<Box<AccessLine>>,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Upstream(UpstreamBody),
    Compressed(Box<CompressedBody>),
}

/// A body that is compressed on its way.
#[derive(Debug)]
struct CompressedBody {
    plain: Content,
    /// `None` once it has ended.
    encoder: Option<Encoder>,
}

impl CompressedBody {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            let Some(encoder) = &mut self.encoder else { return Poll::Ready(None) };
            let coded = match ready!(self.plain.poll_frame(cx)) {
                Some(frame) => match frame?.into_data() {
                    Ok(data) => encoder.push(&data)?,
                    Err(_trailers) => continue,
                },
                None => match self.encoder.take() {
                    Some(encoder) => encoder.finish()?,
                    None => Bytes::new(),
                },
            };
            if !coded.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(coded))));
            }
        }
    }
}

impl Content {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self {
            Self::Whole(bytes) => Poll::Ready(take_whole(bytes)),
            Self::Upstream(body) => body.poll_frame(cx),
            Self::Compressed(body) => body.poll_frame(cx),
        }
    }
}

impl AnswerBody {
    pub(crate) fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { content: Content::Whole(bytes), serving: None, line: None }
    }

    /// The bytes, where all of them are there already.
    pub(crate) fn known(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Whole(bytes) => Some(bytes),
            Content::Upstream(_) | Content::Compressed(_) => None,
        }
    }

    /// An upstream's body, as it arrives.
    pub(crate) fn upstream(body: UpstreamBody) -> Self {
        Self { content: Content::Upstream(body), serving: None, line: None }
    }

    /// The same body, compressed on its way.
    pub(crate) fn compressed(self, encoder: Encoder) -> Self {
        let body = CompressedBody { plain: self.content, encoder: Some(encoder) };
        Self { content: Content::Compressed(Box::new(body)), serving: self.serving, line: self.line }
    }

    /// Waits for all of an upstream's body, of which at most `max` bytes are held.
    pub(crate) async fn collect(mut self, max: u64) -> Result<Bytes, Refusal> {
        if let Content::Whole(bytes) = self.content {
            return Ok(bytes);
        }
        let mut bytes = Vec::new();
        while let Some(frame) = poll_fn(|cx| self.content.poll_frame(cx)).await {
            let data = frame.map_err(|error| Refusal::BadAnswer(error.to_string()))?.into_data().unwrap_or_default();
            if (bytes.len() + data.len()) as u64 > max {
                return Err(Refusal::BadAnswer(format!("the answer has more than {max} bytes")));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.into())
    }

    /// Keeps the connection serving, and the line of the access log open, until this body is written.
    pub(crate) fn hold(mut self, serving: Serving, line: Option<Box<AccessLine>>) -> Self {
        (self.serving, self.line) = (Some(serving), line);
        self
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.get_mut();
        let polled = body.content.poll_frame(cx);
        if let (Some(line), Poll::Ready(Some(Ok(frame)))) = (&mut body.line, &polled) {
            line.sends(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Upstream(body) => body.is_end_stream(),
            Content::Compressed(body) => body.encoder.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Upstream(body) => body.size_hint(),
            Content::Compressed(_) => SizeHint::default(),
        }
    }
}
