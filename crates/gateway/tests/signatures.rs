//! Methods with AWS_IAM: whoever signs a call with a known pair of keys may make it.

mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http::Request;
use serde_json::{Value, json};
use support::{Answer, MIDNIGHT, Served, Upstream, config, deployed_with, http_proxy, method, ok};
use tollgate_domain::{HttpMethod, Method, RestApi};
use tollgate_gateway::{AccessKey, AccessKeys, Peers};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const JOE: &str = "arn:aws:iam::000000000000:user/joe";
const HOST: &str = "api1.execute-api.localhost";

/// Knows one pair.
#[derive(Debug)]
struct OnePair;

impl AccessKeys for OnePair {
    fn find(&self, access_key_id: &str) -> Option<AccessKey> {
        (access_key_id == "AKIDJOE").then(|| AccessKey {
            secret_access_key: SECRET.to_owned(),
            user_arn: JOE.to_owned(),
            user_id: "joe".to_owned(),
        })
    }
}

/// How a call is signed.
#[derive(Clone)]
struct Signing<'a> {
    access_key_id: &'a str,
    secret: &'a str,
    service: &'a str,
    settings: SigningSettings,
    body: SignableBody<'a>,
}

impl<'a> Signing<'a> {
    fn of(body: &'a str) -> Self {
        let (settings, body) = (SigningSettings::default(), SignableBody::Bytes(body.as_bytes()));
        Self { access_key_id: "AKIDJOE", secret: SECRET, service: "execute-api", settings, body }
    }

    /// The target and the headers of a call to `/prod{path}`.
    fn sign(self, verb: &str, path: &str) -> (String, String) {
        let target = format!("/prod{path}");
        let identity = Credentials::new(self.access_key_id, self.secret, None, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(MIDNIGHT.0.unsigned_abs()))
            .settings(self.settings)
            .build()
            .expect("parameters")
            .into();
        let uri = format!("http://{HOST}{target}");
        let signable = SignableRequest::new(verb, uri.clone(), std::iter::empty(), self.body).expect("a request");
        let (instructions, _) = sign(signable, &params).expect("a signature").into_parts();
        let mut request = Request::builder().uri(uri).body(()).expect("a request");
        instructions.apply_to_request_http1x(&mut request);
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}\r\n", value.to_str().expect("text")));
        let target = request.uri().path_and_query().expect("a path").as_str();
        (target.strip_prefix("/prod").expect("the stage").to_owned(), headers.collect())
    }
}

struct Guarded {
    served: Served,
    upstream: Upstream,
}

impl Guarded {
    async fn start(policy: Option<Value>) -> Self {
        let upstream = Upstream::answering(&ok("in")).await;
        let mut proxy = http_proxy(upstream.uri("/"));
        for name in ["userArn", "accessKey", "caller", "accountId"] {
            let (header, told) = (format!("integration.request.header.X-{name}"), format!("context.identity.{name}"));
            proxy.request_parameters.insert(header, told);
        }
        let (header, sent) = ("integration.request.header.X-Signature", "method.request.header.Authorization");
        proxy.request_parameters.insert(header.to_owned(), sent.to_owned());
        let signed = Method { authorization_type: "AWS_IAM".to_owned(), ..method(proxy) };
        let catalog = deployed_with(vec![("/pets", HttpMethod::Any, signed)], |tree| {
            let policy = policy.map(|policy| policy.to_string());
            tree.api = Arc::new(RestApi { policy, ..RestApi::clone(&tree.api) });
        });
        let peers = Peers { access_keys: Some(Arc::new(OnePair)), ..Peers::default() };
        Self { served: Served::start_with(config(), &catalog, peers), upstream }
    }

    async fn call(&self, verb: &str, (path, headers): &(String, String), body: &str) -> Answer {
        self.served.call(verb, path, headers, body).await
    }

    /// What a call is refused with: its status, its type, and its message.
    async fn refused(&self, verb: &str, signed: &(String, String), body: &str) -> (u16, String, String) {
        let answer = self.call(verb, signed, body).await;
        assert!(self.upstream.requests().is_empty(), "{answer:?}");
        let said: Value = serde_json::from_str(answer.body()).expect("JSON");
        let message = said["message"].as_str().or(said["Message"].as_str()).expect("a message");
        (answer.status(), answer.header("x-amzn-errortype").expect("a type").to_owned(), message.to_owned())
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";

fn invalid(message: &str) -> (u16, String, String) {
    (403, "InvalidSignatureException".to_owned(), message.to_owned())
}

#[tokio::test]
async fn whoever_signs_a_call_makes_it_and_is_told_on() {
    let guarded = Guarded::start(None).await;
    let answer = guarded.call("POST", &Signing::of("hello").sign("POST", "/pets?b=2&a=1"), "hello").await;
    assert_eq!((answer.status(), answer.body()), (200, "in"));
    let request = &guarded.upstream.requests()[0];
    assert!(request.ends_with("\r\n\r\nhello"), "the body that was looked at goes on: {request}");
    for header in
        ["userarn: arn:aws:iam::000000000000:user/joe", "accesskey: AKIDJOE", "caller: joe", "accountid: 0000"]
    {
        assert!(request.contains(&format!("x-{header}")), "{header} is not in {request}");
    }
    let lines = request.to_ascii_lowercase();
    assert!(
        !lines.contains("authorization") && !lines.contains("x-signature"),
        "a signature goes no further: {request}"
    );
}

#[tokio::test]
async fn a_call_that_is_not_signed_is_refused() {
    let guarded = Guarded::start(None).await;
    let missing = (403, "MissingAuthenticationTokenException".to_owned(), "Missing Authentication Token".to_owned());
    assert_eq!(guarded.refused("GET", &("/pets".to_owned(), String::new()), "").await, missing);
    let (path, headers) = Signing::of("").sign("GET", "/pets");
    let basic = (path.clone(), "Authorization: Basic am9l\r\n".to_owned());
    let (status, error_type, _) = guarded.refused("GET", &basic, "").await;
    assert_eq!((status, error_type.as_str()), (403, "IncompleteSignatureException"));
    let session = (path, format!("{headers}X-Amz-Security-Token: t\r\n"));
    let unknown = "The security token included in the request is invalid.";
    let unknown = (403, "UnrecognizedClientException".to_owned(), unknown.to_owned());
    assert_eq!(guarded.refused("GET", &session, "").await, unknown);
    let stranger = Signing { access_key_id: "AKIDEVE", ..Signing::of("") };
    assert_eq!(guarded.refused("GET", &stranger.sign("GET", "/pets"), "").await, unknown);
}

#[tokio::test]
async fn what_was_signed_cannot_be_changed() {
    let guarded = Guarded::start(None).await;
    let signed = Signing::of("body").sign("PUT", "/pets?a=1");
    let (path, headers) = &signed;
    let mismatch = invalid(MISMATCH);
    assert_eq!(guarded.refused("POST", &signed, "body").await, mismatch, "the verb");
    assert_eq!(guarded.refused("PUT", &("/pets?a=2".to_owned(), headers.clone()), "body").await, mismatch, "the query");
    assert_eq!(guarded.refused("PUT", &("/pets/?a=1".to_owned(), headers.clone()), "body").await, mismatch, "the path");
    assert_eq!(guarded.refused("PUT", &signed, "Body").await, mismatch, "the body");
    assert_eq!(guarded.refused("PUT", &signed, "").await, mismatch, "no body");
    let another = Signing { secret: "another secret", ..Signing::of("body") };
    assert_eq!(guarded.refused("PUT", &another.sign("PUT", "/pets?a=1"), "body").await, mismatch, "the secret");
    let elsewhere = Signing { service: "apigateway", ..Signing::of("body") };
    let refused = guarded.refused("PUT", &elsewhere.sign("PUT", path), "body").await;
    assert_eq!(refused, invalid("Credential should be scoped to correct service: 'execute-api'."));
    assert_eq!(guarded.call("PUT", &signed, "body").await.status(), 200, "unchanged it passes");
}

#[tokio::test]
async fn a_body_with_its_hash_is_held_against_it() {
    let guarded = Guarded::start(None).await;
    let mut hashed = Signing::of("body");
    hashed.settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let signed = hashed.sign("PUT", "/pets");
    assert!(signed.1.contains("x-amz-content-sha256"), "{}", signed.1);
    assert_eq!(guarded.refused("PUT", &signed, "other").await, invalid(MISMATCH));
    assert_eq!(guarded.call("PUT", &signed, "body").await.status(), 200);
}

#[tokio::test]
async fn a_body_that_was_not_signed_is_not_held() {
    let guarded = Guarded::start(None).await;
    let mut unsigned = Signing { body: SignableBody::UnsignedPayload, ..Signing::of("") };
    unsigned.settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let signed = unsigned.sign("PUT", "/pets");
    assert_eq!(guarded.call("PUT", &signed, "any body").await.status(), 200);
    let (path, headers) = Signing::of("body").sign("PUT", "/pets");
    let added = (path, format!("{headers}X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n"));
    let answer = guarded.call("PUT", &added, "other").await;
    assert_eq!(answer.status(), 403, "that the body is not signed has to be signed itself");
}

#[tokio::test]
async fn a_presigned_address_holds_for_its_time() {
    let guarded = Guarded::start(None).await;
    let mut presigned = Signing::of("");
    presigned.settings.signature_location = SignatureLocation::QueryParams;
    presigned.settings.expires_in = Some(Duration::from_secs(600));
    let signed = presigned.sign("GET", "/pets?a=1");
    assert!(signed.1.is_empty() && signed.0.contains("X-Amz-Signature"), "{signed:?}");
    let changed = (signed.0.replace("a=1", "a=2"), String::new());
    assert_eq!(guarded.refused("GET", &changed, "").await, invalid(MISMATCH));
    guarded.served.clock.advance(Duration::from_secs(600));
    assert_eq!(guarded.call("GET", &signed, "").await.status(), 200);
    guarded.served.clock.advance(Duration::from_secs(1));
    assert_eq!(guarded.call("GET", &signed, "").await.status(), 403);
}

#[tokio::test]
async fn a_call_that_is_made_again_later_is_refused() {
    let guarded = Guarded::start(None).await;
    let signed = Signing::of("").sign("GET", "/pets");
    guarded.served.clock.advance(Duration::from_secs(301));
    assert_eq!(
        guarded.refused("GET", &signed, "").await,
        invalid("Signature expired: 20261122T000000Z is now earlier than 20261122T000001Z (20261122T000501Z - 5 min.)")
    );
}

#[tokio::test]
async fn a_policy_may_deny_a_signer_and_need_not_allow_one() {
    let called = async |effect: &str, principal: Value| {
        let policy = json!({"Statement": {
            "Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": "*"}});
        let guarded = Guarded::start(Some(policy)).await;
        let answer = guarded.call("GET", &Signing::of("").sign("GET", "/pets"), "").await;
        (answer.status(), answer.body().to_owned())
    };
    let (status, body) = called("Deny", json!({"AWS": JOE})).await;
    let said: Value = serde_json::from_str(&body).expect("JSON");
    let message = said["Message"].as_str().expect("a message");
    assert_eq!(status, 403);
    assert!(
        message.starts_with(&format!("User: {JOE} is not authorized to perform: execute-api:Invoke on")),
        "{message}"
    );
    assert!(message.ends_with(" with an explicit deny"), "{message}");
    assert_eq!(called("Deny", json!({"AWS": "arn:aws:iam::000000000000:user/jim"})).await.0, 200);
    assert_eq!(called("Allow", json!({"AWS": "arn:aws:iam::000000000000:user/jim"})).await.0, 200);
}

#[tokio::test]
async fn a_gateway_that_knows_nobody_lets_nobody_in() {
    let upstream = Upstream::answering(&ok("in")).await;
    let signed = Method { authorization_type: "AWS_IAM".to_owned(), ..method(http_proxy(upstream.uri("/"))) };
    let catalog = support::catalog(vec![("/pets", HttpMethod::Get, signed)]);
    let served = Served::start(config(), &catalog);
    let (path, headers) = Signing::of("").sign("GET", "/pets");
    let answer = served.call("GET", &path, &headers, "").await;
    assert_eq!((answer.status(), answer.body()), (500, r#"{"message":null}"#));
}
