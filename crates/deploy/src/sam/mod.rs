//! SAM's transform, as far as REST APIs, their functions, keys and plans go: `AWS::Serverless::Api` and
//! `AWS::Serverless::Function` become the resources of CloudFormation that AWS makes of them, under the same logical
//! ids. What is out of scope, HTTP APIs above all, is named.

mod api;
mod cors;
mod document;
mod function;
mod globals;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::document::{Content, Members, Node};
use crate::mistake::{Fault, Mistake};
use crate::sam::document::Endpoint;

/// The transform's name in templates.
const NAME: &str = "AWS::Serverless-2016-10-31";
const API: &str = "AWS::Serverless::Api";
const FUNCTION: &str = "AWS::Serverless::Function";
/// The API of the functions that name none.
const IMPLICIT_API: &str = "ServerlessRestApi";

/// Resources that were made, and the logical ids behind names such as `Api.Stage`.
#[derive(Default)]
struct Made {
    resources: Vec<(String, Value)>,
    aliases: BTreeMap<String, String>,
}

impl Made {
    fn add(&mut self, logical_id: impl Into<String>, kind: &str, properties: Value, like: &Value) {
        let mut resource = json!({ "Type": kind, "Properties": properties });
        for name in ["Condition", "DependsOn", "DeletionPolicy", "Metadata"] {
            if let Some(value) = like.get(name) {
                resource[name] = value.clone();
            }
        }
        self.resources.push((logical_id.into(), resource));
    }
}

/// Transforms a template that asks for it.
pub(crate) fn transform(root: Node) -> Result<Node, Mistake> {
    let Some(asked) = root.get("Transform").filter(|asked| !asked.is_null()) else { return Ok(root) };
    let names: Vec<&str> =
        asked.as_text().into_iter().chain(asked.as_list().into_iter().flatten().filter_map(Node::as_text)).collect();
    if let Some(unknown) = names.iter().find(|name| **name != NAME) {
        return Err(Mistake::on(asked.line, Fault::Unsupported(format!("the transform {unknown}"))));
    }
    let globals = root.get("Globals").map(Node::value).unwrap_or_default();
    let resources = root.get("Resources").and_then(Node::as_map).unwrap_or_default();
    refuse_http_apis(resources)?;
    let mut plain = Vec::new();
    let mut ours = Vec::new();
    for (logical_id, node) in resources {
        let kind = node.get("Type").and_then(Node::as_text).unwrap_or_default();
        match kind {
            API | FUNCTION => {
                ours.push((logical_id.clone(), node.line, kind, globals::merged(&globals, kind, node.value())))
            }
            _ => plain.push((logical_id.clone(), node.clone())),
        }
    }
    let made = make(&ours)?;
    let mut all: Vec<(String, Node)> = plain;
    for (logical_id, resource) in made.resources {
        let line =
            ours.iter().filter(|(id, ..)| logical_id.starts_with(id.as_str())).map(|(_, line, ..)| *line).next_back();
        all.push((logical_id, Node::made(line.unwrap_or(asked.line), resource)));
    }
    let Content::Map(sections) = root.content else { return Ok(root) };
    let kept = sections.into_iter().filter(|(name, _)| !matches!(name.as_str(), "Transform" | "Globals" | "Resources"));
    let resources = Node { line: root.line, content: Content::Map(all) };
    let sections = kept.chain([("Resources".to_owned(), resources)]).collect();
    Ok(named(Node { line: root.line, content: Content::Map(sections) }, &made.aliases))
}

type Ours<'a> = (String, usize, &'a str, Value);

fn make(ours: &[Ours<'_>]) -> Result<Made, Mistake> {
    let mut made = Made::default();
    let mut endpoints = BTreeMap::<String, Vec<Endpoint>>::new();
    for (logical_id, line, _, resource) in ours.iter().filter(|(_, _, kind, _)| *kind == FUNCTION) {
        let at = |fault: Fault| Mistake::on(*line, fault).within(logical_id);
        for endpoint in function::make(&mut made, logical_id, resource).map_err(at)? {
            endpoints.entry(endpoint.api.clone()).or_default().push(endpoint);
        }
    }
    let mut shared = Vec::new();
    for (logical_id, line, _, resource) in ours.iter().filter(|(_, _, kind, _)| *kind == API) {
        let at = |fault: Fault| Mistake::on(*line, fault).within(logical_id);
        let endpoints = endpoints.remove(logical_id).unwrap_or_default();
        shared.extend(api::make(&mut made, logical_id, resource, &endpoints).map_err(at)?);
    }
    for (api, endpoints) in endpoints {
        let line = ours.iter().find(|(id, ..)| *id == endpoints[0].function).map_or(0, |(_, line, ..)| *line);
        let at = |fault: Fault| Mistake::on(line, fault).within(&endpoints[0].function);
        if api != IMPLICIT_API {
            return Err(at(Fault::UnknownRef(api.clone())));
        }
        let implicit =
            globals::merged(&endpoints[0].globals, API, json!({ "Type": API, "Properties": { "StageName": "Prod" } }));
        shared.extend(api::make(&mut made, &api, &implicit, &endpoints).map_err(at)?);
    }
    api::make_shared_plan(&mut made, &shared);
    Ok(made)
}

fn refuse_http_apis(resources: &[(String, Node)]) -> Result<(), Mistake> {
    let kind = |node: &Node| node.get("Type").and_then(Node::as_text).map(str::to_owned);
    let http = resources.iter().find(|(_, node)| kind(node).as_deref() == Some("AWS::Serverless::HttpApi"));
    match http {
        Some((id, node)) => {
            Err(Mistake::on(node.line, Fault::Unsupported("an HTTP API (AWS::Serverless::HttpApi)".to_owned()))
                .within(id))
        }
        None => Ok(()),
    }
}

/// Puts logical ids in the place of names such as `Api.Stage`.
fn named(node: Node, aliases: &BTreeMap<String, String>) -> Node {
    let line = node.line;
    let content = match node.content {
        Content::List(items) => Content::List(items.into_iter().map(|item| named(item, aliases)).collect()),
        Content::Map(members) => Content::Map(
            members
                .into_iter()
                .map(|(name, value)| {
                    let value = match (name.as_str(), value.as_text()) {
                        ("Ref", Some(text)) => aliases.get(text).map(|id| Node::text(line, id.as_str())),
                        ("Fn::Sub", Some(pattern)) => Some(Node::text(value.line, in_pattern(pattern, aliases))),
                        _ => None,
                    }
                    .unwrap_or_else(|| named(value.clone(), aliases));
                    (name, value)
                })
                .collect(),
        ),
        scalar => scalar,
    };
    Node { line, content }
}

fn in_pattern(pattern: &str, aliases: &BTreeMap<String, String>) -> String {
    aliases
        .iter()
        .fold(pattern.to_owned(), |text, (name, id)| text.replace(&format!("${{{name}}}"), &format!("${{{id}}}")))
}

fn reference(logical_id: &str) -> Value {
    json!({ "Ref": logical_id })
}

/// The properties of a resource.
fn properties(resource: &Value) -> Members {
    resource.get("Properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Copies properties that CloudFormation has under the same names.
fn copied(from: &Members, names: &[&str]) -> Members {
    names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone()))).collect()
}

/// Refuses properties that are neither taken nor known to have no effect here.
fn check(properties: &Members, known: &[&[&str]]) -> Result<(), Fault> {
    let unknown = properties.keys().find(|name| !known.iter().any(|known| known.contains(&name.as_str())));
    unknown.map_or(Ok(()), |name| Err(Fault::Unsupported(format!("the property {name}"))))
}

#[cfg(test)]
mod tests;
