//! GetExtensions: which quotas of a plan were extended by UpdateUsage, by whom and why.

use serde::Serialize;

use super::key_names;
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;
use crate::resources::usage_plan;

/// Extensions that are shown.
const SHOWN: u32 = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtensionWire {
    key_id: String,
    key_name: Option<String>,
    /// Milliseconds since 1970.
    at: i64,
    remaining: u64,
    /// The access key id of who asked for it.
    author: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct ExtensionsWire {
    item: Vec<ExtensionWire>,
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?;
    let extensions = control.store().extensions(plan.id, SHOWN).await?;
    let names = key_names(control, extensions.iter().map(|extension| extension.key)).await?;
    let item = extensions.into_iter().map(|extension| ExtensionWire {
        key_id: extension.key.to_string(),
        key_name: names.get(&extension.key).cloned(),
        at: extension.at.0,
        remaining: extension.remaining,
        author: extension.author,
        reason: extension.reason,
    });
    Answer::json(&ExtensionsWire { item: item.collect() })
}
