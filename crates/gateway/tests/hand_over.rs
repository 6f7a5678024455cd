//! A gateway lets go of its sockets: who was there is answered, who comes is the next one's.

mod support;

use support::{Answer, Script, Served, Upstream, catalog, config, http_proxy, method, ok, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_domain::{Catalog, HttpMethod};
use tollgate_gateway::{DrainingGateway, RunningGateway, Sockets};

const GET: &[u8] = b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";

fn to(upstream: &Upstream) -> Catalog {
    catalog(vec![("/{proxy+}", HttpMethod::Any, method(http_proxy(upstream.uri("/{proxy}"))))])
}

/// Two gateways on the same sockets: one that serves, and a way to have the other serve too.
fn pair(upstream: &Upstream) -> (Served, impl FnOnce() -> RunningGateway) {
    let sockets = Sockets::bind(([127, 0, 0, 1], 0).into(), 1).expect("a free port");
    let copy = sockets.try_clone().expect("descriptors");
    let mut served = Served::start(config(), &to(upstream));
    let running = served.gateway.on(sockets).start().expect("threads");
    served.addr = copy.local_addr();
    // The port that `start` opened is nobody's concern here.
    served.running = running;
    let gateway = served.gateway.clone();
    (served, move || gateway.on(copy).start().expect("threads"))
}

async fn ask(stream: &mut TcpStream) -> Answer {
    soon(stream.write_all(GET)).await.expect("a reader");
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.expect("an answer that ends");
    Answer(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn who_connects_after_a_release_waits_for_the_next_gateway() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let (served, next) = pair(&upstream);
    let released = soon(served.running.release()).await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(served.addr).await.expect("a place in the queue");
        stream
            .write_all(b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nConnection: close\r\n\r\n")
            .await
            .expect("sent");
        waiting.push(stream);
    }
    assert!(upstream.requests().is_empty(), "the one that let go serves");
    soon(released.finish()).await;
    let _next = next();
    for mut stream in waiting {
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

#[tokio::test]
async fn who_connected_before_a_release_is_served_once() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let (served, _next) = pair(&upstream);
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    // Who connects later is served, so the one before is accepted.
    assert_eq!(served.get("/a").await.status(), 200);
    let releasing = tokio::spawn(served.running.release());
    let answer = ask(&mut stream).await;
    assert_eq!((answer.status(), answer.header("connection")), (200, Some("close")), "{answer:?}");
    soon(soon(releasing).await.expect("a release").finish()).await;
}

#[tokio::test]
async fn a_release_does_not_wait_for_upstreams_and_cuts_off_no_call() {
    let upstream = Upstream::start(Script::Hang).await;
    let (served, _next) = pair(&upstream);
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    stream.write_all(GET).await.expect("sent");
    while upstream.connections() == 0 {
        tokio::task::yield_now().await;
    }
    // The upstream never answers: only what is admitted is waited for.
    let released: DrainingGateway = soon(served.running.release()).await;
    let mut byte = [0];
    let silent = tokio::time::timeout(std::time::Duration::from_millis(50), stream.read(&mut byte)).await;
    assert!(silent.is_err(), "the call was cut off: {silent:?}");
    drop(released);
}
