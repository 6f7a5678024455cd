//! What a template, and a function, see of a call: its parameters as text, and all of `$context`.

use http::HeaderMap;
use tollgate_velocity::{ContextOverrides, Input, Parameters, Params, RequestOverride, Scope};

use crate::call::Call;
use crate::query;
use crate::refusal::Refusal;
use crate::variables;

/// Headers that the gateway itself adds to what a caller sent, as AWS spells them.
const OWN_SPELLINGS: [&str; 4] = ["X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Amzn-Trace-Id"];

/// What a template sees of a call; `body` is the payload that it transforms.
pub(super) fn scope(call: &Call<'_>, sent: &HeaderMap, body: &[u8]) -> Result<Scope, Refusal> {
    let body = std::str::from_utf8(body)
        .map_err(|_| Refusal::Misconfigured("a body that is no text cannot be transformed".to_owned()))?;
    let params = Params {
        path: call.path_variables().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        querystring: query(call).into_iter().collect(),
        header: headers(call, sent).into_iter().collect(),
    };
    let input = Input { body: body.to_owned(), params };
    Ok(Scope { input, context: variables::tree(call, sent), stage_variables: stage_variables(call) })
}

/// The same for an answer, whose template sees what that of the request has overridden.
pub(super) fn scope_of_answer(
    call: &Call<'_>,
    sent: &HeaderMap,
    body: &[u8],
    overrides: &ContextOverrides,
) -> Result<Scope, Refusal> {
    let mut scope = scope(call, sent, body)?;
    let RequestOverride { header, path, querystring } = &overrides.request;
    for (place, parameters) in [("header", header), ("path", path), ("querystring", querystring)] {
        for (name, values) in parameters {
            scope.context["requestOverride"][place][name] = match &values[..] {
                [value] => value.as_str().into(),
                values => values.into(),
            };
        }
    }
    Ok(scope)
}

/// The variables of the call's stage.
pub(super) fn stage_variables(call: &Call<'_>) -> Parameters {
    let variables = call.stage.map(|stage| &stage.program.variables).into_iter().flatten();
    variables.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The query parameters in order, decoded. Names come as often as they were sent.
pub(crate) fn query(call: &Call<'_>) -> Vec<(String, String)> {
    query::pairs(call.query().unwrap_or_default()).collect()
}

/// Headers in order, spelt as the caller spelt them where that is known, and in lower case otherwise.
pub(crate) fn headers(call: &Call<'_>, headers: &HeaderMap) -> Vec<(String, String)> {
    let spellings = call.client.raw_head.spellings();
    let spelt = |name: &str| {
        let same = |candidate: &&str| candidate.eq_ignore_ascii_case(name);
        let sent = spellings.iter().map(String::as_str).find(same);
        sent.or_else(|| OWN_SPELLINGS.into_iter().find(same)).unwrap_or(name).to_owned()
    };
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (spelt(name.as_str()), text(value))).collect()
}
