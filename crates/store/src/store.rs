//! The one face of all backends: the same questions, the same promises.

use std::sync::Arc;
use std::time::Duration;

use tollgate_domain::{
    ApiKey, ApiKeyId, Catalog, Day, Edit, Grant, IdSource, KeyDigest, QuotaSettings, Settlement, UnixMillis,
    UsageImport, UsagePlanId,
};

use crate::console::ConsoleToken;
use crate::credential::Credential;
use crate::data_dir::DataDir;
use crate::error::StoreError;
use crate::extension::QuotaExtension;
use crate::keys::{Attached, CallerRow, KeyImport, KeyPage, KeyPut, KeyQuery, KeyRow, ListedKey};
use crate::ledger::{UsagePage, UsageQuery};
use crate::migration::{self, MovedTable};
use crate::postgres::{self, Changes, NodeBuckets, NodeRecord, NodeRow, PostgresSettings};
use crate::secrets::{SealedValue, Secrets};
use crate::sqlite;
use crate::stacks::{StackHead, StackRow};
use crate::standing::{KeyCalls, NearQuota, PlanCalls};

/// State that lasts. Clones share it.
#[derive(Clone, Debug)]
pub struct Store(Backend);

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

/// The right to make changes, of which there is one over all nodes. Dropping it lets the next one go on.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    _held: Option<postgres::Turn>,
}

/// How long a shared database may take to answer. It may stand still, or the network swallow what is sent.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks the backend, whichever it is.
macro_rules! ask {
    ($store:ident.$question:ident($($argument:expr),*)) => {
        match &$store.0 {
            Backend::Sqlite(database) => database.$question($($argument),*).await,
            Backend::Postgres(database) => match tokio::time::timeout(PATIENCE, database.$question($($argument),*)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Err(StoreError::Unavailable("database: no answer in time".to_owned())),
            },
        }
    };
}

/// Asks the backend for a change. Where no answer comes in time, nobody knows whether it was made.
macro_rules! change {
    ($store:ident.$question:ident($($argument:expr),*)) => {
        match &$store.0 {
            Backend::Sqlite(database) => database.$question($($argument),*).await,
            Backend::Postgres(database) => match tokio::time::timeout(PATIENCE, database.$question($($argument),*)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Err(StoreError::Undecided("database: no answer in time".to_owned())),
            },
        }
    };
}

impl Store {
    /// Opens the database of a data directory, making or migrating it as needed. Blocks.
    pub fn open(dir: DataDir, secrets: Secrets, ids: Arc<IdSource>) -> Result<Self, StoreError> {
        Ok(Self(Backend::Sqlite(sqlite::Database::open(dir, secrets, ids)?)))
    }

    /// Connects to a PostgreSQL database that other nodes may share, and migrates it as needed.
    pub async fn connect(
        settings: &PostgresSettings,
        secrets: Secrets,
        ids: Arc<IdSource>,
    ) -> Result<Self, StoreError> {
        Ok(Self(Backend::Postgres(postgres::Database::connect(settings, secrets, ids).await?)))
    }

    /// The secrets that this store's keys are sealed with.
    pub fn secrets(&self) -> &Secrets {
        match &self.0 {
            Backend::Sqlite(database) => database.secrets(),
            Backend::Postgres(database) => database.secrets(),
        }
    }

    /// Whether other nodes may use the same state.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Backend::Postgres(_))
    }

    /// Waits until no other node makes a change. What a change is decided on is to be read after this.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(Turn { _held: None }),
            Backend::Postgres(database) => {
                let held = tokio::time::timeout(PATIENCE, database.turn()).await;
                let late = |_| StoreError::Unavailable("database: no answer in time".to_owned());
                Ok(Turn { _held: Some(held.map_err(late)??) })
            }
        }
    }

    /// Reads the whole catalog.
    pub async fn load_catalog(&self) -> Result<Catalog, StoreError> {
        ask!(self.load_catalog())
    }

    /// How often the catalog was committed.
    pub async fn catalog_revision(&self) -> Result<u64, StoreError> {
        ask!(self.catalog_revision())
    }

    /// Writes a change durably, all of it or nothing. Fails as stale when the catalog is not at `expected_revision`.
    pub async fn commit(&self, expected_revision: u64, edits: Vec<Edit>) -> Result<(), StoreError> {
        change!(self.commit(expected_revision, edits))
    }

    /// Stores a new key. Its value must be new, too.
    pub async fn create_key(&self, key: ApiKey, value: String) -> Result<KeyDigest, StoreError> {
        change!(self.create_key(key, value))
    }

    /// Reads a key.
    pub async fn key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        ask!(self.key(id))
    }

    /// Reads the keys that have these ids, in no order; ids of no key are left out.
    pub async fn keys(&self, ids: Vec<ApiKeyId>) -> Result<Vec<KeyRow>, StoreError> {
        ask!(self.keys(ids))
    }

    /// The key whose value has this digest.
    pub async fn key_of_digest(&self, digest: KeyDigest) -> Result<Option<KeyRow>, StoreError> {
        ask!(self.key_of_digest(digest))
    }

    /// What the gateway needs to know of the keys whose values have these digests; those of no key are left out.
    pub async fn callers(&self, digests: Vec<KeyDigest>) -> Result<Vec<CallerRow>, StoreError> {
        ask!(self.callers(digests))
    }

    /// Enabled keys that are in no plan: no call with them passes where a key is required. At most `limit`, newest
    /// first.
    pub async fn keys_in_no_plan(&self, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        ask!(self.keys_in_no_plan(limit))
    }

    /// Lists keys, newest first.
    pub async fn list_keys(&self, query: KeyQuery) -> Result<KeyPage, StoreError> {
        ask!(self.list_keys(query))
    }

    /// Replaces all of a key but its value and its creation date; `None` when it is gone.
    pub async fn update_key(&self, key: ApiKey) -> Result<Option<KeyRow>, StoreError> {
        change!(self.update_key(key))
    }

    /// Deletes a key and takes it out of all plans; what it was is returned. Its usage stays in the ledger.
    pub async fn delete_key(&self, id: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        change!(self.delete_key(id))
    }

    /// Seals values of keys that have these ids, should they be new, and tells the plans of the key that has each value
    /// already.
    pub async fn seal_values(
        &self,
        values: Vec<(ApiKeyId, String)>,
    ) -> Result<Vec<(SealedValue, Vec<UsagePlanId>)>, StoreError> {
        ask!(self.seal_values(values))
    }

    /// Imports keys in order, all of them or none. Of a value that is known already the key's name, description and
    /// switch are overwritten, and plans are added to; the rest is kept. Returns them; the last of each value is as
    /// its key is now.
    pub async fn import_keys(&self, keys: Vec<ListedKey>, now: UnixMillis) -> Result<Vec<ListedKey>, StoreError> {
        match &self.0 {
            Backend::Sqlite(database) => database.import_keys(keys, now).await,
            Backend::Postgres(database) => database.import_keys(keys, now).await,
        }
    }

    /// Puts keys under the ids that they have: makes those that are not there, and changes those that differ; to plans
    /// they are added, and from none are they taken. If one of them cannot be put, none is. With `imagine` nothing is
    /// done.
    pub async fn put_keys(&self, keys: Vec<KeyImport>, imagine: bool) -> Result<Vec<KeyPut>, StoreError> {
        match &self.0 {
            Backend::Sqlite(database) => database.put_keys(keys, imagine).await,
            Backend::Postgres(database) => database.put_keys(keys, imagine).await,
        }
    }

    /// Whether counting an import of usage would change anything.
    pub async fn imports_something(&self, import: UsageImport) -> Result<bool, StoreError> {
        ask!(self.imports_something(import))
    }

    /// Adds a key to a plan.
    pub async fn attach_key(&self, plan: UsagePlanId, key: ApiKeyId, now: UnixMillis) -> Result<Attached, StoreError> {
        change!(self.attach_key(plan, key, now))
    }

    /// Takes a key out of a plan; what it is now is returned, or `None` when it was not in the plan.
    pub async fn detach_key(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        change!(self.detach_key(plan, key))
    }

    /// Reads a key if it is in a plan.
    pub async fn plan_key(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
        Ok(self.key(key).await?.filter(|row| row.plans.contains(&plan)))
    }

    /// Finds a key of `plan` that is also in one of `others`.
    pub async fn key_in_both(
        &self,
        plan: UsagePlanId,
        others: Vec<UsagePlanId>,
    ) -> Result<Option<(ApiKeyId, UsagePlanId)>, StoreError> {
        ask!(self.key_in_both(plan, others))
    }

    /// How many keys are enabled.
    pub async fn enabled_keys(&self) -> Result<u64, StoreError> {
        // However long it takes, as the walk that follows it.
        match &self.0 {
            Backend::Sqlite(database) => database.enabled_keys().await,
            Backend::Postgres(database) => database.enabled_keys().await,
        }
    }

    /// Walks through all keys without opening their values, to fill a table in memory.
    pub async fn for_each_key(&self, visit: impl FnMut(&CallerRow) + Send + 'static) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(database) => database.for_each_key(visit).await,
            Backend::Postgres(database) => database.for_each_key(visit).await,
        }
    }

    /// Writes a round of a node durably, and answers each of its draws in order.
    pub async fn settle(&self, settlement: Settlement) -> Result<Vec<Grant>, StoreError> {
        ask!(self.settle(settlement))
    }

    /// Forgets the rounds of processes that have ended; call it before the first round of a new one.
    pub async fn forget_settled(&self) -> Result<(), StoreError> {
        ask!(self.forget_settled())
    }

    /// Reports usage by key and day.
    pub async fn usage(&self, query: UsageQuery) -> Result<UsagePage, StoreError> {
        ask!(self.usage(query))
    }

    /// Notes that a quota was extended.
    pub async fn note_extension(&self, extension: QuotaExtension) -> Result<(), StoreError> {
        change!(self.note_extension(extension))
    }

    /// Extensions of a plan's quotas, the latest first.
    pub async fn extensions(&self, plan: UsagePlanId, limit: u32) -> Result<Vec<QuotaExtension>, StoreError> {
        ask!(self.extensions(plan, limit))
    }

    /// Stores a new pair.
    pub async fn create_credential(&self, credential: Credential) -> Result<(), StoreError> {
        change!(self.create_credential(credential))
    }

    /// Deletes a pair; false when there is none with this id.
    pub async fn delete_credential(&self, access_key_id: String) -> Result<bool, StoreError> {
        change!(self.delete_credential(access_key_id))
    }

    /// Every pair, in the order of ids.
    pub async fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        ask!(self.credentials())
    }

    /// Keeps a session of the console, or a link, and forgets those that have expired.
    pub async fn keep_console_token(&self, token: ConsoleToken, now: UnixMillis) -> Result<(), StoreError> {
        change!(self.keep_console_token(token, now))
    }

    /// The session or link whose token has this digest. It may have expired.
    pub async fn console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        ask!(self.console_token(digest))
    }

    /// Has a session expire later, if it would have expired before.
    pub async fn extend_console_token(&self, digest: [u8; 32], expires: UnixMillis) -> Result<(), StoreError> {
        change!(self.extend_console_token(digest, expires))
    }

    /// Deletes a session or link, and tells what it was. Of those who ask at once one is told.
    pub async fn take_console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        change!(self.take_console_token(digest))
    }

    /// Lists stacks by name.
    pub async fn stacks(&self) -> Result<Vec<StackHead>, StoreError> {
        ask!(self.stacks())
    }

    /// Reads a stack.
    pub async fn stack(&self, name: String) -> Result<Option<StackRow>, StoreError> {
        ask!(self.stack(name))
    }

    /// Writes a stack that is at `expected` now, zero for one that is not there, and returns its new revision. Stale
    /// when somebody else wrote it.
    pub async fn put_stack(
        &self,
        name: String,
        expected: u64,
        record: String,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        change!(self.put_stack(name, expected, record, now))
    }

    /// Deletes a stack that is at `expected` now.
    pub async fn delete_stack(&self, name: String, expected: u64) -> Result<(), StoreError> {
        change!(self.delete_stack(name, expected))
    }

    /// The keys with the most calls on a day, the busiest first.
    pub async fn busiest_keys(&self, day: Day, limit: u32) -> Result<Vec<KeyCalls>, StoreError> {
        ask!(self.busiest_keys(day, limit))
    }

    /// The plans with the most calls on a day, the busiest first.
    pub async fn busiest_plans(&self, day: Day, limit: u32) -> Result<Vec<PlanCalls>, StoreError> {
        ask!(self.busiest_plans(day, limit))
    }

    /// Keys of a plan that have used at least `percent` of what they may use in the period of `today`, those with the
    /// least left first.
    pub async fn near_quota(
        &self,
        plan: UsagePlanId,
        quota: QuotaSettings,
        today: Day,
        percent: u32,
        limit: u32,
    ) -> Result<Vec<NearQuota>, StoreError> {
        ask!(self.near_quota(plan, quota, today, percent, limit))
    }

    /// Changes that nodes make from now on, this one's among them. What is loaded after this has all that came before.
    /// `None` where there is one node.
    pub async fn changes(&self, source: u64) -> Result<Option<Changes>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(database) => database.changes(source).await.map(Some),
        }
    }

    /// Says that this process serves, and up to which change. It is taken for dead when it did not for three seconds.
    pub async fn announce_node(
        &self,
        node: &NodeRecord,
        revision: u64,
        buckets: NodeBuckets,
    ) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(database) => database.announce_node(node, revision, buckets).await,
        }
    }

    /// Says that this process has ended. It has returned its leases.
    pub async fn leave(&self, source: u64) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(database) => database.leave(source).await,
        }
    }

    /// How many nodes share the store, as of the last time that this one said that it lives.
    pub fn live_nodes(&self) -> u64 {
        match &self.0 {
            Backend::Sqlite(_) => 1,
            Backend::Postgres(database) => database.live_nodes().max(1).unsigned_abs(),
        }
    }

    /// The nodes that were heard of in the last hour, the oldest first; none where there can be only one.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(Vec::new()),
            Backend::Postgres(database) => database.nodes().await,
        }
    }

    /// The number of the last change that any node made.
    pub async fn last_change(&self) -> Result<u64, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(0),
            Backend::Postgres(database) => database.last_change().await,
        }
    }

    /// Deletes what nobody asks for any more, on behalf of the process `source`.
    pub async fn tidy(&self, source: u64) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(database) => database.tidy(source).await,
        }
    }

    /// Moves all of a data directory into an empty database, counters included, and holds what arrived against what was
    /// there. On any difference nothing is moved.
    pub async fn migrate_to(&self, to: &Self) -> Result<Vec<MovedTable>, StoreError> {
        match (&self.0, &to.0) {
            (Backend::Sqlite(from), Backend::Postgres(to)) => migration::migrate(from, to).await,
            _ => Err(StoreError::Settings("state moves from a data directory to PostgreSQL".to_owned())),
        }
    }

    /// Asks all nodes for what they have on leases of a key's quota, and waits a moment for it.
    pub async fn gather(&self, plan: UsagePlanId, key: ApiKeyId) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(database) => database.gather(plan, key).await,
        }
    }

    /// Keeps the archive of a function's code for the other nodes, under the digest that the function's record names.
    /// Where there are none it is not kept: the data directory has what was unpacked.
    pub async fn keep_code(&self, sha256: String, archive: Vec<u8>) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(database) => database.keep_code(sha256, archive).await,
        }
    }

    /// The archive that another node kept; `None` where none did.
    pub async fn code(&self, sha256: String) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(database) => database.code(sha256).await,
        }
    }

    /// The digests of the archives that are kept for other nodes.
    pub async fn codes(&self) -> Result<Vec<String>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(Vec::new()),
            Backend::Postgres(database) => database.codes().await,
        }
    }

    /// Keeps a secret that all nodes share under a name, unless there is one already, and returns the one that is
    /// kept. `None` where nodes share nothing.
    pub async fn shared_secret(&self, name: &str, fresh: &str) -> Result<Option<String>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(database) => database.shared_secret(name, fresh).await.map(Some),
        }
    }
}
