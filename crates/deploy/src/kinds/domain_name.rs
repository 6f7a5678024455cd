//! AWS::ApiGateway::DomainName.

use crate::kind::{Item, Kind, Source, as_it_is};
use crate::member::{Member, Shape, TAGS, member};

const ENDPOINT: &[Member] = &[member("IpAddressType", Shape::Text), member("Types", Shape::Texts)];
const MUTUAL_TLS: &[Member] = &[member("TruststoreUri", Shape::Text), member("TruststoreVersion", Shape::Text)];

const MEMBERS: &[Member] = &[
    member("CertificateArn", Shape::Text).patched("/certificateArn"),
    member("DomainName", Shape::Text).required(),
    member("EndpointAccessMode", Shape::Text).patched("/endpointAccessMode"),
    member("EndpointConfiguration", Shape::Object(ENDPOINT)),
    member("MutualTlsAuthentication", Shape::Object(MUTUAL_TLS)),
    member("OwnershipVerificationCertificateArn", Shape::Text).patched("/ownershipVerificationCertificateArn"),
    member("RegionalCertificateArn", Shape::Text).patched("/regionalCertificateArn"),
    member("RoutingMode", Shape::Text).patched("/routingMode"),
    member("SecurityPolicy", Shape::Text).patched("/securityPolicy"),
    TAGS,
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::DomainName",
    members: MEMBERS,
    attributes: &[
        ("DistributionDomainName", Source::Answer("distributionDomainName")),
        ("DistributionHostedZoneId", Source::Answer("distributionHostedZoneId")),
        ("DomainNameArn", Source::Answer("domainNameArn")),
        ("RegionalDomainName", Source::Answer("regionalDomainName")),
        ("RegionalHostedZoneId", Source::Answer("regionalHostedZoneId")),
    ],
    noun: &Item {
        collection: "/domainnames",
        path: "/domainnames/{}",
        id: "domainName",
        identity: &["DomainName"],
        finish: as_it_is,
    },
};
