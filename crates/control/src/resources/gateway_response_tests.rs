use super::*;
use crate::resources::rest_api::sample_catalog;

/// An API that words these types, each with a status code and a header.
fn tree(worded: &[(GatewayResponseType, Option<&str>)]) -> RestApiTree {
    let mut catalog = sample_catalog("api1", &[]);
    let api = catalog.rest_apis.keys().next().expect("an API").clone();
    for (kind, status) in worded {
        let response = GatewayResponse {
            kind: *kind,
            status_code: status.map(str::to_owned),
            response_parameters: [("gatewayresponse.header.x".to_owned(), "'a'".to_owned())].into(),
            response_templates: BTreeMap::new(),
        };
        catalog.put(Record::GatewayResponse(api.clone(), response));
    }
    RestApiTree::clone(&catalog.rest_apis[&api])
}

#[test]
fn a_type_that_nobody_worded_is_as_aws_words_it() {
    let tree = tree(&[]);
    let expired = GatewayResponseWire::of(&tree, GatewayResponseType::ExpiredToken);
    assert_eq!((expired.status_code, expired.default_response), (Some("403"), true));
    assert_eq!(expired.response_templates["application/json"], r#"{"message":$context.error.messageString}"#);
    assert_eq!(GatewayResponseWire::of(&tree, GatewayResponseType::Default5xx).status_code, None);
}

#[test]
fn a_default_speaks_for_its_class_and_no_other() {
    let tree = tree(&[(GatewayResponseType::Default5xx, Some("599")), (GatewayResponseType::AuthorizerFailure, None)]);
    let shown = |kind| {
        let wire = GatewayResponseWire::of(&tree, kind);
        (wire.status_code, wire.response_parameters.len(), wire.default_response)
    };
    assert_eq!(shown(GatewayResponseType::IntegrationTimeout), (Some("599"), 1, true));
    assert_eq!(shown(GatewayResponseType::Throttled), (Some("429"), 0, true));
    assert_eq!(shown(GatewayResponseType::Default5xx), (Some("599"), 1, false));
    assert_eq!(shown(GatewayResponseType::AuthorizerFailure), (Some("500"), 1, false), "its own wording wins");
}

#[test]
fn a_default_without_a_status_code_leaves_each_type_its_own() {
    let tree = tree(&[(GatewayResponseType::Default4xx, None)]);
    let throttled = GatewayResponseWire::of(&tree, GatewayResponseType::Throttled);
    assert_eq!((throttled.status_code, throttled.response_parameters.len()), (Some("429"), 1));
}

#[test]
fn a_response_as_a_whole_obeys_the_rules() {
    let with = |status: Option<&str>, parameter: (&str, &str), media_type: &str| {
        check(&GatewayResponse {
            kind: GatewayResponseType::Throttled,
            status_code: status.map(str::to_owned),
            response_parameters: [(parameter.0.to_owned(), parameter.1.to_owned())].into(),
            response_templates: [(media_type.to_owned(), "x".to_owned())].into(),
        })
    };
    let good = ("gatewayresponse.header.x", "context.requestId");
    assert_eq!(with(Some("599"), good, "text/plain"), Ok(()));
    assert_eq!(with(Some("99"), good, "text/plain"), Err(Conflict::BadStatusCode("99".to_owned())));
    assert!(with(None, ("header.x", "'a'"), "text/plain").is_err());
    assert!(with(None, ("gatewayresponse.header.x", "a"), "text/plain").is_err());
    assert!(with(None, good, "123").is_err());
}
