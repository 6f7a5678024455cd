//! One operation of a document: a method of a resource.

use std::collections::BTreeMap;

use tollgate_domain::{HttpMethod, Method, MethodResponse};

use crate::conflict::Conflict;
use crate::openapi::dialect::{Body, Dialect};
use crate::openapi::document::Node;
use crate::openapi::integration::IntegrationDraft;
use crate::openapi::notes::Notes;
use crate::openapi::schema::Models;
use crate::openapi::security::Security;
use crate::openapi::validators::VALIDATOR;
use crate::resources::{mapping, validation};

/// Stands for every verb that a path has no operation of its own for.
pub(crate) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";

/// A method as a document describes it. What has an id in an API has a name here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) path: String,
    pub(crate) verb: HttpMethod,
    /// Without integration and without ids.
    pub(crate) method: Method,
    pub(crate) authorizer: Option<String>,
    pub(crate) validator: Option<String>,
    pub(crate) integration: Option<IntegrationDraft>,
}

/// Reads operations, gathering the models that they describe in place.
pub(crate) struct OperationReader<'a, 'n> {
    pub(crate) root: Node<'a>,
    pub(crate) dialect: Dialect,
    pub(crate) security: &'n Security,
    pub(crate) models: &'n mut Models,
    pub(crate) notes: &'n mut Notes,
}

/// The verb of a member of a path; `None` for what is no operation.
pub(crate) fn verb_of(member: &str) -> Option<HttpMethod> {
    match member {
        ANY_METHOD => Some(HttpMethod::Any),
        // A member named `any` is nothing to a document.
        "any" => None,
        verb if verb.bytes().all(|byte| byte.is_ascii_lowercase()) => HttpMethod::parse(&verb.to_ascii_uppercase()),
        _ => None,
    }
}

impl OperationReader<'_, '_> {
    pub(crate) fn read(
        &mut self,
        path: &str,
        verb: HttpMethod,
        item: Node<'_>,
        operation: Node<'_>,
    ) -> Result<Operation, Conflict> {
        let at = format!("'{verb}' for resource at path '{path}'");
        let authorization = self.security.of(self.root, operation)?;
        let default_validator = || self.root.text(VALIDATOR);
        let validator = operation.text(VALIDATOR)?.map_or_else(default_validator, |name| Ok(Some(name)))?;
        let request_bodies = self.dialect.request_bodies(self.root, operation)?;
        let method = Method {
            authorization_type: authorization.kind.to_owned(),
            authorizer_id: None,
            authorization_scopes: authorization.scopes,
            api_key_required: authorization.api_key_required,
            operation_name: operation.text("operationId")?,
            request_parameters: self.read_parameters(&at, item, operation)?,
            request_models: self.models_of(request_bodies)?,
            request_validator_id: None,
            responses: self.read_responses(&at, operation)?,
            integration: None,
        };
        let integration = IntegrationDraft::read(operation, &at, self.notes)?;
        Ok(Operation {
            path: path.to_owned(),
            verb,
            method,
            authorizer: authorization.authorizer,
            validator,
            integration,
        })
    }

    /// Reads the parameters of a path and of its operation; those of the operation have the last word.
    fn read_parameters(
        &mut self,
        at: &str,
        item: Node<'_>,
        operation: Node<'_>,
    ) -> Result<BTreeMap<String, bool>, Conflict> {
        let mut parameters = BTreeMap::new();
        for parameter in item.items("parameters")?.into_iter().chain(operation.items("parameters")?) {
            let parameter = parameter.follow()?;
            let place = parameter.text("in")?.ok_or(Conflict::BadOpenApi)?;
            let place = match place.as_str() {
                "path" => "path",
                "query" => "querystring",
                "header" => "header",
                "body" => continue,
                _ => {
                    self.notes.warn(format!("Parameter in '{place}' on {at} ignored"));
                    continue;
                }
            };
            let name = parameter.text("name")?.ok_or(Conflict::BadOpenApi)?;
            let required = place == "path" || parameter.flag("required")?;
            parameters.insert(format!("method.request.{place}.{name}"), required);
        }
        Ok(parameters)
    }

    fn read_responses(&mut self, at: &str, operation: Node<'_>) -> Result<BTreeMap<String, MethodResponse>, Conflict> {
        let mut responses = BTreeMap::new();
        for (code, response) in operation.entries("responses")? {
            if code.starts_with("x-") {
                continue;
            }
            if validation::status_code(code).is_err() {
                self.notes.warn(format!("Response '{code}' on {at} ignored: a method response has one status code"));
                continue;
            }
            responses.insert(code.to_owned(), self.read_response(operation, response.follow()?)?);
        }
        Ok(responses)
    }

    fn read_response(&mut self, operation: Node<'_>, response: Node<'_>) -> Result<MethodResponse, Conflict> {
        let mut response_parameters = BTreeMap::new();
        for (name, header) in response.entries("headers")? {
            response_parameters.insert(format!("method.response.header.{name}"), header.follow()?.flag("required")?);
        }
        let bodies = self.dialect.response_bodies(self.root, operation, response)?;
        Ok(MethodResponse {
            response_parameters: mapping::given(response_parameters),
            response_models: mapping::given(self.models_of(bodies)?),
        })
    }

    fn models_of(&mut self, bodies: Vec<Body<'_>>) -> Result<BTreeMap<String, String>, Conflict> {
        let mut models = BTreeMap::new();
        for Body { media_type, schema } in bodies {
            if let Some(schema) = schema {
                models.insert(media_type, self.models.name_of(schema)?);
            }
        }
        Ok(models)
    }
}
