//! RequestValidator: what of a call is checked before it goes on.

use serde::Serialize;
use tollgate_domain::{Catalog, Record, RecordKey, RequestValidator, RestApiId, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::{method, rest_api};
use crate::write::Change;

const PATHS: Paths =
    Paths { add: &[], replace: &["/name", "/validateRequestParameters", "/validateRequestBody"], remove: &[] };

/// A request validator on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestValidatorWire<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    validate_request_body: bool,
    validate_request_parameters: bool,
}

#[derive(Serialize)]
struct RequestValidatorsWire<'a> {
    item: Vec<RequestValidatorWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> RequestValidatorWire<'a> {
    fn new(validator: &'a RequestValidator) -> Self {
        Self {
            id: &validator.id,
            name: text(&validator.name),
            validate_request_body: validator.validate_request_body,
            validate_request_parameters: validator.validate_request_parameters,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let validator = read(control.ids().part_id(), &request.body()?)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| {
        let tree = catalog.rest_apis.get(&api).ok_or(Conflict::NoRestApiForValidator)?;
        decide_put(tree, validator.clone())
    };
    let validator = control.writer().write(decide).await?;
    Answer::json(&RequestValidatorWire::new(&validator))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (_, validator) = find(&catalog, &request.rest_api_id(), request.label("requestvalidator_id"))?;
    Answer::json(&RequestValidatorWire::new(validator))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "requestvalidators")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let validators = tree.request_validators.values();
    let page = query.page(validators.map(|one| (one.id.clone(), RequestValidatorWire::new(one))));
    Answer::json(&RequestValidatorsWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateRequestValidatorInput")?;
    let (api, id) = (request.rest_api_id(), request.label("requestvalidator_id"));
    let decide = |catalog: &Catalog| {
        let (tree, before) = find(catalog, &api, id)?;
        decide_put(tree, patch::apply(before, &operations, run)?)
    };
    let validator = control.writer().write(decide).await?;
    Answer::json(&RequestValidatorWire::new(&validator))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, id) = (request.rest_api_id(), request.label("requestvalidator_id"));
    let decide = |catalog: &Catalog| {
        let (tree, validator) = find(catalog, &api, id)?;
        check_unused(tree, validator)?;
        Ok(Change::answering(()).delete(RecordKey::RequestValidator(api.clone(), validator.id.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The validator with this id. An unknown API is an unknown validator here, as on AWS.
fn find<'a>(
    catalog: &'a Catalog,
    api: &RestApiId,
    id: &str,
) -> Result<(&'a RestApiTree, &'a RequestValidator), Conflict> {
    let tree = catalog.rest_apis.get(api).ok_or(Conflict::UnknownValidator)?;
    Ok((tree, tree.request_validators.get(id).ok_or(Conflict::UnknownValidator)?))
}

fn read(id: String, body: &Members) -> Result<RequestValidator, Failure> {
    Ok(RequestValidator {
        id,
        name: body.string("name")?,
        validate_request_body: body.bool("validateRequestBody")?.unwrap_or(false),
        validate_request_parameters: body.bool("validateRequestParameters")?.unwrap_or(false),
    })
}

/// Adds or replaces a validator. Names, where there are any, are unique.
fn decide_put(tree: &RestApiTree, validator: RequestValidator) -> Result<Change<RequestValidator>, Failure> {
    let same_name = |other: &RequestValidator| text(&other.name).is_some() && other.name == validator.name;
    if tree.request_validators.values().any(|other| other.id != validator.id && same_name(other)) {
        return Err(Conflict::ValidatorExists(validator.name.unwrap_or_default()).into());
    }
    Ok(Change::answering(validator.clone()).put(Record::RequestValidator(tree.api.id.clone(), validator)))
}

fn check_unused(tree: &RestApiTree, validator: &RequestValidator) -> Result<(), Conflict> {
    let users = method::all(tree).find(|(.., method)| method.request_validator_id.as_ref() == Some(&validator.id));
    match users {
        Some((path, verb, _)) => {
            let name = text(&validator.name).unwrap_or(&validator.id).to_owned();
            Err(Conflict::ValidatorInUse { validator: name, verb, path: path.to_owned() })
        }
        None => Ok(()),
    }
}

/// Runs one operation.
fn run(validator: &mut RequestValidator, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/name") if operation.value().trim().is_empty() => {
            return Err(Conflict::BlankValidatorName.into());
        }
        (Op::Replace, "/name") => validator.name = operation.text(),
        (Op::Replace, "/validateRequestBody") => validator.validate_request_body = operation.truth(),
        (Op::Replace, "/validateRequestParameters") => validator.validate_request_parameters = operation.truth(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

#[cfg(test)]
pub(crate) fn sample(id: &str) -> RequestValidator {
    let name = Some(id.to_owned());
    RequestValidator { id: id.to_owned(), name, validate_request_body: true, validate_request_parameters: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    fn patched(operations: &[PatchOperation]) -> Result<RequestValidator, String> {
        patch::apply(&sample("all"), operations, run).map_err(|failure| failure.to_string())
    }

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let refused = |op, path, value| patched(&[operation(op, path, value)]).expect_err("a refusal");
        assert_eq!(
            refused(Op::Replace, "/invalidPath", "x"),
            "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, \
             /validateRequestParameters, /validateRequestBody]"
        );
        assert_eq!(
            refused(Op::Remove, "/validateRequestBody", "true"),
            "Invalid patch path  '/validateRequestBody' specified for op 'remove'. Please choose supported operations"
        );
        assert_eq!(refused(Op::Replace, "/name", " "), "Request Validator name cannot be blank");
    }

    #[test]
    fn a_missing_value_turns_a_check_off() {
        let validator =
            patched(&[operation(Op::Replace, "/validateRequestBody", None), operation(Op::Replace, "/name", "some")])
                .expect("a validator");
        assert_eq!(validator.name.as_deref(), Some("some"));
        assert!(!validator.validate_request_body && validator.validate_request_parameters);
    }
}
