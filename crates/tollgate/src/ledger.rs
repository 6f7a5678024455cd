//! The store, as admission's ledger.

use tollgate_domain::Settlement;
use tollgate_gateway::admission::ledger::{Ledger, LedgerUnavailable, Settling};
use tollgate_store::Store;

/// Writes rounds of admission to the store.
pub(crate) struct StoreLedger(pub(crate) Store);

impl Ledger for StoreLedger {
    fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a> {
        Box::pin(async move {
            self.0.settle(settlement.clone()).await.map_err(|error| LedgerUnavailable(error.to_string()))
        })
    }
}
