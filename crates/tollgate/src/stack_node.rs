//! A running node, as a deployment sees it: it answers requests, and keeps the record of the stack.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tollgate_deploy::{Archive, Call, Did, Found, FoundApi, Node, Progress, Refusal, Service, Stack, Status, Verb};

use crate::account::{Reader, segment, text};
use crate::cli::tell;
use crate::deploy_files::TemplateFiles;
use crate::management_client::{ManagementClient, refusal};

const ROOT: &str = "/tollgate/v1/stacks";

/// A node, and one stack of it.
pub(crate) struct StackNode {
    client: ManagementClient,
    name: String,
    kept: Stack,
    /// That of the record, zero when there is none.
    revision: Mutex<u64>,
    /// Whether there was no record when this began.
    new: bool,
    pub(crate) files: TemplateFiles,
}

impl StackNode {
    /// Reads the record of a stack, if it has one.
    pub(crate) async fn open(client: ManagementClient, name: &str, files: TemplateFiles) -> anyhow::Result<Self> {
        check_name(name)?;
        let (kept, revision) = read(&client, name).await?.unwrap_or_default();
        let new = revision == 0;
        Ok(Self { client, name: name.to_owned(), kept, revision: Mutex::new(revision), new, files })
    }

    /// The stack as it was kept.
    pub(crate) fn stack(&self) -> Stack {
        self.kept.clone()
    }

    /// Whether there was no such stack when this began.
    pub(crate) fn is_new(&self) -> bool {
        self.new
    }

    /// Whether a deployment is under way, or was cut off.
    pub(crate) fn is_in_progress(&self) -> bool {
        self.revision() > 0 && self.kept.status == Status::InProgress
    }

    /// Fails when there is no such stack.
    pub(crate) fn check_exists(&self) -> anyhow::Result<()> {
        if self.revision() == 0 {
            bail!("there is no stack {}", self.name);
        }
        Ok(())
    }

    /// What all other stacks export.
    pub(crate) async fn exports(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut exports = BTreeMap::new();
        for name in names(&self.client).await?.iter().filter(|name| **name != self.name) {
            let stack = read(&self.client, name).await?.unwrap_or_default().0;
            exports.extend(stack.exports().map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        Ok(exports)
    }

    /// What is on the node and in no other stack.
    pub(crate) async fn found(&self) -> anyhow::Result<Found> {
        let mut found = found_on(&self.client).await?;
        for name in names(&self.client).await?.iter().filter(|name| **name != self.name) {
            found.leave_out(&read(&self.client, name).await?.unwrap_or_default().0);
        }
        Ok(found)
    }

    /// Deletes the record.
    pub(crate) async fn forget(&self) -> anyhow::Result<()> {
        let path = format!("{ROOT}/{}?revision={}", self.name, self.revision());
        self.client.send("apigateway", Method::DELETE, &path, Bytes::new()).await?;
        Ok(())
    }

    fn revision(&self) -> u64 {
        *self.revision.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, call: &Call) -> Bytes {
        let Some(mut body) = call.body.clone() else { return Bytes::new() };
        if let Some(archive) = &call.archive {
            let code = self.code(archive);
            match archive.under {
                "" => body = code,
                member => body[member] = code,
            }
        }
        body.to_string().into()
    }

    /// Code as Lambda's API takes it: the archive, or its digest when the node has it from a deployment before.
    fn code(&self, archive: &Archive) -> Value {
        match self.files.encoded(&archive.sha256) {
            Some(zip) => json!({ "ZipFile": zip }),
            None => json!({ "ArchiveSha256": archive.sha256, "ArchiveSize": archive.size }),
        }
    }
}

impl Node for StackNode {
    async fn send(&self, call: &Call) -> Result<Value, Refusal> {
        let service = match call.service {
            Service::ApiGateway => "apigateway",
            Service::Lambda => "lambda",
        };
        let method = match call.verb {
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let unheard = |error: anyhow::Error| Refusal { status: 0, message: format!("{error:#}") };
        let response = self.client.ask(service, method, &call.path, self.body(call)).await.map_err(unheard)?;
        if !response.status().is_success() {
            return Err(Refusal { status: response.status().as_u16(), message: refusal(&response) });
        }
        Ok(serde_json::from_slice(response.body()).unwrap_or_default())
    }

    async fn save(&self, stack: &Stack) -> Result<(), Refusal> {
        let body = json!({ "revision": self.revision(), "record": stack }).to_string();
        let path = format!("{ROOT}/{}", self.name);
        let answer = self.client.ask("apigateway", Method::PUT, &path, body.into()).await;
        let answer = answer.map_err(|error| Refusal { status: 0, message: format!("{error:#}") })?;
        if !answer.status().is_success() {
            return Err(Refusal { status: answer.status().as_u16(), message: refusal(&answer) });
        }
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        *self.revision.lock().unwrap_or_else(PoisonError::into_inner) = body["revision"].as_u64().unwrap_or_default();
        Ok(())
    }

    fn tell(&self, progress: &Progress<'_>) {
        let did = match progress.did {
            Did::Made => "made",
            Did::Replaced => "made anew",
            Did::Changed => "changed",
            Did::Adopted => "taken over",
            Did::Kept => return,
            Did::Removed => "removed",
            Did::Retained => "let go of",
            Did::TakenBack => "taken back",
        };
        let Progress { done, of, logical_id, kind, physical_id, .. } = progress;
        tell(&format!("[{done}/{of}] {did}: {logical_id} ({kind}) {physical_id}"));
    }
}

/// APIs, plans and keys of a node.
async fn found_on(client: &ManagementClient) -> anyhow::Result<Found> {
    let keys = client.items("/apikeys?includeValues=true").await?;
    let (mut apis, mut plans) = (Vec::new(), Vec::new());
    for plan in client.items("/usageplans").await? {
        let id = segment(text(&plan, "id"));
        let mut plan = client.read(&format!("/usageplans/{id}")).await?;
        let members = client.items(&format!("/usageplans/{id}/keys")).await?;
        plan["keyIds"] = members.iter().map(|key| json!({ "id": key["id"] })).collect();
        plans.push(plan);
    }
    for api in client.items("/restapis").await? {
        let id = segment(text(&api, "id"));
        let list = async |part: &str| client.items(&format!("/restapis/{id}/{part}")).await;
        apis.push(FoundApi {
            resources: list("resources?embed=methods").await?,
            stages: list("stages").await?,
            authorizers: list("authorizers").await?,
            models: list("models").await?,
            validators: list("requestvalidators").await?,
            gateway_responses: list("gatewayresponses").await?,
            api,
        });
    }
    Ok(Found::of(apis, plans, keys))
}

/// A name is part of a path: one that the node would not take is never sent.
fn check_name(name: &str) -> anyhow::Result<()> {
    let good = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let rule = "has up to 128 letters, digits and hyphens, and begins with a letter";
    if good { Ok(()) } else { bail!("the name of a stack {rule}, so that it cannot be {name:?}. Nothing was changed") }
}

/// The names of all stacks.
pub(crate) async fn names(client: &ManagementClient) -> anyhow::Result<Vec<String>> {
    let answer = client.send("apigateway", Method::GET, ROOT, Bytes::new()).await?;
    let answer: Value = serde_json::from_slice(answer.body())?;
    let stacks = answer["stacks"].as_array().context("the node's list of stacks does not read")?;
    Ok(stacks.iter().filter_map(|stack| stack["name"].as_str().map(str::to_owned)).collect())
}

/// The record of a stack and its revision.
async fn read(client: &ManagementClient, name: &str) -> anyhow::Result<Option<(Stack, u64)>> {
    let answer = client.ask("apigateway", Method::GET, &format!("{ROOT}/{name}"), Bytes::new()).await?;
    if answer.status() == http::StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !answer.status().is_success() {
        bail!("{}", refusal(&answer));
    }
    let mut answer: Value = serde_json::from_slice(answer.body())?;
    let stack = serde_json::from_value(answer["record"].take());
    let stack = stack.with_context(|| format!("the record of the stack {name} does not read"))?;
    Ok(Some((stack, answer["revision"].as_u64().unwrap_or_default())))
}
