//! Listen: whether a request can be read in one way only, and how big it says it is.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version, header};
use http_body::Body;
use hyper::body::Incoming;

use crate::letters::Letters;
use crate::raw_head::RawHead;
use crate::refusal::Refusal;

/// Checks a request, and finds the host that it is for.
///
/// hyper has refused heads that name lengths in more than one way; what it lets pass is looked for in the head as it
/// was sent. What passes here is framed anew towards the upstream, so that no framing of the caller's reaches it.
pub(crate) fn listen(
    head: &Parts,
    headers: &HeaderMap,
    body: &Incoming,
    raw: &RawHead,
    max_body_bytes: u64,
) -> Result<HeaderValue, Refusal> {
    let bare_line_end = raw.has_bare_line_end();
    let two_framings = headers.contains_key(header::TRANSFER_ENCODING) && raw.has_length();
    raw.end(!body.is_end_stream());
    if bare_line_end {
        return Err(Refusal::Malformed("a line that ends without a carriage return"));
    }
    if two_framings {
        return Err(Refusal::Malformed("both a length and a transfer coding"));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Refusal::Malformed("a transfer coding other than chunked"));
    }
    let host = host(head, headers)?;
    if body.size_hint().lower() > max_body_bytes {
        return Err(Refusal::RequestTooLong);
    }
    Ok(host)
}

/// Whether a host, with a port or without, may be spelt so (RFC 3986, 3.2.2). A comma may not be in it: some would read
/// two of them.
pub(crate) fn is_host(spelt: &[u8]) -> bool {
    const ALLOWED: Letters = Letters::alphanumeric_and(b"-._~%!$&'()*+;=:[]");
    ALLOWED.include_all(spelt)
}

/// The host that a request is for. A target with a host of its own goes before the header, which in HTTP/2 may not
/// name another.
fn host(head: &Parts, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(Refusal::Malformed("more than one Host")),
        (Some(host), None) if !is_host(host.as_bytes()) => return Err(Refusal::Malformed("a Host that is none")),
        (named, None) => named,
    };
    let is_http2 = head.version == Version::HTTP_2;
    match (head.uri.authority(), named) {
        (Some(target), Some(named))
            if is_http2 && !named.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes()) =>
        {
            Err(Refusal::Malformed("a Host other than the authority"))
        }
        (Some(target), _) if !is_host(target.as_str().as_bytes()) => {
            Err(Refusal::Malformed("a target whose host is none"))
        }
        (Some(target), named) if named.is_some() || is_http2 || head.version < Version::HTTP_11 => {
            HeaderValue::from_str(target.as_str()).map_err(|_| Refusal::Malformed("a target whose host is no text"))
        }
        (None, Some(named)) => Ok(named.clone()),
        (None, None) if head.version < Version::HTTP_11 => Ok(HeaderValue::from_static("")),
        (_, _) => Err(Refusal::Malformed("no Host")),
    }
}
