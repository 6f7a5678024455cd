//! Extensions of quotas, as rows that are only added to.

use rusqlite::params;
use tollgate_domain::{UnixMillis, UsagePlanId};

use super::Database;
use crate::error::StoreError;
use crate::extension::QuotaExtension;
use crate::keys::{parse_key_id, parse_plan_id};

impl Database {
    /// Notes that a quota was extended.
    pub(crate) async fn note_extension(&self, extension: QuotaExtension) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let QuotaExtension { plan, key, at, remaining, author, reason } = extension;
            let remaining = i64::try_from(remaining).unwrap_or(i64::MAX);
            connection.execute(
                "INSERT INTO quota_extension (plan, key, at, remaining, author, reason) VALUES (?, ?, ?, ?, ?, ?)",
                params![plan.as_str(), key.as_str(), at.0, remaining, author, reason],
            )?;
            Ok(())
        })
        .await
    }

    /// Extensions of a plan's quotas, the latest first.
    pub(crate) async fn extensions(&self, plan: UsagePlanId, limit: u32) -> Result<Vec<QuotaExtension>, StoreError> {
        self.read(move |connection, _| {
            let mut statement = connection.prepare_cached(
                "SELECT plan, key, at, remaining, author, reason FROM quota_extension WHERE plan = ?
                 ORDER BY seq DESC LIMIT ?",
            )?;
            let mut rows = statement.query(params![plan.as_str(), limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (plan, key): (String, String) = (row.get(0)?, row.get(1)?);
                found.push(QuotaExtension {
                    plan: parse_plan_id(&plan)?,
                    key: parse_key_id(&key)?,
                    at: UnixMillis(row.get(2)?),
                    remaining: row.get::<_, i64>(3)?.unsigned_abs(),
                    author: row.get(4)?,
                    reason: row.get(5)?,
                });
            }
            Ok(found)
        })
        .await
    }
}
