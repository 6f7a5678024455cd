//! HTTP/1.1 as it is spoken with upstreams: how answers are framed, and when a connection is used again.

mod support;

use support::{Script, Served, Upstream, catalog, config, http_proxy, method, ok, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_domain::HttpMethod;

fn proxy_to(uri: String) -> Served {
    Served::start(config(), &catalog(vec![("/{proxy+}", HttpMethod::Any, method(http_proxy(uri)))]))
}

/// Two calls to an upstream that answers so: their bodies, and the connections they took.
async fn twice(answer: &str, verb: &str) -> ([(u16, String); 2], usize) {
    let upstream = Upstream::answering(answer).await;
    let served = proxy_to(upstream.uri("/{proxy}"));
    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = served.call(verb, "/a", "", "").await;
        answers.push((answer.status(), answer.body().to_owned()));
    }
    (answers.try_into().expect("two"), upstream.connections())
}

#[tokio::test]
async fn a_connection_is_used_again_when_the_answer_said_where_it_ends() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "GET", 200, "hi", 1),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", "GET", 200, "hi", 2),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "GET", 200, "hi", 2),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", "GET", 200, "hi", 1),
        ("HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, "", 1),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", 304, "", 1),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, "", 1),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
            "GET",
            201,
            "",
            1,
        ),
        // What follows the body belongs to no call.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            "GET",
            200,
            "hi",
            2,
        ),
    ];
    for (answer, verb, status, body, connections) in cases {
        let expected = (status, body.to_owned());
        assert_eq!(twice(answer, verb).await, ([expected.clone(), expected], connections), "{answer:?}");
    }
}

#[tokio::test]
async fn chunks_come_back_as_they_went_and_their_connection_is_used_again() {
    let text =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
    let (answers, connections) = twice(text, "GET").await;
    for (status, body) in answers {
        // Without extensions and trailers.
        assert_eq!((status, body.replace("\r\n", " ").as_str()), (200, "3 abc 2 de 0  "), "{body:?}");
    }
    assert_eq!(connections, 1);
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_connection() {
    let upstream =
        Upstream::start(Script::AnswerAndClose(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nall of it".to_vec())).await;
    let served = proxy_to(upstream.uri("/{proxy}"));
    let answer = served.get("/a").await;
    assert_eq!((answer.status(), answer.header("x-a")), (200, Some("b")), "{answer:?}");
    assert!(answer.body().contains("all of it"), "{answer:?}");
}

#[tokio::test]
async fn an_answer_that_can_be_read_in_two_ways_is_a_failure() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        let ([(first, _), (second, _)], _) = twice(head, "GET").await;
        assert_eq!((first, second), (504, 504), "{head:?}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_a_failure() {
    let endless = format!("HTTP/1.1 200 OK\r\nX-Long: {}", "a".repeat(70_000));
    let ([(status, _), _], _) = twice(&endless, "GET").await;
    assert_eq!(status, 504);
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X: y\r\n".repeat(150));
    let ([(status, _), _], _) = twice(&many, "GET").await;
    assert_eq!(status, 504);
}

#[tokio::test]
async fn a_head_that_comes_in_pieces_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let served = proxy_to(format!("http://{}/{{proxy}}", listener.local_addr().expect("an address")));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_head(&mut stream).await;
        for byte in ok("hello").as_bytes() {
            stream.write_all(&[*byte]).await.expect("a reader");
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    });
    let answer = served.get("/a").await;
    assert_eq!((answer.status(), answer.body()), (200, "hello"));
}

/// Reads up to the end of a head.
async fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.windows(4).any(|window| window == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.expect("bytes"), 0, "a head");
    }
    read
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_was_sent_is_passed_on_and_the_rest_is_sent() {
    const LENGTH: usize = 4_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let served = proxy_to(format!("http://{}/{{proxy}}", listener.local_addr().expect("an address")));
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut read = read_head(&mut stream).await;
        let head = read.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        stream.write_all(ok("early").as_bytes()).await.expect("a reader");
        // Not one byte more: the next request may follow at once.
        let rest = (head + LENGTH - read.len()) as u64;
        let sent = (&mut stream).take(rest).read_to_end(&mut read).await.expect("the rest") as u64;
        assert_eq!(sent, rest);
        // The same connection is used again, as soon as the gateway knows that all was sent.
        loop {
            tokio::select! {
                _ = read_head(&mut stream) => break,
                other = listener.accept() => {
                    let (mut other, _) = other.expect("a connection");
                    read_head(&mut other).await;
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nother";
                    other.write_all(answer.as_bytes()).await.expect("a reader");
                }
            }
        }
        stream.write_all(ok("again").as_bytes()).await.expect("a reader");
    });
    // A caller that closes its connection after the answer would break off its own body.
    let mut caller = TcpStream::connect(served.addr).await.expect("a connection");
    let head = format!("POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nContent-Length: {LENGTH}\r\n\r\n");
    soon(caller.write_all(format!("{head}{}", "b".repeat(LENGTH)).as_bytes())).await.expect("a reader");
    let mut answer = Vec::new();
    while !answer.ends_with(b"early") {
        assert_ne!(soon(caller.read_buf(&mut answer)).await.expect("bytes"), 0, "an answer");
    }
    while served.get("/b").await.body() != "again" {
        tokio::task::yield_now().await;
    }
    soon(upstream).await.expect("an upstream");
}

#[tokio::test]
async fn an_answer_that_comes_with_a_hang_up_is_passed_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let served = proxy_to(format!("http://{}/{{proxy}}", listener.local_addr().expect("an address")));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_head(&mut stream).await;
        let refusal = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
        stream.write_all(refusal.as_bytes()).await.expect("a reader");
        stream.shutdown().await.expect("a reader");
        // What comes is read and dropped, so that the answer is not lost to a reset.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    let answer = served.call("POST", "/a", "", &"b".repeat(2_000_000)).await;
    assert_eq!((answer.status(), answer.body()), (413, "no!"));
}

#[tokio::test]
async fn what_came_of_an_answer_that_breaks_off_reaches_the_caller() {
    for half in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno size\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    ] {
        let upstream = Upstream::start(Script::AnswerAndClose(half.as_bytes().to_vec())).await;
        let answer = proxy_to(upstream.uri("/{proxy}")).get("/a").await;
        assert_eq!(answer.status(), 200, "{half:?}");
        assert!(answer.body().contains("half") && !answer.body().contains("0\r\n\r\n"), "{answer:?}");
    }
}

#[tokio::test]
async fn bodies_of_any_size_come_back_whole() {
    for length in [1, 16_383, 16_384, 16_385, 65_536, 3_000_000] {
        let body: String = (0..length).map(|at: usize| char::from(b'a' + (at % 26) as u8)).collect();
        let ([first, second], connections) = twice(&ok(&body), "GET").await;
        assert!(first == (200, body.clone()) && second == (200, body), "{length}");
        assert_eq!(connections, 1, "{length}");
    }
}
