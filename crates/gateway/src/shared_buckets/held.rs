//! Tokens of a call that may still be refused: dropping them is a refusal, keeping them an admission.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_domain::Ticks;
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
    /// Its place, if it was drawn; `None` if it is of this node's own share.
    drawn: Option<Token>,
    /// The draw, if it was for this token alone.
    lone: Option<LoneDraw>,
    kept: bool,
}

impl HeldToken {
    pub(super) fn drawn(
        bucket: Arc<SharedBucket>,
        token: Token,
        rate: TokenRate,
        at: Ticks,
        lone: Option<LoneDraw>,
    ) -> Self {
        Self { bucket, rate, at, drawn: Some(token), lone, kept: false }
    }

    pub(super) fn alone(bucket: Arc<SharedBucket>, rate: TokenRate, at: Ticks) -> Self {
        Self { bucket, rate, at, drawn: None, lone: None, kept: false }
    }

    /// The call is admitted.
    pub(super) fn keep(mut self) {
        self.kept = true;
        if self.drawn.is_none() {
            self.bucket.spend_alone();
        }
    }
}

impl Drop for HeldToken {
    fn drop(&mut self) {
        match self.drawn {
            _ if self.kept => {}
            Some(token) => self.bucket.give_back(token, self.rate, self.at, self.lone),
            None => self.bucket.give_back_alone(self.rate, self.at),
        }
    }
}

/// A token of each level.
pub(super) type HeldTokens = SmallVec<[HeldToken; 3]>;
