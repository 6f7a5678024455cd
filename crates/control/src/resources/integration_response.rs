//! IntegrationResponse: how one kind of upstream answer becomes an answer of the method.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{Catalog, IntegrationResponse};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{self, Op, PatchOperation};
use crate::request::Request;
use crate::resources::mapping;
use crate::resources::method::MethodPath;
use crate::resources::validation;

/// An integration response on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationResponseWire<'a> {
    status_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection_pattern: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_parameters: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_templates: Option<&'a mapping::Templates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_handling: Option<&'a str>,
}

impl<'a> IntegrationResponseWire<'a> {
    pub(crate) fn new(status_code: &'a str, response: &'a IntegrationResponse) -> Self {
        Self {
            status_code,
            // Unlike other texts, AWS shows an empty one.
            selection_pattern: response.selection_pattern.as_deref(),
            response_parameters: response.response_parameters.as_ref(),
            response_templates: response.response_templates.as_ref(),
            content_handling: text(&response.content_handling),
        }
    }
}

/// Puts a response; unlike other parts of a method, one that is there is replaced.
pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    let body = request.body()?;
    validation::status_code(code)?;
    let response = IntegrationResponse {
        selection_pattern: body.string("selectionPattern")?,
        response_parameters: body.string_map("responseParameters")?,
        response_templates: body.nullable_string_map("responseTemplates")?.map(mapping::without_empty),
        content_handling: body.string("contentHandling")?,
    };
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            let integration = method.integration.as_mut().ok_or(Conflict::NoSuchIntegration)?;
            if !method.responses.contains_key(code) {
                return Err(Conflict::NoSuchResponse.into());
            }
            check(&response)?;
            integration.responses.insert(code.to_owned(), response.clone());
            Ok(())
        })
    };
    control.writer().write(decide).await?;
    Answer::json(&IntegrationResponseWire::new(code, &response))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    validation::status_code(code)?;
    let catalog = control.catalog();
    let (_, method) = MethodPath::of(request).find(&catalog)?;
    let integration = method.integration.as_ref().ok_or(Conflict::NoSuchIntegration)?;
    let response = integration.responses.get(code).ok_or(Conflict::NoSuchResponse)?;
    Answer::json(&IntegrationResponseWire::new(code, response))
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    let operations = patch::operations_of_response(request, "updateIntegrationResponseInput")?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            let integration = method.integration.as_mut().ok_or(Conflict::NoSuchIntegration)?;
            let response = integration.responses.get_mut(code).ok_or(Conflict::NoSuchResponse)?;
            *response = patch::apply(response, &operations, run)?;
            check(response)?;
            Ok(response.clone())
        })
    };
    let response = control.writer().write(decide).await?;
    Answer::json(&IntegrationResponseWire::new(code, &response))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    validation::status_code(code)?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        // AWS speaks of the integration here even when the method is what is missing.
        at.find(catalog).map_err(|conflict| match conflict {
            Conflict::NoSuchMethod => Conflict::NoSuchIntegration,
            other => other,
        })?;
        at.change(catalog, |_, method| {
            let integration = method.integration.as_mut().ok_or(Conflict::NoSuchIntegration)?;
            integration.responses.remove(code).map(|_| ()).ok_or_else(|| Conflict::NoSuchResponse.into())
        })
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

pub(crate) fn check(response: &IntegrationResponse) -> Result<(), Conflict> {
    mapping::check_pattern(response.selection_pattern.as_deref())?;
    let parameters = || response.response_parameters.iter().flatten();
    mapping::check_names(parameters().map(|(name, _)| name), "method.response.header.")?;
    mapping::check_values(parameters().map(|(_, value)| value), "integration.response")?;
    response.response_templates.as_ref().map_or(Ok(()), mapping::check_templates)?;
    mapping::check_content_handling(text(&response.content_handling))
}

fn run(response: &mut IntegrationResponse, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Replace, ["selectionPattern"]) => response.selection_pattern = operation.text(),
        (Op::Replace, ["contentHandling"]) => response.content_handling = operation.text(),
        (Op::Add | Op::Replace, ["responseTemplates", media_type]) => {
            mapping::put(&mut response.response_templates, media_type, operation.text());
        }
        (Op::Remove, ["responseTemplates", media_type]) => {
            mapping::take(&mut response.response_templates, media_type).ok_or(Conflict::NoSuchContentType)?;
        }
        (Op::Add | Op::Replace, ["responseParameters", name]) => {
            mapping::put(&mut response.response_parameters, name, operation.value().to_owned());
        }
        (Op::Remove, ["responseParameters", name]) => {
            mapping::take(&mut response.response_parameters, name).ok_or(Conflict::NoSuchParameter)?;
        }
        _ => return Err(operation.bad_path().into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    #[test]
    fn patches_change_what_they_name() {
        let operations = [
            operation(Op::Replace, "/selectionPattern", r"4\d{2}"),
            operation(Op::Add, "/responseTemplates/application~1json", None),
            operation(Op::Add, "/responseParameters/method.response.header.x", "'1'"),
        ];
        let response = patch::apply(&IntegrationResponse::default(), &operations, run).expect("a response");
        assert_eq!(response.selection_pattern.as_deref(), Some(r"4\d{2}"));
        assert_eq!(response.response_templates, Some([("application/json".to_owned(), None)].into()));
        assert_eq!(check(&response), Ok(()));
        let refused = patch::apply(&response, &[operation(Op::Add, "/statusCode", "x")], run);
        assert_eq!(refused.expect_err("a refusal").to_string(), "Invalid patch path /statusCode");
    }
}
