//! Validate: what of a call is checked before it goes on to its integration.
//!
//! It comes after admission, as on AWS: a call that was admitted counts, whatever it is found to lack.

mod complaint;
mod schema;

use std::collections::BTreeMap;

use http::HeaderMap;
use tollgate_domain::{DeployedApi, Method};

use self::schema::Schema;
use crate::body::RequestBody;
use crate::call::Call;
use crate::media_type;
use crate::parameter::Parameter;
use crate::refusal::Refusal;

/// What the validator of a method checks.
#[derive(Debug)]
pub(crate) struct Validation {
    /// The parameters that have to be there, by name, in AWS's order: headers, path, query.
    required: Vec<(String, Parameter)>,
    /// What a body has to look like, by its media type; empty checks none.
    bodies: Vec<(String, Schema)>,
}

impl Validation {
    /// Compiles what a method's validator says; `None` when nothing is to be checked.
    pub(crate) fn compile(method: &Method, deployed: &DeployedApi) -> Option<Box<Self>> {
        let validator = deployed.request_validators.get(method.request_validator_id.as_ref()?)?;
        let required = |(place, required): (&String, &bool)| {
            let parameter = Parameter::parse(place, &BTreeMap::new()).filter(|_| *required)?;
            Some((place.rsplit('.').next().unwrap_or(place).to_owned(), parameter))
        };
        let schema =
            |(media_type, model): (&String, &String)| (media_type.clone(), Schema::compile(model, &deployed.models));
        let parameters = validator.validate_request_parameters.then_some(&method.request_parameters);
        let models = validator.validate_request_body.then_some(&method.request_models);
        let validation = Self {
            required: parameters.into_iter().flatten().filter_map(required).collect(),
            bodies: models.into_iter().flatten().map(schema).collect(),
        };
        (!validation.required.is_empty() || !validation.bodies.is_empty()).then(|| Box::new(validation))
    }

    /// What keeps it from checking calls, for the operator.
    pub(crate) fn unusable(&self) -> impl Iterator<Item = &str> {
        self.bodies.iter().filter_map(|(_, schema)| match schema {
            Schema::Unusable(why) => Some(why.as_str()),
            Schema::Anything | Schema::Json(_) => None,
        })
    }

    /// Checks a call, and hands back its body.
    pub(crate) async fn check(
        &self,
        call: &Call<'_>,
        headers: &HeaderMap,
        body: RequestBody,
    ) -> Result<RequestBody, Refusal> {
        let is_missing = |parameter: &Parameter| parameter.value(call, headers).is_none_or(|value| value.is_empty());
        let missing = self.required.iter().filter(|(_, parameter)| is_missing(parameter));
        let missing: Vec<String> = missing.map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() {
            return Err(Refusal::MissingParameters(missing));
        }
        match self.schema(headers) {
            None | Some(Schema::Anything) => Ok(body),
            Some(Schema::Unusable(why)) => Err(Refusal::Misconfigured(why.clone())),
            Some(schema) => {
                let bytes = body.whole().await?;
                schema.check(&bytes).map_err(Refusal::InvalidBody)?;
                Ok(RequestBody::Whole(bytes))
            }
        }
    }

    /// The schema for the body's type, which is JSON if it says none. A type without a model is not checked.
    fn schema(&self, headers: &HeaderMap) -> Option<&Schema> {
        media_type::by_body(&self.bodies, headers)
    }
}
