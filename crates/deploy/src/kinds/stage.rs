//! AWS::ApiGateway::Stage.

use serde_json::Value;

use crate::call::{Call, path};
use crate::kind::{Item, Kind, Noun, Subject, as_it_is};
use crate::kinds::stage_settings::{
    ACCESS_LOG, CANARY, METHOD_SETTING, access_log_operations, canary_operations, method_operations,
};
use crate::member::{Change, Member, Shape, TAGS, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const MEMBERS: &[Member] = &[
    member("AccessLogSetting", Shape::Object(ACCESS_LOG)).apart().changing(Change::Own),
    member("CacheClusterEnabled", Shape::Flag).patched("/cacheClusterEnabled"),
    member("CacheClusterSize", Shape::Text).patched("/cacheClusterSize"),
    member("CanarySetting", Shape::Object(CANARY)).wire("canarySettings").changing(Change::Own),
    member("ClientCertificateId", Shape::Text).apart().patched("/clientCertificateId"),
    member("DeploymentId", Shape::Text).patched("/deploymentId"),
    member("Description", Shape::Text).patched("/description"),
    member("DocumentationVersion", Shape::Text).patched("/documentationVersion"),
    member("MethodSettings", Shape::Objects(METHOD_SETTING)).apart().changing(Change::Own),
    member("RestApiId", Shape::Text).required().apart(),
    member("StageName", Shape::Text),
    TAGS,
    member("TracingEnabled", Shape::Flag).patched("/tracingEnabled"),
    member("Variables", Shape::TextMap).changing(Change::PatchesEach("/variables/")),
];

pub(crate) static KIND: Kind = Kind { name: "AWS::ApiGateway::Stage", members: MEMBERS, attributes: &[], noun: &Stage };

const ITEM: Item = Item {
    collection: "/restapis/{RestApiId}/stages",
    path: "/restapis/{RestApiId}/stages/{}",
    id: "stageName",
    identity: &["RestApiId", "StageName"],
    finish: as_it_is,
};

struct Stage;

impl Noun for Stage {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        ITEM.identity(subject)
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut calls = ITEM.create(subject)?;
        let mut operations = settings(subject, None)?;
        let certificate = MEMBERS.iter().find(|member| member.name == "ClientCertificateId");
        let wanted = subject.value("ClientCertificateId")?;
        operations.extend(certificate.into_iter().flat_map(|member| member.operations(None, wanted.as_ref())));
        calls.extend(Call::patch(path(ITEM.path, subject.properties, None), operations));
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
        if !difference.own.is_empty() {
            difference.operations.extend(settings(subject, Some(before))?);
        }
        let path = path(ITEM.path, subject.properties, Some(&before.physical_id));
        let tags = difference.tag_calls(subject.place, &path);
        Ok(Some(Call::patch(path, difference.operations).into_iter().chain(tags).collect()))
    }

    fn delete(&self, entry: &Entry, others: &[&Entry]) -> Vec<Call> {
        ITEM.delete(entry, others)
    }
}

/// Settings that CreateStage does not take; the canary only where there was a stage before.
fn settings(subject: &Subject<'_>, before: Option<&Entry>) -> Result<Vec<Value>, Fault> {
    let old = |name: &str| match before {
        Some(before) => Subject { properties: &before.properties, ..*subject }.value(name),
        None => Ok(None),
    };
    let log = access_log_operations(old("AccessLogSetting")?.as_ref(), subject.value("AccessLogSetting")?.as_ref());
    let methods = method_operations(old("MethodSettings")?.as_ref(), subject.value("MethodSettings")?.as_ref());
    let canary = match before {
        Some(_) => canary_operations(old("CanarySetting")?.as_ref(), subject.value("CanarySetting")?.as_ref()),
        None => Vec::new(),
    };
    Ok(log.into_iter().chain(methods).chain(canary).collect())
}
