//! Integration responses: how one kind of upstream answer becomes an answer of the method.

use std::collections::BTreeMap;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use regex::Regex;
use tollgate_domain::IntegrationResponse;

use super::source::Source;
use super::template::{self, Template};
use super::{Site, media_type};
use crate::body::AnswerBody;
use crate::call::Call;
use crate::refusal::Refusal;

/// The integration responses of a method.
#[derive(Debug)]
pub(super) struct Replies {
    replies: Vec<Reply>,
    /// For each status from 100 to 599, the reply that its pattern chooses, so that no call runs a pattern.
    by_status: Vec<Option<usize>>,
}

/// One integration response.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, ReplySource)>,
    templates: Vec<(String, Template)>,
}

#[derive(Debug)]
enum ReplySource {
    /// A header of the upstream's answer.
    Upstream(HeaderName),
    /// What is known without the answer.
    Call(Source),
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
        let chosen = |status: u16| {
            let text = status.to_string();
            patterns.iter().find(|(_, pattern)| pattern.is_match(&text)).map(|(index, _)| *index).or(default)
        };
        Ok(Self { replies, by_status: (100..600).map(chosen).collect() })
    }

    /// The reply for a status.
    pub(super) fn select(&self, status: u16) -> Option<&Reply> {
        let index = self.by_status.get(usize::from(status.checked_sub(100)?))?;
        self.replies.get((*index)?)
    }
}

/// AWS matches the whole status.
fn whole_match(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|_| format!("the selection pattern {pattern:?} cannot be read"))
}

impl Reply {
    fn compile(status: &str, given: &IntegrationResponse, site: &Site<'_>) -> Result<Self, String> {
        let headers = given.response_parameters.iter().map(|(place, expression)| {
            let name = place
                .strip_prefix("method.response.header.")
                .and_then(|name| name.parse::<HeaderName>().ok())
                .filter(|name| *name != header::CONTENT_LENGTH && *name != header::TRANSFER_ENCODING)
                .ok_or_else(|| format!("the response parameter {place:?} is not supported"))?;
            Ok((name, ReplySource::parse(expression, site)?))
        });
        Ok(Self {
            status: status.parse().map_err(|_| format!("{status:?} is no status"))?,
            headers: headers.collect::<Result<_, String>>()?,
            templates: template::compile(&given.response_templates),
        })
    }

    /// Makes the answer from the upstream's headers and body.
    pub(super) fn answer(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        upstream: &HeaderMap,
        body: AnswerBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (media_type, body) = match media_type::by_accept(&self.templates, sent) {
            None => (HeaderValue::from_static("application/json"), body),
            Some((media_type, Template::Plain(text))) => {
                let named = HeaderValue::from_str(media_type);
                (named.unwrap_or(HeaderValue::from_static("application/json")), AnswerBody::whole(text.clone()))
            }
            Some((_, Template::Dynamic)) => return Err(Refusal::Misconfigured(template::UNSUPPORTED.to_owned())),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        for (name, source) in &self.headers {
            if let Some(value) = source.value(call, sent, upstream)? {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        Ok(response)
    }
}

impl ReplySource {
    fn parse(expression: &str, site: &Site<'_>) -> Result<Self, String> {
        if let Some(name) = expression.strip_prefix("integration.response.header.") {
            let name = name.parse().map_err(|_| format!("the mapping {expression:?} is not supported"))?;
            return Ok(Self::Upstream(name));
        }
        Source::parse(expression, site).map(Self::Call)
    }

    fn value(&self, call: &Call<'_>, sent: &HeaderMap, upstream: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        match self {
            Self::Upstream(name) => Ok(crate::call::last_value(upstream, name).cloned()),
            Self::Call(source) => source.header_value(call, sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{RestApiId, StageName};

    use super::*;

    fn replies(patterns: &[(&str, Option<&str>)]) -> Result<Replies, String> {
        let given = patterns.iter().map(|(status, pattern)| {
            let selection_pattern = pattern.map(str::to_owned);
            ((*status).to_owned(), IntegrationResponse { selection_pattern, ..IntegrationResponse::default() })
        });
        let (api, stage, stage_variables) = (RestApiId::new("a"), StageName::new("s"), BTreeMap::new());
        let site =
            Site { account_id: "0", api: &api, stage: &stage, stage_variables: &stage_variables, resource_path: "/" };
        Replies::compile(&given.collect(), &site)
    }

    #[test]
    fn a_pattern_matches_the_whole_status_and_the_default_takes_the_rest() {
        let replies = replies(&[("200", None), ("400", Some("4\\d{2}")), ("500", Some("5"))]).expect("replies");
        let chosen = |status| replies.select(status).map(|reply| reply.status.as_u16());
        assert_eq!(chosen(404), Some(400));
        assert_eq!(chosen(503), Some(200), "`5` is not all of 503");
        assert_eq!(chosen(204), Some(200));
        assert_eq!(chosen(700), None);
    }

    #[test]
    fn without_a_default_a_status_may_have_no_reply() {
        let replies = replies(&[("200", Some("200"))]).expect("replies");
        assert!(replies.select(500).is_none());
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told() {
        assert!(replies(&[("200", Some("("))]).is_err());
    }
}
