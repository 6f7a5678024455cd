//! REST APIs: the settings of one API. Its resources, deployments and stages stand beside it in the catalog.

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;
use crate::id::{ResourceId, RestApiId};

/// Where the key of a call comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApiKeySource {
    /// The `X-API-Key` header.
    #[default]
    Header,
    /// The authorizer's `usageIdentifierKey`.
    Authorizer,
}

/// Where an API is reachable; kept for clients, without effect here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointConfiguration {
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    pub types: Vec<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// VPC endpoints of a private API.
    pub vpc_endpoint_ids: Vec<String>,
}

/// A REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// Its id.
    pub id: RestApiId,
    /// A name; need not be unique.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// When it was made.
    pub created: UnixMillis,
    /// A version for people.
    pub version: Option<String>,
    /// The resource `/`.
    pub root_resource_id: ResourceId,
    /// Where the key of a call comes from.
    pub api_key_source: ApiKeySource,
    /// Media types that are passed as bytes.
    pub binary_media_types: Vec<String>,
    /// Bytes from which answers are compressed; `None` is never.
    pub minimum_compression_size: Option<i32>,
    /// Where it is reachable.
    pub endpoint_configuration: EndpointConfiguration,
    /// The resource policy, as JSON text.
    pub policy: Option<String>,
    /// Whether the `execute-api` address is turned off.
    pub disable_execute_api_endpoint: bool,
    /// TLS policy; kept for clients.
    pub security_policy: Option<String>,
    /// `BASIC` or `STRICT`; kept for clients.
    pub endpoint_access_mode: Option<String>,
    /// Tags.
    pub tags: Tags,
}
