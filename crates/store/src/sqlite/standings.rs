//! Questions across keys, of the tables that refuse. Each looks at all rows of a day or of a period: they are asked
//! by people, not by calls, and beside the writer.

use rusqlite::params;
use tollgate_domain::{Day, QuotaSettings, UsagePlanId};

use super::Database;
use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};
use crate::standing::{KeyCalls, NearQuota, PlanCalls};

impl Database {
    /// Brings reported usage where it is looked for. While the disk takes nothing, people are told what there was before.
    async fn fold_for_people(&self) {
        let _ = self.fold_usage().await;
    }

    /// The keys with the most calls on a day, the busiest first.
    pub(crate) async fn busiest_keys(&self, day: Day, limit: u32) -> Result<Vec<KeyCalls>, StoreError> {
        self.fold_for_people().await;
        self.read(move |connection, _| {
            let mut statement = connection.prepare_cached(
                "SELECT plan, key, calls FROM usage_day WHERE day = ? ORDER BY calls DESC, plan, key LIMIT ?",
            )?;
            let mut rows = statement.query(params![day.0, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (plan, key, calls): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let (plan, key) = (parse_plan_id(&plan)?, parse_key_id(&key)?);
                found.push(KeyCalls { plan, key, calls: calls.unsigned_abs() });
            }
            Ok(found)
        })
        .await
    }

    /// The plans with the most calls on a day, the busiest first.
    pub(crate) async fn busiest_plans(&self, day: Day, limit: u32) -> Result<Vec<PlanCalls>, StoreError> {
        self.fold_for_people().await;
        self.read(move |connection, _| {
            let mut statement = connection.prepare_cached(
                "SELECT plan, sum(calls), count(*) FROM usage_day WHERE day = ?
                 GROUP BY plan ORDER BY sum(calls) DESC, plan LIMIT ?",
            )?;
            let mut rows = statement.query(params![day.0, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (plan, calls, keys): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let (calls, keys) = (calls.unsigned_abs(), keys.unsigned_abs());
                found.push(PlanCalls { plan: parse_plan_id(&plan)?, calls, keys });
            }
            Ok(found)
        })
        .await
    }

    /// Keys of a plan that have used at least `percent` of what they may use in the period of `today`, those with the
    /// least left first.
    pub(crate) async fn near_quota(
        &self,
        plan: UsagePlanId,
        quota: QuotaSettings,
        today: Day,
        percent: u32,
        limit: u32,
    ) -> Result<Vec<NearQuota>, StoreError> {
        let period = quota.period_at(today);
        self.fold_for_people().await;
        self.read(move |connection, _| {
            let mut statement = connection.prepare_cached(
                "WITH used AS (
                     SELECT key, sum(calls) AS calls FROM usage_day WHERE plan = ?1 AND day >= ?2 AND day < ?3 GROUP BY key
                 )
                 SELECT used.key, used.calls, max(?4 + coalesce(quota_period.extra, 0), 0) AS usable
                 FROM used LEFT JOIN quota_period
                     ON quota_period.plan = ?1 AND quota_period.key = used.key
                     AND quota_period.first = ?2 AND quota_period.end = ?3
                 WHERE used.calls * 100 >= usable * ?5
                 ORDER BY used.calls - usable DESC, used.key LIMIT ?6",
            )?;
            let mut rows = statement.query(params![
                plan.as_str(),
                period.first.0,
                period.end.0,
                i64::from(quota.limit),
                percent,
                limit
            ])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (key, used, usable): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let (used, limit) = (used.unsigned_abs(), usable.unsigned_abs());
                found.push(NearQuota { key: parse_key_id(&key)?, used, limit });
            }
            Ok(found)
        })
        .await
    }
}
