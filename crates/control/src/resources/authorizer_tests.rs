use super::*;

const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";

fn made(body: &str) -> Result<Authorizer, String> {
    let body = Members::parse(body.as_bytes()).expect("an object");
    read("id".to_owned(), &body).map_err(|failure| failure.to_string())
}

/// An authorizer of this kind with a function to ask.
fn asking(kind: &str, members: &str) -> Result<Authorizer, String> {
    made(&format!(r#"{{"name":"a","type":"{kind}","authorizerUri":"{URI}",{members}}}"#))
}

#[test]
fn defaults_are_those_of_aws() {
    let token = sample("auth", AuthorizerType::Token);
    assert_eq!((token.auth_type.as_deref(), token.result_ttl_in_seconds), (Some("custom"), Some(300)));
    let pool = sample("pool", AuthorizerType::CognitoUserPools);
    assert_eq!((pool.auth_type.as_deref(), pool.result_ttl_in_seconds), (Some("cognito_user_pools"), None));
}

#[test]
fn authorizers_are_refused_in_the_words_of_aws() {
    assert!(made("{}").expect_err("a refusal").starts_with("2 validation errors detected: Value null at"));
    assert!(made(r#"{"name":"a","type":"JWT"}"#).expect_err("a refusal").contains("Value 'JWT' at"));
    assert_eq!(
        made(r#"{"name":"a","type":"TOKEN","authorizerUri":"http://x"}"#).expect_err("a refusal"),
        "Invalid Authorizer URI: http://x. Authorizer URI should be a valid API Gateway ARN that represents a Lambda \
         function invocation."
    );
    assert_eq!(
        asking("TOKEN", r#""authorizerResultTtlInSeconds":3601"#).expect_err("a refusal"),
        "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds."
    );
    assert!(made(r#"{"name":"a","type":"COGNITO_USER_POOLS"}"#).is_err(), "a pool is needed");
    assert!(
        made(r#"{"name":"a","type":"COGNITO_USER_POOLS","providerARNs":["arn:aws:iam::1:role/x"]}"#).is_err(),
        "another ARN is no pool"
    );
}

#[test]
fn an_identity_is_found_where_the_kind_allows() {
    let refused =
        |kind: &str, source: &str| asking(kind, &format!(r#""identitySource":"{source}""#)).err().unwrap_or_default();
    assert_eq!(refused("TOKEN", "method.request.header.Auth"), "");
    assert_eq!(refused("REQUEST", "method.request.header.Auth, method.request.querystring.a,context.stage"), "");
    assert_eq!(
        refused("TOKEN", "method.request.querystring.a"),
        "Invalid request identity source expression: method.request.querystring.a"
    );
    assert_eq!(refused("REQUEST", "context.stage,cookie"), "Invalid request identity source expression: cookie");
    assert_eq!(
        refused("REQUEST", "method.request.header."),
        "Invalid request identity source expression: method.request.header."
    );
}

#[test]
fn only_a_request_authorizer_that_keeps_nothing_needs_no_identity() {
    assert!(asking("REQUEST", r#""authorizerResultTtlInSeconds":0"#).is_ok());
    assert!(asking("REQUEST", r#""authorizerResultTtlInSeconds":1"#).is_err());
    assert!(asking("TOKEN", r#""authorizerResultTtlInSeconds":0"#).is_err());
}
