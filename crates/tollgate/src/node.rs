//! One Tollgate process: the parts, put together, started and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tollgate_control::{CodeStore, Control, ControlConfig, Credentials, Lambda, NodeDescription};
use tollgate_domain::{Catalog, Clock, IdSource};
use tollgate_gateway::admission::{Admission, Keeper, Ledger};
use tollgate_gateway::certificates::Certificates;
use tollgate_gateway::{BoundGateway, DrainingGateway, Gateway, Peers, RunningGateway};
use tollgate_store::{CallerRow, DataDir, NodeRecord, Store};

use crate::buckets::Buckets;
use crate::config::Config;
use crate::follow::Follower;
use crate::functions::LocalFunctions;
use crate::gate::{LocalGate, TESTS_AT_ONCE};
use crate::ledger::StoreLedger;
use crate::management::{Listener, Management, Patience};
use crate::metrics::{Counted, Metrics};
use crate::outlets::Outlets;
use crate::peers::{InProcessManagement, ManagementKeys, peers};
use crate::root::RootCredentials;
use crate::sockets::{Door, NodeSockets};
use crate::state::State;
use crate::{certificates, console_files, plain_http, self_service};

/// How long callers are asked to use another connection for their next call before connections that wait for one are
/// closed. Whoever calls in shorter intervals than this loses no call to a hand-over.
const RETIRING: Duration = Duration::from_secs(1);

/// How often the gateway's counts are read.
const SAMPLING: Duration = Duration::from_secs(1);

/// A node that serves.
pub(crate) struct Node {
    pub(crate) control: Control,
    pub(crate) addresses: Addresses,
    pub(crate) root: RootCredentials,
    /// Whether the root credentials were made by this start, and have to be shown.
    pub(crate) root_is_new: bool,
    admission: Arc<Admission>,
    gateway: RunningGateway,
    management: Management,
    functions: Arc<LocalFunctions>,
    within: Arc<InProcessManagement>,
    outlets: Outlets,
    keeper: tokio::task::JoinHandle<()>,
    membership: Membership,
    /// Tokens are drawn until no call comes any more.
    _drawing: JoinSet<()>,
    _sampling: JoinSet<()>,
    _certificates: JoinSet<()>,
    /// Held until all of this is done, where the store does not hold it.
    _dir: Option<DataDir>,
}

/// This node among those that share its store.
struct Membership {
    store: Store,
    source: u64,
    following: JoinSet<()>,
}

impl Membership {
    /// Follows the others no longer, and tells them that this node has ended with nothing on its leases.
    async fn end(mut self) {
        self.following.shutdown().await;
        if let Err(error) = self.store.leave(self.source).await {
            tracing::warn!(%error, "the other nodes are not told that this one has ended");
        }
    }
}

/// What a node that let go of the data directory still does: answers on their way, and the functions that make them.
pub(crate) struct Leftover {
    gateway: DrainingGateway,
    outlets: Outlets,
    functions: Arc<LocalFunctions>,
}

impl Leftover {
    /// Waits until all of it is done.
    pub(crate) async fn finish(self) {
        self.gateway.finish().await;
        self.functions.drain().await;
        self.outlets.finish().await;
    }
}

/// Where a node listens.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Addresses {
    pub(crate) gateway: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gateway_tls: Option<SocketAddr>,
    pub(crate) management: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) management_tls: Option<SocketAddr>,
}

/// The parts of a node that hold no state: what can be made before the data directory is free.
pub(crate) struct Frontage {
    sockets: NodeSockets,
    certificates: Option<Arc<Certificates>>,
}

impl Frontage {
    /// Reads certificates. Sockets are taken before anything is loaded, so that a mistake shows at once.
    pub(crate) fn new(config: &Config, sockets: NodeSockets) -> anyhow::Result<Self> {
        let certificates = config.certificates().map(Certificates::load).transpose()?.map(Arc::new);
        Ok(Self { sockets, certificates })
    }

    fn addresses(&self) -> anyhow::Result<Addresses> {
        let address = |door| self.sockets.iter().find(|(of, _)| *of == door).map(|(_, sockets)| sockets.local_addr());
        Ok(Addresses {
            gateway: address(Door::Gateway).context("the gateway has no socket")?,
            gateway_tls: address(Door::GatewayTls),
            management: address(Door::Management).context("the management API has no socket")?,
            management_tls: address(Door::ManagementTls),
        })
    }

    fn bind(&mut self, config: &Config, gateway: &Gateway) -> anyhow::Result<BoundGateway> {
        let mut bound = gateway.on(self.sockets.take(Door::Gateway).context("the gateway has no socket")?);
        if let (Some(sockets), Some(certificates)) = (self.sockets.take(Door::GatewayTls), &self.certificates) {
            let http2 = config.gateway_config().http2;
            bound = bound.with_tls(sockets, certificates.acceptor(http2, config.tls_handshake_timeout()));
        }
        Ok(bound)
    }

    fn management(&mut self, config: &Config) -> anyhow::Result<Vec<Listener>> {
        let tls = self.certificates.as_ref().map(|own| own.acceptor(false, config.tls_handshake_timeout()));
        let mut listeners = Vec::new();
        for (door, tls) in [(Door::Management, None), (Door::ManagementTls, tls.as_ref())] {
            if let Some(sockets) = self.sockets.take(door) {
                listeners.extend(Listener::each_of(sockets, tls)?);
            }
        }
        Ok(listeners)
    }
}

impl Node {
    /// Takes the sockets and the data directory, and starts.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let dir = DataDir::open(&config.data_dir)?;
        let frontage = Frontage::new(config, NodeSockets::open(config, Vec::new())?)?;
        Self::start(config, frontage, dir).await
    }

    /// Opens the state, fills the tables, and starts the listeners.
    pub(crate) async fn start(config: &Config, mut frontage: Frontage, dir: DataDir) -> anyhow::Result<Self> {
        let clock = clock(config);
        let ids = Arc::new(IdSource::system());
        let State { store, root, root_is_new, source, changes, dir } = State::open(config, dir, &ids).await?;
        let (admission, keeper) = start_admission(config, &store, &clock, source).await?;
        let (buckets, drawing) = Buckets::start(config, source, &clock)?;
        let gateway =
            Gateway::new(config.gateway_config(), Arc::clone(&clock), Arc::clone(&ids), Arc::clone(&admission));
        let addresses = frontage.addresses()?;
        let bound = frontage.bind(config, &gateway)?;
        let code = CodeStore::new(std::path::absolute(&config.data_dir)?.join("functions"), store.clone());
        let within = Arc::new(InProcessManagement::default());
        let built_in = [self_service::function(Arc::clone(&within))];
        let functions = LocalFunctions::start(config, code.clone(), Arc::clone(&clock), Arc::clone(&ids), built_in)?;
        let functions = Arc::new(functions);
        prepare_code(&code, &store.load_catalog().await?)
            .await
            .with_context(|| format!("cannot keep code in {}/functions", config.data_dir.display()))?;
        let gate = LocalGate {
            admission: Arc::clone(&admission),
            gateway: gateway.clone(),
            clock: Arc::clone(&clock),
            functions: Arc::clone(&functions),
            buckets: buckets.clone(),
            address: plain_http::reachable(addresses.gateway),
            tests: Semaphore::new(TESTS_AT_ONCE),
        };
        let control_config = ControlConfig {
            region: config.region.clone(),
            account_id: config.account_id.clone(),
            account_throttle: config.account_throttle(),
            wait_for_nodes: config.wait_for_nodes(),
        };
        let credentials = Credentials::root(root.access_key_id.clone(), root.secret_access_key.clone());
        let (kept, told) = (store.clone(), Arc::clone(&clock));
        let control = Control::new(kept, Arc::new(gate), told, ids, credentials, control_config).await?;
        control.describe(description(&addresses));
        let node = record(config, source, &addresses);
        if let Some(changes) = &changes {
            store.announce_node(&node, changes.seen(), buckets.state()).await?;
            buckets.set_live_nodes(store.live_nodes());
        }
        let follower = Follower {
            control: control.clone(),
            admission: Arc::clone(&admission),
            store: store.clone(),
            buckets: buckets.clone(),
            clock: Arc::clone(&clock),
            node,
            max_staleness: config.max_staleness(),
        };
        let following = changes.map(|changes| follower.start(changes)).unwrap_or_default();
        within.open(control.clone());
        let outlets = Outlets::start(config)?;
        let counted = Counted {
            gateway: gateway.clone(),
            admission: Arc::clone(&admission),
            access_logs: outlets.access_logs.clone(),
            buckets: buckets.clone(),
            clock: Arc::clone(&clock),
        };
        let metrics = Metrics::new(counted, config.metrics.token.clone());
        let access_keys = ManagementKeys {
            credentials: control.credentials(),
            root: root.access_key_id.clone(),
            account_id: config.account_id.clone(),
        };
        let beside = peers(Arc::clone(&functions), Arc::clone(&within), access_keys, &outlets);
        gateway.connect(Peers { shared_buckets: buckets.shared(), ..beside });
        let gateway = bound.start().context("the gateway cannot start its threads")?;
        let lambda = Lambda::new(control.clone(), Arc::<LocalFunctions>::clone(&functions), code);
        let router =
            control.clone().router().merge(lambda.router()).merge(metrics.router()).merge(console_files::router());
        let patience = Patience { header_read: config.header_read_timeout(), drain: config.drain_timeout() };
        let management = Management::start(frontage.management(config)?, router, patience);
        let watching = frontage.certificates.map(certificates::watch).transpose()?.unwrap_or_default();
        tracing::info!(
            gateway = %addresses.gateway,
            gateway_tls = addresses.gateway_tls.map(tracing::field::display),
            management = %addresses.management,
            management_tls = addresses.management_tls.map(tracing::field::display),
            "tollgate serves"
        );
        Ok(Self {
            _sampling: sampling(&control),
            control,
            addresses,
            root,
            root_is_new,
            admission,
            gateway,
            management,
            functions,
            within,
            outlets,
            keeper,
            membership: Membership { store, source, following },
            _drawing: drawing,
            _certificates: watching,
            _dir: dir,
        })
    }

    /// Lets go of the data directory, for another process that has the same sockets. Each call that came is admitted or
    /// refused, and counted; what is left are answers on their way.
    pub(crate) async fn release(self) -> Leftover {
        self.gateway.retire();
        self.management.retire();
        tokio::time::sleep(RETIRING).await;
        self.management.drain().await;
        let draining = self.gateway.release().await;
        self.within.close();
        match close(&self.admission, self.keeper).await {
            Ok(()) => self.membership.end().await,
            Err(error) => tracing::error!(error = format!("{error:#}"), "a node hands over without its last counts"),
        }
        Leftover { gateway: draining, outlets: self.outlets, functions: self.functions }
    }

    /// Stops accepting, finishes what is in flight, returns leases and writes all usage.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.control.set_ready(false);
        tokio::join!(self.gateway.drain(), self.management.drain());
        self.within.close();
        // Calls of the gateway are over, so that only events are left to be waited for.
        self.functions.drain().await;
        self.outlets.finish().await;
        close(&self.admission, self.keeper).await?;
        self.membership.end().await;
        Ok(())
    }
}

/// Has in the data directory the code of the functions of `catalog`, and no other. Nothing runs yet.
async fn prepare_code(code: &CodeStore, catalog: &Catalog) -> std::io::Result<()> {
    code.prune(catalog)?;
    code.obtain(catalog).await;
    code.share(catalog).await;
    Ok(())
}

/// What a node says of itself.
fn description(addresses: &Addresses) -> NodeDescription {
    NodeDescription {
        version: env!("CARGO_PKG_VERSION"),
        gateway: addresses.gateway.to_string(),
        gateway_tls: addresses.gateway_tls.map(|address| address.to_string()),
        management: addresses.management.to_string(),
    }
}

/// What a node says of itself to the others.
fn record(config: &Config, source: u64, addresses: &Addresses) -> NodeRecord {
    NodeRecord {
        source,
        name: if config.node_name.is_empty() { addresses.management.to_string() } else { config.node_name.clone() },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        gateway: addresses.gateway.to_string(),
        management: addresses.management.to_string(),
    }
}

/// Reads the gateway's counts once a second, until what is returned is dropped.
fn sampling(control: &Control) -> JoinSet<()> {
    let (control, mut tasks) = (control.clone(), JoinSet::new());
    tasks.spawn(async move {
        let mut seconds = tokio::time::interval(SAMPLING);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            seconds.tick().await;
            control.sample_traffic();
        }
    });
    tasks
}

/// Returns leases and writes all usage. Nothing is admitted from here on.
async fn close(admission: &Admission, keeper: tokio::task::JoinHandle<()>) -> anyhow::Result<()> {
    let closed = admission.close().await;
    let _ = keeper.await;
    closed.context("usage could not be written on stopping; it is lost up to the last second")
}

/// The machine's clocks, unless this is a build for tests.
fn clock(#[cfg_attr(not(feature = "test-clock"), expect(unused_variables))] config: &Config) -> Arc<dyn Clock> {
    #[cfg(feature = "test-clock")]
    return Arc::new(crate::test_clock::TestClock::new(config.test_clock.clone()));
    #[cfg(not(feature = "test-clock"))]
    Arc::new(tollgate_domain::clock::SystemClock::new())
}

/// Fills the table of keys and starts the keeper.
async fn start_admission(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    source: u64,
) -> anyhow::Result<(Arc<Admission>, tokio::task::JoinHandle<()>)> {
    let (admission, inbox) = Admission::new(store.secrets().digester());
    let admission = Arc::new(admission.when_unaccounted(config.unaccounted()));
    admission.expect_keys(store.enabled_keys().await?);
    let filled = Arc::clone(&admission);
    let put = move |key: &CallerRow| filled.put_key(key.digest, key.hint, key.id, key.enabled, &key.plans);
    store.for_each_key(put).await?;
    let ledger: Arc<dyn Ledger> = Arc::new(StoreLedger(store.clone()));
    let keeper = Keeper::new(Arc::clone(&admission), inbox, ledger, Arc::clone(clock), source);
    Ok((admission, tokio::spawn(keeper.run())))
}
