//! Functions in a temporary folder, and what can be asked of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tollgate_domain::IdSource;
use tollgate_domain::clock::SystemClock;
use tollgate_functions::{
    FunctionSettings, Functions, FunctionsConfig, Invocation, InvocationType, InvokeError, Launcher, ProcessSettings,
    Source,
};

pub(crate) struct Bench {
    pub(crate) functions: Functions,
    folder: TempDir,
}

/// Where cargo puts the examples of this crate, which `cargo test` builds.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let path = test.ancestors().nth(2).expect("target/debug").join("examples").join(name);
    assert!(path.exists(), "{} is not there: cargo build -p tollgate-functions --examples", path.display());
    path
}

pub(crate) fn config(folder: &Path) -> FunctionsConfig {
    FunctionsConfig {
        region: "eu-central-1".to_owned(),
        work_dir: folder.join("work"),
        processes: true,
        launcher: Launcher { program: example("launch"), arguments: Vec::new() },
        search_path: search_path(),
        max_instances: 4,
        max_queued: 1000,
        queue_wait: Duration::from_secs(60),
        init_timeout: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        drain_timeout: Duration::from_secs(20),
        endpoint_credentials: None,
    }
}

/// Where this machine's `node` and `python3` are.
#[expect(clippy::disallowed_methods, reason = "the tests have no configuration to take it from")]
fn search_path() -> String {
    std::env::var("PATH").expect("a search path")
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A bench whose configuration `edit` changes.
    pub(crate) fn with(edit: impl FnOnce(&mut FunctionsConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = config(folder.path());
        edit(&mut config);
        let (clock, ids) = (Arc::new(SystemClock::new()), Arc::new(IdSource::system()));
        let functions = Functions::new(config, clock, ids, Handle::current(), []).expect("a work folder");
        Self { functions, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Settings of a function whose code is one file.
    pub(crate) fn function(&self, runtime: &str, handler: &str, file: &str, code: &str) -> FunctionSettings {
        let folder = self.path("code");
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(file, code).expect("written");
        FunctionSettings {
            name: "pets".to_owned(),
            arn: "arn:aws:lambda:eu-central-1:000000000000:function:pets".to_owned(),
            timeout: Duration::from_secs(30),
            source: Source::Process(ProcessSettings {
                runtime: runtime.parse().expect("a runtime"),
                runtime_id: runtime.to_owned(),
                handler: handler.to_owned(),
                code: folder,
                memory_mb: 256,
                environment: BTreeMap::from([("COLOUR".to_owned(), "red".to_owned())]),
            }),
        }
    }

    pub(crate) fn publish(&self, function: FunctionSettings) {
        self.functions.publish(&[function]);
    }

    pub(crate) async fn try_call(&self, event: &Value) -> Result<Invocation, InvokeError> {
        self.functions.invoke("pets", event.to_string().into(), InvocationType::RequestResponse).await
    }

    /// The answer of a call that succeeds.
    pub(crate) async fn call(&self, event: Value) -> Value {
        let invocation = self.try_call(&event).await.expect("called");
        assert_eq!(
            (invocation.status, invocation.function_error.as_deref()),
            (200, None),
            "{}",
            text(&invocation.payload)
        );
        serde_json::from_slice(&invocation.payload).expect("JSON")
    }

    /// The error of a call whose function fails.
    pub(crate) async fn fault(&self, event: Value) -> Value {
        let invocation = self.try_call(&event).await.expect("called");
        assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"), "{}", text(&invocation.payload));
        serde_json::from_slice(&invocation.payload).expect("JSON")
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns once `condition` holds, which has to be within twenty seconds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let held = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), held).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// Whether a process is there, and not only what is left of one.
pub(crate) fn is_alive(pid: &Value) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}
