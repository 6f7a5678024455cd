//! HTTP/2: many calls at once on one connection. Each is a client of its own, with its own waits, so that a stream that
//! takes too long is reset and the others go on.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_local;

use super::connection::Broken;
use crate::body::{AnswerBody, BodyError};
use crate::client_stream::ClientStream;
use crate::clients::{Client, Registered, until_expired};
use crate::config::GatewayConfig;
use crate::pipeline;
use crate::worker::Worker;

/// Bytes of bodies that a connection may send before they are passed on.
const WINDOW: u32 = 256 * 1024;

/// Bytes of an answer that are kept for a stream whose caller does not take them.
const SEND_BUFFER: usize = 64 * 1024;

/// Streams that a caller may open and reset before they are served; whoever resets more is cut off.
const RESETS: usize = 20;

/// Serves the calls of one connection.
pub(super) async fn serve<S>(worker: Rc<Worker>, client: &Rc<Client>, stream: ClientStream<S>) -> Result<(), Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    client.multiplex();
    let streams = Streams::default();
    let service = service_fn(|request: Request<Incoming>| {
        let registered = worker.clients.register_stream(client);
        let own = Rc::clone(&registered.client);
        streams.begin(registered);
        answer(Rc::clone(&worker), own, request)
    });
    let connection = builder(&worker.shared.config, streams.clone()).serve_connection(stream, service);
    let mut connection = pin!(connection);
    let mut told = false;
    let ended = std::future::poll_fn(|cx| {
        client.listen(cx.waker());
        if client.is_expired() {
            return Poll::Ready(Ok(()));
        }
        // Whoever just connected has a call on the way.
        if worker.clients.is_retiring() && client.has_called() && !std::mem::replace(&mut told, true) {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    Ok(ended.await?)
}

fn builder(config: &GatewayConfig, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(config.http2_ping)
        .keep_alive_timeout(config.http2_ping)
        .max_concurrent_streams(config.http2_max_streams)
        .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

async fn answer(
    worker: Rc<Worker>,
    client: Rc<Client>,
    mut request: Request<Incoming>,
) -> Result<Response<StreamBody>, std::convert::Infallible> {
    join_cookies(request.headers_mut());
    let is_head = *request.method() == Method::HEAD;
    let mut response = pipeline::serve(worker, Rc::clone(&client), request).await?;
    let has_content = !is_head && !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !has_content {
        say_length_without_content(&mut response, is_head);
    }
    Ok(response.map(|body| StreamBody { body, client, has_content }))
}

/// What HTTP/1.1's server does by itself: an answer to HEAD tells the length of what GET would be sent, and one that has no
/// content none (RFC 9110, 8.6). That of 304 is the upstream's.
fn say_length_without_content(response: &mut Response<AnswerBody>, is_head: bool) {
    if response.status() == StatusCode::NO_CONTENT {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    } else if is_head && let Some(length) = response.body().size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
}

/// HTTP/2 lets a caller send its cookies one by one; an upstream that speaks HTTP/1.1 expects them in one line.
fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// Runs the streams of one connection, each until it ends or waits for too long. Dropping a stream's task resets it.
#[derive(Clone, Debug, Default)]
struct Streams {
    /// The stream that began last: hyper asks for the answer to a request, and then has the answering run, at once.
    began: Rc<RefCell<Option<Registered>>>,
}

impl Streams {
    fn begin(&self, stream: Registered) {
        *self.began.borrow_mut() = Some(stream);
    }
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Streams {
    fn execute(&self, serving: F) {
        let began = self.began.borrow_mut().take();
        spawn_local(async move {
            match began {
                Some(stream) => drop(until_expired(&stream.client, serving).await),
                None => serving.await,
            }
        });
    }
}

/// The body of an answer, which notes when the caller has to read before more can be written: hyper asks for the next
/// part when there is room for it.
struct StreamBody {
    body: AnswerBody,
    client: Rc<Client>,
    /// An answer to HEAD, or with a status that has none, is its head alone; the rest is dropped with it.
    has_content: bool,
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.has_content {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.client.waits_for_reader(false);
        self.client.waits_for_reader(matches!(polled, Poll::Ready(Some(Ok(_)))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        !self.has_content || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.has_content { self.body.size_hint() } else { SizeHint::with_exact(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_that_came_one_by_one_are_one_line() {
        let mut headers = HeaderMap::new();
        for cookie in ["a=1", "b=2"] {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        join_cookies(&mut headers);
        assert_eq!(headers.get_all(header::COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2"]);
    }
}
