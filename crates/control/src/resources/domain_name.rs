//! DomainName: a host name of the operator's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::domain_name::Truststore;
use tollgate_domain::{Catalog, DomainName, Record, RecordKey, Tags, UnixMillis};

use crate::answer::{Answer, Reply, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch;
use crate::request::Request;
use crate::resources::rest_api::{self, EndpointConfigurationWire};
use crate::resources::validation::Validation;
use crate::resources::{choice, domain_name_address as address, domain_name_patch, tags};
use crate::write::Change;
use crate::{Control, ControlConfig};

const DEFAULT_SECURITY_POLICY: &str = "TLS_1_2";
const OWNERS: &[&str] = &["SELF", "OTHER_ACCOUNTS"];

/// A domain name on the wire. Its policies are escaped once, unlike an API's: Terraform reads them as they are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DomainNameWire<'a> {
    domain_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name_id: Option<&'a str>,
    domain_name_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_upload_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_hosted_zone_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_certificate_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional_certificate_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution_hosted_zone_id: Option<&'static str>,
    endpoint_configuration: EndpointConfigurationWire<'a>,
    domain_name_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_access_mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutual_tls_authentication: Option<TruststoreWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_verification_certificate_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    management_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_mode: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TruststoreWire<'a> {
    truststore_uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    truststore_version: Option<&'a str>,
}

#[derive(Serialize)]
struct DomainNamesWire<'a> {
    item: Vec<DomainNameWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> DomainNameWire<'a> {
    fn new(config: &ControlConfig, domain: &'a DomainName) -> Self {
        let (edge, regional) = (has_type(domain, "EDGE"), has_type(domain, "REGIONAL"));
        Self {
            domain_name: &domain.name,
            domain_name_id: text(&domain.id),
            domain_name_arn: address::arn(config, domain),
            certificate_name: text(&domain.certificate_name),
            certificate_arn: text(&domain.certificate_arn),
            certificate_upload_date: domain.certificate_uploaded.map(UnixMillis::seconds),
            regional_domain_name: regional.then(|| address::regional_domain_name(&domain.name, &config.region)),
            regional_hosted_zone_id: regional.then(|| address::regional_hosted_zone(&config.region)),
            regional_certificate_name: text(&domain.regional_certificate_name),
            regional_certificate_arn: text(&domain.regional_certificate_arn),
            distribution_domain_name: edge.then(|| address::distribution_domain_name(&domain.name)),
            distribution_hosted_zone_id: edge.then_some(address::EDGE_HOSTED_ZONE),
            endpoint_configuration: EndpointConfigurationWire::new(&domain.endpoint_configuration),
            domain_name_status: "AVAILABLE",
            security_policy: text(&domain.security_policy),
            endpoint_access_mode: text(&domain.endpoint_access_mode),
            tags: tags_if_any(&domain.tags),
            mutual_tls_authentication: domain
                .truststore
                .as_ref()
                .map(|store| TruststoreWire { truststore_uri: &store.uri, truststore_version: text(&store.version) }),
            ownership_verification_certificate_arn: text(&domain.ownership_verification_certificate_arn),
            management_policy: text(&domain.management_policy),
            policy: text(&domain.policy),
            routing_mode: text(&domain.routing_mode),
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let domain = read(control.ids().lower_alnum(10), request.now(), &request.body()?)?;
    let domain = control.writer().write(|catalog| decide_create(catalog, domain.clone())).await?;
    Answer::json(&DomainNameWire::new(control.config(), &domain))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let domain = find(&control.catalog(), request)?;
    Answer::json(&DomainNameWire::new(control.config(), &domain))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let own = is_own(request)?;
    let query = PageQuery::of(request, "domainnames")?;
    let catalog = control.catalog();
    let domains = catalog.domain_names.values().filter(|_| own);
    let rows = domains.map(|domain| (domain.name.clone(), DomainNameWire::new(control.config(), domain)));
    let page = query.page(rows);
    Answer::json(&DomainNamesWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateDomainNameInput")?;
    let decide = |catalog: &Catalog| {
        let before = DomainName::clone(&*find(catalog, request)?);
        let domain = patch::apply(&before, &operations, |domain, operation| {
            domain_name_patch::run(domain, operation, request.now())
        })?;
        check(&domain)?;
        Ok(Change::answering(domain.clone()).put(Record::DomainName(domain)))
    };
    let domain = control.writer().write(decide).await?;
    Answer::json(&DomainNameWire::new(control.config(), &domain))
}

/// Deletes a domain name with its mappings and with the leave that was given to use it.
pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let decide = |catalog: &Catalog| {
        let domain = find(catalog, request)?;
        let arn = address::arn(control.config(), &domain);
        let associations = catalog.domain_name_access_associations.values();
        let gone = associations.filter(|association| association.domain_name_arn == arn);
        let change = Change::answering(()).delete(RecordKey::DomainName(domain.name.clone()));
        Ok(gone.fold(change, |change, association| {
            change.delete(RecordKey::DomainNameAccessAssociation(association.arn.clone()))
        }))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The domain name of a request's path. An id that is sent along has to be its id.
pub(crate) fn find(catalog: &Catalog, request: &Request) -> Result<Arc<DomainName>, Conflict> {
    let domain = catalog.domain_names.get(request.label("domain_name")).ok_or(Conflict::NoSuchDomainName)?;
    match request.query("domainNameId") {
        Some(id) if domain.id.as_deref() != Some(id) => Err(Conflict::NoSuchDomainName),
        _ => Ok(Arc::clone(domain)),
    }
}

/// Whether a list is of one's own; other accounts, which it may be of as well, have nothing here.
pub(crate) fn is_own(request: &Request) -> Result<bool, Failure> {
    let mut validation = Validation::default();
    let owner = request.query("resourceOwner");
    if let Some(word) = owner.filter(|word| !OWNERS.contains(word)) {
        validation.not_in(word, "resourceOwner", &format!("[{}]", OWNERS.join(", ")));
    }
    validation.finish()?;
    Ok(owner != Some("OTHER_ACCOUNTS"))
}

pub(crate) fn has_type(domain: &DomainName, kind: &str) -> bool {
    domain.endpoint_configuration.types.iter().any(|known| known == kind)
}

fn read(id: String, now: UnixMillis, body: &Members) -> Result<DomainName, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("domainName")?, "createDomainNameInput.domainName");
    let endpoint = body.object("endpointConfiguration")?.unwrap_or_default();
    let endpoint_configuration = rest_api::read_endpoint(&endpoint, "createDomainNameInput", &mut validation)?;
    let security_policy = body.string("securityPolicy")?.unwrap_or_else(|| DEFAULT_SECURITY_POLICY.to_owned());
    let endpoint_access_mode = body.string("endpointAccessMode")?;
    let routing_mode = body.string("routingMode")?;
    choice::SECURITY_POLICY.note(Some(&security_policy), "createDomainNameInput", &mut validation);
    choice::ENDPOINT_ACCESS_MODE.note(endpoint_access_mode.as_deref(), "createDomainNameInput", &mut validation);
    choice::ROUTING_MODE.note(routing_mode.as_deref(), "createDomainNameInput", &mut validation);
    validation.finish()?;
    let private = endpoint_configuration.types.iter().any(|kind| kind == "PRIVATE");
    let uploaded = body.has("certificateArn") || body.has("certificateBody");
    let domain = DomainName {
        name,
        id: private.then_some(id),
        certificate_uploaded: uploaded.then_some(now),
        certificate_name: read_certificate_name(body)?,
        certificate_arn: body.string("certificateArn")?,
        regional_certificate_name: body.string("regionalCertificateName")?,
        regional_certificate_arn: body.string("regionalCertificateArn")?,
        endpoint_configuration,
        security_policy: Some(security_policy),
        endpoint_access_mode,
        truststore: read_truststore(body)?,
        ownership_verification_certificate_arn: body.string("ownershipVerificationCertificateArn")?,
        policy: body.string("policy")?.map(|policy| rest_api::parse_policy(&policy)).transpose()?.flatten(),
        management_policy: None,
        routing_mode,
        mappings: BTreeMap::new(),
        tags: tags::read(body)?,
    };
    check(&domain)?;
    Ok(domain)
}

/// Reads the name of a certificate. One that is uploaded comes with its key; neither is kept, since nothing here
/// speaks TLS under the name.
fn read_certificate_name(body: &Members) -> Result<Option<String>, Failure> {
    let (certificate, key) = (body.string("certificateBody")?, body.string("certificatePrivateKey")?);
    if certificate.is_some() != key.is_some() {
        return Err(Conflict::CertificateWithoutKey.into());
    }
    Ok(body.string("certificateName")?)
}

fn read_truststore(body: &Members) -> Result<Option<Truststore>, Failure> {
    let Some(store) = body.object("mutualTlsAuthentication")? else { return Ok(None) };
    let uri = store.string("truststoreUri")?.filter(|uri| !uri.is_empty());
    Ok(uri.map(|uri| store.string("truststoreVersion").map(|version| Truststore { uri, version })).transpose()?)
}

/// The rules for a domain name as a whole.
fn check(domain: &DomainName) -> Result<(), Conflict> {
    check_host(&domain.name)?;
    check_endpoint(domain)?;
    choice::SECURITY_POLICY.check(domain.security_policy.as_deref())?;
    choice::ENDPOINT_ACCESS_MODE.check(domain.endpoint_access_mode.as_deref())?;
    choice::ROUTING_MODE.check(domain.routing_mode.as_deref())
}

/// A host name in lower case; its first label may be `*`.
fn check_host(name: &str) -> Result<(), Conflict> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    let host = name.strip_prefix("*.").unwrap_or(name);
    let good = name.len() <= 253 && host.contains('.') && host.split('.').all(label);
    if good { Ok(()) } else { Err(Conflict::BadDomainName(name.to_owned())) }
}

/// Each type of endpoint has a certificate, and no certificate is without its type.
fn check_endpoint(domain: &DomainName) -> Result<(), Conflict> {
    let endpoint = &domain.endpoint_configuration;
    let regional = has_type(domain, "REGIONAL");
    let other = has_type(domain, "EDGE") || has_type(domain, "PRIVATE");
    let regional_certificate = text(&domain.regional_certificate_arn).or(text(&domain.regional_certificate_name));
    let other_certificate = text(&domain.certificate_arn).or(text(&domain.certificate_name));
    if endpoint.types.is_empty() {
        return Err(Conflict::NoEndpointType);
    }
    if has_type(domain, "PRIVATE") && endpoint.ip_address_type != "dualstack" {
        return Err(Conflict::PrivateNeedsDualstack);
    }
    if !other && other_certificate.is_some() {
        return Err(Conflict::CertificateForOther { kind: "EDGE", active: "REGIONAL" });
    }
    if !regional && regional_certificate.is_some() {
        let active = if has_type(domain, "PRIVATE") { "PRIVATE" } else { "EDGE" };
        return Err(Conflict::CertificateForOther { kind: "REGIONAL", active });
    }
    let served = (!regional || regional_certificate.is_some()) && (!other || other_certificate.is_some());
    if served { Ok(()) } else { Err(Conflict::NoCertificate) }
}

fn decide_create(catalog: &Catalog, domain: DomainName) -> Result<Change<DomainName>, Failure> {
    if catalog.domain_names.contains_key(&domain.name) {
        return Err(Conflict::DomainNameExists.into());
    }
    Ok(Change::answering(domain.clone()).put(Record::DomainName(domain)))
}

#[cfg(test)]
pub(crate) fn sample(body: &str) -> Result<DomainName, Failure> {
    read("abcd123456".to_owned(), UnixMillis(1_000), &Members::parse(body.as_bytes()).expect("an object"))
}

#[cfg(test)]
#[path = "domain_name_tests.rs"]
mod tests;
