//! Extensions of quotas, as rows that are only added to.

use tollgate_domain::{UnixMillis, UsagePlanId};

use super::{Database, execute, rows};
use crate::error::StoreError;
use crate::extension::QuotaExtension;
use crate::keys::{parse_key_id, parse_plan_id};

impl Database {
    pub(crate) async fn note_extension(&self, extension: QuotaExtension) -> Result<(), StoreError> {
        let QuotaExtension { plan, key, at, remaining, author, reason } = extension;
        let remaining = i64::try_from(remaining).unwrap_or(i64::MAX);
        let sql =
            "INSERT INTO quota_extension (plan, key, at, remaining, author, reason) VALUES ($1, $2, $3, $4, $5, $6)";
        let client = self.client().await?;
        execute(&client, sql, &[&plan.as_str(), &key.as_str(), &at.0, &remaining, &author, &reason]).await?;
        Ok(())
    }

    pub(crate) async fn extensions(&self, plan: UsagePlanId, limit: u32) -> Result<Vec<QuotaExtension>, StoreError> {
        let sql = "SELECT plan, key, at, remaining, author, reason FROM quota_extension WHERE plan = $1
                   ORDER BY seq DESC LIMIT $2";
        let found = rows(&self.client().await?, sql, &[&plan.as_str(), &i64::from(limit)]).await?;
        let read = |row: &tokio_postgres::Row| {
            Ok(QuotaExtension {
                plan: parse_plan_id(row.try_get(0)?)?,
                key: parse_key_id(row.try_get(1)?)?,
                at: UnixMillis(row.try_get(2)?),
                remaining: row.try_get::<_, i64>(3)?.unsigned_abs(),
                author: row.try_get(4)?,
                reason: row.try_get(5)?,
            })
        };
        found.iter().map(read).collect()
    }
}
