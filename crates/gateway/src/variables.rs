//! `$context`: what a call knows of itself, by AWS's names.
//!
//! One table for all who ask: parameter mappings, templates, gateway responses and access logs. The names and their
//! meaning are those of API Gateway's "Variables for data transformations" reference.

use std::borrow::Cow;

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::call::{Call, last_value};
use crate::time_format;

/// A variable of `$context` that any step of a call may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// One that has a name of its own.
    Named(Named),
    /// One that AWS has and that never has a value here.
    Nothing,
    /// `authorizer.claims.x`
    Claim(String),
    /// `authorizer.x`
    Authorizer(String),
}

macro_rules! named {
    ($($variant:ident => $name:literal),+ $(,)?) => {
        /// The variables that have names of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Named {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl Named {
            const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name, without `$context.`.
            const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

named! {
    AccountId => "accountId",
    ApiId => "apiId",
    PrincipalId => "authorizer.principalId",
    AwsEndpointRequestId => "awsEndpointRequestId",
    BasePathMatched => "customDomain.basePathMatched",
    DeploymentId => "deploymentId",
    DomainName => "domainName",
    DomainPrefix => "domainPrefix",
    ErrorMessage => "error.message",
    ErrorMessageString => "error.messageString",
    ErrorResponseType => "error.responseType",
    ErrorValidation => "error.validationErrorString",
    ExtendedRequestId => "extendedRequestId",
    HttpMethod => "httpMethod",
    IdentityAccessKey => "identity.accessKey",
    IdentityAccountId => "identity.accountId",
    IdentityApiKey => "identity.apiKey",
    IdentityApiKeyId => "identity.apiKeyId",
    IdentityCaller => "identity.caller",
    IdentitySourceIp => "identity.sourceIp",
    IdentityUser => "identity.user",
    IdentityUserAgent => "identity.userAgent",
    IdentityUserArn => "identity.userArn",
    IsCanaryRequest => "isCanaryRequest",
    Path => "path",
    Protocol => "protocol",
    RequestId => "requestId",
    RequestTime => "requestTime",
    RequestTimeEpoch => "requestTimeEpoch",
    ResourceId => "resourceId",
    ResourcePath => "resourcePath",
    Stage => "stage",
}

/// What belongs to services of AWS that are not in front of Tollgate: Cognito's identity pools, organizations, WAF, and
/// client certificates of callers.
const NEVER_THERE: [&str; 13] = [
    "identity.clientCert.clientCertPem",
    "identity.clientCert.issuerDN",
    "identity.clientCert.serialNumber",
    "identity.clientCert.subjectDN",
    "identity.clientCert.validity.notAfter",
    "identity.clientCert.validity.notBefore",
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "wafResponseCode",
    "webaclArn",
];

impl Variable {
    /// Reads a name, without `$context.` in front.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if let Some(named) = Named::ALL.iter().find(|named| named.name() == name) {
            return Some(Self::Named(*named));
        }
        if NEVER_THERE.contains(&name) {
            return Some(Self::Nothing);
        }
        match name.strip_prefix("authorizer.")? {
            "" => None,
            rest => Some(
                rest.strip_prefix("claims.")
                    .map_or_else(|| Self::Authorizer(rest.to_owned()), |claim| Self::Claim(claim.to_owned())),
            ),
        }
    }

    /// What the call knows; `headers` are those that the caller sent.
    pub(crate) fn value<'c>(&self, call: &'c Call<'_>, headers: &'c HeaderMap) -> Option<Cow<'c, str>> {
        match self {
            Self::Named(named) => named.value(call, headers),
            Self::Nothing => None,
            Self::Claim(name) => call.principal.claims.get(name).map(text),
            Self::Authorizer(name) => call.principal.context.get(name).map(text),
        }
    }
}

impl Named {
    fn value<'c>(self, call: &'c Call<'_>, headers: &'c HeaderMap) -> Option<Cow<'c, str>> {
        let signer = call.principal.signer.as_ref();
        Some(match self {
            Self::AccountId => call.account_id.into(),
            Self::ApiId => call.stage?.deployed.api.id.as_str().into(),
            Self::PrincipalId => call.principal.id.as_deref()?.into(),
            Self::AwsEndpointRequestId => call.integration.request_id.borrow().clone()?.into(),
            Self::BasePathMatched => call.base_path?.into(),
            Self::DeploymentId => call.stage?.deployment_id.as_str().into(),
            Self::DomainName => domain_name(call.host)?.into(),
            Self::DomainPrefix => domain_name(call.host)?.split('.').next()?.into(),
            Self::ErrorMessage => call.refused.as_ref()?.message()?.into(),
            Self::ErrorMessageString => Value::from(call.refused.as_ref()?.message()).to_string().into(),
            Self::ErrorResponseType => call.refused.as_ref()?.kind.as_str().into(),
            Self::ErrorValidation => call.refused.as_ref()?.validation_error()?.into(),
            Self::ExtendedRequestId => call.ids.extended_id.as_str().into(),
            Self::HttpMethod => call.verb.as_str().into(),
            Self::IdentityAccessKey => signer?.access_key_id.as_str().into(),
            Self::IdentityAccountId => signer?.account_id.as_str().into(),
            Self::IdentityApiKey => call.key_value(headers)?,
            Self::IdentityApiKeyId => call.key?.to_string().into(),
            Self::IdentityCaller | Self::IdentityUser => signer?.user_id.as_str().into(),
            Self::IdentitySourceIp => call.client.address.to_str().ok()?.into(),
            Self::IdentityUserAgent => last_value(headers, &header::USER_AGENT)?.to_str().ok()?.into(),
            Self::IdentityUserArn => signer?.user_arn.as_str().into(),
            Self::IsCanaryRequest => {
                let _ = call.stage.filter(|stage| stage.is_canary)?;
                "true".into()
            }
            Self::Path => call.full_path(),
            Self::Protocol => protocol(call.version).into(),
            Self::RequestId => call.ids.request_id.as_str().into(),
            Self::RequestTime => time_format::common_log(call.at.wall).into(),
            Self::RequestTimeEpoch => call.at.wall.0.to_string().into(),
            Self::ResourceId => call.method?.resource_id.as_str().into(),
            Self::ResourcePath => call.method?.resource_path.as_str().into(),
            Self::Stage => call.stage?.name.as_str().into(),
        })
    }
}

/// All of `$context` that is known of a call, as a tree.
pub(crate) fn tree(call: &Call<'_>, headers: &HeaderMap) -> Value {
    let mut root = Map::new();
    for named in Named::ALL {
        if let Some(value) = named.value(call, headers) {
            let value = match named {
                Named::RequestTimeEpoch => Value::from(call.at.wall.0),
                _ => Value::from(value),
            };
            plant(&mut root, named.name(), value);
        }
    }
    for (name, value) in &call.principal.context {
        plant_in(&mut root, "authorizer", name, value.clone());
    }
    if !call.principal.claims.is_empty() {
        plant_in(&mut root, "authorizer", "claims", Value::Object(call.principal.claims.clone()));
    }
    Value::Object(root)
}

/// Sets the value of a name with at most one dot in it.
fn plant(root: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        Some((branch, leaf)) => plant_in(root, branch, leaf, value),
        None => {
            root.insert(name.to_owned(), value);
        }
    }
}

fn plant_in(root: &mut Map<String, Value>, branch: &str, leaf: &str, value: Value) {
    let branch = root.entry(branch).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(branch) = branch {
        branch.insert(leaf.to_owned(), value);
    }
}

/// A host without its port. Calls that name their API in the path have a domain name, too: the one they were sent to.
pub(crate) fn domain_name(host: &str) -> Option<&str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    (!name.is_empty()).then_some(name)
}

fn protocol(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "HTTP/1.0",
        http::Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}

/// A value that an authorizer or a token gave, as text.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_as_its_variable() {
        for named in Named::ALL {
            assert_eq!(Variable::parse(named.name()), Some(Variable::Named(*named)), "{}", named.name());
        }
        assert_eq!(Variable::parse("authorizer.claims.email"), Some(Variable::Claim("email".to_owned())));
        assert_eq!(Variable::parse("authorizer.tier"), Some(Variable::Authorizer("tier".to_owned())));
        assert_eq!(Variable::parse("authorizer."), None);
        assert_eq!(Variable::parse("nothing"), None);
    }

    #[test]
    fn a_domain_name_has_no_port() {
        assert_eq!(domain_name("api1.execute-api.localhost:8080"), Some("api1.execute-api.localhost"));
        assert_eq!(domain_name("localhost"), Some("localhost"));
        assert_eq!(domain_name("[::1]:80"), Some("[::1]"));
        assert_eq!(domain_name("[::1]"), Some("[::1]"));
        assert_eq!(domain_name(""), None);
    }

    #[test]
    fn names_with_a_dot_share_a_branch() {
        let mut root = Map::new();
        plant(&mut root, "identity.sourceIp", "1.2.3.4".into());
        plant(&mut root, "identity.user", "me".into());
        plant(&mut root, "stage", "prod".into());
        let expected = serde_json::json!({"identity": {"sourceIp": "1.2.3.4", "user": "me"}, "stage": "prod"});
        assert_eq!(Value::Object(root), expected);
    }
}
