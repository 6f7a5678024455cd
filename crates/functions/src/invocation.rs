//! What is asked of a function, and what comes of it.

use bytes::Bytes;

/// Bytes that the payload of a call and of its answer may have, as on Lambda.
pub const PAYLOAD_LIMIT: usize = 6 << 20;
/// Bytes that the payload of an [`InvocationType::Event`] may have, as on Lambda.
pub const EVENT_LIMIT: usize = 1 << 20;

/// What a caller waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// For the answer.
    #[default]
    RequestResponse,
    /// For nothing: the call is made when it can be, once, and its answer is dropped.
    Event,
    /// For nothing: the call is not made, only looked at.
    DryRun,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda's status: 200 for an answer, be it of a failure; 202 for an event taken; 204 for a dry run.
    pub status: u16,
    /// The answer, or the error as JSON when `function_error` is set.
    pub payload: Bytes,
    /// `Unhandled` when the function failed: threw, timed out, ended, or could not be loaded.
    pub function_error: Option<String>,
    /// The version that ran.
    pub executed_version: String,
    /// The end of what the function logged, at most 4 KB.
    pub log_tail: Bytes,
}

impl Invocation {
    /// An answer without a payload.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            payload: Bytes::new(),
            function_error: None,
            executed_version: tollgate_domain::function_name::LATEST.to_owned(),
            log_tail: Bytes::new(),
        }
    }

    /// What a function returned.
    pub(crate) fn returned(payload: Bytes, log_tail: Bytes) -> Self {
        Self { payload, log_tail, ..Self::empty(200) }
    }

    /// The error that a function ended in, as JSON.
    pub(crate) fn failed(error: Bytes, log_tail: Bytes) -> Self {
        Self { function_error: Some("Unhandled".to_owned()), ..Self::returned(error, log_tail) }
    }
}
