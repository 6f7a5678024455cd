//! Does what a plan says, one resource after the other; takes it back where a step fails.

use serde_json::Value;

use crate::call::{Call, Verb};
use crate::kind::{Kind, Subject};
use crate::plan::{Change, Plan};
use crate::stack::{Entry, Stack, Status};
use crate::walk::{Action, Decision, Walk};

/// A node that answers requests and keeps the record of the stack.
pub trait Node {
    /// Sends a request.
    fn send(&self, call: &Call) -> impl Future<Output = Result<Value, Refusal>>;
    /// Keeps the record of the stack.
    fn save(&self, stack: &Stack) -> impl Future<Output = Result<(), Refusal>>;
    /// Tells of what was done.
    fn tell(&self, progress: &Progress<'_>);
}

/// A node's "no".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The status of the answer; zero where there was none.
    pub status: u16,
    /// What it said.
    pub message: String,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// How many of the resources are as they should be.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// The resource.
    pub logical_id: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Its id.
    pub physical_id: &'a str,
    /// What was done with it.
    pub did: Did,
}

/// What was done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Made.
    Made,
    /// Made anew.
    Replaced,
    /// Changed.
    Changed,
    /// Taken over.
    Adopted,
    /// Left as it was.
    Kept,
    /// Removed.
    Removed,
    /// Let go of.
    Retained,
    /// Taken back, since a later step failed.
    TakenBack,
}

/// Why a deployment did not end well.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failed {
    /// A step failed, and all is as it was.
    #[error("{logical_id}: {cause}. All that was done before has been taken back")]
    RolledBack {
        /// The resource that failed.
        logical_id: String,
        /// Why.
        cause: String,
    },
    /// A step failed, and not all could be taken back.
    #[error("{logical_id}: {cause}. This could not be taken back: {}", .left.join("; "))]
    Stuck {
        /// The resource that failed.
        logical_id: String,
        /// Why.
        cause: String,
        /// What is left, and why.
        left: Vec<String>,
    },
    /// All was made, and something that is not needed any more could not be removed.
    #[error("this could not be removed, and is tried again by the next deployment: {}", .0.join("; "))]
    Leftovers(Vec<String>),
    /// The record could not be kept.
    #[error("the record of the stack cannot be kept: {0}")]
    Record(Refusal),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Record(refusal)
    }
}

/// What takes a step back.
enum Undo {
    Made(Entry),
    Changed { before: Entry, after: Entry },
    Removed(Entry),
}

/// A deployment under way.
struct Run<'a, N> {
    plan: &'a Plan<'a>,
    node: &'a N,
    walk: Walk<'a>,
    undo: Vec<Undo>,
}

/// Makes what a plan says and returns the stack as it is then.
pub async fn deploy<N: Node>(plan: &Plan<'_>, node: &N) -> Result<Stack, Failed> {
    if plan.changes_something() {
        // Before a thing is changed, so that of two who begin at once only one goes on.
        node.save(&Stack { status: Status::InProgress, ..plan.current.clone() }).await?;
    }
    let mut run = Run { plan, node, walk: plan.walk(), undo: Vec::new() };
    for logical_id in &plan.order {
        if let Err(cause) = run.step(logical_id).await {
            return Err(run.roll_back(logical_id, cause).await?);
        }
    }
    let outputs = match run.walk.outputs() {
        Ok(outputs) => outputs,
        Err(mistake) => return Err(run.roll_back("Outputs", mistake.to_string()).await?),
    };
    let Run { walk: Walk { pool, settled, .. }, .. } = run;
    let mut stack = Stack { outputs, status: Status::Complete, leftovers: Vec::new(), ..plan.current.clone() };
    stack.resources = settled.into_iter().map(|entry| (entry.logical_id.clone(), entry)).collect();
    clean_up(node, stack, pool, plan.order.len()).await
}

/// Removes all of a stack. What could not be removed is left in the stack that is kept.
pub async fn delete<N: Node>(stack: Stack, node: &N) -> Result<(), Failed> {
    let pool: Vec<Entry> = stack.resources.values().chain(&stack.leftovers).cloned().collect();
    let empty = Stack { resources: Default::default(), leftovers: Vec::new(), outputs: Default::default(), ..stack };
    let all = pool.len();
    clean_up(node, empty, pool, all).await.map(drop)
}

impl<N: Node> Run<'_, N> {
    async fn step(&mut self, logical_id: &str) -> Result<(), String> {
        let decision = self.walk.decide(logical_id).map_err(|mistake| mistake.to_string())?;
        let (entry, did) = match &decision.action {
            Action::Create(calls) => (self.make(&decision, calls).await?, Did::Made),
            Action::Replace(calls) => (self.make(&decision, calls).await?, Did::Replaced),
            Action::Adopt { before, calls } => {
                let after = decision.kept(before);
                if !calls.is_empty() {
                    self.undo.push(Undo::Changed { before: before.clone(), after: after.clone() });
                    send_all(self.node, calls).await?;
                }
                (after, Did::Adopted)
            }
            Action::Update { before, calls } => {
                let after = decision.kept(before);
                if !calls.is_empty() {
                    self.undo.push(Undo::Changed { before: before.clone(), after: after.clone() });
                    send_all(self.node, calls).await?;
                }
                let same = calls.is_empty() && before.logical_id == after.logical_id;
                (after, if same { Did::Kept } else { Did::Changed })
            }
        };
        self.walk.settle(entry);
        let entry = self.walk.settled.last().expect("it was settled");
        self.node.tell(&progress(entry, did, self.walk.settled.len(), self.plan.order.len()));
        if did != Did::Kept {
            let stack = Stack { status: Status::InProgress, ..self.walk.stack(&self.plan.current) };
            self.node.save(&stack).await.map_err(|refusal| refusal.to_string())?;
        }
        Ok(())
    }

    async fn make(&mut self, decision: &Decision, calls: &[Call]) -> Result<Entry, String> {
        let place = &self.plan.scope.place;
        self.make_way(decision).await?;
        let Some((first, rest)) = calls.split_first() else { return Ok(decision.made(place, &Value::Null)) };
        let answer = self.node.send(first).await.map_err(|refusal| refusal.to_string())?;
        let entry = decision.made(place, &answer);
        self.undo.push(Undo::Made(entry.clone()));
        let rest: Vec<Call> = rest.iter().map(|call| call.clone().with_id(&entry.physical_id)).collect();
        send_all(self.node, &rest).await?;
        Ok(entry)
    }

    /// Removes what nobody needs any more and what a new resource cannot stand beside.
    async fn make_way(&mut self, decision: &Decision) -> Result<(), String> {
        let place = &self.plan.scope.place;
        let in_the_way = |entry: &Entry| {
            entry.kind == decision.kind.name
                && self.plan.dooms(entry)
                && decision.kind.noun.excludes(&decision.subject(place), entry)
        };
        while let Some(index) = self.walk.pool.iter().position(in_the_way) {
            let entry = self.walk.pool.remove(index);
            send_all(self.node, &decision.kind.noun.delete(&entry, &[])).await?;
            self.undo.push(Undo::Removed(entry));
        }
        Ok(())
    }

    /// Takes back what was done, the last first, and keeps the record of what there was.
    async fn roll_back(mut self, logical_id: &str, cause: String) -> Result<Failed, Failed> {
        let (mut left, mut leftovers) = (Vec::new(), Vec::new());
        let before: Vec<Entry> = self.plan.current.resources.values().cloned().collect();
        while let Some(undo) = self.undo.pop() {
            let entry = match &undo {
                Undo::Made(entry) | Undo::Removed(entry) | Undo::Changed { after: entry, .. } => entry.clone(),
            };
            match send_all(self.node, &self.undoing(&undo, &before)).await {
                Ok(()) => self.node.tell(&progress(&entry, Did::TakenBack, 0, self.plan.order.len())),
                Err(why) => {
                    left.push(format!("{}: {why}", entry.logical_id));
                    leftovers.extend(matches!(undo, Undo::Made(_)).then_some(entry));
                }
            }
        }
        let status = if left.is_empty() { Status::RolledBack } else { Status::Failed };
        let mut stack = Stack { status, ..self.plan.current.clone() };
        stack.leftovers.extend(leftovers);
        self.node.save(&stack).await?;
        let logical_id = logical_id.to_owned();
        Ok(match left.is_empty() {
            true => Failed::RolledBack { logical_id, cause },
            false => Failed::Stuck { logical_id, cause, left },
        })
    }

    fn undoing(&self, undo: &Undo, others: &[Entry]) -> Vec<Call> {
        let place = &self.plan.scope.place;
        let subject = |entry: &Entry| Kind::find(&entry.kind).map(|kind| (kind, entry.clone()));
        let others: Vec<&Entry> = others.iter().collect();
        match undo {
            Undo::Made(entry) => subject(entry).map(|(kind, entry)| kind.noun.delete(&entry, &others)),
            Undo::Changed { before, after } => subject(before).and_then(|(kind, entry)| {
                let properties = &entry.properties;
                let subject = Subject { kind, logical_id: &entry.logical_id, place, properties };
                kind.noun.update(&subject, after).ok().flatten()
            }),
            Undo::Removed(entry) => subject(entry).and_then(|(kind, entry)| {
                let properties = &entry.properties;
                kind.noun.create(&Subject { kind, logical_id: &entry.logical_id, place, properties }).ok()
            }),
        }
        .unwrap_or_default()
    }
}

/// Removes what nobody needs any more, what was made last first, and keeps the record of what remains.
async fn clean_up<N: Node>(node: &N, mut stack: Stack, mut pool: Vec<Entry>, of: usize) -> Result<Stack, Failed> {
    pool.sort_by_key(|entry| entry.order);
    let mut left = Vec::new();
    while let Some(entry) = pool.pop() {
        if entry.retained {
            node.tell(&progress(&entry, Did::Retained, of, of));
            continue;
        }
        let Some(kind) = Kind::find(&entry.kind) else { continue };
        let others: Vec<&Entry> = pool.iter().chain(stack.resources.values()).collect();
        match send_all(node, &kind.noun.delete(&entry, &others)).await {
            Ok(()) => node.tell(&progress(&entry, Did::Removed, of, of)),
            Err(why) => {
                left.push(format!("{}: {why}", entry.logical_id));
                stack.leftovers.push(entry);
            }
        }
    }
    node.save(&stack).await?;
    if left.is_empty() { Ok(stack) } else { Err(Failed::Leftovers(left)) }
}

/// Sends requests in order until one is refused.
async fn send_all<N: Node>(node: &N, calls: &[Call]) -> Result<(), String> {
    for call in calls {
        match node.send(call).await {
            Ok(_) => {}
            // It was to be removed, and is not there.
            Err(refusal) if call.lenient && refusal.status == 404 => {}
            Err(refusal) if call.lenient && call.verb == Verb::Patch && refusal.status == 400 => {}
            Err(refusal) => return Err(refusal.to_string()),
        }
    }
    Ok(())
}

fn progress(entry: &Entry, did: Did, done: usize, of: usize) -> Progress<'_> {
    Progress { done, of, logical_id: &entry.logical_id, kind: &entry.kind, physical_id: &entry.physical_id, did }
}

impl Progress<'_> {
    /// Whether anything was done.
    pub fn did_something(&self) -> bool {
        self.did != Did::Kept
    }
}

impl Change {
    /// Whether it is a removal.
    pub fn removes(&self) -> bool {
        matches!(self, Self::Delete | Self::Replace)
    }
}

#[cfg(test)]
#[path = "deploy_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "deploy_properties.rs"]
mod properties;
