//! AWS::ApiGateway::VpcLink.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, TAGS, member};

const MEMBERS: &[Member] = &[
    member("Description", Shape::Text).patched("/description"),
    member("Name", Shape::Text).required().patched("/name"),
    TAGS,
    member("TargetArns", Shape::Texts).required(),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::VpcLink",
    members: MEMBERS,
    attributes: &[("VpcLinkId", Source::Id)],
    noun: &Item { collection: "/vpclinks", path: "/vpclinks/{}", id: "id", identity: &[], finish: as_it_is },
};
