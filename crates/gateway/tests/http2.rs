//! HTTP/2 with callers: many calls on one connection, each with its own waits.

mod support;

use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{Request, Response};
use support::secured::{connect, start, write_certificate};
use support::{Script, Served, Upstream, catalog, config, http_proxy, method, ok, soon};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tollgate_domain::{Catalog, HttpMethod};
use tollgate_gateway::certificates::Certificates;
use tollgate_gateway::{GatewayConfig, RunningGateway};

const URI: &str = "http://api1.execute-api.x/prod/a";

/// A caller's connection. `ended` says how it ended.
struct Caller {
    calls: SendRequest<Bytes>,
    ended: JoinHandle<Result<(), h2::Error>>,
}

impl Caller {
    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, window: u32) -> Self {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (calls, connection) = soon(builder.handshake(stream)).await.expect("a handshake");
        Self { calls, ended: tokio::spawn(connection) }
    }

    async fn plain(served: &Served) -> Self {
        Self::over(TcpStream::connect(served.addr).await.expect("a connection"), 65_535).await
    }

    async fn get(&self, headers: &[(&str, &str)]) -> Result<(u16, String), h2::Error> {
        let mut request = Request::get(URI);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut calls = soon(self.calls.clone().ready()).await?;
        let (answer, _) = calls.send_request(request.body(()).expect("a request"), true)?;
        read(soon(answer).await?).await
    }
}

async fn read(answer: Response<RecvStream>) -> Result<(u16, String), h2::Error> {
    let status = answer.status().as_u16();
    let (mut body, mut bytes) = (answer.into_body(), Vec::new());
    while let Some(piece) = soon(body.data()).await {
        bytes.extend_from_slice(&piece?);
    }
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

fn to(upstream: &Upstream) -> Catalog {
    catalog(vec![("/{proxy+}", HttpMethod::Any, method(http_proxy(upstream.uri("/{proxy}"))))])
}

fn impatient() -> GatewayConfig {
    GatewayConfig { body_read_timeout: Duration::from_millis(50), ..config() }
}

#[tokio::test]
async fn many_calls_at_once_share_a_connection() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(config(), &to(&upstream));
    let caller = Caller::plain(&served).await;
    let calls = futures_util::future::join_all((0..50).map(|_| caller.get(&[]))).await;
    for call in calls {
        assert_eq!(call.expect("an answer"), (200, "hi".to_owned()));
    }
    assert_eq!(upstream.requests().len(), 50);
}

#[tokio::test]
async fn who_asks_for_http2_over_tls_gets_it() {
    let (upstream, dir) = (Upstream::answering(&ok("hi")).await, tempfile::tempdir().expect("a directory"));
    let files = write_certificate(dir.path(), "a", &["localhost"]);
    let certificates = std::sync::Arc::new(Certificates::load(vec![files]).expect("a certificate"));
    let (_served, addr) = start(config(), &to(&upstream), &certificates);
    let stream = connect(addr, "localhost", &[b"h2", b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let caller = Caller::over(stream, 65_535).await;
    assert_eq!(caller.get(&[]).await.expect("an answer"), (200, "hi".to_owned()));
    assert!(upstream.requests()[0].contains("\r\nx-forwarded-proto: https\r\n"));
}

#[tokio::test]
async fn http2_that_is_turned_off_is_spoken_nowhere() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(GatewayConfig { http2: false, ..config() }, &to(&upstream));
    let answer = served.exchange(PREFACE).await;
    assert_ne!(answer.status(), 200);
    assert_eq!(served.get("/a").await.status(), 200);
    assert!(!answer.0.starts_with('\0'), "a frame of settings: {answer:?}");
}

#[tokio::test]
async fn an_upstream_gets_a_call_of_http1_with_its_cookies_in_one_line() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(config(), &to(&upstream));
    let caller = Caller::plain(&served).await;
    caller.get(&[("cookie", "a=1"), ("cookie", "b=2"), ("x-mine", "3")]).await.expect("an answer");
    let request = upstream.requests().remove(0);
    assert!(request.starts_with("GET /a HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\ncookie: a=1; b=2\r\n") && request.contains("\r\nx-mine: 3\r\n"), "{request}");
}

#[tokio::test]
async fn an_answer_to_head_and_one_without_content_is_its_head_alone() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let mut by_get = http_proxy(upstream.uri("/"));
    by_get.http_method = Some("GET".to_owned());
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Any, method(by_get))]));
    let caller = Caller::plain(&served).await;
    let head = |path: &str| Request::head(format!("http://api1.execute-api.x/prod{path}")).body(()).expect("a request");
    for (path, status, length) in [("/a", 200, Some("2")), ("/none", 403, Some("42"))] {
        let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
        let (answer, _) = calls.send_request(head(path), true).expect("sent");
        let answer = soon(answer).await.expect("an answer");
        let said = answer.headers().get("content-length").and_then(|value| value.to_str().ok());
        assert_eq!((answer.status().as_u16(), said.map(str::to_owned)), (status, length.map(str::to_owned)), "{path}");
        assert!(answer.into_body().is_end_stream(), "{path}");
    }
}

#[tokio::test]
async fn a_get_that_is_passed_on_as_head_has_no_length_of_what_does_not_come() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
    let mut by_head = http_proxy(upstream.uri("/"));
    by_head.http_method = Some("HEAD".to_owned());
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(by_head))]));
    let caller = Caller::plain(&served).await;
    assert_eq!(caller.get(&[]).await.expect("an answer"), (200, String::new()));
}

#[tokio::test]
async fn a_host_other_than_the_authority_is_refused() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(config(), &to(&upstream));
    let caller = Caller::plain(&served).await;
    assert_eq!(caller.get(&[("host", "api1.execute-api.x")]).await.expect("an answer").0, 200);
    assert_eq!(caller.get(&[("host", "other")]).await.expect("an answer").0, 400);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn headers_of_one_connection_are_a_broken_call() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(config(), &to(&upstream));
    for (name, value) in [("connection", "x"), ("transfer-encoding", "chunked"), ("te", "gzip")] {
        let caller = Caller::plain(&served).await;
        assert!(caller.get(&[(name, value)]).await.is_err(), "{name}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn too_much_is_refused_in_the_body_and_in_the_head() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let limited = GatewayConfig { max_body_bytes: 10, max_header_bytes: 8192, ..config() };
    let served = Served::start(limited, &to(&upstream));
    let caller = Caller::plain(&served).await;
    let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
    let (answer, mut body) = calls.send_request(Request::post(URI).body(()).expect("a request"), false).expect("sent");
    body.send_data(Bytes::from_static(&[b'x'; 11]), true).expect("sent");
    assert_eq!(soon(answer).await.expect("an answer").status(), 413);
    let large = "x".repeat(10_000);
    assert_eq!(caller.get(&[("x-large", &large)]).await.expect("an answer").0, 431);
    assert_eq!(caller.get(&[]).await.expect("an answer").0, 200);
}

#[tokio::test]
async fn a_stream_whose_body_stalls_is_reset_and_the_others_go_on() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(impatient(), &to(&upstream));
    let caller = Caller::plain(&served).await;
    let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
    let (answer, mut body) = calls.send_request(Request::post(URI).body(()).expect("a request"), false).expect("sent");
    body.send_data(Bytes::from_static(b"half"), false).expect("sent");
    let error = soon(answer).await.expect_err("no answer");
    assert!(error.is_reset() && !error.is_go_away(), "{error}");
    assert_eq!(caller.get(&[]).await.expect("an answer").0, 200);
    assert_eq!(upstream.requests().len(), 1, "half a body is no call");
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_reset_and_the_others_go_on() {
    let upstream = Upstream::answering(&ok(&"x".repeat(1_000_000))).await;
    let served = Served::start(impatient(), &to(&upstream));
    let stream = TcpStream::connect(served.addr).await.expect("a connection");
    let caller = Caller::over(stream, 1000).await;
    let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
    let (answer, _) = calls.send_request(Request::get(URI).body(()).expect("a request"), true).expect("sent");
    let mut unread = soon(answer).await.expect("a head").into_body();
    let reset = async {
        while let Some(piece) = unread.data().await {
            // What came is kept: no window is given back.
            if let Err(error) = piece {
                return Some(error);
            }
        }
        None
    };
    assert!(soon(reset).await.is_some_and(|error| error.is_reset()), "the answer came to its end");
    let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
    let (answer, _) = calls.send_request(Request::get(URI).body(()).expect("a request"), true).expect("sent");
    assert_eq!(soon(answer).await.expect("a head").status(), 200);
}

#[tokio::test]
async fn a_connection_without_calls_is_closed() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let limited = GatewayConfig { client_idle_timeout: Duration::from_millis(50), ..config() };
    let served = Served::start(limited, &to(&upstream));
    let silent = Caller::plain(&served).await;
    // `calls` stays: the caller would keep the connection.
    let _ = soon(silent.ended).await.expect("an end");
    let busy = Caller::plain(&served).await;
    assert_eq!(busy.get(&[]).await.expect("an answer").0, 200);
    let _ = soon(busy.ended).await.expect("an end");
    drop((silent.calls, busy.calls));
}

#[tokio::test]
async fn a_caller_that_answers_no_ping_is_cut_off() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let limited = GatewayConfig { http2_ping: Duration::from_millis(50), ..config() };
    let served = Served::start(limited, &to(&upstream));
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    stream.write_all(&[PREFACE, &frame(0x4, 0, 0, b"")].concat()).await.expect("a reader");
    // Reads on to the end, and says nothing.
    let _ = soon(stream.read_to_end(&mut Vec::new())).await;
}

#[tokio::test]
async fn a_flood_of_resets_ends_the_connection() {
    let upstream = Upstream::start(Script::Hang).await;
    let served = Served::start(config(), &to(&upstream));
    let mut flood = [PREFACE, &frame(0x4, 0, 0, b"")].concat();
    for stream in (1..=2001).step_by(2) {
        // A whole GET of `/`, and its end by CANCEL.
        flood.extend(frame(0x1, 0x5, stream, b"\x82\x86\x84\x41\x01x"));
        flood.extend(frame(0x3, 0, stream, &8_u32.to_be_bytes()));
    }
    let answer = served.exchange(flood).await;
    assert!(answer.0.contains("too_many_resets"), "{:?}", answer.0.len());
    assert!(upstream.requests().is_empty());
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn calls_in_flight_are_finished_when_the_gateway_stops_and_callers_told_to_go() {
    let (answered, upstream) = held_upstream().await;
    let served = Served::start(config(), &catalog_to(upstream));
    let caller = Caller::plain(&served).await;
    let mut calls = soon(caller.calls.clone().ready()).await.expect("room");
    let (answer, _) = calls.send_request(Request::get(URI).body(()).expect("a request"), true).expect("sent");
    soon(answered.arrived.notified()).await;
    let stopping = tokio::spawn(served.running.drain());
    // Told to go: no call can begin.
    let told = async {
        while caller.calls.clone().ready().await.is_ok() {
            tokio::task::yield_now().await
        }
    };
    soon(told).await;
    answered.go.notify_one();
    assert_eq!(read(soon(answer).await.expect("an answer")).await.expect("a body"), (200, "hi".to_owned()));
    soon(stopping).await.expect("an end");
    soon(caller.ended).await.expect("an end").expect("a proper end");
}

/// An upstream that says when a call is there, and answers when it may.
struct Held {
    arrived: tokio::sync::Notify,
    go: tokio::sync::Notify,
}

async fn held_upstream() -> (std::sync::Arc<Held>, std::net::SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let held = std::sync::Arc::new(Held { arrived: tokio::sync::Notify::new(), go: tokio::sync::Notify::new() });
    let own = std::sync::Arc::clone(&held);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.read(&mut [0; 4096]).await;
        own.arrived.notify_one();
        own.go.notified().await;
        let _ = stream.write_all(ok("hi").as_bytes()).await;
    });
    (held, addr)
}

fn catalog_to(addr: std::net::SocketAddr) -> Catalog {
    catalog(vec![("/{proxy+}", HttpMethod::Any, method(http_proxy(format!("http://{addr}/{{proxy}}"))))])
}

#[tokio::test]
async fn a_gateway_that_retires_serves_one_more_call_on_each_connection() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = Served::start(config(), &to(&upstream));
    let (kept, fresh) = (Caller::plain(&served).await, Caller::plain(&served).await);
    assert_eq!(kept.get(&[]).await.expect("an answer").0, 200);
    let running: &RunningGateway = &served.running;
    running.retire();
    soon(kept.ended).await.expect("an end").expect("a proper end");
    assert_eq!(fresh.get(&[]).await.expect("an answer").0, 200);
    soon(fresh.ended).await.expect("an end").expect("a proper end");
    let answer = served.exchange("GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await;
    assert_eq!((answer.status(), answer.header("connection")), (200, Some("close")));
}
