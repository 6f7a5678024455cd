//! What all functions of this process share.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tollgate_domain::{Clock, IdSource};

use crate::bootstrap;
use crate::settings::FunctionsConfig;
use crate::spawner::Spawner;

/// What all functions of this process share.
pub(crate) struct Host {
    pub(crate) config: FunctionsConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) spawner: Spawner,
    /// How many instances there are, of all functions.
    live: watch::Sender<usize>,
    /// Set when instances have to end, whatever they do.
    ending: watch::Sender<bool>,
}

impl Host {
    pub(crate) fn start(
        config: FunctionsConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        runtime: tokio::runtime::Handle,
    ) -> io::Result<Self> {
        make_empty(&config.work_dir)?;
        bootstrap::write(&config.work_dir)?;
        let spawner = Spawner::start(runtime.clone())?;
        Ok(Self {
            config,
            clock,
            ids,
            runtime,
            spawner,
            live: watch::Sender::new(0),
            ending: watch::Sender::new(false),
        })
    }

    /// Counts an instance until the presence is dropped.
    pub(crate) fn presence(self: &Arc<Self>) -> Presence {
        self.live.send_modify(|live| *live += 1);
        Presence(Arc::clone(self))
    }

    /// Returns when no instance is left.
    pub(crate) async fn all_ended(&self) {
        // The sender is this host's own, so that waiting cannot fail.
        let _ = self.live.subscribe().wait_for(|live| *live == 0).await;
    }

    /// Ends all instances.
    pub(crate) fn end_all(&self) {
        self.ending.send_replace(true);
    }

    /// Whether all instances have to end, and none may start.
    pub(crate) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    /// Returns when all instances have to end.
    pub(crate) async fn told_to_end(&self) {
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    /// A private folder for one instance, removed when the value is dropped.
    pub(crate) fn scratch(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("instance-").tempdir_in(&self.config.work_dir)
    }

    /// A file of the bootstraps.
    pub(crate) fn bootstrap(&self, file: &str) -> PathBuf {
        self.config.work_dir.join(file)
    }
}

/// One instance, as [`Host`] counts them.
pub(crate) struct Presence(Arc<Host>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.live.send_modify(|live| *live -= 1);
    }
}

/// Makes a private folder, without what a process that was killed left in it.
fn make_empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
