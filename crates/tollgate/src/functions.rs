//! The functions of this process, as the management API sees them: those of the catalog, and those that are configured.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use tollgate_control::{CodeStore, FunctionFuture, FunctionHost, InvokeKind, InvokeRefusal, Invoked, function_arn};
use tollgate_domain::{Catalog, Clock, Function, FunctionSource, IdSource};
use tollgate_functions::{
    BuiltIn, EndpointSettings, FunctionSettings, Functions, FunctionsConfig, Invocation, InvocationType, InvokeError,
    Launcher, ProcessSettings, Runtime, Source, UnknownRuntime,
};

use crate::config::Config;

/// The functions of this process.
pub(crate) struct LocalFunctions {
    functions: Functions,
    configured: BTreeMap<String, Arc<Function>>,
    code: CodeStore,
    config: Config,
}

impl LocalFunctions {
    /// Prepares to run functions; none is published yet. Must be called within the runtime that is to run them.
    /// `built_in` are functions of this process, by the names that they have after `tollgate:`.
    pub(crate) fn start(
        config: &Config,
        code: CodeStore,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        built_in: impl IntoIterator<Item = (String, Arc<dyn BuiltIn>)>,
    ) -> anyhow::Result<Self> {
        let now = clock.now().wall;
        let configured = config.functions.iter();
        let configured = configured
            .map(|(name, table)| (name.clone(), Arc::new(table.function(name, &config.region, now))))
            .collect();
        let runtime = tokio::runtime::Handle::current();
        let functions = Functions::new(functions_config(config)?, clock, ids, runtime, built_in)
            .with_context(|| format!("cannot prepare functions in {}", config.data_dir.display()))?;
        Ok(Self { functions, configured, code, config: config.clone() })
    }

    /// Where uploaded code is kept.
    pub(crate) fn code(&self) -> &CodeStore {
        &self.code
    }

    /// Runs the functions of this catalog, and those that are configured, from now on.
    pub(crate) fn publish(&self, catalog: &Catalog) {
        let made = catalog.functions.iter().filter(|(name, _)| !self.configured.contains_key(*name));
        let all = made.chain(&self.configured).filter_map(|(_, function)| self.settings(function));
        self.functions.publish(&all.collect::<Vec<_>>());
    }

    /// Calls a function.
    pub(crate) async fn call(
        &self,
        function: &str,
        payload: Bytes,
        kind: InvocationType,
    ) -> Result<Invocation, InvokeError> {
        self.functions.invoke(function, payload, kind).await
    }

    /// Finishes what is under way and ends every process.
    pub(crate) async fn drain(&self) {
        self.functions.drain().await;
    }

    /// What runs a function. One that was accepted by a version that could run it, and cannot be run now, is left out.
    fn settings(&self, function: &Function) -> Option<FunctionSettings> {
        let source = match &function.source {
            FunctionSource::Process { runtime, handler, code } => Source::Process(ProcessSettings {
                runtime: runtime.parse().ok()?,
                runtime_id: runtime.clone(),
                handler: handler.clone(),
                code: self.code.folder(&function.name, code),
                memory_mb: function.memory_mb,
                environment: function.environment.clone(),
            }),
            FunctionSource::Endpoint { url, function, region } => Source::Endpoint(EndpointSettings {
                url: url.parse().ok()?,
                function: function.clone(),
                region: region.clone(),
            }),
        };
        Some(FunctionSettings {
            name: function.name.clone(),
            arn: function_arn(&self.config.region, &self.config.account_id, &function.name),
            timeout: Duration::from_secs(function.timeout_seconds.into()),
            source,
        })
    }
}

impl FunctionHost for LocalFunctions {
    fn configured(&self) -> &BTreeMap<String, Arc<Function>> {
        &self.configured
    }

    fn check_runtime(&self, runtime: &str) -> Result<(), String> {
        if !self.config.function_processes.enabled {
            return Err("This node starts no processes for functions.".to_owned());
        }
        runtime.parse::<Runtime>().map(|_| ()).map_err(|error: UnknownRuntime| error.to_string())
    }

    fn invoke(&self, function: String, payload: Bytes, kind: InvokeKind) -> FunctionFuture<'_> {
        let kind = match kind {
            InvokeKind::RequestResponse => InvocationType::RequestResponse,
            InvokeKind::Event => InvocationType::Event,
            InvokeKind::DryRun => InvocationType::DryRun,
        };
        Box::pin(async move {
            let invoked = self.functions.invoke(&function, payload, kind).await;
            invoked.map(told).map_err(refused)
        })
    }
}

fn told(Invocation { status, payload, function_error, executed_version, log_tail }: Invocation) -> Invoked {
    Invoked { status, payload, function_error, executed_version, log_tail }
}

fn refused(error: InvokeError) -> InvokeRefusal {
    match error {
        InvokeError::BadName(_) | InvokeError::UnknownFunction(_) => InvokeRefusal::Unknown,
        InvokeError::RequestTooLarge { limit, .. } => InvokeRefusal::TooLarge(limit),
        InvokeError::Throttled(_) => InvokeRefusal::Throttled,
        InvokeError::CannotStart { .. } => InvokeRefusal::CannotStart(error.to_string()),
        InvokeError::Unreachable { .. }
        | InvokeError::EndpointTimedOut(_)
        | InvokeError::EndpointRefused { .. }
        | InvokeError::AnswerTooLarge(_) => InvokeRefusal::Endpoint(error.to_string()),
        InvokeError::Stopping => InvokeRefusal::Stopping,
    }
}

fn functions_config(config: &Config) -> anyhow::Result<FunctionsConfig> {
    let processes = &config.function_processes;
    Ok(FunctionsConfig {
        region: config.region.clone(),
        work_dir: std::path::absolute(&config.data_dir)?.join("function-runs"),
        processes: processes.enabled,
        launcher: Launcher { program: own_program()?, arguments: vec!["launch".into()] },
        search_path: processes.search_path.clone(),
        max_instances: processes.max_instances,
        max_queued: processes.max_queued,
        queue_wait: processes.queue_wait(),
        init_timeout: processes.init_timeout(),
        idle: processes.idle(),
        drain_timeout: config.function_drain_timeout(),
        endpoint_credentials: config.function_endpoint.credentials(),
    })
}

/// This program, even after its file was replaced by an upgrade.
fn own_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}
