//! Who may use the management API: the administrator's pair, and those that the store keeps.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use tollgate_domain::Role;
use tollgate_store::Credential;

/// The pairs of access key id and secret that are answered.
#[derive(Default)]
pub struct Credentials {
    pairs: RwLock<BTreeMap<String, Known>>,
}

struct Known {
    pair: Pair,
    /// Whether the store keeps it, so that another node may delete it.
    kept: bool,
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
        let known = Known { pair: Pair { secret: secret.into(), role }, kept: false };
        self.pairs.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id.into(), known);
        self
    }

    /// Answers what the store keeps, and no longer what it kept before.
    pub(crate) fn take(&self, kept: Vec<Credential>) {
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        pairs.retain(|_, known| !known.kept);
        for Credential { access_key_id, secret_access_key, role, .. } in kept {
            pairs.insert(access_key_id, Known { pair: Pair { secret: secret_access_key, role }, kept: true });
        }
    }

    /// Answers a pair that the store keeps.
    pub(crate) fn put(&self, access_key_id: String, pair: Pair) {
        self.pairs.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id, Known { pair, kept: true });
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
        self.pairs.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).map(|known| known.pair.clone())
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
