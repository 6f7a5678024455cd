//! All functions of this process, and the calls of them.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use tokio::runtime::Handle;
use tollgate_domain::{Clock, FunctionRef, IdSource};

use crate::built_in::{BuiltIn, Echo};
use crate::error::InvokeError;
use crate::host::Host;
use crate::invocation::{EVENT_LIMIT, Invocation, InvocationType, PAYLOAD_LIMIT};
use crate::pool::Pool;
use crate::remote::{self, EndpointClient, Remote};
use crate::settings::{FunctionSettings, FunctionsConfig, Source};
use crate::work::Outcome;

/// All functions of this process. A clone is another handle to the same ones.
///
/// The work is done by tasks of the runtime that was given, so that calls may be awaited on any thread, and go on when
/// their callers no longer wait.
#[derive(Clone)]
pub struct Functions {
    shared: Arc<Shared>,
}

struct Shared {
    host: Arc<Host>,
    client: EndpointClient,
    built_in: BTreeMap<String, Arc<dyn BuiltIn>>,
    published: RwLock<HashMap<String, Published>>,
    stopping: AtomicBool,
}

#[derive(Clone)]
struct Published {
    settings: FunctionSettings,
    runner: Runner,
}

#[derive(Clone)]
enum Runner {
    Pool(Arc<Pool>),
    Remote(Arc<Remote>),
    BuiltIn(Arc<dyn BuiltIn>),
}

impl Functions {
    /// Prepares the work folder; nothing is published yet. `built_in` are further functions named `tollgate:{name}`.
    pub fn new(
        config: FunctionsConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        runtime: Handle,
        built_in: impl IntoIterator<Item = (String, Arc<dyn BuiltIn>)>,
    ) -> io::Result<Self> {
        let host = Arc::new(Host::start(config, clock, ids, runtime)?);
        let echo: (String, Arc<dyn BuiltIn>) = ("echo".to_owned(), Arc::new(Echo));
        let shared = Shared {
            host,
            client: remote::client(),
            built_in: std::iter::once(echo).chain(built_in).collect(),
            published: RwLock::default(),
            stopping: AtomicBool::new(false),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Makes these the functions that there are. Instances of those that did not change stay; of the others they end
    /// with the calls that they have.
    pub fn publish(&self, functions: &[FunctionSettings]) {
        let mut published = self.shared.published.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *published);
        for settings in functions {
            let kept = before.remove(&settings.name);
            let kept = match kept {
                Some(old) if old.settings == *settings => old,
                changed => {
                    changed.as_ref().inspect(|old| old.retire());
                    self.shared.prepare(settings)
                }
            };
            published.insert(settings.name.clone(), kept);
        }
        before.values().for_each(Published::retire);
    }

    /// Calls a function, named in any of Lambda's forms, and returns what came of it. An event is answered as soon as
    /// it is taken.
    pub async fn invoke(
        &self,
        function: &str,
        payload: Bytes,
        kind: InvocationType,
    ) -> Result<Invocation, InvokeError> {
        let runner = self.find(function)?;
        let limit = if kind == InvocationType::Event { EVENT_LIMIT } else { PAYLOAD_LIMIT };
        if payload.len() > limit {
            return Err(InvokeError::RequestTooLarge { size: payload.len(), limit });
        }
        let request_id = self.shared.host.ids.uuid();
        match (kind, &runner) {
            (InvocationType::DryRun, Runner::Pool(_) | Runner::BuiltIn(_)) => Ok(Invocation::empty(204)),
            (InvocationType::Event, Runner::Pool(_) | Runner::BuiltIn(_)) => {
                let name = function.to_owned();
                let call = runner.call(request_id, payload, kind);
                self.shared.host.runtime.spawn(async move { log_event(&name, call.await) });
                Ok(Invocation::empty(202))
            }
            (_, Runner::Remote(_)) | (InvocationType::RequestResponse, _) => {
                let call = self.shared.host.runtime.spawn(runner.call(request_id, payload, kind));
                call.await.unwrap_or(Err(InvokeError::Stopping))
            }
        }
    }

    /// Refuses new calls, waits for those under way as long as configured, and ends every process.
    pub async fn drain(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.publish(&[]);
        let host = Arc::clone(&self.shared.host);
        let ended = self.shared.host.runtime.spawn(async move {
            if tokio::time::timeout(host.config.drain_timeout, host.all_ended()).await.is_err() {
                host.end_all();
                host.all_ended().await;
            }
        });
        let _ = ended.await;
    }

    fn find(&self, function: &str) -> Result<Runner, InvokeError> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(InvokeError::Stopping);
        }
        let named = FunctionRef::parse(function)?;
        let unknown = || InvokeError::UnknownFunction(function.to_owned());
        if let Some(built_in) = named.built_in() {
            return self.shared.built_in.get(built_in).cloned().map(Runner::BuiltIn).ok_or_else(unknown);
        }
        let published = self.shared.published.read().unwrap_or_else(PoisonError::into_inner);
        let found = published.get(&named.name).filter(|_| named.is_latest());
        found.map(|found| found.runner.clone()).ok_or_else(unknown)
    }
}

impl Shared {
    fn prepare(&self, settings: &FunctionSettings) -> Published {
        let host = Arc::clone(&self.host);
        let runner = match &settings.source {
            Source::Process(process) => Runner::Pool(Pool::new(host, settings.clone(), process.clone())),
            Source::Endpoint(endpoint) => {
                Runner::Remote(Arc::new(Remote::new(host, self.client.clone(), settings.clone(), endpoint.clone())))
            }
        };
        Published { settings: settings.clone(), runner }
    }
}

impl Published {
    fn retire(&self) {
        if let Runner::Pool(pool) = &self.runner {
            pool.retire();
        }
    }
}

impl Runner {
    fn call(&self, request_id: String, payload: Bytes, kind: InvocationType) -> impl Future<Output = Outcome> + use<> {
        let runner = self.clone();
        async move {
            match runner {
                Runner::Pool(pool) => {
                    // Nobody waits for an event, so that it can wait as long as it takes.
                    let patience = (kind != InvocationType::Event).then_some(pool.host.config.queue_wait);
                    pool.call(request_id, payload, patience).await
                }
                Runner::Remote(remote) => remote.call(payload, kind).await,
                Runner::BuiltIn(function) => Ok(match function.call(payload).await {
                    Ok(answer) => Invocation::returned(answer, Bytes::new()),
                    Err(fault) => Invocation::failed(fault.payload(), Bytes::new()),
                }),
            }
        }
    }
}

/// The failure of an event is told nowhere else.
fn log_event(function: &str, outcome: Outcome) {
    match outcome {
        Ok(Invocation { function_error: Some(_), payload, .. }) => {
            let error = String::from_utf8_lossy(&payload);
            tracing::warn!(target: "tollgate::function", "{function}: an event failed: {error}");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(target: "tollgate::function", "{function}: an event was not handled: {error}"),
    }
}
