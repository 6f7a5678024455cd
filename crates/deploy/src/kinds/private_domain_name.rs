//! AWS::ApiGateway::DomainNameV2, BasePathMappingV2 and DomainNameAccessAssociation: private domain names, which are
//! named by their ARNs.

use serde_json::Value;

use crate::call::{Call, Verb, segment};
use crate::kind::{Item, Kind, Noun, Source, Subject, as_it_is};
use crate::member::{Change, Member, Shape, TAGS, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const ENDPOINT: &[Member] = &[member("IpAddressType", Shape::Text), member("Types", Shape::Texts)];

const DOMAIN_MEMBERS: &[Member] = &[
    member("CertificateArn", Shape::Text).patched("/certificateArn"),
    member("DomainName", Shape::Text).required(),
    member("EndpointAccessMode", Shape::Text).patched("/endpointAccessMode"),
    member("EndpointConfiguration", Shape::Object(ENDPOINT)),
    member("Policy", Shape::JsonText).patched("/policy"),
    member("RoutingMode", Shape::Text).patched("/routingMode"),
    member("SecurityPolicy", Shape::Text).patched("/securityPolicy"),
    TAGS.changing(Change::Nothing),
];

pub(crate) static DOMAIN_NAME: Kind = Kind {
    name: "AWS::ApiGateway::DomainNameV2",
    members: DOMAIN_MEMBERS,
    attributes: &[("DomainNameArn", Source::Id), ("DomainNameId", Source::Answer("domainNameId"))],
    noun: &Item {
        collection: "/domainnames",
        path: "/domainnames/{DomainName}",
        id: "domainNameArn",
        identity: &["DomainName"],
        finish: as_it_is,
    },
};

const ASSOCIATION_MEMBERS: &[Member] = &[
    member("AccessAssociationSource", Shape::Text).required(),
    member("AccessAssociationSourceType", Shape::Text).required(),
    member("DomainNameArn", Shape::Text).required(),
    TAGS.changing(Change::Nothing),
];

pub(crate) static ACCESS_ASSOCIATION: Kind = Kind {
    name: "AWS::ApiGateway::DomainNameAccessAssociation",
    members: ASSOCIATION_MEMBERS,
    attributes: &[("DomainNameAccessAssociationArn", Source::Id)],
    noun: &Item {
        collection: "/domainnameaccessassociations",
        path: "/domainnameaccessassociations/{}",
        id: "domainNameAccessAssociationArn",
        identity: &["DomainNameArn", "AccessAssociationSource"],
        finish: as_it_is,
    },
};

const MAPPING_MEMBERS: &[Member] = &[
    member("BasePath", Shape::Text),
    member("DomainNameArn", Shape::Text).required().apart(),
    member("RestApiId", Shape::Text).required().patched("/restapiId"),
    member("Stage", Shape::Text).patched("/stage"),
];

pub(crate) static BASE_PATH_MAPPING: Kind = Kind {
    name: "AWS::ApiGateway::BasePathMappingV2",
    members: MAPPING_MEMBERS,
    attributes: &[("BasePathMappingArn", Source::Id)],
    noun: &Mapping,
};

struct Mapping;

impl Noun for Mapping {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        Some(self.id(subject, &Value::Null))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut body = subject.body()?;
        body.retain(|name, value| name != "basePath" || value != "");
        let arn = subject.text("DomainNameArn").unwrap_or_default();
        Ok(vec![Call::new(Verb::Post, collection(&arn), Value::Object(body))])
    }

    /// The ARN of the mapping.
    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        let arn = subject.text("DomainNameArn").unwrap_or_default();
        format!("{arn}/basepathmappings/{}", base_path(subject.text("BasePath")))
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let difference = subject.difference(before)?;
        let path = item(before);
        Ok((!difference.replaces).then(|| Call::patch(path, difference.operations).into_iter().collect()))
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::delete(item(entry))]
    }
}

/// Where the mappings of a domain name are; its ARN ends in `/domainnames/{name}+{id}`.
fn collection(arn: &str) -> String {
    let last = arn.rsplit('/').next().unwrap_or(arn);
    let name = last.split_once('+').map_or(last, |(name, _)| name);
    format!("/domainnames/{}/basepathmappings", segment(name))
}

fn item(entry: &Entry) -> String {
    let collection = collection(&entry.text("DomainNameArn").unwrap_or_default());
    format!("{collection}/{}", segment(&base_path(entry.text("BasePath"))))
}

/// The empty path has a name.
fn base_path(given: Option<String>) -> String {
    given.filter(|path| !path.is_empty()).unwrap_or_else(|| "(none)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_name_is_found_by_its_arn() {
        let arn = "arn:aws:apigateway:us-east-1:000000000000:/domainnames/shop.example.com+abcd123456";
        assert_eq!(collection(arn), "/domainnames/shop.example.com/basepathmappings");
    }
}
