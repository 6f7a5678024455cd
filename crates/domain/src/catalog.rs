//! All configuration as one immutable value, and the edits that make the next one.
//!
//! API keys are not in it: there may be millions, and they are added one at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::Account;
use crate::authorizer::Authorizer;
use crate::client_certificate::ClientCertificate;
use crate::deployment::Deployment;
use crate::documentation::{DocumentationPart, DocumentationVersion};
use crate::domain_name::{DomainName, DomainNameAccessAssociation};
use crate::function::Function;
use crate::gateway_response::{GatewayResponse, GatewayResponseType};
use crate::id::{DeploymentId, ResourceId, RestApiId, StageName, UsagePlanId};
use crate::model::Model;
use crate::record::{Edit, Record, RecordKey};
use crate::request_validator::RequestValidator;
use crate::resource::Resource;
use crate::rest_api::RestApi;
use crate::stage::Stage;
use crate::usage_plan::UsagePlan;
use crate::vpc_link::VpcLink;

/// All configuration at one revision. Parts are shared, so that the next revision copies little.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// Counts commits; a write based on an older one is refused.
    pub revision: u64,
    /// The account.
    pub account: Arc<Account>,
    /// APIs with all that hangs on them.
    pub rest_apis: BTreeMap<RestApiId, Arc<RestApiTree>>,
    /// Usage plans.
    pub usage_plans: BTreeMap<UsagePlanId, Arc<UsagePlan>>,
    /// Custom domain names.
    pub domain_names: BTreeMap<String, Arc<DomainName>>,
    /// Leave for VPC endpoints to use private domain names, by ARN.
    pub domain_name_access_associations: BTreeMap<String, Arc<DomainNameAccessAssociation>>,
    /// VPC links.
    pub vpc_links: BTreeMap<String, Arc<VpcLink>>,
    /// Client certificates.
    pub client_certificates: BTreeMap<String, Arc<ClientCertificate>>,
    /// Functions, by name.
    pub functions: BTreeMap<String, Arc<Function>>,
}

/// An API with all that hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct RestApiTree {
    /// Its settings.
    pub api: Arc<RestApi>,
    /// Its resources, the root among them.
    pub resources: BTreeMap<ResourceId, Arc<Resource>>,
    /// Its deployments.
    pub deployments: BTreeMap<DeploymentId, Arc<Deployment>>,
    /// Its stages.
    pub stages: BTreeMap<StageName, Arc<Stage>>,
    /// Its models, by name.
    pub models: BTreeMap<String, Arc<Model>>,
    /// Its request validators.
    pub request_validators: BTreeMap<String, Arc<RequestValidator>>,
    /// Its authorizers.
    pub authorizers: BTreeMap<String, Arc<Authorizer>>,
    /// Its own wording of gateway responses.
    pub gateway_responses: BTreeMap<GatewayResponseType, Arc<GatewayResponse>>,
    /// Its documentation.
    pub documentation_parts: BTreeMap<String, Arc<DocumentationPart>>,
    /// Versions of its documentation.
    pub documentation_versions: BTreeMap<String, Arc<DocumentationVersion>>,
}

impl Catalog {
    /// The catalog after `edits`, one revision later.
    pub fn apply(&self, edits: &[Edit]) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        for edit in edits {
            match edit {
                Edit::Put(record) => next.put(Record::clone(record)),
                Edit::Delete(key) => next.delete(key),
            }
        }
        next
    }

    /// Adds or replaces one record. A part of an API that is not there is dropped: nothing could reach it.
    pub fn put(&mut self, record: Record) {
        match record {
            Record::Account(account) => self.account = Arc::new(account),
            Record::RestApi(api) => {
                let id = api.id.clone();
                let api = Arc::new(api);
                match self.rest_apis.get_mut(&id) {
                    Some(tree) => Arc::make_mut(tree).api = api,
                    None => {
                        self.rest_apis.insert(id, Arc::new(RestApiTree::new(api)));
                    }
                }
            }
            Record::Resource(api, resource) => self.edit_tree(&api, |tree| {
                tree.resources.insert(resource.id.clone(), Arc::new(resource));
            }),
            Record::Deployment(api, deployment) => self.edit_tree(&api, |tree| {
                tree.deployments.insert(deployment.id.clone(), Arc::new(deployment));
            }),
            Record::Stage(api, stage) => self.edit_tree(&api, |tree| {
                tree.stages.insert(stage.name.clone(), Arc::new(stage));
            }),
            Record::Model(api, part) => self.edit_tree(&api, |tree| {
                tree.models.insert(part.name.clone(), Arc::new(part));
            }),
            Record::RequestValidator(api, part) => self.edit_tree(&api, |tree| {
                tree.request_validators.insert(part.id.clone(), Arc::new(part));
            }),
            Record::Authorizer(api, part) => self.edit_tree(&api, |tree| {
                tree.authorizers.insert(part.id.clone(), Arc::new(part));
            }),
            Record::GatewayResponse(api, part) => self.edit_tree(&api, |tree| {
                tree.gateway_responses.insert(part.kind, Arc::new(part));
            }),
            Record::DocumentationPart(api, part) => self.edit_tree(&api, |tree| {
                tree.documentation_parts.insert(part.id.clone(), Arc::new(part));
            }),
            Record::DocumentationVersion(api, part) => self.edit_tree(&api, |tree| {
                tree.documentation_versions.insert(part.version.clone(), Arc::new(part));
            }),
            Record::UsagePlan(plan) => {
                self.usage_plans.insert(plan.id, Arc::new(plan));
            }
            Record::DomainName(record) => {
                self.domain_names.insert(record.name.clone(), Arc::new(record));
            }
            Record::DomainNameAccessAssociation(record) => {
                self.domain_name_access_associations.insert(record.arn.clone(), Arc::new(record));
            }
            Record::VpcLink(record) => {
                self.vpc_links.insert(record.id.clone(), Arc::new(record));
            }
            Record::ClientCertificate(record) => {
                self.client_certificates.insert(record.id.clone(), Arc::new(record));
            }
            Record::Function(record) => {
                self.functions.insert(record.name.clone(), Arc::new(record));
            }
        }
    }

    fn delete(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Account => self.account = Arc::default(),
            RecordKey::RestApi(api) => {
                self.rest_apis.remove(api);
            }
            RecordKey::Resource(api, id) => self.edit_tree(api, |tree| {
                tree.resources.remove(id);
            }),
            RecordKey::Deployment(api, id) => self.edit_tree(api, |tree| {
                tree.deployments.remove(id);
            }),
            RecordKey::Stage(api, name) => self.edit_tree(api, |tree| {
                tree.stages.remove(name);
            }),
            RecordKey::Model(api, id) => self.edit_tree(api, |tree| {
                tree.models.remove(id);
            }),
            RecordKey::RequestValidator(api, id) => self.edit_tree(api, |tree| {
                tree.request_validators.remove(id);
            }),
            RecordKey::Authorizer(api, id) => self.edit_tree(api, |tree| {
                tree.authorizers.remove(id);
            }),
            RecordKey::GatewayResponse(api, id) => self.edit_tree(api, |tree| {
                tree.gateway_responses.remove(id);
            }),
            RecordKey::DocumentationPart(api, id) => self.edit_tree(api, |tree| {
                tree.documentation_parts.remove(id);
            }),
            RecordKey::DocumentationVersion(api, id) => self.edit_tree(api, |tree| {
                tree.documentation_versions.remove(id);
            }),
            RecordKey::UsagePlan(id) => {
                self.usage_plans.remove(id);
            }
            RecordKey::DomainName(id) => {
                self.domain_names.remove(id);
            }
            RecordKey::DomainNameAccessAssociation(id) => {
                self.domain_name_access_associations.remove(id);
            }
            RecordKey::VpcLink(id) => {
                self.vpc_links.remove(id);
            }
            RecordKey::ClientCertificate(id) => {
                self.client_certificates.remove(id);
            }
            RecordKey::Function(name) => {
                self.functions.remove(name);
            }
        }
    }

    fn edit_tree(&mut self, api: &RestApiId, edit: impl FnOnce(&mut RestApiTree)) {
        if let Some(tree) = self.rest_apis.get_mut(api) {
            edit(Arc::make_mut(tree));
        }
    }

    /// The plans that cover a stage.
    pub fn plans_covering<'a>(
        &'a self,
        api: &'a RestApiId,
        stage: &'a StageName,
    ) -> impl Iterator<Item = &'a Arc<UsagePlan>> {
        self.usage_plans.values().filter(move |plan| plan.api_stage(api, stage).is_some())
    }
}

impl RestApiTree {
    /// An API on which nothing hangs yet.
    pub fn new(api: Arc<RestApi>) -> Self {
        Self {
            api,
            resources: BTreeMap::new(),
            deployments: BTreeMap::new(),
            stages: BTreeMap::new(),
            models: BTreeMap::new(),
            request_validators: BTreeMap::new(),
            authorizers: BTreeMap::new(),
            gateway_responses: BTreeMap::new(),
            documentation_parts: BTreeMap::new(),
            documentation_versions: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(id: &str) -> UsagePlan {
        UsagePlan {
            id: UsagePlanId::parse(id).expect("an id"),
            name: "gold".to_owned(),
            description: None,
            api_stages: Vec::new(),
            throttle: None,
            quota: None,
            product_code: None,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn an_edit_makes_a_new_revision_and_leaves_the_old_one_alone() {
        let old = Catalog::default();
        let new = old.apply(&[Edit::put(Record::UsagePlan(plan("abc123")))]);
        assert_eq!((old.revision, old.usage_plans.len()), (0, 0));
        assert_eq!((new.revision, new.usage_plans.len()), (1, 1));
        let gone = new.apply(&[Edit::Delete(RecordKey::UsagePlan(plan("abc123").id))]);
        assert_eq!((gone.revision, gone.usage_plans.len()), (2, 0));
    }
}
