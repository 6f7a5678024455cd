//! API keys and the plans they are in, as rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use deadpool_postgres::Transaction;
use futures_util::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use tollgate_domain::{ApiKey, ApiKeyId, KeyDigest, UnixMillis, UsagePlanId};

use super::changes::{Announcement, announce};
use super::session::Session;
use super::{Database, Parameters, commit, execute, one, one_or_none, rows};
use crate::error::StoreError;
use crate::keys::{Attached, CallerRow, KeyPage, KeyQuery, KeyRow, ListedKey, parse_key_id, parse_plan_id};
use crate::secrets::{SealedValue, Secrets, hint_of_sealed};

const COLUMNS: &str = "k.seq, k.id, k.digest, k.sealed, k.name, k.description, k.customer_id, k.enabled, k.created, \
                       k.updated, k.stage_keys, k.tags, \
                       ARRAY(SELECT p.plan FROM plan_key p WHERE p.seq = k.seq ORDER BY p.plan)";

/// Matches of a name prefix up to which they are sorted; beyond, the newest are found by walking the table.
const FEW_MATCHES: i64 = 5_000;

impl Database {
    pub(crate) async fn create_key(&self, key: ApiKey, value: String) -> Result<KeyDigest, StoreError> {
        let sealed = SealedValue::new(&self.shared.secrets, key.id, &value, &self.shared.ids)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if insert(&transaction, &[(&sealed, &key)]).await?.is_empty() {
            let sql = "SELECT id FROM api_key WHERE digest = $1";
            return match one_or_none(&transaction, sql, &[&digest(&sealed.digest())]).await? {
                Some(row) => Err(StoreError::DuplicateKeyValue { existing: parse_key_id(row.try_get(0)?)? }),
                // It was there and is gone.
                None => Err(StoreError::Unavailable("the key with this value was just deleted".to_owned())),
            };
        }
        // No node has to know: a key in no plan admits nobody. They learn of it when it joins its first plan.
        commit(transaction).await?;
        Ok(sealed.digest())
    }

    pub(crate) async fn key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        find(&self.client().await?, &self.shared.secrets, id).await
    }

    pub(crate) async fn keys(&self, ids: Vec<ApiKeyId>) -> Result<Vec<KeyRow>, StoreError> {
        let ids: Vec<&str> = ids.iter().map(ApiKeyId::as_str).collect();
        read_ids(&self.client().await?, &self.shared.secrets, &ids).await
    }

    pub(crate) async fn key_of_digest(&self, of: KeyDigest) -> Result<Option<KeyRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key k WHERE k.digest = $1");
        let row = one_or_none(&self.client().await?, &sql, &[&digest(&of)]).await?;
        row.map(|row| read(&self.shared.secrets, &row)).transpose()
    }

    pub(crate) async fn callers(&self, digests: Vec<KeyDigest>) -> Result<Vec<CallerRow>, StoreError> {
        let sql = "SELECT k.digest, k.id, k.enabled,
                          ARRAY(SELECT p.plan FROM plan_key p WHERE p.seq = k.seq ORDER BY p.plan), k.sealed
                   FROM api_key k WHERE k.digest = ANY($1)";
        let found = rows(&self.client().await?, sql, &[&bytes(&digests)]).await?;
        let read = |row: &Row| {
            let plans = row.try_get::<_, Vec<&str>>(3)?.into_iter().map(parse_plan_id).collect::<Result<_, _>>()?;
            let (digest, id) = (read_digest(row.try_get(0)?)?, parse_key_id(row.try_get(1)?)?);
            let hint = hint_of_sealed(row.try_get(4)?);
            Ok(CallerRow { digest, hint, id, enabled: row.try_get(2)?, plans })
        };
        found.iter().map(read).collect()
    }

    pub(crate) async fn keys_in_no_plan(&self, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM api_key k
             WHERE k.enabled AND NOT EXISTS (SELECT 1 FROM plan_key p WHERE p.seq = k.seq) ORDER BY k.seq DESC LIMIT $1"
        );
        read_all(&self.shared.secrets, &rows(&self.client().await?, &sql, &[&i64::from(limit)]).await?)
    }

    pub(crate) async fn list_keys(&self, query: KeyQuery) -> Result<KeyPage, StoreError> {
        let client = self.client().await?;
        let range = query.name_prefix.as_ref().filter(|prefix| !prefix.is_empty());
        let range = range.map(|prefix| (prefix.as_str(), format!("{prefix}\u{10ffff}")));
        let few = match &range {
            Some((prefix, upper)) => {
                let sql = "SELECT count(*) FROM (SELECT 1 FROM api_key WHERE name >= $1 AND name < $2 LIMIT $3) found";
                one(&client, sql, &[prefix, upper, &FEW_MATCHES]).await?.try_get::<_, i64>(0)? < FEW_MATCHES
            }
            None => false,
        };
        let (after, limit) = (query.after.unwrap_or(i64::MAX), i64::from(query.limit) + 1);
        let plan = query.plan.as_ref().map(UsagePlanId::as_str);
        let mut sql = format!("SELECT {COLUMNS} FROM api_key k");
        let mut wanted: Vec<&(dyn ToSql + Sync)> = vec![&after, &limit];
        let mut conditions = vec!["k.seq < $1".to_owned()];
        if let Some(plan) = &plan {
            wanted.push(plan);
            sql.push_str(" JOIN plan_key m ON m.seq = k.seq");
            conditions.push(format!("m.seq < $1 AND m.plan = ${}", wanted.len()));
        }
        if let Some((prefix, upper)) = &range {
            wanted.extend([prefix as &(dyn ToSql + Sync), upper]);
            conditions.push(format!("k.name >= ${} AND k.name < ${}", wanted.len() - 1, wanted.len()));
        } else if query.name_prefix.is_some() {
            conditions.push("k.name IS NOT NULL".to_owned());
        }
        if let Some(customer) = &query.customer_id {
            wanted.push(customer);
            conditions.push(format!("k.customer_id = ${}", wanted.len()));
        }
        // A sum keeps PostgreSQL from walking through the keys by age where the index of names leads to few.
        let order = if few { "k.seq + 0" } else { "k.seq" };
        sql.push_str(&format!(" WHERE {} ORDER BY {order} DESC LIMIT $2", conditions.join(" AND ")));
        let mut found = read_all(&self.shared.secrets, &rows(&client, &sql, &wanted).await?)?;
        let more = found.len() > query.limit as usize;
        found.truncate(query.limit as usize);
        Ok(KeyPage { rows: found, more })
    }

    pub(crate) async fn update_key(&self, key: ApiKey) -> Result<Option<KeyRow>, StoreError> {
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        update(&transaction, &key).await?;
        let row = find(&transaction, &self.shared.secrets, key.id).await?;
        if let Some(row) = &row {
            announce(&transaction, Announcement::of_keys(&[row.digest])).await?;
        }
        commit(transaction).await?;
        Ok(row)
    }

    pub(crate) async fn delete_key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        let Some(row) = find(&transaction, &self.shared.secrets, id).await? else { return Ok(None) };
        execute(&transaction, "DELETE FROM plan_key WHERE seq = $1", &[&row.seq]).await?;
        if execute(&transaction, "DELETE FROM api_key WHERE seq = $1", &[&row.seq]).await? == 0 {
            return Ok(None);
        }
        announce(&transaction, Announcement::of_keys(&[row.digest])).await?;
        commit(transaction).await?;
        Ok(Some(row))
    }

    pub(crate) async fn seal_values(
        &self,
        values: Vec<(ApiKeyId, String)>,
    ) -> Result<Vec<(SealedValue, Vec<UsagePlanId>)>, StoreError> {
        // Sealing takes long, and needs no connection.
        let shared = Arc::clone(&self.shared);
        let seal = move || {
            let seal = |(id, value): (ApiKeyId, String)| SealedValue::new(&shared.secrets, id, &value, &shared.ids);
            values.into_iter().map(seal).collect::<Result<Vec<_>, StoreError>>()
        };
        let sealed = tokio::task::spawn_blocking(seal).await.unwrap_or(Err(StoreError::Closed))?;
        let digests: Vec<KeyDigest> = sealed.iter().map(SealedValue::digest).collect();
        let sql = "SELECT k.digest, p.plan FROM api_key k JOIN plan_key p ON p.seq = k.seq WHERE k.digest = ANY($1)
                   ORDER BY p.plan";
        let mut plans: HashMap<KeyDigest, Vec<UsagePlanId>> = HashMap::new();
        for row in rows(&self.client().await?, sql, &[&bytes(&digests)]).await? {
            plans.entry(read_digest(row.try_get(0)?)?).or_default().push(parse_plan_id(row.try_get(1)?)?);
        }
        let with_plans = |sealed: SealedValue| {
            let plans = plans.get(&sealed.digest()).cloned().unwrap_or_default();
            (sealed, plans)
        };
        Ok(sealed.into_iter().map(with_plans).collect())
    }

    pub(crate) async fn import_keys(
        &self,
        mut keys: Vec<ListedKey>,
        now: UnixMillis,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let digests: Vec<KeyDigest> = keys.iter().map(|key| key.value.digest()).collect();
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        let mut new = {
            let mut seen: HashSet<KeyDigest> = HashSet::new();
            let firsts = keys.iter().filter(|key| seen.insert(key.value.digest()));
            let firsts: Vec<_> = firsts.map(|key| (&key.value, key.to_new_key(now))).collect();
            insert(&transaction, &firsts.iter().map(|(value, key)| (*value, key)).collect::<Vec<_>>()).await?
        };
        for key in &keys {
            // The first row of a value that was new is in the table as it stands.
            if !new.remove(&key.value.digest()) {
                overwrite(&transaction, key, now).await?;
            }
        }
        attach_all(&transaction, keys.iter().map(|key| (&key.value, &*key.plans))).await?;
        let found = read_keys(&transaction, &self.shared.secrets, &digests).await?;
        announce(&transaction, Announcement::of_keys(&digests)).await?;
        commit(transaction).await?;
        let by_digest: HashMap<KeyDigest, &KeyRow> = found.iter().map(|row| (row.digest, row)).collect();
        for key in &mut keys {
            let row = by_digest.get(&key.value.digest()).ok_or(StoreError::Closed)?;
            (key.id, key.enabled, key.plans) = (row.key.id, row.key.enabled, row.plans.as_slice().into());
        }
        Ok(keys)
    }

    pub(crate) async fn attach_key(
        &self,
        plan: UsagePlanId,
        key: ApiKeyId,
        now: UnixMillis,
    ) -> Result<Attached, StoreError> {
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        let touch = "UPDATE api_key SET updated = $2 WHERE id = $1 RETURNING seq";
        let Some(row) = one_or_none(&transaction, touch, &[&key.as_str(), &now.0]).await? else {
            return Ok(Attached::NoSuchKey);
        };
        let attach = "INSERT INTO plan_key (plan, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        if execute(&transaction, attach, &[&plan.as_str(), &row.try_get::<_, i64>(0)?]).await? == 0 {
            return Ok(Attached::AlreadyThere);
        }
        let row = find(&transaction, &self.shared.secrets, key).await?.ok_or(StoreError::Closed)?;
        announce(&transaction, Announcement::of_keys(&[row.digest])).await?;
        commit(transaction).await?;
        Ok(Attached::Done(Box::new(row)))
    }

    pub(crate) async fn detach_key(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        let mut writing = self.writing().await?;
        let transaction = writing.begin().await?;
        let sql = "DELETE FROM plan_key p USING api_key k WHERE k.seq = p.seq AND p.plan = $1 AND k.id = $2";
        if execute(&transaction, sql, &[&plan.as_str(), &key.as_str()]).await? == 0 {
            return Ok(None);
        }
        let row = find(&transaction, &self.shared.secrets, key).await?;
        if let Some(row) = &row {
            announce(&transaction, Announcement::of_keys(&[row.digest])).await?;
        }
        commit(transaction).await?;
        Ok(row)
    }

    pub(crate) async fn key_in_both(
        &self,
        plan: UsagePlanId,
        others: Vec<UsagePlanId>,
    ) -> Result<Option<(ApiKeyId, UsagePlanId)>, StoreError> {
        let others: Vec<&str> = others.iter().map(UsagePlanId::as_str).collect();
        let sql = "SELECT k.id, b.plan FROM plan_key a JOIN plan_key b ON a.seq = b.seq JOIN api_key k ON k.seq = a.seq
                   WHERE a.plan = $1 AND b.plan = ANY($2) LIMIT 1";
        let row = one_or_none(&self.client().await?, sql, &[&plan.as_str(), &others]).await?;
        row.map(|row| Ok((parse_key_id(row.try_get(0)?)?, parse_plan_id(row.try_get(1)?)?))).transpose()
    }

    pub(crate) async fn enabled_keys(&self) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute("SET LOCAL statement_timeout = 0").await?;
        let row = one(&transaction, "SELECT count(*) FROM api_key WHERE enabled", &[]).await?;
        Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
    }

    pub(crate) async fn for_each_key(
        &self,
        mut visit: impl FnMut(&CallerRow) + Send + 'static,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute("SET LOCAL statement_timeout = 0").await?;
        let sql = "SELECT k.digest, k.id, k.enabled, p.plan, k.sealed
                   FROM api_key k LEFT JOIN plan_key p ON p.seq = k.seq ORDER BY k.seq";
        let found = transaction.query_raw(sql, std::iter::empty::<&(dyn ToSql + Sync)>()).await?;
        let mut found = std::pin::pin!(found);
        let mut current: Option<CallerRow> = None;
        while let Some(row) = found.try_next().await? {
            let digest = read_digest(row.try_get(0)?)?;
            if current.as_ref().is_none_or(|known| known.digest != digest) {
                current.iter().for_each(&mut visit);
                let id = parse_key_id(row.try_get(1)?)?;
                let hint = hint_of_sealed(row.try_get(4)?);
                let mut plans = current.map(|known| known.plans).unwrap_or_default();
                plans.clear();
                current = Some(CallerRow { digest, hint, id, enabled: row.try_get(2)?, plans });
            }
            if let (Some(plan), Some(current)) = (row.try_get(3)?, &mut current) {
                current.plans.push(parse_plan_id(plan)?);
            }
        }
        current.iter().for_each(visit);
        Ok(())
    }
}

pub(super) fn digest(of: &KeyDigest) -> &[u8] {
    of.as_bytes().as_slice()
}

pub(super) fn bytes(digests: &[KeyDigest]) -> Vec<&[u8]> {
    digests.iter().map(digest).collect()
}

pub(super) fn read_digest(bytes: &[u8]) -> Result<KeyDigest, StoreError> {
    let bytes = bytes.try_into().map_err(|_| StoreError::Corrupt("a digest of a key's value".to_owned()))?;
    Ok(KeyDigest::from_bytes(bytes))
}

/// Stores keys, in order, whose values are new; the digests of those are returned.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    keys: &[(&SealedValue, &ApiKey)],
) -> Result<HashSet<KeyDigest>, StoreError> {
    let sql = "INSERT INTO api_key (id, digest, sealed, name, description, customer_id, enabled, created, updated,
                                    stage_keys, tags)
               SELECT id, digest, sealed, name, description, customer_id, enabled, created, updated, stage_keys, tags
               FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                           $8::bigint[], $9::bigint[], $10::text[], $11::text[]) WITH ORDINALITY
                   AS new (id, digest, sealed, name, description, customer_id, enabled, created, updated, stage_keys,
                           tags, place)
               ORDER BY place ON CONFLICT (digest) DO NOTHING RETURNING digest";
    let column = |read: fn(&ApiKey) -> Option<&str>| keys.iter().map(|(_, key)| read(key)).collect::<Vec<_>>();
    let (stage_keys, tags): (Vec<_>, Vec<_>) =
        keys.iter().map(|(_, key)| labels(key)).collect::<Result<Vec<_>, StoreError>>()?.into_iter().unzip();
    let digests: Vec<KeyDigest> = keys.iter().map(|(sealed, _)| sealed.digest()).collect();
    let columns: Parameters<'_> = &[
        &keys.iter().map(|(_, key)| key.id.as_str()).collect::<Vec<_>>(),
        &bytes(&digests),
        &keys.iter().map(|(sealed, _)| sealed.bytes()).collect::<Vec<_>>(),
        &column(|key| key.name.as_deref()),
        &column(|key| key.description.as_deref()),
        &column(|key| key.customer_id.as_deref()),
        &keys.iter().map(|(_, key)| key.enabled).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.created.0).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.updated.0).collect::<Vec<_>>(),
        &stage_keys,
        &tags,
    ];
    rows(transaction, sql, columns).await?.iter().map(|row| read_digest(row.try_get(0)?)).collect()
}

/// Stages and tags as they are stored.
fn labels(key: &ApiKey) -> Result<(Option<String>, Option<String>), StoreError> {
    Ok((
        (!key.stage_keys.is_empty()).then(|| serde_json::to_string(&key.stage_keys)).transpose()?,
        (!key.tags.is_empty()).then(|| serde_json::to_string(&key.tags)).transpose()?,
    ))
}

pub(super) async fn update(transaction: &Transaction<'_>, key: &ApiKey) -> Result<(), StoreError> {
    let sql = "UPDATE api_key SET name = $2, description = $3, customer_id = $4, enabled = $5, updated = $6,
                                  stage_keys = $7, tags = $8
               WHERE id = $1";
    let (stage_keys, tags) = labels(key)?;
    let ApiKey { name, description, customer_id, enabled, updated, .. } = key;
    let id = key.id.as_str();
    let columns: Parameters<'_> = &[&id, name, description, customer_id, enabled, &updated.0, &stage_keys, &tags];
    execute(transaction, sql, columns).await?;
    Ok(())
}

/// Overwrites what an import may of a key that has this value.
async fn overwrite(transaction: &Transaction<'_>, listed: &ListedKey, now: UnixMillis) -> Result<(), StoreError> {
    let sql = "UPDATE api_key SET name = $2, description = $3, enabled = $4, updated = $5 WHERE digest = $1";
    let ListedKey { name, description, enabled, value, .. } = listed;
    let (of, name, description) = (value.digest(), name.as_deref(), description.as_deref());
    let columns: Parameters<'_> = &[&digest(&of), &name, &description, enabled, &now.0];
    execute(transaction, sql, columns).await?;
    Ok(())
}

/// Adds keys to their plans.
pub(super) async fn attach_all(
    transaction: &Transaction<'_>,
    keys: impl Iterator<Item = (&SealedValue, &[UsagePlanId])>,
) -> Result<(), StoreError> {
    let pairs = keys.flat_map(|(value, plans)| plans.iter().map(|plan| (value.digest(), plan.as_str())));
    let (digests, plans): (Vec<KeyDigest>, Vec<&str>) = pairs.unzip();
    let sql = "INSERT INTO plan_key (plan, seq)
               SELECT DISTINCT new.plan, k.seq FROM unnest($1::bytea[], $2::text[]) AS new (digest, plan)
               JOIN api_key k ON k.digest = new.digest ON CONFLICT DO NOTHING";
    execute(transaction, sql, &[&bytes(&digests), &plans]).await?;
    Ok(())
}

async fn find(client: &impl Session, secrets: &Secrets, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_key k WHERE k.id = $1");
    one_or_none(client, &sql, &[&id.as_str()]).await?.map(|row| read(secrets, &row)).transpose()
}

/// The keys whose values have these digests.
pub(super) async fn read_keys(
    on: &impl Session,
    secrets: &Secrets,
    digests: &[KeyDigest],
) -> Result<Vec<KeyRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_key k WHERE k.digest = ANY($1)");
    read_all(secrets, &rows(on, &sql, &[&bytes(digests)]).await?)
}

/// The keys that have these ids.
pub(super) async fn read_ids(on: &impl Session, secrets: &Secrets, ids: &[&str]) -> Result<Vec<KeyRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_key k WHERE k.id = ANY($1)");
    read_all(secrets, &rows(on, &sql, &[&ids]).await?)
}

fn read_all(secrets: &Secrets, rows: &[Row]) -> Result<Vec<KeyRow>, StoreError> {
    rows.iter().map(|row| read(secrets, row)).collect()
}

fn read(secrets: &Secrets, row: &Row) -> Result<KeyRow, StoreError> {
    let id = parse_key_id(row.try_get(1)?)?;
    let json = |column: usize| row.try_get::<_, Option<&str>>(column);
    let value = secrets.open(id.as_str(), row.try_get(3)?)?;
    Ok(KeyRow {
        seq: row.try_get(0)?,
        digest: read_digest(row.try_get(2)?)?,
        hint: secrets.hint(&value),
        value,
        plans: row.try_get::<_, Vec<&str>>(12)?.into_iter().map(parse_plan_id).collect::<Result<_, _>>()?,
        key: ApiKey {
            id,
            name: row.try_get(4)?,
            description: row.try_get(5)?,
            customer_id: row.try_get(6)?,
            enabled: row.try_get(7)?,
            created: UnixMillis(row.try_get(8)?),
            updated: UnixMillis(row.try_get(9)?),
            stage_keys: json(10)?.map_or(Ok(Vec::new()), serde_json::from_str)?,
            tags: json(11)?.map_or(Ok(Default::default()), serde_json::from_str)?,
        },
    })
}
