//! The part of the configuration that says where user pools are: `[user_pools]`.

use serde::Deserialize;
use tollgate_gateway::{JwksLocation, UserPoolSettings};
use toml::{Table, Value};

/// A user pool, as the operator describes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct UserPoolTable {
    issuer: Option<String>,
    jwks: Option<String>,
}

impl UserPoolTable {
    /// The same, as the gateway takes it.
    pub(crate) fn settings(&self) -> UserPoolSettings {
        UserPoolSettings { issuer: self.issuer.clone(), jwks: self.jwks.as_deref().map(JwksLocation::parse) }
    }
}

/// Checks all pools.
pub(crate) fn check(settings: &Table, mistakes: &mut Vec<String>) {
    for (id, pool) in settings.get("user_pools").and_then(Value::as_table).into_iter().flatten() {
        let Some(pool) = pool.as_table() else {
            mistakes.push(format!("`user_pools.{id}` takes a table"));
            continue;
        };
        for (name, value) in pool {
            let text = value.as_str().unwrap_or_default();
            let is_address = text.starts_with("http://") || text.starts_with("https://");
            match name.as_str() {
                "issuer" if is_address => {}
                "issuer" => {
                    mistakes.push(format!("`user_pools.{id}.issuer` takes an address with http:// or https://"))
                }
                "jwks" if !text.is_empty() => {}
                "jwks" => mistakes.push(format!("`user_pools.{id}.jwks` takes an address or a file")),
                other => mistakes.push(format!("there is no setting `user_pools.{id}.{other}`")),
            }
        }
    }
}
