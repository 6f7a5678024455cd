//! Tokens of a call that may still be refused: dropping them is a refusal, keeping them an admission.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_domain::Ticks;
use tollgate_domain::portion::{Portion, PortionToken};
use tollgate_domain::stock::Token;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::token_draw::LoneDraw;

use super::bucket::SharedBucket;

/// A token that a call has taken. Dropped, it is given back.
#[derive(Debug)]
pub(super) struct HeldToken {
    bucket: Arc<SharedBucket>,
    rate: TokenRate,
    at: Ticks,
    source: Source,
    kept: bool,
}

/// Where a token was taken.
#[derive(Debug)]
enum Source {
    /// It was drawn, maybe alone.
    Drawn(Token, Option<LoneDraw>),
    Portion(Arc<Portion>, PortionToken),
    /// This node's share, while the bucket is out of reach.
    Share,
}

impl HeldToken {
    pub(super) fn drawn(
        bucket: Arc<SharedBucket>,
        token: Token,
        rate: TokenRate,
        at: Ticks,
        lone: Option<LoneDraw>,
    ) -> Self {
        Self { bucket, rate, at, source: Source::Drawn(token, lone), kept: false }
    }

    pub(super) fn of_portion(
        bucket: Arc<SharedBucket>,
        portion: Arc<Portion>,
        token: PortionToken,
        rate: TokenRate,
        at: Ticks,
    ) -> Self {
        Self { bucket, rate, at, source: Source::Portion(portion, token), kept: false }
    }

    pub(super) fn alone(bucket: Arc<SharedBucket>, rate: TokenRate, at: Ticks) -> Self {
        Self { bucket, rate, at, source: Source::Share, kept: false }
    }

    /// Whether it is one of those that were drawn and are to be drawn again; a portion refills by itself.
    pub(super) fn was_drawn(&self) -> bool {
        matches!(self.source, Source::Drawn(..))
    }

    /// The call is admitted.
    pub(super) fn keep(mut self) {
        self.kept = true;
        if matches!(self.source, Source::Share) {
            self.bucket.spend_alone();
        }
    }
}

impl Drop for HeldToken {
    fn drop(&mut self) {
        match &self.source {
            _ if self.kept => {}
            Source::Drawn(token, lone) => self.bucket.give_back(*token, self.rate, self.at, *lone),
            // Where another token was taken since, it comes back as the portion refills.
            Source::Portion(portion, token) => drop(portion.give_back(*token)),
            Source::Share => self.bucket.give_back_alone(self.rate, self.at),
        }
    }
}

/// A token of each level.
pub(super) type HeldTokens = SmallVec<[HeldToken; 3]>;
