//! Terraform's configuration of what a node has, and what imports it into Terraform's state.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::files::File;
use super::hcl::{Body, label, quoted};
use crate::account::inventory::ApiInventory;
use crate::account::{Inventory, text};

const BEGINNING: &str = r#"# What a Tollgate had. Where to is for the provider's own settings to say: the environment, or a block
# provider "aws" in another file.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
"#;
const IMPORTS: &str =
    "# Takes over what is there under these ids, on the node that this was written from. Remove this file to make
# everything anew elsewhere.
";
/// The variable that values of keys are in, by key id.
const VALUES: &str = "key_values";

/// The configuration, documents of APIs, and, where they were asked for, values of keys.
pub(crate) fn files(inventory: &Inventory) -> Vec<File> {
    let mut export = Export::default();
    export.main.line(BEGINNING.trim_end());
    inventory.apis.iter().for_each(|api| export.api(api));
    inventory.plans.iter().for_each(|plan| export.plan(plan));
    export.keys(inventory);
    let mut files = export.files;
    files.push(File::new("main.tf", export.main.finish()));
    files.push(File::new("imports.tf", format!("{IMPORTS}{}", export.imports.finish())));
    files
}

#[derive(Default)]
struct Export {
    main: Body,
    imports: Body,
    files: Vec<File>,
    /// The names of APIs and plans in the configuration, by id; of stages by `{api}/{stage}`.
    labels: BTreeMap<String, String>,
}

impl Export {
    fn resource(&mut self, kind: &str, name: &str, id: &str, body: impl FnOnce(&mut Body)) {
        self.main.line("").block(&format!("resource \"{kind}\" \"{name}\""), body);
        self.imports.line("").block("import", |import| {
            import.raw("to", &format!("{kind}.{name}")).raw("id", &quoted(id));
        });
    }

    fn api(&mut self, inventory: &ApiInventory) {
        let (api, id) = (&inventory.api, text(&inventory.api, "id"));
        let name = label(text(api, "name"), id);
        self.labels.insert(id.to_owned(), name.clone());
        let newest = inventory.deployments.last();
        let document = newest.map(|deployment| &deployment["document"]).or(inventory.document.as_ref());
        let file = format!("apis/{id}.json");
        if let Some(document) = document {
            self.files.push(File::new(&file, serde_json::to_string_pretty(document).unwrap_or_default()));
        }
        self.resource("aws_api_gateway_rest_api", &name, id, |body| {
            for (argument, member) in [("name", "name"), ("description", "description"), ("tags", "tags")] {
                body.value(argument, &api[member]);
            }
            body.value("disable_execute_api_endpoint", &api["disableExecuteApiEndpoint"]);
            if let Some(policy) = api["policy"].as_str() {
                // Shown escaped once more than it is taken.
                let plain: String =
                    serde_json::from_str(&format!("\"{policy}\"")).unwrap_or_else(|_| policy.to_owned());
                body.value("policy", &plain.into());
            }
            if document.is_some() {
                body.raw("body", &format!("file(\"${{path.module}}/{file}\")"));
            }
            body.block("endpoint_configuration", |endpoint| {
                endpoint.value("types", &api["endpointConfiguration"]["types"]);
                endpoint.value("vpc_endpoint_ids", &api["endpointConfiguration"]["vpcEndpointIds"]);
            });
        });
        if let Some(newest) = newest {
            self.deployment(&name, id, newest);
            inventory.stages.iter().for_each(|stage| self.stage(&name, id, stage, newest));
        }
    }

    fn deployment(&mut self, api: &str, api_id: &str, deployment: &Value) {
        let id = format!("{api_id}/{}", text(deployment, "id"));
        self.resource("aws_api_gateway_deployment", api, &id, |body| {
            body.raw("rest_api_id", &format!("aws_api_gateway_rest_api.{api}.id"));
            body.value("description", &deployment["description"]);
            body.line("# Deploy again when the document changes, once this is in Terraform's state:");
            body.line(&format!("# triggers = {{ document = sha1(aws_api_gateway_rest_api.{api}.body) }}"));
            body.block("lifecycle", |lifecycle| {
                lifecycle.raw("create_before_destroy", "true");
            });
        });
    }

    fn stage(&mut self, api: &str, api_id: &str, stage: &Value, newest: &Value) {
        let stage_name = text(stage, "stageName");
        let name = format!("{api}_{}", stage_name.replace('.', "_"));
        self.labels.insert(format!("{api_id}/{stage_name}"), name.clone());
        let rest_api_id = format!("aws_api_gateway_rest_api.{api}.id");
        self.resource("aws_api_gateway_stage", &name, &format!("{api_id}/{stage_name}"), |body| {
            if stage["deploymentId"] != newest["id"] {
                body.line(&format!("# It served an older deployment: {}", text(stage, "deploymentId")));
            }
            body.raw("rest_api_id", &rest_api_id);
            body.raw("deployment_id", &format!("aws_api_gateway_deployment.{api}.id"));
            body.value("stage_name", &stage["stageName"]);
            body.value("description", &stage["description"]);
            body.value("variables", &stage["variables"]);
            body.value("xray_tracing_enabled", &stage["tracingEnabled"]);
            body.value("tags", &stage["tags"]);
            if stage["cacheClusterEnabled"] == true {
                body.value("cache_cluster_enabled", &stage["cacheClusterEnabled"]);
                body.value("cache_cluster_size", &stage["cacheClusterSize"]);
            }
            let log = &stage["accessLogSettings"];
            if log["destinationArn"].is_string() {
                body.block("access_log_settings", |body| {
                    body.value("destination_arn", &log["destinationArn"]).value("format", &log["format"]);
                });
            }
        });
        for (method, setting) in stage["methodSettings"].as_object().into_iter().flatten() {
            let settings = label(&name, method);
            let id = format!("{api_id}/{stage_name}/{method}");
            self.resource("aws_api_gateway_method_settings", &settings, &id, |body| {
                body.raw("rest_api_id", &rest_api_id);
                body.raw("stage_name", &format!("aws_api_gateway_stage.{name}.stage_name"));
                body.value("method_path", &method.clone().into());
                body.block("settings", |body| {
                    for (argument, member) in METHOD_SETTINGS {
                        body.value(argument, &setting[*member]);
                    }
                });
            });
        }
    }

    fn plan(&mut self, plan: &Value) {
        let id = text(plan, "id");
        let name = label(text(plan, "name"), id);
        self.labels.insert(id.to_owned(), name.clone());
        let labels = self.labels.clone();
        self.resource("aws_api_gateway_usage_plan", &name, id, |body| {
            for (argument, member) in
                [("name", "name"), ("description", "description"), ("product_code", "productCode"), ("tags", "tags")]
            {
                body.value(argument, &plan[member]);
            }
            for stage in plan["apiStages"].as_array().into_iter().flatten() {
                body.block("api_stages", |body| api_stage(body, stage, &labels));
            }
            if let Some(quota) = plan["quota"].as_object() {
                body.block("quota_settings", |body| members(body, quota, &["limit", "offset", "period"]));
            }
            if plan["throttle"].is_object() {
                body.block("throttle_settings", |body| throttle(body, &plan["throttle"]));
            }
        });
    }

    fn keys(&mut self, inventory: &Inventory) {
        let keys: Vec<&Value> = inventory.key_pages.iter().flatten().collect();
        if keys.is_empty() {
            return;
        }
        self.main.line("").block(&format!("variable \"{VALUES}\""), |body| {
            body.value("description", &"The values of keys, by the ids that they had.".into());
            body.raw("type", "map(string)").raw("sensitive", "true");
        });
        let mut values = Map::new();
        for key in keys {
            self.key(key);
            if let Some(value) = key["value"].as_str() {
                values.insert(text(key, "id").to_owned(), value.into());
            }
        }
        if !values.is_empty() {
            let text = json!({ VALUES: values }).to_string();
            self.files.push(File::new("key-values.auto.tfvars.json", text));
        }
    }

    fn key(&mut self, key: &Value) {
        let id = text(key, "id");
        let name = label(text(key, "name"), id);
        self.resource("aws_api_gateway_api_key", &name, id, |body| {
            // Terraform has no keys without a name.
            let name = if text(key, "name").is_empty() { id } else { text(key, "name") };
            body.value("name", &name.into());
            // Terraform has a description of its own for keys that have none.
            let description = key["description"].as_str().unwrap_or_default();
            body.raw("description", &quoted(description));
            body.value("enabled", &key["enabled"]);
            body.value("customer_id", &key["customerId"]);
            body.value("tags", &key["tags"]);
            body.raw("value", &format!("var.{VALUES}[{}]", quoted(id)));
        });
        for plan in key["usagePlanIds"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let Some(plan_name) = self.labels.get(plan).cloned() else { continue };
            let (both, id) = (format!("{plan_name}_{name}"), format!("{plan}/{id}"));
            let name = name.clone();
            self.resource("aws_api_gateway_usage_plan_key", &both, &id, |body| {
                body.raw("usage_plan_id", &format!("aws_api_gateway_usage_plan.{plan_name}.id"));
                body.raw("key_id", &format!("aws_api_gateway_api_key.{name}.id"));
                body.value("key_type", &"API_KEY".into());
            });
        }
    }
}

fn api_stage(body: &mut Body, stage: &Value, labels: &BTreeMap<String, String>) {
    let (api, name) = (text(stage, "apiId"), text(stage, "stage"));
    match labels.get(&format!("{api}/{name}")) {
        Some(label) => {
            body.raw("api_id", &format!("aws_api_gateway_stage.{label}.rest_api_id"));
            body.raw("stage", &format!("aws_api_gateway_stage.{label}.stage_name"));
        }
        None => {
            body.value("api_id", &stage["apiId"]).value("stage", &stage["stage"]);
        }
    }
    for (path, settings) in stage["throttle"].as_object().into_iter().flatten() {
        body.block("throttle", |body| {
            body.value("path", &path.clone().into());
            throttle(body, settings);
        });
    }
}

fn throttle(body: &mut Body, settings: &Value) {
    body.value("burst_limit", &settings["burstLimit"]).value("rate_limit", &settings["rateLimit"]);
}

fn members(body: &mut Body, from: &Map<String, Value>, names: &[&str]) {
    for name in names {
        body.value(name, from.get(*name).unwrap_or(&Value::Null));
    }
}

/// Settings of methods: Terraform's argument, and the member of a stage.
const METHOD_SETTINGS: &[(&str, &str)] = &[
    ("metrics_enabled", "metricsEnabled"),
    ("logging_level", "loggingLevel"),
    ("data_trace_enabled", "dataTraceEnabled"),
    ("throttling_rate_limit", "throttlingRateLimit"),
    ("throttling_burst_limit", "throttlingBurstLimit"),
    ("caching_enabled", "cachingEnabled"),
    ("cache_ttl_in_seconds", "cacheTtlInSeconds"),
    ("cache_data_encrypted", "cacheDataEncrypted"),
    ("require_authorization_for_cache_control", "requireAuthorizationForCacheControl"),
    ("unauthorized_cache_control_header_strategy", "unauthorizedCacheControlHeaderStrategy"),
];
