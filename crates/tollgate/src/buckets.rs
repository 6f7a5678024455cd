//! The token buckets that nodes share, wired to where they are kept.

use std::sync::Arc;

use anyhow::Context;
use tokio::task::JoinSet;
use tollgate_domain::Clock;
use tollgate_domain::token_draw::BucketDraw;
use tollgate_gateway::shared_buckets::{
    BucketsHealth, BucketsUnavailable, Drawer, Drawing, Drawn, SharedBuckets, TokenSource,
};
use tollgate_store::{NodeBuckets, RedisBuckets};

use crate::config::Config;

/// The buckets that nodes share; none where throttles are the node's own. Clones are the same buckets.
#[derive(Clone, Default)]
pub(crate) struct Buckets(Option<Arc<SharedBuckets>>);

impl Buckets {
    /// Begins to draw, if an address is set, until what is returned beside is dropped. Whether the address can be
    /// reached is found out later: a node serves in any case. `node` names this process.
    pub(crate) fn start(config: &Config, node: u64, clock: &Arc<dyn Clock>) -> anyhow::Result<(Self, JoinSet<()>)> {
        let mut drawing = JoinSet::new();
        let Some(settings) = config.redis()? else { return Ok((Self::default(), drawing)) };
        let kept = RedisBuckets::new(&settings).context("cannot use the address of `buckets.url`")?;
        let (shared, inbox) = SharedBuckets::new(node);
        let (shared, source) = (Arc::new(shared), Arc::new(StoreBuckets(kept)));
        let patience = config.buckets_patience();
        drawing.spawn(Drawer::new(Arc::clone(&shared), inbox, source, Arc::clone(clock), patience).run());
        Ok((Self(Some(shared)), drawing))
    }

    /// What the gateway draws from.
    pub(crate) fn shared(&self) -> Option<Arc<SharedBuckets>> {
        self.0.clone()
    }

    /// How they do.
    pub(crate) fn health(&self) -> Option<BucketsHealth> {
        self.0.as_ref().map(|shared| shared.health())
    }

    /// Where this node has the buckets of throttles.
    pub(crate) fn state(&self) -> NodeBuckets {
        match self.health() {
            None => NodeBuckets::Own,
            Some(BucketsHealth { alone_since: None, .. }) => NodeBuckets::Shared,
            Some(_) => NodeBuckets::Alone,
        }
    }

    /// Says among how many nodes rates are divided while the buckets are out of reach.
    pub(crate) fn set_live_nodes(&self, nodes: u64) {
        if let Some(shared) = &self.0 {
            shared.set_live_nodes(nodes);
        }
    }
}

/// What the store keeps of buckets, as the gateway asks for it.
struct StoreBuckets(RedisBuckets);

impl TokenSource for StoreBuckets {
    fn draw<'a>(&'a self, draws: &'a [BucketDraw]) -> Drawing<'a> {
        Box::pin(async move {
            let drawn = self.0.draw(draws).await.map_err(|error| BucketsUnavailable(error.to_string()))?;
            Ok(Drawn { grants: drawn.0, round_trips: drawn.1 })
        })
    }
}
