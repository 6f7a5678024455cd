//! What execution logs say of a call, in AWS's words, and which stages want to know.
//!
//! A key is shown by its last six characters, as on AWS; credentials in headers likewise.

use std::fmt::Write as _;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, StatusCode, header};
use tollgate_domain::{Clock, QuotaSettings, ThrottleSettings};

use crate::call::{Call, X_API_KEY};
use crate::execution_log::{ExecutionLog, LogLevel};
use crate::gateway_response::X_AMZN_ERROR_TYPE;
use crate::plan::Covered;
use crate::refusal::Refusal;
use crate::snapshot::{Method, Program};

/// Characters of a key that are shown.
const SHOWN: usize = 6;

/// How much is noted of calls, by the index of the method; empty where nothing is.
#[derive(Debug, Default)]
pub(crate) struct Verbosity(Vec<Option<(LogLevel, bool)>>);

impl Verbosity {
    /// Reads the method settings of a stage.
    pub(crate) fn compile(stage: &tollgate_domain::Stage, program: &Program) -> Self {
        let wanted = |method: &Method| {
            let setting = stage.method_setting(&method.resource_path, method.verb.as_str())?;
            let level = match setting.logging_level.as_deref()? {
                "INFO" => LogLevel::Info,
                "ERROR" => LogLevel::Error,
                _ => return None,
            };
            Some((level, setting.data_trace_enabled))
        };
        let levels: Vec<_> = program.methods.iter().map(wanted).collect();
        Self(if levels.iter().any(Option::is_some) { levels } else { Vec::new() })
    }

    /// Whether something is noted of calls of a method.
    pub(crate) fn notes(&self, method: &Method) -> bool {
        self.0.get(method.index).is_some_and(Option::is_some)
    }

    /// A log for a call of a method, if somebody wants to know.
    pub(crate) fn log(&self, method: &Method, clock: &Arc<dyn Clock>) -> Option<ExecutionLog> {
        let (level, data_trace) = (*self.0.get(method.index)?)?;
        Some(ExecutionLog::new(level, data_trace, Arc::clone(clock)))
    }
}

/// Notes that the key is about to be looked at.
pub(crate) fn verifies_plan(call: &Call<'_>, sent: &HeaderMap) {
    call.note(LogLevel::Info, || {
        let id = call.ids.request_id.as_str();
        format!("Verifying Usage Plan for request: {id}. API Key: {} API Stage: {}", key(call, sent), stage(call))
    });
}

/// Notes what the limits said.
pub(crate) fn decided(
    call: &Call<'_>,
    sent: &HeaderMap,
    covered: Option<Covered<'_, '_>>,
    outcome: &Result<(), Refusal>,
) {
    let Some(covered) = covered else {
        call.note(LogLevel::Info, || {
            format!(
                "API Key  authorized because method '{}' does not require API Key. Request will not contribute to \
                 throttle or quota limits",
                method(call)
            )
        });
        return;
    };
    let plan = &covered.coverage.plan;
    let exceeded =
        |what: &str| format!("API Key {} exceeded {what} limit for API Stage {}", key(call, sent), stage(call));
    match outcome {
        Ok(()) => call.note(LogLevel::Info, || {
            format!("Usage Plan check succeeded for API Key {} and API Stage {}", key(call, sent), stage(call))
        }),
        Err(Refusal::Throttled { .. }) => call.note(LogLevel::Error, || {
            let stage = call.stage.map_or("", |stage| stage.name.as_str());
            format!(
                "{}: Key throttle limit exceeded for Usage Plan ID {}, RestApi {}, Stage {stage}, {}. {}",
                exceeded("throttle"),
                plan.id,
                call.stage.map_or("", |stage| stage.deployed.api.id.as_str()),
                resource(call),
                rate(plan.throttle),
            )
        }),
        Err(Refusal::QuotaExceeded { .. }) => call.note(LogLevel::Error, || {
            let quota = plan.quota.map(size).unwrap_or_default();
            format!("{}: Key quota exhausted for Usage Plan ID {}. {quota}", exceeded("quota"), plan.id)
        }),
        Err(_) => {}
    }
}

/// Notes what the caller sent to a method that is about to run.
pub(crate) fn starts(call: &Call<'_>, sent: &HeaderMap) {
    let Some(log) = &call.log else { return };
    log.note(LogLevel::Info, || format!("Starting execution for request: {}", call.ids.request_id.as_str()));
    log.note(LogLevel::Info, || format!("HTTP Method: {}, Resource Path: {}", call.verb, call.path));
    log.trace(|| format!("Method request path: {}", map(call.path_variables())));
    log.trace(|| {
        let pairs = call.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        format!("Method request query string: {}", map(pairs))
    });
    log.trace(|| format!("Method request headers: {}", headers(sent)));
}

/// Notes the body that the caller sent.
pub(crate) fn receives(call: &Call<'_>, body: &[u8]) {
    call.trace(|| format!("Method request body before transformations: {}", String::from_utf8_lossy(body)));
}

/// Notes the body that the caller gets.
pub(crate) fn answers(call: &Call<'_>, body: &[u8]) {
    call.trace(|| format!("Method response body after transformations: {}", String::from_utf8_lossy(body)));
}

/// Notes why the gateway itself answers.
pub(crate) fn refuses(call: &Call<'_>, refusal: &Refusal) {
    call.note(LogLevel::Error, || match refusal {
        Refusal::Misconfigured(_) => format!("Execution failed due to configuration error: {refusal}"),
        Refusal::IntegrationTimeout => "Execution failed due to a timeout error".to_owned(),
        Refusal::IntegrationFailure(_) => {
            format!("Execution failed due to a network error communicating with endpoint: {refusal}")
        }
        other => format!("Execution failed: {other}"),
    });
}

/// Notes which of its own answers the gateway gave. AWS's logs tell it of calls, and not of tests.
pub(crate) fn words(call: &Call<'_>) {
    let Some(said) = &call.refused else { return };
    call.note(LogLevel::Error, || {
        format!("Gateway response type: {} with status code: {}", said.kind.as_str(), said.status.as_u16())
    });
}

/// Notes how a call was answered.
pub(crate) fn ends(call: &Call<'_>, status: StatusCode, answered: &HeaderMap, refused: bool) {
    let Some(log) = &call.log else { return };
    if !refused {
        log.trace(|| format!("Method response headers: {}", spelt_headers(answered)));
        log.note(LogLevel::Info, || "Successfully completed execution".to_owned());
    }
    let level = if refused { LogLevel::Error } else { LogLevel::Info };
    log.note(level, || format!("Method completed with status: {}", status.as_u16()));
}

fn stage(call: &Call<'_>) -> String {
    call.stage.map(|stage| format!("{}/{}", stage.deployed.api.id, stage.name)).unwrap_or_default()
}

fn method(call: &Call<'_>) -> String {
    call.method.map(|method| format!("{} {}", method.verb, method.resource_path)).unwrap_or_default()
}

fn resource(call: &Call<'_>) -> String {
    call.method.map(|method| format!("Resource {}, HttpMethod {}", method.resource_id, method.verb)).unwrap_or_default()
}

fn rate(throttle: Option<ThrottleSettings>) -> String {
    let Some(throttle) = throttle else { return String::new() };
    format!("Limit: {:.2} Burst: {}", throttle.rate_limit.unwrap_or_default(), throttle.burst_limit.unwrap_or_default())
}

fn size(quota: QuotaSettings) -> String {
    format!("Limit: {} Period: {}", quota.limit, quota.period.as_str())
}

fn key(call: &Call<'_>, sent: &HeaderMap) -> String {
    call.key_value(sent).map(|value| masked(&value)).unwrap_or_default()
}

/// A secret, shown by its end.
pub(crate) fn masked(value: &str) -> String {
    let hidden = value.chars().count().saturating_sub(SHOWN);
    let shown: String = if hidden < SHOWN { String::new() } else { value.chars().skip(hidden).collect() };
    format!("****{shown}")
}

/// Headers as AWS's logs print them.
pub(crate) fn headers(headers: &HeaderMap) -> String {
    const SECRET: [HeaderName; 3] = [X_API_KEY, header::AUTHORIZATION, header::COOKIE];
    let pairs = headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        (name.as_str(), if SECRET.contains(name) { masked(&text) } else { text.into_owned() })
    });
    map(pairs)
}

/// Headers of an answer as AWS's logs print them.
fn spelt_headers(headers: &HeaderMap) -> String {
    map(headers.iter().map(|(name, value)| (spelt(name), String::from_utf8_lossy(value.as_bytes()).into_owned())))
}

/// A header's name as AWS spells it, where its letters are told: `Content-Type`, but `x-amzn-ErrorType`.
pub(crate) fn spelt(name: &HeaderName) -> String {
    if *name == X_AMZN_ERROR_TYPE {
        return "x-amzn-ErrorType".to_owned();
    }
    let capital = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.as_str().split('-').map(capital).collect::<Vec<_>>().join("-")
}

/// A map as Java prints it, which is how AWS's logs do.
fn map<K: std::fmt::Display, V: std::fmt::Display>(pairs: impl Iterator<Item = (K, V)>) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in pairs.enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(out, "{separator}{name}={value}");
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn names_of_headers_have_capitals() {
        for (name, told) in
            [("content-type", "Content-Type"), ("x-amzn-errortype", "x-amzn-ErrorType"), ("etag", "Etag"), ("-a", "-A")]
        {
            assert_eq!(spelt(&HeaderName::from_static(name)), told);
        }
    }

    #[test]
    fn no_more_of_a_secret_than_its_end_is_shown() {
        assert_eq!(masked("abcdefghijklmnopqrstuvwxyz"), "****uvwxyz");
        assert_eq!(masked("short"), "****");
        assert_eq!(masked("elevenchars"), "****");
        let mut sent = HeaderMap::new();
        sent.insert(X_API_KEY, HeaderValue::from_static("abcdefghijklmnopqrstuvwxyz"));
        sent.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer abcdefghijklm"));
        sent.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        assert_eq!(headers(&sent), "{x-api-key=****uvwxyz, authorization=****hijklm, accept=*/*}");
    }
}
