//! What is on a node already and no stack has: a deployment may take it over where its template describes the same
//! thing. The same thing is what has the same value, name or path.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::Members;
use crate::kind::{Kind, Subject};
use crate::member;
use crate::mistake::Fault;
use crate::scope::text;
use crate::stack::{Entry, Stack};

/// What is on a node, as its management API shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// APIs.
    apis: Vec<FoundApi>,
    /// Usage plans, each with `keyIds`, a list of objects with an `id`.
    plans: Vec<Value>,
    /// Keys with their values.
    keys: Vec<Value>,
    /// What stacks have, by type, API and id.
    taken: BTreeSet<(String, String, String)>,
}

/// An API and its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundApi {
    /// Its settings.
    pub api: Value,
    /// Its resources with their methods.
    pub resources: Vec<Value>,
    /// Its stages.
    pub stages: Vec<Value>,
    /// Its authorizers.
    pub authorizers: Vec<Value>,
    /// Its models.
    pub models: Vec<Value>,
    /// Its request validators.
    pub validators: Vec<Value>,
    /// Its gateway responses.
    pub gateway_responses: Vec<Value>,
}

impl Found {
    /// What there is on a node.
    pub fn of(apis: Vec<FoundApi>, plans: Vec<Value>, keys: Vec<Value>) -> Self {
        Self { apis, plans, keys, taken: BTreeSet::new() }
    }

    /// Leaves out what a stack has.
    pub fn leave_out(&mut self, stack: &Stack) {
        self.taken.extend(stack.resources.values().chain(&stack.leftovers).map(name_of));
    }

    /// The record of the thing that a template describes, as it is on the node: of its properties, those that the
    /// template has too, so that the others stay as they are. Fails where there are several.
    pub(crate) fn entry(&self, subject: &Subject<'_>, claimed: &[Entry]) -> Result<Option<Entry>, Fault> {
        let mut candidates = self.candidates(subject).into_iter().map(|wire| entry(subject, wire));
        let free = |entry: &Entry| {
            let name = name_of(entry);
            !self.taken.contains(&name) && !claimed.iter().any(|other| name_of(other) == name)
        };
        let Some(first) = candidates.find(free) else { return Ok(None) };
        match candidates.find(free) {
            Some(second) => Err(Fault::Several { one: first.physical_id, other: second.physical_id }),
            None => Ok(Some(first)),
        }
    }

    /// What is the same thing as the one described, in the words of AWS's answers.
    fn candidates(&self, subject: &Subject<'_>) -> Vec<&Value> {
        let told = |name: &str| subject.text(name).filter(|text| !text.is_empty());
        let with = |items: &'_ [Value], member: &str, wanted: Option<String>| -> Vec<usize> {
            let same = |item: &Value| wanted.is_some() && item[member].as_str() == wanted.as_deref();
            items.iter().enumerate().filter(|(_, item)| same(item)).map(|(index, _)| index).collect()
        };
        let pick = |items: &'_ [Value], member: &str, wanted| with(items, member, wanted);
        let api = told("RestApiId").and_then(|id| self.apis.iter().find(|found| found.api["id"] == id.as_str()));
        let of_api = |items: fn(&FoundApi) -> &Vec<Value>, member: &str, wanted: Option<String>| match api {
            Some(api) => {
                let items = items(api);
                pick(items, member, wanted).into_iter().map(|index| &items[index]).collect()
            }
            None => Vec::new(),
        };
        match subject.kind.name {
            "AWS::ApiGateway::RestApi" => {
                let title = || subject.properties.get("Body")?.get("info")?.get("title").and_then(text);
                let name = told("Name").or_else(title);
                let same =
                    self.apis.iter().filter(|found| name.is_some() && found.api["name"].as_str() == name.as_deref());
                same.map(|found| &found.api).collect()
            }
            "AWS::ApiGateway::ApiKey" => match told("Value") {
                value @ Some(_) => pick(&self.keys, "value", value),
                None => pick(&self.keys, "name", told("Name")),
            }
            .into_iter()
            .map(|index| &self.keys[index])
            .collect(),
            "AWS::ApiGateway::UsagePlan" => {
                pick(&self.plans, "name", told("UsagePlanName")).into_iter().map(|index| &self.plans[index]).collect()
            }
            "AWS::ApiGateway::UsagePlanKey" => {
                let plan = told("UsagePlanId");
                let plan = self.plans.iter().find(|found| found["id"].as_str() == plan.as_deref());
                let keys = plan.and_then(|plan| plan["keyIds"].as_array()).into_iter().flatten();
                let key = told("KeyId");
                keys.filter(|told| key.is_some() && told["id"].as_str() == key.as_deref()).collect()
            }
            "AWS::ApiGateway::Resource" => {
                let children = of_api(|api| &api.resources, "parentId", told("ParentId"));
                let part = told("PathPart");
                children.into_iter().filter(|child| child["pathPart"].as_str() == part.as_deref()).collect()
            }
            "AWS::ApiGateway::Method" => {
                let resource = of_api(|api| &api.resources, "id", told("ResourceId"));
                let verb = told("HttpMethod").unwrap_or_default();
                resource.into_iter().filter_map(|resource| resource["resourceMethods"].get(&verb)).collect()
            }
            "AWS::ApiGateway::Stage" => of_api(|api| &api.stages, "stageName", told("StageName")),
            "AWS::ApiGateway::Authorizer" => of_api(|api| &api.authorizers, "name", told("Name")),
            "AWS::ApiGateway::Model" => of_api(|api| &api.models, "name", told("Name")),
            "AWS::ApiGateway::RequestValidator" => of_api(|api| &api.validators, "name", told("Name")),
            "AWS::ApiGateway::GatewayResponse" => {
                let own = of_api(|api| &api.gateway_responses, "responseType", told("ResponseType"));
                own.into_iter().filter(|response| response["defaultResponse"] != true).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What tells an entry from all others on the node.
fn name_of(entry: &Entry) -> (String, String, String) {
    (entry.kind.clone(), entry.text("RestApiId").unwrap_or_default(), entry.physical_id.clone())
}

fn entry(subject: &Subject<'_>, wire: &Value) -> Entry {
    let id = subject.kind.noun.id(subject, wire);
    Entry {
        logical_id: subject.logical_id.to_owned(),
        kind: subject.kind.name.to_owned(),
        physical_id: id.clone(),
        attributes: subject.kind.attributes(subject.place, &id, wire),
        properties: properties(subject.kind, subject.properties, wire),
        retained: false,
        order: 0,
    }
}

/// What a template has, as it is on the node. What tells the thing apart is the same.
fn properties(kind: &Kind, wanted: &Members, wire: &Value) -> Members {
    let told = member::properties(kind.members, &as_described(kind.name, wire));
    let fixed = |name: &str| {
        matches!(name, "RestApiId" | "ParentId" | "ResourceId" | "HttpMethod" | "UsagePlanId" | "KeyId" | "KeyType")
    };
    let kept = wanted.iter().filter_map(|(name, wanted)| match told.get(name) {
        _ if fixed(name) => Some((name.clone(), wanted.clone())),
        Some(told) => Some((name.clone(), shared(told, wanted))),
        None => None,
    });
    kept.collect()
}

/// Of an object, the members that the wanted one has, too: what it does not name is not compared.
fn shared(told: &Value, wanted: &Value) -> Value {
    match (told, wanted) {
        (Value::Object(told), Value::Object(wanted)) => {
            let both = wanted.iter().filter_map(|(name, wanted)| Some((name.clone(), shared(told.get(name)?, wanted))));
            both.collect::<Map<_, _>>().into()
        }
        (Value::Array(told), Value::Array(wanted)) if told.len() == wanted.len() => {
            told.iter().zip(wanted).map(|(told, wanted)| shared(told, wanted)).collect()
        }
        _ => told.clone(),
    }
}

/// What AWS shows under another name, or in another form, than a template has it.
fn as_described(kind: &str, wire: &Value) -> Value {
    let mut described = wire.clone();
    match kind {
        "AWS::ApiGateway::Stage" => {
            described["accessLogSetting"] = wire["accessLogSettings"].clone();
            described["methodSettings"] = method_settings(&wire["methodSettings"]);
        }
        "AWS::ApiGateway::Method" => {
            let mut integration = wire["methodIntegration"].clone();
            if integration.is_object() {
                integration["integrationResponses"] = list(&integration["integrationResponses"]);
            }
            described["integration"] = integration;
            described["methodResponses"] = list(&wire["methodResponses"]);
        }
        "AWS::ApiGateway::RestApi" => {
            // Shown escaped once more than it is taken.
            let policy = wire["policy"].as_str().unwrap_or_default();
            let plain: Option<String> = serde_json::from_str(&format!("\"{policy}\"")).ok();
            described["policy"] = plain.and_then(|plain| serde_json::from_str(&plain).ok()).unwrap_or_default();
        }
        "AWS::ApiGateway::Model" => {
            described["schema"] = serde_json::from_str(wire["schema"].as_str().unwrap_or_default()).unwrap_or_default();
        }
        "AWS::ApiGateway::ApiKey" => {
            let keys = wire["stageKeys"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let keys = keys.filter_map(|pair| pair.split_once('/'));
            described["stageKeys"] = keys.map(|(api, stage)| json!({ "restApiId": api, "stageName": stage })).collect();
        }
        _ => {}
    }
    described
}

/// The values of a mapping.
fn list(mapping: &Value) -> Value {
    mapping.as_object().into_iter().flatten().map(|(_, value)| value.clone()).collect()
}

/// Settings by `{path}/{verb}`, as a list in which each says which method it is for.
fn method_settings(told: &Value) -> Value {
    let one = |(key, setting): (&String, &Value)| {
        let (path, verb) = key.rsplit_once('/')?;
        let path =
            if path == "*" { "/*".to_owned() } else { format!("/{}", path.replace("~1", "/").trim_start_matches('/')) };
        let mut setting = setting.clone();
        setting["resourcePath"] = path.into();
        setting["httpMethod"] = verb.into();
        Some(setting)
    };
    told.as_object().into_iter().flatten().filter_map(one).collect()
}
