//! The gateway's "no", and the one table that turns it into an answer.

use bytes::Bytes;
use http::StatusCode;
use tollgate_domain::GatewayResponseType;
use tollgate_sigv4::SignatureRefusal;

use crate::admission::ThrottleLevel;
use crate::key::KeyFault;
use crate::policy::Denial;
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
    /// The name of what is called is longer than an authorization may see.
    #[error("the ARN of the call is too long")]
    UriTooLong,
    /// A policy does not let the caller in.
    #[error("{0}")]
    Denied(Denial),
    /// The caller does not say who it is, or nobody believes it.
    #[error("the caller is not authorized")]
    Unauthorized,
    /// The caller's token was good once.
    #[error("the caller's token has expired")]
    TokenExpired,
    /// The call is not signed, or its signature is not believed.
    #[error(transparent)]
    Signature(#[from] SignatureRefusal),
    /// The authorizer gave no answer that can be used.
    #[error("the authorizer failed: {0}")]
    AuthorizerFailed(String),
    /// The authorizer cannot be asked.
    #[error("the authorizer is misconfigured: {0}")]
    AuthorizerUnusable(String),
    /// The key is not good for this stage. All faults are answered alike.
    #[error("{0}")]
    InvalidApiKey(KeyFault),
    /// A bucket is empty; it never fills when there are no seconds to wait.
    #[error("throttled")]
    Throttled { level: ThrottleLevel, retry_after_secs: Option<u64> },
    /// The quota is used up.
    #[error("the quota is used up")]
    QuotaExceeded { retry_after_secs: u64 },
    /// The quota cannot be accounted for right now.
    #[error("the ledger cannot be reached")]
    LedgerUnavailable,
    /// The same, where nodes share a ledger: other nodes may be able to serve the call, and this one asks to be spared.
    #[error("the shared ledger cannot be reached")]
    Unaccounted,
    /// Parameters that the method requires are not there.
    #[error("required parameters are missing: {0:?}")]
    MissingParameters(Vec<String>),
    /// The body does not fit the method's model; says why.
    #[error("the body is invalid: {0}")]
    InvalidBody(String),
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

/// An answer that the gateway gives by itself, as AWS words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayResponse {
    pub(crate) kind: GatewayResponseType,
    pub(crate) status: StatusCode,
    /// The header `x-amzn-ErrorType`.
    pub(crate) error_type: &'static str,
    pub(crate) words: Words,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// The same for each call.
    Fixed(&'static FixedWords),
    /// Nothing, in so many words: `{"message":null}`.
    Null,
    /// A message made for one call, and what a validator had to say.
    Made { message: String, validation_error: Option<String> },
    /// The same, with the capital that AWS gives the word where a policy denies.
    Denied { message: String },
}

/// What is the same for each call: the message, the body around it, and the lines that go before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FixedWords {
    pub(crate) message: &'static str,
    pub(crate) body: &'static str,
    /// The status, and the headers of [`GatewayResponse`], as they are written in HTTP/1.1.
    pub(crate) head: &'static str,
}

/// Whether a status line begins with the digits of a status.
const fn begins_with(line: &str, status: u16) -> bool {
    let [a, b, c, ..] = *line.as_bytes() else { return false };
    let [a, b, c] = [a.wrapping_sub(b'0') as u16, b.wrapping_sub(b'0') as u16, c.wrapping_sub(b'0') as u16];
    a * 100 + b * 10 + c == status
}

macro_rules! fixed {
    ($kind:ident, $status:ident, $status_line:literal, $error_type:literal, $message:literal) => {
        GatewayResponse {
            kind: GatewayResponseType::$kind,
            status: StatusCode::$status,
            error_type: $error_type,
            words: Words::Fixed(
                const {
                    assert!(begins_with($status_line, StatusCode::$status.as_u16()), "the line has another status");
                    &FixedWords {
                        message: $message,
                        body: concat!("{\"message\":\"", $message, "\"}"),
                        head: concat!(
                            "HTTP/1.1 ",
                            $status_line,
                            "\r\ncontent-type: application/json\r\nx-amzn-errortype: ",
                            $error_type,
                            "\r\n"
                        ),
                    }
                },
            ),
        }
    };
}

impl GatewayResponse {
    /// `$context.error.message`
    pub(crate) fn message(&self) -> Option<&str> {
        match &self.words {
            Words::Fixed(fixed) => Some(fixed.message),
            Words::Null => None,
            Words::Made { message, .. } | Words::Denied { message } => Some(message),
        }
    }

    /// `$context.error.validationErrorString`
    pub(crate) fn validation_error(&self) -> Option<&str> {
        match &self.words {
            Words::Made { validation_error, .. } => validation_error.as_deref(),
            Words::Fixed(_) | Words::Null | Words::Denied { .. } => None,
        }
    }

    /// The body, in JSON.
    pub(crate) fn body(&self) -> Bytes {
        let quoted = |message: &str| serde_json::Value::from(message).to_string();
        match &self.words {
            Words::Fixed(fixed) => Bytes::from_static(fixed.body.as_bytes()),
            Words::Null => Bytes::from_static(br#"{"message":null}"#),
            Words::Made { message, .. } => format!(r#"{{"message":{}}}"#, quoted(message)).into(),
            Words::Denied { message } => format!(r#"{{"Message":{}}}"#, quoted(message)).into(),
        }
    }
}

impl Refusal {
    /// Whether whatever follows on the connection cannot be trusted to begin where we think it does.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self, Self::Malformed(_))
    }

    /// The answer that AWS gives.
    pub(crate) fn gateway_response(&self) -> GatewayResponse {
        use GatewayResponseType as Kind;
        let answer = |kind, status, error_type, words| GatewayResponse { kind, status, error_type, words };
        let made = |message: String| Words::Made { message, validation_error: None };
        match self {
            Self::Malformed(_) => {
                fixed!(Default4xx, BAD_REQUEST, "400 Bad Request", "BadRequestException", "Bad Request")
            }
            Self::RequestTooLong => fixed!(
                RequestTooLarge,
                PAYLOAD_TOO_LARGE,
                "413 Payload Too Large",
                "RequestTooLargeException",
                "Request Too Long"
            ),
            Self::UriTooLong => {
                fixed!(Default4xx, URI_TOO_LONG, "414 URI Too Long", "RequestTooLargeException", "Request URI too long")
            }
            // The same as for a bad key, so that nobody learns which APIs exist.
            Self::UnknownStage | Self::EndpointDisabled => {
                fixed!(Default4xx, FORBIDDEN, "403 Forbidden", "ForbiddenException", "Forbidden")
            }
            Self::UnknownRoute => fixed!(
                MissingAuthenticationToken,
                FORBIDDEN,
                "403 Forbidden",
                "MissingAuthenticationTokenException",
                "Missing Authentication Token"
            ),
            Self::Denied(denial) => answer(
                Kind::AccessDenied,
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                Words::Denied { message: denial.to_string() },
            ),
            Self::Unauthorized => {
                fixed!(Unauthorized, UNAUTHORIZED, "401 Unauthorized", "UnauthorizedException", "Unauthorized")
            }
            Self::TokenExpired => fixed!(
                Unauthorized,
                UNAUTHORIZED,
                "401 Unauthorized",
                "UnauthorizedException",
                "The incoming token has expired"
            ),
            Self::Signature(refusal) => {
                let kind = match refusal {
                    SignatureRefusal::Missing => Kind::MissingAuthenticationToken,
                    SignatureRefusal::UnknownAccessKey
                    | SignatureRefusal::Incomplete(_)
                    | SignatureRefusal::OutOfScope(_)
                    | SignatureRefusal::Mismatch => Kind::InvalidSignature,
                };
                answer(kind, StatusCode::FORBIDDEN, refusal.code(), made(refusal.to_string()))
            }
            Self::AuthorizerFailed(_) => answer(
                Kind::AuthorizerFailure,
                StatusCode::INTERNAL_SERVER_ERROR,
                "AuthorizerFailureException",
                Words::Null,
            ),
            Self::AuthorizerUnusable(_) => answer(
                Kind::AuthorizerConfigurationError,
                StatusCode::INTERNAL_SERVER_ERROR,
                "AuthorizerConfigurationException",
                Words::Null,
            ),
            Self::InvalidApiKey(_) => {
                fixed!(InvalidApiKey, FORBIDDEN, "403 Forbidden", "ForbiddenException", "Forbidden")
            }
            Self::Throttled { .. } => fixed!(
                Throttled,
                TOO_MANY_REQUESTS,
                "429 Too Many Requests",
                "TooManyRequestsException",
                "Too Many Requests"
            ),
            Self::QuotaExceeded { .. } => fixed!(
                QuotaExceeded,
                TOO_MANY_REQUESTS,
                "429 Too Many Requests",
                "LimitExceededException",
                "Limit Exceeded"
            ),
            Self::Unaccounted => fixed!(
                Throttled,
                TOO_MANY_REQUESTS,
                "429 Too Many Requests",
                "TooManyRequestsException",
                "Too Many Requests"
            ),
            // AWS lets such calls pass unmetered. We never over-admit, and say that it is not the caller's fault.
            Self::LedgerUnavailable => fixed!(
                Default5xx,
                SERVICE_UNAVAILABLE,
                "503 Service Unavailable",
                "ServiceUnavailableException",
                "Service Unavailable"
            ),
            Self::MissingParameters(names) => answer(
                Kind::BadRequestParameters,
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                made(format!("Missing required request parameters: [{}]", names.join(", "))),
            ),
            Self::InvalidBody(why) => answer(
                Kind::BadRequestBody,
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                Words::Made { message: "Invalid request body".to_owned(), validation_error: Some(why.clone()) },
            ),
            Self::UnsupportedMediaType => fixed!(
                UnsupportedMediaType,
                UNSUPPORTED_MEDIA_TYPE,
                "415 Unsupported Media Type",
                "BadRequestException",
                "Unsupported Media Type"
            ),
            Self::Misconfigured(_) => fixed!(
                ApiConfigurationError,
                INTERNAL_SERVER_ERROR,
                "500 Internal Server Error",
                "InternalServerErrorException",
                "Internal server error"
            ),
            Self::BadAnswer(_) => fixed!(
                Default5xx,
                BAD_GATEWAY,
                "502 Bad Gateway",
                "InternalServerErrorException",
                "Internal server error"
            ),
            Self::IntegrationTimeout => fixed!(
                IntegrationTimeout,
                GATEWAY_TIMEOUT,
                "504 Gateway Timeout",
                "InternalServerErrorException",
                "Endpoint request timed out"
            ),
            Self::IntegrationFailure(_) => fixed!(
                IntegrationFailure,
                GATEWAY_TIMEOUT,
                "504 Gateway Timeout",
                "InternalServerErrorException",
                "Network error communicating with endpoint"
            ),
        }
    }

    /// When to come back, in seconds, where waiting helps.
    pub(crate) fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::Throttled { retry_after_secs, .. } => *retry_after_secs,
            Self::QuotaExceeded { retry_after_secs } => Some(*retry_after_secs),
            Self::LedgerUnavailable | Self::Unaccounted => Some(1),
            Self::Malformed(_)
            | Self::RequestTooLong
            | Self::UnknownStage
            | Self::EndpointDisabled
            | Self::UnknownRoute
            | Self::UriTooLong
            | Self::Denied(_)
            | Self::Unauthorized
            | Self::TokenExpired
            | Self::Signature(_)
            | Self::AuthorizerFailed(_)
            | Self::AuthorizerUnusable(_)
            | Self::MissingParameters(_)
            | Self::InvalidBody(_)
            | Self::InvalidApiKey(_)
            | Self::UnsupportedMediaType
            | Self::Misconfigured(_)
            | Self::BadAnswer(_)
            | Self::IntegrationTimeout
            | Self::IntegrationFailure(_) => None,
        }
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
            (Refusal::InvalidApiKey(KeyFault::Missing), 403, "ForbiddenException", "INVALID_API_KEY", "Forbidden"),
            (
                Refusal::Throttled { level: ThrottleLevel::Plan, retry_after_secs: None },
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
            (Refusal::TokenExpired, 401, "UnauthorizedException", "UNAUTHORIZED", "The incoming token has expired"),
            (
                Refusal::Signature(SignatureRefusal::Missing),
                403,
                "MissingAuthenticationTokenException",
                "MISSING_AUTHENTICATION_TOKEN",
                "Missing Authentication Token",
            ),
            (
                Refusal::Signature(SignatureRefusal::UnknownAccessKey),
                403,
                "UnrecognizedClientException",
                "INVALID_SIGNATURE",
                "The security token included in the request is invalid.",
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
            let body: serde_json::Value = serde_json::from_slice(&answer.body()).expect("JSON");
            assert_eq!(answer.message(), Some(message));
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
