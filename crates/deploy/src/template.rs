//! A template, read into its sections; intrinsic functions are left as they stand.

use std::collections::HashMap;

use crate::document::{self, Node};
use crate::mistake::{Fault, Mistake};
use crate::parameter::Parameter;

/// A template of CloudFormation.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it says of itself.
    pub description: Option<String>,
    pub(crate) parameters: Vec<(String, Parameter)>,
    pub(crate) mappings: Node,
    pub(crate) conditions: Vec<(String, Node)>,
    pub(crate) resources: Vec<(String, Resource)>,
    pub(crate) outputs: Vec<(String, Output)>,
    /// Where in the list a resource is.
    index: HashMap<String, usize>,
}

/// A resource, as the template describes it.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) line: usize,
    pub(crate) kind: String,
    pub(crate) properties: Node,
    pub(crate) depends_on: Vec<String>,
    pub(crate) condition: Option<String>,
    /// Whether it stays when the stack lets go of it.
    pub(crate) retained: bool,
}

/// A value that the stack tells.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) line: usize,
    pub(crate) value: Node,
    pub(crate) condition: Option<String>,
    /// The name under which other stacks import it.
    pub(crate) export: Option<Node>,
}

/// The sections of a template, and what is made of those that are no concern here.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Globals",
    "Resources",
    "Outputs",
];

impl Template {
    /// Reads the text of a template, in YAML or JSON. SAM's resources have become CloudFormation's.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        Self::of(crate::sam::transform(document::read(text)?)?)
    }

    fn of(root: Node) -> Result<Self, Mistake> {
        let members = root.as_map().ok_or_else(|| wrong(&root, "the template", "a mapping"))?;
        for (name, section) in members {
            if !SECTIONS.contains(&name.as_str()) {
                let fault = Fault::Unsupported(format!("the section {name}"));
                return Err(Mistake::on(section.line, fault));
            }
        }
        let resources = section(&root, "Resources")?;
        if resources.is_empty() {
            return Err(Mistake::on(root.line, Fault::Missing("Resources".to_owned())));
        }
        Ok(Self {
            description: root.get("Description").and_then(Node::as_text).map(str::to_owned),
            parameters: each(section(&root, "Parameters")?, Parameter::read)?,
            mappings: root.get("Mappings").cloned().unwrap_or_else(|| Node::made(0, serde_json::json!({}))),
            conditions: section(&root, "Conditions")?.to_vec(),
            resources: each(resources, Resource::read)?,
            outputs: each(section(&root, "Outputs")?, Output::read)?,
            index: resources.iter().enumerate().map(|(index, (logical_id, _))| (logical_id.clone(), index)).collect(),
        })
    }

    /// The resource of a logical id.
    pub(crate) fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.get(*self.index.get(logical_id)?).map(|(_, resource)| resource)
    }

    /// The line of a resource, zero where there is none.
    pub(crate) fn line(&self, logical_id: &str) -> usize {
        self.resource(logical_id).map_or(0, |resource| resource.line)
    }

    /// The parameters whose values are not to be shown.
    pub fn secret_parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(|(_, parameter)| parameter.no_echo).map(|(name, _)| name.as_str())
    }
}

impl Resource {
    fn read(node: &Node) -> Result<Self, Mistake> {
        node.as_map().ok_or_else(|| wrong(node, "a resource", "a mapping"))?;
        let kind = text_of(node, "Type")?.ok_or_else(|| Mistake::on(node.line, Fault::Missing("Type".to_owned())))?;
        let properties = node.get("Properties").filter(|properties| !properties.is_null());
        let properties = properties.cloned().unwrap_or_else(|| Node::made(node.line, serde_json::json!({})));
        if properties.as_map().is_none() {
            return Err(wrong(&properties, "Properties", "a mapping"));
        }
        let retained = match text_of(node, "DeletionPolicy")?.as_deref() {
            None | Some("Delete") => false,
            Some("Retain" | "RetainExceptOnCreate" | "Snapshot") => true,
            Some(_) => return Err(wrong(node, "DeletionPolicy", "Delete or Retain")),
        };
        Ok(Self {
            line: node.line,
            kind,
            properties,
            depends_on: depends_on(node)?,
            condition: text_of(node, "Condition")?,
            retained,
        })
    }
}

impl Output {
    fn read(node: &Node) -> Result<Self, Mistake> {
        let value = node.get("Value").ok_or_else(|| Mistake::on(node.line, Fault::Missing("Value".to_owned())))?;
        let export = node.get("Export").and_then(|export| export.get("Name"));
        Ok(Self {
            line: node.line,
            value: value.clone(),
            condition: text_of(node, "Condition")?,
            export: export.cloned(),
        })
    }
}

fn depends_on(node: &Node) -> Result<Vec<String>, Mistake> {
    let Some(given) = node.get("DependsOn").filter(|given| !given.is_null()) else { return Ok(Vec::new()) };
    let bad = || wrong(given, "DependsOn", "a logical id or a list of them");
    match (given.as_text(), given.as_list()) {
        (Some(one), _) => Ok(vec![one.to_owned()]),
        (None, Some(many)) => many.iter().map(|item| item.as_text().map(str::to_owned).ok_or_else(bad)).collect(),
        (None, None) => Err(bad()),
    }
}

fn section<'a>(root: &'a Node, name: &str) -> Result<&'a [(String, Node)], Mistake> {
    match root.get(name).filter(|section| !section.is_null()) {
        Some(section) => section.as_map().ok_or_else(|| wrong(section, name, "a mapping")),
        None => Ok(&[]),
    }
}

fn each<T>(
    members: &[(String, Node)],
    read: impl Fn(&Node) -> Result<T, Mistake>,
) -> Result<Vec<(String, T)>, Mistake> {
    let read = |(name, node): &(String, Node)| Ok((name.clone(), read(node).map_err(|mistake| mistake.within(name))?));
    members.iter().map(read).collect()
}

fn text_of(node: &Node, name: &str) -> Result<Option<String>, Mistake> {
    match node.get(name).filter(|value| !value.is_null()) {
        Some(value) => value.as_text().map(|text| Some(text.to_owned())).ok_or_else(|| wrong(value, name, "a text")),
        None => Ok(None),
    }
}

/// A value of another kind than is needed.
pub(crate) fn wrong(node: &Node, what: &str, wanted: &'static str) -> Mistake {
    Mistake::on(node.line, Fault::Wrong { what: what.to_owned(), wanted })
}
