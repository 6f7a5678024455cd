//! Methods: what a caller may do with a resource.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::integration::Integration;

/// The verb of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Any verb that the resource has no method of its own for.
    Any,
    /// DELETE
    Delete,
    /// GET
    Get,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
    /// PATCH
    Patch,
    /// POST
    Post,
    /// PUT
    Put,
}

impl HttpMethod {
    /// Reads a verb in capitals.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ANY" => Self::Any,
            "DELETE" => Self::Delete,
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "PATCH" => Self::Patch,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            _ => return None,
        })
    }

    /// The verb in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a resource does for one verb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// `NONE`, `AWS_IAM`, `CUSTOM` or `COGNITO_USER_POOLS`.
    pub authorization_type: String,
    /// The authorizer, for the last two.
    pub authorizer_id: Option<String>,
    /// OAuth scopes, for the last.
    pub authorization_scopes: Vec<String>,
    /// Whether a call needs a key of a plan that covers the stage.
    pub api_key_required: bool,
    /// A name for SDKs.
    pub operation_name: Option<String>,
    /// `method.request.{path|querystring|header}.{name}` to whether it is required.
    pub request_parameters: BTreeMap<String, bool>,
    /// Media type to model.
    pub request_models: BTreeMap<String, String>,
    /// The validator.
    pub request_validator_id: Option<String>,
    /// Answers declared to callers, by status code.
    pub responses: BTreeMap<String, MethodResponse>,
    /// What answers the call.
    pub integration: Option<Integration>,
}

/// An answer that a method declares. A map that was given empty is kept apart from one that was not given, since AWS
/// shows the former.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodResponse {
    /// `method.response.header.{name}` to whether it is required.
    pub response_parameters: Option<BTreeMap<String, bool>>,
    /// Media type to model.
    pub response_models: Option<BTreeMap<String, String>>,
}

impl MethodResponse {
    /// The headers declared, by `method.response.header.{name}`, and whether they are required.
    pub fn parameters(&self) -> impl Iterator<Item = (&String, &bool)> {
        self.response_parameters.iter().flatten()
    }

    /// The models of bodies, by media type.
    pub fn models(&self) -> impl Iterator<Item = (&String, &String)> {
        self.response_models.iter().flatten()
    }
}
