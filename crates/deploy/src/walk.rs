//! Goes through the resources of a template in order and decides of each what is to be done, given what there is.
//!
//! A plan and a deployment take the same walk; a plan imagines the ids of what it would make.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::call::Call;
use crate::document::{Members, Node};
use crate::files::Files;
use crate::found::Found;
use crate::kind::{Kind, Subject};
use crate::kinds::{ARCHIVE_SHA256, ARCHIVE_SIZE};
use crate::mistake::{Fault, Mistake};
use crate::scope::{Scope, text};
use crate::stack::{Entry, OutputValue, Stack};
use crate::template::{Resource, Template};

/// A walk that is under way.
pub(crate) struct Walk<'a> {
    template: &'a Template,
    files: &'a dyn Files,
    /// What may be taken over.
    found: Option<&'a Found>,
    pub(crate) scope: Scope,
    /// What there is and nobody has claimed.
    pub(crate) pool: Vec<Entry>,
    /// What is as it should be.
    pub(crate) settled: Vec<Entry>,
}

/// What is to be done about a resource.
pub(crate) struct Decision {
    pub(crate) kind: &'static Kind,
    pub(crate) logical_id: String,
    pub(crate) properties: Members,
    pub(crate) retained: bool,
    pub(crate) order: usize,
    pub(crate) action: Action,
}

/// What there is to do.
pub(crate) enum Action {
    /// Make it.
    Create(Vec<Call>),
    /// Make it, since what there is under its logical id cannot be changed into it.
    Replace(Vec<Call>),
    /// Change what there is; no requests where it differs in nothing that counts.
    Update { before: Entry, calls: Vec<Call> },
    /// Take over what is on the node and no stack has, and change what differs.
    Adopt { before: Entry, calls: Vec<Call> },
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        template: &'a Template,
        files: &'a dyn Files,
        found: Option<&'a Found>,
        scope: Scope,
        current: &Stack,
    ) -> Self {
        let pool = current.resources.values().chain(&current.leftovers).cloned().collect();
        Self { template, files, found, scope, pool, settled: Vec::new() }
    }

    /// Decides what is to be done about a resource, and takes what it goes on with out of the pool.
    pub(crate) fn decide(&mut self, logical_id: &str) -> Result<Decision, Mistake> {
        let resource = self.template.resource(logical_id).expect("the order names resources of the template");
        let at = |fault: Fault| Mistake::on(resource.line, fault).within(logical_id);
        let kind = Kind::find(&resource.kind).ok_or_else(|| at(Fault::UnknownType(resource.kind.clone())))?;
        let properties = self.properties(resource).map_err(|mistake| mistake.within(logical_id))?;
        let place = self.scope.place.clone();
        let subject = Subject { kind, logical_id, place: &place, properties: &properties };
        let at = |fault: Fault| Mistake::on(line_of(resource, &fault), fault).within(logical_id);
        let before = self.claimable(&subject);
        let calls = match before {
            Some(index) => kind.noun.update(&subject, &self.pool[index]).map_err(at)?,
            None => None,
        };
        let action = match (before, calls) {
            (Some(index), Some(calls)) => Action::Update { before: self.pool.remove(index), calls },
            (Some(_), None) => Action::Replace(kind.noun.create(&subject).map_err(at)?),
            (None, _) if self.pool.iter().any(|entry| entry.logical_id == logical_id) => {
                Action::Replace(kind.noun.create(&subject).map_err(at)?)
            }
            (None, _) => match self.adoptable(&subject).map_err(at)? {
                Some((before, calls)) => Action::Adopt { before, calls },
                None => Action::Create(kind.noun.create(&subject).map_err(at)?),
            },
        };
        let (retained, order) = (resource.retained, self.settled.len());
        Ok(Decision { kind, logical_id: logical_id.to_owned(), properties, retained, order, action })
    }

    /// What on the node is the thing described, and what makes it so. Something that cannot be changed in place is
    /// another thing.
    fn adoptable(&self, subject: &Subject<'_>) -> Result<Option<(Entry, Vec<Call>)>, Fault> {
        let Some(found) = self.found else { return Ok(None) };
        let claimed: Vec<Entry> = self.settled.iter().chain(&self.pool).cloned().collect();
        let Some(entry) = found.entry(subject, &claimed)? else { return Ok(None) };
        Ok(subject.kind.noun.update(subject, &entry)?.map(|calls| (entry, calls)))
    }

    /// Takes note of a resource that is as it should be.
    pub(crate) fn settle(&mut self, entry: Entry) {
        self.scope.known.insert(entry.logical_id.clone(), entry.known());
        self.settled.push(entry);
    }

    /// What there is that a resource goes on with: the same thing under whatever logical id, else what there is under
    /// its own, unless that is another thing.
    fn claimable(&self, subject: &Subject<'_>) -> Option<usize> {
        let wanted = subject.kind.noun.identity(subject);
        let identity = |entry: &Entry| {
            let subject = Subject { logical_id: &entry.logical_id, properties: &entry.properties, ..*subject };
            subject.kind.noun.identity(&subject)
        };
        let mut own = self.pool.iter().enumerate().filter(|(_, entry)| entry.kind == subject.kind.name);
        let by_id = own.clone().find(|(_, entry)| entry.logical_id == subject.logical_id);
        match wanted {
            Some(wanted) => {
                let same = |entry: &Entry| identity(entry).as_ref() == Some(&wanted);
                let at_home = by_id.filter(|(_, entry)| same(entry));
                at_home.or_else(|| own.find(|(_, entry)| same(entry))).map(|(index, _)| index)
            }
            None => by_id.map(|(index, _)| index),
        }
    }

    /// The properties of a resource, resolved, and with what lies in files.
    fn properties(&self, resource: &Resource) -> Result<Members, Mistake> {
        let Value::Object(mut properties) = self.scope.value(&resource.properties)? else { return Ok(Members::new()) };
        let line = |name: &str| resource.properties.get(name).map_or(resource.line, |node| node.line);
        if resource.kind == "AWS::Lambda::Function" {
            check_function(resource, &properties)?;
            let told = |name: &str| properties.get(name).and_then(text).unwrap_or_default();
            let code = properties.get("Code").cloned().unwrap_or_default();
            let archive = self.files.archive(&code, &told("Runtime"), &told("Handler"));
            let (sha256, size) = archive.map_err(|why| Mistake::on(line("Code"), Fault::NoCode(why)))?;
            properties.insert("Code".to_owned(), json!({ ARCHIVE_SHA256: sha256, ARCHIVE_SIZE: size }));
        }
        if let Some(location) = properties.get("BodyS3Location").cloned() {
            let document = self.files.document(&location);
            let document = document.map_err(|why| Mistake::on(line("BodyS3Location"), Fault::NoCode(why)))?;
            properties.insert("Body".to_owned(), document);
        }
        Ok(properties)
    }

    /// The outputs of the stack, once all resources are known.
    pub(crate) fn outputs(&self) -> Result<BTreeMap<String, OutputValue>, Mistake> {
        let (mut outputs, mut exported) = (BTreeMap::new(), BTreeSet::new());
        for (name, output) in &self.template.outputs {
            let within = |mistake: Mistake| mistake.within(name);
            if let Some(condition) = &output.condition
                && !self.scope.holds(condition, output.line).map_err(within)?
            {
                continue;
            }
            let value = match self.scope.value(&output.value).map_err(within)? {
                Value::Array(items) => items.iter().filter_map(text).collect::<Vec<_>>().join(","),
                _ => self.scope.text(&output.value).map_err(within)?,
            };
            let export = output.export.as_ref().map(|export: &Node| self.scope.text(export)).transpose();
            let export = export.map_err(within)?;
            let mut taken =
                |name: &String| self.scope.place.exports.contains_key(name) || !exported.insert(name.clone());
            if let Some(export) = export.clone().filter(&mut taken) {
                return Err(within(Mistake::on(output.line, Fault::ExportTaken(export))));
            }
            outputs.insert(name.clone(), OutputValue { value, export });
        }
        Ok(outputs)
    }

    /// The stack as it is at this moment of the walk.
    pub(crate) fn stack(&self, current: &Stack) -> Stack {
        let mut stack = Stack { resources: BTreeMap::new(), leftovers: Vec::new(), ..current.clone() };
        for entry in &self.settled {
            stack.resources.insert(entry.logical_id.clone(), entry.clone());
        }
        for entry in &self.pool {
            match stack.resources.contains_key(&entry.logical_id) {
                true => stack.leftovers.push(entry.clone()),
                false => {
                    stack.resources.insert(entry.logical_id.clone(), entry.clone());
                }
            }
        }
        stack
    }
}

impl Decision {
    pub(crate) fn subject<'a>(&'a self, place: &'a crate::scope::Place) -> Subject<'a> {
        Subject { kind: self.kind, logical_id: &self.logical_id, place, properties: &self.properties }
    }

    /// The record of what was made, by the answer to the first request.
    pub(crate) fn made(&self, place: &crate::scope::Place, answer: &Value) -> Entry {
        let id = self.kind.noun.id(&self.subject(place), answer);
        self.entry(id.clone(), self.kind.attributes(place, &id, answer))
    }

    /// The record of what there was and now is as it should be.
    pub(crate) fn kept(&self, before: &Entry) -> Entry {
        self.entry(before.physical_id.clone(), before.attributes.clone())
    }

    /// The record of what would be made: its ids and attributes stand for themselves.
    pub(crate) fn imagined(&self, place: &crate::scope::Place) -> Entry {
        let id = format!("${{{}}}", self.logical_id);
        let mut attributes = self.kind.attributes(place, &id, &Value::Null);
        for (name, _) in self.kind.attributes {
            let token = format!("${{{}.{name}}}", self.logical_id);
            attributes.entry((*name).to_owned()).or_insert_with(|| token.into());
        }
        self.entry(id, attributes)
    }

    fn entry(&self, physical_id: String, attributes: BTreeMap<String, Value>) -> Entry {
        Entry {
            logical_id: self.logical_id.clone(),
            kind: self.kind.name.to_owned(),
            physical_id,
            attributes,
            properties: self.properties.clone(),
            retained: self.retained,
            order: self.order,
        }
    }
}

/// The line of the property that a fault names, or of the resource.
fn line_of(resource: &Resource, fault: &Fault) -> usize {
    let named = match fault {
        Fault::Wrong { what, .. } => what,
        Fault::UnknownProperty { property, .. } => property,
        Fault::Missing(property) => property.rsplit_once('.').map_or("", |(above, _)| above),
        _ => "",
    };
    let mut node = &resource.properties;
    for part in named.split('.') {
        let item = part.parse::<usize>().ok().and_then(|index| node.as_list()?.get(index));
        match node.get(part).or(item) {
            Some(below) => node = below,
            None => break,
        }
    }
    if std::ptr::eq(node, &resource.properties) { resource.line } else { node.line }
}

/// Refuses what a function cannot have here.
fn check_function(resource: &Resource, properties: &Members) -> Result<(), Mistake> {
    let image = properties.get("PackageType").and_then(text).is_some_and(|kind| kind == "Image");
    let layers = properties.get("Layers").and_then(Value::as_array).is_some_and(|layers| !layers.is_empty());
    let unsupported = match (image, layers) {
        (true, _) => "a function in a container image",
        (false, true) => "the property Layers",
        (false, false) => return Ok(()),
    };
    Err(Mistake::on(resource.line, Fault::Unsupported(unsupported.to_owned())))
}
