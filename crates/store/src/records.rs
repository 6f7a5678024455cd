//! Records of the catalog as every backend keeps them: an address, and a JSON body with the version it was written in.

use tollgate_domain::{Record, RecordKey};

use crate::error::StoreError;

/// The version of the bodies written now. An older one is brought up to date in [`read_body`].
pub(crate) const BODY_VERSION: i64 = 1;

pub(crate) fn read_body(version: i64, body: &str) -> Result<Record, StoreError> {
    if version > BODY_VERSION {
        return Err(StoreError::Corrupt(format!("record version {version} is newer than {BODY_VERSION}")));
    }
    Ok(serde_json::from_str(body)?)
}

/// Where a record stands in the table: kind, API (empty for what belongs to none) and id.
pub(crate) fn address(key: &RecordKey) -> (&'static str, &str, &str) {
    match key {
        RecordKey::Account => ("account", "", ""),
        RecordKey::RestApi(api) => ("rest_api", "", api.as_str()),
        RecordKey::Resource(api, id) => ("resource", api.as_str(), id.as_str()),
        RecordKey::Deployment(api, id) => ("deployment", api.as_str(), id.as_str()),
        RecordKey::Stage(api, name) => ("stage", api.as_str(), name.as_str()),
        RecordKey::Model(api, id) => ("model", api.as_str(), id),
        RecordKey::RequestValidator(api, id) => ("request_validator", api.as_str(), id),
        RecordKey::Authorizer(api, id) => ("authorizer", api.as_str(), id),
        RecordKey::GatewayResponse(api, id) => ("gateway_response", api.as_str(), id.as_str()),
        RecordKey::DocumentationPart(api, id) => ("documentation_part", api.as_str(), id),
        RecordKey::DocumentationVersion(api, id) => ("documentation_version", api.as_str(), id),
        RecordKey::UsagePlan(id) => ("usage_plan", "", id.as_str()),
        RecordKey::DomainName(id) => ("domain_name", "", id),
        RecordKey::DomainNameAccessAssociation(id) => ("domain_name_access_association", "", id),
        RecordKey::VpcLink(id) => ("vpc_link", "", id),
        RecordKey::ClientCertificate(id) => ("client_certificate", "", id),
        RecordKey::Function(name) => ("function", "", name),
    }
}
