//! AWS::ApiGateway::Authorizer.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Change, Member, Shape, member};

const MEMBERS: &[Member] = &[
    member("AuthType", Shape::Text).patched("/authType"),
    member("AuthorizerCredentials", Shape::Text).patched("/authorizerCredentials"),
    member("AuthorizerResultTtlInSeconds", Shape::Integer).patched("/authorizerResultTtlInSeconds"),
    member("AuthorizerUri", Shape::Text).patched("/authorizerUri"),
    member("IdentitySource", Shape::Text).patched("/identitySource"),
    member("IdentityValidationExpression", Shape::Text).patched("/identityValidationExpression"),
    member("Name", Shape::Text).required().patched("/name"),
    member("ProviderARNs", Shape::Texts).changing(Change::PatchesItems("/providerARNs")),
    member("RestApiId", Shape::Text).required().apart(),
    member("Type", Shape::Text).required().patched("/type"),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::Authorizer",
    members: MEMBERS,
    attributes: &[("AuthorizerId", Source::Id)],
    noun: &Item {
        collection: "/restapis/{RestApiId}/authorizers",
        path: "/restapis/{RestApiId}/authorizers/{}",
        id: "id",
        identity: &["RestApiId", "Name"],
        finish: as_it_is,
    },
};
