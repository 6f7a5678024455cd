//! A plain request: one that can be read in one way only, and is all here.

use std::mem::MaybeUninit;
use std::ops::Range;

use http::{Method, Version};

use crate::call::RequestLine;
use crate::head_lines::HeadLines;
use crate::letters::Letters;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    #[default]
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
#[derive(Default)]
struct Noted<'a> {
    host: Option<&'a [u8]>,
    key: Key<'a>,
    length: Option<usize>,
    is_last: bool,
}

impl<'a> PlainRequest<'a> {
    /// Looks for a request at the front of `bytes`.
    pub(super) fn parse(bytes: &'a [u8], max_head: usize) -> Parsed<'a> {
        match Self::read(bytes, max_head) {
            Some((request, length)) => Parsed::Plain(request, length),
            None if bytes.len() < MOST_READ.min(max_head) && is_begun(bytes) => Parsed::Partial,
            None => Parsed::Foreign,
        }
    }

    /// The request, and how many bytes it has; `None` if it is not plain, or not all here.
    #[inline]
    fn read(bytes: &'a [u8], max_head: usize) -> Option<(Self, usize)> {
        let (verb, start) = verb(bytes)?;
        let (target, end) = target(bytes, start)?;
        let mut next = after(bytes, end, b" HTTP/1.1\r\n")?;
        let (mut lines, mut noted) = (HeadLines::within(bytes), Noted::default());
        let end = loop {
            if let Some(end) = after(bytes, next, b"\r\n") {
                break end;
            }
            let (name, value, end) = line(bytes, next)?;
            noted.note(&bytes[name.clone()], &bytes[value.clone()])?;
            lines.push(name, value)?;
            next = end;
        };
        lines.end_at(end);
        if end > max_head || lines.count() > MAX_HEADERS {
            return None;
        }
        let host = noted.host.filter(|host| is_host(host)).and_then(|host| std::str::from_utf8(host).ok())?;
        let body = bytes[end..].get(..noted.length.unwrap_or(0))?;
        let path = path(target);
        let request = Self { verb, target, path, host, lines, key: noted.key, body, is_last: noted.is_last };
        Some((request, end + body.len()))
    }

    /// Its first line.
    pub(crate) fn line(&self) -> RequestLine<'_> {
        RequestLine { verb: &self.verb, target: self.target, version: Version::HTTP_11 }
    }
}

impl<'a> Noted<'a> {
    /// Notes a header; `None` if it asks for more than a plain answer, or leaves a doubt.
    fn note(&mut self, name: &'a [u8], value: &'a [u8]) -> Option<()> {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if is(b"host") => once(&mut self.host, value),
            // A connection that is to be closed names it.
            5 if is(b"close") => None,
            6 if is(b"expect") => None,
            7 if is(b"upgrade") || is(b"trailer") => None,
            9 if is(b"x-api-key") => {
                self.key = if self.key == Key::None { Key::One(value) } else { Key::Several };
                Some(())
            }
            10 if is(b"connection") => {
                let closes = value.eq_ignore_ascii_case(b"close");
                self.is_last |= closes;
                (closes || value.eq_ignore_ascii_case(b"keep-alive")).then_some(())
            }
            14 if is(b"content-length") => once(&mut self.length, length(value)?),
            17 if is(b"transfer-encoding") => None,
            _ => Some(()),
        }
    }
}

/// Whether what has come may become a request.
fn is_begun(bytes: &[u8]) -> bool {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let parsed = httparse::Request::new(&mut []).parse_with_uninit_headers(bytes, &mut headers);
    matches!(parsed, Ok(httparse::Status::Partial))
}

/// The verb of a request, and where its target begins.
fn verb(bytes: &[u8]) -> Option<(Method, usize)> {
    // HEAD is not among them: its answers have lengths and no bodies.
    const VERBS: [(&[u8], Method); 6] = [
        (b"GET ", Method::GET),
        (b"POST ", Method::POST),
        (b"PUT ", Method::PUT),
        (b"DELETE ", Method::DELETE),
        (b"PATCH ", Method::PATCH),
        (b"OPTIONS ", Method::OPTIONS),
    ];
    VERBS.into_iter().find_map(|(spelt, verb)| bytes.starts_with(spelt).then_some((verb, spelt.len())))
}

/// The target that begins at `start`, and where it ends; `None` unless it begins with a slash and has nothing but letters
/// that the library's addresses take in paths and in queries alike. Others go where they are judged.
fn target(bytes: &[u8], start: usize) -> Option<(&str, usize)> {
    // A fragment is none of a target, and of the others each is refused in a path or in a query.
    const ALLOWED: Letters = Letters::alphanumeric_and(b"!$%&'()*+,-./:;=?@[\\]^_{|}~");
    let rest = bytes.get(start..).filter(|rest| rest.first() == Some(&b'/'))?;
    let length = ALLOWED.count_first(rest);
    Some((std::str::from_utf8(&rest[..length]).ok()?, start + length))
}

/// What is before the query of a target.
fn path(target: &str) -> &str {
    target.bytes().position(|byte| byte == b'?').map_or(target, |query| &target[..query])
}

/// Where name and value of the header line lie that begins at `start`, and where the next line begins; `None` if the name
/// is none (RFC 9110, 5.6.2), or the value has anything but letters of ASCII that are seen, and blanks.
fn line(bytes: &[u8], start: usize) -> Option<(Range<usize>, Range<usize>, usize)> {
    const NAMES: Letters = Letters::alphanumeric_and(b"!#$%&'*+-.^_`|~");
    let colon = start + NAMES.count_first(bytes.get(start..)?);
    let after_colon = bytes.get(colon..).filter(|rest| colon > start && rest.first() == Some(&b':'))?.get(1..)?;
    let end = colon + 1 + count_first_visible(after_colon);
    let next = after(bytes, end, b"\r\n")?;
    let is_blank = |byte: &&u8| **byte == b' ';
    let value = &bytes[colon + 1..end];
    let blanks = value.iter().take_while(is_blank).count();
    let blanks_after = value[blanks..].iter().rev().take_while(is_blank).count();
    Some((start..colon, colon + 1 + blanks..end - blanks_after, next))
}

/// Where goes on what has `expected` at a place.
#[inline]
fn after(bytes: &[u8], place: usize, expected: &[u8]) -> Option<usize> {
    bytes.get(place..)?.starts_with(expected).then_some(place + expected.len())
}

/// How many letters of ASCII that are seen, and blanks, come first.
#[inline]
fn count_first_visible(bytes: &[u8]) -> usize {
    // Eight at a time: values are what a head has most of.
    let (eights, rest) = bytes.as_chunks();
    for (index, eight) in eights.iter().enumerate() {
        let others = others_in(u64::from_le_bytes(*eight));
        if others != 0 {
            return index * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    bytes.len() - rest.len() + rest.iter().take_while(|byte| matches!(byte, b' '..=b'~')).count()
}

/// The highest bit of each byte, up to the first such, that is neither a letter of ASCII that is seen nor a blank. Of the
/// bytes after that one nothing is said.
#[inline]
fn others_in(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // What is less than a blank borrows, and what is more than a tilde carries, into its own highest bit; one that has it
    // is no letter of ASCII.
    (bytes.wrapping_sub(ONES * 0x20) | bytes.wrapping_add(ONES) | bytes) & (ONES * 0x80)
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
            "A: 1\t2\r\n",
            "A: \u{e9}\r\n",
            "A: 1\r2\r\n",
            ": 1\r\n",
            "A\r\n",
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
    fn a_head_may_have_so_many_lines_and_so_many_bytes() {
        let head = |lines: usize| format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a:   \r\n".repeat(lines));
        assert_eq!(plain(&head(31)).lines.values("a").collect::<Vec<_>>(), [b""; 31]);
        assert!(matches!(parse(&head(32)), Parsed::Foreign));
        let bytes = head(1).into_bytes();
        assert!(matches!(PlainRequest::parse(&bytes, bytes.len()), Parsed::Plain(..)));
        assert!(matches!(PlainRequest::parse(&bytes, bytes.len() - 1), Parsed::Foreign));
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

    #[test]
    fn letters_that_are_seen_are_counted_wherever_another_stands() {
        for length in 0..20 {
            let text = "~ a".repeat(7).into_bytes();
            assert_eq!(count_first_visible(&text[..length]), length);
            for (at, byte) in (0..length).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut text = text[..length].to_vec();
                text[at] = byte;
                let expected = if matches!(byte, b' '..=b'~') { length } else { at };
                assert_eq!(count_first_visible(&text), expected, "{text:?}");
            }
        }
    }

    /// What is put into a head at any place.
    const PIECES: [&str; 24] = [
        "\r\n",
        "\n",
        "\r",
        " ",
        "  ",
        "\t",
        ":",
        ": ",
        "\0",
        "\u{e9}",
        "\x7f",
        "a",
        "\"",
        "a: b\r\n",
        "a:\r\n",
        "a:  b \r\n",
        "a : b\r\n",
        " a: b\r\n",
        "Host: h\r\n",
        "Connection: close\r\n",
        "HTTP/1.0",
        "GET ",
        "\r\n\r\n",
        "\r\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_bytes_make_a_reader_fall(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            lines in "([a:\r\n \t]|\r\n|Host: h\r\n){0,40}",
        ) {
            let _ = PlainRequest::parse(&bytes, 8192);
            let head = format!("GET / HTTP/1.1\r\n{lines}");
            let _ = (parse(&head), parse(&format!("{head}\r\n\r\n")));
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
        fn what_is_plain_is_what_a_library_reads(
            picks in prop::collection::vec((0usize..90, prop::sample::select(PIECES.to_vec())), 0..4),
            cut in 0usize..6,
        ) {
            let mut bytes = b"POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX-Api-Key: k\r\nContent-Length: 4\r\n\r\nbodyGET".to_vec();
            for (at, piece) in picks {
                let at = at.min(bytes.len());
                bytes.splice(at..(at + cut).min(bytes.len()), piece.bytes());
            }
            let Parsed::Plain(request, length) = PlainRequest::parse(&bytes, 8192) else { return Ok(()) };
            let mut headers = [httparse::EMPTY_HEADER; 40];
            let mut parsed = httparse::Request::new(&mut headers);
            let head = parsed.parse(&bytes).expect("a head");
            prop_assert_eq!(head, httparse::Status::Complete(length - request.body.len()));
            prop_assert_eq!((parsed.method, parsed.path), (Some(request.verb.as_str()), Some(request.target)));
            prop_assert_eq!(parsed.version, Some(1));
            let read: Vec<(&[u8], &[u8])> = parsed.headers.iter().map(|line| (line.name.as_bytes(), line.value)).collect();
            prop_assert_eq!(request.lines.iter().collect::<Vec<_>>(), read);
            let head = std::str::from_utf8(&bytes[..length - request.body.len()]).expect("visible letters");
            prop_assert!(head.replace("\r\n", "").bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
