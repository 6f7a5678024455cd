//! The write path: decide (pure) → commit (fails if stale, then decided anew) → apply (pure) → publish to the gate.
//!
//! Keeps the promise that a change is made whole or not at all, and that it holds at the gate when it is answered. A
//! commit that fails publishes nothing. All changes but the creation of a key take turns, so that what the gate is
//! shown is never older than what it was shown before.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, MutexGuard};
use tollgate_domain::RecordKey;
use tollgate_domain::{Catalog, Edit, Record, RestApiId, StageName, UsagePlanId};
use tollgate_store::{Store, StoreError};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::gate::Gate;

/// How often a change is decided anew when other nodes commit in between.
const ATTEMPTS: usize = 8;

/// A decision: what to write, what must hold of the keys, and what to answer.
#[derive(Debug)]
pub(crate) struct Change<T> {
    edits: Vec<Edit>,
    keys_apart: Option<KeysApart>,
    recall: Vec<UsagePlanId>,
    pub(crate) answer: T,
}

/// Stages that a plan is about to cover: no key of the plan may be in another plan that covers one of them.
#[derive(Debug)]
struct KeysApart {
    plan: UsagePlanId,
    stages: Vec<(RestApiId, StageName)>,
}

impl<T> Change<T> {
    /// A change of nothing yet.
    pub(crate) fn answering(answer: T) -> Self {
        Self { edits: Vec::new(), keys_apart: None, recall: Vec::new(), answer }
    }

    pub(crate) fn put(mut self, record: Record) -> Self {
        self.edits.push(Edit::put(record));
        self
    }

    pub(crate) fn delete(mut self, key: RecordKey) -> Self {
        self.edits.push(Edit::Delete(key));
        self
    }

    pub(crate) fn put_all(mut self, records: impl IntoIterator<Item = Record>) -> Self {
        self.edits.extend(records.into_iter().map(Edit::put));
        self
    }

    /// Refuses the change if a key of `plan` is in another plan that covers one of `stages`.
    pub(crate) fn keeping_keys_apart(mut self, plan: UsagePlanId, stages: Vec<(RestApiId, StageName)>) -> Self {
        self.keys_apart = (!stages.is_empty()).then_some(KeysApart { plan, stages });
        self
    }

    /// Calls back the leases of `plan` after the change is published and before it is answered.
    pub(crate) fn recalling(mut self, plan: UsagePlanId) -> Self {
        self.recall.push(plan);
        self
    }

    #[cfg(test)]
    pub(crate) fn edits(&self) -> &[Edit] {
        &self.edits
    }
}

/// Owns the current catalog and lets one change at a time through, over all nodes.
pub(crate) struct Writer {
    store: Store,
    gate: Arc<dyn Gate>,
    current: RwLock<Arc<Catalog>>,
    turn: Mutex<()>,
    /// Held from when something is written until the gate is shown it, so that it is never shown what is older than
    /// what it was shown before. What other nodes did is shown without a turn, for which it would have to wait.
    showing: Mutex<()>,
}

/// The right to make a change. The other nodes' turn is given up last.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _showing: Option<MutexGuard<'a, ()>>,
    _here: MutexGuard<'a, ()>,
    _other_nodes: tollgate_store::Turn,
}

impl Writer {
    /// Loads the catalog and publishes it.
    pub(crate) async fn open(store: Store, gate: Arc<dyn Gate>) -> Result<Self, StoreError> {
        let catalog = Arc::new(store.load_catalog().await?);
        gate.publish(&catalog);
        Ok(Self { store, gate, current: RwLock::new(catalog), turn: Mutex::new(()), showing: Mutex::new(()) })
    }

    /// The catalog as last published.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until no other change is under way, here or on another node, and takes over what others have committed.
    /// Changes of keys take a turn and commit by themselves.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let turn = self.turn_to_decide().await?;
        Ok(Turn { _showing: Some(self.showing.lock().await), ..turn })
    }

    /// Takes a turn, and leaves the gate to others until something is committed.
    async fn turn_to_decide(&self) -> Result<Turn<'_>, StoreError> {
        let other_nodes = self.store.turn().await?;
        let turn = Turn { _showing: None, _here: self.turn.lock().await, _other_nodes: other_nodes };
        if self.store.is_shared() && self.store.catalog_revision().await? != self.catalog().revision {
            self.refresh().await?;
        }
        Ok(turn)
    }

    /// Waits until the gate is shown nothing else.
    pub(crate) async fn showing(&self) -> MutexGuard<'_, ()> {
        self.showing.lock().await
    }

    /// Makes the change that `decide` decides on. `decide` may be asked again, on a newer catalog.
    pub(crate) async fn write<T>(&self, decide: impl Fn(&Catalog) -> Result<Change<T>, Failure>) -> Result<T, Failure> {
        let change = self.commit(decide).await?;
        self.recall(change.recall).await;
        Ok(change.answer)
    }

    /// Makes the change that `decide` decides on, where deciding takes long: on a thread where that may be. Other
    /// changes wait for it, but nothing else does.
    pub(crate) async fn write_at_length<T: Send + 'static>(
        &self,
        decide: impl Fn(&Catalog) -> Result<Change<T>, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        let change = self.commit_at_length(Arc::new(decide)).await?;
        self.recall(change.recall).await;
        Ok(change.answer)
    }

    async fn recall(&self, plans: Vec<UsagePlanId>) {
        for plan in plans {
            // The change is made, and leases are closed even where their units cannot be written back yet: the gate
            // keeps those and tries again. To answer "no" now would be untrue.
            if let Err(error) = self.gate.recall(plan, None).await {
                tracing::error!(target: "tollgate::control", %plan, %error, "leases are recalled but not written back");
            }
        }
    }

    /// Takes over what other nodes have committed.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let recalled = {
            let (showing, catalog) = (self.showing().await, Arc::new(self.store.load_catalog().await?));
            match self.gate.obtain(&catalog) {
                None => self.take(catalog),
                Some(obtaining) => {
                    // It may be many megabytes, and changes of keys do not wait for them.
                    drop(showing);
                    obtaining.await;
                    let _showing = self.showing().await;
                    self.take(Arc::new(self.store.load_catalog().await?))
                }
            }
        };
        self.recall(recalled).await;
        Ok(())
    }

    async fn commit<T>(&self, decide: impl Fn(&Catalog) -> Result<Change<T>, Failure>) -> Result<Change<T>, Failure> {
        let _turn = self.turn_to_decide().await?;
        for _ in 0..ATTEMPTS {
            let before = self.catalog();
            let change = decide(&before)?;
            if self.make(&before, &change).await? {
                return Ok(change);
            }
        }
        Err(Failure::Busy)
    }

    async fn commit_at_length<T: Send + 'static>(
        &self,
        decide: Arc<impl Fn(&Catalog) -> Result<Change<T>, Failure> + Send + Sync + 'static>,
    ) -> Result<Change<T>, Failure> {
        let _turn = self.turn_to_decide().await?;
        for _ in 0..ATTEMPTS {
            let before = self.catalog();
            let change = decide_elsewhere(Arc::clone(&decide), Arc::clone(&before)).await?;
            if self.make(&before, &change).await? {
                return Ok(change);
            }
        }
        Err(Failure::Busy)
    }

    /// Commits and publishes a change that was decided on `before`. False if the catalog had moved on; it is loaded
    /// then.
    async fn make<T>(&self, before: &Catalog, change: &Change<T>) -> Result<bool, Failure> {
        if let Some(apart) = &change.keys_apart {
            self.check_keys(before, apart).await?;
        }
        if change.edits.is_empty() {
            return Ok(true);
        }
        let showing = self.showing().await;
        let recalled = match self.store.commit(before.revision, change.edits.clone()).await {
            Ok(()) => {
                self.publish(Arc::new(before.apply(&change.edits)));
                return Ok(true);
            }
            Err(StoreError::Stale) => self.take(Arc::new(self.store.load_catalog().await?)),
            Err(error) => return Err(error.into()),
        };
        drop(showing);
        self.recall(recalled).await;
        Ok(false)
    }

    async fn check_keys(&self, catalog: &Catalog, apart: &KeysApart) -> Result<(), Failure> {
        for (api, stage) in &apart.stages {
            let others =
                catalog.plans_covering(api, stage).map(|plan| plan.id).filter(|id| *id != apart.plan).collect();
            if let Some((key, _)) = self.store.key_in_both(apart.plan, others).await? {
                return Err(Conflict::KeyInTwoPlansOfStage { key, api: api.clone(), stage: stage.clone() }.into());
            }
        }
        Ok(())
    }

    /// Publishes a catalog that was loaded, unless it is known. The plans are returned whose quota other nodes have
    /// changed: leases that were drawn under the old one are to be called back.
    fn take(&self, catalog: Arc<Catalog>) -> Vec<UsagePlanId> {
        let before = self.catalog();
        if catalog.revision == before.revision {
            return Vec::new();
        }
        let quota = |plan: &UsagePlanId| catalog.usage_plans.get(plan).and_then(|plan| plan.quota);
        let changed = before.usage_plans.values().filter(|plan| plan.quota != quota(&plan.id));
        let changed = changed.map(|plan| plan.id).collect();
        self.publish(catalog);
        changed
    }

    fn publish(&self, catalog: Arc<Catalog>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&catalog);
        self.gate.publish(&catalog);
    }
}

/// Decides on a thread where that may take its time.
async fn decide_elsewhere<T: Send + 'static>(
    decide: Arc<impl Fn(&Catalog) -> Result<Change<T>, Failure> + Send + Sync + 'static>,
    catalog: Arc<Catalog>,
) -> Result<Change<T>, Failure> {
    tokio::task::spawn_blocking(move || decide(&catalog)).await.map_err(|_| Failure::Panicked)?
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_takes_long_to_decide_holds_nothing_else_up() {
        let (sender, receiver) = mpsc::channel();
        let receiver = std::sync::Mutex::new(receiver);
        let decide = move |_: &Catalog| {
            let waited = receiver.lock().expect("one waits").recv_timeout(Duration::from_secs(30));
            Ok(Change::answering(waited))
        };
        let deciding = decide_elsewhere(Arc::new(decide), Arc::new(Catalog::default()));
        // The test's runtime has one thread: if deciding took it, nothing would ever be sent.
        let (change, sent) = tokio::join!(deciding, async { sender.send(()) });
        assert_eq!((change.expect("a change").answer, sent), (Ok(()), Ok(())));
    }
}
