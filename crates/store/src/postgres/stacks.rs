//! Records of stacks, sealed as the values of keys are.

use tokio_postgres::Row;
use tollgate_domain::UnixMillis;

use super::{Database, execute, one_or_none, rows};
use crate::error::StoreError;
use crate::stacks::{StackHead, StackRow, sealed_for};

impl Database {
    pub(crate) async fn stacks(&self) -> Result<Vec<StackHead>, StoreError> {
        let sql = "SELECT name, revision, modified FROM stack ORDER BY name";
        rows(&self.client().await?, sql, &[]).await?.iter().map(head).collect()
    }

    pub(crate) async fn stack(&self, name: String) -> Result<Option<StackRow>, StoreError> {
        let sql = "SELECT name, revision, modified, sealed FROM stack WHERE name = $1";
        let Some(row) = one_or_none(&self.client().await?, sql, &[&name]).await? else { return Ok(None) };
        let record = self.shared.secrets.open(&sealed_for(&name), row.try_get(3)?)?;
        Ok(Some(StackRow { head: head(&row)?, record }))
    }

    pub(crate) async fn put_stack(
        &self,
        name: String,
        expected: u64,
        record: String,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        let sealed = self.shared.secrets.seal(&sealed_for(&name), &record, &self.shared.ids)?;
        let client = self.client().await?;
        let (revision, expected) = (expected + 1, expected.cast_signed());
        // One statement either way, so that of two who write at once one finds that the other did.
        let written = match expected {
            0 => {
                let sql = "INSERT INTO stack (name, revision, modified, sealed) VALUES ($1, 1, $2, $3)
                           ON CONFLICT DO NOTHING";
                execute(&client, sql, &[&name, &now.0, &sealed]).await?
            }
            _ => {
                let sql = "UPDATE stack SET revision = revision + 1, modified = $2, sealed = $3
                           WHERE name = $1 AND revision = $4";
                execute(&client, sql, &[&name, &now.0, &sealed, &expected]).await?
            }
        };
        if written == 0 { Err(StoreError::Stale) } else { Ok(revision) }
    }

    pub(crate) async fn delete_stack(&self, name: String, expected: u64) -> Result<(), StoreError> {
        let (sql, client) = ("DELETE FROM stack WHERE name = $1 AND revision = $2", self.client().await?);
        let deleted = execute(&client, sql, &[&name, &expected.cast_signed()]).await?;
        // A stack that is not there is at zero.
        if deleted > 0 {
            return Ok(());
        }
        let found = one_or_none(&client, "SELECT 1 FROM stack WHERE name = $1", &[&name]).await?;
        if expected == 0 && found.is_none() { Ok(()) } else { Err(StoreError::Stale) }
    }
}

fn head(row: &Row) -> Result<StackHead, StoreError> {
    let revision = row.try_get::<_, i64>(1)?.unsigned_abs();
    Ok(StackHead { name: row.try_get(0)?, revision, modified: UnixMillis(row.try_get(2)?) })
}
