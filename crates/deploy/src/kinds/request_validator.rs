//! AWS::ApiGateway::RequestValidator.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, member};

const MEMBERS: &[Member] = &[
    member("Name", Shape::Text),
    member("RestApiId", Shape::Text).required().apart(),
    member("ValidateRequestBody", Shape::Flag).patched("/validateRequestBody"),
    member("ValidateRequestParameters", Shape::Flag).patched("/validateRequestParameters"),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::RequestValidator",
    members: MEMBERS,
    attributes: &[("RequestValidatorId", Source::Id)],
    noun: &Item {
        collection: "/restapis/{RestApiId}/requestvalidators",
        path: "/restapis/{RestApiId}/requestvalidators/{}",
        id: "id",
        identity: &[],
        finish: as_it_is,
    },
};
