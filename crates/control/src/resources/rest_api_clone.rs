//! CreateRestApi with `cloneFrom`: a new API that begins as another one stands.
//!
//! What it takes over is the tree of resources and all that methods refer to. Stages, deployments and versions of the
//! documentation stay with the source. Ids are made anew, as AWS's are unique, and what refers to them follows.

use std::collections::BTreeMap;

use tollgate_domain::{
    Authorizer, DocumentationPart, IdSource, Integration, Method, Model, Record, RequestValidator, Resource,
    ResourceId, RestApi, RestApiTree,
};

use crate::json::Members;
use crate::write::Change;

/// What a new API has from its source wherever its request says nothing.
pub(crate) fn inherit(api: RestApi, source: &RestApi, body: &Members) -> RestApi {
    let has = |member: &str| body.has(member);
    RestApi {
        description: if has("description") { api.description } else { source.description.clone() },
        version: if has("version") { api.version } else { source.version.clone() },
        api_key_source: if has("apiKeySource") { api.api_key_source } else { source.api_key_source },
        binary_media_types: match has("binaryMediaTypes") {
            true => api.binary_media_types,
            false => source.binary_media_types.clone(),
        },
        minimum_compression_size: api.minimum_compression_size.or(source.minimum_compression_size),
        endpoint_configuration: match has("endpointConfiguration") {
            true => api.endpoint_configuration,
            false => source.endpoint_configuration.clone(),
        },
        policy: if has("policy") { api.policy } else { source.policy.clone() },
        ..api
    }
}

/// Adds `api` with copies of what hangs on `source`.
pub(crate) fn decide(source: &RestApiTree, api: RestApi, ids: &IdSource) -> Change<RestApi> {
    let renamed = Renamed::new(source, &api.root_resource_id, ids);
    let id = api.id.clone();
    let resources = source.resources.values().map(|one| Record::Resource(id.clone(), renamed.resource(one)));
    let models = source.models.values().map(|one| {
        let id_of_model = ids.lower_alnum(6);
        Record::Model(id.clone(), Model { id: id_of_model, ..Model::clone(one) })
    });
    let validators = source.request_validators.values().map(|one| {
        let one = RequestValidator { id: renamed.validator(&one.id), ..RequestValidator::clone(one) };
        Record::RequestValidator(id.clone(), one)
    });
    let authorizers = source.authorizers.values().map(|one| {
        Record::Authorizer(id.clone(), Authorizer { id: renamed.authorizer(&one.id), ..Authorizer::clone(one) })
    });
    let responses = source.gateway_responses.values().map(|one| Record::GatewayResponse(id.clone(), (**one).clone()));
    let parts = source.documentation_parts.values().map(|one| {
        let part = DocumentationPart { id: ids.lower_alnum(6), ..DocumentationPart::clone(one) };
        Record::DocumentationPart(id.clone(), part)
    });
    Change::answering(api.clone())
        .put(Record::RestApi(api))
        .put_all(resources)
        .put_all(models)
        .put_all(validators)
        .put_all(authorizers)
        .put_all(responses)
        .put_all(parts)
}

/// Old ids to new ones, of all that something else refers to.
struct Renamed {
    resources: BTreeMap<ResourceId, ResourceId>,
    validators: BTreeMap<String, String>,
    authorizers: BTreeMap<String, String>,
}

impl Renamed {
    fn new(source: &RestApiTree, root: &ResourceId, ids: &IdSource) -> Self {
        let fresh = |resource: &Resource| match resource.parent_id {
            Some(_) => ids.resource_id(),
            None => root.clone(),
        };
        let short = |id: &String| (id.clone(), ids.lower_alnum(6));
        Self {
            resources: source.resources.iter().map(|(id, resource)| (id.clone(), fresh(resource))).collect(),
            validators: source.request_validators.keys().map(short).collect(),
            authorizers: source.authorizers.keys().map(short).collect(),
        }
    }

    fn resource_id(&self, id: &ResourceId) -> ResourceId {
        self.resources.get(id).unwrap_or(id).clone()
    }

    fn validator(&self, id: &String) -> String {
        self.validators.get(id).unwrap_or(id).clone()
    }

    fn authorizer(&self, id: &String) -> String {
        self.authorizers.get(id).unwrap_or(id).clone()
    }

    fn resource(&self, resource: &Resource) -> Resource {
        let methods = resource.methods.iter().map(|(verb, method)| (*verb, self.method(method)));
        Resource {
            id: self.resource_id(&resource.id),
            parent_id: resource.parent_id.as_ref().map(|id| self.resource_id(id)),
            methods: methods.collect(),
            ..resource.clone()
        }
    }

    fn method(&self, method: &Method) -> Method {
        Method {
            authorizer_id: method.authorizer_id.as_ref().map(|id| self.authorizer(id)),
            request_validator_id: method.request_validator_id.as_ref().map(|id| self.validator(id)),
            integration: method.integration.as_ref().map(|integration| self.integration(integration)),
            ..method.clone()
        }
    }

    /// An integration's cache is named after its resource unless it was given a name.
    fn integration(&self, integration: &Integration) -> Integration {
        let namespace = self.resources.get(integration.cache_namespace.as_str());
        let cache_namespace = namespace.map_or_else(|| integration.cache_namespace.clone(), ResourceId::to_string);
        Integration { cache_namespace, ..integration.clone() }
    }
}

#[cfg(test)]
#[path = "rest_api_clone_tests.rs"]
mod tests;
