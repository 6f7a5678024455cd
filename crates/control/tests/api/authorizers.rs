//! Authorizers and the methods that they guard, through the signed API.

use crate::bench::{Bench, text};
use serde_json::{Value, json};

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";
const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
const NO_AUTHORIZER: &str = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or \
                             COGNITO_USER_POOLS requires a valid authorizer.";

fn token(name: &str) -> Value {
    json!({"name": name, "type": "TOKEN", "authorizerUri": URI, "identitySource": "method.request.header.Auth"})
}

/// Makes an API and returns its path and its root resource.
async fn api(bench: &Bench) -> (String, String) {
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    (format!("/restapis/{}", text(&api, "id")), text(&api, "rootResourceId"))
}

#[tokio::test]
async fn an_authorizer_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let (api, _) = api(&bench).await;
    let authorizers = format!("{api}/authorizers");
    let made = bench.post(&authorizers, token("auth")).await.expect(201);
    let id = text(&made, "id");
    let shown = json!({
        "id": id, "name": "auth", "type": "TOKEN", "authType": "custom", "authorizerUri": URI,
        "identitySource": "method.request.header.Auth", "authorizerResultTtlInSeconds": 300
    });
    assert_eq!(made, shown);
    assert_eq!(bench.get(&authorizers).await.expect(200), json!({"item": [shown]}));
    let twice = bench.post(&authorizers, token("auth")).await;
    twice.refused(400, BAD, "Authorizer name must be unique. Authorizer auth already exists in this RestApi.");
    let path = format!("{authorizers}/{id}");
    let operations = [
        ("replace", "/type", "REQUEST"),
        ("replace", "/identitySource", "method.request.header.Auth,context.stage"),
        ("replace", "/authorizerResultTtlInSeconds", "0"),
    ];
    let patched = bench.patch(&path, &operations).await.expect(200);
    assert_eq!((&patched["type"], &patched["authorizerResultTtlInSeconds"]), (&json!("REQUEST"), &json!(0)));
    let bad = bench.patch(&path, &[("replace", "/type", "TOKEN")]).await;
    let source = "Invalid request identity source expression: method.request.header.Auth,context.stage";
    bad.refused(400, BAD, source);
    assert_eq!(bench.get(&path).await.expect(200), patched, "a refused PATCH changes nothing");
    bench.delete(&path).await.expect(202);
    for answer in [bench.get(&path).await, bench.delete(&path).await, bench.patch(&path, &[]).await] {
        answer.refused(404, MISSING, "Invalid Authorizer identifier specified");
    }
}

#[tokio::test]
async fn a_cognito_authorizer_shows_its_pools() {
    let bench = Bench::new().await;
    let (api, _) = api(&bench).await;
    let (old, new) = ("arn:aws:cognito-idp:us-east-1:1:userpool/a", "arn:aws:cognito-idp:us-east-1:1:userpool/b");
    let body = json!({
        "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": [old],
        "identitySource": "method.request.header.Authorization"
    });
    let made = bench.post(&format!("{api}/authorizers"), body).await.expect(201);
    assert_eq!((&made["providerARNs"], &made["authType"]), (&json!([old]), &json!("cognito_user_pools")));
    assert_eq!(made.get("authorizerResultTtlInSeconds"), None);
    let path = format!("{api}/authorizers/{}", text(&made, "id"));
    let operations = [("add", "/providerARNs", new), ("remove", "/providerARNs", old)];
    assert_eq!(bench.patch(&path, &operations).await.expect(200)["providerARNs"], json!([new]));
    let none = bench.patch(&path, &[("remove", "/providerARNs", new)]).await;
    assert_eq!((none.status, none.error.as_deref()), (400, Some(BAD)));
}

#[tokio::test]
async fn authorizers_of_an_unknown_api_are_refused() {
    let bench = Bench::new().await;
    let unknown = "Invalid API identifier specified 000000000000:nope";
    bench.post("/restapis/nope/authorizers", token("auth")).await.refused(404, MISSING, unknown);
    bench.get("/restapis/nope/authorizers").await.refused(404, MISSING, unknown);
    let one = bench.get("/restapis/nope/authorizers/x").await;
    one.refused(404, MISSING, "Invalid Authorizer identifier specified");
}

#[tokio::test]
async fn a_method_is_guarded_by_an_authorizer_that_is_there() {
    let bench = Bench::new().await;
    let (api, root) = api(&bench).await;
    let id = text(&bench.post(&format!("{api}/authorizers"), token("auth")).await.expect(201), "id");
    let method = format!("{api}/resources/{root}/methods/GET");
    bench.put(&method, json!({"authorizationType": "CUSTOM"})).await.refused(400, BAD, NO_AUTHORIZER);
    let guarded = json!({"authorizationType": "CUSTOM", "authorizerId": id});
    assert_eq!(bench.put(&method, guarded).await.expect(201)["authorizerId"], json!(id));
    let unknown = bench.patch(&method, &[("replace", "/authorizerId", "nope")]).await;
    unknown.refused(400, BAD, NO_AUTHORIZER);
    let path = format!("{api}/authorizers/{id}");
    let in_use = "Cannot delete authorizer 'auth', is referenced in method: GET//";
    bench.delete(&path).await.refused(409, "ConflictException", in_use);
    let open = bench.patch(&method, &[("replace", "/authorizationType", "NONE")]).await.expect(200);
    assert_eq!(open.get("authorizerId"), None, "an open method has no use for it");
    bench.delete(&path).await.expect(202);
}
