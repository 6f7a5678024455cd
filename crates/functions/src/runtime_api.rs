//! Lambda's Runtime API for one instance, on a loopback port of its own.
//!
//! It turns requests into [`Ask`]s and answers as the instance's task tells. Whatever the process sends, this answers
//! within the limits of a payload.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::invocation::PAYLOAD_LIMIT;

const ROOT: &str = "/2018-06-01/runtime/";

/// What the process asks for.
pub(crate) enum Ask {
    /// The next call.
    Next(oneshot::Sender<Delivery>),
    /// To answer a call. The reply says whether it was the one under way.
    Answer { request_id: String, answer: Posted, known: oneshot::Sender<bool> },
    /// To say that it cannot be initialised.
    InitError(Bytes),
}

/// What the process posted for a call.
pub(crate) enum Posted {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// A call, as the process gets it.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    pub(crate) arn: String,
    /// In milliseconds of Unix time.
    pub(crate) deadline: i64,
    pub(crate) payload: Bytes,
}

/// A listener for one instance. It ends when this is dropped.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    pub(crate) asks: mpsc::Receiver<Ask>,
    serving: tokio::task::JoinHandle<()>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (asked, asks) = mpsc::channel(1);
        Ok(Self { address, asks, serving: tokio::spawn(serve(listener, asked)) })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, asked: mpsc::Sender<Ask>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Without a connection the process cannot ask, and its call times out.
                let Ok((stream, _)) = accepted else { return };
                let _ = stream.set_nodelay(true);
                let asked = asked.clone();
                let service = service_fn(move |request| answer(request, asked.clone()));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(request: Request<Incoming>, asked: mpsc::Sender<Ask>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    Ok(match (parts.method, segments.as_slice()) {
        (Method::GET, ["invocation", "next"]) => next(&asked).await,
        (Method::POST, ["invocation", request_id, kind @ ("response" | "error")]) => {
            let posted = match (read(body).await, kind) {
                (Ok(body), &"response") => Posted::Response(body),
                (Ok(body), _) => Posted::Error(body),
                (Err(Unread::TooLarge), _) => Posted::TooLarge,
                (Err(Unread::BrokenOff), _) => return Ok(refusal(StatusCode::BAD_REQUEST, "InvalidRequest")),
            };
            post(&asked, (*request_id).to_owned(), posted).await
        }
        (Method::POST, ["init", "error"]) => {
            let _ = asked.send(Ask::InitError(read(body).await.unwrap_or_default())).await;
            accepted()
        }
        _ => refusal(StatusCode::NOT_FOUND, "NotFound"),
    })
}

async fn next(asked: &mpsc::Sender<Ask>) -> Response<Full<Bytes>> {
    let (reply, delivery) = oneshot::channel();
    if asked.send(Ask::Next(reply)).await.is_err() {
        return refusal(StatusCode::GONE, "InstanceEnded");
    }
    let Ok(delivery) = delivery.await else { return refusal(StatusCode::GONE, "InstanceEnded") };
    let mut response = Response::new(Full::new(delivery.payload));
    let headers = [
        ("lambda-runtime-aws-request-id", delivery.request_id),
        ("lambda-runtime-deadline-ms", delivery.deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", delivery.arn),
        ("content-type", "application/json".to_owned()),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn post(asked: &mpsc::Sender<Ask>, request_id: String, answer: Posted) -> Response<Full<Bytes>> {
    let (known, is_known) = oneshot::channel();
    let too_large = matches!(answer, Posted::TooLarge);
    if asked.send(Ask::Answer { request_id, answer, known }).await.is_err() {
        return refusal(StatusCode::GONE, "InstanceEnded");
    }
    match is_known.await {
        Ok(true) if too_large => refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
        Ok(true) => accepted(),
        Ok(false) | Err(_) => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID"),
    }
}

enum Unread {
    TooLarge,
    BrokenOff,
}

async fn read(body: Incoming) -> Result<Bytes, Unread> {
    match Limited::new(body, PAYLOAD_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::BrokenOff),
    }
}

fn accepted() -> Response<Full<Bytes>> {
    json(StatusCode::ACCEPTED, r#"{"status":"OK"}"#.to_owned())
}

fn refusal(status: StatusCode, kind: &str) -> Response<Full<Bytes>> {
    json(status, format!(r#"{{"errorType":"{kind}","errorMessage":"{kind}"}}"#))
}

fn json(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}
