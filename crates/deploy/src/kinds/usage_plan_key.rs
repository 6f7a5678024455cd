//! AWS::ApiGateway::UsagePlanKey: a key in a plan.

use serde_json::Value;

use crate::call::{Call, Verb, path};
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Member, Shape, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const MEMBERS: &[Member] = &[
    member("KeyId", Shape::Text).required(),
    member("KeyType", Shape::Text).required(),
    member("UsagePlanId", Shape::Text).required().apart(),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::UsagePlanKey",
    members: MEMBERS,
    attributes: &[("Id", Source::Id)],
    noun: &UsagePlanKey,
};

struct UsagePlanKey;

impl Noun for UsagePlanKey {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        Some(format!("{} {}", subject.text("UsagePlanId")?, subject.text("KeyId")?))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let body = Value::Object(subject.body()?);
        Ok(vec![Call::new(Verb::Post, path("/usageplans/{UsagePlanId}/keys", subject.properties, None), body)])
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        let text = |name| subject.text(name).unwrap_or_default();
        format!("{}:{}", text("KeyId"), text("UsagePlanId"))
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        Ok((!subject.difference(before)?.replaces).then(Vec::new))
    }

    /// A key that moves from one plan to another has to leave the first, since both may cover the same stage.
    fn excludes(&self, subject: &Subject<'_>, other: &Entry) -> bool {
        subject.text("KeyId") == other.text("KeyId")
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::delete(path("/usageplans/{UsagePlanId}/keys/{KeyId}", &entry.properties, None))]
    }
}
