//! MOCK: no upstream. The request template names a status, and the status chooses the integration's response.

use http::{HeaderMap, Response};

use super::Site;
use super::http::Requests;
use super::reply::Replies;
use super::template::{self, Template};
use crate::body::AnswerBody;
use crate::call::Call;
use crate::refusal::Refusal;

/// A MOCK integration.
#[derive(Debug)]
pub(crate) struct Mock {
    requests: Requests,
    replies: Replies,
}

impl Mock {
    pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        Ok(Self { requests: Requests::compile(given), replies: Replies::compile(&given.responses, site)? })
    }

    pub(super) fn answer(&self, call: &Call<'_>, sent: &HeaderMap) -> Result<Response<AnswerBody>, Refusal> {
        let wrong = |reason: &str| Refusal::Misconfigured(reason.to_owned());
        let status = match self.requests.template(sent)? {
            Some(Template::Plain(text)) => {
                status_code(text).ok_or_else(|| wrong("a MOCK template has no statusCode"))?
            }
            Some(Template::Dynamic) => return Err(wrong(template::UNSUPPORTED)),
            None => return Err(wrong("no MOCK template is for this media type")),
        };
        let reply = self
            .replies
            .select(status)
            .ok_or_else(|| wrong(&format!("no integration response is for status {status}")))?;
        reply.answer(call, sent, &HeaderMap::new(), AnswerBody::empty())
    }
}

/// The status that a template names. AWS reads `{statusCode:200}` as well, and tools of the field rely on it.
fn status_code(template: &[u8]) -> Option<u16> {
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(template) {
        let status = object.get("statusCode")?.as_u64()?;
        return u16::try_from(status).ok();
    }
    let text = std::str::from_utf8(template).ok()?.trim().strip_prefix('{')?;
    let (_, rest) = text.split_once("statusCode")?;
    let rest = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_tolerantly_as_by_aws() {
        for (template, status) in [
            (r#"{"statusCode": 200}"#, Some(200)),
            ("{statusCode:200}", Some(200)),
            ("{ statusCode : 204 }", Some(204)),
            ("{'statusCode': 301, }", Some(301)),
            (r#"{"statusCode": "200"}"#, None),
            ("{}", None),
            ("", None),
            ("statusCode:200", None),
        ] {
            assert_eq!(status_code(template.as_bytes()), status, "{template}");
        }
    }
}
