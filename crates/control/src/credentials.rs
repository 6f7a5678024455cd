//! Who may use the management API: the administrator's pair, and those that the store keeps.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use tollgate_domain::Role;
use tollgate_store::Credential;

/// The pairs of access key id and secret that are answered.
#[derive(Default)]
pub struct Credentials {
    pairs: RwLock<BTreeMap<String, Pair>>,
}

/// A pair, without its id.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) secret: String,
    pub(crate) role: Role,
}

impl Credentials {
    /// The root pair alone.
    pub fn root(access_key_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::default().with(access_key_id, secret, Role::Admin)
    }

    /// Adds a pair.
    #[must_use]
    pub fn with(self, access_key_id: impl Into<String>, secret: impl Into<String>, role: Role) -> Self {
        self.put(access_key_id.into(), Pair { secret: secret.into(), role });
        self
    }

    /// Adds what the store keeps.
    pub(crate) fn extend(&self, kept: Vec<Credential>) {
        for Credential { access_key_id, secret_access_key, role, .. } in kept {
            self.put(access_key_id, Pair { secret: secret_access_key, role });
        }
    }

    pub(crate) fn put(&self, access_key_id: String, pair: Pair) {
        self.pairs.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id, pair);
    }

    /// Answers this pair no longer.
    pub(crate) fn remove(&self, access_key_id: &str) {
        self.pairs.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id);
    }

    /// The secret of a pair, as long as it is answered.
    pub fn secret(&self, access_key_id: &str) -> Option<String> {
        self.find(access_key_id).map(|pair| pair.secret)
    }

    pub(crate) fn find(&self, access_key_id: &str) -> Option<Pair> {
        self.pairs.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.read().unwrap_or_else(PoisonError::into_inner).keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_credentials_shows_no_secret() {
        let credentials = Credentials::root("AKIDEXAMPLE", "s3cr3t");
        assert!(!format!("{credentials:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_removed_pair_is_unknown_at_once() {
        let credentials = Credentials::root("AKIDEXAMPLE", "s3cr3t").with("AKIDREADER", "t", Role::ReadOnly);
        credentials.remove("AKIDREADER");
        assert!(credentials.find("AKIDREADER").is_none() && credentials.find("AKIDEXAMPLE").is_some());
    }
}
