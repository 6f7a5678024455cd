//! Tokens of user pools: what they say before and after they are believed.

use jsonwebtoken::{Algorithm, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_domain::UnixMillis;

use crate::refusal::Refusal;

/// How far ahead the clock of an issuer may be, in seconds.
const SKEW: f64 = 60.0;

/// A token that nobody has verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    /// The name of the key that it says it was signed with.
    pub(super) key_id: String,
    /// Who it says issued it.
    pub(super) issuer: String,
}

impl<'t> Token<'t> {
    /// Reads what a caller sent: the token, with or without `Bearer` before it. `None` is what no user pool issues.
    pub(super) fn read(sent: &'t str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Issued {
            iss: String,
        }
        let sent = sent.trim();
        let text = match sent.split_once(' ') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim_start(),
            _ => sent,
        };
        let header = decode_header(text).ok()?;
        let is_understood = matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) && header.crit.is_none();
        let key_id = header.kid.filter(|_| is_understood)?;
        let Issued { iss: issuer } = jsonwebtoken::dangerous::insecure_decode_claims(text).ok()?;
        Some(Self { text, key_id, issuer })
    }
}

/// Judges the claims of a token whose signature was verified, for a method with these scopes.
pub(super) fn judge(claims: &Map<String, Value>, scopes: &[String], now: UnixMillis) -> Result<(), Refusal> {
    let seconds = now.0 as f64 / 1000.0;
    let time = |name: &str| claims.get(name).map(|time| time.as_f64().ok_or(Refusal::Unauthorized)).transpose();
    let is_ahead = |time: Option<f64>| time.is_some_and(|time| time > seconds + SKEW);
    let expires = time("exp")?.ok_or(Refusal::Unauthorized)?;
    if seconds >= expires {
        return Err(Refusal::TokenExpired);
    }
    if is_ahead(time("nbf")?) || is_ahead(time("iat")?) {
        return Err(Refusal::Unauthorized);
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_wanted = match (scopes, text("token_use")) {
        ([], wanted) => wanted == "id",
        (scopes, "access") => text("scope").split(' ').any(|scope| scopes.iter().any(|wanted| wanted == scope)),
        _ => false,
    };
    if is_wanted { Ok(()) } else { Err(Refusal::Unauthorized) }
}

/// Whom a token is for: `aud`, of which access tokens have none but the `client_id`.
pub(super) fn audiences(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("aud").or_else(|| claims.get("client_id")) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn token(header: Value, claims: Value) -> String {
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    #[test]
    fn a_token_is_read_with_or_without_its_scheme() {
        let text = token(json!({"alg": "RS256", "kid": "k"}), json!({"iss": "pool"}));
        let expected = Token { text: &text, key_id: "k".to_owned(), issuer: "pool".to_owned() };
        for sent in [text.clone(), format!("Bearer {text}"), format!(" bearer  {text} ")] {
            assert_eq!(Token::read(&sent).as_ref(), Some(&expected), "{sent}");
        }
        assert_eq!(Token::read(&format!("Basic {text}")), None);
    }

    #[test]
    fn what_no_user_pool_issues_is_not_read() {
        let claims = || json!({"iss": "pool"});
        for text in [
            token(json!({"alg": "none", "kid": "k"}), claims()),
            token(json!({"alg": "HS256", "kid": "k"}), claims()),
            token(json!({"alg": "RS512", "kid": "k"}), claims()),
            token(json!({"alg": "RS256"}), claims()),
            token(json!({"kid": "k"}), claims()),
            token(json!({"alg": "RS256", "kid": "k", "crit": ["b64"], "b64": false}), claims()),
            token(json!({"alg": "RS256", "kid": "k"}), json!({})),
            token(json!({"alg": "RS256", "kid": "k"}), json!({"iss": 7})),
            token(json!({"alg": "RS256", "kid": "k"}), json!("pool")),
            String::new(),
            "a.b".to_owned(),
            "a.b.c".to_owned(),
            "....".to_owned(),
        ] {
            assert_eq!(Token::read(&text), None, "{text}");
        }
    }

    fn judged(change: Value, scopes: &[&str]) -> Result<(), String> {
        let now = NOW.seconds();
        let mut claims = json!({"exp": now + 60, "iat": now - 60, "token_use": "id"});
        for (name, value) in change.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        judge(claims.as_object().expect("an object"), &scopes, NOW).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_token_holds_from_its_beginning_to_its_end() {
        let now = NOW.seconds();
        assert_eq!(judged(json!({}), &[]), Ok(()));
        assert_eq!(judged(json!({"exp": now + 1}), &[]), Ok(()));
        assert_eq!(judged(json!({"exp": now}), &[]), Err(Refusal::TokenExpired.to_string()));
        assert_eq!(judged(json!({"nbf": now + 60, "iat": now + 60}), &[]), Ok(()), "clocks differ");
        let unauthorized = Err(Refusal::Unauthorized.to_string());
        for change in [
            json!({"nbf": now + 61}),
            json!({"iat": now + 61}),
            json!({"exp": null}),
            json!({"exp": (now + 60).to_string()}),
            json!({"nbf": "soon"}),
        ] {
            assert_eq!(judged(change.clone(), &[]), unauthorized, "{change}");
        }
    }

    #[test]
    fn scopes_ask_for_an_access_token_with_one_of_them() {
        let (access, unauthorized) = ("access", Err(Refusal::Unauthorized.to_string()));
        assert_eq!(judged(json!({"token_use": access}), &[]), unauthorized);
        assert_eq!(judged(json!({"token_use": "refresh"}), &[]), unauthorized);
        assert_eq!(judged(json!({"token_use": "id", "scope": "a"}), &["a"]), unauthorized);
        assert_eq!(judged(json!({"token_use": access, "scope": "c b"}), &["a", "b"]), Ok(()));
        assert_eq!(judged(json!({"token_use": access, "scope": "c"}), &["a", "b"]), unauthorized);
        assert_eq!(judged(json!({"token_use": access, "scope": "ab"}), &["a", "b"]), unauthorized);
        assert_eq!(judged(json!({"token_use": access}), &["a"]), unauthorized);
        assert_eq!(judged(json!({"token_use": null}), &[]), unauthorized);
    }

    #[test]
    fn a_token_is_for_its_audience_or_its_client() {
        let of = |claims: Value| {
            audiences(claims.as_object().expect("an object")).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of(json!({"aud": "app", "client_id": "other"})), ["app"]);
        assert_eq!(of(json!({"aud": ["app", "web"]})), ["app", "web"]);
        assert_eq!(of(json!({"client_id": "app"})), ["app"]);
        assert!(of(json!({"aud": 7})).is_empty() && of(json!({})).is_empty());
    }
}
