//! The keys of a user pool, as they were at one time.

use std::sync::Arc;

use serde_json::Value;

use super::key::Key;

/// Keys by their names.
#[derive(Clone, Debug)]
pub(crate) struct KeySet(Vec<Arc<Key>>);

impl KeySet {
    /// Reads a JSON Web Key Set. Keys that tokens cannot be signed with are left out; one that can has to be there.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        let document: Value = serde_json::from_slice(document).map_err(|error| error.to_string())?;
        let keys = document["keys"].as_array().into_iter().flatten().filter_map(Key::read);
        let keys: Vec<Arc<Key>> = keys.map(Arc::new).collect();
        if keys.is_empty() {
            return Err("it has no key for RS256 or ES256".to_owned());
        }
        Ok(Self(keys))
    }

    /// The key of this name.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Key>> {
        self.0.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_are_not_understood_do_not_spoil_the_others() {
        let point = json!({
            "kty": "EC", "kid": "b", "crv": "P-256", "alg": "ES256", "use": "sig",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let keys = |keys: Value| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes());
        let set = keys(json!([7, {"kty": "new"}, {"kty": "oct", "kid": "a", "k": "AA"}, point])).expect("a set");
        assert!(set.find("b").is_some() && set.find("a").is_none());
        assert!(keys(json!([])).is_err() && keys(json!("b")).is_err());
        assert!(KeySet::parse(b"[]").is_err() && KeySet::parse(b"<html>").is_err());
    }
}
