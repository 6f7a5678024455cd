//! AWS::ApiGateway::Deployment. One with a stage name makes the stage, or turns it to itself; the stage is then nobody
//! else's, and goes with the last deployment that names it.

use serde_json::{Value, json};

use crate::call::{Call, operation, path, segment};
use crate::document::Members;
use crate::kind::{Item, Kind, Noun, Source, Subject};
use crate::kinds::stage_settings::{ACCESS_LOG, CANARY, METHOD_SETTING, access_log_operations, method_operations};
use crate::member::{self, Change, Member, Shape, TAGS, idle, member};
use crate::mistake::Fault;
use crate::scope::text;
use crate::stack::Entry;

/// Settings for all methods stand beside those for some.
const STAGE: &[Member] = &[
    member("AccessLogSetting", Shape::Object(ACCESS_LOG)),
    member("CacheClusterEnabled", Shape::Flag),
    member("CacheClusterSize", Shape::Text),
    member("CacheDataEncrypted", Shape::Flag),
    member("CacheTtlInSeconds", Shape::Integer),
    member("CachingEnabled", Shape::Flag),
    member("CanarySetting", Shape::Object(CANARY)),
    member("ClientCertificateId", Shape::Text),
    member("DataTraceEnabled", Shape::Flag),
    member("Description", Shape::Text),
    member("DocumentationVersion", Shape::Text),
    member("LoggingLevel", Shape::Text),
    member("MethodSettings", Shape::Objects(METHOD_SETTING)),
    member("MetricsEnabled", Shape::Flag),
    TAGS,
    member("ThrottlingBurstLimit", Shape::Integer),
    member("ThrottlingRateLimit", Shape::Number),
    member("TracingEnabled", Shape::Flag),
    member("Variables", Shape::TextMap),
];

const MEMBERS: &[Member] = &[
    member("DeploymentCanarySettings", Shape::Object(CANARY)).wire("canarySettings"),
    member("Description", Shape::Text).patched("/description"),
    idle("Id"),
    member("RestApiId", Shape::Text).required().apart(),
    member("StageDescription", Shape::Object(STAGE)).apart().changing(Change::Replaces),
    member("StageName", Shape::Text),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::ApiGateway::Deployment",
    members: MEMBERS,
    attributes: &[("DeploymentId", Source::Id)],
    noun: &Deployment,
};

const ITEM: Item = Item {
    collection: "/restapis/{RestApiId}/deployments",
    path: "/restapis/{RestApiId}/deployments/{}",
    id: "id",
    identity: &[],
    finish: with_stage,
};

struct Deployment;

impl Noun for Deployment {
    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut calls = ITEM.create(subject)?;
        if let (Some(described), Some(_)) = (subject.value("StageDescription")?, subject.text("StageName")) {
            let path = path("/restapis/{RestApiId}/stages/{StageName}", subject.properties, None);
            calls.extend(Call::patch(path, stage_operations(&described)));
        }
        Ok(calls)
    }

    fn id(&self, subject: &Subject<'_>, answer: &Value) -> String {
        ITEM.id(subject, answer)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        ITEM.update(subject, before)
    }

    /// A stage that serves it is turned to another deployment that names it; where there is none, it goes.
    fn delete(&self, entry: &Entry, others: &[&Entry]) -> Vec<Call> {
        let item = ITEM.delete(entry, others);
        let (Some(api), Some(stage)) = (entry.text("RestApiId"), entry.text("StageName")) else { return item };
        let of_stage = |other: &&&Entry| {
            other.text("RestApiId").as_ref() == Some(&api) && other.text("StageName").as_ref() == Some(&stage)
        };
        let path = format!("/restapis/{}/stages/{}", segment(&api), segment(&stage));
        let mut same = others.iter().filter(of_stage);
        if same.clone().any(|other| other.kind == super::stage::KIND.name) {
            return item;
        }
        let successor = same.rfind(|other| other.kind == KIND.name);
        let first = successor.map_or_else(|| Some(Call::delete(path.clone())), |other| turn(&path, entry, other));
        first.into_iter().chain(item).collect()
    }
}

/// Turns a stage from one deployment to another, with the settings that this one describes.
fn turn(path: &str, from: &Entry, to: &Entry) -> Option<Call> {
    let described = |entry: &Entry| {
        let values = member::values(KIND.name, MEMBERS, &entry.properties);
        values.ok().and_then(|mut values| values.remove("StageDescription")).unwrap_or_else(|| json!({}))
    };
    let (old, new) = (described(from), described(to));
    let mut operations = vec![operation("replace", "/deploymentId".to_owned(), Some(to.physical_id.clone()))];
    for (name, unset) in [("description", ""), ("cacheClusterEnabled", "false"), ("tracingEnabled", "false")] {
        if old.get(name) != new.get(name) {
            let value = new.get(name).and_then(text).unwrap_or_else(|| unset.to_owned());
            operations.push(operation("replace", format!("/{name}"), Some(value)));
        }
    }
    let variables = member("Variables", Shape::TextMap).changing(Change::PatchesEach("/variables/"));
    operations.extend(variables.operations(old.get("variables"), new.get("variables")));
    operations.extend(stage_operations(&new));
    Call::patch(path.to_owned(), operations).map(Call::leniently)
}

/// What CreateDeployment takes of the stage.
fn with_stage(subject: &Subject<'_>, body: &mut Members) {
    let described = subject.value("StageDescription").ok().flatten().unwrap_or_default();
    for (name, sent) in [
        ("description", "stageDescription"),
        ("cacheClusterEnabled", "cacheClusterEnabled"),
        ("cacheClusterSize", "cacheClusterSize"),
        ("tracingEnabled", "tracingEnabled"),
        ("variables", "variables"),
    ] {
        if let Some(value) = described.get(name) {
            body.insert(sent.to_owned(), value.clone());
        }
    }
}

/// What it does not take is set afterwards.
fn stage_operations(described: &Value) -> Vec<Value> {
    let mut settings = described["methodSettings"].as_array().cloned().unwrap_or_default();
    let mut everywhere = described.clone();
    everywhere["resourcePath"] = json!("/*");
    everywhere["httpMethod"] = json!("*");
    settings.insert(0, everywhere);
    let told = |name: &str, path: &str| {
        let value = described.get(name)?.as_str()?.to_owned();
        Some(operation("replace", path.to_owned(), Some(value)))
    };
    let single = [("clientCertificateId", "/clientCertificateId"), ("documentationVersion", "/documentationVersion")];
    let mut operations = access_log_operations(None, described.get("accessLogSetting"));
    operations.extend(method_operations(None, Some(&Value::Array(settings))));
    operations.extend(single.iter().filter_map(|(name, path)| told(name, path)));
    operations
}
