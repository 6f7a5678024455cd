//! Tables, and how older ones become these.

use rusqlite::Connection;

use crate::error::StoreError;

/// One step for each version; the database's `user_version` counts those done.
const STEPS: &[&str] = &[
    "
    CREATE TABLE catalog_revision (only INTEGER PRIMARY KEY CHECK (only = 1), revision INTEGER NOT NULL);
    INSERT INTO catalog_revision VALUES (1, 0);

    CREATE TABLE master_key (only INTEGER PRIMARY KEY CHECK (only = 1), fingerprint BLOB NOT NULL);

    CREATE TABLE record (
        kind TEXT NOT NULL, api TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (kind, api, id)
    ) WITHOUT ROWID;
    CREATE INDEX record_by_api ON record (api) WHERE api <> '';

    CREATE TABLE api_key (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        digest BLOB NOT NULL UNIQUE,
        sealed BLOB NOT NULL,
        name TEXT, description TEXT, customer_id TEXT,
        enabled INTEGER NOT NULL,
        created INTEGER NOT NULL, updated INTEGER NOT NULL,
        stage_keys TEXT, tags TEXT
    );
    CREATE INDEX api_key_by_name ON api_key (name) WHERE name IS NOT NULL;
    CREATE INDEX api_key_by_customer ON api_key (customer_id) WHERE customer_id IS NOT NULL;

    CREATE TABLE plan_key (plan TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (plan, seq)) WITHOUT ROWID;
    CREATE INDEX plan_key_by_key ON plan_key (seq);

    CREATE TABLE usage_day (
        plan TEXT NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL, calls INTEGER NOT NULL,
        PRIMARY KEY (plan, key, day)
    ) WITHOUT ROWID;

    -- drawn: units handed out, less those handed back. extra: what UpdateUsage added to the limit.
    CREATE TABLE quota_period (
        plan TEXT NOT NULL, key TEXT NOT NULL, first INTEGER NOT NULL, end INTEGER NOT NULL,
        drawn INTEGER NOT NULL DEFAULT 0, extra INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (plan, key, first, end)
    ) WITHOUT ROWID;

    CREATE TABLE settled (source INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
",
    // grants: what the round was answered, pairs of units and what was left, so that asking again changes nothing.
    "ALTER TABLE settled ADD COLUMN grants BLOB NOT NULL DEFAULT x'';",
    // sealed: the secret. role: what its owner may do, as JSON.
    "
    CREATE TABLE credential (
        id TEXT PRIMARY KEY, sealed BLOB NOT NULL, role TEXT NOT NULL, description TEXT, created INTEGER NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE quota_extension (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        plan TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
        remaining INTEGER NOT NULL, author TEXT NOT NULL, reason TEXT
    );
    CREATE INDEX quota_extension_by_plan ON quota_extension (plan, seq);
",
    // sealed: what a stack is made of has values of keys and environments of functions in it.
    "CREATE TABLE stack (
        name TEXT PRIMARY KEY, revision INTEGER NOT NULL, modified INTEGER NOT NULL, sealed BLOB NOT NULL
    ) WITHOUT ROWID;",
    // What usage_day and quota_period.extra have of another gateway, so that importing it again counts it once.
    "
    CREATE TABLE imported_day (
        plan TEXT NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL, calls INTEGER NOT NULL,
        PRIMARY KEY (plan, key, day)
    ) WITHOUT ROWID;

    CREATE TABLE imported_extra (
        plan TEXT NOT NULL, key TEXT NOT NULL, first INTEGER NOT NULL, end INTEGER NOT NULL, extra INTEGER NOT NULL,
        PRIMARY KEY (plan, key, first, end)
    ) WITHOUT ROWID;
",
    // deltas: what a round reported, packed. entries: how much that is.
    "CREATE TABLE usage_journal (seq INTEGER PRIMARY KEY, entries INTEGER NOT NULL, deltas BLOB NOT NULL);",
    // csrf_token: none for a link.
    "CREATE TABLE console_token (
        digest BLOB PRIMARY KEY, access_key_id TEXT NOT NULL, csrf_token TEXT, expires INTEGER NOT NULL, ends INTEGER NOT NULL
    ) WITHOUT ROWID;",
    // takes_off: whether the row says what went to usage_day of what others say. entries is no longer used.
    "ALTER TABLE usage_journal ADD COLUMN takes_off INTEGER NOT NULL DEFAULT 0;",
];

/// Brings the tables to this program's version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
