//! `x-amazon-apigateway-gateway-responses`: how an API words the gateway's own answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_domain::{GatewayResponse, GatewayResponseType};

use crate::conflict::Conflict;
use crate::openapi::document::Node;
use crate::openapi::notes::Notes;

pub(crate) const GATEWAY_RESPONSES: &str = "x-amazon-apigateway-gateway-responses";

/// Reads the gateway responses of a document. One of an unknown kind is left out, with a warning.
pub(crate) fn read(root: Node<'_>, notes: &mut Notes) -> Result<Vec<GatewayResponse>, Conflict> {
    let mut responses = Vec::new();
    for (name, response) in root.entries(GATEWAY_RESPONSES)? {
        match GatewayResponseType::parse(name) {
            Some(kind) => responses.push(read_one(kind, response)?),
            None => notes.warn(format!("Unsupported gateway response type '{name}' ignored")),
        }
    }
    Ok(responses)
}

fn read_one(kind: GatewayResponseType, response: Node<'_>) -> Result<GatewayResponse, Conflict> {
    // AWS keeps `gatewayresponse.header.X`, and takes the bare name of a header too.
    let qualified = |name: String| match name.starts_with("gatewayresponse.") {
        true => name,
        false => format!("gatewayresponse.header.{name}"),
    };
    let parameters = texts(response.text_map("responseParameters")?);
    Ok(GatewayResponse {
        kind,
        status_code: response.text("statusCode")?,
        response_parameters: parameters.into_iter().map(|(name, value)| (qualified(name), value)).collect(),
        response_templates: texts(response.text_map("responseTemplates")?),
    })
}

fn texts(map: Map<String, Value>) -> BTreeMap<String, String> {
    map.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
}
