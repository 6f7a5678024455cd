//! A plain request: one that can be read in one way only, and is all here.

use std::mem::MaybeUninit;

use http::{Method, Version};

use crate::call::RequestLine;
use crate::head_lines::HeadLines;
use crate::listen::is_host;

/// Bytes that are read of what may become a request. A body has to come with its head, or it is somebody else's.
pub(super) const MOST_READ: usize = 8192;

/// Headers that it may have.
const MAX_HEADERS: usize = 32;

/// A request of HTTP/1.1, as parts of the bytes that were read.
#[derive(Debug)]
pub(crate) struct PlainRequest<'a> {
    pub(crate) verb: Method,
    /// Path and query.
    target: &'a str,
    pub(crate) path: &'a str,
    pub(crate) host: &'a str,
    pub(crate) lines: HeadLines<&'a [u8]>,
    pub(crate) key: Key<'a>,
    pub(crate) body: &'a [u8],
    /// Whether the caller wants the connection closed afterwards.
    pub(crate) is_last: bool,
}

/// How often a key was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    None,
    One(&'a [u8]),
    Several,
}

/// What the first bytes of a connection are.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made; a box would be made for each call")]
pub(super) enum Parsed<'a> {
    /// A request, and how many bytes it has with its body.
    Plain(PlainRequest<'a>, usize),
    /// The beginning of what may become one.
    Partial,
    /// Something else, which is not looked at any further.
    Foreign,
}

/// What is noted of the headers while they are looked through.
struct Noted<'a> {
    host: Option<&'a [u8]>,
    key: Key<'a>,
    length: Option<usize>,
    is_last: bool,
}

impl<'a> PlainRequest<'a> {
    /// Looks for a request at the front of `bytes`.
    pub(super) fn parse(bytes: &'a [u8], max_head: usize) -> Parsed<'a> {
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
            Some((request, length)) => Parsed::Plain(request, length),
            None => Parsed::Foreign,
        }
    }

    /// The request that was parsed, and how many bytes it has; `None` if it is not plain.
    fn of(parsed: &httparse::Request<'_, 'a>, bytes: &'a [u8], head_length: usize) -> Option<(Self, usize)> {
        let head = bytes.get(..head_length)?;
        if parsed.version != Some(1) || has_bare_line_end(head) {
            return None;
        }
        let verb = verb(parsed.method?)?;
        let target = parsed.path?;
        let path = plain_path(target)?;
        let noted = Noted::of(parsed.headers)?;
        let lines = HeadLines::new(head, parsed.headers)?;
        let host = noted.host.filter(|host| is_host(host)).and_then(|host| std::str::from_utf8(host).ok())?;
        let length = head_length + noted.length.unwrap_or(0);
        let body = bytes.get(head_length..length)?;
        Some((Self { verb, target, path, host, lines, key: noted.key, body, is_last: noted.is_last }, length))
    }

    /// Its first line.
    pub(crate) fn line(&self) -> RequestLine<'_> {
        RequestLine { verb: &self.verb, target: self.target, version: Version::HTTP_11 }
    }
}

impl<'a> Noted<'a> {
    /// Looks through the headers; `None` if one of them asks for more than a plain answer, or leaves a doubt.
    fn of(headers: &[httparse::Header<'a>]) -> Option<Self> {
        let mut noted = Self { host: None, key: Key::None, length: None, is_last: false };
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            match header.name.len() {
                4 if is("host") => once(&mut noted.host, header.value)?,
                // A connection that is to be closed names it.
                5 if is("close") => return None,
                6 if is("expect") => return None,
                7 if is("upgrade") || is("trailer") => return None,
                9 if is("x-api-key") => {
                    noted.key = if noted.key == Key::None { Key::One(header.value) } else { Key::Several };
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

/// The path of a target; `None` unless that begins with a slash and has nothing but letters that the library's addresses
/// take in paths and in queries alike. Others go where they are judged.
fn plain_path(target: &str) -> Option<&str> {
    const ALLOWED: [bool; 256] = {
        let (mut allowed, mut byte) = ([false; 256], 0);
        while byte < 256 {
            // A fragment is none of a target, and of the others each is refused in a path or in a query.
            let is_elsewhere = matches!(byte as u8, b'"' | b'#' | b'<' | b'>' | b'`');
            allowed[byte] = (byte as u8).is_ascii_graphic() && !is_elsewhere;
            byte += 1;
        }
        allowed
    };
    let mut path_length = target.len();
    for (index, byte) in target.bytes().enumerate() {
        if !ALLOWED[usize::from(byte)] {
            return None;
        }
        if byte == b'?' && path_length == target.len() {
            path_length = index;
        }
    }
    target.get(..path_length).filter(|path| path.starts_with('/'))
}

/// Whether a line ends without a carriage return, or a head begins with an empty one.
fn has_bare_line_end(head: &[u8]) -> bool {
    let is_bare = |before: u8, byte: u8| (byte == b'\n') & (before != b'\r');
    // All of it, without leaving early: so the compiler takes many letters at once.
    let ends = head.iter().zip(head.get(1..).unwrap_or_default());
    !head.first().is_some_and(u8::is_ascii_uppercase) | ends.fold(false, |any, (a, b)| any | is_bare(*a, *b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Parsed<'_> {
        PlainRequest::parse(text.as_bytes(), 8192)
    }

    fn plain(text: &str) -> PlainRequest<'_> {
        match parse(text) {
            Parsed::Plain(request, _) => request,
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn a_plain_request_is_read_whole() {
        let text = "POST /a%20b?x=1 HTTP/1.1\r\nHost: h:1\r\nX-API-Key: k\r\nContent-Length: 4\r\n\r\nbodyGET";
        let Parsed::Plain(request, length) = parse(text) else { panic!("it is plain") };
        assert_eq!((request.verb.as_str(), request.path, request.target), ("POST", "/a%20b", "/a%20b?x=1"));
        assert_eq!((request.body, &text[length..]), (&b"body"[..], "GET"));
        assert_eq!((request.host, request.key), ("h:1", Key::One(b"k")));
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
            "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /<a> HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \u{e9}\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
        ] {
            assert!(matches!(parse(text), Parsed::Foreign), "{text:?}");
        }
    }

    #[test]
    fn a_target_may_have_what_clients_leave_as_it_is() {
        for target in ["/a?ids[]=1&ids[]=2", "/{a}", "/a|b", "/a\\b", "/a^b"] {
            let text = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(plain(&text).target, target);
        }
    }

    #[test]
    fn a_host_that_is_none_is_left_alone() {
        for host in ["a.example", "A:80", "[::1]:8080", "10.0.0.1", ""] {
            assert_eq!(plain(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).host, host);
        }
        for host in ["a/b", "a, b", "a b", "a\\b", "a@b", "a?b", "a#b"] {
            assert!(matches!(parse(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), Parsed::Foreign), "{host}");
        }
    }

    #[test]
    fn every_letter_that_is_plain_may_stand_anywhere_in_a_target() {
        for letter in (0..=u8::MAX).map(char::from) {
            for target in [format!("/{letter}"), format!("/?{letter}")] {
                let text = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
                if let Parsed::Plain(request, _) = parse(&text) {
                    let library: http::Uri = target.parse().unwrap_or_else(|error| panic!("{target}: {error}"));
                    assert_eq!(library.path_and_query().map(|both| both.as_str()), Some(request.target));
                }
            }
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
            let _ = PlainRequest::parse(&bytes, 8192);
        }

        #[test]
        fn what_is_plain_is_made_of_the_bytes_that_were_read(
            at in 0usize..80,
            put in prop::collection::vec(any::<u8>(), 0..8),
            removed in 0usize..8,
        ) {
            let mut bytes = b"POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX-Api-Key: k\r\nContent-Length: 4\r\n\r\nbodyGET".to_vec();
            let at = at.min(bytes.len());
            bytes.splice(at..(at + removed).min(bytes.len()), put);
            if let Parsed::Plain(request, length) = PlainRequest::parse(&bytes, 8192) {
                let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
                prop_assert_eq!(length, head + request.body.len());
                prop_assert_eq!(request.body, &bytes[head..length]);
                prop_assert!(request.target.starts_with(request.path) && is_host(request.host.as_bytes()));
            }
        }

        #[test]
        fn a_target_is_read_as_a_library_reads_it(target in "/[!-~]{0,20}|[/?#%a]{0,6}") {
            let text = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
            if let Parsed::Plain(request, _) = parse(&text) {
                let uri: http::Uri = target.parse().expect("an address");
                prop_assert_eq!(uri.path_and_query().map(|both| both.as_str()), Some(request.target));
                prop_assert_eq!(uri.path(), request.path);
            }
        }

        #[test]
        fn a_bare_line_end_is_seen_wherever_it_is(text in "[\r\na]{0,70}") {
            let head = format!("A{text}");
            let bare = head.replace("\r\n", "").contains('\n');
            prop_assert_eq!(has_bare_line_end(head.as_bytes()), bare);
        }
    }
}
