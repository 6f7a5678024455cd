//! Deployments: an API as it stood at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::authorizer::Authorizer;
use crate::catalog::RestApiTree;
use crate::clock::UnixMillis;
use crate::gateway_response::{GatewayResponse, GatewayResponseType};
use crate::id::{DeploymentId, ResourceId};
use crate::model::Model;
use crate::request_validator::RequestValidator;
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
    /// Its models, by name.
    #[serde(default)]
    pub models: BTreeMap<String, Arc<Model>>,
    /// Its request validators.
    #[serde(default)]
    pub request_validators: BTreeMap<String, Arc<RequestValidator>>,
    /// Its authorizers.
    #[serde(default)]
    pub authorizers: BTreeMap<String, Arc<Authorizer>>,
    /// Its own wording of gateway responses.
    #[serde(default)]
    pub gateway_responses: BTreeMap<GatewayResponseType, Arc<GatewayResponse>>,
}

impl DeployedApi {
    /// Freezes what of an API its callers can see.
    pub fn freeze(tree: &RestApiTree) -> Self {
        Self {
            api: Arc::clone(&tree.api),
            resources: tree.resources.clone(),
            models: tree.models.clone(),
            request_validators: tree.request_validators.clone(),
            authorizers: tree.authorizers.clone(),
            gateway_responses: tree.gateway_responses.clone(),
        }
    }
}
