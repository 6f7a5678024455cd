//! Compression: answers are made smaller for callers who take them so, and compressed requests are expanded.

use std::fmt;
use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body::Body as _;

use crate::body::AnswerBody;
use crate::call::Call;
use crate::refusal::Refusal;

/// A coding of contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// What HTTP calls `deflate`: the zlib format.
    Deflate,
}

impl Coding {
    /// Reads the name of a coding.
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Self::Gzip);
        }
        name.eq_ignore_ascii_case(b"deflate").then_some(Self::Deflate)
    }

    fn name(self) -> HeaderValue {
        match self {
            Self::Gzip => HeaderValue::from_static("gzip"),
            Self::Deflate => HeaderValue::from_static("deflate"),
        }
    }

    /// The coding that a caller likes best of those we have; gzip when it likes both alike.
    pub(crate) fn accepted(sent: &HeaderMap) -> Option<Self> {
        let lists = sent.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let mut best: Option<(f32, Self)> = None;
        for item in lists.flat_map(|list| list.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let coding = match parts.next() {
                Some("*") => Some(Self::Gzip),
                Some(name) => Self::parse(name.as_bytes()),
                None => None,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
            let Some(coding) = coding.filter(|_| weight > 0.0) else { continue };
            let better = best.is_none_or(|(best, chosen)| {
                weight > best || (weight >= best && chosen == Self::Deflate && coding == Self::Gzip)
            });
            if better {
                best = Some((weight, coding));
            }
        }
        best.map(|(_, coding)| coding)
    }
}

/// The coding in which the caller of an API that compresses takes an answer, and the bytes from which one is worth it.
pub(crate) fn accepted(call: &Call<'_>, sent: &HeaderMap) -> Option<(Coding, u64)> {
    let minimum = call.stage?.deployed.api.minimum_compression_size?;
    let coding = Coding::accepted(sent).filter(|_| call.verb != http::Method::HEAD)?;
    Some((coding, u64::try_from(minimum).ok()?))
}

/// Expands a request's body, which may then have `max` bytes.
pub(crate) fn expand(coding: Coding, body: &[u8], max: u64) -> Result<Bytes, Refusal> {
    let mut expanded = Vec::new();
    let bound = max.saturating_add(1);
    let read = match coding {
        Coding::Gzip => MultiGzDecoder::new(body).take(bound).read_to_end(&mut expanded),
        Coding::Deflate => ZlibDecoder::new(body).take(bound).read_to_end(&mut expanded),
    };
    match read {
        Err(_) => Err(Refusal::Malformed("the body is not compressed as it says")),
        Ok(_) if expanded.len() as u64 > max => Err(Refusal::RequestTooLong),
        Ok(_) => Ok(expanded.into()),
    }
}

/// Compresses an answer of at least `minimum` bytes, or one whose length nobody knows yet, for a caller who takes
/// `coding`. What is compressed already stays as it is.
pub(crate) fn compress(response: Response<AnswerBody>, coding: Coding, minimum: u64) -> Response<AnswerBody> {
    let body = response.body();
    let long_enough = body.size_hint().exact().is_none_or(|length| length > 0 && length >= minimum);
    let has_body = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !has_body || !long_enough || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_ENCODING, coding.name());
    Response::from_parts(head, body.compressed(Encoder::new(coding)))
}

/// Compresses a body piece by piece.
pub(crate) struct Encoder(Format);

enum Format {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder")
    }
}

impl Encoder {
    fn new(coding: Coding) -> Self {
        let level = Compression::default();
        Self(match coding {
            Coding::Gzip => Format::Gzip(GzEncoder::new(Vec::new(), level)),
            Coding::Deflate => Format::Deflate(ZlibEncoder::new(Vec::new(), level)),
        })
    }

    /// What a piece becomes. It is flushed, so that a stream stays one.
    pub(crate) fn push(&mut self, piece: &[u8]) -> io::Result<Bytes> {
        let buffer = match &mut self.0 {
            Format::Gzip(encoder) => {
                encoder.write_all(piece)?;
                encoder.flush()?;
                encoder.get_mut()
            }
            Format::Deflate(encoder) => {
                encoder.write_all(piece)?;
                encoder.flush()?;
                encoder.get_mut()
            }
        };
        Ok(std::mem::take(buffer).into())
    }

    /// What is left at the end.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        let rest = match self.0 {
            Format::Gzip(encoder) => encoder.finish(),
            Format::Deflate(encoder) => encoder.finish(),
        };
        rest.map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(list: &'static str) -> Option<Coding> {
        Coding::accepted(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(list))]))
    }

    #[test]
    fn the_coding_that_a_caller_likes_best_is_taken() {
        assert_eq!(accepted("deflate, gzip"), Some(Coding::Gzip));
        assert_eq!(accepted("gzip;q=0.5, deflate;q=0.8"), Some(Coding::Deflate));
        assert_eq!(accepted("gzip;q=0, br"), None);
        assert_eq!(accepted("*"), Some(Coding::Gzip));
        assert_eq!(accepted("identity"), None);
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_in_pieces_expands_to_the_whole() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let mut encoder = Encoder::new(coding);
            let mut bytes = encoder.push(b"one ").expect("memory").to_vec();
            bytes.extend(encoder.push(b"two").expect("memory"));
            bytes.extend(encoder.finish().expect("memory"));
            assert_eq!(expand(coding, &bytes, 7).ok(), Some(Bytes::from_static(b"one two")));
            assert!(matches!(expand(coding, &bytes, 6), Err(Refusal::RequestTooLong)));
            assert!(matches!(expand(coding, b"plain", 6), Err(Refusal::Malformed(_))));
        }
    }

    #[test]
    fn what_is_short_or_compressed_already_stays_as_it_is() {
        let answer = || Response::new(AnswerBody::whole(Bytes::from_static(b"12345")));
        let coded = |response: Response<AnswerBody>, minimum| {
            compress(response, Coding::Gzip, minimum).headers().get(header::CONTENT_ENCODING).cloned()
        };
        assert_eq!(coded(answer(), 6), None);
        assert_eq!(coded(answer(), 5), Some(HeaderValue::from_static("gzip")));
        assert_eq!(coded(Response::new(AnswerBody::empty()), 0), None);
        let mut done = answer();
        done.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        assert_eq!(coded(done, 0), Some(HeaderValue::from_static("br")));
    }
}
