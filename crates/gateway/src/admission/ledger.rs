//! What admission asks of the ledger: the counts that last.

use std::future::Future;
use std::pin::Pin;

use tollgate_domain::{Grant, Settlement};

/// The ledger did not answer, or refused to write.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the ledger cannot be written: {0}")]
pub struct LedgerUnavailable(pub String);

/// A ledger's answer, in time.
pub type Settling<'a> = Pin<Box<dyn Future<Output = Result<Vec<Grant>, LedgerUnavailable>> + Send + 'a>>;

/// The counts that last.
pub trait Ledger: Send + Sync {
    /// Writes a round durably, all of it or nothing, and answers each draw in order.
    fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a>;
}
