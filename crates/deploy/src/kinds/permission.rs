//! AWS::Lambda::Permission: a statement of a function's policy.

use serde_json::{Value, json};

use crate::call::{Call, Verb, path, segment};
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Member, Shape, idle, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const PATH: &str = "/2015-03-31/functions/{FunctionName}/policy";

const MEMBERS: &[Member] = &[
    member("Action", Shape::Text).required().wire("Action"),
    member("EventSourceToken", Shape::Text).wire("EventSourceToken"),
    member("FunctionName", Shape::Text).required().apart(),
    member("FunctionUrlAuthType", Shape::Text).wire("FunctionUrlAuthType"),
    idle("InvokedViaFunctionUrl"),
    member("Principal", Shape::Text).required().wire("Principal"),
    member("PrincipalOrgID", Shape::Text).wire("PrincipalOrgID"),
    member("SourceAccount", Shape::Text).wire("SourceAccount"),
    member("SourceArn", Shape::Text).wire("SourceArn"),
];

pub(crate) static KIND: Kind =
    Kind { name: "AWS::Lambda::Permission", members: MEMBERS, attributes: &[("Id", Source::Id)], noun: &Permission };

struct Permission;

impl Noun for Permission {
    /// Statements have ids that follow from the logical id, so what is under another one cannot be taken over.
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut body = subject.body()?;
        body.insert("StatementId".to_owned(), json!(self.id(subject, &Value::Null)));
        Ok(vec![Call::lambda(Verb::Post, path(PATH, subject.properties, None), Value::Object(body))])
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        // A changed statement is made before the old one is removed, so that their ids have to differ.
        let says = Value::Object(subject.properties.clone()).to_string();
        format!("{}-{}-{}", subject.place.stack, subject.logical_id, crate::digest(says.as_bytes(), 8))
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        Ok((!subject.difference(before)?.replaces).then(Vec::new))
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        let path = format!("{}/{}", path(PATH, &entry.properties, None), segment(&entry.physical_id));
        vec![Call::lambda(Verb::Delete, path, None).leniently()]
    }
}
