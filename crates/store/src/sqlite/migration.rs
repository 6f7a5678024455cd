//! Tables read whole, to be moved.

use rusqlite::types::ValueRef;
use tokio::sync::mpsc;

use super::Database;
use crate::error::StoreError;
use crate::migration::{Cell, ROWS_A_BATCH, Table};

impl Database {
    /// Reads all rows of a table, some at once.
    pub(crate) async fn read_table(&self, table: &Table, to: mpsc::Sender<Vec<Vec<Cell>>>) -> Result<(), StoreError> {
        let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.here)).collect();
        let sql = format!("SELECT {} FROM {}", names.join(", "), table.name);
        self.read(move |connection, _| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let mut batch = Vec::new();
            while let Some(row) = rows.next()? {
                let cells = (0..names.len()).map(|column| read(row.get_ref(column)?));
                batch.push(cells.collect::<Result<_, StoreError>>()?);
                if batch.len() == ROWS_A_BATCH {
                    to.blocking_send(std::mem::take(&mut batch)).map_err(|_| StoreError::Closed)?;
                }
            }
            if batch.is_empty() { Ok(()) } else { to.blocking_send(batch).map_err(|_| StoreError::Closed) }
        })
        .await
    }
}

fn read(value: ValueRef<'_>) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Corrupt("a number with a fraction".to_owned())),
    })
}
