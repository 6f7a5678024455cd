//! The state of a node: in its data directory, or in a database that it shares with others.

use std::sync::Arc;

use anyhow::Context;
use tollgate_domain::IdSource;
use tollgate_store::{Changes, DataDir, PostgresSettings, Secrets, Store, StoreError};

use crate::config::Config;
use crate::root::RootCredentials;

/// What a node has when it begins.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) root: RootCredentials,
    /// Whether the root credentials were made by this start, and have to be shown.
    pub(crate) root_is_new: bool,
    /// Names this process to the ledger and to other nodes.
    pub(crate) source: u64,
    /// What others change from now on, where there can be others.
    pub(crate) changes: Option<Changes>,
    /// Held where the store does not hold it.
    pub(crate) dir: Option<DataDir>,
}

impl State {
    /// Opens it, making what is not there.
    pub(crate) async fn open(config: &Config, dir: DataDir, ids: &Arc<IdSource>) -> anyhow::Result<Self> {
        let given = config.master_key()?;
        let (root, root_is_new) = RootCredentials::find(config, &dir, ids)?;
        let source = ids.word();
        let Some(settings) = config.postgres()? else {
            let secrets = dir.secrets(given.as_deref(), ids)?;
            let unusable = || format!("cannot use the database in {}", config.data_dir.display());
            let store = Store::open(dir, secrets, Arc::clone(ids)).with_context(unusable)?;
            store.forget_settled().await.with_context(unusable)?;
            return Ok(Self { store, root, root_is_new, source, changes: None, dir: None });
        };
        let store = connect(&settings, given.as_deref(), &dir, ids).await?;
        let (root, root_is_new) = root.agree(root_is_new, config, &store, &dir).await?;
        let changes = store.changes(source).await?;
        Ok(Self { store, root, root_is_new, source, changes, dir: Some(dir) })
    }
}

/// Connects with the master key that is given, or else with the data directory's own. One that is made for the occasion
/// is not kept where the database turns out to have another.
async fn connect(
    settings: &PostgresSettings,
    given: Option<&str>,
    dir: &DataDir,
    ids: &Arc<IdSource>,
) -> anyhow::Result<Store> {
    let had_one = dir.has_master_key();
    let secrets: Secrets = dir.secrets(given, ids)?;
    match Store::connect(settings, secrets, Arc::clone(ids)).await {
        Err(error @ StoreError::WrongMasterKey(_)) => {
            if given.is_none() && !had_one {
                dir.forget_master_key()?;
            }
            Err(error)
                .context("all nodes of `store.url` need the same master key, by `master_key` or `master_key_file`")
        }
        connected => connected.context("cannot use the database of `store.url`"),
    }
}
