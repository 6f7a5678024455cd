//! MethodResponse: an answer that a method declares.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{Catalog, MethodResponse, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{self, Op, PatchOperation};
use crate::request::Request;
use crate::resources::mapping;
use crate::resources::method::{self, MethodPath};
use crate::resources::validation;

/// A method response on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodResponseWire<'a> {
    status_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_parameters: Option<&'a BTreeMap<String, bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_models: Option<&'a BTreeMap<String, String>>,
}

impl<'a> MethodResponseWire<'a> {
    pub(crate) fn new(status_code: &'a str, response: &'a MethodResponse) -> Self {
        Self {
            status_code,
            response_parameters: response.response_parameters.as_ref(),
            response_models: response.response_models.as_ref(),
        }
    }
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    let body = request.body()?;
    validation::status_code(code)?;
    let response = MethodResponse {
        response_parameters: body.bool_map("responseParameters")?,
        response_models: body.string_map("responseModels")?,
    };
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            check(at.tree(catalog)?, &response)?;
            match method.responses.insert(code.to_owned(), response.clone()) {
                Some(_) => Err(Conflict::ResponseExists.into()),
                None => Ok(()),
            }
        })
    };
    control.writer().write(decide).await?;
    Answer::json(&MethodResponseWire::new(code, &response))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    validation::status_code(code)?;
    let catalog = control.catalog();
    let (_, method) = MethodPath::of(request).find(&catalog)?;
    let response = method.responses.get(code).ok_or(Conflict::NoSuchResponse)?;
    Answer::json(&MethodResponseWire::new(code, response))
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    let operations = patch::operations_of_response(request, "updateMethodResponseInput")?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            let response = method.responses.get_mut(code).ok_or(Conflict::NoSuchResponse)?;
            *response = patch::apply(response, &operations, run)?;
            check(at.tree(catalog)?, response)?;
            Ok(response.clone())
        })
    };
    let response = control.writer().write(decide).await?;
    Answer::json(&MethodResponseWire::new(code, &response))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    validation::status_code(code)?;
    let at = MethodPath::of(request);
    let decide = |catalog: &Catalog| {
        at.change(catalog, |_, method| {
            method.responses.remove(code).map(|_| ()).ok_or_else(|| Conflict::NoSuchResponse.into())
        })
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The rules for a method response, in the API that it is part of.
pub(crate) fn check(tree: &RestApiTree, response: &MethodResponse) -> Result<(), Conflict> {
    mapping::check_names(response.parameters().map(|(name, _)| name), "method.response.header.")?;
    method::check_models(tree, response.models().map(|(_, model)| model))
}

fn run(response: &mut MethodResponse, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Add, ["responseParameters", name]) => {
            mapping::put(&mut response.response_parameters, name, operation.truth());
        }
        (Op::Replace, ["responseParameters", name]) => {
            let parameters = response.response_parameters.as_mut();
            let required = parameters.and_then(|all| all.get_mut(*name)).ok_or(Conflict::NoSuchParameter)?;
            *required = operation.truth();
        }
        (Op::Remove, ["responseParameters", name]) => {
            mapping::take(&mut response.response_parameters, name).ok_or(Conflict::NoSuchParameter)?;
        }
        (Op::Add, ["responseModels", media_type]) => {
            mapping::put(&mut response.response_models, media_type, operation.value().to_owned());
        }
        (Op::Replace, ["responseModels", media_type]) => {
            let models = response.response_models.as_mut();
            let model = models.and_then(|all| all.get_mut(*media_type)).ok_or(Conflict::NoSuchContentType)?;
            *model = operation.value().to_owned();
        }
        (Op::Remove, ["responseModels", media_type]) => {
            mapping::take(&mut response.response_models, media_type).ok_or(Conflict::NoSuchContentType)?;
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
    fn a_map_is_shown_as_it_was_given_and_goes_with_its_last_entry() {
        let shown =
            |response: &MethodResponse| serde_json::to_value(MethodResponseWire::new("200", response)).expect("json");
        let empty =
            MethodResponse { response_parameters: Some(BTreeMap::new()), response_models: Some(BTreeMap::new()) };
        assert_eq!(
            shown(&empty),
            serde_json::json!({ "statusCode": "200", "responseParameters": {}, "responseModels": {} })
        );
        let header = "/responseParameters/method.response.header.x";
        let operations = [operation(Op::Add, header, "true"), operation(Op::Remove, header, "true")];
        let bare = patch::apply(&MethodResponse::default(), &operations, run).expect("a response");
        assert_eq!(shown(&bare), serde_json::json!({ "statusCode": "200" }));
    }

    #[test]
    fn what_is_not_there_is_refused_in_the_words_of_aws() {
        let refused = |op, path| {
            let failure = patch::apply(&MethodResponse::default(), &[operation(op, path, "x")], run);
            failure.expect_err("a refusal").to_string()
        };
        assert_eq!(
            refused(Op::Replace, "/responseParameters/method.response.header.x"),
            "Invalid parameter name specified"
        );
        assert_eq!(refused(Op::Remove, "/responseModels/application~1json"), "Content-Type specified was not found");
        assert_eq!(refused(Op::Replace, "/statusCode"), "Invalid patch path /statusCode");
    }
}
