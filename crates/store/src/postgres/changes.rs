//! Changes as they travel: each is announced in the transaction that makes it, and read by every node.
//!
//! Keeps the promise that no node skips one. Numbers are given out of one row that stays locked until the change is
//! committed, so that they are seen in their order and without gaps. A notification only says that it is time to look:
//! what was announced is read from the table, after the last number that was seen, and once a second in any case.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio::sync::mpsc;
use tollgate_domain::{ApiKeyId, KeyDigest, UsagePlanId};

use super::keys::{bytes, read_digest};
use super::nodes::is_alive;
use super::{Database, one, one_or_none, rows};
use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};

/// Where changes are told of.
const CHANGES: &str = "tollgate_change";

/// Where nodes are asked to give back what they have of a quota.
const RECALLS: &str = "tollgate_recall";

/// How often is looked without a notification.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Changes that are read at once.
const CHANGES_A_READ: i64 = 1000;

/// How often is looked for leases that were asked for, and how many times at most.
const LOOK_FOR_LEASES_EVERY: Duration = Duration::from_millis(15);
const GATHERING: usize = 20;

/// How long an announced change can be read.
const KEPT: &str = "7 days";

/// What a change touches.
#[derive(Default)]
pub(super) struct Announcement {
    pub(super) catalog: bool,
    pub(super) credentials: bool,
    pub(super) digests: Vec<KeyDigest>,
}

impl Announcement {
    pub(super) fn of_keys(digests: &[KeyDigest]) -> Self {
        Self { digests: digests.to_vec(), ..Self::default() }
    }
}

/// Tells all nodes of what a transaction changes, once it is committed. Comes last, since others wait from here on.
pub(super) async fn announce(transaction: &Transaction<'_>, what: Announcement) -> Result<(), StoreError> {
    let sql = "WITH next AS (UPDATE change_revision SET revision = revision + 1 RETURNING revision),
                    told AS (INSERT INTO change (revision, catalog, credentials, digests)
                             SELECT revision, $1, $2, $3 FROM next RETURNING revision)
               SELECT pg_notify('tollgate_change', revision::text) FROM told";
    one(transaction, sql, &[&what.catalog, &what.credentials, &bytes(&what.digests)]).await?;
    Ok(())
}

/// Asks the other nodes for what they have on leases of a quota.
pub(super) async fn ask_back(
    transaction: &Transaction<'_>,
    source: u64,
    quotas: &[(UsagePlanId, ApiKeyId)],
) -> Result<(), StoreError> {
    let asked: Vec<String> = quotas.iter().map(|(plan, key)| format!("{source:016x} {plan} {key}")).collect();
    rows(transaction, "SELECT pg_notify('tollgate_recall', asked) FROM unnest($1::text[]) AS asked", &[&asked]).await?;
    Ok(())
}

impl Database {
    /// Asks all nodes for what they have on leases of a quota, and waits a moment until it is there.
    pub(crate) async fn gather(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<(), StoreError> {
        let client = self.client().await?;
        // No process has this number, so that all are asked.
        let asked = format!("{:016x} {plan} {key}", 0);
        rows(&client, "SELECT pg_notify('tollgate_recall', $1)", &[&asked]).await?;
        let sql = format!(
            "SELECT 1 FROM lease l JOIN node n ON n.id = l.source
             WHERE l.plan = $1 AND l.key = $2 AND l.units > 0 AND {} LIMIT 1",
            is_alive()
        );
        for _ in 0..GATHERING {
            if one_or_none(&client, &sql, &[&plan.as_str(), &key.as_str()]).await?.is_none() {
                break;
            }
            tokio::time::sleep(LOOK_FOR_LEASES_EVERY).await;
        }
        Ok(())
    }
}

/// What other nodes, or this one, did since this one last looked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// All up to this one is in it.
    pub revision: u64,
    /// The catalog was committed.
    pub catalog: bool,
    /// Access key pairs were made or deleted.
    pub credentials: bool,
    /// Of keys that were changed, made or deleted, the digests of their values.
    pub digests: Vec<KeyDigest>,
    /// Quotas of which other nodes need what is on leases here.
    pub recalls: Vec<(UsagePlanId, ApiKeyId)>,
}

/// Reads changes, one after the other.
#[derive(Debug)]
pub struct Changes {
    database: Database,
    source: u64,
    seen: u64,
    listening: Option<Listening>,
}

struct Listening {
    client: ClientWrapper,
    told: mpsc::UnboundedReceiver<(String, String)>,
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listening")
    }
}

impl Database {
    /// Changes from now on. What is loaded after this has all that came before.
    pub(crate) async fn changes(&self, source: u64) -> Result<Changes, StoreError> {
        let mut changes = Changes { database: self.clone(), source, seen: 0, listening: None };
        let client = &changes.listen().await?.client;
        let seen: i64 = one(client, "SELECT revision FROM change_revision", &[]).await?.try_get(0)?;
        changes.seen = seen.unsigned_abs();
        Ok(changes)
    }
}

impl Changes {
    /// The last change that was read.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Waits for changes, a second at most, and reads them. After an error it connects anew, and goes on after the last
    /// change that it read.
    pub async fn next(&mut self) -> Result<Change, StoreError> {
        let read = self.read().await;
        if read.is_err() {
            self.listening = None;
        }
        read
    }

    async fn read(&mut self) -> Result<Change, StoreError> {
        let fresh = self.listening.is_none();
        let (source, seen) = (self.source, self.seen);
        let listening = self.listen().await?;
        let recalls = if fresh { Vec::new() } else { listening.wait(source).await };
        let look = read_after(&listening.client, seen);
        let mut change = tokio::time::timeout(10 * LOOK_EVERY, look)
            .await
            .map_err(|_| StoreError::Unavailable("database: reading changes took too long".to_owned()))??;
        change.recalls = recalls;
        self.seen = change.revision;
        Ok(change)
    }

    async fn listen(&mut self) -> Result<&mut Listening, StoreError> {
        let listening = match self.listening.take() {
            Some(listening) if !listening.client.is_closed() => listening,
            _ => {
                let (sender, told) = mpsc::unbounded_channel();
                let client = self.database.shared.connector.client(Some(sender)).await?;
                client.batch_execute(&format!("LISTEN {CHANGES}; LISTEN {RECALLS}")).await?;
                Listening { client, told }
            }
        };
        Ok(self.listening.insert(listening))
    }
}

impl Listening {
    /// Waits until there is something to look at, or a second. What other nodes want back is returned.
    async fn wait(&mut self, source: u64) -> Vec<(UsagePlanId, ApiKeyId)> {
        let mut recalls = Vec::new();
        let Ok(Some(first)) = tokio::time::timeout(LOOK_EVERY, self.told.recv()).await else { return recalls };
        let mut next = Some(first);
        while let Some((channel, payload)) = next {
            if channel == RECALLS {
                recalls.extend(read_recall(source, &payload).filter(|recall| !recalls.contains(recall)));
            }
            next = self.told.try_recv().ok();
        }
        recalls
    }
}

/// What another node asks for; nothing where this one asks itself.
fn read_recall(source: u64, payload: &str) -> Option<(UsagePlanId, ApiKeyId)> {
    let mut words = payload.split(' ');
    let asking = u64::from_str_radix(words.next()?, 16).ok()?;
    let quota = (parse_plan_id(words.next()?).ok()?, parse_key_id(words.next()?).ok()?);
    (asking != source).then_some(quota)
}

async fn read_after(client: &ClientWrapper, seen: u64) -> Result<Change, StoreError> {
    let sql = "SELECT revision, catalog, credentials, digests FROM change WHERE revision > $1
               ORDER BY revision LIMIT $2";
    let mut change = Change { revision: seen, ..Change::default() };
    let found = rows(client, sql, &[&seen.cast_signed(), &CHANGES_A_READ]).await?;
    for row in &found {
        let revision: i64 = row.try_get(0)?;
        // Numbers have no gaps, but old ones are deleted some day.
        if revision.unsigned_abs() != change.revision + 1 {
            return Err(StoreError::TooFarBehind { seen, kept_from: revision.unsigned_abs() });
        }
        change.revision = revision.unsigned_abs();
        change.catalog |= row.try_get::<_, bool>(1)?;
        change.credentials |= row.try_get::<_, bool>(2)?;
        for digest in row.try_get::<_, Vec<&[u8]>>(3)? {
            change.digests.push(read_digest(digest)?);
        }
    }
    if found.is_empty() {
        let now: i64 = one(client, "SELECT revision FROM change_revision", &[]).await?.try_get(0)?;
        let newer = "SELECT 1 FROM change WHERE revision > $1 LIMIT 1";
        // One may have been committed since the table was read.
        if now.unsigned_abs() > seen && one_or_none(client, newer, &[&seen.cast_signed()]).await?.is_none() {
            return Err(StoreError::TooFarBehind { seen, kept_from: now.unsigned_abs() });
        }
    }
    change.digests.sort_unstable_by_key(|digest| *digest.as_bytes());
    change.digests.dedup();
    Ok(change)
}

/// Deletes changes that every node has long seen.
pub(super) async fn forget_old(client: &ClientWrapper) -> Result<(), StoreError> {
    client.batch_execute(&format!("DELETE FROM change WHERE at < now() - interval '{KEPT}'")).await?;
    Ok(())
}
