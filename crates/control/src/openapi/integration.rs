//! `x-amazon-apigateway-integration`: what answers the calls of an operation.
//!
//! Its members are those of PutIntegration, so it is read and checked as one. Only the responses have a form of their
//! own: they are named by their selection pattern.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_domain::{Integration, IntegrationResponse, IntegrationType, ResourceId};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::openapi::document::Node;
use crate::openapi::notes::Notes;
use crate::resources::integration::IntegrationWire;
use crate::resources::mapping;

pub(crate) const INTEGRATION: &str = "x-amazon-apigateway-integration";
const TEXTS: [&str; 9] = [
    "httpMethod",
    "uri",
    "connectionType",
    "connectionId",
    "credentials",
    "cacheNamespace",
    "contentHandling",
    "responseTransferMode",
    "integrationTarget",
];
/// The response for what no pattern matches.
const DEFAULT: &str = "default";

/// An integration as a document describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IntegrationDraft {
    kind: IntegrationType,
    members: Members,
    responses: BTreeMap<String, IntegrationResponse>,
}

impl IntegrationDraft {
    /// Reads the integration of an operation, behind a reference or not. `at` tells the notes where it stands.
    pub(crate) fn read(operation: Node<'_>, at: &str, notes: &mut Notes) -> Result<Option<Self>, Conflict> {
        let Some(extension) = operation.object(INTEGRATION)? else { return Ok(None) };
        let word = extension.text("type")?.unwrap_or_default();
        let Some(kind) = IntegrationType::parse(&word.to_ascii_uppercase()) else {
            notes.refused(&format!("put integration on {at}"), &format!("Invalid integration type '{word}'"));
            return Ok(None);
        };
        let responses = read_responses(extension, at, notes)?;
        Ok(Some(Self { kind, members: read_members(extension)?, responses }))
    }

    /// The integration of a method of this resource.
    pub(crate) fn build(&self, resource: &ResourceId) -> Result<Integration, Failure> {
        let integration = crate::resources::integration::read(self.kind, &self.members, resource)?;
        // A document may name a verb for a MOCK, and AWS drops it.
        let http_method = integration.http_method.filter(|_| self.kind != IntegrationType::Mock);
        Ok(Integration { responses: self.responses.clone(), http_method, ..integration })
    }
}

fn read_members(extension: Node<'_>) -> Result<Members, Conflict> {
    let mut members = Map::new();
    for name in TEXTS {
        members.extend(extension.text(name)?.map(|text| (name.to_owned(), text.into())));
    }
    for name in ["requestParameters", "requestTemplates"] {
        members.insert(name.to_owned(), extension.text_map(name)?.into());
    }
    if let Some(behavior) = extension.text("passthroughBehavior")? {
        members.insert("passthroughBehavior".to_owned(), behavior.to_ascii_uppercase().into());
    }
    if let Some(millis) = extension.integer("timeoutInMillis")? {
        members.insert("timeoutInMillis".to_owned(), millis.into());
    }
    if let Some(parameters) = extension.texts("cacheKeyParameters")? {
        members.insert("cacheKeyParameters".to_owned(), parameters.into());
    }
    if let Some(tls) = extension.object("tlsConfig")? {
        let unchecked = serde_json::json!({ "insecureSkipVerification": tls.flag("insecureSkipVerification")? });
        members.insert("tlsConfig".to_owned(), unchecked);
    }
    Ok(Members::of(members))
}

fn read_responses(
    extension: Node<'_>,
    at: &str,
    notes: &mut Notes,
) -> Result<BTreeMap<String, IntegrationResponse>, Conflict> {
    let mut responses = BTreeMap::new();
    for (pattern, response) in extension.entries("responses")? {
        let Some(status_code) = response.text("statusCode")? else {
            notes.warn(format!("Integration response '{pattern}' without statusCode on {at} ignored"));
            continue;
        };
        let response = IntegrationResponse {
            selection_pattern: Some(pattern.to_owned()).filter(|pattern| pattern != DEFAULT),
            response_parameters: mapping::given(read_texts(response, "responseParameters")?),
            response_templates: mapping::given(read_templates(response)?),
            content_handling: response.text("contentHandling")?,
        };
        if responses.insert(status_code.clone(), response).is_some() {
            notes.warn(format!("More than one integration response for status code {status_code} on {at}"));
        }
    }
    Ok(responses)
}

fn read_texts(node: Node<'_>, name: &str) -> Result<BTreeMap<String, String>, Conflict> {
    let texts = node.text_map(name)?.into_iter();
    Ok(texts.map(|(key, text)| (key, text.as_str().unwrap_or_default().to_owned())).collect())
}

fn read_templates(response: Node<'_>) -> Result<BTreeMap<String, Option<String>>, Conflict> {
    let templates = response.text_map("responseTemplates")?.into_iter();
    Ok(templates.map(|(media_type, text)| (media_type, text.as_str().map(str::to_owned))).collect())
}

/// The extension that [`IntegrationDraft::read`] reads this integration from.
pub(crate) fn extension(integration: &Integration, resource: &ResourceId) -> Value {
    let wire = serde_json::to_value(IntegrationWire::new(integration)).unwrap_or_default();
    let mut extension = match wire {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for name in ["type", "passthroughBehavior"] {
        if let Some(Value::String(word)) = extension.get_mut(name) {
            word.make_ascii_lowercase();
        }
    }
    extension.remove("integrationResponses");
    // What every integration of the method would have anyway is not told.
    extension.retain(|name, value| match name.as_str() {
        "cacheNamespace" => *value != resource.as_str(),
        "cacheKeyParameters" => value.as_array().is_some_and(|parameters| !parameters.is_empty()),
        "connectionType" => *value != "INTERNET",
        _ => true,
    });
    if !integration.responses.is_empty() {
        extension.insert("responses".to_owned(), responses_by_pattern(integration).into());
    }
    extension.into()
}

fn responses_by_pattern(integration: &Integration) -> Map<String, Value> {
    let responses = integration.responses.iter().map(|(status_code, response)| {
        let pattern = response.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        let wire = crate::resources::integration_response::IntegrationResponseWire::new(status_code, response);
        let mut value = serde_json::to_value(wire).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.remove("selectionPattern");
        }
        (pattern.unwrap_or(DEFAULT).to_owned(), value)
    });
    responses.collect()
}
