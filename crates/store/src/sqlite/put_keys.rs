//! Keys that have an id and a value already: they are put under that id, all of them or none.

use std::sync::Arc;

use rusqlite::Connection;
use tollgate_domain::{ApiKey, KeyDigest};

use super::keys::{attach, find, id_of, insert, update};
use super::{Database, Shared};
use crate::error::StoreError;
use crate::keys::{KeyImport, KeyPut, KeyRow, PutOutcome};
use crate::put_keys::{self, difference};
use crate::secrets::SealedValue;

impl Database {
    /// Makes the keys that are not there, and changes those that differ; to plans they are added, and from none are
    /// they taken. If one of them cannot be put, none is. With `imagine` nothing is done.
    pub(crate) async fn put_keys(&self, keys: Vec<KeyImport>, imagine: bool) -> Result<Vec<KeyPut>, StoreError> {
        if imagine {
            return self
                .read(move |connection, shared| {
                    let transaction = connection.unchecked_transaction()?;
                    let outcomes = judge(&transaction, shared, &keys)?.into_iter();
                    Ok(outcomes.map(|outcome| KeyPut { outcome, row: None }).collect())
                })
                .await;
        }
        // Sealing takes as long as writing, and does not need the writer, for which the ledger waits, too.
        let shared = Arc::clone(&self.shared);
        let seal = move || {
            let seal =
                |key: KeyImport| Ok((SealedValue::new(&shared.secrets, key.key.id, &key.value, &shared.ids)?, key));
            keys.into_iter().map(seal).collect::<Result<Vec<_>, StoreError>>()
        };
        let sealed = tokio::task::spawn_blocking(seal).await.unwrap_or(Err(StoreError::Closed))?;
        self.write(move |connection, shared| {
            let (values, keys): (Vec<SealedValue>, Vec<KeyImport>) = sealed.into_iter().unzip();
            let outcomes = judge(connection, shared, &keys)?;
            if outcomes.iter().any(PutOutcome::is_clash) {
                return Ok(outcomes.into_iter().map(|outcome| KeyPut { outcome, row: None }).collect());
            }
            let puts = outcomes.into_iter().zip(keys.into_iter().zip(&values));
            puts.map(|(outcome, (key, value))| {
                put(connection, shared, key, value).map(|row| KeyPut { outcome, row: Some(row) })
            })
            .collect()
        })
        .await
    }
}

fn judge(connection: &Connection, shared: &Shared, keys: &[KeyImport]) -> Result<Vec<PutOutcome>, StoreError> {
    let (owner, row) = (|digest: &KeyDigest| id_of(connection, digest), |id| find(connection, shared, id));
    put_keys::judge(keys, &shared.secrets, owner, row)
}

fn put(connection: &Connection, shared: &Shared, key: KeyImport, value: &SealedValue) -> Result<KeyRow, StoreError> {
    let KeyImport { key: ApiKey { id, .. }, ref plans, .. } = key;
    let seq = match find(connection, shared, id)? {
        Some(row) if difference(&row, &key).is_empty() => return Ok(row),
        Some(row) => {
            update(connection, &key.key)?;
            row.seq
        }
        None => {
            insert(connection, &key.key, value)?;
            connection.last_insert_rowid()
        }
    };
    plans.iter().try_for_each(|plan| attach(connection, *plan, seq))?;
    find(connection, shared, id)?.ok_or(StoreError::Closed)
}
