//! What names stand for, and the values that intrinsic functions come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::document::{Content, Node, TEXT_LIMIT};
use crate::mistake::{Fault, Mistake};
use crate::parameter;
use crate::sub::{self, Piece};
use crate::template::{Template, wrong};

/// The name that takes a property away.
const NO_VALUE: &str = "AWS::NoValue";
/// How deep conditions may refer to one another.
const CONDITION_DEPTH: usize = 64;

/// Bytes of texts that intrinsic functions make, all together. A plan and its deployment each make all of them.
const MADE_LIMIT: usize = 64 << 20;

/// Where a stack is deployed.
#[derive(Clone, Debug)]
pub struct Place {
    /// The region in ARNs.
    pub region: String,
    /// The account in ARNs.
    pub account_id: String,
    /// The name of the stack.
    pub stack: String,
    /// The outputs that other stacks export, by name.
    pub exports: BTreeMap<String, String>,
}

/// What `Ref` and `Fn::GetAtt` give of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    pub(crate) reference: String,
    pub(crate) attributes: BTreeMap<String, Value>,
}

/// What the names of a template stand for.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) place: Place,
    parameters: BTreeMap<String, Value>,
    mappings: Node,
    conditions: BTreeMap<String, bool>,
    /// Bytes of texts that were made, in all copies of this.
    spent: Arc<AtomicUsize>,
    /// Resources that are made, or imagined in a plan.
    pub(crate) known: BTreeMap<String, Known>,
}

impl Scope {
    /// The scope of a template of which no resource is known yet.
    pub(crate) fn new(template: &Template, given: &BTreeMap<String, String>, place: Place) -> Result<Self, Mistake> {
        let mut scope = Self {
            place,
            parameters: parameter::values(template, given)?,
            mappings: template.mappings.clone(),
            conditions: BTreeMap::new(),
            spent: Arc::default(),
            known: BTreeMap::new(),
        };
        for (name, _) in &template.conditions {
            let holds = scope.judge(template, name, 0).map_err(|mistake| mistake.within(name))?;
            scope.conditions.insert(name.clone(), holds);
        }
        Ok(scope)
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &str, line: usize) -> Result<bool, Mistake> {
        let found = self.conditions.get(condition);
        found.copied().ok_or_else(|| Mistake::on(line, Fault::UnknownCondition(condition.to_owned())))
    }

    /// The value that a node comes to; `None` for one that is taken away.
    pub(crate) fn resolve(&self, node: &Node) -> Result<Option<Value>, Mistake> {
        match &node.content {
            Content::Scalar(Value::String(text)) if text.contains("{{resolve:") => {
                Err(Mistake::on(node.line, Fault::Unsupported("a dynamic reference ({{resolve:…}})".to_owned())))
            }
            Content::Scalar(value) => Ok(Some(value.clone())),
            Content::List(items) => {
                let items = items.iter().map(|item| self.resolve(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Some(items.into_iter().flatten().collect()))
            }
            Content::Map(members) => match intrinsic(members) {
                Some((name, argument)) => self.call(name, argument),
                None => self.resolve_members(members),
            },
        }
    }

    /// As `resolve`, of what has to be there.
    pub(crate) fn value(&self, node: &Node) -> Result<Value, Mistake> {
        self.resolve(node)?.ok_or_else(|| wrong(node, NO_VALUE, "within a list or a mapping"))
    }

    /// As `resolve`, of what has to be a text. Numbers and booleans are texts, too.
    pub(crate) fn text(&self, node: &Node) -> Result<String, Mistake> {
        text(&self.value(node)?).ok_or_else(|| wrong(node, "the value", "a text"))
    }

    fn resolve_members(&self, members: &[(String, Node)]) -> Result<Option<Value>, Mistake> {
        let mut resolved = serde_json::Map::new();
        for (name, node) in members {
            if let Some(value) = self.resolve(node)? {
                resolved.insert(name.clone(), value);
            }
        }
        Ok(Some(resolved.into()))
    }

    fn call(&self, name: &str, argument: &Node) -> Result<Option<Value>, Mistake> {
        let value = match name {
            "Ref" => return self.reference(argument),
            "Fn::If" => {
                let [condition, yes, no] = arguments(argument, "Fn::If")?;
                let condition = condition.as_text().ok_or_else(|| wrong(condition, "Fn::If", "given a condition"))?;
                return self.resolve(if self.holds(condition, argument.line)? { yes } else { no });
            }
            "Fn::GetAtt" => self.attribute(argument)?,
            "Fn::Sub" => self.substitute(argument)?.into(),
            "Fn::Join" => self.join(argument)?.into(),
            "Fn::Select" => self.select(argument)?,
            "Fn::Split" => {
                let [separator, source] = arguments(argument, name)?;
                let (separator, source) = (self.text(separator)?, self.text(source)?);
                if separator.is_empty() {
                    return Err(wrong(argument, "the separator of Fn::Split", "a text that is not empty"));
                }
                source.split(&separator).collect()
            }
            "Fn::FindInMap" => self.find_in_map(argument)?,
            "Fn::ImportValue" => {
                let name = self.text(argument)?;
                let found = self.place.exports.get(&name).cloned();
                found.ok_or_else(|| Mistake::on(argument.line, Fault::UnknownExport(name)))?.into()
            }
            "Fn::Base64" => BASE64_STANDARD.encode(self.text(argument)?).into(),
            "Fn::ToJsonString" => self.value(argument)?.to_string().into(),
            "Fn::Length" => match self.value(argument)? {
                Value::Array(items) => items.len().into(),
                _ => return Err(wrong(argument, "Fn::Length", "given a list")),
            },
            "Fn::GetAZs" => ["a", "b", "c"].map(|zone| format!("{}{zone}", self.place.region)).to_vec().into(),
            "Condition" => {
                let named = argument.as_text().ok_or_else(|| wrong(argument, "Condition", "a name"))?;
                self.holds(named, argument.line)?.into()
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                return Err(Mistake::on(
                    argument.line,
                    Fault::UnknownFunction(format!("{name} outside of Conditions")),
                ));
            }
            unknown => return Err(Mistake::on(argument.line, Fault::UnknownFunction(unknown.to_owned()))),
        };
        Ok(Some(value))
    }

    fn reference(&self, argument: &Node) -> Result<Option<Value>, Mistake> {
        let name = argument.as_text().ok_or_else(|| wrong(argument, "Ref", "a name"))?;
        if name == NO_VALUE {
            return Ok(None);
        }
        self.name(name, argument.line).map(Some)
    }

    /// What a name stands for: a parameter, something of the place, or a resource.
    fn name(&self, name: &str, line: usize) -> Result<Value, Mistake> {
        if let Some(value) = self.parameters.get(name).cloned().or_else(|| self.pseudo_parameter(name)) {
            return Ok(value);
        }
        let known = self.known.get(name).map(|known| Value::from(known.reference.as_str()));
        known.ok_or_else(|| Mistake::on(line, Fault::UnknownRef(name.to_owned())))
    }

    fn pseudo_parameter(&self, name: &str) -> Option<Value> {
        let Place { region, account_id, stack, .. } = &self.place;
        Some(match name {
            "AWS::Region" => region.as_str().into(),
            "AWS::AccountId" => account_id.as_str().into(),
            "AWS::StackName" => stack.as_str().into(),
            "AWS::StackId" => format!("arn:aws:cloudformation:{region}:{account_id}:stack/{stack}/tollgate").into(),
            "AWS::Partition" => "aws".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            "AWS::NotificationARNs" => Value::Array(Vec::new()),
            _ => return None,
        })
    }

    /// Whether a name stands for something that is no resource.
    pub(crate) fn is_constant(&self, name: &str) -> bool {
        name == NO_VALUE || self.parameters.contains_key(name) || self.pseudo_parameter(name).is_some()
    }

    fn attribute(&self, argument: &Node) -> Result<Value, Mistake> {
        let (name, attribute) = attribute_name(argument)?;
        let attribute = self.text(&attribute)?;
        self.attribute_of(&name, &attribute, argument.line)
    }

    fn attribute_of(&self, name: &str, attribute: &str, line: usize) -> Result<Value, Mistake> {
        let known = self.known.get(name).ok_or_else(|| Mistake::on(line, Fault::UnknownRef(name.to_owned())))?;
        known.attributes.get(attribute).cloned().ok_or_else(|| {
            Mistake::on(line, Fault::UnknownAttribute { resource: name.to_owned(), attribute: attribute.to_owned() })
        })
    }

    fn substitute(&self, argument: &Node) -> Result<String, Mistake> {
        let (pattern, variables) = sub::parts(argument)?;
        let mut out = String::new();
        for piece in sub::pieces(pattern) {
            let value = match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Name(name) => match variables.and_then(|variables| variables.get(name)) {
                    Some(variable) => self.value(variable)?,
                    None => match name.split_once('.') {
                        Some((resource, attribute)) => self.attribute_of(resource, attribute, argument.line)?,
                        None => self.name(name, argument.line)?,
                    },
                },
            };
            out.push_str(&text(&value).ok_or_else(|| wrong(argument, "what Fn::Sub puts in", "a text"))?);
            // Looked at on the way: what is put in may be long itself.
            check_length(argument, out.len())?;
        }
        self.spend(argument, out)
    }

    fn join(&self, argument: &Node) -> Result<String, Mistake> {
        let [separator, items] = arguments(argument, "Fn::Join")?;
        let separator = self.text(separator)?;
        let Value::Array(items) = self.value(items)? else {
            return Err(wrong(items, "the second argument of Fn::Join", "a list"));
        };
        let texts: Option<Vec<String>> = items.iter().map(text).collect();
        let texts = texts.ok_or_else(|| wrong(argument, "what Fn::Join joins", "texts"))?;
        let between = separator.len().saturating_mul(texts.len());
        check_length(argument, texts.iter().map(String::len).sum::<usize>().saturating_add(between))?;
        self.spend(argument, texts.join(&separator))
    }

    /// Counts a text that was made, and gives it back.
    fn spend(&self, argument: &Node, text: String) -> Result<String, Mistake> {
        let spent = self.spent.fetch_add(text.len(), Ordering::Relaxed).saturating_add(text.len());
        if spent > MADE_LIMIT { Err(Mistake::on(argument.line, Fault::TooMuchText(MADE_LIMIT))) } else { Ok(text) }
    }

    fn select(&self, argument: &Node) -> Result<Value, Mistake> {
        let [index, items] = arguments(argument, "Fn::Select")?;
        let position = self.text(index)?.parse::<i64>();
        let index = position.map_err(|_| wrong(index, "the index of Fn::Select", "a number"))?;
        let Value::Array(items) = self.value(items)? else {
            return Err(wrong(items, "the second argument of Fn::Select", "a list"));
        };
        let found = usize::try_from(index).ok().and_then(|index| items.get(index)).cloned();
        found.ok_or_else(|| Mistake::on(argument.line, Fault::OutOfRange { index, length: items.len() }))
    }

    fn find_in_map(&self, argument: &Node) -> Result<Value, Mistake> {
        let items = argument.as_list().unwrap_or_default();
        let [map, first, second, rest @ ..] = items else {
            return Err(wrong(argument, "Fn::FindInMap", "given the name of a mapping and two keys"));
        };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self.mappings.get(&map).and_then(|map| map.get(&first)).and_then(|keys| keys.get(&second));
        let default = rest.first().and_then(|options| options.get("DefaultValue"));
        match found.or(default) {
            Some(found) => self.value(found),
            None => Err(Mistake::on(argument.line, Fault::UnknownMapping(format!("{map} → {first} → {second}")))),
        }
    }

    /// Whether a condition of the template holds.
    fn judge(&self, template: &Template, name: &str, depth: usize) -> Result<bool, Mistake> {
        let found = template.conditions.iter().find(|(known, _)| known == name).map(|(_, node)| node);
        let node = found.ok_or_else(|| Mistake::on(0, Fault::UnknownCondition(name.to_owned())))?;
        self.judge_node(template, node, depth)
    }

    fn judge_node(&self, template: &Template, node: &Node, depth: usize) -> Result<bool, Mistake> {
        if depth > CONDITION_DEPTH {
            return Err(Mistake::on(node.line, Fault::Cycle(vec!["conditions".to_owned()])));
        }
        let called = node.as_map().and_then(intrinsic);
        let (name, argument) = called.ok_or_else(|| wrong(node, "a condition", "an intrinsic function"))?;
        let all = |all: &[Node]| {
            all.iter().map(|one| self.judge_node(template, one, depth + 1)).collect::<Result<Vec<_>, _>>()
        };
        match (name, argument.as_list()) {
            ("Condition", None) => {
                let named = argument.as_text().ok_or_else(|| wrong(argument, "Condition", "a name"))?;
                self.judge(template, named, depth + 1).map_err(|mistake| match mistake.line {
                    None => Mistake::on(argument.line, mistake.fault),
                    Some(_) => mistake,
                })
            }
            ("Fn::Equals", Some([one, other])) => {
                let (one, other) = (self.value(one)?, self.value(other)?);
                Ok(one == other || text(&one).is_some() && text(&one) == text(&other))
            }
            ("Fn::Not", Some([one])) => Ok(!self.judge_node(template, one, depth + 1)?),
            ("Fn::And", Some(items)) => Ok(all(items)?.into_iter().all(|holds| holds)),
            ("Fn::Or", Some(items)) => Ok(all(items)?.into_iter().any(|holds| holds)),
            _ => Err(Mistake::on(argument.line, Fault::UnknownFunction(format!("{name}, so given, in Conditions")))),
        }
    }

    /// The resources that a node names, in the branches that are taken, with the lines.
    pub(crate) fn references(&self, node: &Node, found: &mut BTreeSet<(String, usize)>) -> Result<(), Mistake> {
        let mut add = |name: &str, line: usize| {
            if !self.is_constant(name) {
                found.insert((name.to_owned(), line));
            }
        };
        match &node.content {
            Content::Scalar(_) => Ok(()),
            Content::List(items) => items.iter().try_for_each(|item| self.references(item, found)),
            Content::Map(members) => match intrinsic(members) {
                Some(("Ref", argument)) => {
                    add(argument.as_text().unwrap_or_default(), argument.line);
                    Ok(())
                }
                Some(("Fn::GetAtt", argument)) => {
                    add(&attribute_name(argument)?.0, argument.line);
                    Ok(())
                }
                Some(("Fn::Sub", argument)) => {
                    let (pattern, variables) = sub::parts(argument)?;
                    for piece in sub::pieces(pattern) {
                        if let Piece::Name(name) = piece
                            && variables.is_none_or(|variables| variables.get(name).is_none())
                        {
                            add(name.split_once('.').map_or(name, |(resource, _)| resource), argument.line);
                        }
                    }
                    variables.map_or(Ok(()), |variables| self.references(variables, found))
                }
                Some(("Fn::If", argument)) => {
                    let [condition, yes, no] = arguments(argument, "Fn::If")?;
                    let condition = condition.as_text().unwrap_or_default();
                    self.references(if self.holds(condition, argument.line)? { yes } else { no }, found)
                }
                Some((_, argument)) => self.references(argument, found),
                None => members.iter().try_for_each(|(_, value)| self.references(value, found)),
            },
        }
    }
}

/// The function that a mapping of one member calls, if it calls one.
fn intrinsic(members: &[(String, Node)]) -> Option<(&str, &Node)> {
    match members {
        [(name, argument)]
            if name == "Ref" || name.starts_with("Fn::") || name == "Condition" && argument.as_text().is_some() =>
        {
            Some((name, argument))
        }
        _ => None,
    }
}

fn arguments<'a, const N: usize>(node: &'a Node, name: &str) -> Result<[&'a Node; N], Mistake> {
    let items: Vec<&Node> = node.as_list().unwrap_or_default().iter().collect();
    items
        .try_into()
        .map_err(|_| wrong(node, name, if N == 2 { "given two arguments" } else { "given three arguments" }))
}

/// The resource and the attribute of a `Fn::GetAtt`, which is a list or a text with a dot.
fn attribute_name(argument: &Node) -> Result<(String, Node), Mistake> {
    let bad = || wrong(argument, "Fn::GetAtt", "given a logical id and an attribute");
    if let Some((name, attribute)) = argument.as_text().and_then(|text| text.split_once('.')) {
        return Ok((name.to_owned(), Node::text(argument.line, attribute)));
    }
    let [name, attribute] = argument.as_list().ok_or_else(bad)? else { return Err(bad()) };
    Ok((name.as_text().ok_or_else(bad)?.to_owned(), attribute.clone()))
}

/// No text is longer than a template may be.
fn check_length(argument: &Node, length: usize) -> Result<(), Mistake> {
    let limit = Fault::TooMuchText(TEXT_LIMIT);
    if length > TEXT_LIMIT { Err(Mistake::on(argument.line, limit)) } else { Ok(()) }
}

/// A scalar as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
