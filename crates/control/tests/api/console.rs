//! The console's side of the API: sessions, roles, and requests that no page of the console sent.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bench::{ACCESS_KEY_ID, Bench, READER, SECRET, text};

/// A browser that keeps its cookie.
struct Browser<'a> {
    bench: &'a Bench,
    cookie: String,
    csrf: String,
}

async fn send(bench: &Bench, request: Request<Body>) -> (Response<()>, Value) {
    let response = bench.control.clone().router().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    (Response::from_parts(parts, ()), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn sign_in_request(body: &Value) -> Request<Body> {
    let request = Request::post("/console/session").header("sec-fetch-site", "same-origin");
    request.body(Body::from(body.to_string())).expect("a request")
}

async fn sign_in<'a>(bench: &'a Bench, id: &str, secret: &str) -> Browser<'a> {
    let request = sign_in_request(&json!({"accessKeyId": id, "secretAccessKey": secret}));
    begun(bench, request).await
}

async fn begun(bench: &Bench, request: Request<Body>) -> Browser<'_> {
    let (response, session) = send(bench, request).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{session}");
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    Browser { bench, cookie, csrf: text(&session, "csrfToken") }
}

impl Browser<'_> {
    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        request.header("sec-fetch-site", "same-origin")
    }

    /// Asks for an operation, and returns status, code and body.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Option<String>, Value) {
        let request = self.request(method, &format!("/console/api{path}")).header("x-tollgate-csrf", &self.csrf);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> (u16, Option<String>, Value) {
        let (response, body) = send(self.bench, request).await;
        let code = response.headers().get("x-amzn-errortype").map(|code| code.to_str().expect("text").to_owned());
        (response.status().as_u16(), code, body)
    }
}

#[tokio::test]
async fn a_session_does_what_a_signature_does() {
    let bench = Bench::new().await;
    let browser = sign_in(&bench, ACCESS_KEY_ID, SECRET).await;
    let (status, _, plan) = browser.ask(Method::POST, "/usageplans", Some(json!({"name": "gold"}))).await;
    assert_eq!(status, 201);
    let (status, _, plans) = browser.ask(Method::GET, "/usageplans?limit=5", None).await;
    assert_eq!((status, &plans["item"][0]["id"]), (200, &plan["id"]));
}

#[tokio::test]
async fn a_wrong_pair_and_an_unknown_one_are_refused_alike() {
    let bench = Bench::new().await;
    for (id, secret) in [(ACCESS_KEY_ID, "guessed"), ("AKIDNOBODY", SECRET), ("AKIDNOBODY", ""), ("", "")] {
        let body = json!({"accessKeyId": id, "secretAccessKey": secret});
        let (response, said) = send(&bench, sign_in_request(&body)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{id}");
        assert!(response.headers().get(header::SET_COOKIE).is_none());
        assert_eq!(text(&said, "message"), "The access key id or the secret access key is wrong");
    }
}

#[tokio::test]
async fn a_session_ends_by_time_and_by_signing_out() {
    let bench = Bench::new().await;
    let browser = sign_in(&bench, ACCESS_KEY_ID, SECRET).await;
    let out = browser.request(Method::DELETE, "/console/session").header("x-tollgate-csrf", &browser.csrf);
    assert_eq!(browser.send(out.body(Body::empty()).expect("a request")).await.0, 204);
    assert_eq!(browser.ask(Method::GET, "/usageplans", None).await.0, 401);
    let browser = sign_in(&bench, ACCESS_KEY_ID, SECRET).await;
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(browser.ask(Method::GET, "/usageplans", None).await.0, 401);
}

#[tokio::test]
async fn what_no_page_of_the_console_sent_is_refused() {
    let bench = Bench::new().await;
    let browser = sign_in(&bench, ACCESS_KEY_ID, SECRET).await;
    let post = || Request::post("/console/api/usageplans").header(header::COOKIE, &browser.cookie);
    let plan = || Body::from(r#"{"name":"x"}"#);
    let without = post().header("sec-fetch-site", "same-origin").body(plan()).expect("a request");
    assert_eq!(browser.send(without).await.1.as_deref(), Some("ForbiddenException"));
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")] {
        let foreign = post().header(name, value).header("x-tollgate-csrf", &browser.csrf);
        assert_eq!(browser.send(foreign.body(plan()).expect("a request")).await.0, 403, "{name}");
    }
    let read = Request::get("/console/api/usageplans").header(header::COOKIE, &browser.cookie);
    let read = read.header("sec-fetch-site", "same-site").body(Body::empty()).expect("a request");
    assert_eq!(browser.send(read).await.0, 403);
    let none = Request::get("/console/api/usageplans").body(Body::empty()).expect("a request");
    assert_eq!(browser.send(none).await.0, 401);
    assert_eq!(bench.get("/usageplans").await.expect(200)["item"], json!([]));
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let bench = Bench::new().await;
    let made = bench.send(bench.signed("POST", "/tollgate/v1/console-links", "")).await.expect(201);
    let path = text(&made, "path");
    let token = path.strip_prefix("/console/#link=").expect("a link");
    let body = json!({"link": token});
    let browser = begun(&bench, sign_in_request(&body)).await;
    assert_eq!(browser.ask(Method::GET, "/account", None).await.0, 200);
    assert_eq!(send(&bench, sign_in_request(&body)).await.0.status(), StatusCode::FORBIDDEN);
    let by_reader = bench.signed_by(READER, SECRET, "POST", "/tollgate/v1/console-links", "");
    assert_eq!(bench.send(by_reader).await.error.as_deref(), Some("AccessDeniedException"));
}

#[tokio::test]
async fn an_issuer_is_held_to_its_plans_by_either_way_in() {
    let bench = Bench::new().await;
    let plan = async |name: &str| text(&bench.post("/usageplans", json!({"name": name})).await.expect(201), "id");
    let (bronze, gold) = (plan("bronze").await, plan("gold").await);
    let wanted = json!({"role": "key-issuer", "usagePlanIds": [bronze], "description": "Partner"});
    let pair = bench.post("/tollgate/v1/credentials", wanted).await.expect(201);
    let (id, secret) = (text(&pair, "accessKeyId"), text(&pair, "secretAccessKey"));
    let key = bench.send(bench.signed_by(&id, &secret, "POST", "/apikeys", r#"{"name":"k"}"#)).await.expect(201);
    let body = json!({"keyId": key["id"], "keyType": "API_KEY"}).to_string();
    let attach = |plan: &str| bench.signed_by(&id, &secret, "POST", &format!("/usageplans/{plan}/keys"), &body);
    bench.send(attach(&gold)).await.refused(
        403,
        "AccessDeniedException",
        &format!(
            "User: arn:aws:iam::000000000000:user/{id} is not authorized to perform: apigateway:POST on resource: \
             arn:aws:apigateway:us-east-1::/usageplans/{gold}/keys because no identity-based policy allows the \
             apigateway:POST action"
        ),
    );
    bench.send(attach(&bronze)).await.expect(201);
    let browser = sign_in(&bench, &id, &secret).await;
    assert_eq!(browser.ask(Method::GET, "/apikeys", None).await.0, 200);
    let (status, code, _) = browser.ask(Method::GET, "/apikeys?includeValues=true", None).await;
    assert_eq!((status, code.as_deref()), (403, Some("AccessDeniedException")));
    // A pair that is deleted signs nothing, and its sessions are over.
    bench.delete(&format!("/tollgate/v1/credentials/{id}")).await.expect(204);
    assert_eq!(browser.ask(Method::GET, "/apikeys", None).await.0, 401);
    let gone = bench.send(bench.signed_by(&id, &secret, "GET", "/apikeys", "")).await;
    assert_eq!(gone.error.as_deref(), Some("UnrecognizedClientException"));
}

#[tokio::test]
async fn credentials_need_a_role_and_an_issuer_plans_that_exist() {
    let bench = Bench::new().await;
    let code = async |body: Value| {
        let refused = bench.post("/tollgate/v1/credentials", body).await;
        (refused.status, text(&refused.body, "message"))
    };
    let bad_role = "Invalid role specified. Must be one of [admin, read-only, key-issuer]";
    assert_eq!(code(json!({"role": "king"})).await, (400, bad_role.to_owned()));
    assert_eq!(code(json!({})).await, (400, bad_role.to_owned()));
    let none = "A key-issuer needs at least one usage plan";
    assert_eq!(code(json!({"role": "key-issuer"})).await, (400, none.to_owned()));
    let unknown = "Invalid Usage Plan ID specified: nope";
    assert_eq!(code(json!({"role": "key-issuer", "usagePlanIds": ["nope"]})).await, (400, unknown.to_owned()));
    assert_eq!(bench.get("/tollgate/v1/credentials").await.expect(200), json!({"item": []}));
}
