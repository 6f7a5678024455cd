//! Writes a deployed API as an OpenAPI document, which an import reads back as the same API.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{DeployedApi, DocumentationVersion, Resource};

use crate::conflict::Conflict;
use crate::openapi::operation::ANY_METHOD;
use crate::openapi::schema::{model_of_reference, with_references};
use crate::openapi::{documentation, export_operation, export_security, gateway_responses, settings, validators};

/// The form that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportType {
    Swagger,
    Oas30,
}

impl ExportType {
    pub(crate) fn parse(text: &str) -> Result<Self, Conflict> {
        match text {
            "swagger" => Ok(Self::Swagger),
            "oas30" => Ok(Self::Oas30),
            _ => Err(Conflict::BadExportType(text.to_owned())),
        }
    }

    /// Where schemas with names stand.
    fn schema_prefix(self) -> &'static str {
        match self {
            Self::Swagger => "#/definitions/",
            Self::Oas30 => "#/components/schemas/",
        }
    }

    /// A schema that is only a reference.
    pub(crate) fn reference(self, model: &str) -> Value {
        json!({ "$ref": format!("{}{model}", self.schema_prefix()) })
    }
}

/// The groups of extensions that are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    pub(crate) integrations: bool,
    pub(crate) authorizers: bool,
    pub(crate) validators: bool,
    gateway_responses: bool,
    documentation: bool,
    /// All other settings of the API.
    settings: bool,
}

impl Extensions {
    /// Reads names with commas between; `apigateway` stands for all of them.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Conflict> {
        let mut wanted = Self::default();
        for name in text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "integrations" => wanted.integrations = true,
                "authorizers" => wanted.authorizers = true,
                "validators" => wanted.validators = true,
                "gatewayresponses" => wanted.gateway_responses = true,
                "documentation" => wanted.documentation = true,
                "apigateway" => wanted = Self::all(),
                "postman" => {
                    return Err(Conflict::BadExportExtension("postman. Postman collections are not built".to_owned()));
                }
                _ => return Err(Conflict::BadExportExtension(name.to_owned())),
            }
        }
        Ok(wanted)
    }

    pub(crate) fn all() -> Self {
        Self {
            integrations: true,
            authorizers: true,
            validators: true,
            gateway_responses: true,
            documentation: true,
            settings: true,
        }
    }
}

/// What is to be written, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Export<'a> {
    pub(crate) deployed: &'a DeployedApi,
    pub(crate) documentation: Option<&'a DocumentationVersion>,
    /// `{id}.execute-api.{region}.amazonaws.com`.
    pub(crate) host: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) form: ExportType,
    pub(crate) extensions: Extensions,
}

impl Export<'_> {
    pub(crate) fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("info".to_owned(), self.info());
        document.insert("paths".to_owned(), self.paths().into());
        let schemas = self.schemas();
        let schemes = export_security::schemes(self);
        let base_path = format!("/{}", self.stage);
        match self.form {
            ExportType::Swagger => document.extend(members(json!({
                "swagger": "2.0", "host": self.host, "basePath": base_path, "schemes": ["https"],
                "definitions": schemas, "securityDefinitions": schemes,
            }))),
            ExportType::Oas30 => document.extend(members(json!({
                "openapi": "3.0.1", "servers": [self.server(&base_path)],
                "components": members(json!({ "schemas": schemas, "securitySchemes": schemes })),
            }))),
        }
        self.add_extensions(&mut document);
        document.into()
    }

    fn info(&self) -> Value {
        let api = &self.deployed.api;
        // A document has to have a version; AWS too tells the day of an API without one.
        let version = api.version.clone().unwrap_or_else(|| api.created.day().to_string());
        members(json!({ "title": api.name, "description": api.description, "version": version })).into()
    }

    fn server(&self, base_path: &str) -> Value {
        let mut server = json!({
            "url": format!("https://{}/{{basePath}}", self.host),
            "variables": { "basePath": { "default": base_path } },
        });
        if self.extensions.settings {
            server[settings::ENDPOINT_CONFIGURATION] = self.endpoint();
        }
        server
    }

    fn endpoint(&self) -> Value {
        let api = &self.deployed.api;
        let endpoint = &api.endpoint_configuration;
        members(json!({
            "types": endpoint.types,
            "ipAddressType": endpoint.ip_address_type,
            "vpcEndpointIds": endpoint.vpc_endpoint_ids,
            "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
        }))
        .into()
    }

    /// Every resource with methods, and those that no other path implies.
    fn paths(&self) -> Map<String, Value> {
        let resources = || self.deployed.resources.values();
        let parents: BTreeSet<_> = resources().filter_map(|resource| resource.parent_id.as_ref()).collect();
        let told = |resource: &&std::sync::Arc<Resource>| {
            let is_leaf = resource.parent_id.is_some() && !parents.contains(&resource.id);
            is_leaf || !resource.methods.is_empty()
        };
        resources().filter(told).map(|resource| (resource.path.clone(), self.path_item(resource))).collect()
    }

    fn path_item(&self, resource: &Resource) -> Value {
        let methods = resource.methods.iter().map(|(verb, method)| {
            let name = match verb.as_str() {
                "ANY" => ANY_METHOD.to_owned(),
                verb => verb.to_ascii_lowercase(),
            };
            (name, export_operation::operation(self, &resource.id, method))
        });
        methods.collect::<Map<_, _>>().into()
    }

    /// The schemas of all models. Those that every API has are told when a method refers to them.
    fn schemas(&self) -> Map<String, Value> {
        let prefix = self.form.schema_prefix();
        let to_local = |reference: &str| model_of_reference(reference).map(|name| format!("{prefix}{name}"));
        let own = self.deployed.models.values().map(|model| {
            let schema: Value = serde_json::from_str(&model.schema).unwrap_or_else(|_| json!({}));
            (model.name.clone(), with_references(&schema, &to_local))
        });
        let mut schemas: Map<_, _> = own.collect();
        for name in export_operation::models_used(self.deployed) {
            let title = format!("{name} Schema");
            schemas.entry(name).or_insert_with(|| json!({ "type": "object", "title": title }));
        }
        schemas
    }

    fn add_extensions(&self, document: &mut Map<String, Value>) {
        if self.extensions.settings {
            document.extend(members(self.settings()));
            // A policy may be an empty object, which is not the same as none.
            let policy = self.deployed.api.policy.as_deref().and_then(|policy| serde_json::from_str(policy).ok());
            document.extend(policy.map(|policy| (settings::POLICY.to_owned(), policy)));
        }
        if self.extensions.validators {
            let named = self.deployed.request_validators.values().filter_map(|validator| {
                let checks = json!({
                    "validateRequestBody": validator.validate_request_body,
                    "validateRequestParameters": validator.validate_request_parameters,
                });
                Some((validator.name.clone()?, checks))
            });
            insert(document, validators::VALIDATORS, named.collect::<Map<_, _>>().into());
        }
        if self.extensions.gateway_responses {
            let responses = self.deployed.gateway_responses.values().map(|response| {
                let told = members(json!({
                    "statusCode": response.status_code,
                    "responseParameters": response.response_parameters,
                    "responseTemplates": response.response_templates,
                }));
                (response.kind.as_str().to_owned(), told.into())
            });
            insert(document, gateway_responses::GATEWAY_RESPONSES, responses.collect::<Map<_, _>>().into());
        }
        if let Some(version) = self.documentation.filter(|_| self.extensions.documentation) {
            document.insert(documentation::DOCUMENTATION.to_owned(), documentation::write(version));
        }
    }

    fn settings(&self) -> Value {
        let api = &self.deployed.api;
        let source = (api.api_key_source == ApiKeySource::Authorizer).then_some("AUTHORIZER");
        let tags = api.tags.iter().map(|(name, value)| json!({ "name": name, settings::TAG_VALUE: value }));
        json!({
            settings::API_KEY_SOURCE: source,
            settings::BINARY_MEDIA_TYPES: api.binary_media_types,
            settings::MINIMUM_COMPRESSION_SIZE: api.minimum_compression_size,
            settings::ENDPOINT_CONFIGURATION: (self.form == ExportType::Swagger).then(|| self.endpoint()),
            "tags": tags.collect::<Vec<_>>(),
        })
    }
}

/// The members of an object that say something: neither null nor empty.
pub(crate) fn members(object: Value) -> Map<String, Value> {
    let Value::Object(members) = object else { return Map::new() };
    members.into_iter().filter(|(_, value)| !is_empty(value)).collect()
}

fn insert(document: &mut Map<String, Value>, name: &str, value: Value) {
    document.extend(members(json!({ name: value })));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
