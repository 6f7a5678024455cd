//! AWS::ApiGateway::DocumentationPart and AWS::ApiGateway::DocumentationVersion.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, member};

const LOCATION: &[Member] = &[
    member("Method", Shape::Text),
    member("Name", Shape::Text),
    member("Path", Shape::Text),
    member("StatusCode", Shape::Text),
    member("Type", Shape::Text),
];

const PART_MEMBERS: &[Member] = &[
    member("Location", Shape::Object(LOCATION)).required(),
    member("Properties", Shape::JsonText).required().patched("/properties"),
    member("RestApiId", Shape::Text).required().apart(),
];

pub(crate) static PART: Kind = Kind {
    name: "AWS::ApiGateway::DocumentationPart",
    members: PART_MEMBERS,
    attributes: &[("DocumentationPartId", Source::Id)],
    noun: &Item {
        collection: "/restapis/{RestApiId}/documentation/parts",
        path: "/restapis/{RestApiId}/documentation/parts/{}",
        id: "id",
        identity: &[],
        finish: as_it_is,
    },
};

const VERSION_MEMBERS: &[Member] = &[
    member("Description", Shape::Text).patched("/description"),
    member("DocumentationVersion", Shape::Text).required(),
    member("RestApiId", Shape::Text).required().apart(),
];

pub(crate) static VERSION: Kind = Kind {
    name: "AWS::ApiGateway::DocumentationVersion",
    members: VERSION_MEMBERS,
    attributes: &[],
    noun: &Item {
        collection: "/restapis/{RestApiId}/documentation/versions",
        path: "/restapis/{RestApiId}/documentation/versions/{}",
        id: "version",
        identity: &["RestApiId", "DocumentationVersion"],
        finish: as_it_is,
    },
};
