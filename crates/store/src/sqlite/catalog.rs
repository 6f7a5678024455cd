//! The catalog as records: one JSON body for each, with the version it was written in.

use rusqlite::{Connection, params};
use tollgate_domain::{Catalog, Edit, Record, RecordKey};

use super::Database;
use crate::error::StoreError;
use crate::records::{BODY_VERSION, address, read_body};

/// Deletes what hangs on an API. The second condition is that of the index `record_by_api`, which SQLite takes only for
/// a query that states it; without, it would read the records of all APIs.
const DELETE_PARTS: &str = "DELETE FROM record WHERE api = ? AND api <> ''";

impl Database {
    /// Reads the whole catalog.
    pub(crate) async fn load_catalog(&self) -> Result<Catalog, StoreError> {
        self.read(|connection, _| load(connection)).await
    }

    /// How often the catalog was committed.
    pub(crate) async fn catalog_revision(&self) -> Result<u64, StoreError> {
        self.read(|connection, _| revision(connection)).await
    }

    /// Writes a change durably, all of it or nothing. Fails as stale when the catalog is not at `expected_revision`.
    pub(crate) async fn commit(&self, expected_revision: u64, edits: Vec<Edit>) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let revision = revision(connection)?;
            if revision != expected_revision {
                return Err(StoreError::Stale);
            }
            for edit in &edits {
                match edit {
                    Edit::Put(record) => put(connection, record)?,
                    Edit::Delete(key) => delete(connection, key)?,
                }
            }
            connection.execute("UPDATE catalog_revision SET revision = revision + 1", [])?;
            Ok(())
        })
        .await
    }
}

fn revision(connection: &Connection) -> Result<u64, StoreError> {
    let revision: i64 = connection.query_row("SELECT revision FROM catalog_revision", [], |row| row.get(0))?;
    Ok(revision.unsigned_abs())
}

fn load(connection: &Connection) -> Result<Catalog, StoreError> {
    // One transaction, so that the revision belongs to the records.
    let transaction = connection.unchecked_transaction()?;
    let mut catalog = Catalog { revision: revision(&transaction)?, ..Catalog::default() };
    // APIs come before what hangs on them.
    let mut records =
        transaction.prepare("SELECT version, body FROM record ORDER BY kind <> 'rest_api', kind, api, id")?;
    let mut rows = records.query([])?;
    while let Some(row) = rows.next()? {
        catalog.put(read_body(row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(catalog)
}

fn put(connection: &Connection, record: &Record) -> Result<(), StoreError> {
    let key = record.key();
    let (kind, api, id) = address(&key);
    connection
        .prepare_cached("INSERT OR REPLACE INTO record (kind, api, id, version, body) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![kind, api, id, BODY_VERSION, serde_json::to_string(record)?])?;
    Ok(())
}

fn delete(connection: &Connection, key: &RecordKey) -> Result<(), StoreError> {
    let (kind, api, id) = address(key);
    connection.execute("DELETE FROM record WHERE kind = ? AND api = ? AND id = ?", params![kind, api, id])?;
    match key {
        RecordKey::RestApi(api) => {
            connection.execute(DELETE_PARTS, [api.as_str()])?;
        }
        RecordKey::UsagePlan(plan) => {
            connection.execute("DELETE FROM plan_key WHERE plan = ?", [plan.as_str()])?;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema::migrate;

    #[test]
    fn the_parts_of_an_api_are_deleted_without_reading_those_of_others() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("tables");
        let explain = format!("EXPLAIN QUERY PLAN {DELETE_PARTS}");
        let plan: String = connection.query_row(&explain, ["a"], |row| row.get("detail")).expect("a plan");
        assert!(plan.contains("INDEX record_by_api"), "{plan}");
    }
}
