//! The shared backend: a PostgreSQL database that any number of nodes use at once.
//!
//! Keeps two promises more than a store of one process has to: changes of several nodes take turns, so that none
//! overwrites another's ([`turn`]); and every change is told to all nodes, in the order of commits ([`changes`]).

mod catalog;
mod changes;
mod connect;
mod console;
mod credentials;
mod extensions;
mod function_code;
mod imports;
mod keys;
mod ledger;
pub(crate) mod migration;
mod nodes;
mod put_keys;
mod schema;
mod session;
mod stacks;
mod standings;
mod turn;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use deadpool_postgres::{ClientWrapper, Object, Pool, Transaction};
use tollgate_domain::IdSource;

use crate::data_dir::MASTER_KEY_FILE;
use crate::error::StoreError;
use crate::secrets::Secrets;

pub use changes::{Change, Changes};
use connect::Connector;
pub use connect::PostgresSettings;
pub use nodes::{NodeBuckets, NodeRecord, NodeRow};
use session::{Parameters, execute, one, one_or_none, rows};
pub(crate) use turn::Turn;

/// State in a database. Clones share it.
#[derive(Clone)]
pub(crate) struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    pool: Pool,
    secrets: Secrets,
    ids: Arc<IdSource>,
    /// The connection that takes turns, kept between them.
    turns: Arc<tokio::sync::Mutex<Option<ClientWrapper>>>,
    /// That connection, while this process has the turn.
    on_turn: Mutex<Option<Arc<tokio::sync::Mutex<ClientWrapper>>>>,
    /// Nodes that were alive when this one last looked.
    live_nodes: AtomicI64,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("at", &self.shared.connector).finish()
    }
}

impl Database {
    /// Connects, and makes or migrates the tables as needed.
    pub(crate) async fn connect(
        settings: &PostgresSettings,
        secrets: Secrets,
        ids: Arc<IdSource>,
    ) -> Result<Self, StoreError> {
        let connector = Connector::new(settings)?;
        let pool = connector.pool(settings.connections)?;
        let shared = Shared {
            connector,
            pool,
            secrets,
            ids,
            turns: Arc::default(),
            on_turn: Mutex::default(),
            live_nodes: AtomicI64::new(1),
        };
        let database = Self { shared: Arc::new(shared) };
        let mut client = database.client().await?;
        schema::migrate(&mut client).await?;
        database.check_master_key(&client).await?;
        drop(client);
        Ok(database)
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// Refuses a master key that is not the one that the keys here were sealed with, before anything is lost to it.
    async fn check_master_key(&self, client: &Object) -> Result<(), StoreError> {
        let ours = self.shared.secrets.fingerprint();
        let insert = "INSERT INTO master_key (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING";
        execute(client, insert, &[&ours.as_slice()]).await?;
        let stored: Vec<u8> = one(client, "SELECT fingerprint FROM master_key", &[]).await?.try_get(0)?;
        if stored == ours { Ok(()) } else { Err(StoreError::WrongMasterKey(MASTER_KEY_FILE)) }
    }

    /// A connection of the pool.
    async fn client(&self) -> Result<Object, StoreError> {
        Ok(self.shared.pool.get().await?)
    }

    /// What a change is written by: the connection that has the turn, so that a process that lost its turn writes
    /// nothing, or else one of the pool.
    async fn writing(&self) -> Result<Writing, StoreError> {
        let on_turn = self.shared.on_turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Ok(match on_turn {
            Some(client) => Writing::OnTurn(client.lock_owned().await),
            None => Writing::Pooled(Box::new(self.client().await?)),
        })
    }

    pub(crate) fn live_nodes(&self) -> i64 {
        self.shared.live_nodes.load(Ordering::Relaxed)
    }
}

/// A connection for a change.
pub(crate) enum Writing {
    OnTurn(tokio::sync::OwnedMutexGuard<ClientWrapper>),
    Pooled(Box<Object>),
}

impl Writing {
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        Ok(match self {
            Self::OnTurn(client) => client.transaction().await?,
            Self::Pooled(client) => client.transaction().await?,
        })
    }
}

/// Commits. When the connection breaks just then, nobody knows whether the database did.
async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(|error| match StoreError::from(error) {
        StoreError::Unavailable(why) => StoreError::Undecided(why),
        other => other,
    })
}
