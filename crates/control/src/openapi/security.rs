//! Who may call: the security schemes of a document, and what the `security` of an operation makes of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_domain::{Authorizer, AuthorizerType};

use crate::conflict::Conflict;
use crate::openapi::document::Node;
use crate::openapi::notes::Notes;

pub(crate) const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
pub(crate) const AUTHTYPE: &str = "x-amazon-apigateway-authtype";
/// Overrides the authorization of one operation.
const AUTH: &str = "x-amazon-apigateway-auth";
pub(crate) const SIGV4: &str = "awsSigv4";
pub(crate) const API_KEY_HEADER: &str = "x-api-key";
const DEFAULT_TTL: i64 = 300;
/// Where a token is looked for when nothing is said.
pub(crate) const DEFAULT_HEADER: &str = "Authorization";

/// What a security scheme asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scheme {
    /// A key of a usage plan.
    ApiKey,
    /// An AWS signature.
    Sigv4,
    /// An authorizer, named like the scheme.
    Authorizer(Box<Authorizer>),
    /// Something that the gateway does not check.
    Unchecked,
}

/// What one operation asks of its callers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Authorization {
    pub(crate) kind: &'static str,
    /// The authorizer, by name.
    pub(crate) authorizer: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) api_key_required: bool,
}

/// The security of a document.
#[derive(Debug)]
pub(crate) struct Security {
    schemes: BTreeMap<String, Scheme>,
}

impl Security {
    pub(crate) fn read(schemes: &[(&str, Node<'_>)], notes: &mut Notes) -> Result<Self, Conflict> {
        let read =
            |(name, scheme): &(&str, Node<'_>)| Ok(((*name).to_owned(), read_scheme(name, scheme.follow()?, notes)?));
        Ok(Self { schemes: schemes.iter().map(read).collect::<Result<_, Conflict>>()? })
    }

    pub(crate) fn authorizers(&self) -> impl Iterator<Item = &Authorizer> {
        self.schemes.values().filter_map(|scheme| match scheme {
            Scheme::Authorizer(authorizer) => Some(authorizer.as_ref()),
            Scheme::ApiKey | Scheme::Sigv4 | Scheme::Unchecked => None,
        })
    }

    /// What an operation asks for: what it says itself, else what the document says for all.
    pub(crate) fn of(&self, root: Node<'_>, operation: Node<'_>) -> Result<Authorization, Conflict> {
        let owner = if operation.member("security").is_some() { operation } else { root };
        let mut wanted = Authorization { kind: "NONE", authorizer: None, scopes: Vec::new(), api_key_required: false };
        for requirement in owner.items("security")? {
            for (name, _) in requirement.members() {
                let scopes = requirement.texts(name)?.unwrap_or_default();
                operation.document().charge(1 + scopes.len())?;
                self.require(name, scopes, &mut wanted);
            }
        }
        if let Some(auth) = operation.object(AUTH)? {
            override_kind(&mut wanted, &auth.text("type")?.unwrap_or_default())?;
        }
        Ok(wanted)
    }

    fn require(&self, name: &str, scopes: Vec<String>, wanted: &mut Authorization) {
        match self.schemes.get(name) {
            Some(Scheme::ApiKey) => wanted.api_key_required = true,
            Some(Scheme::Sigv4) => wanted.kind = "AWS_IAM",
            Some(Scheme::Authorizer(authorizer)) => {
                let pool = authorizer.kind == AuthorizerType::CognitoUserPools;
                wanted.kind = if pool { "COGNITO_USER_POOLS" } else { "CUSTOM" };
                wanted.authorizer = Some(name.to_owned());
                // What other authorizers are given as scopes has no meaning to them.
                wanted.scopes = if pool { scopes } else { Vec::new() };
            }
            Some(Scheme::Unchecked) | None => {}
        }
    }
}

fn override_kind(wanted: &mut Authorization, kind: &str) -> Result<(), Conflict> {
    wanted.kind = match kind.to_ascii_uppercase().as_str() {
        "NONE" => "NONE",
        "AWS_IAM" => "AWS_IAM",
        // The scheme names the authorizer, so it has the last word on these.
        "CUSTOM" | "COGNITO_USER_POOLS" => return Ok(()),
        _ => return Err(Conflict::BadAuthorizationType),
    };
    (wanted.authorizer, wanted.scopes) = (None, Vec::new());
    Ok(())
}

fn read_scheme(name: &str, scheme: Node<'_>, notes: &mut Notes) -> Result<Scheme, Conflict> {
    let auth_type = scheme.text(AUTHTYPE)?;
    if let Some(extension) = scheme.object(AUTHORIZER)? {
        return match read_authorizer(name, scheme, extension, auth_type)? {
            Some(authorizer) => Ok(Scheme::Authorizer(Box::new(authorizer))),
            None => {
                notes.error(format!("Unable to create authorizer '{name}': Unsupported authorizer type"));
                Ok(Scheme::Unchecked)
            }
        };
    }
    if auth_type.is_some_and(|kind| kind.eq_ignore_ascii_case(SIGV4)) {
        return Ok(Scheme::Sigv4);
    }
    let place = (scheme.text("type")?, scheme.text("in")?, scheme.text("name")?);
    match place {
        (Some(kind), Some(place), Some(header))
            if kind == "apiKey" && place == "header" && header.eq_ignore_ascii_case(API_KEY_HEADER) =>
        {
            Ok(Scheme::ApiKey)
        }
        _ => {
            notes.warn(format!("Security scheme '{name}' has no authorizer and is not checked by the gateway"));
            Ok(Scheme::Unchecked)
        }
    }
}

/// Reads an authorizer; `None` when it is of no kind that REST APIs have.
fn read_authorizer(
    name: &str,
    scheme: Node<'_>,
    extension: Node<'_>,
    auth_type: Option<String>,
) -> Result<Option<Authorizer>, Conflict> {
    let kind = extension.text("type")?.unwrap_or_default().to_ascii_uppercase();
    let Some(kind) = AuthorizerType::parse(&kind) else { return Ok(None) };
    let ttl = extension.integer("authorizerResultTtlInSeconds")?.unwrap_or(DEFAULT_TTL);
    let header = scheme.text("name")?.unwrap_or_else(|| DEFAULT_HEADER.to_owned());
    // A request authorizer may look at anything, so its scheme's header says nothing.
    let header = (kind != AuthorizerType::Request).then(|| format!("method.request.header.{header}"));
    Ok(Some(Authorizer {
        id: String::new(),
        name: name.to_owned(),
        kind,
        provider_arns: extension.texts("providerARNs")?.unwrap_or_default(),
        auth_type: auth_type.or_else(|| Some("custom".to_owned()).filter(|_| kind != AuthorizerType::CognitoUserPools)),
        authorizer_uri: extension.text("authorizerUri")?,
        authorizer_credentials: extension.text("authorizerCredentials")?,
        identity_source: extension.text("identitySource")?.or(header),
        identity_validation_expression: extension.text("identityValidationExpression")?,
        result_ttl_in_seconds: Some(i32::try_from(ttl).map_err(|_| Conflict::BadOpenApi)?),
    }))
}

/// The extension that [`read_scheme`] reads an authorizer from.
pub(crate) fn authorizer_extension(authorizer: &Authorizer) -> Map<String, Value> {
    let mut extension = Map::new();
    extension.insert("type".to_owned(), authorizer.kind.as_str().to_ascii_lowercase().into());
    let texts = [
        ("authorizerUri", &authorizer.authorizer_uri),
        ("authorizerCredentials", &authorizer.authorizer_credentials),
        ("identitySource", &authorizer.identity_source),
        ("identityValidationExpression", &authorizer.identity_validation_expression),
    ];
    for (name, text) in texts {
        extension.extend(text.as_deref().map(|text| (name.to_owned(), text.into())));
    }
    if let Some(ttl) = authorizer.result_ttl_in_seconds {
        extension.insert("authorizerResultTtlInSeconds".to_owned(), ttl.into());
    }
    if !authorizer.provider_arns.is_empty() {
        extension.insert("providerARNs".to_owned(), authorizer.provider_arns.clone().into());
    }
    extension
}
