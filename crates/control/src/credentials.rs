//! Who may use the management API, and for what.

use std::collections::BTreeMap;
use std::fmt;

/// What the owner of a pair may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Operations that change nothing.
    ReadOnly,
}

impl Role {
    /// Whether this role may use a verb of the API; its GETs, and only they, change nothing.
    pub(crate) fn may(self, verb: &http::Method) -> bool {
        match self {
            Self::Admin => true,
            Self::ReadOnly => verb == http::Method::GET,
        }
    }
}

/// The pairs of access key id and secret that are answered.
#[derive(Clone, Default)]
pub struct Credentials {
    pairs: BTreeMap<String, Pair>,
}

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
    pub fn with(mut self, access_key_id: impl Into<String>, secret: impl Into<String>, role: Role) -> Self {
        self.pairs.insert(access_key_id.into(), Pair { secret: secret.into(), role });
        self
    }

    /// The secret of a pair.
    pub fn secret(&self, access_key_id: &str) -> Option<&str> {
        self.find(access_key_id).map(|pair| pair.secret.as_str())
    }

    pub(crate) fn find(&self, access_key_id: &str) -> Option<&Pair> {
        self.pairs.get(access_key_id)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.keys()).finish()
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
    fn a_reader_changes_nothing() {
        assert!(Role::ReadOnly.may(&http::Method::GET));
        assert!(!Role::ReadOnly.may(&http::Method::PATCH));
        assert!(Role::Admin.may(&http::Method::DELETE));
    }
}
