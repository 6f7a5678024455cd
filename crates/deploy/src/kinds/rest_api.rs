//! AWS::ApiGateway::RestApi, by its settings or by a document.

use serde_json::{Value, json};

use crate::call::{Call, MADE, Verb, operation, path, segment};
use crate::kind::{Item, Kind, Noun, Source, Subject, as_it_is};
use crate::member::{Change, Member, Shape, TAGS, idle, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const ENDPOINT: &[Member] =
    &[member("IpAddressType", Shape::Text), member("Types", Shape::Texts), member("VpcEndpointIds", Shape::Texts)];

const MEMBERS: &[Member] = &[
    member("ApiKeySourceType", Shape::Text).wire("apiKeySource").patched("/apiKeySource"),
    member("BinaryMediaTypes", Shape::Texts).changing(Change::PatchesItems("/binaryMediaTypes/")),
    member("Body", Shape::Json).apart().changing(Change::Own),
    idle("BodyS3Location"),
    member("CloneFrom", Shape::Text),
    member("Description", Shape::Text).patched("/description"),
    member("DisableExecuteApiEndpoint", Shape::Flag).patched("/disableExecuteApiEndpoint"),
    member("EndpointAccessMode", Shape::Text).patched("/endpointAccessMode"),
    member("EndpointConfiguration", Shape::Object(ENDPOINT)).changing(Change::Own),
    member("FailOnWarnings", Shape::Flag).apart().changing(Change::Own),
    member("MinimumCompressionSize", Shape::Integer).patched("/minimumCompressionSize"),
    member("Mode", Shape::Text).apart().changing(Change::Own),
    member("Name", Shape::Text).patched("/name"),
    member("Parameters", Shape::TextMap).apart().changing(Change::Own),
    member("Policy", Shape::JsonText).patched("/policy"),
    member("SecurityPolicy", Shape::Text).patched("/securityPolicy"),
    TAGS,
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::RestApi",
    members: MEMBERS,
    attributes: &[("RestApiId", Source::Id), ("RootResourceId", Source::Answer("rootResourceId"))],
    noun: &RestApi,
};

const ITEM: Item = Item { collection: "/restapis", path: "/restapis/{}", id: "id", identity: &[], finish: as_it_is };

struct RestApi;

impl Noun for RestApi {
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut calls = ITEM.create(subject)?;
        if let Some(Value::Object(body)) = calls.first_mut().and_then(|call| call.body.as_mut()) {
            body.entry("name").or_insert_with(|| title(subject).into());
        }
        calls.extend(document_calls(subject, &format!("/restapis/{MADE}"))?);
        Ok(calls)
    }

    fn id(&self, subject: &Subject<'_>, answer: &Value) -> String {
        ITEM.id(subject, answer)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let mut difference = subject.difference(before)?;
        if difference.replaces {
            return Ok(None);
        }
        let path = path(ITEM.path, subject.properties, Some(&before.physical_id));
        if difference.own.contains(&"EndpointConfiguration") {
            let old = Subject { properties: &before.properties, ..*subject };
            let (old, new) = (old.value("EndpointConfiguration")?, subject.value("EndpointConfiguration")?);
            difference.operations.extend(endpoint_operations(&old.unwrap_or_default(), &new.unwrap_or_default()));
        }
        let mut calls = Vec::new();
        if difference.own.iter().any(|name| *name != "EndpointConfiguration") {
            calls.extend(document_calls(subject, &path)?);
        }
        let tags = difference.tag_calls(subject.place, &path);
        calls.extend(Call::patch(path, difference.operations));
        calls.extend(tags);
        Ok(Some(calls))
    }

    fn delete(&self, entry: &Entry, others: &[&Entry]) -> Vec<Call> {
        ITEM.delete(entry, others)
    }
}

/// The name of an API that is given none: its document's title, or the logical id.
fn title(subject: &Subject<'_>) -> String {
    let body = subject.properties.get("Body");
    let title = body.and_then(|body| body.get("info")?.get("title")?.as_str());
    title.unwrap_or(subject.logical_id).to_owned()
}

/// Brings the document in, and then sets again what it is silent about and has reset.
fn document_calls(subject: &Subject<'_>, path: &str) -> Result<Vec<Call>, Fault> {
    let Some(body) = subject.value("Body")? else { return Ok(Vec::new()) };
    let mut query = vec![format!("mode={}", segment(&subject.text("Mode").unwrap_or("overwrite".to_owned())))];
    if subject.value("FailOnWarnings")? == Some(json!(true)) {
        query.push("failonwarnings=true".to_owned());
    }
    if let Some(Value::Object(parameters)) = subject.value("Parameters")? {
        let pair = |(name, value): (&String, &Value)| {
            format!("{}={}", segment(name), segment(value.as_str().unwrap_or_default()))
        };
        query.extend(parameters.iter().map(pair));
    }
    let mut calls = vec![Call::new(Verb::Put, format!("{path}?{}", query.join("&")), body)];
    let mut operations = Vec::new();
    for member in MEMBERS.iter().filter(|member| matches!(member.change, Change::Patches(_) | Change::PatchesItems(_)))
    {
        operations.extend(member.operations(None, subject.value(member.name)?.as_ref()));
    }
    if subject.text("Name").is_none() {
        operations.push(operation("replace", "/name".to_owned(), Some(title(subject))));
    }
    calls.extend(Call::patch(path.to_owned(), operations));
    Ok(calls)
}

fn endpoint_operations(before: &Value, after: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    let kind = |value: &Value| value["types"][0].as_str().unwrap_or("EDGE").to_owned();
    if kind(before) != kind(after) {
        let path = format!("/endpointConfiguration/types/{}", kind(before));
        operations.push(operation("replace", path, Some(kind(after))));
    }
    if before["ipAddressType"] != after["ipAddressType"]
        && let Some(address_type) = after["ipAddressType"].as_str()
    {
        let path = "/endpointConfiguration/ipAddressType".to_owned();
        operations.push(operation("replace", path, Some(address_type.to_owned())));
    }
    let ids = |value: &Value| value["vpcEndpointIds"].as_array().cloned().unwrap_or_default();
    let one = |op: &str, id: &Value| {
        operation(op, "/endpointConfiguration/vpcEndpointIds".to_owned(), crate::scope::text(id))
    };
    let (old, new) = (ids(before), ids(after));
    operations.extend(old.iter().filter(|id| !new.contains(id)).map(|id| one("remove", id)));
    operations.extend(new.iter().filter(|id| !old.contains(id)).map(|id| one("add", id)));
    operations
}
