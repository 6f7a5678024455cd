//! Requests that two servers could read in two ways, and callers that take their time.

mod support;

use std::time::Duration;

use support::{Served, Upstream, catalog, config, http_proxy, method, ok, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_domain::HttpMethod;
use tollgate_gateway::GatewayConfig;

async fn proxy(upstream: &Upstream, config: GatewayConfig) -> Served {
    let open = method(http_proxy(upstream.uri("/{proxy}")));
    Served::start(config, &catalog(vec![("/{proxy+}", HttpMethod::Any, open)]))
}

const HEAD: &str = "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n";

#[tokio::test]
async fn ambiguous_framing_is_refused() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    for rest in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "Content-Length: 5, 6\r\n\r\nhello!",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: 0x5\r\n\r\nhello",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999999\r\n\r\n",
        "Content-Length : 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "X-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        " Content-Length: 5\r\n\r\nhello",
        "X-Nul: a\0b\r\n\r\n",
        "Bad Name: x\r\n\r\n",
        "no colon here\r\n\r\n",
        "Host: api2.execute-api.x\r\n\r\n",
    ] {
        let answer = served.exchange(format!("{HEAD}{rest}")).await;
        assert_eq!(answer.status(), 400, "{rest:?}: {answer:?}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn bad_chunks_reach_no_upstream_as_a_whole_request() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    for chunks in
        ["zz\r\nhello\r\n0\r\n\r\n", "-1\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n"]
    {
        let answer = served.exchange(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunks}")).await;
        assert_ne!(answer.status(), 200, "{chunks:?}: {answer:?}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn a_head_with_two_readings_reaches_no_upstream() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    let smuggled = "GET /prod/smuggled HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";
    for lines in ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let answer = served.exchange(format!("{HEAD}{lines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n{smuggled}")).await;
        assert_eq!((answer.status(), answer.0.matches("HTTP/1.1 ").count()), (400, 1), "{answer:?}");
    }
    for head in [
        "GET /prod/a HTTP/1.1\nHost: api1.execute-api.x\nX-A: 1\nConnection: close\n\n",
        "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nX-A: 1\nX-B: 2\r\nConnection: close\r\n\r\n",
    ] {
        assert_eq!(served.exchange(head).await.status(), 400, "{head:?}");
    }
    let bare_cr = served.exchange(format!("{HEAD}X-A: 1\rX-B: 2\r\n\r\n")).await;
    assert_eq!(bare_cr.status(), 400, "{bare_cr:?}");
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn a_caller_cannot_have_the_gateways_headers_removed_or_forged() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    let headers = "Connection: x-forwarded-for, host, x-amzn-apigateway-api-id\r\n\
                   X-Amzn-Apigateway-Api-Id: other\r\nX-Forwarded-Proto: https\r\nTrailer: x\r\nTE: trailers\r\n";
    assert_eq!(served.call("GET", "/a", headers, "").await.status(), 200);
    let requests = upstream.requests();
    let request = requests.first().expect("a request");
    assert!(request.contains("\r\nx-amzn-apigateway-api-id: api1\r\n"), "{request}");
    assert!(request.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: {}\r\n", upstream.addr)), "{request}");
    assert!(!request.contains("other") && !request.contains("trailer"), "{request}");
}

#[tokio::test]
async fn paths_that_climb_go_nowhere() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    for path in ["/a/../b", "/%2e%2e/b", "/a/%2E./b", "/a%2f..%2fb", "/..;/b", "/a%5c..%5cb", "/a%00", "//b", "/."] {
        let answer = served.get(path).await;
        assert!(matches!(answer.status(), 400 | 403), "{path}: {answer:?}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
    assert_eq!(served.get("/a..b/.c/%2fd").await.status(), 200);
}

#[tokio::test]
async fn a_target_with_a_host_goes_before_the_header() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    let target = "GET http://api1.execute-api.x/prod/a HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n";
    assert_eq!(served.exchange(target).await.status(), 200);
    let target = "GET http://other/prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nConnection: close\r\n\r\n";
    assert_eq!(served.exchange(target).await.status(), 403);
    let without = "GET /prod/a HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert_eq!(served.exchange(without).await.status(), 400);
}

#[tokio::test]
async fn a_head_that_is_too_big_is_refused() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, GatewayConfig { max_header_bytes: 8192, ..config() }).await;
    let big = served.call("GET", "/a", &format!("X-Big: {}\r\n", "x".repeat(20_000)), "").await;
    assert_eq!(big.status(), 431);
    let many = served.call("GET", "/a", &"X-A: 1\r\n".repeat(200), "").await;
    assert_eq!(many.status(), 431);
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_refused_as_any_call_is() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, GatewayConfig { max_header_bytes: 8192, ..config() }).await;
    let large = "x".repeat(20_000);
    for (head, status, error_type, body) in [
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400, "BadRequestException", r#"{"message":"Bad Request"}"#),
        (
            format!("GET / HTTP/1.1\r\nX: {large}\r\n\r\n"),
            431,
            "RequestTooLargeException",
            r#"{"message":"Request Header Fields Too Large"}"#,
        ),
    ] {
        let answer = served.exchange(head).await;
        assert_eq!((answer.status(), answer.body()), (status, body), "{answer:?}");
        assert_eq!(answer.header("x-amzn-errortype"), Some(error_type), "{answer:?}");
        assert!(answer.header("x-amzn-requestid").is_some_and(|id| id.len() == 36), "{answer:?}");
    }
    assert_eq!(served.gateway.metrics().calls.refused(), 2);
}

#[tokio::test]
async fn an_upstreams_bare_400_passes_as_it_is() {
    let upstream = Upstream::answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    let served = proxy(&upstream, config()).await;
    let answer = served.get("/a").await;
    assert_eq!((answer.status(), answer.body()), (400, ""));
    assert_eq!(served.gateway.metrics().calls.refused(), 0);
}

fn impatient() -> GatewayConfig {
    let short = Duration::from_millis(50);
    GatewayConfig { header_read_timeout: short, client_idle_timeout: short, body_read_timeout: short, ..config() }
}

#[tokio::test]
async fn a_caller_that_takes_too_long_is_cut_off() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, impatient()).await;
    let requests = ["", "GET /prod/a HT", &format!("{HEAD}Content-Length: 10\r\n\r\nhalf")];
    for request in requests {
        // `exchange` reads until the gateway closes: it would wait forever otherwise.
        assert_ne!(served.exchange(request).await.status(), 200, "{request:?}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_caller_that_drips_its_head_is_cut_off() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, impatient()).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    soon(async {
        stream.write_all(HEAD.as_bytes()).await.expect("a reader");
        while stream.write_all(b"X-A: 1\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_drips_its_body_is_cut_off_though_it_never_pauses() {
    let upstream = Upstream::answering(&ok("")).await;
    let limited = GatewayConfig { body_total_timeout: Duration::from_millis(200), ..config() };
    let served = proxy(&upstream, limited).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    soon(async {
        stream.write_all(format!("{HEAD}Content-Length: 100000\r\n\r\n").as_bytes()).await.expect("a reader");
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_does_not_read_is_cut_off() {
    let upstream = Upstream::answering(&ok(&"x".repeat(64 * 1024 * 1024))).await;
    let served = proxy(&upstream, impatient()).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    stream.write_all(b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await.expect("a reader");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut received = Vec::new();
    let _ = soon(stream.read_to_end(&mut received)).await;
    assert!(received.len() < 64 * 1024 * 1024, "{}", received.len());
}

#[tokio::test]
async fn calls_in_one_packet_are_answered_in_order() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = proxy(&upstream, config()).await;
    let get = |path: &str, close: &str| format!("GET /prod/{path} HTTP/1.1\r\nHost: api1.execute-api.x\r\n{close}\r\n");
    let answer = served.exchange(get("a", "") + &get("b", "") + &get("c", "Connection: close\r\n")).await;
    assert_eq!(answer.0.matches("HTTP/1.1 200").count(), 3, "{answer:?}");
    let paths: Vec<String> = upstream.requests().iter().map(|r| r[..6].to_owned()).collect();
    assert_eq!(paths, ["GET /a", "GET /b", "GET /c"]);
}

#[tokio::test]
async fn a_call_whose_beginning_comes_with_the_one_before_may_be_cut_anywhere() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy(&upstream, config()).await;
    // A trailer is announced so that none is a plain call.
    let one = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nTrailer: x\r\n\r\n";
    for cut in 1..one.len() {
        let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
        let (begin, rest) = one.split_at(cut);
        stream.write_all(format!("{one}{begin}").as_bytes()).await.expect("a reader");
        let mut answers = Vec::new();
        soon(async {
            while !answers.ends_with(b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut answers).await.expect("an answer"), 0);
            }
        })
        .await;
        stream
            .write_all(format!("{rest}{one}").replace("x\r\n\r\n", "x\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .expect("a reader");
        soon(stream.read_to_end(&mut answers)).await.expect("answers");
        let answers = String::from_utf8_lossy(&answers);
        assert!(answers.matches("HTTP/1.1 200 OK").count() >= 2 && !answers.contains(" 400 "), "{cut}: {answers}");
    }
}
