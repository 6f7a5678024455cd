//! Integrations: what answers a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The kind of an integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntegrationType {
    /// An HTTP upstream, with mapping.
    #[serde(rename = "HTTP")]
    Http,
    /// An HTTP upstream, passed through.
    #[serde(rename = "HTTP_PROXY")]
    HttpProxy,
    /// No upstream: the integration responses answer.
    #[serde(rename = "MOCK")]
    Mock,
    /// An AWS service or Lambda function, with mapping.
    #[serde(rename = "AWS")]
    Aws,
    /// A Lambda function, passed through.
    #[serde(rename = "AWS_PROXY")]
    AwsProxy,
}

impl IntegrationType {
    /// Reads AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "HTTP" => Self::Http,
            "HTTP_PROXY" => Self::HttpProxy,
            "MOCK" => Self::Mock,
            "AWS" => Self::Aws,
            "AWS_PROXY" => Self::AwsProxy,
            _ => return None,
        })
    }

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Mock => "MOCK",
            Self::Aws => "AWS",
            Self::AwsProxy => "AWS_PROXY",
        }
    }
}

/// What happens to a body for which there is no template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PassthroughBehavior {
    /// It passes when no template matches its type.
    #[default]
    WhenNoMatch,
    /// It passes when there are no templates at all.
    WhenNoTemplates,
    /// It never passes.
    Never,
}

/// What answers the calls of a method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    /// The kind.
    pub kind: IntegrationType,
    /// The verb sent to the upstream, as given; absent for MOCK.
    pub http_method: Option<String>,
    /// The upstream's address or ARN, with `{param}` and `${stageVariables.x}` to be filled in.
    pub uri: Option<String>,
    /// `INTERNET` or `VPC_LINK`.
    pub connection_type: Option<String>,
    /// The VPC link.
    pub connection_id: Option<String>,
    /// The role that AWS would assume.
    pub credentials: Option<String>,
    /// `integration.request.{path|querystring|header}.{name}` to where its value comes from.
    pub request_parameters: BTreeMap<String, String>,
    /// Media type to template; a template without text is kept as `None`.
    pub request_templates: BTreeMap<String, Option<String>>,
    /// What happens to a body for which there is no template.
    pub passthrough_behavior: PassthroughBehavior,
    /// Group of cached answers.
    pub cache_namespace: String,
    /// Parameters that tell cached answers apart.
    pub cache_key_parameters: Vec<String>,
    /// `CONVERT_TO_BINARY` or `CONVERT_TO_TEXT`.
    pub content_handling: Option<String>,
    /// How long the upstream may take, in milliseconds, 50 to 29,000.
    pub timeout_millis: u32,
    /// Whether an upstream's certificate is taken unchecked; `None` when no TLS settings were given.
    pub insecure_skip_verification: Option<bool>,
    /// `BUFFERED` or `STREAM`.
    pub response_transfer_mode: Option<String>,
    /// The target of a private integration.
    pub integration_target: Option<String>,
    /// Answers by status code.
    pub responses: BTreeMap<String, IntegrationResponse>,
}

/// How one kind of upstream answer becomes an answer of the method. A map that was given empty is kept apart from one
/// that was not given, since AWS shows the former.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntegrationResponse {
    /// A regular expression on the upstream's status; absent or empty is the default.
    pub selection_pattern: Option<String>,
    /// `method.response.header.{name}` to where its value comes from.
    pub response_parameters: Option<BTreeMap<String, String>>,
    /// Media type to template; a template without text is kept as `None`.
    pub response_templates: Option<BTreeMap<String, Option<String>>>,
    /// `CONVERT_TO_BINARY` or `CONVERT_TO_TEXT`.
    pub content_handling: Option<String>,
}
