//! The head of a request to an upstream.

use http::{Method, Request, header};
use http_body::Body as _;

use crate::body::RequestBody;
use crate::sending::{Framing, Sending};

/// Bytes of a line of a head beside name and value.
const LINE: usize = 4;

/// Puts a request as it is sent.
pub(super) fn put(request: Request<RequestBody>) -> Sending<RequestBody> {
    let framing = match (request.body().is_end_stream(), request.body().size_hint().exact()) {
        (true, _) if expects_a_body(request.method()) => Framing::Length(0),
        (true, _) => Framing::None,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => Framing::Chunked,
    };
    let head = head(&request, framing);
    let body = (!request.body().is_end_stream()).then(|| request.into_body());
    Sending::new(head, body, framing)
}

/// Whether an upstream may wait for a length even of a body that is empty (RFC 9110, section 8.6).
pub(crate) fn expects_a_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Writes a head. Headers that frame a body are this connection's own.
fn head(request: &Request<RequestBody>, framing: Framing) -> Vec<u8> {
    let method = request.method().as_str();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + LINE).sum::<usize>();
    let mut head = Vec::with_capacity(method.len() + target.len() + lines + 64);
    let mut put = |bytes: &[u8]| head.extend_from_slice(bytes);
    put(method.as_bytes());
    put(b" ");
    put(target.as_bytes());
    put(b" HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            put(name.as_str().as_bytes());
            put(b": ");
            put(value.as_bytes());
            put(b"\r\n");
        }
    }
    match framing {
        Framing::None => {}
        Framing::Length(length) => {
            put(b"content-length: ");
            put(itoa::Buffer::new().format(length).as_bytes());
            put(b"\r\n");
        }
        Framing::Chunked => put(b"transfer-encoding: chunked\r\n"),
    }
    put(b"\r\n");
    head
}
