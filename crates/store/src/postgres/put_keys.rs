//! Keys that have an id and a value already: they are put under that id, all of them or none.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_domain::{ApiKey, ApiKeyId, KeyDigest};

use super::changes::{Announcement, announce};
use super::keys::{attach_all, insert, read_ids, read_keys, update};
use super::session::Session;
use super::{Database, commit};
use crate::error::StoreError;
use crate::keys::{KeyImport, KeyPut, KeyRow, PutOutcome};
use crate::put_keys;
use crate::secrets::{SealedValue, Secrets};

impl Database {
    pub(crate) async fn put_keys(&self, keys: Vec<KeyImport>, imagine: bool) -> Result<Vec<KeyPut>, StoreError> {
        if imagine {
            let outcomes = judge(&self.client().await?, &self.shared.secrets, &keys).await?;
            return Ok(outcomes.into_iter().map(|outcome| KeyPut { outcome, row: None }).collect());
        }
        // Sealing takes long, and needs no connection.
        let shared = Arc::clone(&self.shared);
        let seal = move || {
            let seal =
                |row: KeyImport| Ok((SealedValue::new(&shared.secrets, row.key.id, &row.value, &shared.ids)?, row));
            keys.into_iter().map(seal).collect::<Result<Vec<_>, StoreError>>()
        };
        let sealed = tokio::task::spawn_blocking(seal).await.unwrap_or(Err(StoreError::Closed))?;
        let (keys, digests): (Vec<KeyImport>, Vec<KeyDigest>) =
            sealed.iter().map(|(value, row)| (row.clone(), value.digest())).unzip();
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        let outcomes = judge(&transaction, &self.shared.secrets, &keys).await?;
        if outcomes.iter().any(PutOutcome::is_clash) {
            return Ok(outcomes.into_iter().map(|outcome| KeyPut { outcome, row: None }).collect());
        }
        let judged = || sealed.iter().zip(&outcomes);
        let made: Vec<(&SealedValue, &ApiKey)> = judged()
            .filter(|(_, outcome)| **outcome == PutOutcome::Made)
            .map(|((value, row), _)| (value, &row.key))
            .collect();
        insert(&transaction, &made).await?;
        for ((_, row), _) in judged().filter(|(_, outcome)| matches!(outcome, PutOutcome::Changed(_))) {
            update(&transaction, &row.key).await?;
        }
        attach_all(&transaction, sealed.iter().map(|(value, row)| (value, row.plans.as_slice()))).await?;
        let rows = read_keys(&transaction, &self.shared.secrets, &digests).await?;
        announce(&transaction, Announcement::of_keys(&digests)).await?;
        commit(transaction).await?;
        let mut by_digest: HashMap<KeyDigest, KeyRow> = rows.into_iter().map(|row| (row.digest, row)).collect();
        let put = |(outcome, digest)| KeyPut { outcome, row: by_digest.remove(&digest) };
        Ok(outcomes.into_iter().zip(digests).map(put).collect())
    }
}

/// What putting keys would come to.
async fn judge(on: &impl Session, secrets: &Secrets, keys: &[KeyImport]) -> Result<Vec<PutOutcome>, StoreError> {
    let digests: Vec<KeyDigest> = keys.iter().map(|key| secrets.digest(&key.value)).collect();
    let ids: Vec<&str> = keys.iter().map(|key| key.key.id.as_str()).collect();
    let owners = read_keys(on, secrets, &digests).await?;
    let owners: HashMap<KeyDigest, ApiKeyId> = owners.into_iter().map(|row| (row.digest, row.key.id)).collect();
    let rows = read_ids(on, secrets, &ids).await?;
    let rows: HashMap<ApiKeyId, KeyRow> = rows.into_iter().map(|row| (row.key.id, row)).collect();
    let row_of = |id| Ok(rows.get(&id).cloned());
    put_keys::judge(keys, secrets, |digest| Ok(owners.get(digest).copied()), row_of)
}
