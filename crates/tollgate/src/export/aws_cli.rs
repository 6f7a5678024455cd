//! A script of AWS CLI commands that makes, on AWS or on another node, what a node has.
//!
//! Ids are given by whoever runs the commands, so that the script keeps them in variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::csv;
use super::files::File;
use super::shell::{here, remark, word};
use crate::account::inventory::{ApiInventory, named};
use crate::account::{Inventory, text};

/// Bytes of keys that one command imports; AWS takes 6 MB.
const CSV_LIMIT: usize = 4 << 20;

const BEGINNING: &str = r#"#!/usr/bin/env bash
# Makes what a Tollgate had: APIs with their stages, usage plans and keys. Ids are new, all else is as it was.
# Where to: the credentials, the region and the endpoint of the AWS CLI, as it is set up.
set -euo pipefail
cd "$(dirname "$0")"
export AWS_PAGER=""
input=$(mktemp)
trap 'rm -f "$input"' EXIT
"#;

/// The script and the documents that it needs.
pub(crate) fn files(inventory: &Inventory) -> Vec<File> {
    let mut script = Script { text: BEGINNING.to_owned(), variables: BTreeMap::new(), files: Vec::new() };
    script.require_values(inventory);
    for (number, api) in inventory.apis.iter().enumerate() {
        script.api(number + 1, api);
    }
    for (number, plan) in inventory.plans.iter().enumerate() {
        script.plan(number + 1, plan);
    }
    script.keys(inventory);
    script.line("echo \"all is made\" >&2");
    let Script { text, mut files, .. } = script;
    files.push(File { path: "restore.sh".into(), text, executable: true });
    files
}

struct Script {
    text: String,
    /// The variables that hold the new ids of APIs and plans, by the ids that they have here.
    variables: BTreeMap<String, String>,
    files: Vec<File>,
}

impl Script {
    fn line(&mut self, text: &str) {
        // Writing to text cannot fail.
        let _ = writeln!(self.text, "{text}");
    }

    /// Ends the script at once where values are not told here and are not given either.
    fn require_values(&mut self, inventory: &Inventory) {
        let hidden = inventory.key_pages.iter().flatten().filter(|key| key["value"].is_null());
        for key in hidden {
            let name: String =
                remark(&named(key)).chars().filter(|c| !matches!(c, '"' | '\\' | '$' | '`' | '}')).collect();
            self.line(&format!(
                ": \"${{{}:?set it to the value of the key {name}, or export with --include-values}}\"",
                value_variable(key)
            ));
        }
    }

    /// A command that takes its members as JSON, from a file: what is in it is nobody's business. Texts `${name}` of
    /// `variables` stand for what they hold. A variable may keep the id of what is made.
    fn command(&mut self, kept_in: Option<&str>, operation: &str, input: &Value, variables: &BTreeSet<String>) {
        let mut body = here(&input.to_string());
        for name in variables {
            body = body.replace(&placeholder(name), &format!("${{{name}}}"));
        }
        let command = format!("aws apigateway {operation} --cli-input-json \"file://$input\"");
        self.line(&format!("cat >\"$input\" <<END\n{body}\nEND"));
        match kept_in {
            Some(variable) => self.line(&format!("{variable}=$({command} --query id --output text)")),
            None => self.line(&format!("{command} >/dev/null")),
        }
    }

    fn api(&mut self, number: usize, inventory: &ApiInventory) {
        let (api, variable) = (&inventory.api, format!("api_{number}"));
        self.line(&format!("\n# API {}", remark(&named(api))));
        self.variables.insert(text(api, "id").to_owned(), variable.clone());
        let documents: Vec<&Value> =
            inventory.deployments.iter().map(|one| &one["document"]).chain(&inventory.document).collect();
        let mut create = kept(api, &["name", "description", "version", "binaryMediaTypes", "minimumCompressionSize"]);
        create.extend(kept(api, &["apiKeySource", "disableExecuteApiEndpoint", "tags"]));
        let endpoint = kept(&api["endpointConfiguration"], &["types", "ipAddressType", "vpcEndpointIds"]);
        create.insert("endpointConfiguration".to_owned(), endpoint.into());
        if let Some(policy) = api["policy"].as_str() {
            // Shown escaped once more than it is taken.
            let plain = serde_json::from_str(&format!("\"{policy}\"")).unwrap_or_else(|_| policy.to_owned());
            create.insert("policy".to_owned(), plain.into());
        }
        self.command(Some(&variable), "create-rest-api", &create.into(), &BTreeSet::new());
        self.line(&format!("echo \"API {variable}: ${variable}\" >&2"));
        for (index, document) in documents.iter().enumerate() {
            let file = format!("apis/{}-{}.json", number, index + 1);
            self.files.push(File::new(&file, serde_json::to_string_pretty(document).unwrap_or_default()));
            self.line(&format!(
                "aws apigateway put-rest-api --rest-api-id \"${variable}\" --mode overwrite --body fileb://{file} >/dev/null"
            ));
            if let Some(deployment) = inventory.deployments.get(index) {
                self.deployment(&variable, index + 1, deployment, &inventory.stages);
            }
        }
    }

    fn deployment(&mut self, api: &str, number: usize, deployment: &Value, stages: &[Value]) {
        let (variable, names) = (format!("{api}_deployment_{number}"), BTreeSet::from([api.to_owned()]));
        let mut input = kept(deployment, &["description"]);
        input.insert("restApiId".to_owned(), placeholder(api).into());
        self.command(Some(&variable), "create-deployment", &input.into(), &names);
        let names = BTreeSet::from([api.to_owned(), variable.clone()]);
        for stage in stages.iter().filter(|stage| stage["deploymentId"] == deployment["id"]) {
            let mut input = kept(stage, &["stageName", "description", "variables", "tags", "tracingEnabled"]);
            if stage["cacheClusterEnabled"] == true {
                input.extend(kept(stage, &["cacheClusterEnabled", "cacheClusterSize"]));
            }
            input.insert("restApiId".to_owned(), placeholder(api).into());
            input.insert("deploymentId".to_owned(), placeholder(&variable).into());
            self.command(None, "create-stage", &input.into(), &names);
            let operations = stage_operations(stage);
            if !operations.is_empty() {
                let name = &stage["stageName"];
                let input = json!({ "restApiId": placeholder(api), "stageName": name, "patchOperations": operations });
                self.command(None, "update-stage", &input, &names);
            }
        }
    }

    fn plan(&mut self, number: usize, plan: &Value) {
        let variable = format!("plan_{number}");
        self.line(&format!("\n# usage plan {}", remark(&named(plan))));
        self.variables.insert(text(plan, "id").to_owned(), variable.clone());
        let mut input = kept(plan, &["name", "description", "throttle", "quota", "tags"]);
        let mut names = BTreeSet::new();
        let mut stages = plan["apiStages"].as_array().cloned().unwrap_or_default();
        for stage in &mut stages {
            if let Some(api) = self.variables.get(text(stage, "apiId")) {
                stage["apiId"] = placeholder(api).into();
                names.insert(api.clone());
            }
        }
        input.insert("apiStages".to_owned(), stages.into());
        self.command(Some(&variable), "create-usage-plan", &input.into(), &names);
        if let Some(code) = plan["productCode"].as_str() {
            let operations = json!([{ "op": "replace", "path": "/productCode", "value": code }]);
            let input = json!({ "usagePlanId": placeholder(&variable), "patchOperations": operations });
            self.command(None, "update-usage-plan", &input, &BTreeSet::from([variable]));
        }
    }

    /// Keys that a line of CSV tells all of come in files, others one by one.
    fn keys(&mut self, inventory: &Inventory) {
        let keys = inventory.key_pages.iter().flatten();
        let (plain, special): (Vec<&Value>, Vec<&Value>) =
            keys.partition(|key| csv::is_plain(key) && !key["value"].is_null());
        self.key_files(&plain);
        for key in special {
            self.line(&format!("\n# key {}", remark(&named(key))));
            let mut input = kept(key, &["name", "description", "enabled", "value", "customerId", "tags"]);
            let mut names = BTreeSet::new();
            if key["value"].is_null() {
                let variable = value_variable(key);
                input.insert("value".to_owned(), placeholder(&variable).into());
                names.insert(variable);
            }
            self.command(Some("key"), "create-api-key", &input.into(), &names);
            for plan in self.plans_of(key) {
                self.line(&format!(
                    "aws apigateway create-usage-plan-key --usage-plan-id \"${plan}\" --key-id \"$key\" --key-type API_KEY \
                     >/dev/null"
                ));
            }
        }
    }

    fn plans_of(&self, key: &Value) -> Vec<String> {
        let plans = key["usagePlanIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
        plans.filter_map(|plan| self.variables.get(plan).cloned()).collect()
    }

    /// Files of keys with `@plan_1@` for plans, which the script fills in.
    fn key_files(&mut self, keys: &[&Value]) {
        let mut rest = keys;
        let mut number = 0;
        while !rest.is_empty() {
            number += 1;
            let mut lines = format!("{}\n", csv::HEADER);
            let mut taken = 0;
            for key in rest {
                let plans: Vec<String> = self.plans_of(key).iter().map(|plan| format!("@{plan}@")).collect();
                lines += &csv::line(key, &plans.join(","));
                taken += 1;
                if lines.len() > CSV_LIMIT {
                    break;
                }
            }
            rest = &rest[taken..];
            let file = format!("keys-{number}.csv");
            let fill: Vec<String> = self
                .variables
                .values()
                .filter(|name| name.starts_with("plan_"))
                .map(|plan| format!("s/@{plan}@/${plan}/g"))
                .collect();
            self.line(&format!("\n# {taken} keys"));
            self.line(&format!("sed -e \"{}\" {} >\"$input\"", fill.join(";"), word(&file)));
            self.line(
                "aws apigateway import-api-keys --format csv --fail-on-warnings --body \"fileb://$input\" >/dev/null",
            );
            self.files.push(File::new(file, lines));
        }
    }
}

/// The variable that gives a value that is not told.
fn value_variable(key: &Value) -> String {
    let id: String = text(key, "id").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("value_{id}")
}

fn placeholder(variable: &str) -> String {
    format!("@{{{variable}}}@")
}

/// Some members of an object: those that say something.
fn kept(from: &Value, names: &[&str]) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    };
    let members = names.iter().map(|name| ((*name).to_owned(), from[*name].clone()));
    members.filter(|(_, value)| says(value)).collect()
}

/// What a stage has that CreateStage does not take.
fn stage_operations(stage: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    let mut replace = |path: String, value: &Value| {
        let told = match value {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        operations.push(json!({ "op": "replace", "path": path, "value": told }));
    };
    let log = &stage["accessLogSettings"];
    replace("/accessLogSettings/destinationArn".to_owned(), &log["destinationArn"]);
    replace("/accessLogSettings/format".to_owned(), &log["format"]);
    for (method, setting) in stage["methodSettings"].as_object().into_iter().flatten() {
        for (path, member) in METHOD_SETTINGS {
            replace(format!("/{}{path}", method_path(method)), &setting[*member]);
        }
    }
    operations
}

/// A method's key as paths of operations have it: a resource path is one segment.
fn method_path(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((path, verb)) if path.contains('/') => format!("{}/{verb}", path.replace('/', "~1")),
        _ => key.to_owned(),
    }
}

/// Settings of methods: the path of an operation, and the member of a stage.
const METHOD_SETTINGS: &[(&str, &str)] = &[
    ("/metrics/enabled", "metricsEnabled"),
    ("/logging/loglevel", "loggingLevel"),
    ("/logging/dataTrace", "dataTraceEnabled"),
    ("/throttling/rateLimit", "throttlingRateLimit"),
    ("/throttling/burstLimit", "throttlingBurstLimit"),
    ("/caching/enabled", "cachingEnabled"),
    ("/caching/ttlInSeconds", "cacheTtlInSeconds"),
    ("/caching/dataEncrypted", "cacheDataEncrypted"),
    ("/caching/requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl"),
    ("/caching/unauthorizedCacheControlHeaderStrategy", "unauthorizedCacheControlHeaderStrategy"),
];
