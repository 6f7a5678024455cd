//! Method: what a caller may do with a resource.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tollgate_domain::{
    AuthorizerType, Catalog, HttpMethod, Method, Record, Resource, ResourceId, RestApiId, RestApiTree,
};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::patch::{self, Op, PatchOperation, PatchRefusal};
use crate::request::Request;
use crate::resources::integration::IntegrationWire;
use crate::resources::method_response::MethodResponseWire;
use crate::resources::validation::Validation;
use crate::resources::{model, resource};
use crate::write::Change;

/// A method on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodWire<'a> {
    http_method: &'static str,
    authorization_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_id: Option<&'a str>,
    api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_validator_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    request_parameters: &'a BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "is_empty")]
    request_models: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    method_responses: BTreeMap<&'a str, MethodResponseWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method_integration: Option<IntegrationWire<'a>>,
    #[serde(skip_serializing_if = "is_empty")]
    authorization_scopes: &'a Vec<String>,
}

impl<'a> MethodWire<'a> {
    pub(crate) fn new(verb: HttpMethod, method: &'a Method) -> Self {
        let responses = method.responses.iter();
        Self {
            http_method: verb.as_str(),
            authorization_type: &method.authorization_type,
            authorizer_id: text(&method.authorizer_id),
            api_key_required: method.api_key_required,
            request_validator_id: text(&method.request_validator_id),
            operation_name: text(&method.operation_name),
            request_parameters: &method.request_parameters,
            request_models: &method.request_models,
            method_responses: responses.map(|(code, it)| (code.as_str(), MethodResponseWire::new(code, it))).collect(),
            method_integration: method.integration.as_ref().map(IntegrationWire::new),
            authorization_scopes: &method.authorization_scopes,
        }
    }
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let at = MethodPath::of(request);
    let (verb, method) =
        control.writer().write(|catalog| decide_put(at.tree(catalog)?, at.resource(catalog)?, request, &body)).await?;
    Answer::json(&MethodWire::new(verb, &method))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (verb, method) = MethodPath::of(request).find(&catalog)?;
    Answer::json(&MethodWire::new(verb, method))
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateMethodInput")?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            *method = patch::apply(method, &operations, run)?;
            settle(at.tree(catalog)?, method)?;
            Ok(method.clone())
        })
    };
    let method = control.writer().write(decide).await?;
    let verb = HttpMethod::parse(&at.verb).ok_or(Conflict::NoSuchMethod)?;
    Answer::json(&MethodWire::new(verb, &method))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        let (verb, _) = at.find(catalog)?;
        let mut resource = Resource::clone(at.resource(catalog)?);
        resource.methods.remove(&verb);
        Ok(Change::answering(()).put(Record::Resource(at.api.clone(), resource)))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// Where a method stands.
pub(crate) struct MethodPath {
    api: RestApiId,
    resource: ResourceId,
    verb: String,
}

impl MethodPath {
    pub(crate) fn of(request: &Request) -> Self {
        let verb = request.label("http_method").to_owned();
        Self { api: request.rest_api_id(), resource: request.resource_id(), verb }
    }

    /// The API of the method. An unknown one is an unknown resource here, as on AWS.
    pub(crate) fn tree<'a>(&self, catalog: &'a Catalog) -> Result<&'a RestApiTree, Conflict> {
        catalog.rest_apis.get(&self.api).map(AsRef::as_ref).ok_or(Conflict::NoSuchResource)
    }

    fn resource<'a>(&self, catalog: &'a Catalog) -> Result<&'a Resource, Conflict> {
        resource::find(catalog, &self.api, &self.resource)
    }

    /// The method, if it is there.
    pub(crate) fn find<'a>(&self, catalog: &'a Catalog) -> Result<(HttpMethod, &'a Method), Conflict> {
        let resource = self.resource(catalog)?;
        let verb = HttpMethod::parse(&self.verb).ok_or(Conflict::NoSuchMethod)?;
        resource.methods.get(&verb).map(|method| (verb, method)).ok_or(Conflict::NoSuchMethod)
    }

    /// The change that `edit` makes to the method.
    pub(crate) fn change<T>(
        &self,
        catalog: &Catalog,
        edit: impl FnOnce(&ResourceId, &mut Method) -> Result<T, Failure>,
    ) -> Result<Change<T>, Failure> {
        let (verb, method) = self.find(catalog)?;
        let mut method = method.clone();
        let answer = edit(&self.resource, &mut method)?;
        let mut resource = Resource::clone(self.resource(catalog)?);
        resource.methods.insert(verb, method);
        Ok(Change::answering(answer).put(Record::Resource(self.api.clone(), resource)))
    }
}

/// The methods of an API, with the path of their resource.
pub(crate) fn all(tree: &RestApiTree) -> impl Iterator<Item = (&str, HttpMethod, &Method)> {
    tree.resources
        .values()
        .flat_map(|resource| resource.methods.iter().map(|(verb, method)| (resource.path.as_str(), *verb, method)))
}

fn decide_put(
    tree: &RestApiTree,
    resource: &Resource,
    request: &Request,
    body: &Members,
) -> Result<Change<(HttpMethod, Method)>, Failure> {
    let verb = HttpMethod::parse(request.label("http_method")).ok_or(Conflict::BadHttpMethod)?;
    let mut method = read(body)?;
    settle(tree, &mut method)?;
    if resource.methods.contains_key(&verb) {
        return Err(Conflict::MethodExists.into());
    }
    let mut resource = resource.clone();
    resource.methods.insert(verb, method.clone());
    Ok(Change::answering((verb, method)).put(Record::Resource(tree.api.id.clone(), resource)))
}

fn read(body: &Members) -> Result<Method, Failure> {
    let mut validation = Validation::default();
    let authorization_type = validation.required(body.string("authorizationType")?, "putMethodInput.authorizationType");
    validation.finish()?;
    Ok(Method {
        authorization_type,
        authorizer_id: body.string("authorizerId")?,
        authorization_scopes: body.strings("authorizationScopes")?.unwrap_or_default(),
        api_key_required: body.bool("apiKeyRequired")?.unwrap_or(false),
        operation_name: body.string("operationName")?,
        request_parameters: body.bool_map("requestParameters")?.unwrap_or_default(),
        request_models: body.string_map("requestModels")?.unwrap_or_default(),
        request_validator_id: body.string("requestValidatorId")?,
        responses: BTreeMap::new(),
        integration: None,
    })
}

/// The rules for a method as a whole. An authorizer that the authorization type has no use for is dropped, as AWS does.
pub(crate) fn settle(tree: &RestApiTree, method: &mut Method) -> Result<(), Conflict> {
    match method.authorization_type.to_ascii_uppercase().as_str() {
        "NONE" | "AWS_IAM" if !method.authorization_scopes.is_empty() => return Err(Conflict::ScopesWithoutCognito),
        "NONE" | "AWS_IAM" => method.authorizer_id = None,
        "CUSTOM" => check_authorizer(tree, method, &[AuthorizerType::Token, AuthorizerType::Request])?,
        "COGNITO_USER_POOLS" => check_authorizer(tree, method, &[AuthorizerType::CognitoUserPools])?,
        _ => return Err(Conflict::BadAuthorizationType),
    }
    let validator = text(&method.request_validator_id);
    if validator.is_some_and(|id| !tree.request_validators.contains_key(id)) {
        return Err(Conflict::NoSuchValidator);
    }
    check_models(tree, method.request_models.values())?;
    check_parameters(&method.request_parameters)
}

/// The authorizer named is there and of one of these kinds.
fn check_authorizer(tree: &RestApiTree, method: &Method, kinds: &[AuthorizerType]) -> Result<(), Conflict> {
    let authorizer = method.authorizer_id.as_ref().and_then(|id| tree.authorizers.get(id));
    let fits = authorizer.is_some_and(|authorizer| kinds.contains(&authorizer.kind));
    if fits { Ok(()) } else { Err(Conflict::NoSuchAuthorizer) }
}

/// The models named are there.
pub(crate) fn check_models<'a>(
    tree: &RestApiTree,
    mut models: impl Iterator<Item = &'a String>,
) -> Result<(), Conflict> {
    match models.find(|name| !model::is_known(tree, name)) {
        Some(name) => Err(Conflict::NoSuchModel(name.clone())),
        None => Ok(()),
    }
}

/// Parameters are `method.request.{path|querystring|header}.{name}`, and no name is in two places. AWS has two ways to
/// say that one is not: for what speaks of no request at all, and for what speaks of it wrongly.
fn check_parameters(parameters: &BTreeMap<String, bool>) -> Result<(), Conflict> {
    let mut names = BTreeSet::new();
    for parameter in parameters.keys() {
        let bad = || Conflict::BadParameter(parameter.clone());
        let stranger = || Conflict::BadMapping(parameter.clone());
        let rest = parameter.strip_prefix("method.request.").ok_or_else(stranger)?;
        let (place, name) = rest.split_once('.').ok_or_else(bad)?;
        if !matches!(place, "path" | "querystring" | "header") || name.is_empty() {
            return Err(bad());
        }
        if !names.insert(name) {
            return Err(Conflict::ParameterClash);
        }
    }
    Ok(())
}

/// Runs one operation.
fn run(method: &mut Method, operation: &PatchOperation) -> Result<(), PatchRefusal> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Add | Op::Replace, ["requestParameters", name]) => {
            method.request_parameters.insert((*name).to_owned(), operation.truth());
        }
        (Op::Remove, ["requestParameters", name]) => {
            method.request_parameters.remove(*name).ok_or_else(|| operation.bad_path())?;
        }
        (Op::Add | Op::Replace, ["requestModels", media_type]) => {
            method.request_models.insert((*media_type).to_owned(), operation.value().to_owned());
        }
        (Op::Remove, ["requestModels", media_type]) => {
            method.request_models.remove(*media_type).ok_or_else(|| operation.bad_path())?;
        }
        (Op::Add, ["authorizationScopes"]) => method.authorization_scopes.extend(operation.text()),
        (Op::Remove, ["authorizationScopes"]) => {
            method.authorization_scopes.retain(|scope| scope != operation.value());
        }
        (Op::Replace, ["authorizationType"]) => method.authorization_type = operation.value().to_owned(),
        (Op::Replace, ["authorizerId"]) => method.authorizer_id = operation.text(),
        (Op::Replace, ["apiKeyRequired"]) => method.api_key_required = operation.truth(),
        (Op::Replace, ["operationName"]) => method.operation_name = operation.text(),
        (Op::Replace, ["requestValidatorId"]) => method.request_validator_id = operation.text(),
        (_, ["authorizationType" | "authorizerId" | "apiKeyRequired" | "operationName" | "requestValidatorId"]) => {
            return Err(PatchRefusal::OnlyReplace);
        }
        _ => return Err(operation.bad_path()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;
    use crate::resources::rest_api::sample_catalog;
    use crate::resources::{authorizer, request_validator};

    /// A method of an API with a token authorizer `auth`, a Cognito authorizer `pool` and a validator `all`.
    fn made(body: &str) -> Result<Method, String> {
        let mut catalog = sample_catalog("api1", &[]);
        let api = RestApiId::new("api1");
        for (id, kind) in [("auth", AuthorizerType::Token), ("pool", AuthorizerType::CognitoUserPools)] {
            catalog.put(Record::Authorizer(api.clone(), authorizer::sample(id, kind)));
        }
        catalog.put(Record::RequestValidator(api.clone(), request_validator::sample("all")));
        let mut method =
            read(&Members::parse(body.as_bytes()).expect("an object")).map_err(|failure| failure.to_string())?;
        settle(&catalog.rest_apis[&api], &mut method).map_err(|conflict| conflict.to_string())?;
        Ok(method)
    }

    fn patched(operations: &[PatchOperation]) -> Result<Method, String> {
        let method = made(r#"{"authorizationType":"NONE"}"#).expect("a method");
        patch::apply(&method, operations, run).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn methods_are_refused_in_the_words_of_aws() {
        let refused =
            |members: &str| made(&format!(r#"{{"authorizationType":"NONE",{members}}}"#)).expect_err("a refusal");
        assert_eq!(
            refused(r#""requestParameters":{"method.request.path.a":true,"method.request.header.a":true}"#),
            "Parameter names must be unique across querystring, header and path"
        );
        assert_eq!(
            refused(r#""requestParameters":{"method.request.body.a":true}"#),
            "Invalid mapping expression parameter specified: method.request.body.a"
        );
        assert_eq!(
            refused(r#""requestParameters":{"true":true}"#),
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
             expression specified: true]"
        );
        assert_eq!(refused(r#""requestModels":{"application/json":"Pet"}"#), "Invalid model identifier specified: Pet");
        assert_eq!(
            refused(r#""requestValidatorId":"x"}"#.trim_end_matches('}')),
            "Invalid Request Validator identifier specified"
        );
        assert!(made(r#"{"authorizationType":"CUSTOM"}"#).expect_err("a refusal").starts_with("Invalid authorizer ID"));
        assert!(made("{}").expect_err("a refusal").starts_with("1 validation error detected: Value null at"));
        assert!(made(r#"{"authorizationType":"none"}"#).is_ok());
    }

    #[test]
    fn a_method_names_what_its_api_has() {
        let with = |members: &str| made(&format!("{{{members}}}"));
        let custom = with(r#""authorizationType":"CUSTOM","authorizerId":"auth""#).expect("a method");
        assert_eq!(custom.authorizer_id.as_deref(), Some("auth"));
        assert!(
            with(r#""authorizationType":"COGNITO_USER_POOLS","authorizerId":"pool","authorizationScopes":["a"]"#)
                .is_ok()
        );
        for bad in [
            r#""authorizationType":"CUSTOM","authorizerId":"nope""#,
            r#""authorizationType":"CUSTOM","authorizerId":"pool""#,
            r#""authorizationType":"COGNITO_USER_POOLS","authorizerId":"auth""#,
        ] {
            assert!(with(bad).expect_err("a refusal").starts_with("Invalid authorizer ID specified."), "{bad}");
        }
        assert!(with(r#""authorizationType":"NONE","requestValidatorId":"all""#).is_ok());
        assert!(with(r#""authorizationType":"NONE","requestModels":{"application/json":"Empty"}"#).is_ok());
    }

    #[test]
    fn an_authorizer_without_use_is_dropped() {
        let method = made(r#"{"authorizationType":"NONE","authorizerId":"nope"}"#).expect("a method");
        assert_eq!(method.authorizer_id, None);
    }

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let refused = |op, path| patched(&[operation(op, path, "x")]).expect_err("a refusal");
        assert_eq!(refused(Op::Add, "/apiKeyRequired"), "Invalid patch operation specified. Must be one of: [replace]");
        assert_eq!(refused(Op::Replace, "/httpMethod"), "Invalid patch path /httpMethod");
        assert_eq!(refused(Op::Add, "/requestParameters"), "Invalid patch path /requestParameters");
        assert_eq!(
            refused(Op::Add, "/requestModels/application/json"),
            "Invalid patch path /requestModels/application/json"
        );
    }

    #[test]
    fn patches_change_what_they_name() {
        let method = patched(&[
            operation(Op::Replace, "/apiKeyRequired", "true"),
            operation(Op::Add, "/requestParameters/method.request.header.x", "true"),
            operation(Op::Add, "/requestModels/application~1json", "Empty"),
            operation(Op::Replace, "/operationName", None),
        ])
        .expect("a method");
        assert!(method.api_key_required && method.operation_name.is_none());
        assert_eq!(method.request_models.keys().collect::<Vec<_>>(), ["application/json"]);
    }
}
