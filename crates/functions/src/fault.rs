//! How a function failed, in Lambda's words.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;
use tollgate_domain::UnixMillis;

/// How a function failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Lambda's name for it, such as `Runtime.ExitError`. A timeout has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// What happened, for people.
    pub error_message: String,
}

impl Fault {
    /// A failure of a kind.
    pub fn new(error_type: &str, error_message: String) -> Self {
        Self { error_type: Some(error_type.to_owned()), error_message }
    }

    /// The process ended before it answered.
    pub(crate) fn exited(request_id: &str, how: std::process::ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let reason = match (how.code(), how.signal()) {
            (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, Some(signal)) => format!("Runtime exited with error: signal: {signal}"),
            (None, None) => "Runtime exited with error".to_owned(),
        };
        Self::new("Runtime.ExitError", format!("RequestId: {request_id} Error: {reason}"))
    }

    /// The call took longer than it may.
    pub(crate) fn timed_out(now: UnixMillis, request_id: &str, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        let error_message = format!("{} {request_id} Task timed out after {seconds:.2} seconds", iso(now));
        Self { error_type: None, error_message }
    }

    /// What the function returned is larger than an answer may be.
    pub(crate) fn response_too_large(limit: usize) -> Self {
        let text = format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
        Self::new("Function.ResponseSizeTooLarge", text)
    }

    /// The failure as the payload of an answer.
    pub(crate) fn payload(&self) -> Bytes {
        serde_json::to_vec(self).expect("two strings are JSON").into()
    }
}

/// A moment as Lambda writes it: `2026-11-24T14:00:00.000Z`.
fn iso(at: UnixMillis) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000);
    moment.ok().and_then(|moment| moment.format(form).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_reads_as_on_lambda() {
        let fault = Fault::timed_out(UnixMillis(1_795_348_800_007), "abc", Duration::from_millis(3000));
        assert_eq!(
            fault.payload(),
            r#"{"errorMessage":"2026-11-22T12:00:00.007Z abc Task timed out after 3.00 seconds"}"#
        );
    }
}
