//! All of an account that can move: its APIs, plans, keys, and what keys used in the period that runs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tollgate_domain::Day;

use super::reader::{Reader, Unread, segment, text};
use super::{resources_document, usage};

/// Requests about single keys and plans that wait at once.
const AT_ONCE: usize = 8;

/// What of an account is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// APIs with their stages and documents.
    pub(crate) apis: bool,
    /// Tags of keys, which take a request each.
    pub(crate) key_tags: bool,
    /// Values of keys, which are secrets.
    pub(crate) key_values: bool,
    /// What was used, until this day; `None` leaves it out.
    pub(crate) usage: Option<Day>,
}

/// What an account has, in AWS's own words.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) apis: Vec<ApiInventory>,
    /// Plans, each as GetUsagePlan shows it.
    pub(crate) plans: Vec<Value>,
    /// Keys by pages, each as GetApiKeys shows it, with `usagePlanIds`.
    pub(crate) key_pages: Vec<Vec<Value>>,
    /// What was used, by plan and key.
    pub(crate) usage: BTreeMap<String, BTreeMap<String, Value>>,
    /// What is not moved, and why.
    pub(crate) notes: Vec<String>,
}

/// An API with what it serves.
#[derive(Debug)]
pub(crate) struct ApiInventory {
    pub(crate) api: Value,
    /// The deployments that stages serve, the oldest first, each with its document.
    pub(crate) deployments: Vec<Value>,
    pub(crate) stages: Vec<Value>,
    /// The API as it stands, where it has no stage.
    pub(crate) document: Option<Value>,
}

impl Inventory {
    /// Reads an account. `tell` hears how far it is. What cannot be had is noted, unless nothing can do without it.
    pub(crate) async fn read(reader: &impl Reader, scope: Scope, tell: impl Fn(String)) -> Result<Self, Unread> {
        let mut inventory = Self::default();
        let apis = if scope.apis { reader.items("/restapis").await? } else { Vec::new() };
        for (done, api) in apis.iter().enumerate() {
            tell(format!("reading API {} of {}: {}", done + 1, apis.len(), named(api)));
            inventory.read_api(reader, api).await?;
        }
        let members = inventory.read_plans(reader, &tell).await?;
        inventory.read_keys(reader, scope, &members, &tell).await?;
        if let Some(today) = scope.usage {
            inventory.read_usage(reader, today, &tell).await;
        }
        if scope.apis {
            inventory.note_domain_names(reader).await;
        }
        Ok(inventory)
    }

    /// How many keys there are.
    pub(crate) fn key_count(&self) -> usize {
        self.key_pages.iter().map(Vec::len).sum()
    }

    async fn read_api(&mut self, reader: &impl Reader, api: &Value) -> Result<(), Unread> {
        let id = segment(text(api, "id"));
        let mut stages = reader.items(&format!("/restapis/{id}/stages")).await?;
        let told = reader.items(&format!("/restapis/{id}/deployments")).await?;
        for stage in &mut stages {
            self.trim_stage(api, stage);
        }
        let mut served: BTreeMap<&str, &Value> = BTreeMap::new();
        for stage in &stages {
            served.entry(text(stage, "deploymentId")).or_insert(stage);
        }
        let mut deployments = Vec::new();
        for (deployment, stage) in served {
            let known = told.iter().find(|known| text(known, "id") == deployment);
            let document = self.export(reader, api, stage).await?;
            let told = |member: &str| known.map(|known| known[member].clone()).unwrap_or_default();
            let (description, created) = (told("description"), told("createdDate"));
            let made = if created.is_number() { created } else { stage["createdDate"].clone() };
            deployments.push(json!({
                "id": deployment, "description": description, "createdDate": made, "document": document,
            }));
        }
        let date = |deployment: &Value| deployment["createdDate"].as_f64().unwrap_or_default();
        deployments.sort_by(|a, b| date(a).total_cmp(&date(b)));
        let document = if stages.is_empty() { resources_document::read(reader, api).await? } else { None };
        let functions = functions_called(deployments.iter().map(|one| &one["document"]).chain(&document));
        if !functions.is_empty() {
            let functions = functions.into_iter().collect::<Vec<_>>().join(", ");
            self.notes.push(format!("API {} calls functions, which do not come along: {functions}", named(api)));
        }
        self.apis.push(ApiInventory { api: api.clone(), deployments, stages, document });
        Ok(())
    }

    /// The document of what a stage serves; where it cannot be exported, of the API as it stands.
    async fn export(&mut self, reader: &impl Reader, api: &Value, stage: &Value) -> Result<Value, Unread> {
        let (id, name) = (segment(text(api, "id")), text(stage, "stageName"));
        let path = format!("/restapis/{id}/stages/{}/exports/oas30?extensions=apigateway", segment(name));
        match reader.read(&path).await {
            Ok(document) if has_integrations(&document) => Ok(document),
            Err(unread) if unread.status == 0 => Err(unread),
            answer => {
                let why =
                    answer.err().map_or_else(|| "the document has no integrations".to_owned(), |unread| unread.message);
                self.notes.push(format!(
                    "API {}: the stage {name} cannot be exported; it is taken as the API stands now, by its resources \
                     ({why})",
                    named(api)
                ));
                Ok(resources_document::read(reader, api).await?.unwrap_or_default())
            }
        }
    }

    /// Takes out of a stage what does not come along.
    fn trim_stage(&mut self, api: &Value, stage: &mut Value) {
        let name = text(stage, "stageName").to_owned();
        let Value::Object(members) = stage else { return };
        let parts = [
            ("canarySettings", "its canary"),
            ("clientCertificateId", "its client certificate"),
            ("webAclArn", "its web ACL"),
        ];
        for (member, what) in parts {
            if members.remove(member).is_some_and(|value| !value.is_null()) {
                self.notes.push(format!("API {}: the stage {name} comes without {what}", named(api)));
            }
        }
    }

    /// Reads plans, and returns the plans of each key.
    async fn read_plans(
        &mut self,
        reader: &impl Reader,
        tell: impl Fn(String),
    ) -> Result<BTreeMap<String, Vec<String>>, Unread> {
        let listed = reader.items("/usageplans").await?;
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (done, plan) in listed.iter().enumerate() {
            tell(format!("reading usage plan {} of {}: {}", done + 1, listed.len(), named(plan)));
            let id = text(plan, "id").to_owned();
            let mut whole = reader.read(&format!("/usageplans/{}", segment(&id))).await?;
            if whole["id"].is_null() {
                whole = plan.clone();
            }
            self.plans.push(whole);
            reader
                .pages(&format!("/usageplans/{}/keys", segment(&id)), |page| {
                    for key in page {
                        members.entry(text(&key, "id").to_owned()).or_default().push(id.clone());
                    }
                })
                .await?;
        }
        Ok(members)
    }

    async fn read_keys(
        &mut self,
        reader: &impl Reader,
        scope: Scope,
        members: &BTreeMap<String, Vec<String>>,
        tell: impl Fn(String),
    ) -> Result<(), Unread> {
        let path = if scope.key_values { "/apikeys?includeValues=true" } else { "/apikeys" };
        let mut count = 0;
        reader
            .pages(path, |page| {
                count += page.len();
                tell(format!("read {count} keys"));
                // Some endpoints know no pages.
                self.key_pages.extend(page.chunks(500).map(<[Value]>::to_vec));
            })
            .await?;
        let (mut done, total) = (0, self.key_count());
        for page in &mut self.key_pages {
            let whole = page.iter().map(|key| whole_key(reader, key.clone(), scope));
            *page = stream::iter(whole)
                .buffered(AT_ONCE)
                .collect::<Vec<_>>()
                .await
                .into_iter()
                .collect::<Result<_, _>>()?;
            done += page.len();
            if scope.key_tags {
                tell(format!("read the tags of {done} of {total} keys"));
            }
            for key in page {
                key["usagePlanIds"] = members.get(text(key, "id")).cloned().unwrap_or_default().into();
            }
        }
        // Lists are newest first; made in the order of their creation, keys are listed here as they are there.
        self.key_pages.reverse();
        self.key_pages.iter_mut().for_each(|page| page.reverse());
        Ok(())
    }

    async fn read_usage(&mut self, reader: &impl Reader, today: Day, tell: impl Fn(String)) {
        let known: BTreeSet<String> = self.key_pages.iter().flatten().map(|key| text(key, "id").to_owned()).collect();
        for (done, plan) in self.plans.iter().enumerate() {
            tell(format!("reading the usage of plan {} of {}", done + 1, self.plans.len()));
            match usage::read(reader, plan, &known, today).await {
                Ok(keys) => {
                    self.usage.insert(text(plan, "id").to_owned(), keys);
                }
                Err(unread) => self.notes.push(format!(
                    "plan {}: what its keys used cannot be had, so that they begin with their whole quota ({unread})",
                    named(plan)
                )),
            }
        }
    }

    async fn note_domain_names(&mut self, reader: &impl Reader) {
        // Not every endpoint has them.
        let names = reader.items("/domainnames").await.unwrap_or_default();
        for name in &names {
            let name = text(name, "domainName");
            self.notes.push(format!("the domain name {name} does not come along: its certificate is not to be had"));
        }
    }
}

/// A key with what lists leave out.
async fn whole_key(reader: &impl Reader, mut key: Value, scope: Scope) -> Result<Value, Unread> {
    let lacks_value = scope.key_values && key["value"].is_null();
    if lacks_value || (scope.key_tags && key["tags"].is_null()) {
        let id = segment(text(&key, "id"));
        let value = if scope.key_values { "?includeValue=true" } else { "" };
        let whole = reader.read(&format!("/apikeys/{id}{value}")).await?;
        for member in ["value", "tags"] {
            if key[member].is_null() {
                key[member] = whole[member].clone();
            }
        }
    }
    Ok(key)
}

/// A thing by its name and id.
pub(crate) fn named(item: &Value) -> String {
    match item["name"].as_str().filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} ({})", text(item, "id")),
        None => text(item, "id").to_owned(),
    }
}

/// Whether a document says what answers calls: some endpoints leave it out.
fn has_integrations(document: &Value) -> bool {
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let mut operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
    operations.any(|operation| operation.get("x-amazon-apigateway-integration").is_some())
}

/// The names of functions that documents refer to by ARN.
fn functions_called<'a>(documents: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    documents.for_each(|document| find_functions(document, &mut names));
    names
}

fn find_functions(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| find_functions(value, names)),
        Value::Array(items) => items.iter().for_each(|value| find_functions(value, names)),
        Value::String(text) => {
            let named = text.split(":function:").skip(1).filter_map(|rest| rest.split(['/', ':']).next());
            names.extend(named.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
