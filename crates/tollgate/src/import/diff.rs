//! What an import would do: every request is sent for the node to judge, and what it would change is told.

use std::collections::BTreeMap;

use anyhow::bail;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;

use super::step::{Part, Step};
use crate::management_client::{ManagementClient, refusal};

/// Lines that are told of each kind of key or usage.
const SHOWN: usize = 20;

/// What would be done, in order.
#[derive(Debug, Default)]
pub(crate) struct Diff {
    /// The requests that change something.
    pub(crate) steps: Vec<Step>,
    /// What is told of them.
    lines: Vec<String>,
    /// What is here as something else.
    pub(crate) clashes: Vec<String>,
    /// What cannot be done, and does not keep the rest from being done.
    pub(crate) troubles: Vec<Trouble>,
    /// Things that are here already as they are there.
    same: usize,
}

/// Something that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{about}: {message}")]
pub(crate) struct Trouble {
    pub(crate) about: String,
    pub(crate) message: String,
}

impl Diff {
    /// Has the node judge all requests. `tell` hears how far it is. Fails where the node does not answer.
    pub(crate) async fn of(
        client: &ManagementClient,
        steps: Vec<Step>,
        overwrite: bool,
        tell: impl Fn(String),
    ) -> anyhow::Result<Self> {
        let mut diff = Self::default();
        let (mut lost, total) = (Vec::new(), steps.len());
        let mut keys = Lines::default();
        for (done, mut step) in steps.into_iter().enumerate() {
            tell(format!("comparing {} of {total}: {}", done + 1, step.about));
            if step.part == Part::Plan {
                diff.leave_out(client, &mut step, &lost).await?;
            }
            let changes = match send(client, &step, Sending::Judge { overwrite }).await? {
                Ok(changes) => changes,
                Err(message) => {
                    if step.part == Part::Api {
                        lost.push(step.body["restApi"]["id"].as_str().unwrap_or_default().to_owned());
                    }
                    diff.troubles.push(Trouble { about: step.about, message });
                    continue;
                }
            };
            diff.note(step, &changes, &mut keys);
        }
        diff.lines.extend(keys.told());
        Ok(diff)
    }

    /// What there is to be told, line by line.
    pub(crate) fn told(&self) -> Vec<String> {
        let clashes = self.clashes.iter().map(|clash| format!("! {clash}"));
        let troubles = self.troubles.iter().map(|trouble| format!("! {trouble}"));
        let same = (self.same > 0).then(|| format!("= {} here already as they are there", self.same));
        self.lines.iter().cloned().chain(same).chain(clashes).chain(troubles).collect()
    }

    /// Takes stages out of a plan whose API cannot be imported, unless they are here from before.
    async fn leave_out(&mut self, client: &ManagementClient, step: &mut Step, lost: &[String]) -> anyhow::Result<()> {
        let stages = step.body["apiStages"].as_array().cloned().unwrap_or_default();
        let mut kept = Vec::new();
        for stage in stages {
            let (api, name) =
                (stage["apiId"].as_str().unwrap_or_default(), stage["stage"].as_str().unwrap_or_default());
            if lost.iter().any(|lost| lost == api) && !is_here(client, api, name).await? {
                let message = format!("it comes without the stage {api}:{name}, whose API cannot be imported");
                self.troubles.push(Trouble { about: step.about.clone(), message });
            } else {
                kept.push(stage);
            }
        }
        step.body["apiStages"] = kept.into();
        Ok(())
    }

    fn note(&mut self, step: Step, changes: &[Value], keys: &mut Lines) {
        let mut changes_something = false;
        for change in changes {
            let id = change["id"].as_str().unwrap_or_default();
            match change["change"].as_str() {
                Some("none") => self.same += 1,
                Some("clash") => {
                    let about = if step.part == Part::Keys { format!("key {id}") } else { step.about.clone() };
                    self.clashes.push(format!("{about}: {}", change["message"].as_str().unwrap_or_default()));
                }
                Some("make") => {
                    changes_something = true;
                    match step.part {
                        Part::Api => self.lines.push(format!("+ {}{}", step.about, contents(&step.body))),
                        Part::Plan => self.lines.push(format!("+ {}", step.about)),
                        Part::Keys | Part::Usage => keys.add("+", "keys", format!("key {}", key_name(&step.body, id))),
                    }
                }
                _ => {
                    changes_something = true;
                    let members = members(change);
                    match step.part {
                        Part::Api | Part::Plan => self.lines.push(format!("~ {}: {members}", step.about)),
                        Part::Keys => {
                            keys.add("~", "keys", format!("key {}: {members}", key_name(&step.body, id)));
                        }
                        Part::Usage => {
                            let used = used(&step.body["keys"][id]);
                            keys.add(
                                "~",
                                &format!("keys: {}", step.about),
                                format!("{}: key {id}: {used}", step.about),
                            );
                        }
                    }
                }
            }
        }
        if changes_something {
            self.steps.push(step);
        }
    }
}

/// Lines of one kind, of which the first are told and the others counted.
#[derive(Debug, Default)]
struct Lines(BTreeMap<(&'static str, String), (Vec<String>, usize)>);

impl Lines {
    fn add(&mut self, sign: &'static str, of: &str, line: String) {
        let (shown, more) = self.0.entry((sign, of.to_owned())).or_default();
        if shown.len() < SHOWN { shown.push(format!("{sign} {line}")) } else { *more += 1 }
    }

    fn told(self) -> Vec<String> {
        let told = self.0.into_iter().flat_map(|((sign, of), (shown, more))| {
            shown.into_iter().chain((more > 0).then(|| format!("{sign} and {more} more {of}")))
        });
        told.collect()
    }
}

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sending {
    /// To be judged alone.
    Judge { overwrite: bool },
    /// To be done.
    Do { overwrite: bool },
}

/// Sends a request; what it changed is returned, or why it was refused. Fails where the node does not answer.
pub(crate) async fn send(
    client: &ManagementClient,
    step: &Step,
    sending: Sending,
) -> anyhow::Result<Result<Vec<Value>, String>> {
    let query = match sending {
        Sending::Judge { overwrite: false } => "?dryRun=true",
        Sending::Judge { overwrite: true } => "?dryRun=true&overwrite=true",
        Sending::Do { overwrite: false } => "",
        Sending::Do { overwrite: true } => "?overwrite=true",
    };
    let path = format!("{}{query}", step.path);
    let answer = client.ask("apigateway", Method::PUT, &path, Bytes::from(step.body.to_string())).await?;
    if answer.status() == StatusCode::FORBIDDEN {
        bail!("{}", refusal(&answer));
    }
    if !answer.status().is_success() {
        return Ok(Err(refusal(&answer)));
    }
    let answer: Value = serde_json::from_slice(answer.body())?;
    Ok(Ok(answer["changes"].as_array().cloned().unwrap_or_default()))
}

async fn is_here(client: &ManagementClient, api: &str, stage: &str) -> anyhow::Result<bool> {
    let path = format!("/restapis/{api}/stages/{stage}");
    Ok(client.ask("apigateway", Method::GET, &path, Bytes::new()).await?.status().is_success())
}

fn members(change: &Value) -> String {
    let members = change["members"].as_array().into_iter().flatten().filter_map(Value::as_str);
    members.collect::<Vec<_>>().join(", ")
}

/// The stages of an API that would be made.
fn contents(body: &Value) -> String {
    let stages = body["stages"].as_array().into_iter().flatten().filter_map(|stage| stage["stageName"].as_str());
    let stages: Vec<&str> = stages.collect();
    if stages.is_empty() { String::new() } else { format!(": stages {}", stages.join(", ")) }
}

fn key_name(body: &Value, id: &str) -> String {
    let keys = body["apiKeys"].as_array().into_iter().flatten();
    let name = keys.into_iter().find(|key| key["id"] == id).and_then(|key| key["name"].as_str());
    name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
}

fn used(told: &Value) -> String {
    let used: u64 = told["days"].as_object().into_iter().flatten().filter_map(|(_, calls)| calls.as_u64()).sum();
    match told["remaining"].as_u64() {
        Some(remaining) => format!("{used} used, {remaining} left"),
        None => format!("{used} used"),
    }
}
