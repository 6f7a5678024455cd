//! The gateway's "no", and the one table that turns it into an answer.

use http::StatusCode;
use tollgate_domain::GatewayResponseType;

use crate::upstream::UpstreamError;

/// Why a call got no answer from its integration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The message cannot be read in one safe way.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// The body has more bytes than any call may send.
    #[error("the body is too long")]
    RequestTooLong,
    /// No API or no stage has this address.
    #[error("no stage has this address")]
    UnknownStage,
    /// The API turned its `execute-api` address off.
    #[error("the API turned its execute-api address off")]
    EndpointDisabled,
    /// No method of the API fits the path and the verb.
    #[error("no method fits")]
    UnknownRoute,
    /// The method wants an authorization that this gateway cannot check.
    #[error("authorization of type {0} is not supported yet")]
    AuthorizationUnsupported(String),
    /// The key is missing, unknown, disabled, or in no plan of this stage.
    #[error("the key is not good for this stage")]
    InvalidApiKey,
    /// A bucket is empty; it never fills when there are no seconds to wait.
    #[error("throttled")]
    Throttled { retry_after_secs: Option<u64> },
    /// The quota is used up.
    #[error("the quota is used up")]
    QuotaExceeded { retry_after_secs: u64 },
    /// The quota cannot be accounted for right now.
    #[error("the ledger cannot be reached")]
    LedgerUnavailable,
    /// The integration takes no body of this type.
    #[error("the integration takes no body of this type")]
    UnsupportedMediaType,
    /// The API's configuration leaves no right answer.
    #[error("the API is misconfigured: {0}")]
    Misconfigured(String),
    /// What the integration answered cannot be passed on.
    #[error("the integration's answer cannot be passed on: {0}")]
    BadAnswer(String),
    /// The upstream did not begin its answer in time.
    #[error("the upstream did not answer in time")]
    IntegrationTimeout,
    /// The upstream could not be reached, or what it said is no HTTP.
    #[error(transparent)]
    IntegrationFailure(UpstreamError),
}

/// An answer that the gateway gives by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GatewayResponse {
    pub(crate) kind: GatewayResponseType,
    pub(crate) status: StatusCode,
    /// The header `x-amzn-ErrorType`.
    pub(crate) error_type: &'static str,
    pub(crate) body: &'static str,
}

impl Refusal {
    /// The answer that AWS gives.
    pub(crate) fn gateway_response(&self) -> GatewayResponse {
        use GatewayResponseType as Kind;
        let answer = |kind, status, error_type, body| GatewayResponse { kind, status, error_type, body };
        match self {
            Self::Malformed(_) => {
                answer(Kind::Default4xx, StatusCode::BAD_REQUEST, "BadRequestException", r#"{"message":"Bad Request"}"#)
            }
            Self::RequestTooLong => answer(
                Kind::RequestTooLarge,
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                r#"{"message":"Request Too Long"}"#,
            ),
            // The same as for a bad key, so that nobody learns which APIs exist.
            Self::UnknownStage | Self::EndpointDisabled => {
                answer(Kind::Default4xx, StatusCode::FORBIDDEN, "ForbiddenException", r#"{"message":"Forbidden"}"#)
            }
            Self::UnknownRoute => answer(
                Kind::MissingAuthenticationToken,
                StatusCode::FORBIDDEN,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            Self::AuthorizationUnsupported(_) => answer(
                Kind::AuthorizerConfigurationError,
                StatusCode::INTERNAL_SERVER_ERROR,
                "AuthorizerConfigurationException",
                r#"{"message":null}"#,
            ),
            Self::InvalidApiKey => {
                answer(Kind::InvalidApiKey, StatusCode::FORBIDDEN, "ForbiddenException", r#"{"message":"Forbidden"}"#)
            }
            Self::Throttled { .. } => answer(
                Kind::Throttled,
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                r#"{"message":"Too Many Requests"}"#,
            ),
            Self::QuotaExceeded { .. } => answer(
                Kind::QuotaExceeded,
                StatusCode::TOO_MANY_REQUESTS,
                "LimitExceededException",
                r#"{"message":"Limit Exceeded"}"#,
            ),
            // AWS lets such calls pass unmetered. We never over-admit, and say that it is not the caller's fault.
            Self::LedgerUnavailable => answer(
                Kind::Default5xx,
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailableException",
                r#"{"message":"Service Unavailable"}"#,
            ),
            Self::UnsupportedMediaType => answer(
                Kind::UnsupportedMediaType,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "BadRequestException",
                r#"{"message":"Unsupported Media Type"}"#,
            ),
            Self::Misconfigured(_) => answer(
                Kind::ApiConfigurationError,
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerErrorException",
                r#"{"message":"Internal server error"}"#,
            ),
            Self::BadAnswer(_) => answer(
                Kind::Default5xx,
                StatusCode::BAD_GATEWAY,
                "InternalServerErrorException",
                r#"{"message":"Internal server error"}"#,
            ),
            Self::IntegrationTimeout => answer(
                Kind::IntegrationTimeout,
                StatusCode::GATEWAY_TIMEOUT,
                "InternalServerErrorException",
                r#"{"message":"Endpoint request timed out"}"#,
            ),
            Self::IntegrationFailure(_) => answer(
                Kind::IntegrationFailure,
                StatusCode::GATEWAY_TIMEOUT,
                "InternalServerErrorException",
                r#"{"message":"Network error communicating with endpoint"}"#,
            ),
        }
    }

    /// When to come back, in seconds, where waiting helps.
    pub(crate) fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::Throttled { retry_after_secs } => *retry_after_secs,
            Self::QuotaExceeded { retry_after_secs } => Some(*retry_after_secs),
            Self::LedgerUnavailable => Some(1),
            Self::Malformed(_)
            | Self::RequestTooLong
            | Self::UnknownStage
            | Self::EndpointDisabled
            | Self::UnknownRoute
            | Self::AuthorizationUnsupported(_)
            | Self::InvalidApiKey
            | Self::UnsupportedMediaType
            | Self::Misconfigured(_)
            | Self::BadAnswer(_)
            | Self::IntegrationTimeout
            | Self::IntegrationFailure(_) => None,
        }
    }

    /// Whether the operator has something to mend; the other refusals are a caller's everyday.
    pub(crate) fn is_ours(&self) -> bool {
        self.gateway_response().status.is_server_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_answer_as_aws_does() {
        let table = [
            (Refusal::UnknownStage, 403, "ForbiddenException", "DEFAULT_4XX", "Forbidden"),
            (
                Refusal::UnknownRoute,
                403,
                "MissingAuthenticationTokenException",
                "MISSING_AUTHENTICATION_TOKEN",
                "Missing Authentication Token",
            ),
            (Refusal::InvalidApiKey, 403, "ForbiddenException", "INVALID_API_KEY", "Forbidden"),
            (
                Refusal::Throttled { retry_after_secs: None },
                429,
                "TooManyRequestsException",
                "THROTTLED",
                "Too Many Requests",
            ),
            (
                Refusal::QuotaExceeded { retry_after_secs: 1 },
                429,
                "LimitExceededException",
                "QUOTA_EXCEEDED",
                "Limit Exceeded",
            ),
            (Refusal::RequestTooLong, 413, "RequestTooLargeException", "REQUEST_TOO_LARGE", "Request Too Long"),
            (
                Refusal::IntegrationTimeout,
                504,
                "InternalServerErrorException",
                "INTEGRATION_TIMEOUT",
                "Endpoint request timed out",
            ),
        ];
        for (refusal, status, error_type, kind, message) in table {
            let answer = refusal.gateway_response();
            let body: serde_json::Value = serde_json::from_str(answer.body).expect("JSON");
            assert_eq!(
                (answer.status.as_u16(), answer.error_type, answer.kind.as_str(), body["message"].as_str()),
                (status, error_type, kind, Some(message))
            );
        }
    }

    #[test]
    fn a_limiter_that_fails_never_looks_like_the_callers_429() {
        assert_eq!(Refusal::LedgerUnavailable.gateway_response().status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(Refusal::LedgerUnavailable.retry_after_secs(), Some(1));
    }
}
