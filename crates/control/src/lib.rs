//! The management API: AWS API Gateway's REST API, version 1, answered from the catalog and the store.
//!
//! Keeps three promises: nobody without a valid signature is answered; a change is made whole or not at all; and a
//! change that was answered holds at the gate already.
//!
//! `router` is the contents page. A request is verified (`tollgate-sigv4`), routed, and run by the operation's function
//! in `resources`; changes go through `write`; every "no" becomes AWS's answer in `error`.

mod access;
mod answer;
mod conflict;
mod console;
mod credentials;
mod error;
mod gate;
mod json;
mod lambda;
mod openapi;
mod operator;
mod page;
mod patch;
mod perform;
mod request;
mod resources;
mod router;
mod sdk;
mod server;
mod write;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tollgate_domain::{Catalog, Clock, IdSource, KeyDigest, ThrottleSettings};
use tollgate_store::{Change, Store, StoreError};

pub use crate::console::SecureConnection;
use crate::console::Sessions;
pub use crate::credentials::Credentials;
pub use crate::gate::{AuthorizerTestFuture, CallFuture, Gate, GateError, GateFuture, ObtainFuture, TestFuture};
pub use crate::lambda::{
    CodeStore, FunctionFuture, FunctionHost, InvokeKind, InvokeRefusal, Invoked, Lambda, function_arn,
};
pub use crate::operator::NodeDescription;
use crate::operator::{History, PacedAnswers};
pub use crate::perform::Refused;
use crate::write::Writer;

/// What the operator sets for the management API.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlConfig {
    /// The region named in ARNs. Signatures for any region are taken.
    pub region: String,
    /// The account named in ARNs and messages.
    pub account_id: String,
    /// The account's rate and burst, as GetAccount shows them.
    pub account_throttle: ThrottleSettings,
    /// How long an operation that may take a key away waits until it is in force on all nodes.
    pub wait_for_nodes: Duration,
}

impl Default for ControlConfig {
    /// A fresh AWS account's limits, in its first region.
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            account_throttle: ThrottleSettings::new(10_000.0, 5000),
            wait_for_nodes: Duration::ZERO,
        }
    }
}

/// The management API. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Control {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    gate: Arc<dyn Gate>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    credentials: Arc<Credentials>,
    config: ControlConfig,
    writer: Writer,
    history: History,
    paced: PacedAnswers,
    node: OnceLock<NodeDescription>,
    ready: AtomicBool,
}

impl Control {
    /// Loads the catalog, shows it to the gate, and is then ready to answer.
    pub async fn new(
        store: Store,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        credentials: Credentials,
        config: ControlConfig,
    ) -> Result<Self, StoreError> {
        let writer = Writer::open(store.clone(), Arc::clone(&gate)).await?;
        credentials.take(store.credentials().await?);
        let parts = Parts {
            store,
            gate,
            clock,
            ids,
            credentials: Arc::new(credentials),
            config,
            writer,
            history: History::default(),
            paced: PacedAnswers::default(),
            node: OnceLock::new(),
            ready: AtomicBool::new(true),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The service: the AWS API, and `/healthz` and `/readyz` for the operator.
    pub fn router(self) -> axum::Router {
        server::router(self)
    }

    /// Sets what `/readyz` answers; a node that drains says no.
    pub fn set_ready(&self, ready: bool) {
        self.parts.ready.store(ready, Ordering::Release);
    }

    /// The configuration as it stands.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.parts.writer.catalog()
    }

    /// Loads what other nodes have committed and shows it to the gate.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        self.parts.writer.refresh().await
    }

    /// Puts in force what other nodes, or this one, have changed.
    pub async fn take_over(&self, change: &Change) -> Result<(), StoreError> {
        if change.catalog {
            self.refresh().await?;
        }
        let _showing = self.writer().showing().await;
        if !change.digests.is_empty() {
            let callers = self.store().callers(change.digests.clone()).await?;
            let known: HashSet<KeyDigest> = callers.iter().map(|caller| caller.digest).collect();
            for caller in callers {
                self.gate().put_key(&caller);
            }
            let gone = change.digests.iter().filter(|digest| !known.contains(digest));
            gone.for_each(|digest| self.gate().remove_key(*digest));
        }
        if change.credentials {
            self.credentials().take(self.store().credentials().await?);
        }
        Ok(())
    }

    /// Says where this node's calls come in, once that is known.
    pub fn describe(&self, node: NodeDescription) {
        let _ = self.parts.node.set(node);
    }

    /// Notes what became of calls so far. Called once a second, it makes the history that charts are drawn of.
    pub fn sample_traffic(&self) {
        self.parts.history.push(self.clock().now().wall, self.gate().traffic());
    }

    /// Makes a token that signs in to the console once, as the owner of a pair, within a few minutes.
    pub async fn console_link(&self, access_key_id: &str) -> Result<String, StoreError> {
        self.sessions().make_link(access_key_id, self.clock().now().wall, self.ids()).await
    }

    fn sessions(&self) -> Sessions<'_> {
        Sessions(&self.parts.store)
    }

    fn history(&self) -> &History {
        &self.parts.history
    }

    fn paced(&self) -> &PacedAnswers {
        &self.parts.paced
    }

    fn node(&self) -> Option<&NodeDescription> {
        self.parts.node.get()
    }

    fn is_ready(&self) -> bool {
        self.parts.ready.load(Ordering::Acquire)
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    pub(crate) fn gate(&self) -> &dyn Gate {
        self.parts.gate.as_ref()
    }

    fn clock(&self) -> &dyn Clock {
        self.parts.clock.as_ref()
    }

    fn ids(&self) -> &IdSource {
        &self.parts.ids
    }

    /// The pairs that are answered, as they are at any time.
    pub fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.parts.credentials)
    }

    fn config(&self) -> &ControlConfig {
        &self.parts.config
    }

    fn writer(&self) -> &Writer {
        &self.parts.writer
    }
}
