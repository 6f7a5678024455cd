//! Resource types: their tables of properties, and how each is made, changed and removed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::{Call, Verb, path, segment};
use crate::document::Members;
use crate::kinds;
use crate::member::{self, Change, Member};
use crate::mistake::Fault;
use crate::scope::{Place, text};
use crate::stack::Entry;

/// A resource type.
pub(crate) struct Kind {
    /// CloudFormation's name.
    pub(crate) name: &'static str,
    pub(crate) members: &'static [Member],
    /// What `Fn::GetAtt` takes, and where it is from.
    pub(crate) attributes: &'static [(&'static str, Source)],
    pub(crate) noun: &'static dyn Noun,
}

/// Where an attribute is from.
pub(crate) enum Source {
    /// The physical id.
    Id,
    /// A member of the answer to the first request.
    Answer(&'static str),
    /// A text in which `{id}`, `{region}` and `{account}` are filled in.
    Text(&'static str),
}

/// A resource as it is wanted.
pub(crate) struct Subject<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) logical_id: &'a str,
    pub(crate) place: &'a Place,
    pub(crate) properties: &'a Members,
}

/// How the resources of a type are made, changed and removed.
pub(crate) trait Noun: Sync {
    /// What no other resource of its type can share with it; `None` where there is nothing of the kind.
    fn identity(&self, _subject: &Subject<'_>) -> Option<String> {
        None
    }

    /// The requests that make it. The answer to the first one tells its id.
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault>;

    /// Its id, by the answer to the first request.
    fn id(&self, subject: &Subject<'_>, answer: &Value) -> String;

    /// The requests that change it in place; `None` when it has to be replaced.
    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault>;

    /// Whether it can be made only once another resource of its type is gone.
    fn excludes(&self, _subject: &Subject<'_>, _other: &Entry) -> bool {
        false
    }

    /// The requests that remove it. `others` are what the stack has beside it.
    fn delete(&self, entry: &Entry, others: &[&Entry]) -> Vec<Call>;
}

impl Kind {
    /// The type of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        kinds::ALL.iter().copied().find(|kind| kind.name == name)
    }

    pub(crate) fn attributes(&self, place: &Place, id: &str, answer: &Value) -> BTreeMap<String, Value> {
        let fill = |pattern: &str| {
            pattern.replace("{id}", id).replace("{region}", &place.region).replace("{account}", &place.account_id)
        };
        let value = |source: &Source| match source {
            Source::Id => Some(id.into()),
            Source::Answer(member) => answer.get(*member).cloned(),
            Source::Text(pattern) => Some(fill(pattern).into()),
        };
        let found = self.attributes.iter().filter_map(|(name, source)| Some(((*name).to_owned(), value(source)?)));
        found.collect()
    }
}

impl Subject<'_> {
    /// A property as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(text)
    }

    pub(crate) fn body(&self) -> Result<Members, Fault> {
        member::body(self.kind.name, self.kind.members, self.properties)
    }

    /// A property, checked and as it is sent.
    pub(crate) fn value(&self, name: &str) -> Result<Option<Value>, Fault> {
        Ok(member::values(self.kind.name, self.kind.members, self.properties)?.remove(name))
    }

    /// How it differs from what there is.
    pub(crate) fn difference(&self, before: &Entry) -> Result<Difference, Fault> {
        self.body()?;
        let after = member::values(self.kind.name, self.kind.members, self.properties)?;
        // What was made once was valid then; what does not read any more counts as not there.
        let old = member::values(self.kind.name, self.kind.members, &before.properties).unwrap_or_default();
        let mut difference = Difference::default();
        for member in self.kind.members {
            let (before, after) = (old.get(member.name), after.get(member.name));
            if before == after {
                continue;
            }
            match member.change {
                Change::Replaces => difference.replaces = true,
                Change::Own => difference.own.push(member.name),
                Change::Tags => difference.tags = Some(tag_lists(before, after)),
                Change::Nothing => {}
                Change::Patches(_) | Change::PatchesEach(_) | Change::PatchesItems(_) => {
                    difference.operations.extend(member.operations(before, after));
                }
            }
        }
        Ok(difference)
    }
}

/// How a resource that is wanted differs from the one that is there.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Whether it cannot be changed in place.
    pub(crate) replaces: bool,
    /// What patch operations do.
    pub(crate) operations: Vec<Value>,
    /// Properties that the type's own code sees to.
    pub(crate) own: Vec<&'static str>,
    /// Tags to be set, and names of those to be taken away.
    tags: Option<(Value, Vec<String>)>,
}

impl Difference {
    /// The requests about tags.
    pub(crate) fn tag_calls(&self, place: &Place, path: &str) -> Vec<Call> {
        let Some((set, gone)) = &self.tags else { return Vec::new() };
        let arn = segment(&format!("arn:aws:apigateway:{}::{path}", place.region));
        let mut calls = Vec::new();
        if !gone.is_empty() {
            let keys: Vec<String> = gone.iter().map(|key| format!("tagKeys={}", segment(key))).collect();
            calls.push(Call::new(Verb::Delete, format!("/tags/{arn}?{}", keys.join("&")), None));
        }
        if set.as_object().is_some_and(|set| !set.is_empty()) {
            calls.push(Call::new(Verb::Put, format!("/tags/{arn}"), serde_json::json!({ "tags": set })));
        }
        calls
    }
}

fn tag_lists(before: Option<&Value>, after: Option<&Value>) -> (Value, Vec<String>) {
    let tags = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (tags(before), tags(after));
    let gone = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    (Value::Object(after), gone)
}

/// A resource of API Gateway that is made in a collection and then has a path of its own.
pub(crate) struct Item {
    /// Where it is made; `{Property}` is filled in.
    pub(crate) collection: &'static str,
    /// Where it is; `{}` is its id.
    pub(crate) path: &'static str,
    /// The member of the answer that is its id.
    pub(crate) id: &'static str,
    /// The properties that no other of its type can share with it.
    pub(crate) identity: &'static [&'static str],
    /// What is done to a body before it is sent.
    pub(crate) finish: fn(&Subject<'_>, &mut Members),
}

/// Leaves a body as it is.
pub(crate) fn as_it_is(_: &Subject<'_>, _: &mut Members) {}

impl Noun for Item {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        let parts: Option<Vec<String>> = self.identity.iter().map(|name| subject.text(name)).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(" "))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut body = subject.body()?;
        (self.finish)(subject, &mut body);
        Ok(vec![Call::new(Verb::Post, path(self.collection, subject.properties, None), Value::Object(body))])
    }

    fn id(&self, _: &Subject<'_>, answer: &Value) -> String {
        answer.get(self.id).and_then(text).unwrap_or_default()
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let difference = subject.difference(before)?;
        if difference.replaces || !difference.own.is_empty() {
            return Ok(None);
        }
        let path = path(self.path, subject.properties, Some(&before.physical_id));
        let tags = difference.tag_calls(subject.place, &path);
        Ok(Some(Call::patch(path, difference.operations).into_iter().chain(tags).collect()))
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::delete(path(self.path, &entry.properties, Some(&entry.physical_id)))]
    }
}
