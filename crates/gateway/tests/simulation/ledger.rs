//! The ledger that all nodes share, and the line to it: rounds and answers can be lost, late or doubled on it.

use std::sync::Arc;

use tollgate_domain::{Grant, Settlement};
use tollgate_gateway::admission::LedgerUnavailable;
use tollgate_gateway::admission::testing::MemoryLedger;

/// What becomes of a round on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is written, and the answer comes.
    Answered,
    /// It is written, but the answer is lost.
    AnswerLost,
    /// It is written twice, and the second answer comes.
    Doubled,
    /// It never gets there, or cannot be written.
    Refused,
}

/// Writes a round as fate has it.
pub(crate) fn carry(
    ledger: &Arc<MemoryLedger>,
    settlement: &Settlement,
    fate: Fate,
) -> Result<Vec<Grant>, LedgerUnavailable> {
    let lost = |why: &str| Err(LedgerUnavailable(why.to_owned()));
    match fate {
        Fate::Answered => Ok(ledger.apply(settlement)),
        Fate::AnswerLost => {
            ledger.apply(settlement);
            lost("the answer is lost")
        }
        Fate::Doubled => {
            ledger.apply(settlement);
            Ok(ledger.apply(settlement))
        }
        Fate::Refused => lost("the disk is full"),
    }
}
