//! AWS::ApiGateway::GatewayResponse: put whole, whether it is there or not.

use serde_json::Value;

use crate::call::{Call, Verb, path};
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Change, Member, Shape, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const PATH: &str = "/restapis/{RestApiId}/gatewayresponses/{ResponseType}";

const MEMBERS: &[Member] = &[
    member("ResponseParameters", Shape::TextMap).changing(Change::Own),
    member("ResponseTemplates", Shape::TextMap).changing(Change::Own),
    member("ResponseType", Shape::Text).required().apart(),
    member("RestApiId", Shape::Text).required().apart(),
    member("StatusCode", Shape::Text).changing(Change::Own),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::GatewayResponse",
    members: MEMBERS,
    attributes: &[("Id", Source::Id)],
    noun: &GatewayResponse,
};

struct GatewayResponse;

impl Noun for GatewayResponse {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        Some(format!("{} {}", subject.text("RestApiId")?, subject.text("ResponseType")?))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        Ok(vec![Call::new(Verb::Put, path(PATH, subject.properties, None), Value::Object(subject.body()?))])
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        let text = |name| subject.text(name).unwrap_or_default();
        format!("{}:{}", text("RestApiId"), text("ResponseType"))
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let difference = subject.difference(before)?;
        match (difference.replaces, difference.own.is_empty()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(Vec::new())),
            (false, false) => self.create(subject).map(Some),
        }
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::delete(path(PATH, &entry.properties, None))]
    }
}
