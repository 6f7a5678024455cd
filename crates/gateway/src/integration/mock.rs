//! MOCK: no upstream. The request template names a status, and the status chooses the integration's response.

use http::{HeaderMap, Response};

use super::Site;
use super::parameters::Parameters;
use super::reply::{Replies, Returned};
use super::requests::Requests;
use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// A MOCK integration.
#[derive(Debug)]
pub(crate) struct Mock {
    requests: Requests,
    replies: Replies,
}

impl Mock {
    pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        let requests = Requests::compile(given, &Parameters::default())?;
        Ok(Self { requests, replies: Replies::compile(&given.responses, site)? })
    }

    pub(super) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        sent: &HeaderMap,
        body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let max_body_bytes = worker.shared.config.max_body_bytes;
        let prepared = self.requests.prepare(call, sent, body, max_body_bytes).await?;
        let status = status_code(&prepared.body.whole().await?)
            .ok_or_else(|| Refusal::Misconfigured("a MOCK integration's request has no statusCode".to_owned()))?;
        let reply = self.replies.select(status)?;
        let (headers, body) = (&HeaderMap::new(), AnswerBody::empty());
        let overrides = prepared.overrides;
        reply.answer(call, sent, Returned { headers, body, overrides, max_body_bytes }).await
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
