//! Access key pairs of the management API, beside the administrator's own.

use std::fmt;

use tollgate_domain::{Role, UnixMillis};

/// An access key pair, and what its owner may do.
#[derive(Clone, PartialEq)]
pub struct Credential {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key, unsealed.
    pub secret_access_key: String,
    /// What its owner may do.
    pub role: Role,
    /// Whose it is, in free text.
    pub description: Option<String>,
    /// When it was made.
    pub created: UnixMillis,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("access_key_id", &self.access_key_id).field("role", &self.role).finish()
    }
}

/// What a secret is sealed for: never what a key's value is sealed for.
pub(crate) fn sealed_for(access_key_id: &str) -> String {
    format!("credential/{access_key_id}")
}
