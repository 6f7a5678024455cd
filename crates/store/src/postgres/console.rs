//! Sessions of the console, and links: who signs in at one node is signed in at all.

use tokio_postgres::Row;
use tollgate_domain::UnixMillis;

use super::{Database, execute, one_or_none};
use crate::console::{CONSOLE_TOKENS, ConsoleToken};
use crate::error::StoreError;

const COLUMNS: &str = "digest, access_key_id, csrf_token, expires, ends";

impl Database {
    /// Keeps a token, and forgets those that have expired.
    pub(crate) async fn keep_console_token(&self, token: ConsoleToken, now: UnixMillis) -> Result<(), StoreError> {
        let ConsoleToken { digest, access_key_id, csrf_token, expires, ends } = token;
        let client = self.client().await?;
        execute(&client, "DELETE FROM console_token WHERE expires <= $1", &[&now.0]).await?;
        let sql = "DELETE FROM console_token WHERE digest IN (
                       SELECT digest FROM console_token WHERE (csrf_token IS NULL) = $1 ORDER BY expires DESC OFFSET $2)";
        execute(&client, sql, &[&csrf_token.is_none(), &(CONSOLE_TOKENS - 1)]).await?;
        let sql = format!("INSERT INTO console_token ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)");
        execute(&client, &sql, &[&digest.as_slice(), &access_key_id, &csrf_token, &expires.0, &ends.0]).await?;
        Ok(())
    }

    /// Reads a token, which may have expired.
    pub(crate) async fn console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM console_token WHERE digest = $1");
        one_or_none(&self.client().await?, &sql, &[&digest.as_slice()]).await?.as_ref().map(read).transpose()
    }

    /// Has a token expire later.
    pub(crate) async fn extend_console_token(&self, digest: [u8; 32], expires: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE console_token SET expires = $1 WHERE digest = $2 AND expires < $1";
        execute(&self.client().await?, sql, &[&expires.0, &digest.as_slice()]).await?;
        Ok(())
    }

    /// Deletes a token, and tells what it was. Of those who ask at once one is told.
    pub(crate) async fn take_console_token(&self, digest: [u8; 32]) -> Result<Option<ConsoleToken>, StoreError> {
        let sql = format!("DELETE FROM console_token WHERE digest = $1 RETURNING {COLUMNS}");
        one_or_none(&self.client().await?, &sql, &[&digest.as_slice()]).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<ConsoleToken, StoreError> {
    let digest = row.try_get::<_, Vec<u8>>(0)?.try_into();
    Ok(ConsoleToken {
        digest: digest.map_err(|_| StoreError::Corrupt("a token of the console".to_owned()))?,
        access_key_id: row.try_get(1)?,
        csrf_token: row.try_get(2)?,
        expires: UnixMillis(row.try_get(3)?),
        ends: UnixMillis(row.try_get(4)?),
    })
}
