//! The express lane: a plain call comes out as it does by hyper and the pipeline, and a connection leaves the lane
//! whole.

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use support::{
    Answer, Script, Served, Upstream, catalog, catalog_with, config, deployed_with, http_proxy, method, ok, plan, soon,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tollgate_domain::stage::CanarySettings;
use tollgate_domain::{
    Catalog, Edit, GatewayResponse, GatewayResponseType, HttpMethod, IdSource, Method, QuotaPeriod, QuotaSettings,
    Record, ThrottleSettings, UsagePlan,
};
use tollgate_gateway::GatewayConfig;

/// Sends a call out of the lane: it is dropped on the way to the upstream.
const OTHERWISE: &str = "Trailer: x\r\n";

async fn proxy_to(upstream: &Upstream) -> Served {
    let greedy = method(http_proxy(upstream.uri("/base/{proxy}")));
    Served::start(config(), &catalog(vec![("/{proxy+}", HttpMethod::Any, greedy)]))
}

/// The lines of a message and its body, without what differs from call to call.
fn lines(message: &str) -> (Vec<String>, String) {
    let (head, body) = message.split_once("\r\n\r\n").expect("a head");
    let names_a_call =
        |line: &str| ["x-amzn-requestid: ", "x-amz-apigw-id: ", "date: "].iter().any(|it| line.starts_with(it));
    let mut lines: Vec<String> = head.lines().filter(|line| !names_a_call(line)).map(str::to_owned).collect();
    lines[1..].sort();
    (lines, body.to_owned())
}

struct Picker(IdSource);

impl Picker {
    fn one<'a, T: ?Sized>(&self, of: &[&'a T]) -> &'a T {
        of[usize::try_from(self.0.word() % of.len() as u64).expect("an index")]
    }

    fn header_lines(&self, names: &[&str], values: &[&str]) -> String {
        (0..self.0.word() % 6).fold(String::new(), |mut lines, _| {
            let _ = write!(lines, "{}: {}\r\n", self.one(names), self.one(values));
            lines
        })
    }

    fn request(&self) -> (&'static str, &'static str, String, &'static str) {
        const NAMES: [&str; 16] = [
            "Accept",
            "X-Forwarded-For",
            "x-forwarded-proto",
            "X-Forwarded-Port",
            "User-Agent",
            "Keep-Alive",
            "Proxy-Connection",
            "TE",
            "Content-MD5",
            "Max-Forwards",
            "Server",
            "Proxy-Authorization",
            "X-Amzn-Apigateway-Api-Id",
            "Authorization",
            "X-Own",
            "WWW-Authenticate",
        ];
        let verb = self.one(&["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);
        let path = self.one(&["/a", "/a/b%20c?x=1&y=%2F", "/a/", "/a?", "/%7Eb"]);
        let lines = self.header_lines(&NAMES, &["1", "a, b", "", "10.0.0.1"]);
        (verb, path, lines, self.one(&["", "", "body", "{\"a\":1}"]))
    }

    fn answer(&self) -> String {
        const NAMES: [&str; 14] = [
            "Date",
            "Server",
            "X-Amzn-RequestId",
            "Set-Cookie",
            "Content-Type",
            "ETag",
            "Keep-Alive",
            "x-amzn-remapped-date",
            "X-Amz-Apigw-Id",
            "RateLimit",
            "Connection",
            "Trailer",
            "X-Own",
            "Proxy-Connection",
        ];
        let status = self.one(&["200 OK", "200 Fine", "201 Created", "404 Not Found", "500 Internal Server Error"]);
        let lines = self.header_lines(&NAMES, &["1", "keep-alive", "x-own", "", "a b"]);
        let (framing, body) = self.one(&[
            &("Content-Length: 0\r\n", ""),
            &("content-length: 5\r\n", "hello"),
            &("Content-Length: 5, 5\r\n", "hello"),
            &("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        ]);
        match self.0.word() % 8 {
            0 => format!("HTTP/1.1 204 No Content\r\n{lines}\r\n"),
            1 => format!("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n{lines}\r\n"),
            _ => format!("HTTP/1.1 {status}\r\n{lines}{framing}\r\n{body}"),
        }
    }
}

#[tokio::test]
async fn a_call_comes_out_as_it_does_otherwise() {
    for seed in 0..300 {
        let picker = Picker(IdSource::seeded(seed));
        let answer = picker.answer();
        let upstream = Upstream::answering(&answer).await;
        let served = proxy_to(&upstream).await;
        let (verb, path, headers, body) = picker.request();
        let express = served.call(verb, path, &headers, body).await;
        let otherwise = served.call(verb, path, &format!("{headers}{OTHERWISE}"), body).await;
        let told = format!("seed {seed}: {verb} {path} {headers:?}, answered {answer:?}");
        assert_eq!(lines(&express.0), lines(&otherwise.0), "{told}");
        let requests = upstream.requests();
        let [first, second] = &requests[..] else { panic!("{told}: {requests:?}") };
        assert_eq!(lines(first), lines(second), "{told}");
    }
}

/// A method with a key, a plan whose limits are soon reached, and words of the API for whom they refuse.
fn limited(upstream: &Upstream, worded: bool) -> Catalog {
    let keyed = Method { api_key_required: true, ..method(http_proxy(upstream.uri("/"))) };
    let nowhere = Method { api_key_required: false, ..method(http_proxy("http://127.0.0.1:1/".to_owned())) };
    let methods = vec![("/keyed", HttpMethod::Get, keyed), ("/nowhere", HttpMethod::Get, nowhere)];
    let words = |kind| GatewayResponse {
        kind,
        status_code: Some("418".to_owned()),
        response_parameters: [("gatewayresponse.header.date".to_owned(), "'today'".to_owned())].into(),
        response_templates: [("text/plain".to_owned(), "no: $context.error.message".to_owned())].into(),
    };
    let catalog = deployed_with(methods, |tree| {
        let kinds = [GatewayResponseType::Throttled, GatewayResponseType::InvalidApiKey];
        let wordings = kinds.into_iter().filter(|_| worded).map(|kind| (kind, std::sync::Arc::new(words(kind))));
        tree.gateway_responses = wordings.collect();
    });
    let plan = UsagePlan {
        throttle: Some(ThrottleSettings::new(0.001, 4)),
        quota: Some(QuotaSettings { limit: 10, offset: 0, period: QuotaPeriod::Day }),
        ..plan("gold")
    };
    catalog.apply(&[Edit::put(Record::UsagePlan(plan))])
}

#[tokio::test]
async fn a_refusal_is_worded_as_it_is_otherwise() {
    let upstream = Upstream::answering(&ok("hello")).await;
    for worded in [false, true] {
        let catalog = limited(&upstream, worded);
        let served = Served::start(config(), &catalog);
        let plans: Vec<_> = catalog.usage_plans.keys().copied().collect();
        for key in ["key1", "key2"] {
            served.put_key(&format!("secret of {key}"), key, &plans);
        }
        let mut statuses = Vec::new();
        // The two keys stand alike, so that what is told of limits is the same.
        for key in ["X-API-Key: secret of KEY\r\n"; 6].into_iter().chain([
            "",
            "X-API-Key: x\r\n",
            "x-api-key: a\r\nX-API-Key: b\r\n",
        ]) {
            let express = served.call("GET", "/keyed", &key.replace("KEY", "key1"), "").await;
            let headers = format!("{}{OTHERWISE}", key.replace("KEY", "key2"));
            let otherwise = served.call("GET", "/keyed", &headers, "").await;
            assert_eq!(lines(&express.0), lines(&otherwise.0), "{key:?}");
            statuses.push(express.status());
        }
        let refused = if worded { [418; 2] } else { [429, 403] };
        let [throttled, forbidden] = refused;
        assert_eq!(statuses, [200, 200, 200, 200, throttled, throttled, forbidden, forbidden, forbidden]);
        let [express, otherwise] = [served.get("/nowhere").await, served.call("GET", "/nowhere", OTHERWISE, "").await];
        assert_eq!(lines(&express.0), lines(&otherwise.0));
        assert_eq!(express.status(), 504, "{express:?}");
    }
}

/// Reads one answer with a length.
async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    soon(async {
        loop {
            let answer = Answer(String::from_utf8_lossy(&bytes).into_owned());
            let length = answer.header("content-length").and_then(|length| length.parse().ok());
            if answer.0.contains("\r\n\r\n") && length == Some(answer.body().len()) {
                return answer;
            }
            assert_ne!(stream.read_buf(&mut bytes).await.expect("an answer"), 0, "{answer:?}");
        }
    })
    .await
}

#[tokio::test]
async fn a_connection_leaves_the_lane_in_between_and_loses_nothing() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    for (call, headers) in ["", "", OTHERWISE, ""].into_iter().enumerate() {
        let request = format!("GET /prod/{call} HTTP/1.1\r\nHost: api1.execute-api.x\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a reader");
        let answer = read_answer(&mut stream).await;
        assert_eq!((answer.status(), answer.body()), (200, "hello"));
    }
    let targets: Vec<String> = upstream.requests().iter().map(|request| request[4..11].to_owned()).collect();
    assert_eq!(targets, ["/base/0", "/base/1", "/base/2", "/base/3"]);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn calls_that_come_together_are_answered_one_after_the_other() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream).await;
    let one = |path: &str, more: &str| format!("GET /prod/{path} HTTP/1.1\r\nHost: api1.execute-api.x\r\n{more}\r\n");
    let together = [one("1", ""), one("2", ""), one("3", OTHERWISE), one("4", ""), one("5", "Connection: close\r\n")];
    let answer = served.exchange(together.concat()).await;
    assert_eq!(answer.0.matches("HTTP/1.1 200 OK").count(), 5, "{answer:?}");
    assert_eq!(upstream.requests().len(), 5);
}

#[tokio::test]
async fn refusals_that_nobody_reads_for_a_while_come_whole_and_in_order() {
    const CALLS: usize = 20_000;
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = Served::start(config(), &limited(&upstream, false));
    let (mut reader, mut writer) = TcpStream::connect(served.addr).await.expect("a connection").into_split();
    let writing = tokio::spawn(async move {
        let call = "GET /prod/keyed HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";
        writer.write_all(call.repeat(CALLS).as_bytes()).await.expect("a reader");
        writer.write_all(call.replace("Host", "Connection: close\r\nHost").as_bytes()).await.expect("a reader");
    });
    // More than the sockets hold.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut answers = Vec::new();
    soon(reader.read_to_end(&mut answers)).await.expect("answers");
    soon(writing).await.expect("written");
    let text = String::from_utf8(answers).expect("text");
    let heads: Vec<&str> = text.split_terminator("{\"message\":\"Forbidden\"}").collect();
    assert_eq!(heads.len(), CALLS + 1);
    assert!(heads.iter().all(|head| head.starts_with("HTTP/1.1 403 Forbidden\r\n") && head.ends_with("\r\n\r\n")));
    let last = heads.iter().position(|head| head.contains("connection: close"));
    assert_eq!(last, Some(CALLS));
}

#[tokio::test]
async fn a_connection_that_waits_for_a_call_keeps_no_catalog() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    stream.write_all(b"GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await.expect("a reader");
    assert_eq!(read_answer(&mut stream).await.status(), 200);
    assert_eq!(served.gateway.metrics().stages.len(), 1);
    served.publish(&Catalog { revision: 2, ..Catalog::default() });
    assert_eq!(served.gateway.metrics().stages.len(), 1, "held by a thread");
    soon(async {
        // Each thread holds what it saw with its last call.
        while !served.gateway.metrics().stages.is_empty() {
            served.get("/a").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_that_comes_in_pieces_is_put_together() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    for _ in 0..2 {
        let request = "POST /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nContent-Length: 4\r\n\r\nbody";
        for piece in request.as_bytes().chunks(7) {
            stream.write_all(piece).await.expect("a reader");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(read_answer(&mut stream).await.body(), "hello");
    }
    assert!(upstream.requests().iter().all(|request| request.ends_with("body")));
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_not_waited_for() {
    let upstream = Upstream::start(Script::Hang).await;
    let served = proxy_to(&upstream).await;
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    let request = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("a reader");
    soon(async {
        while upstream.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    drop(stream);
    // Nothing is left to be waited for, long before the integration's timeout.
    soon(served.running.drain()).await;
}

#[tokio::test]
async fn a_call_whose_caller_hangs_up_is_counted_all_the_same() {
    let upstream = Upstream::start(Script::Hang).await;
    // A plain call, and one that is not.
    for (number, header) in ["", "X-Not-Plain: 1\t2\r\n"].into_iter().enumerate() {
        let served = proxy_to(&upstream).await;
        let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
        let request = format!("GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a reader");
        soon(async {
            while upstream.requests().len() <= number {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
        drop(stream);
        soon(served.running.drain()).await;
        let counted = served.gateway.metrics();
        assert_eq!(counted.calls.by_class, [0, 0, 0, 1, 0], "{header:?}");
        assert_eq!(counted.stages[0].methods[0].outcomes.by_class, [0, 0, 0, 1, 0], "{header:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_none_is_refused_wherever_it_stands() {
    let upstream = Upstream::answering(&ok("hello")).await;
    let served = proxy_to(&upstream).await;
    for head in [
        "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x, other\r\n",
        "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x/evil\r\n",
        "GET http://api1.execute-api.x,other/prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n",
        "GET http://user@api1.execute-api.x/prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n",
    ] {
        assert_eq!(served.exchange(&format!("{head}\r\n")).await.status(), 400, "{head}");
    }
    let whole = "GET http://api1.execute-api.x/prod/a HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n";
    assert_eq!(served.exchange(whole).await.status(), 200);
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_the_connection() {
    let broken = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    let upstream = Upstream::start(Script::AnswerAndClose(broken.as_bytes().to_vec())).await;
    let served = proxy_to(&upstream).await;
    let answer = served.exchange("GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n").await;
    assert_eq!((answer.header("content-length"), answer.body()), (Some("50"), "hello"));
}

#[tokio::test]
async fn a_caller_who_reads_slowly_and_steadily_gets_all_of_an_answer() {
    const SIZE: usize = 24 * 1024 * 1024;
    let upstream = Upstream::answering(&ok(&"x".repeat(SIZE))).await;
    let greedy = method(http_proxy(upstream.uri("/{proxy}")));
    let patience = Duration::from_secs(1);
    let config = GatewayConfig { body_read_timeout: patience, ..config() };
    let served = Served::start(config, &catalog(vec![("/{proxy+}", HttpMethod::Any, greedy)]));
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    let request = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("a reader");
    let (mut piece, mut received) = (vec![0; 256 * 1024], 0);
    // Several times as long as anybody may pause.
    while received < SIZE {
        let read = soon(stream.read(&mut piece)).await.expect("more");
        assert_ne!(read, 0, "it ends after {received} bytes");
        received += read;
        tokio::time::sleep(patience / 25).await;
    }
}

#[tokio::test]
async fn a_call_goes_by_the_canary_as_often_as_it_is_to() {
    let upstream = Upstream::answering(&ok("")).await;
    // By the stage's own variables the method is plain, by those of its canary it leads nowhere and is not.
    let forked = method(http_proxy("http://${stageVariables.host}/".to_owned()));
    let catalog = catalog_with(vec![("/a", HttpMethod::Get, forked)], |stage| {
        stage.variables.insert("host".to_owned(), upstream.addr.to_string());
        stage.canary_settings = Some(CanarySettings {
            percent_traffic: 50.0,
            deployment_id: None,
            stage_variable_overrides: [("host".to_owned(), String::new())].into(),
            use_stage_cache: false,
        });
    });
    let served = Served::start(config(), &catalog);
    let mut by_canary = 0;
    for _ in 0..400 {
        by_canary += usize::from(served.get("/a").await.status() != 200);
    }
    assert!((150..=250).contains(&by_canary), "{by_canary} of 400");
}

#[tokio::test]
async fn a_call_that_is_answered_while_the_gateway_stops_is_told_that_it_is_the_last() {
    let upstream = Upstream::start(Script::Hang).await;
    let mut nowhere = http_proxy(upstream.uri("/"));
    nowhere.timeout_millis = 300;
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(nowhere))]));
    let mut stream = TcpStream::connect(served.addr).await.expect("a connection");
    let request = "GET /prod/a HTTP/1.1\r\nHost: api1.execute-api.x\r\n\r\n";
    // The second one is read, and belongs to whoever serves next.
    stream.write_all(format!("{request}{request}").as_bytes()).await.expect("a reader");
    soon(async {
        while upstream.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    let released = soon(served.running.release()).await;
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.expect("an answer");
    assert_eq!(answer.matches("HTTP/1.1 504 ").count(), 1, "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    soon(released.finish()).await;
    assert_eq!(upstream.requests().len(), 1);
}
