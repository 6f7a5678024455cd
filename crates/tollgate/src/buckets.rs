//! The token buckets that nodes share, wired to where they are kept.

use std::sync::Arc;

use anyhow::Context;
use tokio::task::JoinSet;
use tollgate_domain::Clock;
use tollgate_domain::token_draw::BucketDraw;
use tollgate_gateway::shared_buckets::{BucketsUnavailable, Drawer, Drawing, Drawn, SharedBuckets, TokenSource};
use tollgate_store::RedisBuckets;

use crate::config::Config;

/// The buckets, and the task that draws from them; none where throttles are the node's own.
pub(crate) struct Buckets {
    pub(crate) shared: Option<Arc<SharedBuckets>>,
    _drawing: JoinSet<()>,
}

impl Buckets {
    /// Begins to draw, if an address is set. Whether it can be reached is found out later: a node serves in any case.
    pub(crate) fn start(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let Some(settings) = config.redis()? else {
            return Ok(Self { shared: None, _drawing: JoinSet::new() });
        };
        let kept = RedisBuckets::new(&settings).context("cannot use the address of `buckets.url`")?;
        let (shared, inbox) = SharedBuckets::new();
        let (shared, source) = (Arc::new(shared), Arc::new(StoreBuckets(kept)));
        let patience = config.buckets_patience();
        let drawer = Drawer::new(Arc::clone(&shared), inbox, source, Arc::clone(clock), patience);
        let mut drawing = JoinSet::new();
        drawing.spawn(drawer.run());
        Ok(Self { shared: Some(shared), _drawing: drawing })
    }

    /// Says among how many nodes rates are divided while the buckets are out of reach.
    pub(crate) fn set_live_nodes(&self, nodes: u64) {
        if let Some(shared) = &self.shared {
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
