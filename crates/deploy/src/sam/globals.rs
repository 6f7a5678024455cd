//! The section `Globals`: properties that all functions or all APIs begin with.

use serde_json::Value;

use crate::sam::API;

/// A resource with what the globals say of its type. Mappings are merged, lists joined, and what the resource says wins.
pub(super) fn merged(globals: &Value, kind: &str, mut resource: Value) -> Value {
    let common = globals.get(if kind == API { "Api" } else { "Function" }).cloned();
    if kind != API {
        // An API that functions imply has no resource to carry what the globals say of it.
        resource["Globals"] = globals.clone();
    }
    if let Some(common) = common {
        let own = resource.get("Properties").cloned().unwrap_or_default();
        resource["Properties"] = merge(common, own);
    }
    resource
}

fn merge(common: Value, own: Value) -> Value {
    match (common, own) {
        (Value::Object(mut common), Value::Object(own)) => {
            let intrinsic = |members: &serde_json::Map<String, Value>| {
                members.len() == 1 && members.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
            };
            if intrinsic(&common) || intrinsic(&own) {
                return own.into();
            }
            for (name, value) in own {
                let before = common.remove(&name).unwrap_or_default();
                common.insert(name, merge(before, value));
            }
            common.into()
        }
        (Value::Array(mut common), Value::Array(own)) => {
            common.extend(own);
            common.into()
        }
        (common, Value::Null) => common,
        (_, own) => own,
    }
}
