//! The requests that make an account here, in the order in which one needs the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::account::Inventory;
use crate::account::inventory::{ApiInventory, named};
use crate::account::{segment, text};

const ROOT: &str = "/tollgate/v1/import";
/// Keys that one request tells the usage of.
const USAGE_PAGE: usize = 500;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Api,
    Plan,
    Keys,
    Usage,
}

/// One request. It can be sent again: what is so already is left alone.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) part: Part,
    /// What it is about, for people.
    pub(crate) about: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// All requests for an account.
pub(crate) fn steps(inventory: Inventory) -> Vec<Step> {
    let Inventory { apis, plans, key_pages, usage, .. } = inventory;
    let names: BTreeMap<String, String> = plans.iter().map(|plan| (text(plan, "id").to_owned(), named(plan))).collect();
    let apis = apis.into_iter().map(api);
    let plans = plans.into_iter().map(|plan| Step {
        part: Part::Plan,
        about: format!("plan {}", named(&plan)),
        path: format!("{ROOT}/usageplans/{}", segment(text(&plan, "id"))),
        body: plan,
    });
    let keys = key_pages.into_iter().map(|page| Step {
        part: Part::Keys,
        about: if page.len() == 1 { "one key".to_owned() } else { format!("{} keys", page.len()) },
        path: format!("{ROOT}/apikeys"),
        body: json!({ "apiKeys": page }),
    });
    let usage = usage.into_iter().flat_map(|(plan, keys)| usage_steps(&plan, names.get(&plan), keys));
    apis.chain(plans).chain(keys).chain(usage).collect()
}

fn api(inventory: ApiInventory) -> Step {
    let ApiInventory { api, deployments, stages, document } = inventory;
    Step {
        part: Part::Api,
        about: format!("API {}", named(&api)),
        path: format!("{ROOT}/restapis/{}", segment(text(&api, "id"))),
        body: json!({ "restApi": api, "deployments": deployments, "stages": stages, "document": document }),
    }
}

fn usage_steps(plan: &str, name: Option<&String>, keys: BTreeMap<String, Value>) -> Vec<Step> {
    let keys: Vec<(String, Value)> = keys.into_iter().collect();
    let step = |page: &[(String, Value)]| Step {
        part: Part::Usage,
        about: format!("usage of plan {}", name.map_or(plan, String::as_str)),
        path: format!("{ROOT}/usageplans/{}/usage", segment(plan)),
        body: json!({ "keys": page.iter().cloned().collect::<serde_json::Map<_, _>>() }),
    };
    keys.chunks(USAGE_PAGE).map(step).collect()
}
