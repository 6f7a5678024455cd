//! AWS::ApiGateway::UsagePlan.

use serde_json::{Value, json};

use crate::call::{Call, operation, path};
use crate::kind::{Item, Kind, Noun, Source, Subject, as_it_is};
use crate::member::{Change, Member, Shape, TAGS, member};
use crate::mistake::Fault;
use crate::stack::Entry;

pub(crate) const THROTTLE: &[Member] = &[member("BurstLimit", Shape::Integer), member("RateLimit", Shape::Number)];

const QUOTA: &[Member] =
    &[member("Limit", Shape::Integer), member("Offset", Shape::Integer), member("Period", Shape::Text)];

const API_STAGE: &[Member] = &[
    member("ApiId", Shape::Text).required(),
    member("Stage", Shape::Text).required(),
    member("Throttle", Shape::ObjectMap(THROTTLE)),
];

const MEMBERS: &[Member] = &[
    member("ApiStages", Shape::Objects(API_STAGE)).changing(Change::Own),
    member("Description", Shape::Text).patched("/description"),
    member("Quota", Shape::Object(QUOTA)).changing(Change::Own),
    TAGS,
    member("Throttle", Shape::Object(THROTTLE)).changing(Change::Own),
    member("UsagePlanName", Shape::Text).wire("name").patched("/name"),
];

pub(crate) static KIND: Kind =
    Kind { name: "AWS::ApiGateway::UsagePlan", members: MEMBERS, attributes: &[("Id", Source::Id)], noun: &UsagePlan };

const ITEM: Item =
    Item { collection: "/usageplans", path: "/usageplans/{}", id: "id", identity: &[], finish: as_it_is };

struct UsagePlan;

impl Noun for UsagePlan {
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut calls = ITEM.create(subject)?;
        for call in &mut calls {
            if let Some(Value::Object(body)) = &mut call.body {
                let name = format!("{}-{}", subject.place.stack, subject.logical_id);
                body.entry("name").or_insert_with(|| name.into());
            }
        }
        Ok(calls)
    }

    fn id(&self, subject: &Subject<'_>, answer: &Value) -> String {
        ITEM.id(subject, answer)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let mut difference = subject.difference(before)?;
        let old = Subject { properties: &before.properties, ..*subject };
        for name in ["ApiStages", "Throttle", "Quota"] {
            if !difference.own.contains(&name) {
                continue;
            }
            let (before, after) = (old.value(name).unwrap_or_default(), subject.value(name)?);
            difference.operations.extend(match name {
                "ApiStages" => stage_operations(&stages(before), &stages(after)),
                "Throttle" => limit_operations("/throttle", before, after),
                _ => limit_operations("/quota", before, after),
            });
        }
        let path = path(ITEM.path, subject.properties, Some(&before.physical_id));
        let tags = difference.tag_calls(subject.place, &path);
        Ok(Some(Call::patch(path, difference.operations).into_iter().chain(tags).collect()))
    }

    /// A plan that covers a stage cannot be deleted, so it lets go of its stages first. They may be gone already.
    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        let path = path(ITEM.path, &entry.properties, Some(&entry.physical_id));
        let given = entry.properties.get("ApiStages").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |stage: &Value, name: &str| stage.get(name).and_then(crate::scope::text).unwrap_or_default();
        let remove = |stage: &Value| {
            let value = format!("{}:{}", text(stage, "ApiId"), text(stage, "Stage"));
            let operations = vec![operation("remove", "/apiStages".to_owned(), Some(value))];
            Call::patch(path.clone(), operations).map(Call::leniently)
        };
        given.iter().filter_map(remove).chain([Call::delete(path.clone())]).collect()
    }
}

/// Stages by `{api}:{stage}`, with the throttles of their methods.
fn stages(value: Option<Value>) -> Vec<(String, Value)> {
    let items = value.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |stage: &Value, name: &str| stage[name].as_str().unwrap_or_default().to_owned();
    let named = |stage: &Value| {
        let throttle = stage.get("throttle").cloned().unwrap_or_else(|| json!({}));
        (format!("{}:{}", text(stage, "apiId"), text(stage, "stage")), throttle)
    };
    items.iter().map(named).collect()
}

fn stage_operations(before: &[(String, Value)], after: &[(String, Value)]) -> Vec<Value> {
    let has = |stages: &[(String, Value)], name: &String| stages.iter().any(|(known, _)| known == name);
    let associate = |op: &str, name: &String| operation(op, "/apiStages".to_owned(), Some(name.clone()));
    let gone = before.iter().filter(|(name, _)| !has(after, name)).map(|(name, _)| associate("remove", name));
    let new = after.iter().filter(|(name, _)| !has(before, name)).map(|(name, _)| associate("add", name));
    let throttle_before = |name: &String| before.iter().find(|(known, _)| known == name).map(|(_, throttle)| throttle);
    let empty = json!({});
    let changed = after.iter().filter(|(name, throttle)| throttle_before(name).unwrap_or(&empty) != throttle);
    let throttled = changed.map(|(name, throttle)| {
        let path = format!("/apiStages/{name}/throttle");
        match throttle == &empty {
            true => operation("remove", path, None),
            false => operation("replace", path, Some(throttle.to_string())),
        }
    });
    gone.chain(new).chain(throttled).collect()
}

/// Limits are set member by member; where one is taken away, all are, and the rest is set anew.
fn limit_operations(at: &str, before: Option<Value>, after: Option<Value>) -> Vec<Value> {
    let members = |value: Option<Value>| value.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let shrinks = before.keys().any(|name| !after.contains_key(name));
    let remove = shrinks.then(|| operation("remove", at.to_owned(), None));
    let set = after.iter().filter(|(name, value)| shrinks || before.get(*name) != Some(value));
    let set = set.map(|(name, value)| operation("replace", format!("{at}/{name}"), crate::scope::text(value)));
    remove.into_iter().chain(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_taken_away_is_gone_and_the_rest_stays() {
        let (both, one) = (json!({"burstLimit": 5, "rateLimit": 2.0}), json!({"rateLimit": 2.0}));
        let set = operation("replace", "/throttle/rateLimit".to_owned(), Some("2.0".to_owned()));
        let remove = operation("remove", "/throttle".to_owned(), None);
        assert_eq!(limit_operations("/throttle", Some(both.clone()), Some(one)), [remove.clone(), set]);
        assert_eq!(limit_operations("/throttle", Some(both), None), [remove]);
    }

    #[test]
    fn stages_that_stay_are_left_alone() {
        let stage = |name: &str, throttle: Value| (name.to_owned(), throttle);
        let before = [stage("a:dev", json!({})), stage("a:old", json!({}))];
        let after = [stage("a:dev", json!({"/x/GET": {"rateLimit": 1.0}})), stage("a:new", json!({}))];
        let paths: Vec<String> = stage_operations(&before, &after).iter().map(|one| one.to_string()).collect();
        assert_eq!(paths.len(), 3, "{paths:?}");
        assert!(paths[0].contains("remove") && paths[0].contains("a:old"));
        assert!(paths[1].contains("add") && paths[1].contains("a:new"));
        assert!(paths[2].contains("/apiStages/a:dev/throttle"));
    }
}
