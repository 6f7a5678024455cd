//! Calls through HTTP_PROXY: what reaches the upstream, what comes back, and what happens when either side misbehaves.

mod support;

use std::time::Duration;

use support::{Script, Served, Upstream, catalog, catalog_with, config, http_proxy, method, ok, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_domain::{HttpMethod, Method};
use tollgate_gateway::GatewayConfig;

async fn proxy_to(upstream: &Upstream, config: GatewayConfig) -> Served {
    let greedy = method(http_proxy(upstream.uri("/base/{proxy}")));
    Served::start(config, &catalog(vec![("/{proxy+}", HttpMethod::Any, greedy)]))
}

async fn impatient_proxy_to(upstream: &Upstream) -> Served {
    let mut integration = http_proxy(upstream.uri("/{proxy}"));
    integration.timeout_millis = 50;
    let config = GatewayConfig { upstream_body_timeout: Duration::from_millis(50), ..config() };
    Served::start(config, &catalog(vec![("/{proxy+}", HttpMethod::Any, method(integration))]))
}

#[tokio::test]
async fn a_call_reaches_the_upstream_as_it_came() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream, config()).await;
    let answer = served.call("POST", "/a%20b/c/?x=1&y=%2F&x=2", "X-Own: v\r\nX-API-Key: k\r\n", "body").await;
    assert_eq!((answer.status(), answer.body()), (200, "hello"), "{answer:?}");
    let requests = upstream.requests();
    let request = requests.first().expect("a request");
    assert!(request.starts_with("POST /base/a%20b/c/?x=1&y=%2F&x=2 HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nbody"), "{request}");
    for header in [
        &format!("host: {}", upstream.addr),
        "x-own: v",
        "x-api-key: k",
        "content-length: 4",
        "x-amzn-apigateway-api-id: api1",
        "user-agent: AmazonAPIGateway_api1",
        "x-forwarded-for: 127.0.0.1",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} in {request}");
    }
    assert!(!request.contains("connection:"), "{request}");
}

#[tokio::test]
async fn every_answer_names_the_call() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy_to(&upstream, config()).await;
    for answer in
        [served.get("/a").await, served.exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await]
    {
        assert_eq!(answer.header("x-amzn-requestid").map(str::len), Some(36), "{answer:?}");
        assert!(answer.header("x-amz-apigw-id").is_some_and(|id| id.ends_with('=')), "{answer:?}");
    }
}

#[tokio::test]
async fn connections_to_the_upstream_are_kept() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream, config()).await;
    for _ in 0..5 {
        assert_eq!(served.get("/a").await.status(), 200);
    }
    assert_eq!((upstream.requests().len(), upstream.connections()), (5, 1));
}

#[tokio::test]
async fn a_kept_connection_that_the_upstream_closed_fails_no_call() {
    let upstream = Upstream::start(Script::AnswerAndClose(ok("hello").into_bytes())).await;
    let served = proxy_to(&upstream, config()).await;
    for _ in 0..5 {
        assert_eq!(served.call("POST", "/a", "", "body").await.status(), 200);
    }
}

#[tokio::test]
async fn the_upstreams_own_headers_come_back_remapped_and_our_framing_is_right() {
    let answer = "HTTP/1.1 201 Made\r\nContent-Length: 2\r\nServer: s\r\nDate: d\r\nX-Amzn-RequestId: r\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Negotiate\r\nX-A: 1\r\nX-A: 2\r\n\r\nhi";
    let upstream = Upstream::answering(answer).await;
    let served = proxy_to(&upstream, config()).await;
    let answer = served.get("/a").await;
    assert_eq!((answer.status(), answer.body()), (201, "hi"));
    assert_eq!(answer.0.matches("x-amzn-remapped-www-authenticate: ").count(), 2);
    assert_eq!(answer.header("www-authenticate"), None);
    assert_eq!(answer.header("content-length"), Some("2"));
    assert_eq!(answer.header("x-amzn-remapped-content-length"), Some("2"));
    assert_eq!(answer.header("x-amzn-remapped-server"), Some("s"));
    assert_eq!(answer.header("x-amzn-remapped-date"), Some("d"));
    assert_eq!(answer.header("x-amzn-remapped-x-amzn-requestid"), Some("r"));
    assert_eq!(answer.0.matches("x-a: ").count(), 2);
}

#[tokio::test]
async fn an_answer_to_head_keeps_its_length() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n").await;
    let served = proxy_to(&upstream, config()).await;
    let answer = served.call("HEAD", "/a", "", "").await;
    assert_eq!((answer.status(), answer.header("content-length"), answer.body()), (200, Some("1234"), ""));
}

#[tokio::test]
async fn large_bodies_stream_both_ways() {
    const SIZE: usize = 9 * 1024 * 1024;
    let upstream = Upstream::answering(&ok(&"d".repeat(SIZE))).await;
    let served = proxy_to(&upstream, config()).await;
    let answer = served.call("PUT", "/a", "", &"u".repeat(SIZE)).await;
    assert_eq!((answer.status(), answer.body().len()), (200, SIZE));
    assert_eq!(upstream.requests().first().map(|request| request.matches('u').count() >= SIZE), Some(true));
}

#[tokio::test]
async fn a_body_streams_while_it_is_still_arriving() {
    let upstream = Upstream::start(Script::AnswerEarly(ok("early").into_bytes())).await;
    let served = proxy_to(&upstream, config()).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    let head = "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    stream.write_all(head.as_bytes()).await.expect("a reader");
    let mut seen = Vec::new();
    soon(async {
        while !seen.ends_with(b"early") {
            assert_ne!(stream.read_buf(&mut seen).await.expect("an answer"), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_refused_at_once() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy_to(&upstream, GatewayConfig { max_body_bytes: 10, ..config() }).await;
    let answer = served.call("POST", "/a", "", "12345678901").await;
    assert_eq!((answer.status(), answer.body()), (413, r#"{"message":"Request Too Long"}"#));
    assert_eq!(answer.header("x-amzn-errortype"), Some("RequestTooLargeException"));
    assert_eq!(upstream.connections(), 0);
    assert_eq!(served.call("POST", "/a", "", "1234567890").await.status(), 200);
}

#[tokio::test]
async fn a_chunked_body_that_grows_too_long_is_refused() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = proxy_to(&upstream, GatewayConfig { max_body_bytes: 10, ..config() }).await;
    let answer = served
        .exchange(
            "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
             8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(answer.status(), 413, "{answer:?}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_a_timeout() {
    let upstream = Upstream::start(Script::Hang).await;
    let answer = impatient_proxy_to(&upstream).await.get("/a").await;
    assert_eq!((answer.status(), answer.body()), (504, r#"{"message":"Endpoint request timed out"}"#));
    assert_eq!(answer.header("x-amzn-errortype"), Some("InternalServerErrorException"));
}

#[tokio::test]
async fn a_caller_with_a_slow_line_does_not_use_up_the_upstreams_time() {
    let upstream = Upstream::answering(&ok("done")).await;
    let mut integration = http_proxy(upstream.uri("/"));
    integration.timeout_millis = 400;
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Post, method(integration))]));
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    let head = "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nContent-Length: 8\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("a reader");
    for _ in 0..8 {
        stream.write_all(b"x").await.expect("a reader");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn an_upstream_that_talks_garbage_is_a_failure() {
    for garbage in ["garbage\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"] {
        let upstream = Upstream::start(Script::AnswerAndClose(garbage.as_bytes().to_vec())).await;
        let answer = proxy_to(&upstream, config()).await.get("/a").await;
        assert_eq!(answer.status(), 504, "{garbage:?}: {answer:?}");
        assert_eq!(answer.body(), r#"{"message":"Network error communicating with endpoint"}"#);
    }
}

#[tokio::test]
async fn an_upstream_that_takes_no_connection_is_a_failure() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let integration = http_proxy(format!("http://{closed}/"));
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(integration))]));
    assert_eq!(served.get("/a").await.status(), 504);
}

#[tokio::test]
async fn an_upstream_that_closes_early_breaks_the_callers_connection() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    let upstream = Upstream::start(Script::AnswerAndClose(cut.as_bytes().to_vec())).await;
    let answer = proxy_to(&upstream, config()).await.get("/a").await;
    assert!(answer.body().len() < 100, "{answer:?}");

    let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let upstream = Upstream::start(Script::AnswerAndClose(cut.as_bytes().to_vec())).await;
    let answer = proxy_to(&upstream, config()).await.get("/a").await;
    assert!(!answer.0.ends_with("0\r\n\r\n"), "an answer that was cut off must not look whole: {answer:?}");
}

#[tokio::test]
async fn an_upstream_that_stops_within_a_body_breaks_the_callers_connection() {
    let stuck = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    let upstream = Upstream::answering(stuck).await;
    let answer = impatient_proxy_to(&upstream).await.get("/a").await;
    assert!(answer.0.starts_with("HTTP/1.1 200") && answer.body().len() < 100, "{answer:?}");
}

#[tokio::test]
async fn a_protocol_switch_is_not_passed_on() {
    let upstream =
        Upstream::answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n").await;
    let served = proxy_to(&upstream, config()).await;
    let answer = served.call("GET", "/a", "Upgrade: x\r\n", "").await;
    assert!(matches!(answer.status(), 500 | 504), "{answer:?}");
}

#[tokio::test]
async fn parameters_are_mapped() {
    let upstream = Upstream::answering(&ok("")).await;
    let mut integration = http_proxy(format!("http://{}/${{stageVariables.base}}/{{pet}}", upstream.addr));
    integration.http_method = Some("PATCH".to_owned());
    for (place, source) in [
        ("integration.request.path.pet", "method.request.path.id"),
        ("integration.request.querystring.tenant", "'a b'"),
        ("integration.request.querystring.absent", "method.request.querystring.absent"),
        ("integration.request.header.X-Sort", "method.request.querystring.sort"),
        ("integration.request.header.X-Api", "context.apiId"),
        ("integration.request.header.X-Stage-Base", "stageVariables.base"),
    ] {
        integration.request_parameters.insert(place.to_owned(), source.to_owned());
    }
    let catalog = catalog_with(vec![("/pets/{id}", HttpMethod::Post, method(integration))], |stage| {
        stage.variables.insert("base".to_owned(), "v2".to_owned());
    });
    let served = Served::start(config(), &catalog);
    assert_eq!(served.call("POST", "/pets/7%2F8?sort=up%20down", "", "").await.status(), 200);
    let requests = upstream.requests();
    let request = requests.first().expect("a request");
    assert!(request.starts_with("PATCH /v2/7%2F8?sort=up%20down&tenant=a%20b HTTP/1.1\r\n"), "{request}");
    for header in ["x-sort: up down", "x-api: api1", "x-stage-base: v2"] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header} in {request}");
    }
}

#[tokio::test]
async fn no_authorization_may_be_spelt_in_small_letters() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let open = Method { authorization_type: "none".to_owned(), ..method(http_proxy(upstream.uri("/"))) };
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, open)]));
    assert_eq!(served.get("/a").await.status(), 200);
}

#[tokio::test]
async fn what_is_mapped_from_a_header_is_what_the_caller_sent() {
    let upstream = Upstream::answering(&ok("")).await;
    let mut integration = http_proxy(upstream.uri("/"));
    for (place, source) in [
        ("integration.request.header.Authorization", "'backend'"),
        ("integration.request.header.X-User-Auth", "method.request.header.Authorization"),
        ("integration.request.header.X-Forwarded-Host", "method.request.header.Host"),
        ("integration.request.header.X-Hops", "method.request.header.X-Forwarded-For"),
        ("integration.request.header.X-Max", "method.request.header.Max-Forwards"),
        ("integration.request.header.X-Agent", "context.identity.userAgent"),
        ("integration.request.header.X-Waf", "context.wafResponseCode"),
    ] {
        integration.request_parameters.insert(place.to_owned(), source.to_owned());
    }
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(integration))]));
    let sent = "Authorization: mine\r\nX-Forwarded-For: 10.0.0.1\r\nMax-Forwards: 3\r\n";
    assert_eq!(served.call("GET", "/a", sent, "").await.status(), 200);
    let request = upstream.requests().remove(0);
    for line in ["authorization: backend", "x-user-auth: mine", "x-hops: 10.0.0.1", "x-max: 3"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} in {request}");
    }
    assert!(request.contains("\r\nx-forwarded-host: api1.execute-api.localhost\r\n"), "{request}");
    for absent in ["x-agent", "max-forwards", "x-waf"] {
        assert!(!request.contains(absent), "{absent} in {request}");
    }
}

#[tokio::test]
async fn calls_in_flight_are_finished_when_the_gateway_stops() {
    let upstream = Upstream::start(Script::Hang).await;
    let mut integration = http_proxy(upstream.uri("/"));
    integration.timeout_millis = 300;
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(integration))]));
    let idle = TcpStream::connect(served.addr).await.expect("a connection");
    let mut busy = TcpStream::connect(served.addr).await.expect("a connection");
    busy.write_all(b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await.expect("a reader");
    soon(async {
        while upstream.connections() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let addr = served.addr;
    soon(served.running.drain()).await;
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    assert!(TcpStream::connect(addr).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn all_threads_serve_one_port() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = proxy_to(&upstream, GatewayConfig { threads: 4, ..config() }).await;
    for _ in 0..40 {
        assert_eq!(served.get("/a").await.status(), 200);
    }
    assert!(upstream.connections() > 1, "each thread has a pool of its own");
    assert_eq!(served.gateway.metrics().calls.by_class, [0, 40, 0, 0, 0]);
    soon(served.running.drain()).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = proxy_to(&upstream, GatewayConfig { max_connections: 1, ..config() }).await;
    let mut first = TcpStream::connect(served.addr).await.expect("a connection");
    first.write_all(b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await.expect("a reader");
    soon(first.readable()).await.expect("an answer");
    let (second, ()) = tokio::join!(served.get("/a"), async {
        assert_eq!(upstream.requests().len(), 1);
        drop(first);
    });
    assert_eq!(second.status(), 200);
}
