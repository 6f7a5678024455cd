//! Tables, and how older ones become these while nodes of both versions use them.

use deadpool_postgres::Object;

use crate::error::StoreError;

/// One step of a migration.
struct Step {
    sql: &'static str,
    /// The first version of the tables whose programs can use what this step makes. A step that only adds leaves it as it
    /// was, so that nodes of the version before go on, and may start, for the length of a rolling upgrade.
    usable_from: i64,
}

/// In order; `schema_version` counts those done. Columns of text compare by bytes, as SQLite's do.
const STEPS: &[Step] = &[
    Step { sql: include_str!("schema/1.sql"), usable_from: 1 },
    Step { sql: include_str!("schema/2.sql"), usable_from: 1 },
];

/// Held while tables are made or changed.
const MIGRATING: i64 = 0x746f_6c6c_0001;

/// Brings the tables to this program's version. Nodes that start at once do it one after the other.
pub(super) async fn migrate(client: &mut Object) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_version (
                 single boolean PRIMARY KEY DEFAULT true CHECK (single), version bigint NOT NULL, usable_from bigint NOT NULL
             );
             INSERT INTO schema_version (version, usable_from) VALUES (0, 0) ON CONFLICT DO NOTHING;",
        )
        .await?;
    let row = transaction.query_one("SELECT version, usable_from FROM schema_version", &[]).await?;
    let (found, usable_from): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if usable_from > known {
        return Err(StoreError::TooNew { found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.batch_execute(step.sql).await?;
        transaction
            .execute("UPDATE schema_version SET version = version + 1, usable_from = $1", &[&step.usable_from])
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
