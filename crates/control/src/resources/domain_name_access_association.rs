//! DomainNameAccessAssociation: leave for a VPC endpoint to use a private domain name.

use serde::Serialize;
use tollgate_domain::{Catalog, DomainNameAccessAssociation, Record, RecordKey, Tags};

use crate::answer::{Answer, Reply, tags_if_any};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{domain_name, domain_name_address as address, tags};
use crate::write::Change;
use crate::{Control, ControlConfig};

/// The only kind of source there is.
const VPC_ENDPOINT: &str = "VPCE";

/// An association on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationWire<'a> {
    domain_name_access_association_arn: &'a str,
    domain_name_arn: &'a str,
    access_association_source_type: &'a str,
    access_association_source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
}

#[derive(Serialize)]
struct AssociationsWire<'a> {
    item: Vec<AssociationWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> AssociationWire<'a> {
    fn new(association: &'a DomainNameAccessAssociation) -> Self {
        Self {
            domain_name_access_association_arn: &association.arn,
            domain_name_arn: &association.domain_name_arn,
            access_association_source_type: &association.source_type,
            access_association_source: &association.source,
            tags: tags_if_any(&association.tags),
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let association = read(control.config(), &request.body()?)?;
    let decide = |catalog: &Catalog| decide_create(control.config(), catalog, association.clone());
    let association = control.writer().write(decide).await?;
    Answer::json(&AssociationWire::new(&association))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let own = domain_name::is_own(request)?;
    let query = PageQuery::of(request, "domainnameaccessassociations")?;
    let catalog = control.catalog();
    let associations = catalog.domain_name_access_associations.values().filter(|_| own);
    let page = query.page(associations.map(|one| (one.arn.clone(), AssociationWire::new(one))));
    Answer::json(&AssociationsWire { item: page.items, position: page.position })
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let arn = request.label("domain_name_access_association_arn");
    control.writer().write(|catalog| decide_delete(catalog, arn, None)).await?;
    Ok(Answer::Empty)
}

/// Takes back the leave, as the owner of the domain name does; with one account it is the same as to delete it.
pub(crate) async fn reject(control: &Control, request: &Request) -> Reply {
    let mut validation = Validation::default();
    let mut required = |name: &str| validation.required(request.query(name).map(str::to_owned), name);
    let (arn, domain) = (required("domainNameAccessAssociationArn"), required("domainNameArn"));
    validation.finish()?;
    control.writer().write(|catalog| decide_delete(catalog, &arn, Some(&domain))).await?;
    Ok(Answer::Empty)
}

fn read(config: &ControlConfig, body: &Members) -> Result<DomainNameAccessAssociation, Failure> {
    const INPUT: &str = "createDomainNameAccessAssociationInput";
    let mut validation = Validation::default();
    let mut required = |name: &str| -> Result<String, Failure> {
        Ok(validation.required(body.string(name)?, &format!("{INPUT}.{name}")))
    };
    let domain_name_arn = required("domainNameArn")?;
    let source_type = required("accessAssociationSourceType")?;
    let source = required("accessAssociationSource")?;
    if !source_type.is_empty() && source_type != VPC_ENDPOINT {
        validation.not_in(&source_type, &format!("{INPUT}.accessAssociationSourceType"), "[VPCE]");
    }
    validation.finish()?;
    let arn = association_arn(config, &domain_name_arn, &source);
    Ok(DomainNameAccessAssociation { arn, domain_name_arn, source_type, source, tags: tags::read(body)? })
}

/// `…:/domainnameaccessassociations/domainname/{name}+{id}/vpcesource/{endpoint}`.
fn association_arn(config: &ControlConfig, domain_name_arn: &str, source: &str) -> String {
    let (_, domain) = domain_name_arn.rsplit_once('/').unwrap_or(("", domain_name_arn));
    let (region, account) = (&config.region, &config.account_id);
    format!(
        "arn:aws:apigateway:{region}:{account}:/domainnameaccessassociations/domainname/{domain}/vpcesource/{source}"
    )
}

/// Adds an association with a private domain name that is here.
fn decide_create(
    config: &ControlConfig,
    catalog: &Catalog,
    association: DomainNameAccessAssociation,
) -> Result<Change<DomainNameAccessAssociation>, Failure> {
    let mut domains = catalog.domain_names.values();
    let domain = domains.find(|domain| address::arn(config, domain) == association.domain_name_arn);
    let domain = domain.ok_or(Conflict::NoSuchDomainName)?;
    if !domain_name::has_type(domain, "PRIVATE") {
        return Err(Conflict::DomainNameNotPrivate.into());
    }
    if catalog.domain_name_access_associations.contains_key(&association.arn) {
        return Err(Conflict::AccessAssociationExists.into());
    }
    let record = Record::DomainNameAccessAssociation(association.clone());
    Ok(Change::answering(association).put(record))
}

/// Deletes an association; of the given domain name, if one is given.
fn decide_delete(catalog: &Catalog, arn: &str, domain: Option<&str>) -> Result<Change<()>, Failure> {
    let association = catalog.domain_name_access_associations.get(arn);
    let association = association.filter(|association| domain.is_none_or(|arn| association.domain_name_arn == arn));
    let association = association.ok_or(Conflict::NoSuchAccessAssociation)?;
    Ok(Change::answering(()).delete(RecordKey::DomainNameAccessAssociation(association.arn.clone())))
}
