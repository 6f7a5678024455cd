//! The properties of a resource type: what values they take, how they are sent, and what a change of them takes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{operation, token};
use crate::document::Members;
use crate::mistake::Fault;
use crate::scope::text;

/// A property, or a member of one.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// Its name in a request: in camel case unless given; empty for what is not in the body.
    wire: Option<&'static str>,
    pub(crate) shape: Shape,
    required: bool,
    pub(crate) change: Change,
}

/// What values a member takes.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Flag,
    Integer,
    Number,
    Texts,
    TextMap,
    FlagMap,
    /// Anything.
    Json,
    /// Anything, sent as the text of its JSON.
    JsonText,
    /// A list of keys and values, sent as a mapping.
    Tags,
    Object(&'static [Member]),
    Objects(&'static [Member]),
    ObjectMap(&'static [Member]),
}

/// What a change of a member takes.
#[derive(Debug)]
pub(crate) enum Change {
    /// A new resource.
    Replaces,
    /// A patch operation at this path.
    Patches(&'static str),
    /// One for each entry, at this path followed by its name.
    PatchesEach(&'static str),
    /// One for each item: added at or removed from this path.
    PatchesItems(&'static str),
    /// Requests about tags.
    Tags,
    /// What its type's own code says.
    Own,
    /// Nothing: it is kept and has no effect here.
    Nothing,
}

/// A member that has to be made anew when it changes.
pub(crate) const fn member(name: &'static str, shape: Shape) -> Member {
    Member { name, wire: None, shape, required: false, change: Change::Replaces }
}

/// A member that is kept and has no effect here.
pub(crate) const fn idle(name: &'static str) -> Member {
    Member { name, wire: Some(""), shape: Shape::Json, required: false, change: Change::Nothing }
}

/// Tags that are changed in place.
pub(crate) const TAGS: Member = member("Tags", Shape::Tags).changing(Change::Tags);

impl Member {
    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(crate) const fn wire(self, name: &'static str) -> Self {
        Self { wire: Some(name), ..self }
    }

    /// Not in the body of a request.
    pub(crate) const fn apart(self) -> Self {
        self.wire("")
    }

    pub(crate) const fn changing(self, change: Change) -> Self {
        Self { change, ..self }
    }

    pub(crate) const fn patched(self, path: &'static str) -> Self {
        self.changing(Change::Patches(path))
    }

    /// The name in the body; `None` for what is not in it.
    fn wire_name(&self) -> Option<String> {
        match self.wire {
            Some("") => None,
            Some(name) => Some(name.to_owned()),
            None => Some(camel(self.name)),
        }
    }

    /// The patch operations that lead from one value to another, both as they are sent.
    pub(crate) fn operations(&self, before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
        if before == after {
            return Vec::new();
        }
        match self.change {
            Change::Patches(path) => {
                let unset = match self.shape {
                    Shape::Flag => Some("false".to_owned()),
                    Shape::Integer | Shape::Number => None,
                    _ => Some(String::new()),
                };
                vec![operation("replace", path.to_owned(), after.map_or(unset, text))]
            }
            Change::PatchesEach(path) => entry_operations(path, before, after),
            Change::PatchesItems(path) => item_operations(path, before, after),
            Change::Replaces | Change::Tags | Change::Own | Change::Nothing => Vec::new(),
        }
    }
}

fn entry_operations(path: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    let entries = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (entries(before), entries(after));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| operation("remove", format!("{path}{}", token(name)), None));
    let set = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let set = set.map(|(name, value)| operation("replace", format!("{path}{}", token(name)), text(value)));
    gone.chain(set).collect()
}

/// Items that are named in the path end in a slash there; others are values.
fn item_operations(path: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (items(before), items(after));
    let one = |op: &str, item: &Value| {
        let item = text(item).unwrap_or_default();
        match path.ends_with('/') {
            true => operation(op, format!("{path}{}", token(&item)), None),
            false => operation(op, path.to_owned(), Some(item)),
        }
    };
    let gone = before.iter().filter(|item| !after.contains(item)).map(|item| one("remove", item));
    let new = after.iter().filter(|item| !before.contains(item)).map(|item| one("add", item));
    gone.chain(new).collect()
}

/// The properties that an answer shows, each as a template has it. Tags are a mapping, which is taken, too.
pub(crate) fn properties(members: &[Member], wire: &Value) -> Members {
    let told = |member: &Member| {
        let value = wire.get(member.wire_name().unwrap_or_else(|| camel(member.name)))?;
        (!value.is_null()).then(|| (member.name.to_owned(), property(&member.shape, value)))
    };
    members.iter().filter_map(told).collect()
}

fn property(shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        (Shape::Object(members), value) => Value::Object(properties(members, value)),
        (Shape::Objects(members), Value::Array(items)) => {
            items.iter().map(|item| Value::Object(properties(members, item))).collect()
        }
        (Shape::ObjectMap(members), Value::Object(map)) => {
            let items = map.iter().map(|(name, item)| (name.clone(), Value::Object(properties(members, item))));
            items.collect::<Members>().into()
        }
        (_, value) => value.clone(),
    }
}

/// The body that properties make: checked against their members, in camel case.
pub(crate) fn body(kind: &str, members: &[Member], properties: &Members) -> Result<Members, Fault> {
    check_names(kind, members, properties, "")?;
    convert(kind, members, properties, "", false)
}

/// All members as they are sent, also those that are not in a body.
pub(crate) fn values(
    kind: &str,
    members: &[Member],
    properties: &Members,
) -> Result<BTreeMap<&'static str, Value>, Fault> {
    let mut values = BTreeMap::new();
    for member in members {
        if let Some(value) = properties.get(member.name) {
            values.insert_some(member.name, shaped(kind, &member.shape, value, member.name)?);
        }
    }
    Ok(values)
}

fn convert(kind: &str, members: &[Member], properties: &Members, above: &str, all: bool) -> Result<Members, Fault> {
    let mut body = Members::new();
    for member in members {
        let at = below(above, member.name);
        match (properties.get(member.name), member.wire_name()) {
            (Some(value), wire) => {
                let value = shaped(kind, &member.shape, value, &at)?;
                if let Some(name) = wire.or_else(|| all.then(|| camel(member.name)))
                    && !value.is_null()
                {
                    body.insert(name, value);
                }
            }
            (None, _) if member.required => return Err(Fault::Missing(at)),
            (None, _) => {}
        }
    }
    Ok(body)
}

fn check_names(kind: &str, members: &[Member], properties: &Members, above: &str) -> Result<(), Fault> {
    let unknown = properties.keys().find(|name| !members.iter().any(|member| member.name == *name));
    match unknown {
        Some(name) => Err(Fault::UnknownProperty { kind: kind.to_owned(), property: below(above, name) }),
        None => Ok(()),
    }
}

fn below(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

/// A value as it is sent. Null is what is not sent.
fn shaped(kind: &str, shape: &Shape, value: &Value, at: &str) -> Result<Value, Fault> {
    let wrong = |wanted: &'static str| Fault::Wrong { what: at.to_owned(), wanted };
    if value.is_null() {
        return Ok(Value::Null);
    }
    let object = |value: &Value, members: &'static [Member], at: &str| {
        let properties = value.as_object().ok_or_else(|| wrong("a mapping"))?;
        check_names(kind, members, properties, at)?;
        Ok(Value::Object(convert(kind, members, properties, at, true)?))
    };
    let map = |one: &dyn Fn(&Value) -> Result<Value, Fault>| {
        let entries = value.as_object().ok_or_else(|| wrong("a mapping"))?;
        let entries = entries.iter().map(|(name, value)| Ok((name.clone(), one(value)?)));
        Ok(Value::Object(entries.collect::<Result<_, Fault>>()?))
    };
    match shape {
        Shape::Text => text(value).map(Value::from).ok_or_else(|| wrong("a text")),
        Shape::Flag => flag(value).map(Value::from).ok_or_else(|| wrong("true or false")),
        Shape::Integer => {
            let number = text(value).and_then(|text| text.trim().parse::<i64>().ok());
            number.map(Value::from).ok_or_else(|| wrong("a whole number"))
        }
        Shape::Number => {
            let number = text(value).and_then(|text| text.trim().parse::<f64>().ok());
            number.map(Value::from).ok_or_else(|| wrong("a number"))
        }
        Shape::Texts => {
            let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let texts: Option<Vec<String>> = items.iter().map(text).collect();
            texts.map(Value::from).ok_or_else(|| wrong("a list of texts"))
        }
        Shape::TextMap => map(&|value| text(value).map(Value::from).ok_or_else(|| wrong("a mapping to texts"))),
        Shape::FlagMap => map(&|value| flag(value).map(Value::from).ok_or_else(|| wrong("a mapping to booleans"))),
        Shape::Json => Ok(value.clone()),
        Shape::JsonText => Ok(match value {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::String(text) => text.as_str().into(),
            other => other.to_string().into(),
        }),
        Shape::Tags => tags(value).ok_or_else(|| wrong("a list of Key and Value")),
        Shape::Object(members) => object(value, members, at),
        Shape::Objects(members) => {
            let items = value.as_array().ok_or_else(|| wrong("a list"))?;
            let items = items.iter().enumerate().map(|(index, item)| object(item, members, &format!("{at}.{index}")));
            Ok(items.collect::<Result<Vec<_>, _>>()?.into())
        }
        Shape::ObjectMap(members) => map(&|value| object(value, members, at)),
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A list of keys and values, or the mapping that Lambda's and SAM's types take, as a mapping.
fn tags(value: &Value) -> Option<Value> {
    if let Value::Object(map) = value {
        let pairs = map.iter().map(|(key, value)| Some((key.clone(), text(value)?.into())));
        return pairs.collect::<Option<Members>>().map(Value::Object);
    }
    let pair = |item: &Value| Some((text(item.get("Key")?)?, json!(text(item.get("Value")?)?)));
    value.as_array()?.iter().map(pair).collect::<Option<Members>>().map(Value::Object)
}

/// `RestApiId` as `restApiId`.
pub(crate) fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

trait InsertSome {
    fn insert_some(&mut self, name: &'static str, value: Value);
}

impl InsertSome for BTreeMap<&'static str, Value> {
    fn insert_some(&mut self, name: &'static str, value: Value) {
        if !value.is_null() {
            self.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBERS: &[Member] = &[
        member("Name", Shape::Text).required().patched("/name"),
        member("Enabled", Shape::Flag).patched("/enabled"),
        member("Rate", Shape::Number).apart(),
        member("Quota", Shape::Object(&[member("Limit", Shape::Integer)])).changing(Change::Own),
        member("Types", Shape::Texts).changing(Change::PatchesItems("/types/")),
        TAGS,
    ];

    fn made(properties: Value) -> Result<Value, String> {
        let Value::Object(properties) = properties else { panic!("an object") };
        body("Plan", MEMBERS, &properties).map(Value::Object).map_err(|fault| fault.to_string())
    }

    #[test]
    fn properties_become_what_aws_is_sent() {
        let given = json!({"Name": 7, "Enabled": "True", "Rate": "0.5", "Quota": {"Limit": "10"},
            "Tags": [{"Key": "a", "Value": 1}]});
        let sent = json!({"name": "7", "enabled": true, "quota": {"limit": 10}, "tags": {"a": "1"}});
        assert_eq!(made(given), Ok(sent));
    }

    #[test]
    fn what_a_type_does_not_have_is_named_with_its_place() {
        assert_eq!(made(json!({"Name": "x", "Burst": 1})), Err("Plan has no property Burst".to_owned()));
        let nested = json!({"Name": "x", "Quota": {"limit": 1}});
        assert_eq!(made(nested), Err("Plan has no property Quota.limit".to_owned()));
        assert_eq!(made(json!({})), Err("Name is missing".to_owned()));
        assert_eq!(made(json!({"Name": "x", "Rate": "fast"})), Err("Rate has to be a number".to_owned()));
    }

    #[test]
    fn operations_lead_from_one_value_to_another() {
        let types = &MEMBERS[4];
        let (before, after) = (json!(["a/b", "c"]), json!(["c", "d"]));
        assert_eq!(
            types.operations(Some(&before), Some(&after)),
            [operation("remove", "/types/a~1b".to_owned(), None), operation("add", "/types/d".to_owned(), None)]
        );
        let enabled = &MEMBERS[1];
        let unset = operation("replace", "/enabled".to_owned(), Some("false".to_owned()));
        assert_eq!(enabled.operations(Some(&json!(true)), None), [unset]);
        assert!(enabled.operations(None, None).is_empty());
    }
}
