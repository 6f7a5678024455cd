//! What an operator and the console ask of a node beyond AWS's operations, under `/tollgate/v1`.
//!
//! Requests are signed, or come with a session of the console, as AWS's operations do; roles hold for them alike.

pub(crate) mod busiest;
pub(crate) mod console_link;
pub(crate) mod credential;
pub(crate) mod extension;
pub(crate) mod findings;
mod history;
pub(crate) mod near_quota;
pub(crate) mod node;
mod refusal;
pub(crate) mod refusals;
pub(crate) mod stage_call;
pub(crate) mod traffic;

pub(crate) use history::History;
pub use node::NodeDescription;
pub(crate) use refusal::OperatorRefusal;

use tollgate_domain::ApiKeyId;

use crate::Control;
use crate::error::Failure;

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
fn plan_name(control: &Control, id: tollgate_domain::UsagePlanId) -> Option<String> {
    control.catalog().usage_plans.get(&id).map(|plan| plan.name.clone())
}
