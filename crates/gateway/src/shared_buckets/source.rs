//! What the gateway asks of whatever keeps the buckets that nodes share.

use std::future::Future;
use std::pin::Pin;

use tollgate_domain::token_draw::{BucketDraw, TokenGrant};

/// The buckets cannot be reached, or do not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("shared buckets cannot be reached: {0}")]
pub struct BucketsUnavailable(pub String);

/// What several draws were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// One for each draw, in order.
    pub grants: Vec<TokenGrant>,
    /// How often something was sent and waited for.
    pub round_trips: u64,
}

/// The answer to draws, in time.
pub type Drawing<'a> = Pin<Box<dyn Future<Output = Result<Drawn, BucketsUnavailable>> + Send + 'a>>;

/// Keeps buckets that nodes share, and goes by a clock of its own.
pub trait TokenSource: Send + Sync {
    /// Draws from buckets. Tokens that are granted and not heard of are lost, and never given out twice.
    fn draw<'a>(&'a self, draws: &'a [BucketDraw]) -> Drawing<'a>;
}
