//! Access key pairs, as rows. Secrets are sealed as key values are.

use tollgate_domain::{Role, UnixMillis};

use super::changes::{Announcement, announce};
use super::{Database, commit, execute, one_or_none, rows};
use crate::credential::{Credential, sealed_for};
use crate::error::StoreError;

const CHANGED: Announcement = Announcement { catalog: false, credentials: true, digests: Vec::new() };

impl Database {
    pub(crate) async fn create_credential(&self, credential: Credential) -> Result<(), StoreError> {
        let Credential { access_key_id, secret_access_key, role, description, created } = credential;
        let sealed = self.shared.secrets.seal(&sealed_for(&access_key_id), &secret_access_key, &self.shared.ids)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = "INSERT INTO credential (id, sealed, role, description, created) VALUES ($1, $2, $3, $4, $5)";
        let role = serde_json::to_string(&role)?;
        execute(&transaction, sql, &[&access_key_id, &sealed, &role, &description, &created.0]).await?;
        announce(&transaction, CHANGED).await?;
        commit(transaction).await
    }

    pub(crate) async fn delete_credential(&self, access_key_id: String) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if execute(&transaction, "DELETE FROM credential WHERE id = $1", &[&access_key_id]).await? == 0 {
            return Ok(false);
        }
        announce(&transaction, CHANGED).await?;
        commit(transaction).await?;
        Ok(true)
    }

    pub(crate) async fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        let sql = "SELECT id, sealed, role, description, created FROM credential ORDER BY id";
        let found = rows(&self.client().await?, sql, &[]).await?;
        let read = |row: &tokio_postgres::Row| {
            let access_key_id: String = row.try_get(0)?;
            let role: Role = serde_json::from_str(row.try_get(2)?)?;
            let secret_access_key = self.shared.secrets.open(&sealed_for(&access_key_id), row.try_get(1)?)?;
            let (description, created) = (row.try_get(3)?, UnixMillis(row.try_get(4)?));
            Ok(Credential { access_key_id, secret_access_key, role, description, created })
        };
        found.iter().map(read).collect()
    }

    /// Keeps a secret under a name, unless there is one already, and returns the one that is kept.
    pub(crate) async fn shared_secret(&self, name: &str, fresh: &str) -> Result<String, StoreError> {
        let owner = format!("shared secret {name}");
        let sealed = self.shared.secrets.seal(&owner, fresh, &self.shared.ids)?;
        let client = self.client().await?;
        let insert = "INSERT INTO shared_secret (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute(&client, insert, &[&name, &sealed]).await?;
        let row = one_or_none(&client, "SELECT sealed FROM shared_secret WHERE name = $1", &[&name]).await?;
        let row = row.ok_or_else(|| StoreError::Corrupt(format!("the shared secret {name} is gone")))?;
        self.shared.secrets.open(&owner, row.try_get(0)?)
    }
}
