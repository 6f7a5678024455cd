//! Archives of functions' code, so that each node can run what was uploaded to one of them.

use super::{Database, execute, one_or_none, rows};
use crate::error::StoreError;

impl Database {
    /// Keeps an archive. One that is kept already counts as new, so that nothing deletes it before it is used.
    pub(crate) async fn keep_code(&self, sha256: String, archive: Vec<u8>) -> Result<(), StoreError> {
        let sql = "INSERT INTO function_code (sha256, archive) VALUES ($1, $2)
                   ON CONFLICT (sha256) DO UPDATE SET at = now()";
        execute(&self.client().await?, sql, &[&sha256, &archive]).await?;
        Ok(())
    }

    /// Reads an archive.
    pub(crate) async fn code(&self, sha256: String) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT archive FROM function_code WHERE sha256 = $1";
        let found = one_or_none(&self.client().await?, sql, &[&sha256]).await?;
        Ok(found.map(|row| row.try_get(0)).transpose()?)
    }

    /// The digests of all archives.
    pub(crate) async fn codes(&self) -> Result<Vec<String>, StoreError> {
        let found = rows(&self.client().await?, "SELECT sha256 FROM function_code", &[]).await?;
        found.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Deletes archives that no function has had for a day: a deployment that is taken back may still name one.
    pub(super) async fn forget_code(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM function_code c WHERE at < now() - interval '1 day' AND NOT EXISTS
                   (SELECT 1 FROM record r WHERE r.kind = 'function' AND position(c.sha256 IN r.body) > 0)";
        execute(&self.client().await?, sql, &[]).await?;
        Ok(())
    }
}
