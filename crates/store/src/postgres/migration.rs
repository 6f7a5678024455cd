//! Tables that arrive from a data directory.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::changes::{Announcement, announce};
use super::nodes::is_alive;
use super::{Database, Writing, commit, execute, one, rows};
use crate::error::StoreError;
use crate::migration::{Cell, Column, Kind, ROWS_A_BATCH, TABLES, Table, TableDigest};

impl Database {
    /// A connection that nothing else uses.
    pub(crate) async fn client_for_migration(&self) -> Result<Writing, StoreError> {
        Ok(Writing::Pooled(Box::new(self.client().await?)))
    }
}

/// Refuses a database that somebody uses, or used.
pub(crate) async fn require_empty(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.batch_execute("SET LOCAL statement_timeout = 0; LOCK TABLE catalog_revision IN EXCLUSIVE MODE").await?;
    let alive = format!("SELECT count(*) FROM node n WHERE {}", is_alive());
    if one(transaction, &alive, &[]).await?.try_get::<_, i64>(0)? > 0 {
        return Err(StoreError::NotEmpty("nodes that serve".to_owned()));
    }
    for table in TABLES {
        let found = match table.name {
            "catalog_revision" => "SELECT revision FROM catalog_revision".to_owned(),
            name => format!("SELECT count(*) FROM {name}"),
        };
        if one(transaction, &found, &[]).await?.try_get::<_, i64>(0)? > 0 {
            return Err(StoreError::NotEmpty(format!("rows in {}", table.name)));
        }
    }
    // It has one row in any case; the one that comes takes its place.
    execute(transaction, "DELETE FROM catalog_revision", &[]).await?;
    Ok(())
}

/// Writes some rows of a table.
pub(crate) async fn write(
    transaction: &Transaction<'_>,
    table: &Table,
    batch: Vec<Vec<Cell>>,
) -> Result<(), StoreError> {
    let names = names(table);
    let arrays: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("${}::{}[]", index + 1, type_of(column.kind)))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({names}) SELECT {names} FROM unnest({}) AS new ({names})",
        table.name,
        arrays.join(", ")
    );
    let mut cells: Vec<std::vec::IntoIter<Cell>> = batch.into_iter().map(Vec::into_iter).collect();
    let columns: Vec<Box<dyn ToSql + Sync + Send>> = table
        .columns
        .iter()
        .map(|column| array(column, cells.iter_mut().map(|row| row.next().unwrap_or(Cell::Null)).collect()))
        .collect::<Result<_, _>>()?;
    let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| &**column as &(dyn ToSql + Sync)).collect();
    execute(transaction, &sql, &parameters).await?;
    Ok(())
}

/// Digests all rows of a table.
pub(crate) async fn digest(transaction: &Transaction<'_>, table: &Table) -> Result<TableDigest, StoreError> {
    transaction
        .batch_execute(&format!("DECLARE arrived CURSOR FOR SELECT {} FROM {}", names(table), table.name))
        .await?;
    let mut digest = TableDigest::default();
    loop {
        let found = transaction.query(&format!("FETCH {ROWS_A_BATCH} FROM arrived"), &[]).await?;
        for row in &found {
            let cells = table.columns.iter().enumerate().map(|(index, column)| cell(row, index, column.kind));
            digest.add(&cells.collect::<Result<Vec<_>, _>>()?);
        }
        if found.len() < ROWS_A_BATCH {
            transaction.batch_execute("CLOSE arrived").await?;
            return Ok(digest);
        }
    }
}

/// Lets new rows be numbered after those that arrived, and commits.
pub(crate) async fn finish(transaction: Transaction<'_>) -> Result<(), StoreError> {
    for table in ["api_key", "quota_extension"] {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM {table}), false)"
        );
        rows(&transaction, &sql, &[]).await?;
    }
    announce(&transaction, Announcement { catalog: true, credentials: true, ..Announcement::default() }).await?;
    commit(transaction).await
}

fn names(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.there).collect();
    names.join(", ")
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Long => "bigint",
        Kind::Int => "int",
        Kind::Truth => "boolean",
        Kind::Bytes => "bytea",
    }
}

/// The cells of a column as an array of its type.
fn array(column: &Column, cells: Vec<Cell>) -> Result<Box<dyn ToSql + Sync + Send>, StoreError> {
    let wrong = |_| StoreError::Corrupt(format!("a number in {} is out of range", column.here));
    let unfit = || StoreError::Corrupt(format!("{} has what is of another type", column.here));
    let number = |cell: Cell| match cell {
        Cell::Null => Ok(None),
        Cell::Number(number) => Ok(Some(number)),
        _ => Err(unfit()),
    };
    Ok(match column.kind {
        Kind::Text => Box::new(collect(cells, |cell| match cell {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(unfit()),
        })?),
        Kind::Bytes => Box::new(collect(cells, |cell| match cell {
            Cell::Null => Ok(None),
            Cell::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(unfit()),
        })?),
        Kind::Long => Box::new(collect(cells, number)?),
        Kind::Int => Box::new(collect(cells, |cell| number(cell)?.map(i32::try_from).transpose().map_err(wrong))?),
        Kind::Truth => Box::new(collect(cells, |cell| Ok(number(cell)?.map(|number| number != 0)))?),
    })
}

fn collect<T>(
    cells: Vec<Cell>,
    read: impl Fn(Cell) -> Result<Option<T>, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    cells.into_iter().map(read).collect()
}

/// A cell as it was in the data directory.
fn cell(row: &Row, index: usize, kind: Kind) -> Result<Cell, StoreError> {
    let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Number);
    Ok(match kind {
        Kind::Text => row.try_get::<_, Option<String>>(index)?.map_or(Cell::Null, Cell::Text),
        Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(index)?.map_or(Cell::Null, Cell::Bytes),
        Kind::Long => number(row.try_get(index)?),
        Kind::Int => number(row.try_get::<_, Option<i32>>(index)?.map(i64::from)),
        Kind::Truth => number(row.try_get::<_, Option<bool>>(index)?.map(i64::from)),
    })
}
