//! Gateway responses: how an API words what the gateway answers by itself.
//!
//! An answer takes the wording of its own type, else that of `DEFAULT_4XX` or `DEFAULT_5XX`, else AWS's. What the table
//! in `refusal.rs` says is changed here, never replaced: an API without wordings costs nothing.

mod template;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use tollgate_domain::{DeployedApi, GatewayResponse as Given, GatewayResponseType};

use self::template::Template;
use crate::body::AnswerBody;
use crate::call::Call;
use crate::media_type;
use crate::parameter::Parameter;
use crate::refusal::{GatewayResponse, Refusal};

pub(crate) const X_AMZN_ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Headers of the answer to a call that was too fast, or one too many.
const LIMITED_HEADERS: usize = 8;

/// The wordings of a deployed API, with one set of stage variables.
#[derive(Debug)]
pub(crate) struct GatewayResponses {
    wordings: BTreeMap<GatewayResponseType, Wording>,
    /// Whether some wording says what the caller's headers said.
    pub(crate) reads_headers: bool,
}

/// How one type is worded.
#[derive(Debug)]
struct Wording {
    status: Option<StatusCode>,
    headers: Vec<(HeaderName, Parameter)>,
    /// By media type; empty leaves AWS's body.
    templates: Vec<(String, (HeaderValue, Template))>,
}

impl GatewayResponses {
    /// The wordings of an API; `None` when it leaves everything as AWS says it.
    pub(crate) fn compile(deployed: &DeployedApi, stage_variables: &BTreeMap<String, String>) -> Option<Box<Self>> {
        if deployed.gateway_responses.is_empty() {
            return None;
        }
        let wordings: BTreeMap<_, _> = deployed
            .gateway_responses
            .iter()
            .map(|(kind, given)| (*kind, Wording::compile(given, stage_variables)))
            .collect();
        let reads_headers = wordings.values().any(Wording::reads_headers);
        Some(Box::new(Self { wordings, reads_headers }))
    }

    fn wording(&self, answer: &GatewayResponse) -> Option<&Wording> {
        // AWS leaves this one as it is, whatever an API says.
        if answer.kind == GatewayResponseType::RequestTooLarge {
            return None;
        }
        let class = match answer.status.is_server_error() {
            true => GatewayResponseType::Default5xx,
            false => GatewayResponseType::Default4xx,
        };
        self.wordings.get(&answer.kind).or_else(|| self.wordings.get(&class))
    }
}

impl Wording {
    fn compile(given: &Given, stage_variables: &BTreeMap<String, String>) -> Self {
        let header = |(place, expression): (&String, &String)| {
            let name = place.strip_prefix("gatewayresponse.header.")?.parse().ok()?;
            Some((name, Parameter::parse(expression, stage_variables)?))
        };
        let template = |(media_type, text): (&String, &String)| {
            let value = HeaderValue::try_from(media_type).ok()?;
            Some((media_type.clone(), (value, Template::parse(text, stage_variables))))
        };
        Self {
            status: given.status_code.as_deref().and_then(|code| code.parse().ok()),
            headers: given.response_parameters.iter().filter_map(header).collect(),
            templates: given.response_templates.iter().filter_map(template).collect(),
        }
    }

    /// A choice among templates is made by the caller's `Accept`.
    fn reads_headers(&self) -> bool {
        self.templates.len() > 1
            || self.templates.iter().any(|(_, (_, template))| template.reads_headers())
            || self.headers.iter().any(|(_, parameter)| parameter.reads_headers())
    }

    /// The template for the first type that the caller accepts, else JSON, else the first there is.
    fn template(&self, sent: &HeaderMap) -> Option<&(HeaderValue, Template)> {
        media_type::by_accept(&self.templates, sent).map(|(_, worded)| worded)
    }

    fn reword(&self, call: &Call<'_>, response: &mut Response<AnswerBody>) {
        let nothing = HeaderMap::new();
        let sent = call.sent.as_deref().unwrap_or(&nothing);
        if let Some(status) = self.status {
            *response.status_mut() = status;
        }
        if let Some((media_type, template)) = self.template(sent) {
            *response.body_mut() = AnswerBody::whole(Bytes::from(template.render(call, sent)));
            response.headers_mut().insert(header::CONTENT_TYPE, media_type.clone());
        }
        for (name, parameter) in &self.headers {
            let value = parameter.value(call, sent).and_then(|value| HeaderValue::try_from(value.as_ref()).ok());
            if let Some(value) = value.filter(|_| !FRAMING.contains(name)) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
    }
}

/// Headers that frame the message, which no wording may set.
const FRAMING: [HeaderName; 3] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// What is said to a caller who is refused, in AWS's words; `None` if the API has words of its own.
pub(crate) fn in_aws_words<'c>(call: &'c mut Call<'_>, refusal: &Refusal) -> Option<&'c GatewayResponse> {
    if call.stage.is_some_and(|stage| stage.program.responses.is_some()) {
        return None;
    }
    let said = refusal.gateway_response();
    log(call, refusal, &said);
    Some(call.refused.insert(said))
}

/// Turns a refusal into an answer, in the words of the API if the stage is known.
pub(crate) fn answer(call: &mut Call<'_>, refusal: &Refusal, with_retry_after: bool) -> Response<AnswerBody> {
    let said = refusal.gateway_response();
    log(call, refusal, &said);
    let retry_after = refusal.retry_after_secs().filter(|_| with_retry_after);
    let mut response = Response::new(AnswerBody::whole(said.body()));
    *response.status_mut() = said.status;
    let headers = response.headers_mut();
    if retry_after.is_some() {
        // Those who are to come back are told of their limits, too: more headers than a map has room for at first.
        headers.reserve(LIMITED_HEADERS);
    }
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(X_AMZN_ERROR_TYPE, HeaderValue::from_static(said.error_type));
    if refusal.ends_connection() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    call.refused = Some(said);
    if let Some(stage) = call.stage
        && let Some(responses) = &stage.program.responses
        && let Some(wording) = call.refused.as_ref().and_then(|said| responses.wording(said))
    {
        wording.reword(call, &mut response);
    }
    response
}

/// Tells the operator what only the operator can mend; other refusals are a caller's everyday.
fn log(call: &Call<'_>, refusal: &Refusal, said: &GatewayResponse) {
    // Read where it is written: nobody asks for most of these lines.
    let (ids, kind) = (call.ids, said.kind.as_str());
    // The ledger's own line says when it went and when it came back.
    if said.status.is_server_error() && !matches!(refusal, Refusal::LedgerUnavailable) {
        tracing::warn!(target: "tollgate::gateway", request_id = ids.request_id.as_str(), kind, cause = %refusal, "a call was refused");
    } else {
        tracing::debug!(target: "tollgate::gateway", request_id = ids.request_id.as_str(), kind, cause = %refusal, "a call was refused");
    }
}
