//! The JavaScript client of an API: one function for each method, in files that need nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use serde_json::json;
use tollgate_domain::{DeployedApi, HttpMethod, Method, Resource};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::Failure;

const CLIENT: &str = include_str!("apigClient.js");
const README: &str = include_str!("README.md");
const VERBS: [HttpMethod; 7] = [
    HttpMethod::Delete,
    HttpMethod::Get,
    HttpMethod::Head,
    HttpMethod::Options,
    HttpMethod::Patch,
    HttpMethod::Post,
    HttpMethod::Put,
];

/// The archive for an API that is called at `invoke_url`.
pub(crate) fn archive(deployed: &DeployedApi, invoke_url: &str) -> Result<Vec<u8>, Failure> {
    let functions = functions(deployed);
    let code: String = functions.iter().map(|(name, call)| format!("      {name}: {call},\n")).collect();
    let client =
        CLIENT.replace("\"INVOKE_URL\"", &json!(invoke_url).to_string()).replace("      // FUNCTIONS\n", &code);
    let list: String = functions.keys().map(|name| format!("- `{name}(params, body, additionalParams)`\n")).collect();
    // A title is one line, whatever the name is.
    let title: String = deployed.api.name.chars().filter(|c| !c.is_control()).collect();
    let readme = README.replace("TITLE", &title).replace("FUNCTIONS\n", &list);
    zip(&[("apiGateway-js-sdk/apigClient.js", &client), ("apiGateway-js-sdk/README.md", &readme)])
        .map_err(|_| Failure::Panicked)
}

fn zip(files: &[(&str, &str)]) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in files {
        writer.start_file(*name, options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Functions by name, with the calls that they make. ANY stands for every verb that has no method of its own.
fn functions(deployed: &DeployedApi) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    for resource in deployed.resources.values() {
        for verb in VERBS {
            let method = resource.methods.get(&verb).or_else(|| resource.methods.get(&HttpMethod::Any));
            let Some(method) = method else { continue };
            let mut name = function_name(resource, verb);
            // `/a/b` and `/a-b` would share a name.
            while functions.contains_key(&name) {
                name.push('_');
            }
            functions.insert(name, call(resource, verb, method));
        }
    }
    functions
}

/// `petsIdGet` for `GET /pets/{id}`.
fn function_name(resource: &Resource, verb: HttpMethod) -> String {
    let words = resource.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let path: String = words.map(capitalized).collect();
    let path = if path.is_empty() { "Root".to_owned() } else { path };
    let name = path + &capitalized(&verb.as_str().to_ascii_lowercase());
    let name: String = name[..1].to_ascii_lowercase() + &name[1..];
    // A function's name cannot begin with a digit.
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn capitalized(word: &str) -> String {
    word[..1].to_ascii_uppercase() + &word[1..]
}

fn call(resource: &Resource, verb: HttpMethod, method: &Method) -> String {
    let named = |place: &str| -> BTreeSet<String> {
        let prefix = format!("method.request.{place}.");
        method.request_parameters.keys().filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned)).collect()
    };
    let request = json!({
        "verb": verb.as_str(), "path": resource.path, "query": named("querystring"), "headers": named("header"),
    });
    format!("(params, body, additionalParams) => call({request}, params, body, additionalParams)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> String {
        let resource = Resource {
            id: tollgate_domain::ResourceId::new("r"),
            parent_id: None,
            path_part: String::new(),
            path: path.to_owned(),
            methods: BTreeMap::new(),
        };
        function_name(&resource, HttpMethod::Get)
    }

    #[test]
    fn functions_are_named_after_path_and_verb() {
        let names = ["/", "/pets/{id}", "/a-b/{proxy+}", "/2fa"].map(name);
        assert_eq!(names, ["rootGet", "petsIdGet", "aBProxyGet", "_2faGet"]);
    }
}
