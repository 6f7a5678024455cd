//! Keys as ImportApiKeys takes them: a line for each.

use serde_json::Value;

use crate::account::{Inventory, text};

/// The first line of a file.
pub(super) const HEADER: &str = "Name,Key,Description,Enabled,UsagePlanIds";
/// What stands for a value that is not told. It is too short to be one, so that nobody imports it.
const HIDDEN: &str = "<not exported>";

/// All keys of a node.
pub(crate) fn keys(inventory: &Inventory) -> String {
    let lines = inventory.key_pages.iter().flatten().map(|key| {
        let plans: Vec<&str> = key["usagePlanIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        line(key, &plans.join(","))
    });
    std::iter::once(format!("{HEADER}\n")).chain(lines).collect()
}

/// The line of a key that is in these plans.
pub(super) fn line(key: &Value, plans: &str) -> String {
    let value = key["value"].as_str().unwrap_or(HIDDEN);
    let enabled = if key["enabled"] == true { "true" } else { "false" };
    let cells = [text(key, "name"), value, text(key, "description"), enabled, plans];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\n", cells.join(","))
}

/// Whether a line tells all there is of a key, and every reader reads it alike.
pub(super) fn is_plain(key: &Value) -> bool {
    let plain =
        |text: &str| text.chars().all(|c| !c.is_control() && !matches!(c, ',' | '"' | '\'')) && text.trim() == text;
    let tagged = key["tags"].as_object().is_some_and(|tags| !tags.is_empty());
    let staged = key["stageKeys"].as_array().is_some_and(|stages| !stages.is_empty());
    let named = !text(key, "name").is_empty();
    named
        && !tagged
        && !staged
        && text(key, "customerId").is_empty()
        && plain(text(key, "name"))
        && plain(text(key, "description"))
}

fn cell(text: &str) -> String {
    let plain = |c: char| !matches!(c, ',' | '"' | '\n' | '\r');
    if text.chars().all(plain) { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_told_is_too_short_to_be_imported() {
        assert!(HIDDEN.len() < 20);
        assert_eq!(line(&json!({"name": "a", "enabled": false}), "p1"), "a,<not exported>,,false,p1\n");
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let key = json!({"name": "a,b", "value": "v", "description": "so \"called\"", "enabled": true});
        assert_eq!(line(&key, "p1,p2"), "\"a,b\",v,\"so \"\"called\"\"\",true,\"p1,p2\"\n");
        assert!(
            !is_plain(&key) && is_plain(&json!({"name": "a"})) && !is_plain(&json!({"name": "a", "tags": {"b": "c"}}))
        );
    }
}
