//! Where state lives: the catalog, API keys, the ledger and the records of stacks.
//!
//! Keeps the promise that what was acknowledged is on disk, and that key values are readable only with the master key.

mod console;
mod credential;
mod data_dir;
mod error;
mod extension;
mod keys;
mod ledger;
mod migration;
mod postgres;
mod put_keys;
mod records;
mod redis;
mod secrets;
mod sqlite;
mod stacks;
mod standing;
mod store;

pub use crate::redis::{RedisBuckets, RedisSettings, is_bucket_address};
pub use console::ConsoleToken;
pub use credential::Credential;
pub use data_dir::DataDir;
pub use error::StoreError;
pub use extension::QuotaExtension;
pub use keys::{Attached, CallerRow, KeyImport, KeyPage, KeyPut, KeyQuery, KeyRow, ListedKey, PutOutcome};
pub use ledger::{DayUsage, KeyUsage, Unspent, UsagePage, UsageQuery};
pub use migration::{MovedTable, TableDigest};
pub use postgres::{Change, Changes, NodeBuckets, NodeRecord, NodeRow, PostgresSettings};
pub use secrets::{SealedValue, Secrets};
pub use stacks::{StackHead, StackRow};
pub use standing::{KeyCalls, NearQuota, PlanCalls};
pub use store::{Store, Turn};
