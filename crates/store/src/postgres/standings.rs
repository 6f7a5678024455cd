//! Questions across keys, of the tables that refuse. Each looks at all rows of a day or of a period: they are asked by
//! people, not by calls.

use tokio_postgres::Row;
use tollgate_domain::{Day, QuotaSettings, UsagePlanId};

use super::{Database, Parameters, rows};
use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};
use crate::standing::{KeyCalls, NearQuota, PlanCalls};

impl Database {
    pub(crate) async fn busiest_keys(&self, day: Day, limit: u32) -> Result<Vec<KeyCalls>, StoreError> {
        let sql = "SELECT plan, key, calls FROM usage_day WHERE day = $1 ORDER BY calls DESC, plan, key LIMIT $2";
        let found = rows(&self.client().await?, sql, &[&day.0, &i64::from(limit)]).await?;
        let read = |row: &Row| {
            let (plan, key) = (parse_plan_id(row.try_get(0)?)?, parse_key_id(row.try_get(1)?)?);
            Ok(KeyCalls { plan, key, calls: row.try_get::<_, i64>(2)?.unsigned_abs() })
        };
        found.iter().map(read).collect()
    }

    pub(crate) async fn busiest_plans(&self, day: Day, limit: u32) -> Result<Vec<PlanCalls>, StoreError> {
        let sql = "SELECT plan, sum(calls)::bigint, count(*) FROM usage_day WHERE day = $1
                   GROUP BY plan ORDER BY sum(calls) DESC, plan LIMIT $2";
        let found = rows(&self.client().await?, sql, &[&day.0, &i64::from(limit)]).await?;
        let read = |row: &Row| {
            let (calls, keys): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            let (calls, keys) = (calls.unsigned_abs(), keys.unsigned_abs());
            Ok(PlanCalls { plan: parse_plan_id(row.try_get(0)?)?, calls, keys })
        };
        found.iter().map(read).collect()
    }

    pub(crate) async fn near_quota(
        &self,
        plan: UsagePlanId,
        quota: QuotaSettings,
        today: Day,
        percent: u32,
        limit: u32,
    ) -> Result<Vec<NearQuota>, StoreError> {
        let period = quota.period_at(today);
        let sql = "WITH used AS (
                       SELECT key, sum(calls)::bigint AS calls FROM usage_day
                       WHERE plan = $1 AND day >= $2 AND day < $3 GROUP BY key
                   ), standing AS (
                       SELECT used.key, used.calls, greatest($4 + coalesce(q.extra, 0), 0) AS usable
                       FROM used LEFT JOIN quota_period q
                           ON q.plan = $1 AND q.key = used.key AND q.first = $2 AND q.until = $3
                   )
                   SELECT key, calls, usable FROM standing WHERE calls * 100 >= usable * $5
                   ORDER BY calls - usable DESC, key LIMIT $6";
        let (first, until) = (period.first.0, period.end.0);
        let numbers = (i64::from(quota.limit), i64::from(percent), i64::from(limit));
        let client = self.client().await?;
        let asked: Parameters<'_> = &[&plan.as_str(), &first, &until, &numbers.0, &numbers.1, &numbers.2];
        let read = |row: &Row| {
            let (used, usable): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            let (used, limit) = (used.unsigned_abs(), usable.unsigned_abs());
            Ok(NearQuota { key: parse_key_id(row.try_get(0)?)?, used, limit })
        };
        rows(&client, sql, asked).await?.iter().map(read).collect()
    }
}
