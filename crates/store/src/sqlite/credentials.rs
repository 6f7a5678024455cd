//! Access key pairs, as rows. Secrets are sealed as key values are.

use rusqlite::params;
use tollgate_domain::{Role, UnixMillis};

use super::Database;
use crate::credential::{Credential, sealed_for};
use crate::error::StoreError;

impl Database {
    /// Stores a new pair.
    pub(crate) async fn create_credential(&self, credential: Credential) -> Result<(), StoreError> {
        let owner = sealed_for(&credential.access_key_id);
        let sealed = self.shared.secrets.seal(&owner, &credential.secret_access_key, &self.shared.ids)?;
        let role = serde_json::to_string(&credential.role)?;
        self.write(move |connection, _| {
            let Credential { access_key_id, description, created, .. } = credential;
            connection.execute(
                "INSERT INTO credential (id, sealed, role, description, created) VALUES (?, ?, ?, ?, ?)",
                params![access_key_id, sealed, role, description, created.0],
            )?;
            Ok(())
        })
        .await
    }

    /// Deletes a pair; false when there is none with this id.
    pub(crate) async fn delete_credential(&self, access_key_id: String) -> Result<bool, StoreError> {
        self.write(move |connection, _| {
            Ok(connection.execute("DELETE FROM credential WHERE id = ?", [access_key_id])? > 0)
        })
        .await
    }

    /// Every pair, in the order of ids.
    pub(crate) async fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        self.read(|connection, shared| {
            let mut statement =
                connection.prepare("SELECT id, sealed, role, description, created FROM credential ORDER BY id")?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let access_key_id: String = row.get(0)?;
                let (sealed, role): (Vec<u8>, String) = (row.get(1)?, row.get(2)?);
                let role: Role = serde_json::from_str(&role)?;
                let secret_access_key = shared.secrets.open(&sealed_for(&access_key_id), &sealed)?;
                let (description, created) = (row.get(3)?, UnixMillis(row.get(4)?));
                found.push(Credential { access_key_id, secret_access_key, role, description, created });
            }
            Ok(found)
        })
        .await
    }
}
