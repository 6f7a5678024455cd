//! The body of an upstream's answer.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::ExchangeError;
use super::exchange::Rest;
use super::pool::Place;
use crate::body::BodyError;

/// The body. Its connection is kept once the body is read to its end, and closed otherwise.
pub(crate) struct UpstreamBody {
    state: State,
    timeout: Duration,
    /// Runs while the upstream pauses.
    pause: Option<Pin<Box<Sleep>>>,
}

enum State {
    /// All of it is here, as far as it was not taken.
    Whole(Bytes),
    /// It broke off. What came before is to be written first.
    Failed(Option<ExchangeError>),
    Arriving(Box<(Rest, Place)>),
}

impl fmt::Debug for UpstreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamBody").field("left", &self.size_hint()).finish_non_exhaustive()
    }
}

impl UpstreamBody {
    /// `place` is where the connection is kept afterwards.
    pub(super) fn new(mut rest: Rest, place: Place, timeout: Duration) -> Self {
        let state = match rest.take_whole() {
            Some(bytes) => {
                finish(rest, place);
                State::Whole(bytes)
            }
            None => State::Arriving(Box::new((rest, place))),
        };
        Self { state, timeout, pause: None }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let rest = match &mut self.state {
            State::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            State::Whole(bytes) => return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            State::Failed(error) => return Poll::Ready(error.take().map(|error| Err(error.into()))),
            State::Arriving(arriving) => &mut arriving.0,
        };
        let Poll::Ready(data) = rest.poll_data(cx) else { return self.poll_pause(cx) };
        self.pause = None;
        let data = match data {
            Ok(data) => data,
            Err(error) => {
                // Whoever writes to the caller does so when nothing comes for a moment, and drops all when this fails.
                self.state = State::Failed(Some(error));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        if rest.framing.has_ended() {
            self.finish();
        }
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    /// Lets go of the connection.
    fn finish(&mut self) {
        if let State::Arriving(arriving) = std::mem::replace(&mut self.state, State::Whole(Bytes::new())) {
            let (rest, place) = *arriving;
            finish(rest, place);
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let timeout = self.timeout;
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(pause.as_mut().poll(cx));
        self.state = State::Whole(Bytes::new());
        Poll::Ready(Some(Err(BodyError::Stalled)))
    }

    /// The bytes that it has, if all of it is here.
    pub(crate) fn whole_length(&self) -> Option<usize> {
        match &self.state {
            State::Whole(bytes) => Some(bytes.len()),
            State::Failed(_) | State::Arriving(_) => None,
        }
    }

    /// Adds what is here to `out`.
    pub(crate) fn write_whole(&self, out: &mut Vec<u8>) {
        if let State::Whole(bytes) = &self.state {
            out.extend_from_slice(bytes);
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        matches!(&self.state, State::Whole(bytes) if bytes.is_empty())
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        let left = match &self.state {
            State::Whole(bytes) => Some(bytes.len() as u64),
            State::Failed(_) => None,
            State::Arriving(arriving) => arriving.0.framing.exact(),
        };
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Keeps the connection of an exchange that has ended. What is left of the request is sent to its end first, as the
/// upstream expects of whoever wants to go on.
fn finish(mut rest: Rest, place: Place) {
    if rest.sending.is_none() {
        if rest.is_reusable() {
            place.keep(rest.stream);
        }
        return;
    }
    tokio::task::spawn_local(async move {
        if let Some(sending) = &mut rest.sending
            && poll_fn(|cx| sending.poll(cx, rest.stream.socket())).await.is_err()
        {
            return;
        }
        if rest.is_reusable() {
            place.keep(rest.stream);
        }
    });
}
