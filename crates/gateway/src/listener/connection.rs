//! One connection of a caller: secured if need be, then HTTP/1.1 or HTTP/2.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::TryFutureExt as _;
use http::header::{self, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::http2;
use super::preface::Opening;
use crate::body::AnswerBody;
use crate::certificates::{ALPN_HTTP2, TlsAcceptor};
use crate::client_stream::ClientStream;
use crate::clients::{Client, until_expired};
use crate::express::{self, Left};
use crate::pipeline;
use crate::worker::Worker;

/// Why a connection ended that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error(transparent)]
    Protocol(#[from] hyper::Error),
}

/// Serves the calls of one connection, until it ends, waits for too long, or the gateway stops.
pub(super) async fn serve(worker: Rc<Worker>, client: &Rc<Client>, stream: TcpStream, tls: Option<&TlsAcceptor>) {
    let served = match tls {
        None => serve_plain(worker, client, stream).await,
        Some(tls) => serve_secured(worker, client, stream, tls).await,
    };
    if let Err(error) = served {
        // Callers hang up all the time, and what they send is theirs to mend.
        tracing::debug!(target: "tollgate::gateway", %error, "a caller's connection ended");
    }
}

async fn serve_plain(worker: Rc<Worker>, client: &Rc<Client>, mut stream: TcpStream) -> Result<(), Broken> {
    let mut opening = Opening::default();
    if worker.shared.config.http2 {
        let Some(read) = until_expired(client, Opening::read(client, &mut stream)).await else { return Ok(()) };
        opening = read?;
    }
    match opening.is_http2 {
        false => serve_http1(worker, client, stream, opening.bytes).await,
        true => {
            let stream = ClientStream::new(stream, Rc::clone(client), Rc::clone(&worker)).after(opening.bytes);
            Box::pin(http2::serve(worker, client, stream)).await
        }
    }
}

async fn serve_secured(
    worker: Rc<Worker>,
    client: &Rc<Client>,
    stream: TcpStream,
    tls: &TlsAcceptor,
) -> Result<(), Broken> {
    let Some(secured) = until_expired(client, tls.accept(stream)).await else { return Ok(()) };
    let secured = secured?;
    let is_http2 = secured.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2);
    match is_http2 {
        false => serve_http1(worker, client, secured, Bytes::new()).await,
        true => {
            let stream = ClientStream::new(secured, Rc::clone(client), Rc::clone(&worker));
            Box::pin(http2::serve(worker, client, stream)).await
        }
    }
}

/// Serves plain calls first, and leaves the rest to hyper.
async fn serve_http1<S>(worker: Rc<Worker>, client: &Rc<Client>, mut stream: S, opening: Bytes) -> Result<(), Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let left = {
        // Pinned here: what waits for it would hold all of it twice.
        let plain = pin!(express::serve(&worker, client, &mut stream, opening));
        until_expired(client, plain).await.transpose()?
    };
    match left {
        // Boxed: most connections never come to it, and have no room for it.
        Some(Left::HandedOver(read)) => Box::pin(serve_all(worker, client, stream, read)).await,
        Some(Left::Ended) | None => Ok(()),
    }
}

/// Serves whatever calls of HTTP/1.1 come, after these bytes.
async fn serve_all<S>(worker: Rc<Worker>, client: &Rc<Client>, stream: S, read: Bytes) -> Result<(), Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = ClientStream::new(stream, Rc::clone(client), Rc::clone(&worker)).after(read);
    let service = service_fn(|request| answer(Rc::clone(&worker), Rc::clone(client), request));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(worker.shared.config.max_header_bytes)
        .max_buf_size(worker.shared.config.max_header_bytes.max(8192) + 8192)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    let mut told = false;
    let ended = std::future::poll_fn(|cx| {
        client.listen(cx.waker());
        if client.is_expired() {
            return Poll::Ready(Ok(()));
        }
        // hyper would close a connection on which nothing came yet, though a call may be on the way.
        if worker.clients.is_stopping() && client.has_called() && !std::mem::replace(&mut told, true) {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    Ok(ended.await?)
}

/// Answers one request of HTTP/1.1. The last one before the gateway stops says that it is.
///
/// No `async fn`: that would hold the request twice, and the whole of its answering would be moved once more.
fn answer(
    worker: Rc<Worker>,
    client: Rc<Client>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<AnswerBody>, Infallible>> {
    let clients = Rc::clone(&worker.clients);
    pipeline::serve(worker, client, request).map_ok(move |mut response| {
        if clients.is_retiring() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    })
}
