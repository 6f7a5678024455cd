//! GatewayResponse: how an API words what the gateway answers by itself.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{Catalog, GatewayResponse, GatewayResponseType, Record, RecordKey, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch;
use crate::request::Request;
use crate::resources::validation::{self, Validation};
use crate::resources::{gateway_response_patch, mapping, rest_api};
use crate::write::Change;

/// The types in the order in which AWS's framework prints them.
const TYPES: &str = "[REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, \
                     MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, \
                     BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, \
                     DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, \
                     UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]";

/// A gateway response on the wire. Parameters and templates are shown even when there are none, as AWS does.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GatewayResponseWire<'a> {
    response_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<&'a str>,
    response_parameters: Cow<'a, BTreeMap<String, String>>,
    response_templates: Cow<'a, BTreeMap<String, String>>,
    default_response: bool,
}

#[derive(Serialize)]
struct GatewayResponsesWire<'a> {
    item: Vec<GatewayResponseWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> GatewayResponseWire<'a> {
    /// A type as callers see it: as the API words it, else as it words the default of its class, else as AWS does.
    fn of(tree: &'a RestApiTree, kind: GatewayResponseType) -> Self {
        let own = tree.gateway_responses.get(&kind);
        match own.or_else(|| tree.gateway_responses.get(&class(kind))) {
            Some(worded) => Self::worded(kind, worded, own.is_none()),
            None => Self {
                response_type: kind.as_str(),
                status_code: default_status(kind),
                response_parameters: Cow::Owned(BTreeMap::new()),
                response_templates: Cow::Owned(default_templates()),
                default_response: true,
            },
        }
    }

    fn worded(kind: GatewayResponseType, response: &'a GatewayResponse, by_default: bool) -> Self {
        let templates = match response.response_templates.is_empty() {
            true => Cow::Owned(default_templates()),
            false => Cow::Borrowed(&response.response_templates),
        };
        Self {
            response_type: kind.as_str(),
            status_code: response.status_code.as_deref().or_else(|| default_status(kind)),
            response_parameters: Cow::Borrowed(&response.response_parameters),
            response_templates: templates,
            default_response: by_default,
        }
    }
}

/// The type that speaks for all of its class: 4XX or 5XX.
fn class(kind: GatewayResponseType) -> GatewayResponseType {
    match default_status(kind) {
        Some(code) if code.starts_with('4') => GatewayResponseType::Default4xx,
        Some(_) => GatewayResponseType::Default5xx,
        None => kind,
    }
}

/// The status code that AWS gives a type. The two defaults have none: each type keeps its own.
fn default_status(kind: GatewayResponseType) -> Option<&'static str> {
    use GatewayResponseType as T;
    Some(match kind {
        T::Default4xx | T::Default5xx => return None,
        T::BadRequestBody | T::BadRequestParameters => "400",
        T::Unauthorized => "401",
        T::AccessDenied
        | T::ExpiredToken
        | T::InvalidApiKey
        | T::InvalidSignature
        | T::MissingAuthenticationToken
        | T::WafFiltered => "403",
        T::ResourceNotFound => "404",
        T::RequestTooLarge => "413",
        T::UnsupportedMediaType => "415",
        T::QuotaExceeded | T::Throttled => "429",
        T::ApiConfigurationError | T::AuthorizerConfigurationError | T::AuthorizerFailure => "500",
        T::IntegrationFailure | T::IntegrationTimeout => "504",
    })
}

/// The template that AWS gives every type.
pub(crate) fn default_templates() -> BTreeMap<String, String> {
    [("application/json".to_owned(), r#"{"message":$context.error.messageString}"#.to_owned())].into()
}

/// Words a type anew; what was said of it before is gone.
pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let response = read(request, &request.body()?)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| Ok(decide_put(&*rest_api::find(control, catalog, &api)?, response.clone()));
    let response = control.writer().write(decide).await?;
    Answer::json(&GatewayResponseWire::worded(response.kind, &response, false))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let kind = response_type(request)?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    Answer::json(&GatewayResponseWire::of(&tree, kind))
}

/// Lists all types, worded by the API or not.
pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "gatewayresponses")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let types = GatewayResponseType::ALL.into_iter();
    let page = query.page(types.map(|kind| (kind.as_str().to_owned(), GatewayResponseWire::of(&tree, kind))));
    Answer::json(&GatewayResponsesWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateGatewayResponseInput")?;
    let kind = response_type(request)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| {
        let tree = rest_api::find(control, catalog, &api)?;
        let response = patch::apply(&editable(&tree, kind), &operations, gateway_response_patch::run)?;
        check(&response)?;
        Ok::<_, Failure>(decide_put(&tree, response))
    };
    let response = control.writer().write(decide).await?;
    Answer::json(&GatewayResponseWire::worded(kind, &response, false))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let kind = response_type(request)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| {
        let tree = rest_api::find(control, catalog, &api)?;
        if !tree.gateway_responses.contains_key(&kind) {
            return Err(Conflict::GatewayResponseNotSet.into());
        }
        Ok(Change::answering(()).delete(RecordKey::GatewayResponse(api.clone(), kind)))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The type that the path names.
fn response_type(request: &Request) -> Result<GatewayResponseType, Failure> {
    checked_response_type(request, Validation::default())
}

/// The type that the path names, unless something else is amiss already.
fn checked_response_type(request: &Request, mut validation: Validation) -> Result<GatewayResponseType, Failure> {
    let word = request.label("response_type");
    let kind = GatewayResponseType::parse(word);
    if kind.is_none() {
        validation.not_in(word, "responseType", TYPES);
    }
    validation.finish()?;
    Ok(kind.expect("a word that is no type was noted"))
}

fn read(request: &Request, body: &Members) -> Result<GatewayResponse, Failure> {
    let mut validation = Validation::default();
    let status_code = body.string("statusCode")?.filter(|code| !code.is_empty());
    if let Some(code) = &status_code {
        validation.status_code_at(code, "putGatewayResponseInput.statusCode");
    }
    let kind = checked_response_type(request, validation)?;
    let response = GatewayResponse {
        kind,
        status_code,
        response_parameters: read_map(body, "responseParameters")?,
        response_templates: read_map(body, "responseTemplates")?,
    };
    check(&response)?;
    Ok(response)
}

fn read_map(body: &Members, name: &'static str) -> Result<BTreeMap<String, String>, Failure> {
    let map = body.nullable_string_map(name)?.unwrap_or_default();
    let present = map.into_iter().map(|(key, value)| Some((key, value.filter(|value| !value.is_empty())?)));
    Ok(present.collect::<Option<_>>().ok_or(Conflict::EmptyValue(name))?)
}

/// The rules for a gateway response as a whole.
fn check(response: &GatewayResponse) -> Result<(), Conflict> {
    if let Some(code) = response.status_code.as_deref().filter(|code| !validation::is_status_code(code)) {
        return Err(Conflict::BadStatusCode(code.to_owned()));
    }
    mapping::check_names(response.response_parameters.keys(), "gatewayresponse.header.")?;
    mapping::check_values(response.response_parameters.values(), "method.request")?;
    mapping::check_media_types(response.response_templates.keys())
}

/// A type as a PATCH finds it: one that the API leaves alone has the default template, and nothing of its own.
fn editable(tree: &RestApiTree, kind: GatewayResponseType) -> GatewayResponse {
    let own = tree.gateway_responses.get(&kind).map(|response| GatewayResponse::clone(response));
    let mut response = own.unwrap_or_else(|| GatewayResponse {
        kind,
        status_code: None,
        response_parameters: BTreeMap::new(),
        response_templates: BTreeMap::new(),
    });
    if response.response_templates.is_empty() {
        response.response_templates = default_templates();
    }
    response
}

fn decide_put(tree: &RestApiTree, response: GatewayResponse) -> Change<GatewayResponse> {
    Change::answering(response.clone()).put(Record::GatewayResponse(tree.api.id.clone(), response))
}

#[cfg(test)]
#[path = "gateway_response_tests.rs"]
mod tests;
