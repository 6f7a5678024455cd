//! Takes in what another gateway has, under the ids that it has there: for `tollgate import`. Not of AWS:
//! `/tollgate/v1/import`, for administrators.
//!
//! | request | body |
//! |---|---|
//! | `PUT /tollgate/v1/import/restapis/{id}` | `{"restApi", "deployments": [{"id", "description", "createdDate", "document"}], "stages", "document"}`: as GetRestApi and GetStages show them; documents are OpenAPI, deployments the oldest first |
//! | `PUT /tollgate/v1/import/usageplans/{id}` | the plan, as GetUsagePlan shows it |
//! | `PUT /tollgate/v1/import/apikeys` | `{"apiKeys": […]}`: up to 1,000, as GetApiKeys shows them with their values, and each with `usagePlanIds` |
//! | `PUT /tollgate/v1/import/usageplans/{id}/usage` | `{"keys": {id: {"days": {"2026-11-22": 5}, "remaining": 95}}}`: up to 1,000 keys; all calls of these days there |
//!
//! Each is done whole or not at all, but for the last, which is so for each key. What is so already is left alone, so
//! that the same request can be sent again; nothing is removed. With `?dryRun=true` nothing is done. The answer is
//! `{"changes": [{"id", "change": "make"|"change"|"none"|"clash", "members", "message"}]}`; a clash is refused with 409
//! unless it was a dry run. An API or a plan of the same id and another name is a clash, too, unless the request has
//! `?overwrite=true`.

pub(crate) mod api_key;
pub(crate) mod rest_api;
mod stage;
pub(crate) mod usage;
pub(crate) mod usage_plan;

use serde::Serialize;

use super::OperatorRefusal;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// Bytes of an API: its documents may be as long as those of an import, and there is one for each deployment.
pub(crate) const BODY_LIMIT: usize = 64 << 20;
/// Keys that one request may have.
const KEYS_LIMIT: usize = 1_000;

/// What was done about one thing, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ImportChange {
    id: String,
    change: What,
    /// The names of what differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Make,
    Change,
    None,
    Clash,
}

#[derive(Serialize)]
struct ImportChanges {
    changes: Vec<ImportChange>,
}

impl ImportChange {
    fn make(id: impl ToString) -> Self {
        Self { id: id.to_string(), change: What::Make, members: Vec::new(), message: None }
    }

    /// A change of these members; of none it is no change.
    fn of(id: impl ToString, members: Vec<String>) -> Self {
        let change = if members.is_empty() { What::None } else { What::Change };
        Self { id: id.to_string(), change, members, message: None }
    }

    fn clash(id: impl ToString, message: String) -> Self {
        Self { id: id.to_string(), change: What::Clash, members: Vec::new(), message: Some(message) }
    }

    fn is_clash(&self) -> bool {
        self.change == What::Clash
    }
}

fn answer(changes: Vec<ImportChange>) -> Reply {
    Answer::json(&ImportChanges { changes })
}

/// Refuses clashes, where something is to be done.
fn refuse_clashes(changes: &[ImportChange]) -> Result<(), OperatorRefusal> {
    let told = |change: &ImportChange| Some(format!("{}: {}", change.id, change.message.as_ref()?));
    let clashes: Vec<String> = changes.iter().filter(|change| change.is_clash()).filter_map(told).collect();
    if clashes.is_empty() { Ok(()) } else { Err(OperatorRefusal::ImportClash(clashes.join("; "))) }
}

/// Whether nothing is to be done.
fn is_dry(request: &Request) -> bool {
    request.flag("dryRun")
}

/// The clash with something of another name, unless that is to be overwritten.
fn other_name(request: &Request, here: &str, there: &str) -> Option<String> {
    let other = here != there && !request.flag("overwrite");
    other.then(|| format!("it is called {here:?} here and {there:?} there"))
}
