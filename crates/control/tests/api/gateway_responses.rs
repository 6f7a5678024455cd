//! Gateway responses through the signed API.

use crate::bench::{Bench, text};
use serde_json::{Value, json};

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";
/// The types in AWS's order, with the status codes that AWS gives them.
const TYPES: [(&str, Option<&str>); 21] = [
    ("ACCESS_DENIED", Some("403")),
    ("API_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_FAILURE", Some("500")),
    ("BAD_REQUEST_BODY", Some("400")),
    ("BAD_REQUEST_PARAMETERS", Some("400")),
    ("DEFAULT_4XX", None),
    ("DEFAULT_5XX", None),
    ("EXPIRED_TOKEN", Some("403")),
    ("INTEGRATION_FAILURE", Some("504")),
    ("INTEGRATION_TIMEOUT", Some("504")),
    ("INVALID_API_KEY", Some("403")),
    ("INVALID_SIGNATURE", Some("403")),
    ("MISSING_AUTHENTICATION_TOKEN", Some("403")),
    ("QUOTA_EXCEEDED", Some("429")),
    ("REQUEST_TOO_LARGE", Some("413")),
    ("RESOURCE_NOT_FOUND", Some("404")),
    ("THROTTLED", Some("429")),
    ("UNAUTHORIZED", Some("401")),
    ("UNSUPPORTED_MEDIA_TYPE", Some("415")),
    ("WAF_FILTERED", Some("403")),
];

/// Makes an API and returns the path of its gateway responses.
async fn responses(bench: &Bench) -> String {
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    format!("/restapis/{}/gatewayresponses", text(&api, "id"))
}

/// A type as AWS words it.
fn untouched(kind: &str, status: Option<&str>) -> Value {
    let mut response = json!({
        "responseType": kind, "responseParameters": {}, "defaultResponse": true,
        "responseTemplates": {"application/json": "{\"message\":$context.error.messageString}"}
    });
    if let Some(status) = status {
        response["statusCode"] = json!(status);
    }
    response
}

#[tokio::test]
async fn all_types_are_always_listed() {
    let bench = Bench::new().await;
    let responses = responses(&bench).await;
    let list = bench.get(&responses).await.expect(200);
    let expected: Vec<_> = TYPES.into_iter().map(|(kind, status)| untouched(kind, status)).collect();
    assert_eq!(list, json!({"item": expected}));
    let page = bench.get(&format!("{responses}?limit=20")).await.expect(200);
    let rest = bench.get(&format!("{responses}?position={}", text(&page, "position"))).await.expect(200);
    assert_eq!(rest, json!({"item": [untouched("WAF_FILTERED", Some("403"))]}));
}

#[tokio::test]
async fn a_response_lives_from_its_wording_to_its_deletion() {
    let bench = Bench::new().await;
    let throttled = format!("{}/THROTTLED", responses(&bench).await);
    bench.delete(&throttled).await.refused(404, MISSING, "Gateway response type not defined on api");
    let body = json!({
        "statusCode": "503", "responseParameters": {"gatewayresponse.header.x-slow": "'down'"},
        "responseTemplates": {"text/plain": "slow"}
    });
    let made = bench.put(&throttled, body).await.expect(201);
    let shown = json!({
        "responseType": "THROTTLED", "statusCode": "503", "defaultResponse": false,
        "responseParameters": {"gatewayresponse.header.x-slow": "'down'"}, "responseTemplates": {"text/plain": "slow"}
    });
    assert_eq!(made, shown);
    assert_eq!(bench.get(&throttled).await.expect(200), shown);
    let anew = bench.put(&throttled, json!({})).await.expect(201);
    assert_eq!((&anew["statusCode"], &anew["responseParameters"]), (&json!("429"), &json!({})), "nothing is left");
    bench.delete(&throttled).await.expect(202);
    assert_eq!(bench.get(&throttled).await.expect(200), untouched("THROTTLED", Some("429")));
}

#[tokio::test]
async fn a_default_shows_in_its_class() {
    let bench = Bench::new().await;
    let responses = responses(&bench).await;
    let body = json!({"statusCode": "599", "responseParameters": {"gatewayresponse.header.a": "context.requestId"}});
    bench.put(&format!("{responses}/DEFAULT_5XX"), body).await.expect(201);
    let timeout = bench.get(&format!("{responses}/INTEGRATION_TIMEOUT")).await.expect(200);
    assert_eq!((&timeout["statusCode"], &timeout["defaultResponse"]), (&json!("599"), &json!(true)));
    assert_eq!(timeout["responseParameters"], json!({"gatewayresponse.header.a": "context.requestId"}));
    let throttled = bench.get(&format!("{responses}/THROTTLED")).await.expect(200);
    assert_eq!(throttled, untouched("THROTTLED", Some("429")));
}

#[tokio::test]
async fn a_patch_words_a_type_that_was_left_alone() {
    let bench = Bench::new().await;
    let path = format!("{}/DEFAULT_4XX", responses(&bench).await);
    let patched = bench.patch(&path, &[("replace", "/statusCode", "444")]).await.expect(200);
    let mut expected = untouched("DEFAULT_4XX", Some("444"));
    expected["defaultResponse"] = json!(false);
    assert_eq!(patched, expected);
    assert_eq!(bench.get(&path).await.expect(200), expected);
    bench.patch(&path, &[("add", "/statusCode", "444")]).await.refused(400, BAD, "Invalid patch path /statusCode");
    let missing = bench.patch(&path, &[("replace", "/responseParameters/gatewayresponse.header.x", "'a'")]).await;
    missing.refused(404, MISSING, "Invalid parameter name specified");
    let nowhere = bench.send(bench.signed("PATCH", &path, r#"{"patchOperations":[{"op":"add","value":"x"}]}"#)).await;
    nowhere.refused(400, BAD, "Invalid patch path null");
}

#[tokio::test]
async fn what_is_no_type_or_no_api_is_refused() {
    let bench = Bench::new().await;
    let responses = responses(&bench).await;
    let fake = format!("{responses}/FAKE_RESPONSE_TYPE");
    let answers = [
        bench.get(&fake).await,
        bench.delete(&fake).await,
        bench.patch(&fake, &[]).await,
        bench.put(&fake, json!({})).await,
    ];
    for answer in answers {
        answer.refused(
            400,
            "ValidationException",
            "1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: \
             Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, \
             AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, \
             INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, \
             ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, \
             API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]",
        );
    }
    let unknown = "/restapis/nope/gatewayresponses";
    let answers = [
        bench.get(unknown).await,
        bench.get(&format!("{unknown}/THROTTLED")).await,
        bench.delete(&format!("{unknown}/THROTTLED")).await,
        bench.put(&format!("{unknown}/THROTTLED"), json!({})).await,
    ];
    for answer in answers {
        answer.refused(404, MISSING, "Invalid API identifier specified 000000000000:nope");
    }
    let both = bench.put(&fake, json!({"statusCode": "x"})).await;
    let said = both.body["message"].as_str().unwrap_or_default();
    assert!(said.starts_with("2 validation errors detected: Value 'x' at 'putGatewayResponseInput.statusCode'"));
}
