//! Usage by day and quota by period, of all nodes.
//!
//! What refuses is what reports: a draw and a report read the same tables. A round locks the rows of the quotas that it
//! touches, always in the same order, and reckons on them as they are then: no two nodes are granted the same unit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deadpool_postgres::Transaction;
use tokio_postgres::{IsolationLevel, Row};
use tollgate_domain::{ApiKeyId, Day, Draw, Grant, Period, QuotaSettings, Record, Settlement, UsageDelta, UsagePlanId};

use super::changes::ask_back;
use super::imports;
use super::nodes::is_alive;
use super::session::Session;
use super::{Database, commit, execute, one, rows};
use crate::error::StoreError;
use crate::keys::parse_key_id;
use crate::ledger::{Balance, KeyUsage, UsagePage, UsageQuery, key_usage};
use crate::records::read_body;

/// Names a quota of one key: plan, key, first day and the day after the last. Rows are locked in this order.
type Account = (UsagePlanId, ApiKeyId, i32, i32);

impl Database {
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<Vec<Grant>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if let Some(grants) = answered(&transaction, &settlement).await? {
            return Ok(grants);
        }
        report(&transaction, &settlement.usage).await?;
        let mut books = Books::open(&transaction, &settlement).await?;
        let in_force = quotas_in_force(&transaction, &settlement.draws).await?;
        books.hand_back(&settlement);
        for import in &settlement.imports {
            imports::count(&transaction, &mut books, import).await?;
        }
        let grants = books.draw(&settlement, &in_force, self.live_nodes());
        books.close(&transaction).await?;
        let grants = look_elsewhere(&transaction, &settlement, grants).await?;
        keep_leases(&transaction, &settlement, &grants).await?;
        note_answer(&transaction, &settlement, &grants).await?;
        commit(transaction).await?;
        Ok(grants)
    }

    /// Nothing: the rounds of other processes are not this one's to forget. [`Self::tidy`] does, in time.
    pub(crate) async fn forget_settled(&self) -> Result<(), StoreError> {
        Ok(())
    }

    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<UsagePage, StoreError> {
        let mut client = self.client().await?;
        // One snapshot, so that what is drawn, used and out on leases belongs together.
        let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = snapshot.start().await?;
        let mut keys = match query.key {
            Some(key) => vec![key],
            None => keys_with_usage(&transaction, &query).await?,
        };
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = keys.len() > limit;
        keys.truncate(limit);
        Ok(UsagePage { keys: usage_of(&transaction, &query, &keys).await?, more })
    }
}

/// What a round was answered when it came before. Locks the process's row, so that a round that is sent again while its
/// first writing is still under way waits for that.
async fn answered(transaction: &Transaction<'_>, settlement: &Settlement) -> Result<Option<Vec<Grant>>, StoreError> {
    let sql = "INSERT INTO settled (source, sequence, grants) VALUES ($1, 0, '')
               ON CONFLICT (source) DO UPDATE SET source = settled.source RETURNING sequence, grants";
    let row = one(transaction, sql, &[&settlement.source.cast_signed()]).await?;
    if row.try_get::<_, i64>(0)?.cast_unsigned() < settlement.sequence {
        return Ok(None);
    }
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, i64::from_le_bytes);
    let unpack = |entry: &[u8]| Grant { units: word(&entry[..8]), left: word(&entry[8..16]), pending: entry[16] != 0 };
    Ok(Some(row.try_get::<_, &[u8]>(1)?.chunks_exact(17).map(unpack).collect()))
}

async fn note_answer(
    transaction: &Transaction<'_>,
    settlement: &Settlement,
    grants: &[Grant],
) -> Result<(), StoreError> {
    let mut packed = Vec::with_capacity(grants.len() * 17);
    for grant in grants {
        packed.extend(grant.units.to_le_bytes());
        packed.extend(grant.left.to_le_bytes());
        packed.push(u8::from(grant.pending));
    }
    let sql = "UPDATE settled SET sequence = $2, grants = $3, at = now() WHERE source = $1";
    let (source, sequence) = (settlement.source.cast_signed(), settlement.sequence.cast_signed());
    execute(transaction, sql, &[&source, &sequence, &packed]).await?;
    Ok(())
}

async fn report(transaction: &Transaction<'_>, usage: &[UsageDelta]) -> Result<(), StoreError> {
    if usage.is_empty() {
        return Ok(());
    }
    let mut sums: BTreeMap<(UsagePlanId, ApiKeyId, i32), i64> = BTreeMap::new();
    for delta in usage {
        let sum = sums.entry((delta.plan, delta.key, delta.day.0)).or_default();
        *sum = sum.saturating_add(i64::try_from(delta.calls).unwrap_or(i64::MAX));
    }
    let (plans, keys) = names(sums.keys().map(|(plan, key, _)| (plan, key)));
    let (days, calls): (Vec<i32>, Vec<i64>) = sums.iter().map(|((.., day), calls)| (*day, *calls)).unzip();
    let sql = "INSERT INTO usage_day (plan, key, day, calls)
               SELECT plan, key, day, calls FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])
                   AS new (plan, key, day, calls) ORDER BY plan, key, day
               ON CONFLICT (plan, key, day) DO UPDATE SET calls = usage_day.calls + excluded.calls";
    execute(transaction, sql, &[&plans, &keys, &days, &calls]).await?;
    Ok(())
}

fn names<'a>(ids: impl Iterator<Item = (&'a UsagePlanId, &'a ApiKeyId)>) -> (Vec<&'a str>, Vec<&'a str>) {
    ids.map(|(plan, key)| (plan.as_str(), key.as_str())).unzip()
}

/// Rows of quotas, locked.
pub(super) struct Books {
    accounts: BTreeMap<Account, Standing>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) drawn: i64,
    pub(super) extra: i64,
    /// What was used in the period, where somebody asks.
    used: i64,
    /// What other nodes that are alive have on their leases, where what remains is to be set.
    elsewhere: i64,
    /// Whether there is a row to write.
    kept: bool,
    pub(super) changed: bool,
}

impl Books {
    /// Locks what a round touches and reads it. Rows that it may write to are made first.
    async fn open(transaction: &Transaction<'_>, settlement: &Settlement) -> Result<Self, StoreError> {
        let account = |plan: UsagePlanId, key, period: Period| (plan, key, period.first.0, period.end.0);
        let draws = settlement.draws.iter().map(|draw| account(draw.plan, draw.key, draw.period));
        let adjusted: Vec<Account> =
            settlement.adjustments.iter().map(|set| account(set.plan, set.key, set.period)).collect();
        let imported = settlement.imports.iter().filter_map(|import| Some((import, import.left?)));
        let imported: Vec<Account> =
            imported.map(|(import, left)| account(import.plan, import.key, left.period)).collect();
        let set = || adjusted.iter().chain(&imported).copied();
        let made: BTreeSet<Account> = draws.chain(set()).collect();
        let returned = settlement.returns.iter().map(|back| account(back.plan, back.key, back.period));
        let touched: BTreeSet<Account> = made.iter().copied().chain(returned).collect();
        let opening = settlement.draws.iter().filter(|draw| draw.opening);
        let counted: BTreeSet<Account> =
            opening.map(|draw| account(draw.plan, draw.key, draw.period)).chain(set()).collect();
        let mut accounts: BTreeMap<Account, Standing> =
            touched.iter().map(|account| (*account, Standing::default())).collect();
        if touched.is_empty() {
            return Ok(Self { accounts });
        }
        let make = "INSERT INTO quota_period (plan, key, first, until)
                    SELECT plan, key, first, until FROM unnest($1::text[], $2::text[], $3::int[], $4::int[])
                        AS new (plan, key, first, until) ORDER BY plan, key, first, until
                    ON CONFLICT DO NOTHING";
        if !made.is_empty() {
            let columns = Columns::of(&made);
            execute(transaction, make, &columns.parameters()).await?;
        }
        let lock = "SELECT q.plan, q.key, q.first, q.until, q.drawn, q.extra
                    FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS asked (plan, key, first, until)
                    JOIN quota_period q USING (plan, key, first, until)
                    ORDER BY q.plan, q.key, q.first, q.until FOR UPDATE OF q";
        for row in rows(transaction, lock, &Columns::of(&touched).parameters()).await? {
            if let Some(standing) = accounts.get_mut(&read_account(&row)?) {
                (standing.drawn, standing.extra, standing.kept) = (row.try_get(4)?, row.try_get(5)?, true);
            }
        }
        let count = "SELECT asked.plan, asked.key, asked.first, asked.until, sum(u.calls)::bigint
                     FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS asked (plan, key, first, until)
                     JOIN usage_day u ON u.plan = asked.plan AND u.key = asked.key
                         AND u.day >= asked.first AND u.day < asked.until
                     GROUP BY 1, 2, 3, 4";
        if !counted.is_empty() {
            for row in rows(transaction, count, &Columns::of(&counted).parameters()).await? {
                if let Some(standing) = accounts.get_mut(&read_account(&row)?) {
                    standing.used = row.try_get(4)?;
                }
            }
        }
        for (account, units) in on_leases(transaction, settlement.source, &adjusted).await? {
            if let Some(standing) = accounts.get_mut(&account) {
                standing.elsewhere = units;
            }
        }
        Ok(Self { accounts })
    }

    /// Hands back, then sets what is to be left.
    fn hand_back(&mut self, settlement: &Settlement) {
        for back in &settlement.returns {
            let standing = self.of(back.plan, back.key, back.period);
            standing.set_drawn(standing.drawn - back.units);
        }
        for set in &settlement.adjustments {
            let standing = self.of(set.plan, set.key, set.period);
            standing.raise_to_used();
            let remaining = i64::try_from(set.remaining).unwrap_or(i64::MAX / 2);
            // What others have drawn and not spent remains, too.
            let remaining = remaining - standing.elsewhere;
            standing.extra = remaining - (i64::from(set.quota.limit) - standing.drawn);
            standing.changed = true;
        }
    }

    /// Answers draws.
    fn draw(
        &mut self,
        settlement: &Settlement,
        in_force: &HashMap<UsagePlanId, Option<QuotaSettings>>,
        nodes: i64,
    ) -> Vec<Grant> {
        let grant = |draw: &Draw| match in_force.get(&draw.plan) {
            // The node does not know of the last change yet. It will in a moment, and asks again.
            Some(quota) if !quota.is_some_and(|quota| quota.period_at(draw.period.first) == draw.period) => {
                Grant { pending: true, ..Grant::default() }
            }
            known => {
                let limit = known.copied().flatten().unwrap_or(draw.quota).limit;
                self.of(draw.plan, draw.key, draw.period).grant(draw, i64::from(limit), nodes)
            }
        };
        settlement.draws.iter().map(grant).collect()
    }

    /// Notes that so many calls more were made on a day, for the periods that count it.
    pub(super) fn count(&mut self, plan: UsagePlanId, key: ApiKeyId, day: Day, calls: i64) {
        for ((of_plan, of_key, first, until), standing) in &mut self.accounts {
            if (*of_plan, *of_key) == (plan, key) && (*first..*until).contains(&day.0) {
                standing.used += calls;
            }
        }
    }

    pub(super) fn of(&mut self, plan: UsagePlanId, key: ApiKeyId, period: Period) -> &mut Standing {
        self.accounts.entry((plan, key, period.first.0, period.end.0)).or_default()
    }

    /// Writes what has changed.
    async fn close(self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let changed: BTreeMap<Account, Standing> =
            self.accounts.into_iter().filter(|(_, standing)| standing.changed && standing.kept).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let columns = Columns::of(changed.keys());
        let (drawn, extra): (Vec<i64>, Vec<i64>) =
            changed.values().map(|standing| (standing.drawn, standing.extra)).unzip();
        let sql = "UPDATE quota_period q SET drawn = new.drawn, extra = new.extra
                   FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[])
                       AS new (plan, key, first, until, drawn, extra)
                   WHERE q.plan = new.plan AND q.key = new.key AND q.first = new.first AND q.until = new.until";
        let [plans, keys, firsts, untils] = columns.parameters();
        execute(transaction, sql, &[plans, keys, firsts, untils, &drawn, &extra]).await?;
        Ok(())
    }
}

impl Standing {
    pub(super) fn set_drawn(&mut self, drawn: i64) {
        self.changed |= self.drawn != drawn;
        self.drawn = drawn;
    }

    /// Calls made under another period, or without a quota, count from the moment on which this period applies.
    pub(super) fn raise_to_used(&mut self) {
        self.set_drawn(self.drawn.max(self.used));
    }

    /// With several nodes no more is granted at once than leaves something for the others: down to one unit at the end.
    fn grant(&mut self, draw: &Draw, limit: i64, nodes: i64) -> Grant {
        if draw.opening {
            self.raise_to_used();
        }
        let left = limit.saturating_add(self.extra).saturating_sub(self.drawn).max(0);
        let share = if nodes > 1 { (left / (2 * nodes)).max(1).min(left) } else { left };
        let units = draw.units.clamp(0, share);
        self.set_drawn(self.drawn + units);
        Grant { units, left: left - units, pending: false }
    }
}

/// The names of accounts as columns of text and numbers.
struct Columns<'a> {
    plans: Vec<&'a str>,
    keys: Vec<&'a str>,
    firsts: Vec<i32>,
    untils: Vec<i32>,
}

impl<'a> Columns<'a> {
    fn of(accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let mut columns = Self { plans: Vec::new(), keys: Vec::new(), firsts: Vec::new(), untils: Vec::new() };
        for (plan, key, first, until) in accounts {
            columns.plans.push(plan.as_str());
            columns.keys.push(key.as_str());
            columns.firsts.push(*first);
            columns.untils.push(*until);
        }
        columns
    }

    fn parameters(&self) -> [&(dyn tokio_postgres::types::ToSql + Sync); 4] {
        [&self.plans, &self.keys, &self.firsts, &self.untils]
    }
}

fn read_account(row: &Row) -> Result<Account, StoreError> {
    let plan = crate::keys::parse_plan_id(row.try_get(0)?)?;
    Ok((plan, parse_key_id(row.try_get(1)?)?, row.try_get(2)?, row.try_get(3)?))
}

/// The quotas of plans as they are committed, which may be newer than what the node that draws knows. Plans that no
/// record tells of are left out.
async fn quotas_in_force(
    transaction: &Transaction<'_>,
    draws: &[Draw],
) -> Result<HashMap<UsagePlanId, Option<QuotaSettings>>, StoreError> {
    let plans: BTreeSet<&str> = draws.iter().map(|draw| draw.plan.as_str()).collect();
    if plans.is_empty() {
        return Ok(HashMap::new());
    }
    let plans: Vec<&str> = plans.into_iter().collect();
    let sql = "SELECT version, body FROM record WHERE kind = 'usage_plan' AND api = '' AND id = ANY($1)";
    let mut quotas = HashMap::new();
    for row in rows(transaction, sql, &[&plans]).await? {
        if let Record::UsagePlan(plan) = read_body(row.try_get(0)?, row.try_get(1)?)? {
            quotas.insert(plan.id, plan.quota);
        }
    }
    Ok(quotas)
}

/// Of draws that came away empty, finds those whose units are on leases of other nodes, and asks for them.
async fn look_elsewhere(
    transaction: &Transaction<'_>,
    settlement: &Settlement,
    mut grants: Vec<Grant>,
) -> Result<Vec<Grant>, StoreError> {
    let empty = |(draw, grant): (&Draw, &Grant)| {
        (grant.units == 0 && draw.units > 0 && !grant.pending).then_some((
            draw.plan,
            draw.key,
            draw.period.first.0,
            draw.period.end.0,
        ))
    };
    let wanted: BTreeSet<Account> = settlement.draws.iter().zip(&grants).filter_map(empty).collect();
    if wanted.is_empty() {
        return Ok(grants);
    }
    let elsewhere = on_leases(transaction, settlement.source, &wanted).await?;
    for (draw, grant) in settlement.draws.iter().zip(&mut grants) {
        let account = (draw.plan, draw.key, draw.period.first.0, draw.period.end.0);
        grant.pending |= grant.units == 0 && elsewhere.contains_key(&account);
    }
    let asked: Vec<_> = elsewhere.keys().map(|(plan, key, ..)| (*plan, *key)).collect();
    if !asked.is_empty() {
        ask_back(transaction, settlement.source, &asked).await?;
    }
    Ok(grants)
}

/// What other nodes that are alive have on leases of some quotas; those of which they have nothing are left out.
async fn on_leases(
    transaction: &Transaction<'_>,
    source: u64,
    asked: impl IntoIterator<Item = &Account>,
) -> Result<BTreeMap<Account, i64>, StoreError> {
    let columns = Columns::of(asked);
    if columns.plans.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT l.plan, l.key, l.first, l.until, sum(l.units)::bigint
         FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS asked (plan, key, first, until)
         JOIN lease l USING (plan, key, first, until) JOIN node n ON n.id = l.source
         WHERE l.source <> $5 AND l.units > 0 AND {} GROUP BY 1, 2, 3, 4",
        is_alive()
    );
    let [plans, keys, firsts, untils] = columns.parameters();
    let found = rows(transaction, &sql, &[plans, keys, firsts, untils, &source.cast_signed()]).await?;
    found.iter().map(|row| Ok((read_account(row)?, row.try_get(4)?))).collect()
}

/// Keeps what this process has on leases: what it drew, less what it handed back and what it reported as used.
async fn keep_leases(
    transaction: &Transaction<'_>,
    settlement: &Settlement,
    grants: &[Grant],
) -> Result<(), StoreError> {
    let source = settlement.source.cast_signed();
    let mut moved: BTreeMap<Account, i64> = BTreeMap::new();
    for back in &settlement.returns {
        *moved.entry((back.plan, back.key, back.period.first.0, back.period.end.0)).or_default() -= back.units;
    }
    for (draw, grant) in settlement.draws.iter().zip(grants).filter(|(_, grant)| grant.units > 0) {
        *moved.entry((draw.plan, draw.key, draw.period.first.0, draw.period.end.0)).or_default() += grant.units;
    }
    if !settlement.usage.is_empty() {
        let (plans, keys) = names(settlement.usage.iter().map(|delta| (&delta.plan, &delta.key)));
        let days: Vec<i32> = settlement.usage.iter().map(|delta| delta.day.0).collect();
        let calls: Vec<i64> =
            settlement.usage.iter().map(|delta| i64::try_from(delta.calls).unwrap_or(i64::MAX)).collect();
        let sql = "UPDATE lease l SET units = l.units - used.calls
                   FROM (SELECT plan, key, day, sum(calls)::bigint AS calls
                         FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) AS new (plan, key, day, calls)
                         GROUP BY plan, key, day) used
                   WHERE l.source = $1 AND l.plan = used.plan AND l.key = used.key
                       AND l.first <= used.day AND used.day < l.until";
        execute(transaction, sql, &[&source, &plans, &keys, &days, &calls]).await?;
    }
    moved.retain(|_, units| *units != 0);
    if moved.is_empty() {
        return Ok(());
    }
    let units: Vec<i64> = moved.values().copied().collect();
    let columns = Columns::of(moved.keys());
    let [plans, keys, firsts, untils] = columns.parameters();
    let sql = "INSERT INTO lease (source, plan, key, first, until, units)
               SELECT $1, plan, key, first, until, units
               FROM unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[])
                   AS new (plan, key, first, until, units)
               ON CONFLICT (plan, key, source, first, until) DO UPDATE SET units = lease.units + excluded.units";
    execute(transaction, sql, &[&source, plans, keys, firsts, untils, &units]).await?;
    Ok(())
}

/// One key more than the limit, to know whether others follow.
async fn keys_with_usage(transaction: &Transaction<'_>, query: &UsageQuery) -> Result<Vec<ApiKeyId>, StoreError> {
    let after = query.after.map_or(String::new(), String::from);
    let sql = "SELECT DISTINCT key FROM usage_day WHERE plan = $1 AND key > $2 AND day >= $3 AND day <= $4
               ORDER BY key LIMIT $5";
    let limit = i64::from(query.limit) + 1;
    let found = rows(transaction, sql, &[&query.plan.as_str(), &after, &query.first.0, &query.last.0, &limit]).await?;
    found.iter().map(|row| parse_key_id(row.try_get(0)?)).collect()
}

/// The usage of all keys of a page, by three statements.
async fn usage_of(
    transaction: &impl Session,
    query: &UsageQuery,
    keys: &[ApiKeyId],
) -> Result<Vec<KeyUsage>, StoreError> {
    let (plan, names) = (query.plan.as_str(), keys.iter().map(ApiKeyId::as_str).collect::<Vec<_>>());
    let span = query.span();
    let mut used: HashMap<ApiKeyId, BTreeMap<Day, i64>> = HashMap::new();
    let sql = "SELECT key, day, calls FROM usage_day WHERE plan = $1 AND key = ANY($2) AND day >= $3 AND day < $4";
    for row in rows(transaction, sql, &[&plan, &names, &span.first.0, &span.end.0]).await? {
        used.entry(parse_key_id(row.try_get(0)?)?).or_default().insert(Day(row.try_get(1)?), row.try_get(2)?);
    }
    let mut drawn: HashMap<(ApiKeyId, Period), (i64, i64)> = HashMap::new();
    let sql = "SELECT key, first, until, drawn, extra FROM quota_period WHERE plan = $1 AND key = ANY($2)
                   AND first < $4 AND until > $3";
    for row in rows(transaction, sql, &[&plan, &names, &span.first.0, &span.end.0]).await? {
        let (first, end) = (Day(row.try_get(1)?), Day(row.try_get(2)?));
        drawn.insert((parse_key_id(row.try_get(0)?)?, Period { first, end }), (row.try_get(3)?, row.try_get(4)?));
    }
    let mut leased: HashMap<(ApiKeyId, Period), i64> = HashMap::new();
    let sql = format!(
        "SELECT l.key, l.first, l.until, sum(greatest(l.units, 0))::bigint FROM lease l JOIN node n ON n.id = l.source
         WHERE l.plan = $1 AND l.key = ANY($2) AND {} GROUP BY 1, 2, 3",
        is_alive()
    );
    for row in rows(transaction, &sql, &[&plan, &names]).await? {
        let (first, end) = (Day(row.try_get(1)?), Day(row.try_get(2)?));
        leased.insert((parse_key_id(row.try_get(0)?)?, Period { first, end }), row.try_get(3)?);
    }
    let report = |key: &ApiKeyId| {
        let used = used.remove(key).unwrap_or_default();
        key_usage(query, *key, &used, |quota, period| {
            let (drawn, extra) = drawn.get(&(*key, period)).copied().unwrap_or_default();
            // Leases of nodes that say nothing of themselves are told by the caller, as those of a single node are.
            let own = (query.unspent)(*key).filter(|(of, _)| *of == period).map_or(0, |(_, units)| units);
            let unspent = leased.get(&(*key, period)).copied().unwrap_or(own);
            Ok(Balance { quota, drawn, extra, unspent })
        })
    };
    keys.iter().map(report).collect()
}
