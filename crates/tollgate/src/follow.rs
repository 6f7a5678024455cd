//! One node among several: what the others change is put in force here, and this one says once a second that it lives.
//!
//! A change is asked for again until it is in force; only then is it said to be. While the database cannot be reached,
//! nothing is believed for longer than `store.max_staleness`.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tollgate_control::Control;
use tollgate_domain::{Clock, Ticks};
use tollgate_gateway::admission::Admission;
use tollgate_store::{Change, Changes, NodeRecord, Store, StoreError};

use crate::buckets::Buckets;

/// How often a node says that it lives, at least.
const HEARTBEAT: Duration = Duration::from_millis(900);

/// How often what nobody needs any more is deleted.
const TIDYING: Duration = Duration::from_secs(60);

/// How long is waited after a failure.
const REST: Duration = Duration::from_millis(250);

/// How long saying so may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a node that follows the others consists of.
pub(crate) struct Follower {
    pub(crate) control: Control,
    pub(crate) admission: Arc<Admission>,
    pub(crate) store: Store,
    pub(crate) buckets: Buckets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: NodeRecord,
    pub(crate) max_staleness: Option<Duration>,
}

impl Follower {
    /// Follows until what is returned is dropped.
    pub(crate) fn start(self, changes: Changes) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(self.run(changes));
        tasks
    }

    async fn run(self, mut changes: Changes) {
        let (mut said, mut tidied, mut failing) = (None::<Said>, self.clock.ticks(), false);
        loop {
            match self.follow(&mut changes, &mut said).await {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(target: "tollgate::nodes", "changes of other nodes are seen again");
                    }
                }
                Err(error) => {
                    if matches!(error, StoreError::TooFarBehind { .. }) {
                        self.control.set_ready(false);
                    }
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(target: "tollgate::nodes", %error, "changes of other nodes cannot be seen");
                    }
                    tokio::time::sleep(REST).await;
                    continue;
                }
            }
            let now = self.clock.ticks();
            if now.since(tidied) >= TIDYING {
                tidied = now;
                if let Err(error) = self.store.tidy(self.node.source).await {
                    tracing::warn!(target: "tollgate::nodes", %error, "what nobody needs any more is not deleted");
                }
            }
        }
    }

    async fn follow(&self, changes: &mut Changes, said: &mut Option<Said>) -> Result<(), StoreError> {
        // What was asked before may be answered now, so the time is that of the question.
        let asked = self.clock.ticks();
        let change = changes.next().await?;
        self.take_over(&change).await;
        if said.as_ref().is_none_or(|said| said.is_old(&change, self.clock.ticks())) {
            let saying = self.store.announce_node(&self.node, change.revision, self.buckets.state());
            let late = |_| StoreError::Unavailable("database: no answer in time".to_owned());
            tokio::time::timeout(PATIENCE, saying).await.map_err(late)??;
            self.buckets.set_live_nodes(self.store.live_nodes());
            *said = Some(Said { revision: change.revision, at: self.clock.ticks() });
        }
        if let Some(max) = self.max_staleness {
            self.admission.believe_until(Ticks(asked.0.saturating_add(Ticks::from_duration(max).0)));
        }
        Ok(())
    }

    /// Puts a change in force, however often that has to be tried: it is not told of again.
    async fn take_over(&self, change: &Change) {
        for (plan, key) in change.recalls.iter().copied() {
            let admission = Arc::clone(&self.admission);
            // It waits for the ledger, and changes do not.
            tokio::spawn(async move {
                let _ = admission.recall(plan, Some(key)).await;
            });
        }
        while let Err(error) = self.control.take_over(change).await {
            tracing::warn!(target: "tollgate::nodes", %error, "a change of another node is not in force yet");
            tokio::time::sleep(REST).await;
        }
    }
}

/// What a node last said of itself.
struct Said {
    revision: u64,
    at: Ticks,
}

impl Said {
    fn is_old(&self, change: &Change, now: Ticks) -> bool {
        change.revision != self.revision || now.since(self.at) >= HEARTBEAT
    }
}
