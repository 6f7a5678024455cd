//! AWS::ApiGateway::ApiKey. A key that keeps its value, or without one its name, is the same key whatever its logical id:
//! tools number keys by position, and taking the first away must not give the second a new value.

use serde_json::{Value, json};

use crate::call::{Call, operation, path};
use crate::kind::{Item, Kind, Noun, Source, Subject, as_it_is};
use crate::member::{Change, Member, Shape, TAGS, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const STAGE_KEY: &[Member] = &[member("RestApiId", Shape::Text), member("StageName", Shape::Text)];

const MEMBERS: &[Member] = &[
    member("CustomerId", Shape::Text).patched("/customerId"),
    member("Description", Shape::Text).patched("/description"),
    member("Enabled", Shape::Flag).patched("/enabled"),
    member("GenerateDistinctId", Shape::Flag),
    member("Name", Shape::Text).patched("/name"),
    member("StageKeys", Shape::Objects(STAGE_KEY)).changing(Change::Own),
    TAGS,
    member("Value", Shape::Text),
];

pub(crate) static KIND: Kind =
    Kind { name: "AWS::ApiGateway::ApiKey", members: MEMBERS, attributes: &[("APIKeyId", Source::Id)], noun: &ApiKey };

const ITEM: Item =
    Item { collection: "/apikeys", path: "/apikeys/{}", id: "id", identity: &["Value"], finish: as_it_is };

/// Characters of a value, as CreateApiKey has it.
const VALUE_LENGTHS: std::ops::RangeInclusive<usize> = 20..=128;

struct ApiKey;

impl Noun for ApiKey {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        let value = subject.text("Value").filter(|value| !value.is_empty()).map(|value| format!("value {value}"));
        value.or_else(|| Some(format!("name {}", subject.text("Name")?)))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let value = subject.text("Value").unwrap_or_default();
        if !value.is_empty() && !VALUE_LENGTHS.contains(&value.chars().count()) {
            return Err(Fault::Wrong { what: "Value".to_owned(), wanted: "a text of 20 to 128 characters" });
        }
        ITEM.create(subject)
    }

    fn id(&self, subject: &Subject<'_>, answer: &Value) -> String {
        ITEM.id(subject, answer)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let mut difference = subject.difference(before)?;
        if difference.replaces {
            return Ok(None);
        }
        let (old, new) = (stages(before.properties.get("StageKeys")), stages(subject.properties.get("StageKeys")));
        let one = |op: &str, stage: &String| operation(op, "/stages".to_owned(), Some(stage.clone()));
        difference.operations.extend(old.iter().filter(|stage| !new.contains(stage)).map(|stage| one("remove", stage)));
        difference.operations.extend(new.iter().filter(|stage| !old.contains(stage)).map(|stage| one("add", stage)));
        let path = path(ITEM.path, subject.properties, Some(&before.physical_id));
        let tags = difference.tag_calls(subject.place, &path);
        Ok(Some(Call::patch(path, difference.operations).into_iter().chain(tags).collect()))
    }

    fn delete(&self, entry: &Entry, others: &[&Entry]) -> Vec<Call> {
        ITEM.delete(entry, others)
    }
}

/// Stage keys as `{api}/{stage}`.
fn stages(keys: Option<&Value>) -> Vec<String> {
    let keys = keys.and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |key: &Value, name: &str| key.get(name).unwrap_or(&json!("")).as_str().unwrap_or_default().to_owned();
    keys.iter().map(|key| format!("{}/{}", text(key, "RestApiId"), text(key, "StageName"))).collect()
}
