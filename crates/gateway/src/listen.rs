//! Listen: whether a request can be read in one way only, and how big it says it is.

use http::request::Parts;
use http::{Version, header};
use http_body::Body;
use hyper::body::Incoming;

use crate::raw_head::RawHead;
use crate::refusal::Refusal;

/// Checks a request, and finds the host that it is for.
///
/// hyper has refused heads that name lengths in more than one way; what it lets pass is looked for in the head as it
/// was sent. What passes here is framed anew towards the upstream, so that no framing of the caller's reaches it.
pub(crate) fn listen<'a>(
    head: &'a Parts,
    body: &Incoming,
    raw: &RawHead,
    max_body_bytes: u64,
) -> Result<&'a str, Refusal> {
    let bare_line_end = raw.has_bare_line_end();
    let two_framings = head.headers.contains_key(header::TRANSFER_ENCODING) && raw.has_length();
    raw.end(!body.is_end_stream());
    if bare_line_end {
        return Err(Refusal::Malformed("a line that ends without a carriage return"));
    }
    if two_framings {
        return Err(Refusal::Malformed("both a length and a transfer coding"));
    }
    let mut codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Refusal::Malformed("a transfer coding other than chunked"));
    }
    let host = host(head)?;
    if body.size_hint().lower() > max_body_bytes {
        return Err(Refusal::RequestTooLong);
    }
    Ok(host)
}

/// The host that a request is for. A target with a host of its own goes before the header, which in HTTP/2 may not
/// name another.
fn host(head: &Parts) -> Result<&str, Refusal> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(Refusal::Malformed("more than one Host")),
        (None, None) => None,
        (Some(host), None) => Some(host.to_str().map_err(|_| Refusal::Malformed("a Host that is no text"))?),
    };
    match (head.uri.authority(), named) {
        (Some(target), Some(named)) if is_http2(head) && !named.eq_ignore_ascii_case(target.as_str()) => {
            Err(Refusal::Malformed("a Host other than the authority"))
        }
        (Some(target), Some(_)) => Ok(target.as_str()),
        (Some(target), None) if is_http2(head) => Ok(target.as_str()),
        (None, Some(named)) => Ok(named),
        (target, None) if head.version < Version::HTTP_11 => Ok(target.map_or("", |target| target.as_str())),
        (_, None) => Err(Refusal::Malformed("no Host")),
    }
}

fn is_http2(head: &Parts) -> bool {
    head.version == Version::HTTP_2
}
