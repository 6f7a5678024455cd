//! Everything moved from a data directory to a shared database, counters included, and held against what it was.
//!
//! It is one transaction: what does not come out the same on the other side is not there at all. What is sealed stays
//! sealed, so both sides have the same master key.

mod tables;

use std::fmt;

use tokio::sync::mpsc;

use crate::data_dir::MASTER_KEY_FILE;
use crate::error::StoreError;
use crate::{postgres, sqlite};
pub(crate) use tables::{Column, Kind, TABLES, Table};

/// Rows that are moved at once.
pub(crate) const ROWS_A_BATCH: usize = 5_000;

/// One cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows of a table, told apart from any others: how many, and the sum of what each digests to, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableDigest {
    /// How many rows.
    pub rows: u64,
    sum: [u64; 4],
}

impl fmt::Display for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl TableDigest {
    /// Adds a row.
    pub(crate) fn add(&mut self, row: &[Cell]) {
        let mut hasher = blake3::Hasher::new();
        for cell in row {
            // Each cell says what it is and how long, so that no two rows read alike.
            let (kind, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Number(number) => (1, &number.to_le_bytes()),
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Bytes(bytes) => (3, bytes),
            };
            hasher.update(&[kind]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
        self.rows += 1;
        let digest = hasher.finalize();
        for (sum, word) in self.sum.iter_mut().zip(digest.as_bytes().chunks_exact(8)) {
            *sum = sum.wrapping_add(word.try_into().map_or(0, u64::from_le_bytes));
        }
    }
}

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTable {
    /// Its name.
    pub name: &'static str,
    /// What is in it, on both sides.
    pub digest: TableDigest,
}

/// Moves all tables, and tells what was in each.
pub(crate) async fn migrate(from: &sqlite::Database, to: &postgres::Database) -> Result<Vec<MovedTable>, StoreError> {
    if from.secrets().fingerprint() != to.secrets().fingerprint() {
        return Err(StoreError::WrongMasterKey(MASTER_KEY_FILE));
    }
    from.fold_usage().await?;
    let mut arrival = to.client_for_migration().await?;
    let transaction = arrival.begin().await?;
    postgres::migration::require_empty(&transaction).await?;
    let mut moved = Vec::new();
    for table in TABLES {
        let (sender, mut batches) = mpsc::channel(2);
        let reading = from.read_table(table, sender);
        let writing = async {
            let mut left = TableDigest::default();
            while let Some(batch) = batches.recv().await {
                batch.iter().for_each(|row: &Vec<Cell>| left.add(row));
                postgres::migration::write(&transaction, table, batch).await?;
            }
            Ok::<_, StoreError>(left)
        };
        let (read, left) = tokio::join!(reading, writing);
        let (left, arrived) = (left?, postgres::migration::digest(&transaction, table).await?);
        read?;
        if left != arrived {
            return Err(StoreError::Corrupt(format!("{} did not come out the same on the other side", table.name)));
        }
        moved.push(MovedTable { name: table.name, digest: arrived });
    }
    postgres::migration::finish(transaction).await?;
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(rows: &[&[Cell]]) -> TableDigest {
        let mut digest = TableDigest::default();
        rows.iter().for_each(|row| digest.add(row));
        digest
    }

    #[test]
    fn rows_are_told_apart_whatever_their_order() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let (a, b) = ([text("a"), text("bc")], [text("ab"), text("c")]);
        assert_eq!(digest(&[&a, &b]), digest(&[&b, &a]));
        assert_ne!(digest(&[&a]), digest(&[&b]));
        assert_ne!(digest(&[&[Cell::Null]]), digest(&[&[text("")]]));
        assert_ne!(digest(&[&a, &a]), digest(&[&a]));
        assert_ne!(digest(&[&[Cell::Number(1)]]), digest(&[&[Cell::Number(2)]]));
    }
}
