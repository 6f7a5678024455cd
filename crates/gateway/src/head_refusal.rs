//! What hyper answers by itself to a head that it cannot read, put as the gateway's other refusals are.
//!
//! hyper gives such answers no body and no hook. They are known by their bytes, which no answer to a call can have: those
//! name the call.

use bytes::Bytes;
use http::StatusCode;
use memchr::memmem;

use crate::call::CallIds;

/// An answer of hyper's.
struct Own {
    status: StatusCode,
    /// All of it up to the date.
    head: &'static [u8],
    /// The header `x-amzn-ErrorType`.
    error_type: &'static str,
    body: &'static str,
}

const OWN: [Own; 3] = [
    Own {
        status: StatusCode::BAD_REQUEST,
        head: b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
        error_type: "BadRequestException",
        body: r#"{"message":"Bad Request"}"#,
    },
    Own {
        status: StatusCode::URI_TOO_LONG,
        head: b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
        error_type: "RequestTooLargeException",
        body: r#"{"message":"Request-URI Too Long"}"#,
    },
    Own {
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        head: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: ",
        error_type: "RequestTooLargeException",
        body: r#"{"message":"Request Header Fields Too Large"}"#,
    },
];

/// A refusal in place of one of hyper's.
#[derive(Debug)]
pub(crate) struct HeadRefusal {
    pub(crate) status: StatusCode,
    pub(crate) bytes: Bytes,
}

impl HeadRefusal {
    /// None unless `written` is an answer of hyper's own.
    pub(crate) fn instead_of(written: &[u8], ids: impl FnOnce() -> CallIds) -> Option<Self> {
        let (own, date) = OWN.iter().find_map(|own| Some((own, written.strip_prefix(own.head)?)))?;
        if memmem::find(date, b"\r\n") != Some(date.len().checked_sub(4)?) || !date.ends_with(b"\r\n\r\n") {
            return None;
        }
        let ids = ids();
        let length = own.body.len().to_string();
        let bytes = [
            b"HTTP/1.1 ",
            own.status.as_str().as_bytes(),
            b" ",
            own.status.canonical_reason().unwrap_or_default().as_bytes(),
            b"\r\nconnection: close\r\ncontent-type: application/json\r\nx-amzn-errortype: ",
            own.error_type.as_bytes(),
            b"\r\nx-amzn-requestid: ",
            ids.request_id.as_bytes(),
            b"\r\nx-amz-apigw-id: ",
            ids.extended_id.as_bytes(),
            b"\r\ncontent-length: ",
            length.as_bytes(),
            b"\r\ndate: ",
            date,
            own.body.as_bytes(),
        ];
        Some(Self { status: own.status, bytes: bytes.concat().into() })
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::IdSource;

    use super::*;
    use crate::call::CallIdSource;

    const DATE: &str = "date: Tue, 24 Nov 2026 14:20:13 GMT\r\n\r\n";

    fn instead_of(written: &str) -> Option<HeadRefusal> {
        HeadRefusal::instead_of(written.as_bytes(), || CallIdSource::new(&IdSource::seeded(1)).next())
    }

    #[test]
    fn an_answer_of_hypers_own_gets_a_body_and_a_name() {
        let own = format!("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n{DATE}");
        let refusal = instead_of(&own).expect("hyper's own");
        let text = String::from_utf8(refusal.bytes.to_vec()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"), "{head}");
        assert!(head.contains("\r\nx-amzn-requestid: ") && head.ends_with("GMT"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert_eq!(body, r#"{"message":"Bad Request"}"#);
    }

    #[test]
    fn an_answer_to_a_call_stays_as_it_is() {
        for answer in [
            format!(
                "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\nx-amzn-requestid: 1\r\n{DATE}"
            ),
            format!("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n{DATE}more"),
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\nx-a: b\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: ".to_owned(),
            format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{DATE}"),
        ] {
            assert!(instead_of(&answer).is_none(), "{answer}");
        }
    }
}
