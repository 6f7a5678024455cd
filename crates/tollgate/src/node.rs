//! One Tollgate process: the parts, put together, started and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tollgate_control::{Control, ControlConfig, Credentials};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::{Clock, IdSource};
use tollgate_gateway::admission::{Admission, Keeper, Ledger};
use tollgate_gateway::{BoundGateway, Gateway, RunningGateway};
use tollgate_store::{DataDir, Store};

use crate::config::Config;
use crate::gate::{LocalGate, TESTS_AT_ONCE};
use crate::ledger::StoreLedger;
use crate::management::Management;
use crate::root::RootCredentials;

/// A node that serves.
pub(crate) struct Node {
    pub(crate) control: Control,
    pub(crate) gateway_address: SocketAddr,
    pub(crate) management_address: SocketAddr,
    pub(crate) root: RootCredentials,
    /// Whether the root credentials were made by this start, and have to be shown.
    pub(crate) root_is_new: bool,
    admission: Arc<Admission>,
    gateway: RunningGateway,
    management: Management,
    keeper: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Opens the state, fills the tables, and starts both listeners.
    pub(crate) async fn start(config: &Config) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let ids = Arc::new(IdSource::system());
        let dir = DataDir::open(&config.data_dir)?;
        let (root, root_is_new) = RootCredentials::find(config, &dir, &ids)?;
        // Both addresses are taken before anything is loaded, so that a mistake shows at once.
        let management = TcpListener::bind(config.management)
            .await
            .with_context(|| format!("cannot listen on {} (management)", config.management))?;
        let store = open_store(config, dir, &ids).await?;
        let (admission, keeper) = start_admission(&store, &clock, &ids).await?;
        let gateway =
            Gateway::new(config.gateway_config(), Arc::clone(&clock), Arc::clone(&ids), Arc::clone(&admission));
        let bound = bind(&gateway, config.gateway)?;
        let gate = LocalGate {
            admission: Arc::clone(&admission),
            gateway,
            clock: Arc::clone(&clock),
            tests: Semaphore::new(TESTS_AT_ONCE),
        };
        let control_config = ControlConfig {
            region: config.region.clone(),
            account_id: config.account_id.clone(),
            account_throttle: config.account_throttle(),
        };
        let credentials = Credentials::root(root.access_key_id.clone(), root.secret_access_key.clone());
        let control = Control::new(store, Arc::new(gate), clock, ids, credentials, control_config).await?;
        let (gateway_address, management_address) = (bound.local_addr(), management.local_addr()?);
        let gateway = bound.start();
        let management = Management::start(
            management,
            control.clone().router(),
            config.header_read_timeout(),
            config.drain_timeout(),
        );
        tracing::info!(gateway = %gateway_address, management = %management_address, "tollgate serves");
        Ok(Self {
            control,
            gateway_address,
            management_address,
            root,
            root_is_new,
            admission,
            gateway,
            management,
            keeper,
        })
    }

    /// Stops accepting, finishes what is in flight, returns leases and writes all usage.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.control.set_ready(false);
        tokio::join!(self.gateway.drain(), self.management.drain());
        let closed = self.admission.close().await;
        let _ = self.keeper.await;
        closed.context("usage could not be written on stopping; it is lost up to the last second")
    }
}

fn bind(gateway: &Gateway, address: SocketAddr) -> anyhow::Result<BoundGateway> {
    gateway.bind(address).with_context(|| format!("cannot listen on {address} (gateway)"))
}

async fn open_store(config: &Config, dir: DataDir, ids: &Arc<IdSource>) -> anyhow::Result<Store> {
    let given = (!config.master_key.is_empty()).then_some(config.master_key.as_str());
    let secrets = dir.secrets(given, ids)?;
    let store = Store::open(dir, secrets, Arc::clone(ids))?;
    store.forget_settled().await?;
    Ok(store)
}

/// Fills the table of keys and starts the keeper.
async fn start_admission(
    store: &Store,
    clock: &Arc<dyn Clock>,
    ids: &IdSource,
) -> anyhow::Result<(Arc<Admission>, tokio::task::JoinHandle<()>)> {
    let (admission, inbox) = Admission::new(store.secrets().digester());
    let admission = Arc::new(admission);
    let (filled, source) = (Arc::clone(&admission), store.clone());
    tokio::task::spawn_blocking(move || {
        source.for_each_key(|digest, id, enabled, plans| filled.put_key(digest, id, enabled, plans))
    })
    .await??;
    let ledger: Arc<dyn Ledger> = Arc::new(StoreLedger(store.clone()));
    let keeper = Keeper::new(Arc::clone(&admission), inbox, ledger, Arc::clone(clock), ids.word());
    Ok((admission, tokio::spawn(keeper.run())))
}
