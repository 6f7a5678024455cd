//! The express lane: plain calls, answered without a library's server and without maps of headers.
//!
//! Most calls are plain: a short head that can be read in one way only, a method that passes them on as they are, and an
//! answer with a length. They take the steps of [`crate::pipeline`], by the same functions; only heads stay bytes. Whatever
//! else comes is not judged here. Its connection is handed over, with all that was read, to hyper and the pipeline, and
//! stays there.

mod answer;
mod date;
mod request;

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

use self::answer::{Ending, Outgoing, put_received, put_refusal, put_response};
pub(crate) use self::date::HttpDate;
pub(crate) use self::request::PlainRequest;
use self::request::{Key, Parsed};
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
    staged: Staged<'a>,
    routed: Routed<'a>,
    captures: Captures,
    proxy: &'a HttpProxy,
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
        let (request, rest) = match PlainRequest::parse(&lane.read, worker.shared.config.max_header_bytes) {
            Parsed::Plain(request, rest) => (request, rest),
            Parsed::Foreign => return Ok(Left::HandedOver(lane.read)),
            Parsed::Partial => match lane.read_more().await? {
                true => continue,
                false => return lane.end().await,
            },
        };
        let snapshot = worker.snapshot();
        let Some(way) = way(worker, &snapshot, &request) else { return Ok(Left::HandedOver(lane.read)) };
        lane.read = rest;
        match lane.answer(&request, way).await? {
            // The connection goes on.
            Some(false) => {}
            Some(true) => return lane.end().await,
            None => return Ok(Left::Ended),
        }
    }
}

/// Where a call goes, if all that it asks for can be done in this lane.
fn way<'a>(worker: &Worker, snapshot: &'a Snapshot, request: &'a PlainRequest) -> Option<Way<'a>> {
    let Ok(Destination::Stage(staged)) = route::stage(snapshot, &request.host, request.uri.path()) else { return None };
    let staged = Staged { stage: worker.dice.choose(staged.stage), ..staged };
    let (routed, captures) = route::method(staged, &request.verb).ok()?;
    let Integration::HttpProxy(proxy) = &routed.method.integration else { return None };
    let fits = is_plain(routed.stage, routed.method)
        && proxy.is_plain()
        && request.body.len() as u64 <= worker.shared.config.max_body_bytes;
    fits.then_some(Way { staged, routed, captures, proxy })
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

    /// Answers a call; says whether it was the connection's last one. `None` if the caller hung up meanwhile.
    async fn answer(&mut self, request: &PlainRequest, way: Way<'_>) -> io::Result<Option<bool>> {
        let _serving = self.client.serve();
        let (worker, client) = (self.worker, self.client);
        let mut answering = pin!(answer(worker, client, request, way));
        let answered = poll_fn(|cx| match answering.as_mut().poll(cx) {
            Poll::Ready(outgoing) => Poll::Ready(Some(outgoing)),
            Poll::Pending => self.poll_hung_up(cx).map(|()| None),
        });
        let Some(Outgoing { mut sending, is_last }) = answered.await else { return Ok(None) };
        let written = poll_fn(|cx| match sending.poll(cx, self.stream) {
            Poll::Ready(written) => Poll::Ready(Some(written)),
            Poll::Pending => {
                client.waits_for_reader(sending.waits_for_reader());
                self.poll_hung_up(cx).map(|()| None)
            }
        });
        let written = written.await;
        client.waits_for_reader(false);
        match written {
            Some(Ok(())) => Ok(Some(is_last)),
            Some(Err(error)) => Err(io::Error::other(error)),
            None => Ok(None),
        }
    }

    /// Waits until the caller hangs up: it is not answered then. What else comes is kept, as far as there is room.
    fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.read.len() < request::LONGEST {
            match ready!(self.poll_read(cx)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }
}

/// Takes a call through the steps of the pipeline.
async fn answer(worker: &Worker, client: &Rc<Client>, request: &PlainRequest, way: Way<'_>) -> Outgoing {
    let config = &worker.shared.config;
    let (ids, is_last) = (worker.call_ids.next(), request.is_last || worker.clients.is_retiring());
    let (mut head, ()) = http::Request::new(()).into_parts();
    (head.method, head.uri) = (request.verb.clone(), request.uri.clone());
    let mut call = Call::new(&ids, worker.shared.clock.now(), client, &config.account_id, &head);
    let Way { staged, routed, captures, proxy } = way;
    (call.host, call.stage, call.base_path) = (request.host.clone(), Some(staged.stage), staged.base_path);
    (call.path, call.method, call.captures) = (staged.path, Some(routed.method), captures);
    let mut limits = Limits::default();
    let outcome = pass(worker, &routed, &mut call, proxy, request, &mut limits).await;
    let date = worker.date.at(call.at.wall);
    let told = config.ratelimit_headers.then_some(&limits);
    match outcome {
        Ok(received) => {
            meter::count(worker, &call, received.head.status);
            let ending = Ending { ids: &ids, limits: told, date: &date, is_last };
            put_received(&received, &ending).unwrap_or_else(|| by_map(worker, &mut call, received, &ending))
        }
        Err(refusal) => {
            let ending = Ending { ids: &ids, limits: told, date: &date, is_last };
            let (status, outgoing) = refuse(worker, &mut call, &refusal, &ending);
            worker.refusals.record(&call, &refusal, &limits.standing, status);
            meter::count(worker, &call, status);
            outgoing
        }
    }
}

/// The answer to a call that is refused, and its status.
fn refuse(worker: &Worker, call: &mut Call<'_>, refusal: &Refusal, ending: &Ending<'_>) -> (StatusCode, Outgoing) {
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
    request: &PlainRequest,
    limits: &mut Limits,
) -> Result<Received, Refusal> {
    let caller = key::identify(&worker.shared.admission, routed, || match request.key {
        Key::One(index) => request.lines.value_bytes(index).ok_or(KeyFault::Missing),
        Key::None => Err(KeyFault::Missing),
        Key::Several => Err(KeyFault::Repeated),
    })?;
    pipeline::limit(worker, routed, call, caller.as_ref(), &HeaderMap::new(), limits).await?;
    call.client.admitted();
    proxy.exchange_plain(worker, call, request).await
}

/// An answer whose headers need more care, or whose body is still arriving.
fn by_map(worker: &Worker, call: &mut Call<'_>, received: Received, ending: &Ending<'_>) -> Outgoing {
    match received.into_response() {
        Ok(mut response) => {
            forward_response(response.headers_mut(), false);
            put_response(response.map(AnswerBody::upstream), ending)
        }
        Err(error) => refuse(worker, call, &Refusal::IntegrationFailure(error), ending).1,
    }
}
