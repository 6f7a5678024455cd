//! What a document says of the API as a whole.

use std::collections::BTreeSet;

use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{RestApi, Tags};

use crate::conflict::Conflict;
use crate::openapi::document::Node;
use crate::openapi::import::Mode;
use crate::resources::rest_api;

pub(crate) const API_KEY_SOURCE: &str = "x-amazon-apigateway-api-key-source";
pub(crate) const BINARY_MEDIA_TYPES: &str = "x-amazon-apigateway-binary-media-types";
pub(crate) const MINIMUM_COMPRESSION_SIZE: &str = "x-amazon-apigateway-minimum-compression-size";
pub(crate) const POLICY: &str = "x-amazon-apigateway-policy";
pub(crate) const ENDPOINT_CONFIGURATION: &str = "x-amazon-apigateway-endpoint-configuration";
pub(crate) const TAG_VALUE: &str = "x-amazon-apigateway-tag-value";

/// The settings of a document; what it does not mention is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) title: Option<String>,
    description: Option<String>,
    version: Option<String>,
    api_key_source: Option<ApiKeySource>,
    binary_media_types: Option<Vec<String>>,
    minimum_compression_size: Option<i32>,
    policy: Option<String>,
    endpoint: Endpoint,
    tags: Tags,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Endpoint {
    types: Option<Vec<String>>,
    ip_address_type: Option<String>,
    vpc_endpoint_ids: Option<Vec<String>>,
    disable_execute_api: Option<bool>,
}

impl Settings {
    pub(crate) fn read(root: Node<'_>) -> Result<Self, Conflict> {
        let info = root.object("info")?;
        let told = |name: &str| info.map_or(Ok(None), |info| info.text(name));
        let source = root.text(API_KEY_SOURCE)?;
        let parse_source =
            |word: String| rest_api::parse_source(&word.to_ascii_uppercase()).ok_or(Conflict::BadApiKeySource);
        Ok(Self {
            title: told("title")?,
            description: told("description")?,
            version: told("version")?,
            api_key_source: source.map(parse_source).transpose()?,
            binary_media_types: root.texts(BINARY_MEDIA_TYPES)?,
            minimum_compression_size: root
                .integer(MINIMUM_COMPRESSION_SIZE)?
                .map(rest_api::check_compression_size)
                .transpose()?,
            policy: read_policy(root)?,
            endpoint: read_endpoint(root)?,
            tags: read_tags(root)?,
        })
    }

    /// Puts the settings into an API.
    pub(crate) fn apply(&self, api: &mut RestApi, mode: Mode) -> Result<(), Conflict> {
        if mode == Mode::Overwrite {
            api.description = None;
            api.version = None;
            api.api_key_source = ApiKeySource::Header;
            api.binary_media_types.clear();
            api.minimum_compression_size = None;
            api.policy = None;
        }
        if let Some(title) = &self.title {
            api.name.clone_from(title);
        }
        replace(&mut api.description, &self.description);
        replace(&mut api.version, &self.version);
        replace(&mut api.policy, &self.policy);
        api.api_key_source = self.api_key_source.unwrap_or(api.api_key_source);
        api.minimum_compression_size = self.minimum_compression_size.or(api.minimum_compression_size);
        let mut known: BTreeSet<_> = api.binary_media_types.iter().cloned().collect();
        let fresh = self.binary_media_types.iter().flatten().filter(|media_type| known.insert((*media_type).clone()));
        api.binary_media_types.extend(fresh.cloned());
        api.tags.extend(self.tags.clone());
        self.endpoint.apply(api);
        rest_api::check(api)
    }
}

impl Endpoint {
    fn apply(&self, api: &mut RestApi) {
        let endpoint = &mut api.endpoint_configuration;
        if let Some(types) = &self.types {
            endpoint.types.clone_from(types);
            if types == &["PRIVATE"] {
                endpoint.ip_address_type = "dualstack".to_owned();
            }
        }
        if let Some(kind) = &self.ip_address_type {
            endpoint.ip_address_type.clone_from(kind);
        }
        if let Some(ids) = &self.vpc_endpoint_ids {
            endpoint.vpc_endpoint_ids.clone_from(ids);
        }
        api.disable_execute_api_endpoint = self.disable_execute_api.unwrap_or(api.disable_execute_api_endpoint);
    }
}

fn replace(setting: &mut Option<String>, told: &Option<String>) {
    if told.is_some() {
        setting.clone_from(told);
    }
}

/// A policy is an object, or its text.
fn read_policy(root: Node<'_>) -> Result<Option<String>, Conflict> {
    let Some(policy) = root.member(POLICY) else { return Ok(None) };
    rest_api::parse_policy(&policy.as_text().unwrap_or_else(|| policy.value().to_string()))
}

/// Swagger 2.0 documents have it at their root, OpenAPI 3.0 ones in a server.
fn read_endpoint(root: Node<'_>) -> Result<Endpoint, Conflict> {
    let mut found = root.object(ENDPOINT_CONFIGURATION)?;
    for server in root.items("servers")? {
        found = found.or(server.object(ENDPOINT_CONFIGURATION)?);
    }
    let Some(endpoint) = found else { return Ok(Endpoint::default()) };
    let types = endpoint.texts("types")?;
    if types.iter().flatten().any(|kind| !rest_api::is_endpoint_type(kind)) {
        return Err(Conflict::BadEndpointType);
    }
    let ip_address_type = endpoint.text("ipAddressType")?;
    if ip_address_type.as_deref().is_some_and(|kind| !rest_api::is_ip_address_type(kind)) {
        return Err(Conflict::BadIpAddressType);
    }
    let disabled = endpoint.member("disableExecuteApiEndpoint").is_some();
    Ok(Endpoint {
        types,
        ip_address_type,
        vpc_endpoint_ids: endpoint.texts("vpcEndpointIds")?,
        disable_execute_api: disabled.then(|| endpoint.flag("disableExecuteApiEndpoint")).transpose()?,
    })
}

fn read_tags(root: Node<'_>) -> Result<Tags, Conflict> {
    let mut tags = Tags::new();
    for tag in root.items("tags")? {
        if let (Some(name), Some(value)) = (tag.text("name")?, tag.text(TAG_VALUE)?) {
            tags.insert(name, value);
        }
    }
    crate::resources::tags::check(&tags)?;
    Ok(tags)
}
