//! Deployments: an API as it stood at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMillis;
use crate::id::{DeploymentId, ResourceId};
use crate::resource::Resource;
use crate::rest_api::RestApi;

/// A deployment: never changed but for its description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Free text.
    pub description: Option<String>,
    /// When it was made.
    pub created: UnixMillis,
    /// What was deployed.
    pub snapshot: Arc<DeployedApi>,
}

/// What a deployment froze: later edits of the API are invisible to its callers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployedApi {
    /// The API's settings.
    pub api: Arc<RestApi>,
    /// Its resources with their methods and integrations.
    pub resources: BTreeMap<ResourceId, Arc<Resource>>,
}
