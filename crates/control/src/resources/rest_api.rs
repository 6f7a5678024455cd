//! RestApi: an API, the root of all that is deployed.

use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::RecordKey;
use tollgate_domain::rest_api::{ApiKeySource, EndpointConfiguration};
use tollgate_domain::{
    Catalog, Model, Record, Resource, ResourceId, RestApi, RestApiId, RestApiTree, Tags, UnixMillis,
};

use crate::Control;
use crate::answer::{Answer, Reply, is_empty, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, PatchOperation};
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{base_path_mapping, choice, model, rest_api_clone, rest_api_patch, tags, usage_plan};
use crate::write::Change;

const NAME_LIMIT: usize = 1024;
const DESCRIPTION_LIMIT: usize = 125_000;
const LARGEST_COMPRESSION_SIZE: i64 = 10_485_760;
/// The tag that sets an API's id, as users of emulators expect.
const CUSTOM_ID_TAG: &str = "_custom_id_";
const CUSTOM_ID_LIMIT: usize = 32;

/// An API on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestApiWire<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    binary_media_types: &'a Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_compression_size: Option<i32>,
    api_key_source: &'static str,
    endpoint_configuration: EndpointConfigurationWire<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    disable_execute_api_endpoint: bool,
    root_resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_access_mode: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointConfigurationWire<'a> {
    types: &'a [String],
    ip_address_type: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    vpc_endpoint_ids: &'a Vec<String>,
}

#[derive(Serialize)]
struct RestApisWire<'a> {
    item: Vec<RestApiWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> RestApiWire<'a> {
    fn new(api: &'a RestApi, tags: Option<&'a Tags>) -> Self {
        Self {
            id: api.id.as_str(),
            name: &api.name,
            description: text(&api.description),
            created_date: api.created.seconds(),
            version: text(&api.version),
            binary_media_types: &api.binary_media_types,
            minimum_compression_size: api.minimum_compression_size,
            api_key_source: match api.api_key_source {
                ApiKeySource::Header => "HEADER",
                ApiKeySource::Authorizer => "AUTHORIZER",
            },
            endpoint_configuration: EndpointConfigurationWire::new(&api.endpoint_configuration),
            policy: api.policy.as_deref().map(escape),
            tags,
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            root_resource_id: api.root_resource_id.as_str(),
            security_policy: text(&api.security_policy),
            endpoint_access_mode: text(&api.endpoint_access_mode),
            warnings: &[],
        }
    }
}

impl<'a> EndpointConfigurationWire<'a> {
    pub(crate) fn new(endpoint: &'a EndpointConfiguration) -> Self {
        Self {
            types: &endpoint.types,
            ip_address_type: &endpoint.ip_address_type,
            vpc_endpoint_ids: &endpoint.vpc_endpoint_ids,
        }
    }
}

/// The answer to an import, with what was doubtful about the document.
pub(crate) fn answer(api: &RestApi, warnings: &[String]) -> Reply {
    Answer::json(&RestApiWire { warnings, ..RestApiWire::new(api, tags_if_any(&api.tags)) })
}

/// AWS escapes a policy once more than JSON does, and Terraform undoes that: `{\"Version\":…}` inside the string.
fn escape(policy: &str) -> String {
    let quoted = serde_json::Value::from(policy).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let root = control.ids().root_resource_id();
    let api = read(control.ids().rest_api_id(), root, request.now(), &body)?;
    let source = body.string("cloneFrom")?.map(RestApiId::new);
    let models = model::defaults(control.ids());
    let decide = |catalog: &Catalog| match &source {
        Some(source) => decide_clone(control, catalog, source, api.clone(), &body),
        None => decide_create(catalog, api.clone(), &models),
    };
    let api = control.writer().write(decide).await?;
    Answer::json(&RestApiWire::new(&api, tags_if_any(&api.tags)))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let tree = find(control, &control.catalog(), &request.rest_api_id())?;
    Answer::json(&RestApiWire::new(&tree.api, Some(&tree.api.tags)))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "restapis")?;
    let catalog = control.catalog();
    let apis = catalog.rest_apis.values().map(|tree| &tree.api);
    let page = query.page(apis.map(|api| (api.id.to_string(), RestApiWire::new(api, tags_if_any(&api.tags)))));
    Answer::json(&RestApisWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateRestApiInput")?;
    let id = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_update(&find(control, catalog, &id)?.api, &operations);
    let api = control.writer().write(decide).await?;
    Answer::json(&RestApiWire::new(&api, Some(&api.tags)))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let id = request.rest_api_id();
    let decide = |catalog: &Catalog| {
        let tree = find(control, catalog, &id)?;
        decide_delete(catalog, &tree.api.id)
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The API with this id, and all that hangs on it.
pub(crate) fn find(control: &Control, catalog: &Catalog, id: &RestApiId) -> Result<Arc<RestApiTree>, Conflict> {
    let unknown = || Conflict::NoSuchRestApi { account: control.config().account_id.clone(), id: id.clone() };
    catalog.rest_apis.get(id).cloned().ok_or_else(unknown)
}

pub(crate) fn read(id: RestApiId, root: ResourceId, now: UnixMillis, body: &Members) -> Result<RestApi, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("name")?, "createRestApiInput.name");
    let source = body.string("apiKeySource")?;
    let api_key_source = source.as_deref().map_or(Some(ApiKeySource::Header), parse_source);
    if api_key_source.is_none() {
        validation.not_in(&source.unwrap_or_default(), "createRestApiInput.apiKeySource", "[HEADER, AUTHORIZER]");
    }
    let endpoint = body.object("endpointConfiguration")?.unwrap_or_default();
    let endpoint_configuration = read_endpoint(&endpoint, "createRestApiInput", &mut validation)?;
    let security_policy = body.string("securityPolicy")?;
    let endpoint_access_mode = body.string("endpointAccessMode")?;
    choice::SECURITY_POLICY.note(security_policy.as_deref(), "createRestApiInput", &mut validation);
    choice::ENDPOINT_ACCESS_MODE.note(endpoint_access_mode.as_deref(), "createRestApiInput", &mut validation);
    validation.finish()?;
    let tags = tags::read(body)?;
    let description = body.string("description")?;
    if description.as_deref() == Some("") {
        return Err(Conflict::EmptyDescription.into());
    }
    let api = RestApi {
        id: tags.get(CUSTOM_ID_TAG).map(|id| custom_id(id)).transpose()?.unwrap_or(id),
        name,
        description,
        created: now,
        version: body.string("version")?,
        root_resource_id: root,
        api_key_source: api_key_source.unwrap_or_default(),
        binary_media_types: body.strings("binaryMediaTypes")?.unwrap_or_default(),
        minimum_compression_size: body.integer("minimumCompressionSize")?.map(check_compression_size).transpose()?,
        endpoint_configuration,
        policy: body.string("policy")?.map(|policy| parse_policy(&policy)).transpose()?.flatten(),
        disable_execute_api_endpoint: body.bool("disableExecuteApiEndpoint")?.unwrap_or(false),
        security_policy,
        endpoint_access_mode,
        tags,
    };
    check(&api)?;
    Ok(api)
}

/// Reads where an API or a domain name is reachable; EDGE by default, and `dualstack` for private ones.
pub(crate) fn read_endpoint(
    body: &Members,
    input: &str,
    validation: &mut Validation,
) -> Result<EndpointConfiguration, Failure> {
    let types = body.strings("types")?.unwrap_or_else(|| vec!["EDGE".to_owned()]);
    if !types.iter().all(|kind| is_endpoint_type(kind)) {
        let at = format!("{input}.endpointConfiguration.types");
        validation.list_not_in(&types, &at, "[PRIVATE, EDGE, REGIONAL]");
    }
    let default = if types == ["PRIVATE"] { "dualstack" } else { "ipv4" };
    let ip_address_type = body.string("ipAddressType")?.unwrap_or_else(|| default.to_owned());
    if !is_ip_address_type(&ip_address_type) {
        let at = format!("{input}.endpointConfiguration.ipAddressType");
        validation.not_in(&ip_address_type, &at, "[ipv4, dualstack]");
    }
    let vpc_endpoint_ids = body.strings("vpcEndpointIds")?.unwrap_or_default();
    Ok(EndpointConfiguration { types, ip_address_type, vpc_endpoint_ids })
}

pub(crate) fn is_endpoint_type(text: &str) -> bool {
    matches!(text, "EDGE" | "REGIONAL" | "PRIVATE")
}

pub(crate) fn is_ip_address_type(text: &str) -> bool {
    matches!(text, "ipv4" | "dualstack")
}

pub(crate) fn parse_source(text: &str) -> Option<ApiKeySource> {
    match text {
        "HEADER" => Some(ApiKeySource::Header),
        "AUTHORIZER" => Some(ApiKeySource::Authorizer),
        _ => None,
    }
}

pub(crate) fn check_compression_size(size: i64) -> Result<i32, Conflict> {
    let size = Some(size).filter(|size| (0..=LARGEST_COMPRESSION_SIZE).contains(size));
    size.and_then(|size| i32::try_from(size).ok()).ok_or(Conflict::BadCompressionSize)
}

/// Reads a policy and takes the blanks out; empty text is none.
pub(crate) fn parse_policy(text: &str) -> Result<Option<String>, Conflict> {
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(policy @ serde_json::Value::Object(_)) => Ok(Some(policy.to_string())),
        Ok(_) | Err(_) => Err(Conflict::BadPolicy),
    }
}

/// The rules that hold for every name.
pub(crate) fn check_name(name: &str) -> Result<(), Conflict> {
    if (1..=NAME_LIMIT).contains(&name.chars().count()) { Ok(()) } else { Err(Conflict::BadName) }
}

/// The rules that hold for every description.
pub(crate) fn check_description(description: Option<&str>) -> Result<(), Conflict> {
    let long = description.is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT);
    if long { Err(Conflict::DescriptionTooLong) } else { Ok(()) }
}

/// The rules for an API as a whole.
pub(crate) fn check(api: &RestApi) -> Result<(), Conflict> {
    check_name(&api.name)?;
    check_description(api.description.as_deref())?;
    choice::SECURITY_POLICY.check(api.security_policy.as_deref())?;
    choice::ENDPOINT_ACCESS_MODE.check(api.endpoint_access_mode.as_deref())?;
    let endpoint = &api.endpoint_configuration;
    match endpoint.types.as_slice() {
        [] => Err(Conflict::NoEndpointType),
        [kind] if kind == "PRIVATE" && endpoint.ip_address_type != "dualstack" => Err(Conflict::PrivateNeedsDualstack),
        [_] => Ok(()),
        _ => Err(Conflict::ManyEndpointTypes),
    }
}

fn custom_id(text: &str) -> Result<RestApiId, Conflict> {
    let good = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if good && (1..=CUSTOM_ID_LIMIT).contains(&text.len()) {
        Ok(RestApiId::new(text))
    } else {
        Err(Conflict::BadCustomId(text.to_owned()))
    }
}

/// Adds an API with its root resource and its first models.
fn decide_create(catalog: &Catalog, api: RestApi, models: &[Model]) -> Result<Change<RestApi>, Failure> {
    if catalog.rest_apis.contains_key(&api.id) {
        return Err(Conflict::RestApiExists(api.id).into());
    }
    let root = root_of(&api);
    let id = api.id.clone();
    let models = models.iter().map(|model| Record::Model(id.clone(), model.clone()));
    let change = Change::answering(api.clone()).put(Record::RestApi(api)).put_all(models);
    Ok(change.put(Record::Resource(id.clone(), root)))
}

/// The resource `/` of a new API.
pub(crate) fn root_of(api: &RestApi) -> Resource {
    Resource {
        id: api.root_resource_id.clone(),
        parent_id: None,
        path_part: String::new(),
        path: "/".to_owned(),
        methods: Default::default(),
    }
}

/// Adds an API that begins as another one stands.
fn decide_clone(
    control: &Control,
    catalog: &Catalog,
    source: &RestApiId,
    api: RestApi,
    body: &Members,
) -> Result<Change<RestApi>, Failure> {
    let source = find(control, catalog, source)?;
    if catalog.rest_apis.contains_key(&api.id) {
        return Err(Conflict::RestApiExists(api.id).into());
    }
    let api = rest_api_clone::inherit(api, &source.api, body);
    check(&api)?;
    Ok(rest_api_clone::decide(&source, api, control.ids()))
}

fn decide_update(before: &RestApi, operations: &[PatchOperation]) -> Result<Change<RestApi>, Failure> {
    let api = patch::apply(before, operations, rest_api_patch::run)?;
    check(&api)?;
    Ok(Change::answering(api.clone()).put(Record::RestApi(api)))
}

/// Deletes an API that no domain name leads to, with all that hangs on it; plans lose their associations with its
/// stages.
fn decide_delete(catalog: &Catalog, id: &RestApiId) -> Result<Change<()>, Failure> {
    base_path_mapping::refuse_if_mapped(catalog, id, None)?;
    let plans = usage_plan::without_stages(catalog, |stage| stage.api_id == *id);
    Ok(Change::answering(()).put_all(plans).delete(RecordKey::RestApi(id.clone())))
}

#[cfg(test)]
pub(crate) fn sample_api(id: &str) -> RestApi {
    let body = Members::parse(br#"{"name":"pets"}"#).expect("an object");
    read(RestApiId::new(id), ResourceId::new("root"), UnixMillis(1_000), &body).expect("an API")
}

/// A catalog with one API, a deployment `dep1` of it, and stages that serve it.
#[cfg(test)]
pub(crate) fn sample_catalog(id: &str, stages: &[&str]) -> Catalog {
    let catalog = Catalog::default();
    let models = model::defaults(&tollgate_domain::IdSource::seeded(1));
    let change = decide_create(&catalog, sample_api(id), &models).expect("a change");
    let mut catalog = catalog.apply(change.edits());
    let tree = catalog.rest_apis.values().next().expect("an API").clone();
    let deployment = crate::resources::deployment::sample(&tree);
    let api = tree.api.id.clone();
    for stage in stages {
        catalog.put(Record::Stage(api.clone(), crate::resources::stage::sample(stage, &deployment.id)));
    }
    catalog.put(Record::Deployment(api, deployment));
    catalog
}

#[cfg(test)]
#[path = "rest_api_tests.rs"]
mod tests;
