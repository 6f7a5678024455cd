//! AWS::ApiGateway::BasePathMapping. Its id is its base path, `(none)` for the empty one.

use crate::document::Members;
use crate::kind::{Item, Kind, Subject};
use crate::member::{Member, Shape, idle, member};

const MEMBERS: &[Member] = &[
    member("BasePath", Shape::Text),
    member("DomainName", Shape::Text).required().apart(),
    idle("Id"),
    member("RestApiId", Shape::Text).patched("/restapiId"),
    member("Stage", Shape::Text).patched("/stage"),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::BasePathMapping",
    members: MEMBERS,
    attributes: &[],
    noun: &Item {
        collection: "/domainnames/{DomainName}/basepathmappings",
        path: "/domainnames/{DomainName}/basepathmappings/{}",
        id: "basePath",
        identity: &["DomainName", "BasePath"],
        finish: without_empty_path,
    },
};

fn without_empty_path(_: &Subject<'_>, body: &mut Members) {
    body.retain(|name, value| name != "basePath" || value != "");
}
