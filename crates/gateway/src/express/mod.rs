//! The express lane: plain calls, answered without a library's server and without maps of headers.
//!
//! Most calls are plain: a short head that can be read in one way only, a body that came with it, and a method that
//! passes them on as they are. They take the steps of [`crate::pipeline`], by the same functions; only heads stay bytes.
//! Whatever else comes is not judged here. Its connection is handed over, with all that was read, to hyper and the
//! pipeline, and stays there.

mod answer;
mod date;
mod request;
mod watched;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{ApiKeyId, Moment};

use self::answer::{Answer, Ending, put_received, put_refusal, put_response};
pub(crate) use self::date::HttpDate;
pub(crate) use self::request::PlainRequest;
use self::request::{Key, Parsed};
use self::watched::Watched;
use crate::admission::Expected;
use crate::authorizer::Authorization;
use crate::body::AnswerBody;
use crate::call::{Call, CallIds};
use crate::clients::{Client, Serving};
use crate::integration::{HttpProxy, Integration, forward_response};
use crate::key::{self, KeyFault};
use crate::meter::Counted;
use crate::pipeline::{self, Limits};
use crate::refusal::Refusal;
use crate::route::{self, Destination, Routed, Staged};
use crate::routes::Captures;
use crate::snapshot::{Coverage, Method, Snapshot, Stage};
use crate::upstream::{ExchangeError, Received};
use crate::worker::Worker;
use crate::{gateway_response, meter};

/// Bytes that are read at once.
const READ: usize = 4096;

/// What became of a connection.
#[derive(Debug)]
pub(crate) enum Left {
    /// It has ended.
    Ended,
    /// Somebody else has to go on, after these bytes.
    HandedOver(Bytes),
}

/// A connection in the lane.
struct Lane<'a, S> {
    worker: &'a Rc<Worker>,
    client: &'a Rc<Client>,
    stream: &'a mut S,
    /// What was read, and is no call yet.
    read: Bytes,
}

/// Where a plain call goes.
struct Way<'a> {
    base_path: Option<&'a str>,
    path: &'a str,
    routed: Routed<'a>,
    captures: Captures,
    proxy: &'a HttpProxy,
    key: Result<Expected<'a>, KeyFault>,
}

/// What came of the bytes that were read, without waiting.
enum Begun {
    /// What may become a call.
    Partial,
    /// Something that is not for this lane.
    Foreign,
    /// A call that was refused, and answered so.
    Refused(After),
    /// A call that was refused; its answer has yet to be written.
    Unsent(Box<(Serving, Answer)>),
    /// A call that goes on.
    Going,
    Failed(ExchangeError),
}

/// A call that goes on: it may pass, or has to wait before that is known.
///
/// What is refused at once never comes to this. It is decided and answered on the stack, which is in the nearest cache;
/// a connection's own memory is not, where there are many.
struct Going<'a> {
    request: PlainRequest<'a>,
    way: Way<'a>,
    ids: CallIds,
    at: Moment,
    /// Under which key and plan it may pass, if that is known.
    admitted: Option<(Option<ApiKeyId>, Option<&'a Coverage>)>,
    limits: Limits,
    _serving: Serving,
}

/// What comes after a call on its connection.
enum After {
    Another,
    Nothing,
    /// The caller has gone, and was not answered.
    HungUp,
}

/// Serves plain calls of a connection, for as long as all are. The caller of this watches whether the client is expired.
pub(crate) async fn serve<S>(
    worker: &Rc<Worker>,
    client: &Rc<Client>,
    stream: &mut S,
    opening: Bytes,
) -> io::Result<Left>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lane = Lane { worker, client, stream, read: opening };
    // A trace begins with the caller's headers.
    if worker.shared.tracer().is_some() {
        return Ok(Left::HandedOver(lane.read));
    }
    loop {
        let after = {
            let (read, snapshot, mut going) = (std::mem::take(&mut lane.read), worker.snapshot(), None);
            match poll_fn(|cx| Poll::Ready(lane.begin(cx, &read, &snapshot, &mut going))).await {
                Begun::Foreign => return Ok(Left::HandedOver(read)),
                Begun::Partial => {
                    lane.read = read;
                    None
                }
                Begun::Refused(after) => Some(after),
                Begun::Unsent(unsent) => {
                    let (_serving, answer) = *unsent;
                    Some(lane.send(answer).await?)
                }
                Begun::Going => match &mut going {
                    Some(going) => Some(lane.go_on(going).await?),
                    None => return Err(io::Error::other("a call that goes on is not there")),
                },
                Begun::Failed(error) => return Err(io::Error::other(error)),
            }
        };
        // Whoever waits for a call holds none, and no snapshot.
        match after {
            None if !lane.read_more().await? => return lane.end().await,
            // What was read of another call may be served by whoever comes after this process.
            Some(After::Another) if worker.clients.is_stopping() => return lane.end().await,
            None | Some(After::Another) => {}
            Some(After::Nothing) => return lane.end().await,
            Some(After::HungUp) => return Ok(Left::Ended),
        }
    }
}

/// Where a call goes, if all that it asks for can be done in this lane.
fn way<'a>(worker: &Worker, snapshot: &'a Snapshot, request: &PlainRequest<'a>) -> Option<Way<'a>> {
    // First, so that what is known of the key has come when the way is found.
    let key = match request.key {
        Key::One(value) => Ok(worker.callers.expect(value)),
        Key::None => Err(KeyFault::Missing),
        Key::Several => Err(KeyFault::Repeated),
    };
    let Ok(Destination::Stage(staged)) = route::stage(snapshot, request.host, request.path) else { return None };
    let Staged { stage, base_path, path } = staged;
    // The dice are thrown once for each call, and not here: one that goes by the canary may not be plain.
    if stage.canary.is_some() {
        return None;
    }
    let (routed, captures) = route::method(staged, &request.verb).ok()?;
    let Integration::HttpProxy(proxy) = &routed.method.integration else { return None };
    let fits = is_plain(routed.stage, routed.method)
        && proxy.is_plain()
        && request.body.len() as u64 <= worker.shared.config.max_body_bytes;
    fits.then_some(Way { base_path, path, routed, captures, proxy, key })
}

/// Whether nobody looks into headers or bodies of a method's calls.
fn is_plain(stage: &Stage, method: &Method) -> bool {
    let api = &stage.deployed.api;
    matches!(method.authorization, Authorization::Open)
        && stage.program.policy.is_none()
        && method.validation.is_none()
        && stage.access_log.is_none()
        && !stage.asks_for_headers()
        && !stage.verbosity.notes(method)
        && api.minimum_compression_size.is_none()
        && api.api_key_source == ApiKeySource::Header
}

impl<'a> Way<'a> {
    /// The call that goes this way.
    fn call<'c>(
        &'c self,
        worker: &'c Worker,
        client: &'c Client,
        request: &'c PlainRequest<'a>,
        ids: &'c CallIds,
        at: Moment,
    ) -> Call<'c> {
        let mut call = Call::new(ids, at, client, &worker.shared.config.account_id, request.line());
        (call.host, call.stage, call.base_path) = (request.host, Some(self.routed.stage), self.base_path);
        (call.path, call.method, call.captures) = (self.path, Some(self.routed.method), self.captures.clone());
        call
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lane<'_, S> {
    /// Takes a call as far as it goes without waiting. One that goes on is put into `going`.
    fn begin<'b>(
        &mut self,
        cx: &mut Context<'_>,
        read: &'b Bytes,
        snapshot: &'b Snapshot,
        going: &mut Option<Going<'b>>,
    ) -> Begun {
        let (worker, client) = (self.worker, self.client);
        let (request, length) = match PlainRequest::parse(read, worker.shared.config.max_header_bytes) {
            Parsed::Plain(request, length) => (request, length),
            Parsed::Foreign => return Begun::Foreign,
            Parsed::Partial => return Begun::Partial,
        };
        let Some(way) = way(worker, snapshot, &request) else { return Begun::Foreign };
        if length < read.len() {
            self.read = read.slice(length..);
        }
        let serving = client.serve();
        let routed = way.routed;
        let (ids, at, mut limits) = (worker.call_ids.next(), worker.shared.clock.now(), Limits::default());
        // The call ends with this block, where it is: to move it would take as long as to make it.
        let decided = {
            let mut call = way.call(worker, client, &request, &ids, at);
            let outcome = match key::identify(&worker.callers, &routed, || way.key) {
                Ok(caller) => {
                    let no_headers = HeaderMap::new();
                    pipeline::limit_at_once(worker, &routed, &mut call, caller.as_ref(), &no_headers, &mut limits)
                }
                Err(refusal) => Some(Err(refusal)),
            };
            match outcome {
                // It took less, as a rule, than the shortest time that durations are told apart by: the clock is not read
                // again.
                Some(Err(refusal)) => {
                    let (status, answer) = refuse(worker, &mut call, &refusal, &limits, at, request.is_last);
                    meter::count(worker, &call, status, at.ticks);
                    Err(answer)
                }
                Some(Ok(plan)) => Ok(Some((call.key, plan))),
                None => Ok(None),
            }
        };
        match decided {
            Ok(admitted) => {
                *going = Some(Going { request, way, ids, at, admitted, limits, _serving: serving });
                Begun::Going
            }
            Err(mut answer) => match answer.sending.poll(cx, &mut Watched { stream: &mut *self.stream, client }) {
                Poll::Ready(Ok(())) => Begun::Refused(answer.after()),
                Poll::Ready(Err(error)) => Begun::Failed(error),
                Poll::Pending => Begun::Unsent(Box::new((serving, answer))),
            },
        }
    }

    /// Waits for bytes; false when none will come.
    async fn read_more(&mut self) -> io::Result<bool> {
        if !self.read.is_empty() {
            // Of a head that begins right after a call, too, the rest is due soon.
            self.client.received();
        }
        poll_fn(|cx| {
            let is_between_calls = self.read.is_empty() && self.client.has_called();
            if is_between_calls && self.worker.clients.is_stopping() {
                return Poll::Ready(Ok(false));
            }
            self.poll_read(cx)
        })
        .await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut bytes = [const { MaybeUninit::uninit() }; READ];
        let mut read = ReadBuf::uninit(&mut bytes);
        ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut read))?;
        self.client.received();
        let read = read.filled();
        if self.read.is_empty() {
            self.read = Bytes::copy_from_slice(read);
        } else {
            let mut both = BytesMut::with_capacity(self.read.len() + read.len());
            both.extend_from_slice(&self.read);
            both.extend_from_slice(read);
            self.read = both.freeze();
        }
        Poll::Ready(Ok(!read.is_empty()))
    }

    /// Ends the connection in good order.
    async fn end(self) -> io::Result<Left> {
        self.stream.shutdown().await?;
        Ok(Left::Ended)
    }

    /// Decides and answers a call that goes on.
    async fn go_on(&mut self, going: &mut Going<'_>) -> io::Result<After> {
        let mut deciding = pin!(decide(self.worker, self.client, going));
        let decided = poll_fn(|cx| match deciding.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => self.poll_hung_up(cx).map(|()| None),
        });
        match decided.await {
            Some(answer) => self.send(answer).await,
            None => Ok(After::HungUp),
        }
    }

    /// Writes an answer, or the rest of it.
    async fn send(&mut self, mut answer: Answer) -> io::Result<After> {
        let client = self.client;
        let written = poll_fn(|cx| match answer.sending.poll(cx, &mut Watched { stream: &mut *self.stream, client }) {
            Poll::Ready(written) => Poll::Ready(Some(written)),
            Poll::Pending => self.poll_hung_up(cx).map(|()| None),
        });
        match written.await {
            Some(Ok(())) => Ok(answer.after()),
            Some(Err(error)) => Err(io::Error::other(error)),
            None => Ok(After::HungUp),
        }
    }

    /// Waits until the caller hangs up: it is not answered then. What else comes is kept, as far as there is room.
    fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.read.len() < request::MOST_READ {
            match ready!(self.poll_read(cx)) {
                Ok(true) => {}
                // Who sent another call before is answered as far as possible.
                Ok(false) if !self.read.is_empty() => break,
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }
}

impl Answer {
    /// What comes after it was written.
    fn after(&self) -> After {
        if self.is_last { After::Nothing } else { After::Another }
    }
}

/// Takes a call that goes on through the rest of the pipeline.
async fn decide(worker: &Rc<Worker>, client: &Rc<Client>, going: &mut Going<'_>) -> Answer {
    let Going { request, way, ids, at, admitted, limits, .. } = going;
    let (request, way) = (&*request, &*way);
    let mut call = Counted::new(worker, way.call(worker, client, request, ids, *at));
    let outcome = match admitted {
        Some((key, plan)) => {
            (call.key, call.plan, call.admitted) = (*key, *plan, true);
            Ok(())
        }
        None => match key::identify(&worker.callers, &way.routed, || way.key) {
            Ok(caller) => {
                pipeline::limit(worker, &way.routed, &mut call, caller.as_ref(), &HeaderMap::new(), limits).await
            }
            Err(refusal) => Err(refusal),
        },
    };
    let outcome = match outcome {
        Ok(()) => {
            client.admitted();
            way.proxy.exchange_plain(worker, &call, request).await
        }
        Err(refusal) => Err(refusal),
    };
    let (outcome, answered) = match outcome {
        Ok((received, answered)) => (Ok(received), answered),
        Err(refusal) => (Err(refusal), worker.shared.clock.now()),
    };
    let put = outcome.and_then(|received| put(received, &ending(worker, ids, limits, answered, request.is_last)));
    let (status, answer) =
        put.unwrap_or_else(|refusal| refuse(worker, &mut call, &refusal, limits, answered, request.is_last));
    call.answers(status, answered.ticks);
    answer
}

/// What an answer says besides.
fn ending<'a>(worker: &Worker, ids: &'a CallIds, limits: &'a Limits, answered: Moment, is_last: bool) -> Ending<'a> {
    Ending {
        ids,
        limits: worker.shared.config.ratelimit_headers.then_some(limits),
        date: Some(worker.date.at(answered.wall)),
        is_last: is_last || worker.clients.is_retiring(),
    }
}

/// The answer that an upstream's comes to, and its status.
fn put(received: Received, ending: &Ending<'_>) -> Result<(StatusCode, Answer), Refusal> {
    let status = received.head.status;
    if let Some(answer) = put_received(&received, ending) {
        return Ok((status, answer));
    }
    // Its headers need more care, or its body is still arriving.
    let mut response = received.into_response().map_err(Refusal::IntegrationFailure)?;
    forward_response(response.headers_mut(), false);
    Ok((status, put_response(response.map(AnswerBody::upstream), ending)))
}

/// The answer to a call that is refused, and its status. It is remembered.
fn refuse(
    worker: &Worker,
    call: &mut Call<'_>,
    refusal: &Refusal,
    limits: &Limits,
    answered: Moment,
    is_last: bool,
) -> (StatusCode, Answer) {
    let ending = ending(worker, call.ids, limits, answered, is_last);
    let (status, answer) = match gateway_response::in_aws_words(call, refusal) {
        Some(said) => (said.status, put_refusal(said, refusal, &ending)),
        None => {
            let response = pipeline::refuse(call, refusal, worker.shared.config.ratelimit_headers);
            (response.status(), put_response(response, &ending))
        }
    };
    worker.refusals.record(call, refusal, &limits.standing, status, answered.wall);
    (status, answer)
}
