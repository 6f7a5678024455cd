//! Usage plans: how fast and how much.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::id::{RestApiId, StageName, UsagePlanId};
use crate::quota::QuotaSettings;
use crate::throttle::ThrottleSettings;

/// A usage plan. Its keys are rows of the store, not part of it: there may be millions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsagePlan {
    /// Its id.
    pub id: UsagePlanId,
    /// A name; need not be unique.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The stages that this plan's keys may call, in the order in which they were added.
    pub api_stages: Vec<ApiStage>,
    /// Rate and burst of each key, over all stages and methods of the plan.
    pub throttle: Option<ThrottleSettings>,
    /// Calls of each key per period, over all stages of the plan.
    pub quota: Option<QuotaSettings>,
    /// Product code of AWS Marketplace.
    pub product_code: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// A stage that a plan covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiStage {
    /// The API.
    pub api_id: RestApiId,
    /// Its stage.
    pub stage: StageName,
    /// Rate and burst of single methods, instead of the plan's. Keys are `{resource path}/{METHOD}`, for example
    /// `/pets/GET`, `//GET` for the root, and `*` for any method; kept as they were given.
    pub throttle: BTreeMap<String, ThrottleSettings>,
}

impl UsagePlan {
    /// The entry for a stage, if the plan covers it.
    pub fn api_stage(&self, api_id: &RestApiId, stage: &StageName) -> Option<&ApiStage> {
        self.api_stages.iter().find(|covered| covered.api_id == *api_id && covered.stage == *stage)
    }
}
