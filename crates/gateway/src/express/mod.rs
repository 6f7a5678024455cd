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

use self::answer::{Answer, Ending, put_received, put_refusal, put_response};
pub(crate) use self::date::HttpDate;
pub(crate) use self::request::PlainRequest;
use self::request::{Key, Parsed};
use self::watched::Watched;
use crate::admission::Expected;
use crate::authorizer::Authorization;
use crate::body::AnswerBody;
use crate::call::Call;
use crate::clients::Client;
use crate::integration::{HttpProxy, Integration, forward_response};
use crate::key::{self, KeyFault};
use crate::pipeline::{self, Limits};
use crate::refusal::Refusal;
use crate::route::{self, Destination, Routed, Staged};
use crate::routes::Captures;
use crate::snapshot::{Method, Snapshot, Stage};
use crate::upstream::Received;
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
    worker: &'a Worker,
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

/// What comes after a call on its connection.
enum After {
    Another,
    Nothing,
    /// The caller has gone, and was not answered.
    HungUp,
}

/// Serves plain calls of a connection, for as long as all are. The caller of this watches whether the client is expired.
pub(crate) async fn serve<S>(worker: &Worker, client: &Rc<Client>, stream: &mut S, opening: Bytes) -> io::Result<Left>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lane = Lane { worker, client, stream, read: opening };
    // A trace begins with the caller's headers.
    if worker.shared.tracer().is_some() {
        return Ok(Left::HandedOver(lane.read));
    }
    loop {
        let read = std::mem::take(&mut lane.read);
        let (request, length) = match PlainRequest::parse(&read, worker.shared.config.max_header_bytes) {
            Parsed::Plain(request, length) => (request, length),
            Parsed::Foreign => return Ok(Left::HandedOver(read)),
            Parsed::Partial => {
                lane.read = read;
                match lane.read_more().await? {
                    true => continue,
                    false => return lane.end().await,
                }
            }
        };
        let snapshot = worker.snapshot();
        let Some(way) = way(worker, &snapshot, &request) else { return Ok(Left::HandedOver(read)) };
        if length < read.len() {
            lane.read = read.slice(length..);
        }
        match lane.answer(&request, way).await? {
            // What was read of another call may be served by whoever comes after this process.
            After::Another if !worker.clients.is_stopping() => {}
            After::Another | After::Nothing => return lane.end().await,
            After::HungUp => return Ok(Left::Ended),
        }
    }
}

/// Where a call goes, if all that it asks for can be done in this lane.
fn way<'a>(worker: &Worker, snapshot: &'a Snapshot, request: &'a PlainRequest<'_>) -> Option<Way<'a>> {
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

impl<S: AsyncRead + AsyncWrite + Unpin> Lane<'_, S> {
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

    /// Answers a call.
    async fn answer(&mut self, request: &PlainRequest<'_>, way: Way<'_>) -> io::Result<After> {
        let _serving = self.client.serve();
        let (worker, client) = (self.worker, self.client);
        let mut deciding = pin!(decide(worker, client, request, way));
        let decided = poll_fn(|cx| match deciding.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => self.poll_hung_up(cx).map(|()| None),
        });
        let Some(Answer { mut sending, is_last }) = decided.await else { return Ok(After::HungUp) };
        let written = poll_fn(|cx| match sending.poll(cx, &mut Watched { stream: &mut *self.stream, client }) {
            Poll::Ready(written) => Poll::Ready(Some(written)),
            Poll::Pending => self.poll_hung_up(cx).map(|()| None),
        });
        match written.await {
            Some(Ok(())) if is_last => Ok(After::Nothing),
            Some(Ok(())) => Ok(After::Another),
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

/// Takes a call through the steps of the pipeline.
async fn decide(worker: &Worker, client: &Rc<Client>, request: &PlainRequest<'_>, way: Way<'_>) -> Answer {
    let (config, ids) = (&worker.shared.config, worker.call_ids.next());
    let mut call = Call::new(&ids, worker.shared.clock.now(), client, &config.account_id, request.line());
    let Way { base_path, path, routed, captures, proxy, key } = way;
    (call.host, call.stage, call.base_path) = (request.host, Some(routed.stage), base_path);
    (call.path, call.method, call.captures) = (path, Some(routed.method), captures);
    let mut limits = Limits::default();
    let outcome = pass(worker, &routed, &mut call, proxy, request, key, &mut limits).await;
    let answered = worker.shared.clock.now();
    let ending = Ending {
        ids: &ids,
        limits: config.ratelimit_headers.then_some(&limits),
        date: Some(&worker.date.at(answered.wall)),
        is_last: request.is_last || worker.clients.is_retiring(),
    };
    match outcome.and_then(|received| put(received, &ending)) {
        Ok((status, answer)) => {
            meter::count(worker, &call, status, answered.ticks);
            answer
        }
        Err(refusal) => {
            let (status, answer) = refuse(worker, &mut call, &refusal, &ending);
            worker.refusals.record(&call, &refusal, &limits.standing, status);
            meter::count(worker, &call, status, answered.ticks);
            answer
        }
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

/// The answer to a call that is refused, and its status.
fn refuse(worker: &Worker, call: &mut Call<'_>, refusal: &Refusal, ending: &Ending<'_>) -> (StatusCode, Answer) {
    if let Some(said) = gateway_response::in_aws_words(call, refusal) {
        return (said.status, put_refusal(said, refusal, ending));
    }
    let response = pipeline::refuse(call, refusal, worker.shared.config.ratelimit_headers);
    (response.status(), put_response(response, ending))
}

/// The steps from the key to the integration.
async fn pass<'a>(
    worker: &Worker,
    routed: &Routed<'a>,
    call: &mut Call<'a>,
    proxy: &HttpProxy,
    request: &PlainRequest<'_>,
    sent: Result<Expected<'_>, KeyFault>,
    limits: &mut Limits,
) -> Result<Received, Refusal> {
    let caller = key::identify(&worker.callers, routed, || sent)?;
    pipeline::limit(worker, routed, call, caller.as_ref(), &HeaderMap::new(), limits).await?;
    call.client.admitted();
    proxy.exchange_plain(worker, call, request).await
}
