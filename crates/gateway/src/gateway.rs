//! The gateway: what all threads share, and how a catalog gets to them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{fmt, io};

use arc_swap::ArcSwap;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{
    Catalog, Clock, GatewayResponseType, IdSource, RefusedCall, RestApiId, StageName, Ticks, Traffic,
};

use crate::admission::Admission;
use crate::bucket_shelf::BucketShelf;
use crate::compile::Compiler;
use crate::config::GatewayConfig;
use crate::listener::{BoundGateway, Sockets};
use crate::metrics::{Metrics, Reading};
use crate::peers::{AccessKeys, AccessLogs, Functions, Management, Peers};
use crate::refusal_ring::RefusalRing;
use crate::shared_buckets::SharedBuckets;
use crate::snapshot::Snapshot;
use crate::trace::Tracer;
use crate::upstream::TlsSettings;
use crate::user_pools::UserPools;

/// The data plane. Clones are the same gateway.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Shared>);

/// What all threads share: tables that are read, and atomics.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) tls: Arc<TlsSettings>,
    peers: OnceLock<Peers>,
    user_pools: UserPools,
    shelf: BucketShelf,
    account: Option<(Bucket, TokenRate)>,
    /// Held while publishing, so that revisions follow each other.
    published: Mutex<Published>,
    pub(crate) metrics: Metrics,
    refusals: Mutex<Vec<Arc<RefusalRing>>>,
}

/// What was published last.
#[derive(Default)]
struct Published {
    /// The revision in force.
    revision: u64,
    /// When it was looked last for what no snapshot has any more.
    tidied: Option<Ticks>,
}

/// How often is looked at most for what no snapshot has any more: at each bucket and each method that is counted.
const TIDY_EVERY: Duration = Duration::from_secs(1);

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway that knows no API yet.
    pub fn new(config: GatewayConfig, clock: Arc<dyn Clock>, ids: Arc<IdSource>, admission: Arc<Admission>) -> Self {
        let tls = TlsSettings::new().expect("ring offers the default versions of TLS");
        let metrics = Metrics::new(config.thread_count(), config.max_named_methods);
        let account = config.account_throttle.token_rate().map(|rate| (Bucket::new(), rate));
        let user_pools = UserPools::new(config.user_pools.clone());
        Self(Arc::new(Shared {
            config,
            clock,
            ids,
            admission,
            snapshot: ArcSwap::default(),
            tls: Arc::new(tls),
            peers: OnceLock::new(),
            user_pools,
            shelf: BucketShelf::default(),
            account,
            published: Mutex::default(),
            metrics,
            refusals: Mutex::default(),
        }))
    }

    /// Tells the gateway what stands beside it. Done once, before calls are served: what is told later is ignored.
    pub fn connect(&self, peers: Peers) {
        let _ = self.0.peers.set(peers);
    }

    /// Puts a catalog in force: each call that begins after this returns sees it. An older one than that in force
    /// changes nothing.
    pub fn publish(&self, catalog: &Catalog) {
        let shared = &self.0;
        let mut published = shared.published.lock().unwrap_or_else(PoisonError::into_inner);
        if catalog.revision < published.revision {
            return;
        }
        published.revision = catalog.revision;
        let now = shared.clock.ticks();
        let previous = shared.snapshot.load_full();
        let next = shared.compiler(now).compile(catalog, &previous);
        shared.snapshot.store(Arc::new(next));
        drop(previous);
        if published.tidied.is_none_or(|at| now.since(at) >= TIDY_EVERY) {
            published.tidied = Some(now);
            shared.shelf.tidy(now);
            shared.metrics.tidy();
        }
    }

    /// Forgets what authorizers of a stage said of callers: each is asked anew.
    pub fn flush_authorizers(&self, api: &RestApiId, stage: &StageName) {
        let snapshot = self.0.snapshot.load();
        if let Some(stage) = snapshot.stage(api.as_str(), stage.as_str()) {
            stage.program.authorizers.flush();
        }
    }

    /// Opens the sockets, one for each thread. Calls are served once it is started.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<BoundGateway> {
        Ok(self.on(Sockets::bind(addr, self.0.config.thread_count())?))
    }

    /// Takes sockets that are open already.
    pub fn on(&self, sockets: Sockets) -> BoundGateway {
        BoundGateway::new(self.clone(), sockets)
    }

    /// What was counted of calls since the start.
    pub fn metrics(&self) -> Reading {
        self.0.metrics.tidy();
        self.0.metrics.read()
    }

    /// What became of calls since the start, with which limits refused.
    pub fn traffic(&self) -> Traffic {
        let calls = self.0.metrics.calls();
        Traffic {
            by_class: calls.by_class,
            refused: calls.refused(),
            throttled: calls.refused_as(GatewayResponseType::Throttled),
            quota_exceeded: calls.refused_as(GatewayResponseType::QuotaExceeded),
            latency: self.0.metrics.latency(),
        }
    }

    /// Calls that were refused of late, the latest first: some hundreds of each thread.
    pub fn recent_refusals(&self) -> Vec<RefusedCall> {
        let rings = self.0.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut calls: Vec<RefusedCall> = rings.iter().flat_map(|ring| ring.recent()).collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.at));
        calls
    }
}

impl Shared {
    /// What makes snapshots, with buckets as of `now`.
    pub(crate) fn compiler(&self, now: Ticks) -> Compiler<'_> {
        Compiler { config: &self.config, shelf: &self.shelf, user_pools: &self.user_pools, metrics: &self.metrics, now }
    }

    /// What runs functions.
    pub(crate) fn functions(&self) -> Option<&dyn Functions> {
        self.peers.get()?.functions.as_deref()
    }

    /// Who may sign calls.
    pub(crate) fn access_keys(&self) -> Option<&dyn AccessKeys> {
        self.peers.get()?.access_keys.as_deref()
    }

    /// What answers for the service `apigateway`.
    pub(crate) fn management(&self) -> Option<&dyn Management> {
        self.peers.get()?.management.as_deref()
    }

    /// What takes the lines of access logs.
    pub(crate) fn access_logs(&self) -> Option<&dyn AccessLogs> {
        self.peers.get()?.access_logs.as_deref()
    }

    /// What keeps the spans of calls.
    pub(crate) fn tracer(&self) -> Option<&dyn Tracer> {
        self.peers.get()?.tracer.as_deref()
    }

    /// The buckets that nodes share.
    pub(crate) fn shared_buckets(&self) -> Option<&SharedBuckets> {
        self.peers.get()?.shared_buckets.as_deref()
    }

    /// The bucket that all calls share.
    pub(crate) fn account(&self) -> Option<(&Bucket, TokenRate)> {
        self.account.as_ref().map(|(bucket, rate)| (bucket, *rate))
    }

    /// A ring of refusals for one thread.
    pub(crate) fn new_refusal_ring(&self) -> Arc<RefusalRing> {
        let ring = Arc::new(RefusalRing::default());
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ring));
        ring
    }
}
