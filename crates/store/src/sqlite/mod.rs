//! The embedded backend: SQLite in WAL mode, one thread that writes, a few connections that read.

mod catalog;
mod checkpoints;
mod console;
mod credentials;
mod extensions;
mod imports;
mod journal;
mod keys;
mod ledger;
mod migration;
mod put_keys;
mod schema;
mod stacks;
mod standings;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tollgate_domain::IdSource;

use crate::data_dir::{DataDir, MASTER_KEY_FILE};
use crate::error::StoreError;
use crate::secrets::Secrets;
use journal::Journal;
use writer::Writer;

/// The database's file in the data directory.
const DATABASE_FILE: &str = "tollgate.db";

/// State on disk. Clones share it.
#[derive(Clone)]
pub(crate) struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    secrets: Secrets,
    ids: Arc<IdSource>,
    /// Closed before the writer, which brings the log over as the last connection, and then lets the directory go.
    idle_readers: Mutex<Vec<Connection>>,
    writer: Writer,
    /// Used on the writing thread only.
    journal: Arc<Mutex<Journal>>,
    /// Held by who brings all of the journal into days.
    folding: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.shared.path).finish()
    }
}

impl Database {
    /// Opens the database of a data directory, making or migrating it as needed. Blocks.
    pub(crate) fn open(dir: DataDir, secrets: Secrets, ids: Arc<IdSource>) -> Result<Self, StoreError> {
        let path = dir.path().join(DATABASE_FILE);
        // Made before SQLite does, which gives its other files the same mode.
        dir.make_private(DATABASE_FILE)?;
        let mut connection = Connection::open(&path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // FULL, so that what was acknowledged survives a power cut and not only a crash of this process.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        // What a savepoint needs to go back to is kept in memory: SQLite would write a file for each round of any size.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        schema::migrate(&mut connection)?;
        check_master_key(&connection, &secrets)?;
        connection.set_prepared_statement_cache_capacity(64);
        let journal = Arc::<Mutex<Journal>>::default();
        let ended = {
            let journal = Arc::clone(&journal);
            move |is_committed| journal::lock(&journal).ended(is_committed)
        };
        let writer = Writer::start(connection, &path, ended, dir)?;
        let (folding, idle_readers) = (tokio::sync::Mutex::default(), Mutex::default());
        Ok(Self { shared: Arc::new(Shared { path, secrets, ids, writer, journal, folding, idle_readers }) })
    }

    /// The secrets that this store's keys are sealed with.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// Runs `job` on the writing thread. It is durable when this returns; a job that fails changes nothing.
    async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::downgrade(&self.shared);
        self.shared.writer.write(move |connection| job(connection, &*shared.upgrade().ok_or(StoreError::Closed)?)).await
    }

    /// Runs `job` on a reading connection, beside the writer.
    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || shared.read_blocking(job));
        reading.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Refuses a master key that is not the one that the keys here were sealed with, before anything is lost to it.
fn check_master_key(connection: &Connection, secrets: &Secrets) -> Result<(), StoreError> {
    let ours = secrets.fingerprint();
    connection.execute("INSERT OR IGNORE INTO master_key (only, fingerprint) VALUES (1, ?)", [ours.as_slice()])?;
    let stored: Vec<u8> = connection.query_row("SELECT fingerprint FROM master_key", [], |row| row.get(0))?;
    if stored == ours { Ok(()) } else { Err(StoreError::WrongMasterKey(MASTER_KEY_FILE)) }
}

impl Shared {
    fn read_blocking<T>(
        &self,
        job: impl FnOnce(&Connection, &Shared) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let outcome = job(&connection, self);
        self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        outcome
    }
}
