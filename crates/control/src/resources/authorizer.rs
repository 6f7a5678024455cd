//! Authorizer: who says whether a caller may call.

use serde::Serialize;
use tollgate_domain::{Authorizer, AuthorizerType, Catalog, HttpMethod, Record, RecordKey, RestApiId, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch;
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{authorizer_patch, mapping, method, rest_api};
use crate::write::Change;

/// How long an answer is kept when nobody says how long.
const DEFAULT_RESULT_TTL: i32 = 300;
const LONGEST_RESULT_TTL: i64 = 3600;

/// An authorizer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerWire<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "providerARNs", skip_serializing_if = "is_empty")]
    provider_arns: &'a Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_credentials: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_validation_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_result_ttl_in_seconds: Option<i32>,
}

#[derive(Serialize)]
struct AuthorizersWire<'a> {
    item: Vec<AuthorizerWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> AuthorizerWire<'a> {
    fn new(authorizer: &'a Authorizer) -> Self {
        Self {
            id: &authorizer.id,
            name: &authorizer.name,
            kind: authorizer.kind.as_str(),
            provider_arns: &authorizer.provider_arns,
            auth_type: text(&authorizer.auth_type),
            authorizer_uri: text(&authorizer.authorizer_uri),
            authorizer_credentials: text(&authorizer.authorizer_credentials),
            identity_source: text(&authorizer.identity_source),
            identity_validation_expression: text(&authorizer.identity_validation_expression),
            authorizer_result_ttl_in_seconds: authorizer.result_ttl_in_seconds,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let authorizer = read(control.ids().part_id(), &request.body()?)?;
    let api = request.rest_api_id();
    // AWS answers 409 "concurrent modification" for an unknown API, which Terraform retries for minutes; 404 is kinder.
    let decide = |catalog: &Catalog| decide_put(&*rest_api::find(control, catalog, &api)?, authorizer.clone());
    let authorizer = control.writer().write(decide).await?;
    Answer::json(&AuthorizerWire::new(&authorizer))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (_, authorizer) = find(&catalog, &request.rest_api_id(), request.label("authorizer_id"))?;
    Answer::json(&AuthorizerWire::new(authorizer))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "authorizers")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let authorizers = tree.authorizers.values();
    let page = query.page(authorizers.map(|one| (one.id.clone(), AuthorizerWire::new(one))));
    Answer::json(&AuthorizersWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateAuthorizerInput")?;
    let (api, id) = (request.rest_api_id(), request.label("authorizer_id"));
    let decide = |catalog: &Catalog| {
        let (tree, before) = find(catalog, &api, id)?;
        let authorizer = patch::apply(before, &operations, authorizer_patch::run)?;
        check(&authorizer)?;
        check_type(tree, before, &authorizer)?;
        decide_put(tree, authorizer)
    };
    let authorizer = control.writer().write(decide).await?;
    Answer::json(&AuthorizerWire::new(&authorizer))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, id) = (request.rest_api_id(), request.label("authorizer_id"));
    let decide = |catalog: &Catalog| {
        let (tree, authorizer) = find(catalog, &api, id)?;
        check_unused(tree, authorizer)?;
        Ok(Change::answering(()).delete(RecordKey::Authorizer(api.clone(), authorizer.id.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

fn find<'a>(catalog: &'a Catalog, api: &RestApiId, id: &str) -> Result<(&'a RestApiTree, &'a Authorizer), Conflict> {
    let tree = catalog.rest_apis.get(api).ok_or(Conflict::UnknownAuthorizer)?;
    Ok((tree, tree.authorizers.get(id).ok_or(Conflict::UnknownAuthorizer)?))
}

fn read(id: String, body: &Members) -> Result<Authorizer, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("name")?, "createAuthorizerInput.name");
    let word = validation.required(body.string("type")?, "createAuthorizerInput.type");
    let kind = AuthorizerType::parse(&word);
    if kind.is_none() && !word.is_empty() {
        validation.not_in(&word, "createAuthorizerInput.type", "[TOKEN, REQUEST, COGNITO_USER_POOLS]");
    }
    validation.finish()?;
    let kind = kind.ok_or(Conflict::BadAuthorizerType)?;
    let authorizer = Authorizer {
        id,
        name,
        kind,
        provider_arns: body.strings("providerARNs")?.unwrap_or_default(),
        auth_type: body.string("authType")?.or_else(|| Some(default_auth_type(kind).to_owned())),
        authorizer_uri: body.string("authorizerUri")?,
        authorizer_credentials: body.string("authorizerCredentials")?,
        identity_source: body.string("identitySource")?,
        identity_validation_expression: body.string("identityValidationExpression")?,
        result_ttl_in_seconds: match body.integer("authorizerResultTtlInSeconds")? {
            Some(seconds) => Some(check_result_ttl(seconds)?),
            None => default_result_ttl(kind),
        },
    };
    check(&authorizer)?;
    Ok(authorizer)
}

pub(crate) fn default_result_ttl(kind: AuthorizerType) -> Option<i32> {
    asks_a_function(kind).then_some(DEFAULT_RESULT_TTL)
}

pub(crate) fn default_auth_type(kind: AuthorizerType) -> &'static str {
    if asks_a_function(kind) { "custom" } else { "cognito_user_pools" }
}

/// Whether authorizers of this kind ask a function, rather than read a token themselves.
fn asks_a_function(kind: AuthorizerType) -> bool {
    match kind {
        AuthorizerType::Token | AuthorizerType::Request => true,
        AuthorizerType::CognitoUserPools => false,
    }
}

pub(crate) fn check_result_ttl(seconds: i64) -> Result<i32, Conflict> {
    let seconds = Some(seconds).filter(|seconds| (0..=LONGEST_RESULT_TTL).contains(seconds));
    seconds.and_then(|seconds| i32::try_from(seconds).ok()).ok_or(Conflict::BadResultTtl)
}

/// The rules for an authorizer as a whole.
fn check(authorizer: &Authorizer) -> Result<(), Conflict> {
    rest_api::check_name(&authorizer.name)?;
    if asks_a_function(authorizer.kind) {
        check_uri(text(&authorizer.authorizer_uri).unwrap_or_default())?;
    } else {
        check_providers(&authorizer.provider_arns)?;
    }
    check_identity_source(authorizer)?;
    mapping::check_pattern(authorizer.identity_validation_expression.as_deref())
}

/// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations`
fn check_uri(uri: &str) -> Result<(), Conflict> {
    match *uri.splitn(6, ':').collect::<Vec<_>>() {
        ["arn", _, "apigateway", _, "lambda", path] if path.starts_with("path/") && path.ends_with("/invocations") => {
            Ok(())
        }
        _ => Err(Conflict::BadAuthorizerUri(uri.to_owned())),
    }
}

/// `arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}`
fn check_providers(arns: &[String]) -> Result<(), Conflict> {
    let is_pool = |arn: &String| match *arn.split(':').collect::<Vec<_>>() {
        ["arn", _, "cognito-idp", _, _, pool] => pool.starts_with("userpool/"),
        _ => false,
    };
    match arns {
        [] => Err(Conflict::NoProviderArns),
        arns if arns.iter().all(is_pool) => Ok(()),
        _ => Err(Conflict::BadArn),
    }
}

/// A request authorizer that keeps no answers needs no identity, since identities are what answers are kept by.
fn check_identity_source(authorizer: &Authorizer) -> Result<(), Conflict> {
    let sources = text(&authorizer.identity_source);
    let is_request = authorizer.kind == AuthorizerType::Request;
    let bad = |source: &str| Conflict::BadIdentitySource(source.to_owned());
    match sources {
        None if is_request && authorizer.result_ttl_in_seconds == Some(0) => Ok(()),
        None => Err(Conflict::NoIdentitySource(authorizer.kind.as_str())),
        Some(list) if is_request => match list.split(',').map(str::trim).find(|source| !is_request_identity(source)) {
            Some(source) => Err(bad(source)),
            None => Ok(()),
        },
        Some(header) if is_header(header) => Ok(()),
        Some(other) => Err(bad(other)),
    }
}

fn is_request_identity(source: &str) -> bool {
    let named = |prefix: &str| source.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
    is_header(source) || named("method.request.querystring.") || named("stageVariables.") || named("context.")
}

fn is_header(source: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    source.strip_prefix("method.request.header.").is_some_and(|name| !name.is_empty() && name.bytes().all(is_token))
}

/// Adds or replaces an authorizer. Names are unique within an API.
fn decide_put(tree: &RestApiTree, authorizer: Authorizer) -> Result<Change<Authorizer>, Failure> {
    if tree.authorizers.values().any(|other| other.id != authorizer.id && other.name == authorizer.name) {
        return Err(Conflict::AuthorizerExists(authorizer.name).into());
    }
    Ok(Change::answering(authorizer.clone()).put(Record::Authorizer(tree.api.id.clone(), authorizer)))
}

fn check_unused(tree: &RestApiTree, authorizer: &Authorizer) -> Result<(), Conflict> {
    match used_by(tree, authorizer) {
        Some((path, verb)) => {
            Err(Conflict::AuthorizerInUse { authorizer: authorizer.name.clone(), verb, path: path.to_owned() })
        }
        None => Ok(()),
    }
}

/// An authorizer that methods name goes on asking whom their authorization type says: a function, or a user pool.
fn check_type(tree: &RestApiTree, before: &Authorizer, after: &Authorizer) -> Result<(), Conflict> {
    match used_by(tree, before).filter(|_| asks_a_function(before.kind) != asks_a_function(after.kind)) {
        Some((path, verb)) => {
            Err(Conflict::AuthorizerTypeInUse { authorizer: before.name.clone(), verb, path: path.to_owned() })
        }
        None => Ok(()),
    }
}

/// A method that names the authorizer, with the path of its resource.
fn used_by<'a>(tree: &'a RestApiTree, authorizer: &Authorizer) -> Option<(&'a str, HttpMethod)> {
    let mut methods = method::all(tree);
    let user = methods.find(|(.., method)| method.authorizer_id.as_ref() == Some(&authorizer.id));
    user.map(|(path, verb, _)| (path, verb))
}

#[cfg(test)]
pub(crate) fn sample(id: &str, kind: AuthorizerType) -> Authorizer {
    let members = match kind {
        AuthorizerType::CognitoUserPools => r#""providerARNs":["arn:aws:cognito-idp:us-east-1:1:userpool/p"]"#,
        AuthorizerType::Token | AuthorizerType::Request => {
            r#""authorizerUri":"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations""#
        }
    };
    let source = r#""identitySource":"method.request.header.Authorization""#;
    let body = format!(r#"{{"name":"{id}","type":"{}",{source},{members}}}"#, kind.as_str());
    read(id.to_owned(), &Members::parse(body.as_bytes()).expect("an object")).expect("an authorizer")
}

#[cfg(test)]
#[path = "authorizer_tests.rs"]
mod tests;
