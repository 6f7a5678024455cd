//! Custom domain names, and which API and stage answers below each of their paths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;
use crate::id::{RestApiId, StageName};
use crate::rest_api::EndpointConfiguration;

/// A custom domain name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainName {
    /// The host name that callers use.
    pub name: String,
    /// An id, given to private domain names only.
    pub id: Option<String>,
    /// When its certificate was last set.
    pub certificate_uploaded: Option<UnixMillis>,
    /// Name and ARN of the certificate of an edge domain name.
    pub certificate_name: Option<String>,
    /// ARN of the certificate of an edge or private domain name.
    pub certificate_arn: Option<String>,
    /// Name of the certificate of a regional domain name.
    pub regional_certificate_name: Option<String>,
    /// ARN of the certificate of a regional domain name.
    pub regional_certificate_arn: Option<String>,
    /// Where it is reachable.
    pub endpoint_configuration: EndpointConfiguration,
    /// TLS policy.
    pub security_policy: Option<String>,
    /// `BASIC` or `STRICT`.
    pub endpoint_access_mode: Option<String>,
    /// Where the certificates of trusted callers are kept, and their version.
    pub truststore: Option<Truststore>,
    /// Proof that the name is the caller's.
    pub ownership_verification_certificate_arn: Option<String>,
    /// Who may call a private domain name, as JSON text.
    pub policy: Option<String>,
    /// Who may manage a private domain name, as JSON text.
    pub management_policy: Option<String>,
    /// How calls find their API.
    pub routing_mode: Option<String>,
    /// APIs by base path; the empty path is kept as `(none)`.
    pub mappings: BTreeMap<String, BasePathMapping>,
    /// Tags.
    pub tags: Tags,
}

/// Certificates that callers have to show one of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truststore {
    /// Where they are kept.
    pub uri: String,
    /// Which version of them.
    pub version: Option<String>,
}

/// An API below a path of a domain name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BasePathMapping {
    /// The API.
    pub rest_api_id: RestApiId,
    /// Its stage; `None` takes it from the path.
    pub stage: Option<StageName>,
}

/// Leave for a VPC endpoint to use a private domain name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainNameAccessAssociation {
    /// Its ARN.
    pub arn: String,
    /// The domain name, as ARN.
    pub domain_name_arn: String,
    /// `VPCE`.
    pub source_type: String,
    /// The VPC endpoint.
    pub source: String,
    /// Tags.
    pub tags: Tags,
}
