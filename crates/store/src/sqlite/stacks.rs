//! Records of stacks, sealed as the values of keys are.

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_domain::UnixMillis;

use super::{Database, Shared};
use crate::error::StoreError;
use crate::stacks::{StackHead, StackRow, sealed_for};

impl Database {
    /// Lists stacks by name.
    pub(crate) async fn stacks(&self) -> Result<Vec<StackHead>, StoreError> {
        self.read(|connection, _| {
            let mut found = connection.prepare("SELECT name, revision, modified FROM stack ORDER BY name")?;
            let heads = found.query_map([], |row| head(row.get(0)?, row.get(1)?, row.get(2)?))?;
            Ok(heads.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Reads a stack.
    pub(crate) async fn stack(&self, name: String) -> Result<Option<StackRow>, StoreError> {
        self.read(move |connection, shared| {
            let found = connection
                .query_row("SELECT revision, modified, sealed FROM stack WHERE name = ?", [&name], |row| {
                    Ok((head(name.clone(), row.get(0)?, row.get(1)?)?, row.get::<_, Vec<u8>>(2)?))
                })
                .optional()?;
            let open = |(head, sealed): (StackHead, Vec<u8>)| {
                let record = shared.secrets.open(&sealed_for(&head.name), &sealed)?;
                Ok(StackRow { head, record })
            };
            found.map(open).transpose()
        })
        .await
    }

    /// Writes a stack that is at `expected` now, zero for one that is not there, and returns its new revision. Stale
    /// when somebody else wrote it.
    pub(crate) async fn put_stack(
        &self,
        name: String,
        expected: u64,
        record: String,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        self.write(move |connection, shared| {
            expect(connection, &name, expected)?;
            let sealed = seal(shared, &name, &record)?;
            let revision = expected + 1;
            connection.execute(
                "INSERT OR REPLACE INTO stack (name, revision, modified, sealed) VALUES (?, ?, ?, ?)",
                params![name, revision.cast_signed(), now.0, sealed],
            )?;
            Ok(revision)
        })
        .await
    }

    /// Deletes a stack that is at `expected` now.
    pub(crate) async fn delete_stack(&self, name: String, expected: u64) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            expect(connection, &name, expected)?;
            connection.execute("DELETE FROM stack WHERE name = ?", [name])?;
            Ok(())
        })
        .await
    }
}

fn expect(connection: &Connection, name: &str, expected: u64) -> Result<(), StoreError> {
    let found: Option<i64> =
        connection.query_row("SELECT revision FROM stack WHERE name = ?", [name], |row| row.get(0)).optional()?;
    if found.unwrap_or(0).unsigned_abs() == expected { Ok(()) } else { Err(StoreError::Stale) }
}

fn seal(shared: &Shared, name: &str, record: &str) -> Result<Vec<u8>, StoreError> {
    shared.secrets.seal(&sealed_for(name), record, &shared.ids)
}

fn head(name: String, revision: i64, modified: i64) -> rusqlite::Result<StackHead> {
    Ok(StackHead { name, revision: revision.unsigned_abs(), modified: UnixMillis(modified) })
}
