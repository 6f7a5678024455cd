//! `x-amazon-apigateway-request-validators`: what of a call is checked before it goes on.

use std::collections::BTreeMap;

use tollgate_domain::RequestValidator;

use crate::conflict::Conflict;
use crate::openapi::document::Node;

pub(crate) const VALIDATORS: &str = "x-amazon-apigateway-request-validators";
/// The validator of an operation, or of all that name none.
pub(crate) const VALIDATOR: &str = "x-amazon-apigateway-request-validator";

/// Reads the validators of a document, by name.
pub(crate) fn read(root: Node<'_>) -> Result<BTreeMap<String, RequestValidator>, Conflict> {
    root.entries(VALIDATORS)?
        .into_iter()
        .map(|(name, validator)| {
            let validator = RequestValidator {
                id: String::new(),
                name: Some(name.to_owned()),
                validate_request_body: validator.flag("validateRequestBody")?,
                validate_request_parameters: validator.flag("validateRequestParameters")?,
            };
            Ok((name.to_owned(), validator))
        })
        .collect()
}
