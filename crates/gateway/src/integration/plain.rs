//! HTTP_PROXY in bytes: the same request and the same answer as by maps of headers (`headers.rs`), for calls that need
//! none.

use http::header::HeaderMap;
use tollgate_domain::Moment;

use super::http_proxy::HttpProxy;
use super::report;
use crate::call::Call;
use crate::express::PlainRequest;
use crate::head_text::{put_line, put_name, put_number, put_value};
use crate::refusal::Refusal;
use crate::sending;
use crate::upstream::{AnswerHead, Exchange, Received, expects_a_body};
use crate::worker::Worker;

/// Bytes that the gateway adds to a head at most, beside what is as long as the caller's or the method's own values.
const ADDED: usize = 256;

/// Headers of a request that never reach an integration, and those that the gateway sets itself, in lower case. They are
/// those of `headers.rs`.
fn is_replaced(name: &[u8]) -> bool {
    match name.len() {
        2 => name == b"te",
        4 => name == b"host",
        6 => name == b"server",
        7 => matches!(name, b"trailer" | b"upgrade"),
        10 => matches!(name, b"connection" | b"keep-alive"),
        11 => name == b"content-md5",
        12 => name == b"max-forwards",
        14 => name == b"content-length",
        15 => name == b"x-forwarded-for",
        16 => matches!(name, b"proxy-connection" | b"www-authenticate" | b"x-forwarded-port"),
        17 => matches!(name, b"transfer-encoding" | b"x-forwarded-proto"),
        18 => name == b"proxy-authenticate",
        19 => name == b"proxy-authorization",
        24 => name == b"x-amzn-apigateway-api-id",
        _ => false,
    }
}

impl HttpProxy {
    /// Whether calls need no map of headers.
    pub(crate) fn is_plain(&self) -> bool {
        !self.read_body && self.upstream.headers.is_empty() && !self.upstream.target.reads_headers()
    }

    /// Passes a plain call on, and waits for the head of the answer. Says when it came, too.
    pub(crate) async fn exchange_plain(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        request: &PlainRequest<'_>,
    ) -> Result<(Received, Moment), Refusal> {
        let mut exchange = self.put(call, request)?;
        let began = worker.shared.clock.ticks();
        let received = self.upstream.receive(worker, call, &mut exchange, began).await;
        let answered = worker.shared.clock.now();
        match received {
            Ok(received) => {
                report::ended(call, began, answered.ticks, received.head.status.as_u16());
                Ok((received, answered))
            }
            Err(refusal) => {
                report::failed(call, began, answered.ticks, &refusal);
                Err(refusal)
            }
        }
    }

    /// Writes the request to the upstream.
    fn put(&self, call: &Call<'_>, request: &PlainRequest<'_>) -> Result<Exchange, Refusal> {
        let upstream = &self.upstream;
        let uri = upstream.target.uri(call, &HeaderMap::new(), call.query())?;
        let verb = upstream.verb.as_ref().unwrap_or(call.verb);
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let room = request.lines.len() + target.len() + upstream.own_lines.len() + request.body.len() + ADDED;
        let mut out = sending::buffer(room);
        for part in [verb.as_str(), " ", target, " HTTP/1.1\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        let (mut has_agent, mut hops) = (false, Vec::new());
        // Those that belong to a connection wherever there is one named.
        let of_connection = request.lines.values("connection").next().is_some();
        for (name, value) in request.lines.iter() {
            let before = out.len();
            let name = put_name(&mut out, name);
            match is_replaced(name) {
                true if name == b"x-forwarded-for" => {
                    hops.extend_from_slice(value);
                    hops.extend_from_slice(b", ");
                    out.truncate(before);
                }
                true if !of_connection && is_of_connection(name) => put_value(&mut out, value),
                true => out.truncate(before),
                false => {
                    has_agent |= name == b"user-agent";
                    put_value(&mut out, value);
                }
            }
        }
        out.extend_from_slice(b"x-forwarded-for: ");
        out.extend_from_slice(&hops);
        out.extend_from_slice(call.client.address.as_bytes());
        out.extend_from_slice(b"\r\n");
        put_line(&mut out, "x-forwarded-proto", call.client.scheme.as_bytes());
        put_line(&mut out, "x-forwarded-port", call.client.local_port.as_bytes());
        out.extend_from_slice(&upstream.own_lines);
        if !has_agent {
            put_line(&mut out, "user-agent", upstream.user_agent.as_bytes());
        }
        if !request.body.is_empty() || expects_a_body(verb) {
            put_number(&mut out, "content-length", request.body.len() as u64);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(request.body);
        Ok(Exchange::written(verb.clone(), out))
    }
}

/// Headers that stay where no `Connection` is, in lower case.
fn is_of_connection(name: &[u8]) -> bool {
    matches!(name, b"keep-alive" | b"proxy-connection")
}

/// Writes the headers of an upstream's answer as those of ours; false, and nothing is written, if they have to be put
/// into a map first.
pub(crate) fn put_answer_lines(out: &mut Vec<u8>, head: &AnswerHead) -> bool {
    let (before, mut seen) = (out.len(), [false; 5]);
    for (name, value) in head.lines.iter() {
        let start = out.len();
        let name = put_name(out, name);
        let renamed = match name.len() {
            4 if name == b"date" => Some((0, "x-amzn-remapped-date")),
            6 if name == b"server" => Some((1, "x-amzn-remapped-server")),
            14 if name == b"content-length" => Some((2, "x-amzn-remapped-content-length")),
            16 if name == b"x-amzn-requestid" => Some((3, "x-amzn-remapped-x-amzn-requestid")),
            10 if name == b"connection" && value.eq_ignore_ascii_case(b"keep-alive") => {
                Some((4, "x-amzn-remapped-connection"))
            }
            _ if needs_map(name) => {
                out.truncate(before);
                return false;
            }
            _ => None,
        };
        let Some((index, new_name)) = renamed else {
            put_value(out, value);
            continue;
        };
        out.truncate(start);
        // The first of several comes back under another name.
        if !std::mem::replace(&mut seen[index], true) {
            put_line(out, new_name, value);
        }
    }
    true
}

/// Headers of an answer that frame it, that belong to its connection, or in whose place the gateway has its own; in lower
/// case.
fn needs_map(name: &[u8]) -> bool {
    match name.len() {
        7 => matches!(name, b"trailer" | b"upgrade"),
        9 => name == b"ratelimit",
        10 => matches!(name, b"connection" | b"keep-alive"),
        14 => name == b"x-amz-apigw-id",
        16 => matches!(name, b"proxy-connection" | b"ratelimit-policy" | b"www-authenticate"),
        17 => name == b"transfer-encoding",
        _ => name.starts_with(b"x-amzn-remapped-"),
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

    const NAMES: [&str; 19] = [
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
        "WWW-Authenticate",
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
                let rare = |name: &str| needs_map(name.to_ascii_lowercase().as_bytes());
                prop_assert!(picked.iter().any(|(name, _)| rare(NAMES[*name])));
            }
        }
    }
}
