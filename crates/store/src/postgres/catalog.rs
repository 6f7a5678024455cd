//! The catalog as records: one JSON body for each, with the version it was written in.

use deadpool_postgres::Transaction;
use tokio_postgres::IsolationLevel;
use tollgate_domain::{Catalog, Edit, Record, RecordKey};

use super::changes::{Announcement, announce};
use super::{Database, commit, execute, one, rows};
use crate::error::StoreError;
use crate::records::{BODY_VERSION, address, read_body};

const REVISION: &str = "SELECT revision FROM catalog_revision";

impl Database {
    pub(crate) async fn load_catalog(&self) -> Result<Catalog, StoreError> {
        let mut client = self.client().await?;
        // One snapshot, so that the revision belongs to the records.
        let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = snapshot.start().await?;
        let revision: i64 = one(&transaction, REVISION, &[]).await?.try_get(0)?;
        let mut catalog = Catalog { revision: revision.unsigned_abs(), ..Catalog::default() };
        // APIs come before what hangs on them.
        let records = "SELECT version, body FROM record ORDER BY kind <> 'rest_api', kind, api, id";
        for row in rows(&transaction, records, &[]).await? {
            catalog.put(read_body(row.try_get(0)?, row.try_get(1)?)?);
        }
        Ok(catalog)
    }

    pub(crate) async fn catalog_revision(&self) -> Result<u64, StoreError> {
        Ok(one(&self.client().await?, REVISION, &[]).await?.try_get::<_, i64>(0)?.unsigned_abs())
    }

    pub(crate) async fn commit(&self, expected_revision: u64, edits: Vec<Edit>) -> Result<(), StoreError> {
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        // Who comes second waits for this row, and then finds another revision in it.
        let count = "UPDATE catalog_revision SET revision = revision + 1 WHERE revision = $1";
        if execute(&transaction, count, &[&expected_revision.cast_signed()]).await? == 0 {
            return Err(StoreError::Stale);
        }
        for edit in &edits {
            match edit {
                Edit::Put(record) => put(&transaction, record).await?,
                Edit::Delete(key) => delete(&transaction, key).await?,
            }
        }
        announce(&transaction, Announcement { catalog: true, ..Announcement::default() }).await?;
        commit(transaction).await
    }
}

async fn put(transaction: &Transaction<'_>, record: &Record) -> Result<(), StoreError> {
    let key = record.key();
    let (kind, api, id) = address(&key);
    let sql = "INSERT INTO record (kind, api, id, version, body) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (kind, api, id) DO UPDATE SET version = $4, body = $5";
    execute(transaction, sql, &[&kind, &api, &id, &BODY_VERSION, &serde_json::to_string(record)?]).await?;
    Ok(())
}

async fn delete(transaction: &Transaction<'_>, key: &RecordKey) -> Result<(), StoreError> {
    let (kind, api, id) = address(key);
    execute(transaction, "DELETE FROM record WHERE kind = $1 AND api = $2 AND id = $3", &[&kind, &api, &id]).await?;
    match key {
        RecordKey::RestApi(api) => {
            execute(transaction, "DELETE FROM record WHERE api = $1 AND api <> ''", &[&api.as_str()]).await?;
        }
        RecordKey::UsagePlan(plan) => {
            execute(transaction, "DELETE FROM plan_key WHERE plan = $1", &[&plan.as_str()]).await?;
        }
        _ => {}
    }
    Ok(())
}
