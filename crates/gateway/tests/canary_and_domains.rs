//! Canaries and custom domain names: which deployment and stage serves a call.

mod support;

use serde_json::json;
use support::{Served, catalog_with, config, integration, method, plan};
use tollgate_domain::integration::IntegrationResponse;
use tollgate_domain::rest_api::EndpointConfiguration;
use tollgate_domain::stage::CanarySettings;
use tollgate_domain::{
    Catalog, Edit, HttpMethod, Integration, IntegrationType, QuotaPeriod, QuotaSettings, Record, RestApiId, UsagePlan,
};

/// Answers with what maps from `context.*`.
fn mirror() -> Integration {
    let mut mock = integration(IntegrationType::Mock, None);
    mock.request_templates.insert("application/json".to_owned(), Some("{\"statusCode\": 200}".to_owned()));
    let header = |name: &str, from: &str| (format!("method.response.header.{name}"), from.to_owned());
    let response = IntegrationResponse {
        selection_pattern: None,
        response_parameters: Some(std::collections::BTreeMap::from([
            header("x-canary", "context.isCanaryRequest"),
            header("x-path", "context.path"),
            header("x-stage", "context.stage"),
            header("x-variable", "stageVariables.v"),
        ])),
        response_templates: None,
        content_handling: None,
    };
    mock.responses.insert("200".to_owned(), response);
    mock
}

fn with_canary(percent_traffic: f64, key: bool) -> Catalog {
    let mut mirrored = method(mirror());
    mirrored.api_key_required = key;
    catalog_with(vec![("/a", HttpMethod::Get, mirrored)], |stage| {
        stage.variables.insert("v".to_owned(), "stage".to_owned());
        stage.canary_settings = Some(CanarySettings {
            percent_traffic,
            deployment_id: None,
            stage_variable_overrides: [("v".to_owned(), "canary".to_owned())].into(),
            use_stage_cache: false,
        });
    })
}

#[tokio::test]
async fn a_canary_of_no_share_serves_nobody_and_one_of_all_everybody() {
    for (percent, canary, variable) in [(0.0, None, "stage"), (100.0, Some("true"), "canary")] {
        let served = Served::start(config(), &with_canary(percent, false));
        for _ in 0..20 {
            let answer = served.get("/a").await;
            assert_eq!((answer.status(), answer.header("x-variable")), (200, Some(variable)));
            assert_eq!(answer.header("x-canary"), canary);
        }
    }
}

#[tokio::test]
async fn a_canary_has_no_quota_of_its_own() {
    let quota = QuotaSettings { limit: 10, offset: 0, period: QuotaPeriod::Day };
    let limited = UsagePlan { quota: Some(quota), ..plan("gold") };
    let (id, catalog) = (limited.id, with_canary(50.0, true).apply(&[Edit::put(Record::UsagePlan(limited))]));
    let served = Served::start(config(), &catalog);
    served.put_key("a-key-of-twenty-characters", "key1", &[id]);
    let (mut admitted, mut canaries) = (0, 0);
    for _ in 0..40 {
        let answer = served.call("GET", "/a", "x-api-key: a-key-of-twenty-characters\r\n", "").await;
        admitted += usize::from(answer.status() == 200);
        canaries += usize::from(answer.header("x-canary").is_some());
    }
    assert_eq!(admitted, 10);
    assert!((1..10).contains(&canaries), "both served: {canaries} of {admitted} by the canary");
}

fn with_domain(mappings: serde_json::Value) -> Catalog {
    let domain = json!({
        "name": "api.example.com", "mappings": mappings, "tags": {},
        "endpoint_configuration": EndpointConfiguration {
            types: Vec::new(), ip_address_type: "ipv4".to_owned(), vpc_endpoint_ids: Vec::new(),
        },
    });
    let domain = Record::DomainName(serde_json::from_value(domain).expect("a record"));
    catalog_with(vec![("/a", HttpMethod::Get, method(mirror()))], |_| {}).apply(&[Edit::put(domain)])
}

async fn at(served: &Served, host: &str, path: &str) -> (u16, Option<String>, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = served.exchange(request).await;
    (answer.status(), answer.header("x-path").map(str::to_owned), answer.body().to_owned())
}

#[tokio::test]
async fn a_custom_domain_name_leads_to_the_stage_of_its_mapping() {
    let mappings = json!({
        "v1": {"rest_api_id": "api1", "stage": "prod"}, "any": {"rest_api_id": "api1", "stage": null},
    });
    let served = Served::start(config(), &with_domain(mappings));
    let forbidden = r#"{"message":"Forbidden"}"#.to_owned();
    assert_eq!(at(&served, "API.example.com:8080", "/v1/a").await, (200, Some("/v1/a".to_owned()), String::new()));
    assert_eq!(at(&served, "api.example.com", "/any/prod/a").await.0, 200);
    assert_eq!(at(&served, "api.example.com", "/any/none/a").await, (403, None, forbidden.clone()));
    assert_eq!(at(&served, "api.example.com", "/v2/a").await, (403, None, forbidden.clone()));
    assert_eq!(at(&served, "other.example.com", "/v1/a").await, (403, None, forbidden));
    assert_eq!(at(&served, "api.example.com", "/ping").await, (200, None, "healthy".to_owned()));
    // An emulator's form of address is no way around the mappings.
    assert_eq!(at(&served, "api.example.com", "/restapis/api1/prod/_user_request_/a").await.0, 403);
}

#[tokio::test]
async fn closing_the_execute_api_address_leaves_the_custom_domain_name_open() {
    let mut catalog = with_domain(json!({"(none)": {"rest_api_id": "api1", "stage": "prod"}}));
    let id = RestApiId::new("api1");
    let mut tree = (*catalog.rest_apis[&id]).clone();
    for deployment in tree.deployments.values_mut() {
        let mut changed = (**deployment).clone();
        let mut snapshot = (*changed.snapshot).clone();
        let mut api = (*snapshot.api).clone();
        api.disable_execute_api_endpoint = true;
        snapshot.api = api.into();
        changed.snapshot = snapshot.into();
        *deployment = changed.into();
    }
    catalog.rest_apis.insert(id, tree.into());
    let served = Served::start(config(), &catalog);
    assert_eq!(at(&served, "api.example.com", "/a").await.0, 200);
    assert_eq!(at(&served, "api1.execute-api.localhost", "/prod/a").await.0, 403);
    assert_eq!(at(&served, "localhost", "/_aws/execute-api/api1/prod/a").await.0, 403);
    assert_eq!(at(&served, "localhost", "/restapis/api1/prod/_user_request_/a").await.0, 403);
}
