//! All configuration as one immutable value, and the edits that make the next one.
//!
//! API keys are not in it: there may be millions, and they are added one at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::deployment::Deployment;
use crate::id::{DeploymentId, ResourceId, RestApiId, StageName, UsagePlanId};
use crate::resource::Resource;
use crate::rest_api::RestApi;
use crate::stage::Stage;
use crate::usage_plan::UsagePlan;

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
}

/// One record of the catalog, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The account.
    Account(Account),
    /// An API's settings.
    RestApi(RestApi),
    /// A resource of an API.
    Resource(RestApiId, Resource),
    /// A deployment of an API.
    Deployment(RestApiId, Deployment),
    /// A stage of an API.
    Stage(RestApiId, Stage),
    /// A usage plan.
    UsagePlan(UsagePlan),
}

/// Names a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// The account.
    Account,
    /// An API; deleting it deletes all that hangs on it.
    RestApi(RestApiId),
    /// A resource of an API.
    Resource(RestApiId, ResourceId),
    /// A deployment of an API.
    Deployment(RestApiId, DeploymentId),
    /// A stage of an API.
    Stage(RestApiId, StageName),
    /// A usage plan.
    UsagePlan(UsagePlanId),
}

/// One step of a change. A change is a list of these, applied together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds or replaces a record.
    Put(Box<Record>),
    /// Removes a record; one that is not there is no error.
    Delete(RecordKey),
}

impl Edit {
    /// Adds or replaces a record.
    pub fn put(record: Record) -> Self {
        Self::Put(Box::new(record))
    }
}

impl Record {
    /// The name of this record.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Account(_) => RecordKey::Account,
            Self::RestApi(api) => RecordKey::RestApi(api.id.clone()),
            Self::Resource(api, resource) => RecordKey::Resource(api.clone(), resource.id.clone()),
            Self::Deployment(api, deployment) => RecordKey::Deployment(api.clone(), deployment.id.clone()),
            Self::Stage(api, stage) => RecordKey::Stage(api.clone(), stage.name.clone()),
            Self::UsagePlan(plan) => RecordKey::UsagePlan(plan.id),
        }
    }
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
            Record::UsagePlan(plan) => {
                self.usage_plans.insert(plan.id, Arc::new(plan));
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
            RecordKey::UsagePlan(id) => {
                self.usage_plans.remove(id);
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
        Self { api, resources: BTreeMap::new(), deployments: BTreeMap::new(), stages: BTreeMap::new() }
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
