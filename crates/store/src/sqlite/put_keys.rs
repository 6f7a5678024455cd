//! Keys that have an id and a value already: they are put under that id, all of them or none.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;
use tollgate_domain::{ApiKey, ApiKeyId, KeyDigest};

use super::keys::{SealedValue, attach, find, id_of, insert, update};
use super::{Shared, Store};
use crate::error::StoreError;
use crate::keys::{KeyImport, KeyPut, KeyRow, PutOutcome};

impl Store {
    /// Makes the keys that are not there, and changes those that differ; to plans they are added, and from none are
    /// they taken. If one of them cannot be put, none is. With `imagine` nothing is done.
    pub async fn put_keys(&self, keys: Vec<KeyImport>, imagine: bool) -> Result<Vec<KeyPut>, StoreError> {
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
            let seal = |key: KeyImport| Ok((SealedValue::new(&shared, key.key.id, &key.value)?, key));
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

/// What putting keys would come to. Two that have the same value, or the same id, clash with each other.
fn judge(connection: &Connection, shared: &Shared, keys: &[KeyImport]) -> Result<Vec<PutOutcome>, StoreError> {
    let mut by_value: HashMap<KeyDigest, ApiKeyId> = HashMap::new();
    let mut by_id: HashMap<ApiKeyId, KeyDigest> = HashMap::new();
    keys.iter()
        .map(|key| {
            let (id, digest) = (key.key.id, shared.secrets.digest(&key.value));
            if by_id.insert(id, digest).is_some_and(|other| other != digest) {
                return Ok(PutOutcome::OtherValue);
            }
            if let Some(other) = by_value.insert(digest, id).filter(|other| *other != id) {
                return Ok(PutOutcome::ValueOf(other));
            }
            judge_one(connection, shared, key, &digest)
        })
        .collect()
}

fn judge_one(
    connection: &Connection,
    shared: &Shared,
    wanted: &KeyImport,
    digest: &KeyDigest,
) -> Result<PutOutcome, StoreError> {
    if let Some(owner) = id_of(connection, digest)?.filter(|owner| *owner != wanted.key.id) {
        return Ok(PutOutcome::ValueOf(owner));
    }
    let Some(row) = find(connection, shared, wanted.key.id)? else { return Ok(PutOutcome::Made) };
    if row.digest != *digest {
        return Ok(PutOutcome::OtherValue);
    }
    let changed = difference(&row, wanted);
    Ok(if changed.is_empty() { PutOutcome::Same } else { PutOutcome::Changed(changed) })
}

/// The members that differ, by AWS's names. Empty text is no text, and dates do not count.
fn difference(row: &KeyRow, wanted: &KeyImport) -> Vec<&'static str> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (before, after) = (&row.key, &wanted.key);
    let pairs = [
        ("name", text(&before.name) != text(&after.name)),
        ("description", text(&before.description) != text(&after.description)),
        ("customerId", text(&before.customer_id) != text(&after.customer_id)),
        ("enabled", before.enabled != after.enabled),
        ("stageKeys", before.stage_keys != after.stage_keys),
        ("tags", before.tags != after.tags),
        ("usagePlans", wanted.plans.iter().any(|plan| !row.plans.contains(plan))),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
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
