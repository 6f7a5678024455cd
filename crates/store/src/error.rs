//! What can go wrong with state.

use std::path::PathBuf;

use tollgate_domain::ApiKeyId;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The catalog has moved on since it was read; read it again and decide anew.
    #[error("the catalog changed in the meantime")]
    Stale,
    /// Another key has this value.
    #[error("API key {existing} has the same value")]
    DuplicateKeyValue {
        /// That key.
        existing: ApiKeyId,
    },
    /// Another process serves from this directory.
    #[error("another tollgate process is using the data directory {path}; stop it, or choose another directory")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The keys that are stored were sealed with another master key.
    #[error(
        "the master key is not the one of this store: its key values can be read only with the {0}, or the `master_key` setting, that they were written with"
    )]
    WrongMasterKey(&'static str),
    /// The data was written by a newer Tollgate.
    #[error("the store has schema version {found}, this tollgate knows up to {known}; use a newer tollgate")]
    TooNew {
        /// On disk.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A record on disk does not read.
    #[error("a stored record does not read: {0}")]
    Corrupt(String),
    /// Nothing was done: the disk is full, broken or not to be written, or somebody else has the database locked. The
    /// same write may succeed later.
    #[error("the store cannot be used right now: {0}")]
    Unavailable(String),
    /// The connection to the database broke just when a change was committed: it may or may not have been made.
    #[error("the database went away while a change was committed: {0}")]
    Undecided(String),
    /// Changes that this node has not seen are no longer kept: it has to load all anew.
    #[error(
        "change {seen} was the last that was seen here, and the first that is kept is {kept_from}: start this node anew"
    )]
    TooFarBehind {
        /// Seen here.
        seen: u64,
        /// Kept in the database.
        kept_from: u64,
    },
    /// A database that was to be filled is not empty.
    #[error("the database is not empty: it has {0}")]
    NotEmpty(String),
    /// A text has a character that the database cannot store.
    #[error("a text has a character that cannot be stored")]
    UnstorableText,
    /// The settings lead to no database.
    #[error("the settings of the store: {0}")]
    Settings(String),
    /// The database or the file system failed.
    #[error("{0}")]
    Io(String),
    /// What was to be done panicked, and changed nothing.
    #[error("a job of the store panicked")]
    Panicked,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DiskFull, ReadOnly, SystemIoFailure};
        match error.sqlite_error() {
            // SQLite says "disk I/O error" for thirty causes; its extended code tells them apart.
            Some(inner) if matches!(inner.code, DiskFull | ReadOnly | SystemIoFailure | CannotOpen | DatabaseBusy) => {
                Self::Unavailable(format!("database: {error} (SQLite's code {})", inner.extended_code))
            }
            _ => Self::Io(format!("database: {error}")),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        // Its own words are "db error"; what the server said is beneath.
        let Some(said) = error.as_db_error() else { return Self::Unavailable(told(&error)) };
        let (class, code) = (said.code().code().get(..2).unwrap_or_default(), said.code().code());
        let why = format!("database: {} (PostgreSQL's code {code})", said.message());
        match (class, code) {
            // Connections, resources, operators, locks and deadlocks, standbys: all of them pass.
            ("08" | "53" | "57" | "40", _) | (_, "55P03" | "25006" | "25P03" | "25P02") => Self::Unavailable(why),
            (_, "22021") => Self::UnstorableText,
            _ => Self::Io(why),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::from(error),
            other => Self::Unavailable(format!("database: {other}")),
        }
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = format!("database: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl StoreError {
    pub(crate) fn io(what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        Self::Io(format!("{what}: {error}"))
    }
}
