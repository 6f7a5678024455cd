use serde_json::json;

use super::*;

/// Status, headers as `name: value` lines, and body.
fn read(payload: &str) -> Option<(u16, String, String)> {
    let result = ProxyResult::parse(payload.as_bytes()).ok()?;
    let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().expect("text"));
    let headers: Vec<String> = result.headers.iter().map(line).collect();
    Some((result.status.as_u16(), headers.join("; "), result.body))
}

#[test]
fn results_are_read_as_aws_reads_them() {
    for (payload, status, headers, body) in [
        (json!({"statusCode": 200}), 200, "", ""),
        (json!({"statusCode": 200, "body": "hi"}), 200, "", "hi"),
        (json!({"statusCode": "201"}), 201, "", ""),
        (json!({"statusCode": 599}), 599, "", ""),
        (json!({"statusCode": 404, "headers": null, "body": null}), 404, "", ""),
        (json!({"headers": {"x": "1"}}), 200, "x: 1", ""),
        (json!({"body": "only"}), 200, "", "only"),
        (json!({"headers": null}), 200, "", ""),
        (json!({"statusCode": null, "body": "x"}), 200, "", "x"),
        (json!({"isBase64Encoded": false}), 200, "", ""),
        (json!({"isBase64Encoded": null, "body": "x"}), 200, "", "x"),
        (json!({"headers": {"x": true, "y": false}}), 200, "x: true; y: false", ""),
        (json!({"headers": {"x": 1, "y": 1.5}}), 200, "x: 1; y: 1.5", ""),
        (json!({"headers": {"x": null}}), 200, "", ""),
        (json!({"multiValueHeaders": {"x": ["1", "2"]}}), 200, "x: 1; x: 2", ""),
        (json!({"multiValueHeaders": {"x": []}}), 200, "", ""),
        (json!({"multiValueHeaders": null, "body": "x"}), 200, "", "x"),
        (json!({"headers": {"x": "solo"}, "multiValueHeaders": {"X": ["multi"]}}), 200, "x: multi; x: solo", ""),
        (json!({"headers": {"x": "a"}, "multiValueHeaders": {"x": ["a", "b"]}}), 200, "x: a; x: b", ""),
    ] {
        let payload = payload.to_string();
        assert_eq!(read(&payload), Some((status, headers.to_owned(), body.to_owned())), "{payload}");
    }
}

#[test]
fn what_is_no_answer_is_never_passed_on() {
    for payload in [
        "",
        "no JSON",
        "null",
        "\"hi\"",
        "[]",
        "1",
        "{}",
        r#"{"wrongValue": 1}"#,
        r#"{"statusCode": 200, "wrongValue": null}"#,
        r#"{"statuscode": 200}"#,
        r#"{"statusCode": "abc"}"#,
        r#"{"statusCode": ""}"#,
        r#"{"statusCode": true}"#,
        r#"{"statusCode": 200.5}"#,
        r#"{"statusCode": 99}"#,
        r#"{"statusCode": 100}"#,
        r#"{"statusCode": 600}"#,
        r#"{"statusCode": -200}"#,
        r#"{"body": {"a": 1}}"#,
        r#"{"body": 1}"#,
        r#"{"isBase64Encoded": "true"}"#,
        r#"{"headers": []}"#,
        r#"{"headers": "x: 1"}"#,
        r#"{"headers": {"x": ["1"]}}"#,
        r#"{"headers": {"x y": "1"}}"#,
        r#"{"headers": {"x": "a\r\nSet-Cookie: b"}}"#,
        r#"{"multiValueHeaders": {"x": "1"}}"#,
        r#"{"multiValueHeaders": {"x": [["1"]]}}"#,
        r#"{"multiValueHeaders": {"x": 1}}"#,
    ] {
        assert_eq!(read(payload), None, "{payload}");
    }
}

#[test]
fn a_body_in_base64_is_decoded_only_where_binary_is_wanted() {
    let body = |types: &[&str], accepts_binary, result: Value| {
        let types: Vec<String> = types.iter().map(|given| (*given).to_owned()).collect();
        let result = ProxyResult::parse(result.to_string().as_bytes()).expect("a result");
        let response = result.into_response(&types, accepts_binary).ok()?;
        let bytes = futures_util::FutureExt::now_or_never(response.into_body().collect(100))?;
        bytes.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let png = |body: &str| json!({"isBase64Encoded": true, "headers": {"Content-Type": "image/png"}, "body": body});
    assert_eq!(body(&["image/png"], false, png("aGk=")).as_deref(), Some("hi"));
    assert_eq!(body(&["*/*"], true, png("aGk=")).as_deref(), Some("hi"));
    assert_eq!(body(&[], false, png("aGk=")).as_deref(), Some("aGk="));
    assert_eq!(body(&["audio/*"], false, png("aGk=")).as_deref(), Some("aGk="));
    assert_eq!(body(&["image/png"], false, png("no base64!")), None);
    assert_eq!(body(&["*/*"], true, json!({"body": "aGk="})).as_deref(), Some("aGk="));
}

#[test]
fn an_answer_without_a_type_is_json() {
    let answer = |payload: Value| {
        let result = ProxyResult::parse(payload.to_string().as_bytes()).expect("a result");
        result.into_response(&[], false).expect("an answer").headers()[header::CONTENT_TYPE].clone()
    };
    assert_eq!(answer(json!({"body": "x"})), "application/json");
    assert_eq!(answer(json!({"headers": {"content-type": "text/plain"}})), "text/plain");
}
