//! GetNodes: the nodes that share the store, how far each has come, and, with `wait`, which have not come along by then.

use std::time::Duration;

use serde::Serialize;
use tollgate_store::{NodeRow, StoreError};

use super::OperatorRefusal;
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::error::Failure;
use crate::request::Request;

/// How often is looked whether the others have come along.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The longest that a request may wait.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodesWire {
    /// The number of the last change.
    revision: u64,
    /// Names of nodes that are alive and where not all is in force.
    behind: Vec<String>,
    item: Vec<NodeWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeWire {
    id: String,
    name: String,
    version: String,
    gateway: String,
    management: String,
    /// Seconds since 1970.
    started_date: i64,
    alive: bool,
    /// Milliseconds since it was heard of.
    silent_for: i64,
    revision: u64,
    /// Changes that are not in force there.
    behind: u64,
    /// Milliseconds since the first of them.
    lag: i64,
    /// Where it has the buckets of throttles: `own`, `shared`, or `alone` while those that are shared are out of reach.
    buckets: &'static str,
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let wait = request.query("wait").map(read_wait).transpose()?;
    let revision = control.store().last_change().await?;
    if let Some(wait) = wait {
        control.nodes_behind(revision, wait).await?;
    }
    let nodes = control.store().nodes().await?;
    let behind = nodes.iter().filter(|row| is_behind(row, revision)).map(|row| row.node.name.clone()).collect();
    let item = match nodes.is_empty() {
        true => alone(control),
        false => nodes.into_iter().map(NodeWire::from).collect(),
    };
    Answer::json(&NodesWire { revision, behind, item })
}

fn read_wait(text: &str) -> Result<Duration, Failure> {
    let wait = text.parse().ok().map(Duration::from_millis).filter(|wait| *wait <= LONGEST);
    Ok(wait.ok_or(OperatorRefusal::BadCall("wait"))?)
}

fn is_behind(row: &NodeRow, revision: u64) -> bool {
    row.alive && row.revision < revision
}

/// A node that shares its store with nobody.
fn alone(control: &Control) -> Vec<NodeWire> {
    let node = control.node().map(|node| NodeWire {
        id: String::new(),
        name: node.management.clone(),
        version: node.version.to_owned(),
        gateway: node.gateway.clone(),
        management: node.management.clone(),
        started_date: 0,
        alive: true,
        silent_for: 0,
        revision: 0,
        behind: 0,
        lag: 0,
        buckets: control.gate().buckets().as_str(),
    });
    node.into_iter().collect()
}

impl From<NodeRow> for NodeWire {
    fn from(row: NodeRow) -> Self {
        Self {
            id: format!("{:016x}", row.node.source),
            name: row.node.name,
            version: row.node.version,
            gateway: row.node.gateway,
            management: row.node.management,
            started_date: row.started / 1000,
            alive: row.alive,
            silent_for: row.silent_for,
            revision: row.revision,
            behind: row.behind,
            lag: row.lag,
            buckets: row.buckets.as_str(),
        }
    }
}

impl Control {
    /// Waits until a change is in force on all nodes that are alive now, and names those where it is not by then. One
    /// that ends meanwhile is waited for no longer; one that falls silent is.
    pub(crate) async fn nodes_behind(&self, revision: u64, patience: Duration) -> Result<Vec<String>, StoreError> {
        let alive = self.store().nodes().await?.into_iter().filter(|row| row.alive);
        let mut waited: Vec<u64> = alive.map(|row| row.node.source).collect();
        let late = tokio::time::sleep(patience);
        tokio::pin!(late);
        loop {
            let nodes = self.store().nodes().await?;
            let has_to_come = |row: &&NodeRow| waited.contains(&row.node.source) && row.revision < revision;
            let behind: Vec<&NodeRow> = nodes.iter().filter(has_to_come).collect();
            let names = behind.iter().map(|row| row.node.name.clone()).collect();
            let still = behind.iter().map(|row| row.node.source).collect();
            waited = still;
            if waited.is_empty() {
                return Ok(names);
            }
            tokio::select! {
                () = &mut late => return Ok(names),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}
