//! Authorizers: who says whether a caller may call.

use serde::{Deserialize, Serialize};

/// The kind of an authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorizerType {
    /// A function that is shown one header.
    #[serde(rename = "TOKEN")]
    Token,
    /// A function that is shown the request.
    #[serde(rename = "REQUEST")]
    Request,
    /// A token signed by a user pool.
    #[serde(rename = "COGNITO_USER_POOLS")]
    CognitoUserPools,
}

impl AuthorizerType {
    /// Reads AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "TOKEN" => Self::Token,
            "REQUEST" => Self::Request,
            "COGNITO_USER_POOLS" => Self::CognitoUserPools,
            _ => return None,
        })
    }

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "TOKEN",
            Self::Request => "REQUEST",
            Self::CognitoUserPools => "COGNITO_USER_POOLS",
        }
    }
}

/// An authorizer of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authorizer {
    /// Its id.
    pub id: String,
    /// A name, unique within the API.
    pub name: String,
    /// The kind.
    pub kind: AuthorizerType,
    /// User pools, as ARNs.
    pub provider_arns: Vec<String>,
    /// A word for OpenAPI documents; without effect.
    pub auth_type: Option<String>,
    /// The function to ask.
    pub authorizer_uri: Option<String>,
    /// The role that AWS would assume.
    pub authorizer_credentials: Option<String>,
    /// Where the caller's identity is found, as mapping expressions with commas between.
    pub identity_source: Option<String>,
    /// A regular expression that a token has to match before the function is asked.
    pub identity_validation_expression: Option<String>,
    /// How long an answer is kept, in seconds, 0 to 3600.
    pub result_ttl_in_seconds: Option<i32>,
}
