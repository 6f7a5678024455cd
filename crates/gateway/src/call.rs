//! A call: what is known of one request as it passes through the pipeline.

use std::cell::RefCell;

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_domain::{ApiKeyId, IdSource, Moment};

use crate::clients::Client;
use crate::route::Routed;

/// The header that names a trace.
pub(crate) const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The names of a call in logs, here and at the caller's.
#[derive(Clone, Debug)]
pub(crate) struct CallIds {
    /// `x-amzn-RequestId`: a UUID.
    pub(crate) request_id: HeaderValue,
    /// `x-amz-apigw-id`.
    pub(crate) extended_id: HeaderValue,
}

/// What an integration may ask about a call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) ids: &'a CallIds,
    pub(crate) at: Moment,
    pub(crate) routed: &'a Routed<'a>,
    pub(crate) verb: &'a http::Method,
    /// The query string as it was sent, without its question mark.
    pub(crate) query: Option<&'a str>,
    pub(crate) client: &'a Client,
    pub(crate) key: Option<ApiKeyId>,
}

impl Call<'_> {
    /// The trace that the call belongs to, in the form of `X-Amzn-Trace-Id`: the caller's, or one named after the call.
    pub(crate) fn trace_id(&self, sent: &HeaderMap) -> HeaderValue {
        if let Some(trace) = sent.get(X_AMZN_TRACE_ID) {
            return trace.clone();
        }
        let id: String = self.ids.request_id.to_str().unwrap_or_default().split('-').collect();
        let root = format!("Root=1-{:08x}-{}", self.at.wall.seconds(), id.get(..24).unwrap_or_default());
        HeaderValue::try_from(root).unwrap_or(HeaderValue::from_static("-"))
    }

    /// The value of the path variable at `index`, as it was sent.
    pub(crate) fn path_variable(&self, index: usize) -> Option<&str> {
        self.routed.path.get(self.routed.captures.get(index)?.clone())
    }
}

/// Makes the names of calls on one thread, from a seed drawn once: they need to differ, not to be unguessable.
pub(crate) struct CallIdSource(RefCell<fastrand::Rng>);

impl CallIdSource {
    pub(crate) fn new(ids: &IdSource) -> Self {
        Self(RefCell::new(fastrand::Rng::with_seed(ids.word())))
    }

    pub(crate) fn next(&self) -> CallIds {
        let mut rng = self.0.borrow_mut();
        let value = |text: &[u8]| HeaderValue::from_bytes(text).unwrap_or(HeaderValue::from_static("-"));
        CallIds { request_id: value(&uuid(rng.u128(..))), extended_id: value(&extended_id(rng.u128(..))) }
    }
}

/// A UUID of version 4 from random bits.
fn uuid(bits: u128) -> [u8; 36] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = bits.to_be_bytes();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut out = [b'-'; 36];
    let mut at = 0;
    for byte in bytes {
        if matches!(at, 8 | 13 | 18 | 23) {
            at += 1;
        }
        out[at] = HEX[usize::from(byte >> 4)];
        out[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    out
}

/// Eleven random bytes in base64, which ends with `=` as AWS's ids do.
fn extended_id(bits: u128) -> [u8; 16] {
    const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = [b'='; 16];
    for (index, slot) in out.iter_mut().take(15).enumerate() {
        // The last character of eleven bytes carries four bits, not six.
        let mask = if index == 14 { 0x3c } else { 0x3f };
        *slot = BASE64[usize::from((bits >> (6 * index)) as u8 & mask)];
    }
    out
}

/// The last value of a header, which is what AWS takes where one is wanted.
pub(crate) fn last_value<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a HeaderValue> {
    headers.get_all(name).iter().next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_calls_have_the_forms_of_aws() {
        let source = CallIdSource::new(&IdSource::seeded(1));
        let (first, second) = (source.next(), source.next());
        assert_ne!(first.request_id, second.request_id);
        let text = first.request_id.to_str().expect("ASCII");
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&text[14..15], "4");
        let extended = first.extended_id.to_str().expect("ASCII");
        assert!(extended.len() == 16 && extended.ends_with('='), "{extended}");
    }
}
