//! Roles: what the owner of credentials may do with the management API.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::UsagePlanId;

/// What the owner of credentials may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Operations that change nothing.
    ReadOnly,
    /// Make keys and add them to some plans.
    KeyIssuer {
        /// Those plans.
        plans: Vec<UsagePlanId>,
    },
}

impl Role {
    /// Its name, on the command line and on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::ReadOnly => "read-only",
            Self::KeyIssuer { .. } => "key-issuer",
        }
    }

    /// The plans it is bound to; none where it is not bound.
    pub fn plans(&self) -> &[UsagePlanId] {
        match self {
            Self::Admin | Self::ReadOnly => &[],
            Self::KeyIssuer { plans } => plans,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
