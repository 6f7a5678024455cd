//! A call: what is known of one request as it passes through the pipeline.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{ApiKeyId, IdSource, Moment, Ticks};

use crate::clients::Client;
use crate::execution_log::{ExecutionLog, LogLevel};
use crate::principal::Principal;
use crate::refusal::GatewayResponse;
use crate::routes::{Captures, variable_names};
use crate::snapshot::{Coverage, Method, Stage};
use crate::trace::Span;

/// The header that names a trace.
pub(crate) const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The header that carries the caller's key.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The names of a call in logs, here and at the caller's.
#[derive(Clone, Debug)]
pub(crate) struct CallIds {
    /// `x-amzn-RequestId`: a UUID.
    pub(crate) request_id: CallId<36>,
    /// `x-amz-apigw-id`.
    pub(crate) extended_id: CallId<16>,
}

/// One of them: so many letters of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId<const LENGTH: usize>([u8; LENGTH]);

impl<const LENGTH: usize> CallId<LENGTH> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn to_header(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static("-"))
    }
}

/// One request on its way through the pipeline. Each step adds what it found out; what is not known yet, or never will
/// be because the call was refused, is `None`.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) ids: &'a CallIds,
    /// When it arrived.
    pub(crate) at: Moment,
    pub(crate) client: &'a Client,
    pub(crate) account_id: &'a str,
    pub(crate) verb: &'a http::Method,
    pub(crate) version: http::Version,
    /// The target as it was sent.
    pub(crate) uri: &'a http::Uri,
    /// The host that it is for, with its port.
    pub(crate) host: HeaderValue,
    pub(crate) stage: Option<&'a Stage>,
    /// The base path that the call matched, on a custom domain name.
    pub(crate) base_path: Option<&'a str>,
    pub(crate) method: Option<&'a Method>,
    /// The path below the stage, as it was sent.
    pub(crate) path: &'a str,
    /// Where the variables of the method's path lie in it.
    pub(crate) captures: Captures,
    pub(crate) principal: Principal,
    pub(crate) key: Option<ApiKeyId>,
    /// The plan that it is made under, as it covers the stage.
    pub(crate) plan: Option<&'a Coverage>,
    /// Whether it passed all limits.
    pub(crate) admitted: bool,
    /// The caller's headers, kept where the stage's gateway responses or its access log ask for them afterwards.
    pub(crate) sent: Option<HeaderMap>,
    /// The body, once a mapping had to have it whole.
    pub(crate) payload: OnceCell<Bytes>,
    pub(crate) integration: IntegrationReport,
    /// What its authorizer said and how long that took, where an access log asks.
    pub(crate) authorization: Cell<Option<AuthorizationReport>>,
    /// What the gateway answered by itself, if it did.
    pub(crate) refused: Option<GatewayResponse>,
    /// Its place in a trace, if that is kept.
    pub(crate) span: Option<Span>,
    /// What happens to it, where the stage or a test wants to know.
    pub(crate) log: Option<ExecutionLog>,
}

/// What the authorization of a call reports, for access logs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthorizationReport {
    /// 200 if the call may go on, else the status it is refused with.
    pub(crate) status: StatusCode,
    /// From asking to the answer.
    pub(crate) latency: Duration,
}

/// What the integration of a call reports, for logs.
#[derive(Debug, Default)]
pub(crate) struct IntegrationReport {
    /// The status that the upstream or the function answered with.
    pub(crate) status: Cell<Option<u16>>,
    /// When it was asked.
    pub(crate) began: Cell<Option<Ticks>>,
    /// From sending to the head of the answer.
    pub(crate) latency: Cell<Option<Duration>>,
    /// What went wrong, as the caller is not told.
    pub(crate) error: RefCell<Option<String>>,
    /// The upstream's own name for the call.
    pub(crate) request_id: RefCell<Option<String>>,
}

impl<'a> Call<'a> {
    /// A call that nothing is known of but how it arrived.
    pub(crate) fn new(ids: &'a CallIds, at: Moment, client: &'a Client, account_id: &'a str, head: &'a Parts) -> Self {
        Self {
            ids,
            at,
            client,
            account_id,
            verb: &head.method,
            version: head.version,
            uri: &head.uri,
            host: HeaderValue::from_static(""),
            stage: None,
            base_path: None,
            method: None,
            path: "",
            captures: Captures::new(),
            principal: Principal::default(),
            key: None,
            plan: None,
            admitted: false,
            sent: None,
            payload: OnceCell::new(),
            integration: IntegrationReport::default(),
            authorization: Cell::new(None),
            refused: None,
            span: None,
            log: None,
        }
    }

    /// The query string as it was sent, without its question mark.
    pub(crate) fn query(&self) -> Option<&'a str> {
        self.uri.query()
    }

    /// The path as its caller sees it: with the stage in front, or on a custom domain name the base path.
    pub(crate) fn full_path(&self) -> Cow<'a, str> {
        match self.stage.filter(|_| self.base_path.is_none()) {
            Some(stage) => Cow::Owned(format!("/{}{}", stage.name, self.path)),
            None => Cow::Borrowed(self.uri.path()),
        }
    }

    /// The value of the caller's key, where the method wants one.
    pub(crate) fn key_value<'c>(&'c self, sent: &'c HeaderMap) -> Option<Cow<'c, str>> {
        let _ = self.method.filter(|method| method.api_key_required)?;
        match self.stage?.deployed.api.api_key_source {
            ApiKeySource::Header => last_value(sent, &X_API_KEY)?.to_str().ok().map(Cow::Borrowed),
            ApiKeySource::Authorizer => self.principal.usage_identifier_key.as_deref().map(Cow::Borrowed),
        }
    }

    /// Notes what happens, where somebody wants to know.
    pub(crate) fn note(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            log.note(level, line);
        }
    }

    /// Notes what a caller or an upstream sent, where somebody wants to know.
    pub(crate) fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            log.trace(line);
        }
    }

    /// The trace that the call belongs to, in the form of `X-Amzn-Trace-Id`: the caller's, or one named after the call.
    pub(crate) fn trace_id(&self, sent: &HeaderMap) -> HeaderValue {
        if let Some(trace) = sent.get(X_AMZN_TRACE_ID) {
            return trace.clone();
        }
        let id: String = self.ids.request_id.as_str().split('-').collect();
        let root = format!("Root=1-{:08x}-{}", self.at.wall.seconds(), id.get(..24).unwrap_or_default());
        HeaderValue::try_from(root).unwrap_or(HeaderValue::from_static("-"))
    }

    /// The value of the path variable at `index`, as it was sent.
    pub(crate) fn path_variable(&self, index: usize) -> Option<&'a str> {
        self.path.get(self.captures.get(index)?.clone())
    }

    /// The names and values of the path variables, as they were sent.
    pub(crate) fn path_variables(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let names = self.method.map(|method| variable_names(&method.resource_path)).into_iter().flatten();
        names.zip(self.captures.iter().filter_map(|range| self.path.get(range.clone())))
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
        CallIds { request_id: CallId(uuid(rng.u128(..))), extended_id: CallId(extended_id(rng.u128(..))) }
    }
}

impl CallIdSource {
    /// Words that name what belongs to a call.
    pub(crate) fn words(&self) -> [u128; 2] {
        let mut rng = self.0.borrow_mut();
        [rng.u128(1..), rng.u128(1..)]
    }
}

/// A UUID of version 4 from random bits.
fn uuid(bits: u128) -> [u8; 36] {
    /// Where the two digits of each byte are, among the dashes.
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = bits.to_be_bytes();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut out = [b'-'; 36];
    for (byte, at) in bytes.into_iter().zip(PLACES) {
        out[at] = HEX[usize::from(byte >> 4)];
        out[at + 1] = HEX[usize::from(byte & 15)];
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
        let text = first.request_id.as_str();
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&text[14..15], "4");
        let extended = first.extended_id.as_str();
        assert!(extended.len() == 16 && extended.ends_with('='), "{extended}");
    }
}
