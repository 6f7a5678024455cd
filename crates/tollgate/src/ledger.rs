//! The store, as admission's ledger.

use std::time::Duration;

use tollgate_domain::Settlement;
use tollgate_gateway::admission::ledger::{Ledger, LedgerUnavailable, Settling};
use tollgate_store::Store;

/// How long a round may take. A database on another machine may never answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes rounds of admission to the store.
pub(crate) struct StoreLedger(pub(crate) Store);

impl Ledger for StoreLedger {
    fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a> {
        Box::pin(async move {
            if !self.0.is_shared() {
                return self.0.settle(settlement.clone()).await.map_err(|error| LedgerUnavailable(error.to_string()));
            }
            // A round that is given up is written again under the same number, whatever became of it.
            match tokio::time::timeout(PATIENCE, self.0.settle(settlement.clone())).await {
                Ok(answer) => answer.map_err(|error| LedgerUnavailable(error.to_string())),
                Err(_elapsed) => Err(LedgerUnavailable("no answer in time".to_owned())),
            }
        })
    }
}
