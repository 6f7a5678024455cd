//! Sessions of the console, and links.

use rusqlite::{OptionalExtension, Row, params};
use tollgate_domain::UnixMillis;

use super::Database;
use crate::console::{CONSOLE_TOKENS, ConsoleToken};
use crate::error::StoreError;

const COLUMNS: &str = "digest, access_key_id, csrf_token, expires, ends";

impl Database {
    /// Keeps a token, and forgets those that have expired.
    pub(crate) async fn keep_console_token(&self, token: ConsoleToken, now: UnixMillis) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let ConsoleToken { digest, access_key_id, csrf_token, expires, ends } = token;
            connection.execute("DELETE FROM console_token WHERE expires <= ?", [now.0])?;
            connection.execute(
                "DELETE FROM console_token WHERE digest IN (
                     SELECT digest FROM console_token WHERE (csrf_token IS NULL) = ?
                     ORDER BY expires DESC LIMIT -1 OFFSET ?)",
                params![csrf_token.is_none(), CONSOLE_TOKENS - 1],
            )?;
            connection.execute(
                &format!("INSERT INTO console_token ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"),
                params![digest, access_key_id, csrf_token, expires.0, ends.0],
            )?;
            Ok(())
        })
        .await
    }

    /// Reads a token, which may have expired.
    pub(crate) async fn console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!("SELECT {COLUMNS} FROM console_token WHERE digest = ?");
            Ok(connection.query_row(&sql, [digest], read).optional()?)
        })
        .await
    }

    /// Has a token expire later.
    pub(crate) async fn extend_console_token(&self, digest: [u8; 32], expires: UnixMillis) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let sql = "UPDATE console_token SET expires = ? WHERE digest = ? AND expires < ?";
            connection.execute(sql, params![expires.0, digest, expires.0])?;
            Ok(())
        })
        .await
    }

    /// Deletes a token, and tells what it was. Of those who ask at once one is told.
    pub(crate) async fn take_console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        self.write(move |connection, _| {
            let sql = format!("DELETE FROM console_token WHERE digest = ? RETURNING {COLUMNS}");
            Ok(connection.query_row(&sql, [digest], read).optional()?)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConsoleToken> {
    Ok(ConsoleToken {
        digest: row.get(0)?,
        access_key_id: row.get(1)?,
        csrf_token: row.get(2)?,
        expires: UnixMillis(row.get(3)?),
        ends: UnixMillis(row.get(4)?),
    })
}
