//! The head of an upstream's answer.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{Method, StatusCode};
use hyper::ext::ReasonPhrase;

use super::ExchangeError;
use super::framing::Framing;
use crate::head_lines::HeadLines;

/// Headers that an answer may have.
const MAX_HEADERS: usize = 100;

/// A head that was read.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: StatusCode,
    pub(crate) lines: HeadLines,
    /// A reason that is not the usual one of its status.
    pub(crate) reason: Option<ReasonPhrase>,
    pub(super) framing: Framing,
    /// Whether the connection may be used for another call once the body has ended.
    pub(super) reusable: bool,
    /// Bytes that it took.
    pub(super) length: usize,
}

impl AnswerHead {
    /// Reads the head that `bytes` begin with, of an answer to a request with this verb; `None` when it has not come
    /// whole yet.
    pub(crate) fn parse(bytes: &Bytes, verb: &Method) -> Result<Option<Box<Self>>, ExchangeError> {
        let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let status = httparse::ParserConfig::default()
            .parse_response_with_uninit_headers(&mut parsed, bytes, &mut headers)
            .map_err(ExchangeError::Head)?;
        let httparse::Status::Complete(length) = status else { return Ok(None) };
        let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(ExchangeError::Status)?;
        let lines = HeadLines::new(bytes.slice(..length), parsed.headers).ok_or(ExchangeError::HeadTooLong)?;
        let is_http11 = parsed.version == Some(1);
        let framing = Framing::of(verb, status, &lines, is_http11)?;
        let reusable =
            framing.is_delimited() && status != StatusCode::SWITCHING_PROTOCOLS && persists(&lines, is_http11);
        let reason = own_reason(status, parsed.reason);
        // Boxed: it goes through many hands.
        Ok(Some(Box::new(Self { status, lines, reason, framing, reusable, length })))
    }
}

/// A reason that is not the usual one of its status.
fn own_reason(code: StatusCode, reason: Option<&str>) -> Option<ReasonPhrase> {
    let reason = reason.filter(|reason| !reason.is_empty() && Some(*reason) != code.canonical_reason())?;
    ReasonPhrase::try_from(reason.as_bytes()).ok()
}

/// Whether the connection lasts after this answer (RFC 9112, section 9.3).
fn persists(lines: &HeadLines, is_http11: bool) -> bool {
    let names = |wanted: &[u8]| {
        let mut options = lines.values("connection").flat_map(|value| value.split(|byte| *byte == b','));
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(wanted))
    };
    !names(b"close") && (is_http11 || names(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &'static str) -> Result<Option<Box<AnswerHead>>, ExchangeError> {
        AnswerHead::parse(&Bytes::from_static(text.as_bytes()), &Method::GET)
    }

    fn whole(text: &'static str) -> Box<AnswerHead> {
        parse(text).expect("a head").expect("the whole of it")
    }

    #[test]
    fn a_head_is_read_when_all_of_it_has_come() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhi";
        for end in 0..text.len() - 2 {
            assert!(parse(&text[..end]).expect("no mistake").is_none(), "{end}");
        }
        let head = whole(text);
        assert_eq!(head.length, text.len() - 2);
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(head.lines.values("set-cookie").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(head.framing, Framing::Length(2));
        assert!(head.reusable);
    }

    #[test]
    fn a_connection_lasts_as_its_version_and_options_say() {
        let reusable = |text| whole(text).reusable;
        assert!(!reusable("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: x, Close\r\n\r\n"));
        assert!(!reusable("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(reusable("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive\r\n\r\n"));
        assert!(!reusable("HTTP/1.1 200 OK\r\n\r\n"), "its body ends with the connection");
        assert!(!reusable("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    }

    #[test]
    fn a_reason_of_its_own_is_kept() {
        let reason = |text| whole(text).reason.map(|reason| reason.as_bytes().to_vec());
        assert_eq!(reason("HTTP/1.1 404 Not Found\r\n\r\n"), None);
        assert_eq!(reason("HTTP/1.1 404 Nothing Here\r\n\r\n"), Some(b"Nothing Here".to_vec()));
    }

    #[test]
    fn what_is_no_head_is_told() {
        for text in [
            "HTTP/2.0 200 OK\r\n\r\n",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert!(AnswerHead::parse(&many.into(), &Method::GET).is_err());
    }
}
