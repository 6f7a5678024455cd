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
    /// The keys on disk were sealed with another master key.
    #[error(
        "the master key is not the one of this data directory: its key values can be read only with the {0}, or the `master_key` setting, that they were written with"
    )]
    WrongMasterKey(&'static str),
    /// The data was written by a newer Tollgate.
    #[error("the data directory has schema version {found}, this tollgate knows up to {known}; use a newer tollgate")]
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
    /// The database or the file system failed.
    #[error("{0}")]
    Io(String),
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
