//! User pools: who issues tokens, and with which keys they are signed.
//!
//! They live outside the snapshot, so that a deployment fetches no keys anew.

mod key;
mod key_set;
mod pool;
mod ring;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::pool::UserPool;
use self::source::KeySource;
use crate::config::{JwksLocation, UserPoolSettings};

/// The pools that authorizers have named.
#[derive(Debug)]
pub(crate) struct UserPools {
    settings: BTreeMap<String, UserPoolSettings>,
    /// By id and region.
    pools: Mutex<HashMap<(String, String), Arc<UserPool>>>,
}

impl UserPools {
    /// Pools that are where `settings` say, by their ids, or else where Amazon Cognito has them.
    pub(crate) fn new(settings: BTreeMap<String, UserPoolSettings>) -> Self {
        ring::install();
        Self { settings, pools: Mutex::default() }
    }

    /// The pool that an ARN names: `arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}`.
    pub(crate) fn named(&self, arn: &str) -> Option<Arc<UserPool>> {
        let ["arn", _, "cognito-idp", region, _, pool] = *arn.split(':').collect::<Vec<_>>() else { return None };
        let id = pool.strip_prefix("userpool/").filter(|id| !id.is_empty())?;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (id.to_owned(), region.to_owned());
        if !pools.contains_key(&name) {
            // Pools that no authorizer names any more.
            pools.retain(|_, pool| Arc::strong_count(pool) > 1);
        }
        Some(Arc::clone(pools.entry(name).or_insert_with(|| Arc::new(self.pool(id, region)))))
    }

    fn pool(&self, id: &str, region: &str) -> UserPool {
        let UserPoolSettings { issuer, jwks } = self.settings.get(id).cloned().unwrap_or_default();
        let issuer = issuer.unwrap_or_else(|| format!("https://cognito-idp.{region}.amazonaws.com/{id}"));
        let jwks = jwks
            .unwrap_or_else(|| JwksLocation::Url(format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'))));
        UserPool::new(issuer, KeySource(jwks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_where_amazon_cognito_has_it_unless_it_is_said_to_be_elsewhere() {
        let own = UserPoolSettings { issuer: Some("http://id.example/".to_owned()), jwks: None };
        let filed = UserPoolSettings { issuer: None, jwks: Some(JwksLocation::parse("/keys.json")) };
        let pools = UserPools::new(BTreeMap::from([("own".to_owned(), own), ("filed".to_owned(), filed)]));
        let place = |id: &str| {
            let pool = pools.named(&format!("arn:aws:cognito-idp:eu-west-1:1:userpool/{id}")).expect("a pool");
            (pool.issuer().to_owned(), pool.source().to_string())
        };
        let cognito = "https://cognito-idp.eu-west-1.amazonaws.com/";
        assert_eq!(place("p"), (format!("{cognito}p"), format!("{cognito}p/.well-known/jwks.json")));
        assert_eq!(
            place("own"),
            ("http://id.example/".to_owned(), "http://id.example/.well-known/jwks.json".to_owned())
        );
        assert_eq!(place("filed"), (format!("{cognito}filed"), "/keys.json".to_owned()));
    }

    #[test]
    fn an_arn_names_one_pool_however_often_it_is_asked_for() {
        let pools = UserPools::new(BTreeMap::new());
        let arn = "arn:aws:cognito-idp:eu-west-1:1:userpool/p";
        assert!(Arc::ptr_eq(&pools.named(arn).expect("a pool"), &pools.named(arn).expect("a pool")));
        for wrong in ["", "p", "arn:aws:cognito-idp:eu-west-1:1:userpool/", "arn:aws:lambda:eu-west-1:1:userpool/p"] {
            assert!(pools.named(wrong).is_none(), "{wrong}");
        }
    }
}
