//! Answers as they are written to a caller of HTTP/1.1.

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::Body as _;
use hyper::ext::ReasonPhrase;

use super::date::HTTP_DATE;
use crate::admission::Standing;
use crate::body::AnswerBody;
use crate::call::CallIds;
use crate::gateway_response::X_AMZN_ERROR_TYPE;
use crate::head_text::{put_line, put_number};
use crate::integration::put_answer_lines;
use crate::limit_headers;
use crate::pipeline::{Limits, X_AMZ_APIGW_ID, X_AMZN_REQUEST_ID};
use crate::refusal::{GatewayResponse, Refusal, Words};
use crate::sending::{self, Framing, Sending};
use crate::upstream::Received;

/// Bytes for which there is room from the beginning: what the gateway adds, and a small answer.
const ROOM: usize = 768;

/// Headers that frame an answer or name its call.
static SET_HERE: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, X_AMZN_REQUEST_ID, X_AMZ_APIGW_ID];

/// An answer on its way.
pub(super) struct Answer {
    pub(super) sending: Sending<AnswerBody>,
    /// Whether the connection ends with it.
    pub(super) is_last: bool,
}

/// What every answer says besides.
pub(super) struct Ending<'a> {
    pub(super) ids: &'a CallIds,
    /// What limits the caller, where answers tell that.
    pub(super) limits: Option<&'a Limits>,
    /// For the header `date`, unless the answer has one.
    pub(super) date: Option<[u8; HTTP_DATE]>,
    pub(super) is_last: bool,
}

impl Ending<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        if let Some(Limits { policy: Some(policy), standing }) = self.limits {
            put_limits(out, policy.as_bytes(), standing);
        }
        out.extend_from_slice(&id_lines(self.ids));
        if self.is_last {
            put_line(out, "connection", b"close");
        }
        match self.date {
            Some(date) => out.extend_from_slice(&date_line_and_end(&date)),
            None => out.extend_from_slice(b"\r\n"),
        }
    }
}

/// The lines that name a call. Every answer has them, so they are put together where their places are known beforehand.
fn id_lines(ids: &CallIds) -> [u8; 90] {
    let mut lines = *b"x-amzn-requestid: ____________________________________\r\nx-amz-apigw-id: ________________\r\n";
    lines[18..54].copy_from_slice(ids.request_id.as_bytes());
    lines[72..88].copy_from_slice(ids.extended_id.as_bytes());
    lines
}

/// The line of the date, and the empty line after it.
fn date_line_and_end(date: &[u8; HTTP_DATE]) -> [u8; 39] {
    let mut lines = *b"date: _____________________________\r\n\r\n";
    lines[6..35].copy_from_slice(date);
    lines
}

fn put_limits(out: &mut Vec<u8>, policy: &[u8], standing: &Standing) {
    put_line(out, limit_headers::RATELIMIT_POLICY.as_str(), policy);
    if limit_headers::is_limited(standing) {
        out.extend_from_slice(limit_headers::RATELIMIT.as_str().as_bytes());
        out.extend_from_slice(b": ");
        limit_headers::put(out, standing);
        out.extend_from_slice(b"\r\n");
    }
}

/// Puts an upstream's answer as it came, if it is small and all here, and its headers need no map.
pub(super) fn put_received(received: &Received, ending: &Ending<'_>) -> Option<Answer> {
    let Received { head, body } = received;
    let has_length = !is_bodyless(head.status) && head.reason.is_none();
    let length = body.whole_length().filter(|_| has_length)?;
    let mut out = sending::buffer(ROOM + head.lines.len() + length);
    put_status(&mut out, head.status, None);
    if !put_answer_lines(&mut out, head) {
        return None;
    }
    put_number(&mut out, "content-length", length as u64);
    ending.put(&mut out);
    body.write_whole(&mut out);
    Some(Answer { sending: Sending::written(out), is_last: ending.is_last })
}

/// Puts a refusal in AWS's words.
pub(super) fn put_refusal(said: &GatewayResponse, refusal: &Refusal, ending: &Ending<'_>) -> Answer {
    let ending = Ending { is_last: ending.is_last || refusal.ends_connection(), ..*ending };
    let (mut out, body) = (sending::buffer(ROOM), said.body());
    if let Words::Fixed(fixed) = said.words {
        out.extend_from_slice(fixed.head.as_bytes());
    } else {
        put_status(&mut out, said.status, None);
        put_line(&mut out, "content-type", b"application/json");
        put_line(&mut out, X_AMZN_ERROR_TYPE.as_str(), said.error_type.as_bytes());
    }
    if let Some(seconds) = refusal.retry_after_secs().filter(|_| ending.limits.is_some()) {
        put_number(&mut out, "retry-after", seconds);
    }
    put_number(&mut out, "content-length", body.len() as u64);
    ending.put(&mut out);
    out.extend_from_slice(&body);
    Answer { sending: Sending::written(out), is_last: ending.is_last }
}

/// Puts any answer. Its headers have what the caller is to know of limits; the ids are added.
pub(super) fn put_response(response: Response<AnswerBody>, ending: &Ending<'_>) -> Answer {
    let (mut head, mut body) = response.into_parts();
    if head.status.is_informational() {
        // As the words of an API may have it; a caller would wait for another answer.
        (head.status, body) = (StatusCode::INTERNAL_SERVER_ERROR, AnswerBody::empty());
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let closes = head.headers.get(header::CONNECTION).is_some_and(|value| value.as_bytes() == b"close");
    let date = ending.date.filter(|_| !head.headers.contains_key(header::DATE));
    let ending = Ending { is_last: ending.is_last || closes, date, ..*ending };
    let mut out = sending::buffer(ROOM);
    put_status(&mut out, head.status, head.extensions.get());
    for (name, value) in &head.headers {
        if !SET_HERE.contains(name) && !says_limits(&ending, name) {
            put_line(&mut out, name.as_str(), value.as_bytes());
        }
    }
    let framing = put_framing(&mut out, head.status, &body);
    ending.put(&mut out);
    let body = (!matches!(framing, Framing::None | Framing::Length(0))).then_some(body);
    Answer { sending: Sending::new(out, body, framing), is_last: ending.is_last }
}

/// Whether the gateway has a value of its own for a header that says what is limited.
fn says_limits(ending: &Ending<'_>, name: &HeaderName) -> bool {
    let Some(Limits { policy: Some(_), standing }) = ending.limits else { return false };
    *name == limit_headers::RATELIMIT_POLICY
        || (*name == limit_headers::RATELIMIT && limit_headers::is_limited(standing))
}

fn put_framing(out: &mut Vec<u8>, status: StatusCode, body: &AnswerBody) -> Framing {
    if is_bodyless(status) {
        return Framing::None;
    }
    match body.size_hint().exact() {
        Some(length) => {
            put_number(out, "content-length", length);
            Framing::Length(length)
        }
        None => {
            put_line(out, "transfer-encoding", b"chunked");
            Framing::Chunked
        }
    }
}

fn is_bodyless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn put_status(out: &mut Vec<u8>, status: StatusCode, reason: Option<&ReasonPhrase>) {
    let reason = match reason {
        Some(reason) => reason.as_bytes(),
        None => status.canonical_reason().unwrap_or("<none>").as_bytes(),
    };
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tollgate_domain::IdSource;

    use super::*;
    use crate::admission::ThrottleLevel;
    use crate::call::CallIdSource;
    use crate::key::KeyFault;
    use crate::upstream::UpstreamError;

    fn written(response: Response<AnswerBody>, is_last: bool) -> (String, bool) {
        let ids = CallIdSource::new(&IdSource::seeded(1)).next();
        let ending = Ending { ids: &ids, limits: None, date: Some(*b"Sun, 06 Nov 1994 08:49:37 GMT"), is_last };
        let Answer { mut sending, is_last } = put_response(response, &ending);
        let (mut out, mut cx) = (Vec::new(), std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(sending.poll(&mut cx, &mut out).is_ready());
        (String::from_utf8(out).expect("text"), is_last)
    }

    fn response(status: u16) -> http::response::Builder {
        Response::builder().status(status)
    }

    #[test]
    fn an_answer_tells_its_length_and_names_the_call() {
        let body = AnswerBody::whole(Bytes::from_static(b"hi"));
        let (text, is_last) = written(response(200).header("content-length", "7").body(body).expect("one"), false);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-amzn-requestid: "), "{text}");
        assert!(text.ends_with("\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhi") && !is_last, "{text}");
    }

    #[test]
    fn what_every_answer_says_is_in_its_place() {
        let ids = CallIdSource::new(&IdSource::seeded(1)).next();
        let (id, extended_id) = (ids.request_id.as_str(), ids.extended_id.as_str());
        let expected = format!("{X_AMZN_REQUEST_ID}: {id}\r\n{X_AMZ_APIGW_ID}: {extended_id}\r\n");
        assert_eq!(String::from_utf8_lossy(&id_lines(&ids)), expected);
        let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(date_line_and_end(date), *b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
    }

    #[test]
    fn fixed_words_are_written_as_all_others_are() {
        for refusal in [
            Refusal::RequestTooLong,
            Refusal::UriTooLong,
            Refusal::UnknownStage,
            Refusal::UnknownRoute,
            Refusal::Unauthorized,
            Refusal::TokenExpired,
            Refusal::InvalidApiKey(KeyFault::Missing),
            Refusal::QuotaExceeded { retry_after_secs: 1 },
            Refusal::LedgerUnavailable,
            Refusal::Unaccounted,
            Refusal::UnsupportedMediaType,
            Refusal::Misconfigured(String::new()),
            Refusal::BadAnswer(String::new()),
            Refusal::IntegrationTimeout,
            Refusal::IntegrationFailure(UpstreamError::Connect(std::io::ErrorKind::ConnectionRefused.into())),
            Refusal::EndpointDisabled,
            Refusal::Throttled { level: ThrottleLevel::Account, retry_after_secs: Some(1) },
            Refusal::Malformed(""),
        ] {
            let said = refusal.gateway_response();
            let Words::Fixed(fixed) = said.words else { panic!("{refusal:?} has no fixed words") };
            let mut expected = Vec::new();
            put_status(&mut expected, said.status, None);
            put_line(&mut expected, "content-type", b"application/json");
            put_line(&mut expected, X_AMZN_ERROR_TYPE.as_str(), said.error_type.as_bytes());
            assert_eq!(fixed.head, String::from_utf8(expected).expect("text"));
        }
    }

    #[test]
    fn an_answer_that_has_no_body_has_no_length() {
        let empty = |status| response(status).header("content-length", "7").body(AnswerBody::empty()).expect("one");
        assert!(!written(empty(204), false).0.contains("content-length"));
        assert!(!written(empty(304), false).0.contains("content-length"));
        assert!(written(empty(200), false).0.contains("\r\ncontent-length: 0\r\n"));
    }

    #[test]
    fn the_last_answer_says_that_it_is() {
        let plain = || response(200).body(AnswerBody::empty()).expect("one");
        assert!(written(plain(), true).0.contains("\r\nconnection: close\r\n"));
        let closing = response(400).header("connection", "close").body(AnswerBody::empty()).expect("one");
        let (text, is_last) = written(closing, false);
        assert!(is_last && text.matches("connection: close").count() == 1, "{text}");
    }
}
