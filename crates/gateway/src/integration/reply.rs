//! Integration responses: how one kind of upstream answer becomes an answer of the method.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use regex::Regex;
use tollgate_domain::IntegrationResponse;
use tollgate_velocity::{ContextOverrides, OverriddenParameters, ResponseOverride};

use super::Site;
use super::binary::{self, ContentHandling, Conversion};
use super::headers::override_headers;
use super::reply_source::ReplySource;
use super::scope::scope_of_answer;
use super::template::{self, Template};
use crate::body::AnswerBody;
use crate::call::Call;
use crate::media_type;
use crate::refusal::Refusal;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The integration responses of a method.
#[derive(Debug)]
pub(super) struct Replies {
    replies: Vec<Reply>,
    patterns: Vec<(usize, Regex)>,
    default: Option<usize>,
    /// For each status from 100 to 599, the reply that its pattern chooses, so that no call runs a pattern.
    by_status: Vec<Option<usize>>,
}

/// One integration response.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, ReplySource)>,
    templates: Vec<(String, Template)>,
    handling: Option<ContentHandling>,
    /// Whether a header is mapped from the body.
    read_body: bool,
}

/// What came back from an integration.
#[derive(Debug)]
pub(super) struct Returned<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) body: AnswerBody,
    /// What the request's template set: of the answer, and what templates of answers read of the request. Many a MOCK hands
    /// the caller's body on by it.
    pub(super) overrides: ContextOverrides,
    /// Bytes that the body may have where it is looked into.
    pub(super) max_body_bytes: u64,
}

impl Replies {
    pub(super) fn compile(given: &BTreeMap<String, IntegrationResponse>, site: &Site<'_>) -> Result<Self, String> {
        let mut replies = Vec::with_capacity(given.len());
        let mut patterns = Vec::with_capacity(given.len());
        let mut default = None;
        for (index, (status, response)) in given.iter().enumerate() {
            match response.selection_pattern.as_deref() {
                None | Some("") => default = default.or(Some(index)),
                Some(pattern) => patterns.push((index, whole_match(pattern)?)),
            }
            replies.push(Reply::compile(status, response, site)?);
        }
        let by_status = (100..600_u16).map(|status| chosen(&patterns, &status.to_string()).or(default)).collect();
        Ok(Self { replies, patterns, default, by_status })
    }

    /// The reply for a status.
    pub(super) fn select(&self, status: u16) -> Result<&Reply, Refusal> {
        let index = status.checked_sub(100).and_then(|index| *self.by_status.get(usize::from(index))?);
        self.reply(index, || format!("status {status}"))
    }

    /// The reply for what a function returned: chosen by the message of its error, if it is one. The status of the
    /// function's own answer does not count, as on AWS.
    pub(super) fn select_by_error(&self, message: Option<&str>) -> Result<&Reply, Refusal> {
        let index = message.and_then(|message| chosen(&self.patterns, message)).or(self.default);
        self.reply(index, || message.map_or_else(|| "success".to_owned(), |message| format!("the error {message:?}")))
    }

    fn reply(&self, index: Option<usize>, what: impl FnOnce() -> String) -> Result<&Reply, Refusal> {
        let reply = index.and_then(|index| self.replies.get(index));
        reply.ok_or_else(|| Refusal::Misconfigured(format!("no integration response is for {}", what())))
    }
}

fn chosen(patterns: &[(usize, Regex)], text: &str) -> Option<usize> {
    patterns.iter().find(|(_, pattern)| pattern.is_match(text)).map(|(index, _)| *index)
}

/// AWS matches the whole text; a dot is any character, a line's end among them, since messages have several lines.
fn whole_match(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?s:{pattern})$")).map_err(|_| format!("the selection pattern {pattern:?} cannot be read"))
}

impl Reply {
    fn compile(status: &str, given: &IntegrationResponse, site: &Site<'_>) -> Result<Self, String> {
        let headers = given.response_parameters.iter().flatten().map(|(place, expression)| {
            let name = place
                .strip_prefix("method.response.header.")
                .and_then(|name| name.parse::<HeaderName>().ok())
                .filter(|name| *name != header::CONTENT_LENGTH && *name != header::TRANSFER_ENCODING)
                .ok_or_else(|| format!("the response parameter {place:?} is not supported"))?;
            Ok((name, ReplySource::parse(expression, site)?))
        });
        let headers: Vec<(HeaderName, ReplySource)> = headers.collect::<Result<_, String>>()?;
        Ok(Self {
            status: status.parse().map_err(|_| format!("{status:?} is no status"))?,
            read_body: headers.iter().any(|(_, source)| source.reads_body()),
            headers,
            templates: given.response_templates.as_ref().map(template::compile).unwrap_or_default(),
            handling: ContentHandling::parse(given.content_handling.as_deref())?,
        })
    }

    /// Makes the answer from what came back. A body that nobody looks into passes as it arrives.
    pub(super) async fn answer(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        returned: Returned<'_>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let Returned { headers, body, mut overrides, max_body_bytes } = returned;
        let template = media_type::by_accept(&self.templates, sent);
        let conversion = self.conversion(call, sent, headers);
        let dynamic = template.is_some_and(|(_, template)| template.is_dynamic());
        let mut payload = Bytes::new();
        let body = if dynamic || self.read_body || conversion != Conversion::None {
            // Of what came from no upstream there is nothing to tell, or a function's result was told before.
            let untold = body.known().is_none();
            payload = body.collect(max_body_bytes).await?;
            if untold {
                call.trace(|| {
                    format!("Endpoint response body before transformations: {}", String::from_utf8_lossy(&payload))
                });
            }
            self.body(call, sent, &payload, conversion, &mut overrides)?
        } else if let Some((_, template)) = template {
            AnswerBody::whole(template.render(call, || scope_of_answer(call, sent, b"", &overrides))?.text)
        } else {
            body
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let media_type = template.map_or(Ok(JSON), |(media_type, _)| HeaderValue::from_str(media_type));
        response.headers_mut().insert(header::CONTENT_TYPE, media_type.unwrap_or(JSON));
        for (name, source) in &self.headers {
            if let Some(value) = source.value(call, sent, headers, &payload)? {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        override_answer(&mut response, &overrides.response)?;
        Ok(response)
    }

    /// The body after conversion and template. Text is made before the template, bytes are made after it.
    fn body(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        payload: &Bytes,
        conversion: Conversion,
        overrides: &mut ContextOverrides,
    ) -> Result<AnswerBody, Refusal> {
        let mut payload = payload.clone();
        if conversion == Conversion::Encode {
            payload = conversion.apply(payload)?;
        }
        if let Some((_, template)) = media_type::by_accept(&self.templates, sent) {
            let rendering = template.render(call, || scope_of_answer(call, sent, &payload, overrides))?;
            merge(&mut overrides.response, rendering.overrides.response);
            payload = rendering.text;
        }
        if conversion == Conversion::Decode {
            payload = conversion.apply(payload)?;
        }
        Ok(AnswerBody::whole(payload))
    }

    fn conversion(&self, call: &Call<'_>, sent: &HeaderMap, headers: &HeaderMap) -> Conversion {
        let types = binary::types(call);
        if types.is_empty() && self.handling.is_none() {
            return Conversion::None;
        }
        binary::of_answer(self.handling, binary::is_body(types, headers), binary::is_accepted(types, sent))
    }
}

/// What a response's template sets goes before what the request's template set.
fn merge(overrides: &mut ResponseOverride, later: ResponseOverride) {
    overrides.status = later.status.or(overrides.status);
    let header: OverriddenParameters = later.header;
    overrides.header.extend(header);
}

fn override_answer(response: &mut Response<AnswerBody>, overrides: &ResponseOverride) -> Result<(), Refusal> {
    if let Some(status) = overrides.status {
        *response.status_mut() = StatusCode::from_u16(status)
            .ok()
            .filter(|status| !status.is_informational())
            .ok_or_else(|| Refusal::Misconfigured(format!("a template answers with status {status}")))?;
    }
    override_headers(response.headers_mut(), &overrides.header)
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{RestApiId, StageName};

    use super::*;
    use crate::config::GatewayConfig;

    fn replies(patterns: &[(&str, Option<&str>)]) -> Result<Replies, String> {
        let given = patterns.iter().map(|(status, pattern)| {
            let selection_pattern = pattern.map(str::to_owned);
            ((*status).to_owned(), IntegrationResponse { selection_pattern, ..IntegrationResponse::default() })
        });
        let (api, stage, stage_variables) = (RestApiId::new("a"), StageName::new("s"), BTreeMap::new());
        let site = Site {
            config: &GatewayConfig::default(),
            api: &api,
            stage: &stage,
            stage_variables: &stage_variables,
            resource_path: "/",
        };
        Replies::compile(&given.collect(), &site)
    }

    fn status(reply: Result<&Reply, Refusal>) -> Option<u16> {
        reply.ok().map(|reply| reply.status.as_u16())
    }

    #[test]
    fn a_pattern_matches_the_whole_status_and_the_default_takes_the_rest() {
        let replies = replies(&[("200", None), ("400", Some("4\\d{2}")), ("500", Some("5"))]).expect("replies");
        let chosen = |code| status(replies.select(code));
        assert_eq!(chosen(404), Some(400));
        assert_eq!(chosen(503), Some(200), "`5` is not all of 503");
        assert_eq!(chosen(204), Some(200));
        assert_eq!(chosen(700), None);
    }

    #[test]
    fn without_a_default_a_status_may_have_no_reply() {
        let replies = replies(&[("200", Some("200"))]).expect("replies");
        assert!(replies.select(500).is_err());
    }

    #[test]
    fn the_message_of_an_error_chooses_and_success_takes_the_default() {
        let replies =
            replies(&[("200", None), ("400", Some(".*bad.*")), ("500", Some("boom|a\\|b"))]).expect("replies");
        let chosen = |message| status(replies.select_by_error(message));
        assert_eq!(chosen(Some("so bad\nit hurts")), Some(400));
        assert_eq!(chosen(Some("boom")), Some(500));
        assert_eq!(chosen(Some("boom!")), Some(200));
        assert_eq!(chosen(None), Some(200));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told() {
        assert!(replies(&[("200", Some("("))]).is_err());
    }
}
