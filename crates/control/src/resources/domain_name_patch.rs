//! UpdateDomainName: the paths of a domain name.

use tollgate_domain::domain_name::Truststore;
use tollgate_domain::{DomainName, UnixMillis};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation, Paths};
use crate::resources::rest_api;

const PATHS: Paths = Paths {
    add: &[
        "/certificateName",
        "/certificateArn",
        "/regionalCertificateName",
        "/regionalCertificateArn",
        "/ownershipVerificationCertificateArn",
        "/mutualTlsAuthentication/truststoreUri",
        "/mutualTlsAuthentication/truststoreVersion",
        "/endpointConfiguration/types",
    ],
    replace: &[
        "/certificateName",
        "/certificateArn",
        "/regionalCertificateName",
        "/regionalCertificateArn",
        "/ownershipVerificationCertificateArn",
        "/mutualTlsAuthentication/truststoreUri",
        "/mutualTlsAuthentication/truststoreVersion",
        "/endpointConfiguration/types/<type>",
        "/endpointConfiguration/ipAddressType",
        "/endpointAccessMode",
        "/securityPolicy",
        "/policy",
        "/managementPolicy",
        "/routingMode",
    ],
    remove: &[
        "/certificateName",
        "/certificateArn",
        "/regionalCertificateName",
        "/regionalCertificateArn",
        "/ownershipVerificationCertificateArn",
        "/mutualTlsAuthentication/truststoreUri",
        "/mutualTlsAuthentication/truststoreVersion",
        "/endpointConfiguration/types",
    ],
};

/// Runs one operation.
pub(crate) fn run(domain: &mut DomainName, operation: &PatchOperation, now: UnixMillis) -> Result<(), Failure> {
    if matches!(operation.op, Op::Copy | Op::Move | Op::Test) {
        return Err(PATHS.refuse(operation).into());
    }
    let tokens = operation.tokens();
    match tokens.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["endpointConfiguration", "types"] => run_type(domain, operation, None),
        ["endpointConfiguration", "types", at] => run_type(domain, operation, Some(at)),
        ["mutualTlsAuthentication", member] => run_truststore(domain, operation, member),
        [member] if set_certificate(domain, member, operation, now) => Ok(()),
        known if operation.op == Op::Replace => replace(domain, operation, known),
        _ => Err(PATHS.refuse(operation).into()),
    }
}

/// Sets or removes a certificate; false when the member is none.
fn set_certificate(domain: &mut DomainName, member: &str, operation: &PatchOperation, now: UnixMillis) -> bool {
    let value = operation.text().filter(|_| operation.op != Op::Remove);
    match member {
        "certificateName" => domain.certificate_name = value,
        "certificateArn" => {
            domain.certificate_uploaded = value.as_ref().map(|_| now);
            domain.certificate_arn = value;
        }
        "regionalCertificateName" => domain.regional_certificate_name = value,
        "regionalCertificateArn" => domain.regional_certificate_arn = value,
        "ownershipVerificationCertificateArn" => domain.ownership_verification_certificate_arn = value,
        _ => return false,
    }
    true
}

fn replace(domain: &mut DomainName, operation: &PatchOperation, tokens: &[&str]) -> Result<(), Failure> {
    let value = operation.value();
    match tokens {
        ["endpointConfiguration", "ipAddressType"] if rest_api::is_ip_address_type(value) => {
            domain.endpoint_configuration.ip_address_type = value.to_owned();
        }
        ["endpointConfiguration", "ipAddressType"] => return Err(Conflict::BadIpAddressType.into()),
        ["endpointAccessMode"] => domain.endpoint_access_mode = operation.text(),
        ["securityPolicy"] => domain.security_policy = operation.text(),
        ["policy"] => domain.policy = rest_api::parse_policy(value)?,
        ["managementPolicy"] => domain.management_policy = rest_api::parse_policy(value)?,
        ["routingMode"] => domain.routing_mode = operation.text(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Adds or removes a type by its name, or replaces the one at a name or place; Terraform uses place 0.
fn run_type(domain: &mut DomainName, operation: &PatchOperation, at: Option<&str>) -> Result<(), Failure> {
    let types = &mut domain.endpoint_configuration.types;
    let named = |at: &str| types.iter().position(|kind| kind == at).or_else(|| at.parse().ok());
    let place = at.and_then(named);
    let value = operation.text().or_else(|| at.map(str::to_owned)).unwrap_or_default();
    match operation.op {
        Op::Remove => types.retain(|kind| *kind != value),
        _ if !rest_api::is_endpoint_type(&value) => return Err(Conflict::BadEndpointType.into()),
        Op::Add if types.contains(&value) => {}
        Op::Add => types.push(value),
        _ => {
            let kind = place.and_then(|place| types.get_mut(place));
            *kind.ok_or_else(|| PATHS.refuse(operation))? = value;
        }
    }
    Ok(())
}

/// Without its address a truststore is gone.
fn run_truststore(domain: &mut DomainName, operation: &PatchOperation, member: &str) -> Result<(), Failure> {
    let value = operation.text().filter(|_| operation.op != Op::Remove);
    let version = domain.truststore.as_ref().and_then(|store| store.version.clone());
    match member {
        "truststoreUri" => domain.truststore = value.map(|uri| Truststore { uri, version }),
        "truststoreVersion" => {
            if let Some(store) = &mut domain.truststore {
                store.version = value;
            }
        }
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}
