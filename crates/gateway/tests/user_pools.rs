//! Authorizers of type COGNITO_USER_POOLS: a token of a user pool says who calls.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use support::{Answer, MIDNIGHT, Served, Upstream, config, deployed_with, http_proxy, method, ok};
use tollgate_domain::authorizer::AuthorizerType;
use tollgate_domain::{Authorizer, AuthorizerTest, HttpMethod, Method, RestApi, RestApiTree};
use tollgate_gateway::{JwksLocation, Peers, UserPoolSettings};

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/pool";

/// A key of a user pool.
struct PoolKey {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl PoolKey {
    fn make(id: &'static str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self { id, pair: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a pair") }
    }

    /// What the pool shows of it.
    fn shown(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "alg": "ES256", "use": "sig", "x": text(x), "y": text(y)})
    }

    /// An identity token of now, with changes.
    fn token(&self, change: Value) -> String {
        let now = MIDNIGHT.seconds();
        let mut claims = json!({
            "iss": ISSUER, "sub": "joe", "aud": "app", "token_use": "id", "iat": now, "exp": now + 3 * 3600,
        });
        for (name, value) in change.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(json!({"alg": "ES256", "kid": self.id})), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn set(keys: &[&PoolKey]) -> String {
    json!({"keys": keys.iter().map(|key| key.shown()).collect::<Vec<_>>()}).to_string()
}

fn authorizer() -> Authorizer {
    Authorizer {
        id: "a".to_owned(),
        name: "a".to_owned(),
        kind: AuthorizerType::CognitoUserPools,
        provider_arns: vec!["arn:aws:cognito-idp:eu-west-1:1:userpool/pool".to_owned()],
        auth_type: None,
        authorizer_uri: None,
        authorizer_credentials: None,
        identity_source: Some("method.request.header.Authorization".to_owned()),
        identity_validation_expression: None,
        result_ttl_in_seconds: None,
    }
}

struct Guarded {
    served: Served,
    upstream: Upstream,
    api: Arc<RestApiTree>,
}

impl Guarded {
    /// `/pets` wants an identity token; `/toys` an access token with the scope `play`.
    async fn start(jwks: JwksLocation, authorizer: Authorizer, policy: Option<Value>) -> Self {
        let upstream = Upstream::answering(&ok("in")).await;
        let mut proxy = http_proxy(upstream.uri("/"));
        for (header, claim) in [("X-Sub", "sub"), ("X-Exp", "exp")] {
            let told = format!("context.authorizer.claims.{claim}");
            proxy.request_parameters.insert(format!("integration.request.header.{header}"), told);
        }
        let guarded = |scopes: &[&str]| Method {
            authorization_type: "COGNITO_USER_POOLS".to_owned(),
            authorizer_id: Some("a".to_owned()),
            authorization_scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..method(proxy.clone())
        };
        let methods =
            vec![("/pets", HttpMethod::Get, guarded(&[])), ("/toys", HttpMethod::Get, guarded(&["play", "buy"]))];
        let mut api = None;
        let catalog = deployed_with(methods, |tree| {
            tree.authorizers.insert("a".to_owned(), Arc::new(authorizer));
            let policy = policy.map(|policy| policy.to_string());
            tree.api = Arc::new(RestApi { policy, ..RestApi::clone(&tree.api) });
            api = Some(Arc::new(tree.clone()));
        });
        let pool = UserPoolSettings { issuer: None, jwks: Some(jwks) };
        let mut config = config();
        config.user_pools.insert("pool".to_owned(), pool);
        let served = Served::start_with(config, &catalog, Peers::default());
        Self { served, upstream, api: api.expect("it was deployed") }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.served.call("GET", path, &format!("Authorization: {token}\r\n"), "").await
    }

    async fn status(&self, token: &str) -> u16 {
        self.get("/pets", token).await.status()
    }
}

/// A pool at an address; its server counts who asks.
async fn pool(keys: &[&PoolKey]) -> (Upstream, JwksLocation) {
    let server = Upstream::answering(&ok(&set(keys))).await;
    let location = JwksLocation::parse(&server.uri("/keys"));
    (server, location)
}

#[tokio::test]
async fn a_caller_with_a_token_gets_in_with_what_it_says() {
    let key = PoolKey::make("one");
    let (server, jwks) = pool(&[&key]).await;
    let guarded = Guarded::start(jwks, authorizer(), None).await;
    for token in [key.token(json!({})), format!("Bearer {}", key.token(json!({})))] {
        assert_eq!(guarded.status(&token).await, 200);
    }
    let request = &guarded.upstream.requests()[0];
    assert!(
        request.contains("x-sub: joe\r\n") && request.contains("x-exp: Sun Nov 22 03:00:00 UTC 2026\r\n"),
        "{request}"
    );
    assert!(server.requests().concat().starts_with("GET /keys HTTP/1.1\r\n"));
    assert_eq!(server.requests().len(), 1, "keys that are known are not asked for again");
}

#[tokio::test]
async fn a_token_that_is_not_believed_is_refused_in_the_words_of_aws() {
    let (key, other) = (PoolKey::make("one"), PoolKey::make("one"));
    let (_server, jwks) = pool(&[&key]).await;
    let guarded = Guarded::start(jwks, authorizer(), None).await;
    let good = key.token(json!({}));
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let shared_key = BASE64_URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "kid": "one"}).to_string());
    for (token, why) in [
        (other.token(json!({})), "another key of the same name"),
        (key.token(json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/other"})), "another issuer"),
        (key.token(json!({"token_use": "access"})), "an access token where none is wanted"),
        (key.token(json!({"nbf": MIDNIGHT.seconds() + 3600})), "not yet"),
        (format!("{message}."), "no signature"),
        (format!("{shared_key}.{}", good.split_once('.').expect("parts").1), "another algorithm"),
        (format!("{}.{signature}", message.replace("eyJ", "eyI")), "changed"),
        (String::new(), "nothing"),
    ] {
        let answer = guarded.get("/pets", &token).await;
        assert_eq!((answer.status(), answer.body()), (401, r#"{"message":"Unauthorized"}"#), "{why}");
        assert_eq!(answer.header("x-amzn-errortype"), Some("UnauthorizedException"));
    }
    let answer = guarded.get("/pets", &key.token(json!({"exp": MIDNIGHT.seconds()}))).await;
    assert_eq!((answer.status(), answer.body()), (401, r#"{"message":"The incoming token has expired"}"#));
    assert_eq!(guarded.served.call("GET", "/pets", "", "").await.status(), 401);
    assert!(guarded.upstream.requests().is_empty());
}

#[tokio::test]
async fn a_method_with_scopes_wants_an_access_token_with_one_of_them() {
    let key = PoolKey::make("one");
    let (_server, jwks) = pool(&[&key]).await;
    let guarded = Guarded::start(jwks, authorizer(), None).await;
    let status = async |change: Value| guarded.get("/toys", &key.token(change)).await.status();
    assert_eq!(status(json!({"token_use": "access", "scope": "eat play"})).await, 200);
    assert_eq!(status(json!({"token_use": "access", "scope": "eat"})).await, 401);
    assert_eq!(status(json!({"token_use": "id", "scope": "play"})).await, 401);
}

#[tokio::test]
async fn the_audience_has_to_fit_the_expression() {
    let key = PoolKey::make("one");
    let (_server, jwks) = pool(&[&key]).await;
    let expression = Some("app|web".to_owned());
    let strict = Authorizer { identity_validation_expression: expression, ..authorizer() };
    let guarded = Guarded::start(jwks, strict, None).await;
    assert_eq!(guarded.status(&key.token(json!({}))).await, 200);
    assert_eq!(guarded.status(&key.token(json!({"aud": "apps"}))).await, 401);
    assert_eq!(guarded.status(&key.token(json!({"aud": null}))).await, 401);
}

#[tokio::test]
async fn a_flood_of_made_up_keys_is_no_flood_of_requests() {
    let (key, made_up) = (PoolKey::make("one"), PoolKey::make("made up"));
    let (server, jwks) = pool(&[&key]).await;
    let guarded = Guarded::start(jwks, authorizer(), None).await;
    let (token, good) = (made_up.token(json!({})), key.token(json!({})));
    let flood = async || {
        let calls = (0..20).map(|_| guarded.status(&token));
        assert!(futures_util::future::join_all(calls).await.iter().all(|status| *status == 401));
        assert_eq!(guarded.status(&good).await, 200);
        server.requests().len()
    };
    assert_eq!(flood().await, 1);
    guarded.served.clock.advance(Duration::from_millis(4999));
    assert_eq!(flood().await, 1);
    guarded.served.clock.advance(Duration::from_millis(1));
    assert_eq!(flood().await, 2);
}

#[tokio::test]
async fn a_key_that_came_is_taken_and_one_that_went_is_not_for_ever() {
    let (old, new) = (PoolKey::make("old"), PoolKey::make("new"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let shows = |keys: &[&PoolKey]| std::fs::write(&file, set(keys)).expect("a file");
    shows(&[&old]);
    let guarded = Guarded::start(JwksLocation::File(file.clone()), authorizer(), None).await;
    let (by_old, by_new) = (old.token(json!({})), new.token(json!({})));
    assert_eq!(guarded.status(&by_old).await, 200);
    shows(&[&old, &new]);
    assert_eq!(guarded.status(&by_new).await, 401, "they were read a moment ago");
    guarded.served.clock.advance(Duration::from_secs(5));
    assert_eq!(guarded.status(&by_new).await, 200);
    shows(&[&new]);
    guarded.served.clock.advance(Duration::from_secs(3599));
    assert_eq!(guarded.status(&by_old).await, 200);
    guarded.served.clock.advance(Duration::from_secs(1));
    // The call that finds the keys old does not wait for them, so that some calls may still pass.
    support::soon(async { while guarded.status(&by_old).await != 401 {} }).await;
    assert_eq!(guarded.status(&by_new).await, 200);
}

#[tokio::test]
async fn keys_that_cannot_be_had_let_nobody_in_until_they_can() {
    let key = PoolKey::make("one");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.json");
    let guarded = Guarded::start(JwksLocation::File(file.clone()), authorizer(), None).await;
    let token = key.token(json!({}));
    for broken in [None, Some("<html>"), Some(r#"{"keys":[]}"#)] {
        broken.iter().for_each(|text| std::fs::write(&file, text).expect("a file"));
        for _ in 0..2 {
            let answer = guarded.get("/pets", &token).await;
            assert_eq!((answer.status(), answer.body()), (500, r#"{"message":null}"#));
            assert_eq!(answer.header("x-amzn-errortype"), Some("AuthorizerFailureException"));
        }
        guarded.served.clock.advance(Duration::from_secs(5));
    }
    std::fs::write(&file, set(&[&key])).expect("a file");
    assert_eq!(guarded.status(&token).await, 200);
}

#[tokio::test]
async fn a_pool_that_answers_too_much_or_badly_has_no_keys() {
    let key = PoolKey::make("one");
    let padded = format!("{}{}", set(&[&key]), " ".repeat(2 << 20));
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned();
    for answer in [ok(&padded), missing] {
        let server = Upstream::answering(&answer).await;
        let guarded = Guarded::start(JwksLocation::parse(&server.uri("/")), authorizer(), None).await;
        assert_eq!(guarded.status(&key.token(json!({}))).await, 500);
    }
}

#[tokio::test]
async fn the_policy_of_the_api_has_to_allow_the_call_as_well() {
    let key = PoolKey::make("one");
    for (effect, resource, status) in [("Allow", "*", 200), ("Allow", "*/POST/*", 403), ("Deny", "*", 403)] {
        let (_server, jwks) = pool(&[&key]).await;
        let policy = json!({"Statement": {
            "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}});
        let guarded = Guarded::start(jwks, authorizer(), Some(policy)).await;
        assert_eq!(guarded.status(&key.token(json!({}))).await, status, "{effect} {resource}");
    }
}

#[tokio::test]
async fn an_authorizer_is_tested_with_a_token() {
    let key = PoolKey::make("one");
    let (_server, jwks) = pool(&[&key]).await;
    let guarded = Guarded::start(jwks, authorizer(), None).await;
    let test = async |token: String| {
        let test = AuthorizerTest {
            api: Arc::clone(&guarded.api),
            authorizer: "a".to_owned(),
            path_and_query: None,
            headers: vec![("Authorization".to_owned(), token)],
            stage_variables: BTreeMap::new(),
        };
        let gateway = guarded.served.gateway.clone();
        let tested = tokio::task::spawn_blocking(move || gateway.test_authorizer(&test));
        support::soon(tested).await.expect("a thread").expect("an answer")
    };
    let said = test(key.token(json!({}))).await;
    assert_eq!((said.client_status, said.claims.get("sub").map(String::as_str)), (0, Some("joe")), "{}", said.log);
    assert_eq!((said.principal_id, said.policy), (None, None));
    let refused = test(PoolKey::make("one").token(json!({}))).await;
    assert_eq!((refused.client_status, refused.claims.len()), (401, 0));
}
