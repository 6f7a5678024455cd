//! Where the value of a mapped response header comes from: `integration.response.header.x`, `'literal'` …

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Site;
use super::source::{BodyPart, Source};
use crate::call::{Call, last_value};
use crate::refusal::Refusal;

/// Where the value of a response header comes from.
#[derive(Debug)]
pub(super) enum ReplySource {
    /// The last value of a header of the upstream's answer.
    Upstream(HeaderName),
    /// All values of a header of the upstream's answer.
    UpstreamList(HeaderName),
    /// The upstream's body, or a part of it.
    Body(BodyPart),
    /// What is known without the answer.
    Call(Source),
}

impl ReplySource {
    pub(super) fn parse(expression: &str, site: &Site<'_>) -> Result<Self, String> {
        let header = |name: &str| name.parse().map_err(|_| format!("the mapping {expression:?} is not supported"));
        if let Some(name) = expression.strip_prefix("integration.response.header.") {
            return header(name).map(Self::Upstream);
        }
        if let Some(name) = expression.strip_prefix("integration.response.multivalueheader.") {
            return header(name).map(Self::UpstreamList);
        }
        match expression.strip_prefix("integration.response.body") {
            Some(rest) => BodyPart::parse(rest).map(Self::Body),
            None => Source::parse(expression, site).map(Self::Call),
        }
    }

    /// Whether the upstream's body has to be there before the value is known.
    pub(super) fn reads_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }

    /// The value; `None` when there is none.
    pub(super) fn value(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        upstream: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<HeaderValue>, Refusal> {
        match self {
            Self::Upstream(name) => Ok(last_value(upstream, name).cloned()),
            Self::UpstreamList(name) => {
                let values: Vec<&[u8]> = upstream.get_all(name).iter().map(HeaderValue::as_bytes).collect();
                Ok((!values.is_empty()).then(|| HeaderValue::from_bytes(&values.join(&b","[..])).ok()).flatten())
            }
            Self::Body(part) => {
                let value = part.of(body).map(|text| HeaderValue::from_str(&text));
                value
                    .transpose()
                    .map_err(|_| Refusal::Misconfigured("a header is mapped from what no header can hold".to_owned()))
            }
            Self::Call(source) => source.header_value(call, sent),
        }
    }
}
