//! What the operator sets for functions, and the functions that are set.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tollgate_domain::{Function, FunctionCode, FunctionRef, FunctionSource, UnixMillis};
use tollgate_functions::Runtime;
use tollgate_functions::signature::EndpointCredentials;
use toml::{Table, Value};

/// Times are in milliseconds.
#[derive(Clone, Deserialize)]
pub(crate) struct FunctionProcesses {
    pub(crate) enabled: bool,
    pub(crate) search_path: String,
    pub(crate) max_instances: usize,
    pub(crate) max_queued: usize,
    queue_wait: u64,
    init: u64,
    idle: u64,
}

impl FunctionProcesses {
    pub(crate) fn queue_wait(&self) -> Duration {
        Duration::from_millis(self.queue_wait)
    }

    pub(crate) fn init_timeout(&self) -> Duration {
        Duration::from_millis(self.init)
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle)
    }
}

#[derive(Clone, Deserialize)]
pub(crate) struct FunctionEndpoint {
    access_key_id: String,
    secret_access_key: String,
}

impl FunctionEndpoint {
    /// What calls are signed with, if they are.
    pub(crate) fn credentials(&self) -> Option<EndpointCredentials> {
        let (access_key_id, secret_access_key) = (self.access_key_id.clone(), self.secret_access_key.clone());
        let session_token = None;
        (!access_key_id.is_empty()).then_some(EndpointCredentials { access_key_id, secret_access_key, session_token })
    }
}

/// A table `[functions.NAME]`: code that runs here, or an endpoint.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum FunctionTable {
    Process(ProcessTable),
    Endpoint(EndpointTable),
}

/// Code that runs here.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessTable {
    runtime: String,
    handler: String,
    code: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default = "process_timeout")]
    timeout: u32,
    #[serde(default = "memory")]
    memory: u32,
}

/// An endpoint.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointTable {
    endpoint: String,
    function: Option<String>,
    region: Option<String>,
    #[serde(default = "endpoint_timeout")]
    timeout: u32,
}

fn process_timeout() -> u32 {
    3
}

fn endpoint_timeout() -> u32 {
    30
}

fn memory() -> u32 {
    128
}

impl FunctionTable {
    /// The function of this table.
    pub(crate) fn function(&self, name: &str, region: &str, now: UnixMillis) -> Function {
        let (source, timeout_seconds, memory_mb, environment) = match self.clone() {
            Self::Process(ProcessTable { runtime, handler, code, environment, timeout, memory }) => {
                let code = FunctionCode::Folder { path: code };
                (FunctionSource::Process { runtime, handler, code }, timeout, memory, environment)
            }
            Self::Endpoint(EndpointTable { endpoint, function, region: signed, timeout }) => {
                let (function, region) = (function.unwrap_or(name.to_owned()), signed.unwrap_or(region.to_owned()));
                (FunctionSource::Endpoint { url: endpoint, function, region }, timeout, memory(), BTreeMap::new())
            }
        };
        Function {
            name: name.to_owned(),
            description: "Defined in the configuration of this node".to_owned(),
            role: String::new(),
            source,
            timeout_seconds,
            memory_mb,
            environment,
            permissions: Vec::new(),
            modified: now,
            revision_id: "configured".to_owned(),
            tags: BTreeMap::new(),
        }
    }
}

/// Checks what the types of the settings leave open.
pub(crate) fn check(settings: &Table, mistakes: &mut Vec<String>) {
    let table = |name: &str| settings.get(name).and_then(Value::as_table);
    for (name, value) in table("function_processes").into_iter().flatten() {
        if value.as_integer().is_some_and(|number| !(1..=86_400_000).contains(&number)) {
            mistakes.push(format!("`function_processes.{name}` is out of range"));
        }
    }
    let pair = ["access_key_id", "secret_access_key"].map(|name| {
        table("function_endpoint").and_then(|table| table.get(name)).and_then(Value::as_str).unwrap_or_default()
    });
    if pair[0].is_empty() != pair[1].is_empty() {
        mistakes
            .push("`function_endpoint.access_key_id` and `function_endpoint.secret_access_key` go together".to_owned());
    }
    for (name, value) in table("functions").into_iter().flatten() {
        check_function(name, value, &mut |mistake| mistakes.push(format!("`functions.{name}`: {mistake}")));
    }
}

fn check_function(name: &str, value: &Value, tell: &mut dyn FnMut(String)) {
    if FunctionRef::parse(name).is_err() || name.contains(':') || name == "tollgate" {
        tell("is no name for a function".to_owned());
    }
    // Each kind by itself, since an untagged one cannot say what is wrong.
    if value.get("endpoint").is_some() {
        match value.clone().try_into::<EndpointTable>() {
            Ok(table) => check_endpoint(&table, tell),
            Err(error) => tell(error.message().to_owned()),
        }
    } else {
        match value.clone().try_into::<ProcessTable>() {
            Ok(table) => check_process(&table, tell),
            Err(error) => tell(error.message().to_owned()),
        }
    }
}

fn check_process(table: &ProcessTable, tell: &mut dyn FnMut(String)) {
    if let Err(error) = table.runtime.parse::<Runtime>() {
        tell(error.to_string());
    }
    if !Path::new(&table.code).is_absolute() {
        tell("`code` takes an absolute path".to_owned());
    }
    if !(128..=10_240).contains(&table.memory) {
        tell("`memory` takes 128 to 10240".to_owned());
    }
    check_timeout(table.timeout, tell);
}

fn check_endpoint(table: &EndpointTable, tell: &mut dyn FnMut(String)) {
    let address: Option<http::Uri> = table.endpoint.parse().ok();
    if !address.is_some_and(|address| matches!(address.scheme_str(), Some("http" | "https"))) {
        tell("`endpoint` takes an address that begins with http:// or https://".to_owned());
    }
    check_timeout(table.timeout, tell);
}

fn check_timeout(timeout: u32, tell: &mut dyn FnMut(String)) {
    if !(1..=900).contains(&timeout) {
        tell("`timeout` takes 1 to 900 seconds".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let mut mistakes = Vec::new();
        check(&toml::from_str(text).expect("TOML"), &mut mistakes);
        mistakes
    }

    #[test]
    fn functions_of_both_kinds_are_read() {
        let text = "[functions.pets]\nruntime = \"python3.12\"\nhandler = \"app.handler\"\ncode = \"/srv/pets\"\n\
                    [functions.orders]\nendpoint = \"http://127.0.0.1:3001\"\n";
        assert_eq!(mistakes(text), Vec::<String>::new());
        let tables: Table = toml::from_str(text).expect("TOML");
        let read = |name: &str| {
            let table: FunctionTable = tables["functions"][name].clone().try_into().expect("a table");
            table.function(name, "eu-west-1", UnixMillis(0))
        };
        assert_eq!((read("pets").timeout_seconds, read("orders").timeout_seconds), (3, 30));
        let FunctionSource::Endpoint { function, region, .. } = read("orders").source else { panic!("no endpoint") };
        assert_eq!((function.as_str(), region.as_str()), ("orders", "eu-west-1"));
    }

    #[test]
    fn every_mistake_of_a_function_is_told() {
        let text = "[functions.pets]\nruntime = \"java21\"\nhandler = \"h\"\ncode = \"pets\"\ntimeout = 901\nmemory = 1\n\
                    [functions.\"a b\"]\nendpoint = \"ftp://x\"\n\
                    [functions.typo]\nruntim = \"x\"\n";
        let told = mistakes(text).join("\n");
        for part in ["java21", "absolute", "`timeout`", "`memory`", "`functions.a b`: is no name", "http://", "runtim"]
        {
            assert!(told.contains(part), "{part} is missing in {told}");
        }
    }
}
