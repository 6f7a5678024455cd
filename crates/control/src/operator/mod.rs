//! What an operator and the console ask of a node beyond AWS's operations, under `/tollgate/v1`.
//!
//! Requests are signed, or come with a session of the console, as AWS's operations do; roles hold for them alike.

pub(crate) mod busiest;
pub(crate) mod console_link;
pub(crate) mod credential;
pub(crate) mod extension;
pub(crate) mod findings;
mod history;
pub(crate) mod import;
pub(crate) mod near_quota;
pub(crate) mod node;
pub(crate) mod nodes;
mod paced;
pub(crate) mod plan_key;
mod refusal;
pub(crate) mod refusals;
pub(crate) mod stack;
pub(crate) mod stage_call;
pub(crate) mod traffic;

pub(crate) use history::History;
pub use node::NodeDescription;
use paced::Paced;
pub(crate) use refusal::OperatorRefusal;
pub(crate) use stack::StackConflict;

use tollgate_domain::{ApiKeyId, UsagePlanId};
use tollgate_store::{KeyCalls, NearQuota, PlanCalls};

use crate::Control;
use crate::error::Failure;

/// The last answers to questions that look at all that was used or at all keys.
#[derive(Debug, Default)]
pub(crate) struct PacedAnswers {
    busiest: Paced<(Vec<PlanCalls>, Vec<KeyCalls>)>,
    near_quota: Paced<Vec<(UsagePlanId, NearQuota)>>,
    keys_in_no_plan: Paced<Vec<(ApiKeyId, Option<String>)>>,
}

/// The names of keys, by id; a deleted key has none.
async fn key_names(
    control: &Control,
    ids: impl Iterator<Item = ApiKeyId>,
) -> Result<std::collections::BTreeMap<ApiKeyId, String>, Failure> {
    let ids: std::collections::BTreeSet<_> = ids.collect();
    let rows = control.store().keys(ids.into_iter().collect()).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.key.id, row.key.name?))).collect())
}

/// The name of a plan; a deleted plan has none.
fn plan_name(control: &Control, id: UsagePlanId) -> Option<String> {
    control.catalog().usage_plans.get(&id).map(|plan| plan.name.clone())
}
