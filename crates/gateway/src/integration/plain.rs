//! HTTP_PROXY in bytes: the same request and the same answer as by maps of headers (`headers.rs`), for calls that need
//! none.

use http::header::HeaderMap;

use super::headers::API_ID;
use super::http_proxy::HttpProxy;
use super::report;
use crate::call::Call;
use crate::express::PlainRequest;
use crate::refusal::Refusal;
use crate::upstream::{AnswerHead, Exchange, Received, expects_a_body};
use crate::worker::Worker;

/// Bytes that the gateway adds to a head at most, beside what is as long as the caller's or the method's own values.
const ADDED: usize = 256;

/// Headers of a request that never reach an integration, and those that the gateway sets itself. They are those of
/// `headers.rs`, by their lengths.
fn is_replaced(name: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    match name.len() {
        2 => is("te"),
        4 => is("host"),
        6 => is("server"),
        7 => is("trailer") || is("upgrade"),
        10 => is("connection") || is("keep-alive"),
        11 => is("content-md5"),
        12 => is("max-forwards"),
        14 => is("content-length"),
        15 => is("x-forwarded-for"),
        16 => is("proxy-connection") || is("www-authenticate") || is("x-forwarded-port"),
        17 => is("transfer-encoding") || is("x-forwarded-proto"),
        18 => is("proxy-authenticate"),
        19 => is("proxy-authorization"),
        24 => is("x-amzn-apigateway-api-id"),
        _ => false,
    }
}

/// Writes a name in lower case.
fn put_name(out: &mut Vec<u8>, name: &[u8]) {
    let start = out.len();
    out.extend_from_slice(name);
    out[start..].make_ascii_lowercase();
}

/// Writes a line of a head.
pub(crate) fn put_line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    put_name(out, name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes a line whose value is a number.
pub(crate) fn put_number(out: &mut Vec<u8>, name: &[u8], number: u64) {
    put_line(out, name, itoa::Buffer::new().format(number).as_bytes());
}

impl HttpProxy {
    /// Whether calls need no map of headers.
    pub(crate) fn is_plain(&self) -> bool {
        !self.read_body && self.upstream.headers.is_empty() && !self.upstream.target.reads_headers()
    }

    /// Passes a plain call on, and waits for the head of the answer.
    pub(crate) async fn exchange_plain(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        request: &PlainRequest,
    ) -> Result<Received, Refusal> {
        let mut exchange = self.put(call, request)?;
        let began = worker.shared.clock.ticks();
        let received = self.upstream.receive(worker, call, &mut exchange).await;
        match &received {
            Ok(received) => report::ended(worker, call, began, received.head.status.as_u16()),
            Err(refusal) => report::failed(worker, call, began, refusal),
        }
        received
    }

    /// Writes the request to the upstream.
    fn put(&self, call: &Call<'_>, request: &PlainRequest) -> Result<Exchange, Refusal> {
        let upstream = &self.upstream;
        let uri = upstream.target.uri(call, &HeaderMap::new(), call.query())?;
        let verb = upstream.verb.as_ref().unwrap_or(call.verb);
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let room = request.lines.len() + target.len() + upstream.target.host.len() + request.body.len() + ADDED;
        let mut out = Vec::with_capacity(room);
        for part in [verb.as_str(), " ", target, " HTTP/1.1\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        let (mut has_agent, mut hops) = (false, Vec::new());
        // Those that belong to a connection wherever there is one named.
        let of_connection = request.lines.values("connection").next().is_some();
        for (name, value) in request.lines.iter() {
            match is_replaced(name) {
                true if name.eq_ignore_ascii_case(b"x-forwarded-for") => {
                    hops.extend_from_slice(value);
                    hops.extend_from_slice(b", ");
                }
                true if !of_connection && is_of_connection(name) => put_line(&mut out, name, value),
                true => {}
                false => {
                    has_agent |= name.len() == 10 && name.eq_ignore_ascii_case(b"user-agent");
                    put_line(&mut out, name, value);
                }
            }
        }
        hops.extend_from_slice(call.client.address.as_bytes());
        put_line(&mut out, b"x-forwarded-for", &hops);
        put_line(&mut out, b"x-forwarded-proto", call.client.scheme.as_bytes());
        put_line(&mut out, b"x-forwarded-port", call.client.local_port.as_bytes());
        put_line(&mut out, b"host", upstream.target.host.as_bytes());
        put_line(&mut out, API_ID.as_str().as_bytes(), upstream.api_id.as_bytes());
        if !has_agent {
            put_line(&mut out, b"user-agent", upstream.user_agent.as_bytes());
        }
        if !request.body.is_empty() || expects_a_body(verb) {
            put_number(&mut out, b"content-length", request.body.len() as u64);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&request.body);
        Ok(Exchange::written(verb.clone(), out))
    }
}

/// Headers that stay where no `Connection` is.
fn is_of_connection(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"keep-alive") || name.eq_ignore_ascii_case(b"proxy-connection")
}

/// Writes the headers of an upstream's answer as those of ours; false, and nothing is written, if they have to be put
/// into a map first.
pub(crate) fn put_answer_lines(out: &mut Vec<u8>, head: &AnswerHead) -> bool {
    let (before, mut seen) = (out.len(), [false; 5]);
    for (name, value) in head.lines.iter() {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        // The first of several comes back under another name.
        let mut remapped = |index: usize, out: &mut Vec<u8>, to: &str| {
            if !std::mem::replace(&mut seen[index], true) {
                put_line(out, to.as_bytes(), value);
            }
        };
        match name.len() {
            4 if is("date") => remapped(0, out, "x-amzn-remapped-date"),
            6 if is("server") => remapped(1, out, "x-amzn-remapped-server"),
            14 if is("content-length") => remapped(2, out, "x-amzn-remapped-content-length"),
            16 if is("x-amzn-requestid") => remapped(3, out, "x-amzn-remapped-x-amzn-requestid"),
            10 if is("connection") && value.eq_ignore_ascii_case(b"keep-alive") => {
                remapped(4, out, "x-amzn-remapped-connection");
            }
            _ if needs_map(name) => {
                out.truncate(before);
                return false;
            }
            _ => put_line(out, name, value),
        }
    }
    true
}

/// Headers of an answer that frame it, that belong to its connection, or in whose place the gateway has its own.
fn needs_map(name: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    match name.len() {
        7 => is("trailer") || is("upgrade"),
        9 => is("ratelimit"),
        10 => is("connection") || is("keep-alive"),
        14 => is("x-amz-apigw-id"),
        16 => is("proxy-connection") || is("ratelimit-policy"),
        17 => is("transfer-encoding"),
        _ => name.len() > 16 && name[..16].eq_ignore_ascii_case(b"x-amzn-remapped-"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Method;
    use http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::super::headers::forward_response;
    use super::*;

    const NAMES: [&str; 18] = [
        "Content-Length",
        "Date",
        "Server",
        "X-Amzn-RequestId",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Trailer",
        "Upgrade",
        "Set-Cookie",
        "Content-Type",
        "ETag",
        "X-A",
        "x-amzn-remapped-date",
        "X-Amzn-Remapped-Server",
        "RateLimit",
        "RateLimit-Policy",
        "x-amz-apigw-id",
    ];

    fn sorted(mut lines: Vec<(String, String)>) -> Vec<(String, String)> {
        lines.sort();
        lines
    }

    fn of_map(map: &HeaderMap) -> Vec<(String, String)> {
        let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
        sorted(map.iter().map(|(name, value): (&HeaderName, _)| (name.to_string(), text(value))).collect())
    }

    fn of_bytes(bytes: &[u8]) -> Vec<(String, String)> {
        let text = std::str::from_utf8(bytes).expect("text");
        let lines = text.split_terminator("\r\n").map(|line| line.split_once(": ").expect("a line"));
        sorted(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn headers_of_an_answer_are_the_same_in_bytes_as_in_a_map(
            picked in prop::collection::vec((0..NAMES.len(), prop_oneof![Just("keep-alive"), Just("1"), Just("date")]), 0..8),
        ) {
            let lines: String = picked
                .iter()
                // A length has to be one, and the same.
                .map(|(name, value)| (NAMES[*name], if *name == 0 { "1" } else { *value }))
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let bytes = Bytes::from(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
            let head = AnswerHead::parse(&bytes, &Method::GET).expect("a head").expect("all of it");
            let mut out = b"before".to_vec();
            if put_answer_lines(&mut out, &head) {
                let mut map = head.lines.to_map().expect("a map");
                forward_response(&mut map, false);
                prop_assert_eq!(of_bytes(&out[6..]), of_map(&map));
            } else {
                prop_assert_eq!(out, b"before");
                let rare = |name: &str| needs_map(name.as_bytes());
                prop_assert!(picked.iter().any(|(name, _)| rare(NAMES[*name])));
            }
        }
    }
}
