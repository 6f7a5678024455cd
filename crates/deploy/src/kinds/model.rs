//! AWS::ApiGateway::Model, named after its logical id unless it has a name.

use serde_json::json;

use crate::document::Members;
use crate::kind::{Item, Kind, Subject};
use crate::member::{Member, Shape, member};

const MEMBERS: &[Member] = &[
    member("ContentType", Shape::Text),
    member("Description", Shape::Text).patched("/description"),
    member("Name", Shape::Text),
    member("RestApiId", Shape::Text).required().apart(),
    member("Schema", Shape::JsonText).patched("/schema"),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::Model",
    members: MEMBERS,
    attributes: &[],
    noun: &Item {
        collection: "/restapis/{RestApiId}/models",
        path: "/restapis/{RestApiId}/models/{}",
        id: "name",
        identity: &["RestApiId", "Name"],
        finish: named,
    },
};

fn named(subject: &Subject<'_>, body: &mut Members) {
    let letters: String = subject.logical_id.chars().filter(char::is_ascii_alphanumeric).collect();
    body.entry("name").or_insert_with(|| json!(letters));
    body.entry("contentType").or_insert_with(|| json!("application/json"));
}
