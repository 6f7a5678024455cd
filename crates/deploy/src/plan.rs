//! What a deployment would do, worked out before a thing is changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::Files;
use crate::found::Found;
use crate::kind::Kind;
use crate::lint::{self, Finding};
use crate::mistake::{Fault, Mistake};
use crate::order::order;
use crate::scope::{Place, Scope};
use crate::stack::{Entry, Stack};
use crate::template::Template;
use crate::walk::{Action, Decision, Walk};

/// A template that is to be deployed, checked as far as can be without doing it.
pub struct Plan<'a> {
    pub(crate) template: &'a Template,
    pub(crate) files: &'a dyn Files,
    found: Option<&'a Found>,
    pub(crate) scope: Scope,
    pub(crate) order: Vec<String>,
    pub(crate) current: Stack,
    steps: Vec<Step>,
    /// What there is and will be there no more.
    doomed: BTreeSet<(String, String)>,
    /// What there will be, with ids that stand for themselves.
    imagined: Vec<Entry>,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The logical id of the resource.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// What is done with it.
    pub change: Change,
}

/// What is done with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made.
    Create,
    /// It is changed in place: the properties that differ.
    Update(Vec<String>),
    /// It is on the node and no stack's: it is taken over, and the properties that differ are changed.
    Adopt(Vec<String>),
    /// It is made anew, and the old one is removed.
    Replace,
    /// It stays as it is.
    Keep,
    /// It stays as it is, and has another logical id.
    Rename(String),
    /// It is removed.
    Delete,
    /// The stack lets go of it, and it stays.
    Retain,
}

impl<'a> Plan<'a> {
    /// Resolves a template as far as can be, checks it, and compares it with what there is.
    pub fn new(
        template: &'a Template,
        parameters: &BTreeMap<String, String>,
        place: Place,
        files: &'a dyn Files,
        current: Stack,
    ) -> Result<Self, Vec<Mistake>> {
        Self::adopting(template, parameters, place, files, current, None)
    }

    /// As `new`, and takes over what the template describes and the node has already.
    pub fn adopting(
        template: &'a Template,
        parameters: &BTreeMap<String, String>,
        place: Place,
        files: &'a dyn Files,
        current: Stack,
        found: Option<&'a Found>,
    ) -> Result<Self, Vec<Mistake>> {
        check_types(template)?;
        let scope = Scope::new(template, parameters, place).map_err(|mistake| vec![mistake])?;
        let order = order(template, &scope)?;
        let secret: BTreeSet<&str> = template.secret_parameters().collect();
        let shown = parameters.iter().filter(|(name, _)| !secret.contains(name.as_str()));
        let shown = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
        let current = Stack { parameters: shown, description: template.description.clone(), ..current };
        let (steps, doomed, imagined) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut plan = Self { template, files, found, scope, order, current, steps, doomed, imagined };
        plan.imagine()?;
        Ok(plan)
    }

    /// What would be done, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What is most likely wrong about keys and plans, as the template describes them.
    pub fn findings(&self) -> Vec<Finding> {
        let line = |entry: &Entry| self.template.line(&entry.logical_id);
        let entries: Vec<_> = self.imagined.iter().map(|entry| (line(entry), entry)).collect();
        lint::judge(&lint::Facts::of_entries(&entries))
    }

    /// Whether anything would be done.
    pub fn changes_something(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.change, Change::Keep)) || !self.current.leftovers.is_empty()
    }

    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk::new(self.template, self.files, self.found, self.scope.clone(), &self.current)
    }

    /// Whether nothing will go on with an entry.
    pub(crate) fn dooms(&self, entry: &Entry) -> bool {
        self.doomed.contains(&(entry.kind.clone(), entry.physical_id.clone()))
    }

    /// Walks through the resources as a deployment would, and gathers all mistakes on the way.
    fn imagine(&mut self) -> Result<(), Vec<Mistake>> {
        let mut walk = self.walk();
        let (mut steps, mut mistakes, mut identities) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut failed = BTreeSet::new();
        for logical_id in &self.order {
            let decision = match walk.decide(logical_id) {
                Ok(decision) => decision,
                Err(mistake) => {
                    // Others may name it; what is wrong with them is told, too, but not what only comes of this.
                    let follows = matches!(&mistake.fault, Fault::UnknownAttribute { resource, .. }
                        if failed.contains(resource.as_str()));
                    mistakes.extend((!follows).then_some(mistake));
                    failed.insert(logical_id.as_str());
                    walk.scope.known.entry(logical_id.clone()).or_default();
                    continue;
                }
            };
            mistakes.extend(self.same(&decision, &mut identities));
            let (change, entry) = imagined(&decision, &self.scope.place);
            steps.push(Step { logical_id: logical_id.clone(), kind: decision.kind.name.to_owned(), change });
            walk.settle(entry);
        }
        if mistakes.is_empty() {
            mistakes.extend(walk.outputs().err());
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let Walk { pool, settled, .. } = walk;
        steps.extend(removals(&pool, &steps));
        self.doomed = pool.into_iter().map(|entry| (entry.kind, entry.physical_id)).collect();
        self.imagined = settled;
        self.steps = steps;
        Ok(())
    }

    /// The mistake of two resources that would be the same thing.
    fn same(&self, decision: &Decision, identities: &mut BTreeMap<(&'static str, String), String>) -> Option<Mistake> {
        let identity = decision.kind.noun.identity(&decision.subject(&self.scope.place))?;
        let other = identities.insert((decision.kind.name, identity), decision.logical_id.clone())?;
        let what = "what tells it apart (its value, name or path)".to_owned();
        Some(
            Mistake::on(self.template.line(&decision.logical_id), Fault::Same { what, other })
                .within(&decision.logical_id),
        )
    }
}

/// What a decision comes to, and what there would be then.
fn imagined(decision: &Decision, place: &Place) -> (Change, Entry) {
    match &decision.action {
        Action::Create(_) => (Change::Create, decision.imagined(place)),
        Action::Replace(_) => (Change::Replace, decision.imagined(place)),
        Action::Adopt { before, calls } => {
            // What is written otherwise and says the same takes no request.
            let names = if calls.is_empty() { Vec::new() } else { differing(before, &decision.properties) };
            (Change::Adopt(names), decision.kept(before))
        }
        Action::Update { before, calls } => {
            let change = update(before, &decision.logical_id, &decision.properties, calls.is_empty());
            (change, decision.kept(before))
        }
    }
}

/// The removal of what nothing goes on with. What is replaced has a step already.
fn removals(pool: &[Entry], steps: &[Step]) -> Vec<Step> {
    let replaced = |entry: &&Entry| steps.iter().any(|step| step.logical_id == entry.logical_id);
    let removal = |entry: &Entry| {
        let change = if entry.retained { Change::Retain } else { Change::Delete };
        Step { logical_id: entry.logical_id.clone(), kind: entry.kind.clone(), change }
    };
    pool.iter().filter(|entry| !replaced(entry)).map(removal).collect()
}

fn update(before: &Entry, logical_id: &str, properties: &crate::document::Members, unchanged: bool) -> Change {
    if before.logical_id != logical_id && unchanged {
        return Change::Rename(before.logical_id.clone());
    }
    if unchanged {
        return Change::Keep;
    }
    Change::Update(differing(before, properties))
}

/// The names of properties that differ.
fn differing(before: &Entry, properties: &crate::document::Members) -> Vec<String> {
    let differs = |name: &&String| before.properties.get(*name) != properties.get(*name);
    let names: BTreeSet<&String> = before.properties.keys().chain(properties.keys()).collect();
    names.into_iter().filter(differs).cloned().collect()
}

/// Names all types that are not deployed here, before anything else is looked at.
fn check_types(template: &Template) -> Result<(), Vec<Mistake>> {
    let unknown = template.resources.iter().filter(|(_, resource)| Kind::find(&resource.kind).is_none());
    let mistakes: Vec<Mistake> = unknown
        .map(|(id, resource)| Mistake::on(resource.line, Fault::UnknownType(resource.kind.clone())).within(id))
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}
