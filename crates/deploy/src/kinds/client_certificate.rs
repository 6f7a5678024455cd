//! AWS::ApiGateway::ClientCertificate.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, TAGS, member};

const MEMBERS: &[Member] = &[member("Description", Shape::Text).patched("/description"), TAGS];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::ClientCertificate",
    members: MEMBERS,
    attributes: &[("ClientCertificateId", Source::Id)],
    noun: &Item {
        collection: "/clientcertificates",
        path: "/clientcertificates/{}",
        id: "clientCertificateId",
        identity: &[],
        finish: as_it_is,
    },
};
