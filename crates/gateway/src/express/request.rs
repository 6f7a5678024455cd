//! A plain request: one that can be read in one way only, and is all here.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use memchr::memchr_iter;

use crate::head_lines::HeadLines;

/// Bytes that are read of what may become a request. A body has to come with its head, or it is somebody else's.
pub(super) const MOST_READ: usize = 8192;

/// Headers that it may have.
const MAX_HEADERS: usize = 32;

/// A request of HTTP/1.1.
#[derive(Debug)]
pub(crate) struct PlainRequest {
    pub(crate) verb: Method,
    pub(crate) uri: Uri,
    pub(crate) host: HeaderValue,
    pub(crate) lines: HeadLines,
    pub(crate) key: Key,
    pub(crate) body: Bytes,
    /// Whether the caller wants the connection closed afterwards.
    pub(crate) is_last: bool,
}

/// How often a key was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    None,
    /// By the index of its line.
    One(usize),
    Several,
}

/// What the first bytes of a connection are.
#[derive(Debug)]
pub(super) enum Parsed {
    /// A request, and what follows it.
    Plain(Box<PlainRequest>, Bytes),
    /// The beginning of what may become one.
    Partial,
    /// Something else, which is not looked at any further.
    Foreign,
}

/// What is noted of the headers while they are looked through.
struct Noted {
    host: Option<usize>,
    key: Key,
    length: Option<usize>,
    is_last: bool,
}

impl PlainRequest {
    /// Looks for a request at the front of `bytes`.
    pub(super) fn parse(bytes: &Bytes, max_head: usize) -> Parsed {
        if bytes.is_empty() {
            return Parsed::Partial;
        }
        let mut found = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut []);
        let length = match parsed.parse_with_uninit_headers(bytes, &mut found) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() < MOST_READ.min(max_head) => return Parsed::Partial,
            Ok(httparse::Status::Partial) | Err(_) => return Parsed::Foreign,
        };
        match Self::of(&parsed, bytes, length).filter(|_| length <= max_head) {
            Some((request, rest)) => Parsed::Plain(request, rest),
            None => Parsed::Foreign,
        }
    }

    /// The request that was parsed, and what follows it; `None` if it is not plain.
    fn of(parsed: &httparse::Request<'_, '_>, bytes: &Bytes, length: usize) -> Option<(Box<Self>, Bytes)> {
        let head = bytes.slice(..length);
        if parsed.version != Some(1) || has_bare_line_end(&head) {
            return None;
        }
        let verb = verb(parsed.method?)?;
        let target = parsed.path.filter(|target| target.starts_with('/'))?;
        let uri = Uri::from(PathAndQuery::from_maybe_shared(head.slice_ref(target.as_bytes())).ok()?);
        let noted = Noted::of(parsed.headers)?;
        let lines = HeadLines::new(head, parsed.headers)?;
        let host = lines.value(noted.host?).filter(|host| host.to_str().is_ok())?;
        let mut rest = bytes.slice(length..);
        let body_length = noted.length.unwrap_or(0);
        if body_length > rest.len() {
            return None;
        }
        let body = rest.split_to(body_length);
        if !rest.has_remaining() {
            // An empty rest would keep all of it in memory for as long as the connection lasts.
            rest = Bytes::new();
        }
        Some((Box::new(Self { verb, uri, host, lines, key: noted.key, body, is_last: noted.is_last }), rest))
    }
}

impl Noted {
    /// Looks through the headers; `None` if one of them asks for more than a plain answer, or leaves a doubt.
    fn of(headers: &[httparse::Header<'_>]) -> Option<Self> {
        let mut noted = Self { host: None, key: Key::None, length: None, is_last: false };
        for (index, header) in headers.iter().enumerate() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            match header.name.len() {
                4 if is("host") => once(&mut noted.host, index)?,
                // A connection that is to be closed names it.
                5 if is("close") => return None,
                6 if is("expect") => return None,
                7 if is("upgrade") || is("trailer") => return None,
                9 if is("x-api-key") => {
                    noted.key = if noted.key == Key::None { Key::One(index) } else { Key::Several };
                }
                10 if is("connection") => match header.value {
                    value if value.eq_ignore_ascii_case(b"keep-alive") => {}
                    value if value.eq_ignore_ascii_case(b"close") => noted.is_last = true,
                    _ => return None,
                },
                14 if is("content-length") => once(&mut noted.length, length(header.value)?)?,
                17 if is("transfer-encoding") => return None,
                _ => {}
            }
        }
        Some(noted)
    }
}

/// Notes what may come once; `None` when it comes again.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// A length of at most five digits, and nothing else.
fn length(value: &[u8]) -> Option<usize> {
    let is_short = (1..=5).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    is_short.then(|| value.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

fn verb(name: &str) -> Option<Method> {
    // HEAD is not among them: its answers have lengths and no bodies.
    match name {
        "GET" => Some(Method::GET),
        "POST" => Some(Method::POST),
        "PUT" => Some(Method::PUT),
        "DELETE" => Some(Method::DELETE),
        "PATCH" => Some(Method::PATCH),
        "OPTIONS" => Some(Method::OPTIONS),
        _ => None,
    }
}

/// Whether a line ends without a carriage return, or a head begins with an empty one.
fn has_bare_line_end(head: &[u8]) -> bool {
    head.first().is_some_and(|byte| !byte.is_ascii_uppercase())
        || memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Parsed {
        PlainRequest::parse(&Bytes::copy_from_slice(text.as_bytes()), 8192)
    }

    fn plain(text: &str) -> Box<PlainRequest> {
        match parse(text) {
            Parsed::Plain(request, _) => request,
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn a_plain_request_is_read_whole() {
        let text = "POST /a%20b?x=1 HTTP/1.1\r\nHost: h:1\r\nX-API-Key: k\r\nContent-Length: 4\r\n\r\nbodyGET";
        let Parsed::Plain(request, rest) = parse(text) else { panic!("it is plain") };
        assert_eq!((request.verb.as_str(), request.uri.path(), request.uri.query()), ("POST", "/a%20b", Some("x=1")));
        assert_eq!((&request.body[..], &rest[..]), (&b"body"[..], &b"GET"[..]));
        assert_eq!((request.host.to_str().ok(), request.key), (Some("h:1"), Key::One(1)));
        assert!(!request.is_last);
    }

    #[test]
    fn what_has_not_come_whole_may_become_a_request() {
        let text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        for end in 0..text.len() {
            assert!(matches!(parse(&text[..end]), Parsed::Partial), "{end}");
        }
        assert!(matches!(parse(&"x".repeat(MOST_READ)), Parsed::Foreign));
    }

    #[test]
    fn what_asks_for_more_or_leaves_a_doubt_is_left_alone() {
        let head = |lines: &str| format!("GET / HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
        for lines in [
            "Host: h\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 0\r\nContent-Length: 0\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: 1\r\n",
            "Connection: close\r\nClose: x\r\n",
            "Expect: 100-continue\r\n",
            "Connection: Upgrade\r\n",
            "Connection: close, x-a\r\n",
            "Upgrade: h2c\r\n",
            "A: 1\n",
            "A : 1\r\n",
            "A: 1\r\n 2\r\n",
        ] {
            assert!(matches!(parse(&head(lines)), Parsed::Foreign), "{lines:?}");
        }
        for text in [
            "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: h\r\n\r\n",
            "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
        ] {
            assert!(matches!(parse(text), Parsed::Foreign), "{text:?}");
        }
    }

    #[test]
    fn what_the_caller_says_of_connection_and_key_is_noted() {
        assert!(plain("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n").is_last);
        assert!(!plain("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n").is_last);
        assert_eq!(plain("GET / HTTP/1.1\r\nHost: h\r\n\r\n").key, Key::None);
        assert_eq!(plain("GET / HTTP/1.1\r\nx-api-key: a\r\nHost: h\r\nX-Api-Key: b\r\n\r\n").key, Key::Several);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = PlainRequest::parse(&Bytes::from(bytes), 8192);
        }
    }
}
