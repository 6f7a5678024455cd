//! API keys and the plans they are in, as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tollgate_domain::{ApiKey, ApiKeyId, KeyDigest, UnixMillis, UsagePlanId};

use super::{Database, Shared};
use crate::error::StoreError;
use crate::keys::{Attached, CallerRow, KeyPage, KeyQuery, KeyRow, ListedKey, parse_key_id, parse_plan_id};
use crate::secrets::{SealedValue, hint_of_sealed};

const COLUMNS: &str = "k.seq, k.id, k.digest, k.sealed, k.name, k.description, k.customer_id, k.enabled, \
                       k.created, k.updated, k.stage_keys, k.tags";

/// Matches of a name prefix up to which they are sorted; beyond, the newest are found by walking the table.
const FEW_MATCHES: i64 = 5_000;

/// Keys of an import from which on the memory that it took is given back at once.
const MANY_KEYS: usize = 10_000;

impl Database {
    /// Stores a new key. Its value must be new, too.
    pub(crate) async fn create_key(&self, key: ApiKey, value: String) -> Result<KeyDigest, StoreError> {
        let sealed = SealedValue::new(&self.shared.secrets, key.id, &value, &self.shared.ids)?;
        self.write(move |connection, _| match id_of(connection, &sealed.digest())? {
            Some(existing) => Err(StoreError::DuplicateKeyValue { existing }),
            None => {
                insert(connection, &key, &sealed)?;
                Ok(sealed.digest())
            }
        })
        .await
    }

    /// Reads a key.
    pub(crate) async fn key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        self.read(move |connection, shared| find(connection, shared, id)).await
    }

    /// Reads the keys that have these ids, in no order; ids of no key are left out.
    pub(crate) async fn keys(&self, ids: Vec<ApiKeyId>) -> Result<Vec<KeyRow>, StoreError> {
        self.read(move |connection, shared| {
            ids.into_iter().filter_map(|id| find(connection, shared, id).transpose()).collect()
        })
        .await
    }

    /// The key whose value has this digest.
    pub(crate) async fn key_of_digest(&self, digest: KeyDigest) -> Result<Option<KeyRow>, StoreError> {
        self.read(move |connection, shared| match id_of(connection, &digest)? {
            Some(id) => find(connection, shared, id),
            None => Ok(None),
        })
        .await
    }

    /// What the gateway needs to know of the keys whose values have these digests; those of no key are left out.
    pub(crate) async fn callers(&self, digests: Vec<KeyDigest>) -> Result<Vec<CallerRow>, StoreError> {
        self.read(move |connection, shared| {
            let find = |digest| {
                let Some(id) = id_of(connection, &digest)? else { return Ok(None) };
                let row = find(connection, shared, id)?;
                Ok(row.map(|row| CallerRow::from(&row)))
            };
            digests.into_iter().filter_map(|digest| find(digest).transpose()).collect()
        })
        .await
    }

    /// Enabled keys that are in no plan: no call with them passes where a key is required. At most `limit`, newest
    /// first.
    pub(crate) async fn keys_in_no_plan(&self, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.read(move |connection, shared| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM api_key k WHERE k.enabled AND NOT EXISTS (SELECT 1 FROM plan_key p WHERE p.seq = k.seq)
                 ORDER BY k.seq DESC LIMIT ?"
            ))?;
            let mut rows = statement.query([limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(connection, shared, row)?);
            }
            Ok(found)
        })
        .await
    }

    /// Lists keys, newest first.
    pub(crate) async fn list_keys(&self, query: KeyQuery) -> Result<KeyPage, StoreError> {
        self.read(move |connection, shared| list(connection, shared, &query)).await
    }

    /// Replaces all of a key but its value and its creation date; `None` when it is gone.
    pub(crate) async fn update_key(&self, key: ApiKey) -> Result<Option<KeyRow>, StoreError> {
        self.write(move |connection, shared| {
            update(connection, &key)?;
            find(connection, shared, key.id)
        })
        .await
    }

    /// Deletes a key and takes it out of all plans; what it was is returned. Its usage stays in the ledger.
    pub(crate) async fn delete_key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        self.write(move |connection, shared| {
            let Some(row) = find(connection, shared, id)? else { return Ok(None) };
            connection.execute("DELETE FROM plan_key WHERE seq = ?", [row.seq])?;
            connection.execute("DELETE FROM api_key WHERE seq = ?", [row.seq])?;
            Ok(Some(row))
        })
        .await
    }

    /// Seals values of keys that have these ids, and tells the plans of the key that has each value already.
    pub(crate) async fn seal_values(
        &self,
        values: Vec<(ApiKeyId, String)>,
    ) -> Result<Vec<(SealedValue, Vec<UsagePlanId>)>, StoreError> {
        self.read(move |connection, shared| {
            // One transaction: otherwise each lookup locks the database anew.
            let connection = connection.unchecked_transaction()?;
            let mut seq_of = connection.prepare_cached("SELECT seq FROM api_key WHERE digest = ?")?;
            let mut seal = |(id, value): (ApiKeyId, String)| {
                let sealed = SealedValue::new(&shared.secrets, id, &value, &shared.ids)?;
                let seq = seq_of.query_row([sealed.digest().as_bytes().as_slice()], |row| row.get(0)).optional()?;
                Ok((sealed, seq.map_or(Ok(Vec::new()), |seq| plans_of(&connection, seq))?))
            };
            values.into_iter().map(&mut seal).collect()
        })
        .await
    }

    /// Imports keys in order, all of them or none. Of a value that is known already the key's name, description and
    /// switch are overwritten, and plans are added to; the rest is kept.
    pub(crate) async fn import_keys(
        &self,
        mut keys: Vec<ListedKey>,
        now: UnixMillis,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let imported = self
            .write(move |connection, shared| {
                keys.iter_mut().try_for_each(|key| import(connection, shared, key, now))?;
                Ok(keys)
            })
            .await?;
        if imported.len() >= MANY_KEYS {
            // The pages of all that was written are some fifty megabytes. Whoever needs one again has it from the kernel.
            let _ = self.write(|connection, _| Ok(connection.execute_batch("PRAGMA shrink_memory")?)).await;
        }
        Ok(imported)
    }

    /// Adds a key to a plan.
    pub(crate) async fn attach_key(
        &self,
        plan: UsagePlanId,
        key: ApiKeyId,
        now: UnixMillis,
    ) -> Result<Attached, StoreError> {
        self.write(move |connection, shared| {
            let Some(row) = find(connection, shared, key)? else { return Ok(Attached::NoSuchKey) };
            if row.plans.contains(&plan) {
                return Ok(Attached::AlreadyThere);
            }
            attach(connection, plan, row.seq)?;
            connection.execute("UPDATE api_key SET updated = ? WHERE seq = ?", params![now.0, row.seq])?;
            let row = find(connection, shared, key)?.ok_or(StoreError::Closed)?;
            Ok(Attached::Done(Box::new(row)))
        })
        .await
    }

    /// Takes a key out of a plan; what it is now is returned, or `None` when it was not in the plan.
    pub(crate) async fn detach_key(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        self.write(move |connection, shared| {
            let Some(row) = find(connection, shared, key)? else { return Ok(None) };
            let changed = connection
                .execute("DELETE FROM plan_key WHERE plan = ? AND seq = ?", params![plan.as_str(), row.seq])?;
            if changed == 0 { Ok(None) } else { find(connection, shared, key) }
        })
        .await
    }

    /// Finds a key of `plan` that is also in one of `others`.
    pub(crate) async fn key_in_both(
        &self,
        plan: UsagePlanId,
        others: Vec<UsagePlanId>,
    ) -> Result<Option<(ApiKeyId, UsagePlanId)>, StoreError> {
        self.read(move |connection, _| {
            let mut statement = connection.prepare_cached(
                "SELECT k.id FROM plan_key a JOIN plan_key b ON a.seq = b.seq JOIN api_key k ON k.seq = a.seq
                 WHERE a.plan = ? AND b.plan = ? LIMIT 1",
            )?;
            for other in others {
                let shared: Option<String> =
                    statement.query_row(params![plan.as_str(), other.as_str()], |row| row.get(0)).optional()?;
                if let Some(key) = shared {
                    return Ok(Some((parse_key_id(&key)?, other)));
                }
            }
            Ok(None)
        })
        .await
    }

    /// How many keys are enabled.
    pub(crate) async fn enabled_keys(&self) -> Result<u64, StoreError> {
        self.read(|connection, _| {
            let count =
                connection.query_row("SELECT count(*) FROM api_key WHERE enabled", [], |row| row.get::<_, i64>(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Walks through all keys without opening their values, to fill a table in memory.
    pub(crate) async fn for_each_key(
        &self,
        mut visit: impl FnMut(&CallerRow) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.read(move |connection, _| {
            let mut statement = connection.prepare(
                "SELECT k.digest, k.id, k.enabled, p.plan, k.sealed
                 FROM api_key k LEFT JOIN plan_key p ON p.seq = k.seq ORDER BY k.seq",
            )?;
            let mut rows = statement.query([])?;
            let mut current: Option<CallerRow> = None;
            while let Some(row) = rows.next()? {
                let digest = KeyDigest::from_bytes(row.get(0)?);
                if current.as_ref().is_none_or(|known| known.digest != digest) {
                    current.iter().for_each(&mut visit);
                    let id = parse_key_id(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
                    let mut plans = current.map(|known| known.plans).unwrap_or_default();
                    plans.clear();
                    let hint = hint_of_sealed(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?);
                    current = Some(CallerRow { digest, hint, id, enabled: row.get(2)?, plans });
                }
                let plan = row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
                if let (Some(plan), Some(current)) = (plan, &mut current) {
                    current.plans.push(parse_plan_id(plan)?);
                }
            }
            current.iter().for_each(visit);
            Ok(())
        })
        .await
    }
}

pub(super) fn id_of(connection: &Connection, digest: &KeyDigest) -> Result<Option<ApiKeyId>, StoreError> {
    let id: Option<String> = connection
        .prepare_cached("SELECT id FROM api_key WHERE digest = ?")?
        .query_row([digest.as_bytes().as_slice()], |row| row.get(0))
        .optional()?;
    id.map(|id| parse_key_id(&id)).transpose()
}

pub(super) fn insert(connection: &Connection, key: &ApiKey, sealed: &SealedValue) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO api_key (id, digest, sealed, name, description, customer_id, enabled, created, updated,
                                  stage_keys, tags)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key.id.as_str(),
            sealed.digest().as_bytes().as_slice(),
            sealed.bytes(),
            key.name,
            key.description,
            key.customer_id,
            key.enabled,
            key.created.0,
            key.updated.0,
            (!key.stage_keys.is_empty()).then(|| serde_json::to_string(&key.stage_keys)).transpose()?,
            (!key.tags.is_empty()).then(|| serde_json::to_string(&key.tags)).transpose()?,
        ])?;
    Ok(())
}

pub(super) fn update(connection: &Connection, key: &ApiKey) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE api_key SET name = ?, description = ?, customer_id = ?, enabled = ?, updated = ?,
                                stage_keys = ?, tags = ?
             WHERE id = ?",
        )?
        .execute(params![
            key.name,
            key.description,
            key.customer_id,
            key.enabled,
            key.updated.0,
            (!key.stage_keys.is_empty()).then(|| serde_json::to_string(&key.stage_keys)).transpose()?,
            (!key.tags.is_empty()).then(|| serde_json::to_string(&key.tags)).transpose()?,
            key.id.as_str(),
        ])?;
    Ok(())
}

fn import(connection: &Connection, shared: &Shared, listed: &mut ListedKey, now: UnixMillis) -> Result<(), StoreError> {
    let Some(existing) = id_of(connection, &listed.value.digest())? else {
        insert(connection, &listed.to_new_key(now), &listed.value)?;
        let seq = connection.last_insert_rowid();
        return listed.plans.iter().try_for_each(|plan| attach(connection, *plan, seq));
    };
    let known = find(connection, shared, existing)?.ok_or(StoreError::Closed)?;
    let ApiKey { name, description, enabled, updated, .. } = listed.to_new_key(now);
    update(connection, &ApiKey { name, description, enabled, updated, ..known.key })?;
    listed.plans.iter().try_for_each(|plan| attach(connection, *plan, known.seq))?;
    (listed.id, listed.plans) = (existing, plans_of(connection, known.seq)?.into());
    Ok(())
}

pub(super) fn attach(connection: &Connection, plan: UsagePlanId, seq: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO plan_key (plan, seq) VALUES (?, ?)")?
        .execute(params![plan.as_str(), seq])?;
    Ok(())
}

pub(super) fn find(connection: &Connection, shared: &Shared, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_key k WHERE k.id = ?"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(|row| read(connection, shared, row)).transpose()
}

fn read(connection: &Connection, shared: &Shared, row: &Row<'_>) -> Result<KeyRow, StoreError> {
    let id = parse_key_id(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    let seq = row.get(0)?;
    let json = |column: usize| row.get::<_, Option<String>>(column);
    let value = shared.secrets.open(id.as_str(), row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)?;
    Ok(KeyRow {
        seq,
        digest: KeyDigest::from_bytes(row.get(2)?),
        hint: shared.secrets.hint(&value),
        value,
        plans: plans_of(connection, seq)?,
        key: ApiKey {
            id,
            name: row.get(4)?,
            description: row.get(5)?,
            customer_id: row.get(6)?,
            enabled: row.get(7)?,
            created: UnixMillis(row.get(8)?),
            updated: UnixMillis(row.get(9)?),
            stage_keys: json(10)?.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text))?,
            tags: json(11)?.map_or(Ok(Default::default()), |text| serde_json::from_str(&text))?,
        },
    })
}

fn plans_of(connection: &Connection, seq: i64) -> Result<Vec<UsagePlanId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT plan FROM plan_key WHERE seq = ? ORDER BY plan")?;
    let rows = statement.query_map([seq], |row| row.get::<_, String>(0))?;
    rows.map(|plan| parse_plan_id(&plan?)).collect()
}

fn list(connection: &Connection, shared: &Shared, query: &KeyQuery) -> Result<KeyPage, StoreError> {
    let upper = query.name_prefix.as_ref().map(|prefix| format!("{prefix}\u{10ffff}"));
    let few = match (&query.name_prefix, &upper) {
        (Some(prefix), Some(upper)) if !prefix.is_empty() => has_few_matches(connection, prefix, upper)?,
        _ => false,
    };
    let sql = list_sql(query, few);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::named_params! {
        ":after": query.after.unwrap_or(i64::MAX),
        ":limit": i64::from(query.limit) + 1,
        ":prefix": query.name_prefix,
        ":upper": upper,
        ":customer": query.customer_id,
        ":plan": query.plan.map(String::from),
    })?;
    let mut page = KeyPage::default();
    while let Some(row) = rows.next()? {
        if page.rows.len() == query.limit as usize {
            page.more = true;
            break;
        }
        page.rows.push(read(connection, shared, row)?);
    }
    Ok(page)
}

fn has_few_matches(connection: &Connection, prefix: &str, upper: &str) -> Result<bool, StoreError> {
    let found: i64 = connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM api_key WHERE name >= ? AND name < ? LIMIT ?)")?
        .query_row(params![prefix, upper, FEW_MATCHES], |row| row.get(0))?;
    Ok(found < FEW_MATCHES)
}

/// The statement for a query. `few` says that the name index leads to few rows, so that sorting them is cheap; a `+`
/// keeps SQLite from that index otherwise. Every form uses every parameter, so that one binding fits all.
fn list_sql(query: &KeyQuery, few: bool) -> String {
    let name = match (&query.name_prefix, few) {
        (None, _) => "(:prefix IS NULL AND :upper IS NULL)",
        (Some(_), true) => "k.name >= :prefix AND k.name < :upper",
        (Some(prefix), false) if prefix.is_empty() => "(:prefix = '' AND :upper <> '')",
        (Some(_), false) => "+k.name >= :prefix AND +k.name < :upper",
    };
    let customer = if query.customer_id.is_some() { "k.customer_id = :customer" } else { ":customer IS NULL" };
    let (table, plan, seq) = match (query.plan, few) {
        (None, _) => ("api_key k", ":plan IS NULL", "k.seq"),
        (Some(_), false) => ("plan_key p CROSS JOIN api_key k ON k.seq = p.seq", "p.plan = :plan", "p.seq"),
        (Some(_), true) => ("api_key k CROSS JOIN plan_key p ON p.seq = k.seq", "p.plan = :plan", "k.seq"),
    };
    let order = if few { format!("+{seq}") } else { seq.to_owned() };
    format!(
        "SELECT {COLUMNS} FROM {table} WHERE {name} AND {customer} AND {plan} AND {seq} < :after
         ORDER BY {order} DESC LIMIT :limit"
    )
}
