//! MethodResponse: an answer that a method declares.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{Catalog, MethodResponse, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty};
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
    #[serde(skip_serializing_if = "is_empty")]
    response_parameters: &'a BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "is_empty")]
    response_models: &'a BTreeMap<String, String>,
}

impl<'a> MethodResponseWire<'a> {
    pub(crate) fn new(status_code: &'a str, response: &'a MethodResponse) -> Self {
        Self {
            status_code,
            response_parameters: &response.response_parameters,
            response_models: &response.response_models,
        }
    }
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let code = request.label("status_code");
    let body = request.body()?;
    validation::status_code(code)?;
    let response = MethodResponse {
        response_parameters: body.bool_map("responseParameters")?.unwrap_or_default(),
        response_models: body.string_map("responseModels")?.unwrap_or_default(),
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
    let operations = patch::operations(request, "updateMethodResponseInput")?;
    validation::status_code(code)?;
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
    mapping::check_names(response.response_parameters.keys(), "method.response.header.")?;
    method::check_models(tree, &response.response_models)
}

fn run(response: &mut MethodResponse, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Add, ["responseParameters", name]) => {
            response.response_parameters.insert((*name).to_owned(), operation.truth());
        }
        (Op::Replace, ["responseParameters", name]) => {
            let required = response.response_parameters.get_mut(*name).ok_or(Conflict::NoSuchParameter)?;
            *required = operation.truth();
        }
        (Op::Remove, ["responseParameters", name]) => {
            response.response_parameters.remove(*name).ok_or(Conflict::NoSuchParameter)?;
        }
        (Op::Add, ["responseModels", media_type]) => {
            response.response_models.insert((*media_type).to_owned(), operation.value().to_owned());
        }
        (Op::Replace, ["responseModels", media_type]) => {
            let model = response.response_models.get_mut(*media_type).ok_or(Conflict::NoSuchContentType)?;
            *model = operation.value().to_owned();
        }
        (Op::Remove, ["responseModels", media_type]) => {
            response.response_models.remove(*media_type).ok_or(Conflict::NoSuchContentType)?;
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
