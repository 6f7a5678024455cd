//! A call: what is known of one request as it passes through the pipeline.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{ApiKeyId, IdSource, Moment, Ticks};

use crate::clients::Client;
use crate::execution_log::{ExecutionLog, LogLevel};
use crate::principal::Authorized;
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
    pub(crate) fn as_bytes(&self) -> &[u8; LENGTH] {
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
    /// Path and query as they were sent.
    pub(crate) target: &'a str,
    /// The host that it is for, with its port.
    pub(crate) host: &'a str,
    pub(crate) stage: Option<&'a Stage>,
    /// The base path that the call matched, on a custom domain name.
    pub(crate) base_path: Option<&'a str>,
    pub(crate) method: Option<&'a Method>,
    /// The path below the stage, as it was sent.
    pub(crate) path: &'a str,
    /// Where the variables of the method's path lie in it.
    pub(crate) captures: Captures,
    pub(crate) principal: Authorized,
    pub(crate) key: Option<ApiKeyId>,
    /// The plan that it is made under, as it covers the stage.
    pub(crate) plan: Option<&'a Coverage>,
    /// Whether it passed all limits.
    pub(crate) admitted: bool,
    /// The caller's headers, kept where the stage's gateway responses or its access log ask for them afterwards.
    pub(crate) sent: Option<Box<HeaderMap>>,
    /// The body, once a mapping had to have it whole.
    pub(crate) payload: OnceCell<Bytes>,
    pub(crate) integration: IntegrationReport,
    /// What its authorizer said and how long that took, where an access log asks.
    pub(crate) authorization: Cell<Option<AuthorizationReport>>,
    /// What the gateway answered by itself, if it did.
    pub(crate) refused: Option<GatewayResponse>,
    /// Its place in a trace, if that is kept.
    pub(crate) span: Option<Box<Span>>,
    /// What happens to it, where the stage or a test wants to know.
    pub(crate) log: Option<Box<ExecutionLog>>,
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

/// The first line of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) verb: &'a http::Method,
    /// Path and query as they were sent.
    pub(crate) target: &'a str,
    pub(crate) version: http::Version,
}

impl<'a> From<&'a Parts> for RequestLine<'a> {
    fn from(head: &'a Parts) -> Self {
        let target = head.uri.path_and_query().map_or("", PathAndQuery::as_str);
        Self { verb: &head.method, target, version: head.version }
    }
}

impl<'a> Call<'a> {
    /// A call that nothing is known of but how it arrived.
    pub(crate) fn new(
        ids: &'a CallIds,
        at: Moment,
        client: &'a Client,
        account_id: &'a str,
        line: RequestLine<'a>,
    ) -> Self {
        Self {
            ids,
            at,
            client,
            account_id,
            verb: line.verb,
            version: line.version,
            target: line.target,
            host: "",
            stage: None,
            base_path: None,
            method: None,
            path: "",
            captures: Captures::new(),
            principal: Authorized::default(),
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

    /// The path as it was sent, with all that stands before the path below the stage.
    pub(crate) fn sent_path(&self) -> &'a str {
        match self.target.split_once('?') {
            // A target may begin with its query, after its host.
            Some(("", _)) => "/",
            Some((path, _)) => path,
            None => self.target,
        }
    }

    /// The query string as it was sent, without its question mark.
    pub(crate) fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The path as its caller sees it: with the stage in front, or on a custom domain name the base path.
    pub(crate) fn full_path(&self) -> Cow<'a, str> {
        match self.stage.filter(|_| self.base_path.is_none()) {
            Some(stage) => Cow::Owned(format!("/{}{}", stage.name, self.path)),
            None => Cow::Borrowed(self.sent_path()),
        }
    }

    /// The path that a function is told: without the stage, and on a custom domain name with the base path.
    pub(crate) fn told_path(&self) -> &'a str {
        match self.base_path.map_or(self.path, |_| self.sent_path()) {
            "" => "/",
            path => path,
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
    const VERSION: (u128, u128) = (0xf << 76, 4 << 76);
    const VARIANT: (u128, u128) = (0b11 << 62, 0b10 << 62);
    let bits = bits & !(VERSION.0 | VARIANT.0) | VERSION.1 | VARIANT.1;
    let [a, b, c, d] = [96, 64, 32, 0].map(|shift| hex((bits >> shift) as u32));
    let mut out = [b'-'; 36];
    out[..8].copy_from_slice(&a);
    out[9..13].copy_from_slice(&b[..4]);
    out[14..18].copy_from_slice(&b[4..]);
    out[19..23].copy_from_slice(&c[..4]);
    out[24..28].copy_from_slice(&c[4..]);
    out[28..].copy_from_slice(&d);
    out
}

/// The digits of a word, the highest first, all at once: each call is named, and a digit after the other takes as long
/// as it takes to find its route.
fn hex(word: u32) -> [u8; 8] {
    const EACH: u64 = u64::MAX / 255;
    let mut digits = u64::from(word);
    digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff;
    digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff;
    digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // One in each byte whose digit is a letter.
    let letters = (digits + EACH * 6) >> 4 & EACH;
    (digits + EACH * u64::from(b'0') + letters * u64::from(b'a' - 10 - b'0')).to_be_bytes()
}

/// Eleven random bytes in base64, which ends with `=` as AWS's ids do.
fn extended_id(bits: u128) -> [u8; 16] {
    const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = [b'='; 16];
    let (mut low, mut high) = (bits as u64, (bits >> 64) as u64);
    for index in 0..8 {
        out[index] = BASE64[(low & 0x3f) as usize];
        // The last character of eleven bytes carries four bits, not six.
        let mask = if index == 6 { 0x3c } else { 0x3f };
        if index < 7 {
            out[index + 8] = BASE64[(high & mask) as usize];
        }
        (low, high) = (low >> 6, high >> 6);
    }
    out
}

/// The last value of a header, which is what AWS takes where one is wanted.
pub(crate) fn last_value<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a HeaderValue> {
    headers.get_all(name).iter().next_back()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

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

    #[test]
    fn a_target_is_a_path_and_a_query() {
        let (ids, client) =
            (CallIdSource::new(&IdSource::seeded(1)).next(), Client::new(([10, 0, 0, 1], 1).into(), 80));
        for (target, path, query) in [
            ("/a/b", "/a/b", None),
            ("/a?", "/a", Some("")),
            ("/a?b=c?d", "/a", Some("b=c?d")),
            ("http://h?a=b", "/", Some("a=b")),
            ("http://h", "/", None),
            ("*", "*", None),
        ] {
            let (head, ()) = http::Request::get(target).body(()).expect("a request").into_parts();
            let call = Call::new(&ids, Moment::default(), &client, "000000000000", (&head).into());
            assert_eq!((call.sent_path(), call.query()), (path, query), "{target}");
            assert_eq!((call.sent_path(), call.query()), (head.uri.path(), head.uri.query()), "{target}");
        }
    }

    proptest! {
        #[test]
        fn a_uuid_has_all_bits_but_six(bits in any::<u128>()) {
            let text = String::from_utf8(uuid(bits).to_vec()).expect("text").replace('-', "");
            let digits = format!("{bits:032x}");
            for (index, (ours, given)) in text.chars().zip(digits.chars()).enumerate() {
                match index {
                    12 => prop_assert_eq!(ours, '4'),
                    // Two bits say the variant, and two are as they came.
                    16 => prop_assert_eq!(ours.to_digit(16), given.to_digit(16).map(|given| given % 4 + 8)),
                    _ => prop_assert_eq!(ours, given),
                }
            }
        }

        #[test]
        fn an_extended_id_is_eleven_bytes_in_base64(bits in any::<u128>()) {
            let text = extended_id(bits);
            let bytes = BASE64_STANDARD.decode(text).expect("eleven bytes, with no bit besides");
            prop_assert_eq!(bytes.len(), 11);
            // Six bits a character, the lowest first: eight characters of the lower half, then seven of the upper.
            let six = |index: usize| (bits >> (64 * (index / 8) + 6 * (index % 8))) as u8 & 0x3f;
            let digits = (0..15).map(|index| if index == 14 { six(index) & 0x3c } else { six(index) });
            let read = bytes.iter().fold(0_u128, |read, byte| read << 8 | u128::from(*byte));
            prop_assert_eq!(read << 2, digits.fold(0, |all, digit| all << 6 | u128::from(digit)));
        }
    }
}
