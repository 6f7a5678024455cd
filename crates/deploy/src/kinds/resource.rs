//! AWS::ApiGateway::Resource. Another parent or another path is another resource.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, member};

const MEMBERS: &[Member] = &[
    member("ParentId", Shape::Text).required().apart(),
    member("PathPart", Shape::Text).required(),
    member("RestApiId", Shape::Text).required().apart(),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::Resource",
    members: MEMBERS,
    attributes: &[("ResourceId", Source::Id)],
    noun: &Item {
        collection: "/restapis/{RestApiId}/resources/{ParentId}",
        path: "/restapis/{RestApiId}/resources/{}",
        id: "id",
        identity: &["RestApiId", "ParentId", "PathPart"],
        finish: as_it_is,
    },
};
