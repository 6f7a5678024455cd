//! Keys, plans, throttles and quotas, as a caller meets them.

mod support;

use std::time::Duration;

use support::{Answer, Served, Upstream, catalog, catalog_with, config, http_proxy, method, ok, plan};
use tollgate_domain::{
    Catalog, Edit, HttpMethod, IntegrationType, Method, MethodSetting, QuotaPeriod, QuotaSettings, Record, Stage,
    ThrottleSettings, UsagePlan,
};
use tollgate_gateway::{GatewayConfig, PlanThrottleScope};

fn keyed(upstream: &Upstream) -> Method {
    Method { api_key_required: true, ..method(http_proxy(upstream.uri("/"))) }
}

/// `/pets` and `/toys` need a key, `/open` does not.
fn pets(upstream: &Upstream, edit: impl FnOnce(&mut Stage)) -> Catalog {
    let methods = vec![
        ("/pets", HttpMethod::Get, keyed(upstream)),
        ("/toys", HttpMethod::Get, keyed(upstream)),
        ("/open", HttpMethod::Get, method(http_proxy(upstream.uri("/")))),
    ];
    catalog_with(methods, edit)
}

fn with_plan(catalog: &Catalog, plan: UsagePlan) -> Catalog {
    catalog.apply(&[Edit::put(Record::UsagePlan(plan))])
}

fn throttled(rate_limit: f64, burst_limit: i32) -> UsagePlan {
    UsagePlan { throttle: Some(ThrottleSettings::new(rate_limit, burst_limit)), ..plan("gold") }
}

fn daily(limit: u32) -> Option<QuotaSettings> {
    Some(QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day })
}

/// Serves a catalog with a plan, and puts the key `secret` into the plan.
fn serve(config: GatewayConfig, catalog: &Catalog) -> Served {
    let served = Served::start(config, catalog);
    let plans: Vec<_> = catalog.usage_plans.keys().copied().collect();
    served.put_key("secret", "key1", &plans);
    served
}

async fn call(served: &Served, path: &str) -> Answer {
    served.call("GET", path, "X-API-Key: secret\r\n", "").await
}

async fn statuses(served: &Served, path: &str, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(call(served, path).await.status());
    }
    statuses
}

#[tokio::test]
async fn a_key_of_a_plan_that_covers_the_stage_is_let_in() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), plan("gold")));
    let answer = call(&served, "/pets").await;
    assert_eq!((answer.status(), answer.body()), (200, "hi"));
    assert_eq!(answer.header("ratelimit"), None, "a plan without limits says nothing");
}

#[tokio::test]
async fn keys_that_are_not_good_are_refused_alike() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let other = UsagePlan { api_stages: Vec::new(), ..plan("other") };
    let served = serve(config(), &with_plan(&with_plan(&pets(&upstream, |_| {}), plan("gold")), other.clone()));
    served.put_key("elsewhere", "key2", &[other.id]);
    served.put_key("nowhere", "key3", &[]);
    for headers in [
        "",
        "X-API-Key:\r\n",
        "X-API-Key: unknown\r\n",
        "X-API-Key: elsewhere\r\n",
        "X-API-Key: nowhere\r\n",
        "X-API-Key: secret\r\nX-API-Key: secret\r\n",
    ] {
        let answer = served.call("GET", "/pets", headers, "").await;
        assert_eq!((answer.status(), answer.body()), (403, r#"{"message":"Forbidden"}"#), "{headers}");
        assert_eq!(answer.header("x-amzn-errortype"), Some("ForbiddenException"));
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_call_over_the_rate_is_told_when_to_come_back_and_is_right_to() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), throttled(0.5, 2)));
    let first = call(&served, "/pets").await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"throttle\";q=2;w=4"));
    assert_eq!(first.header("ratelimit"), Some("\"throttle\";r=1;t=2"));
    assert_eq!(call(&served, "/toys").await.status(), 200);
    let refused = call(&served, "/pets").await;
    assert_eq!((refused.status(), refused.body()), (429, r#"{"message":"Too Many Requests"}"#));
    assert_eq!(refused.header("x-amzn-errortype"), Some("TooManyRequestsException"));
    assert_eq!(refused.header("retry-after"), Some("2"));
    served.clock.advance(Duration::from_millis(1999));
    assert_eq!(call(&served, "/pets").await.status(), 429);
    served.clock.advance(Duration::from_millis(1));
    assert_eq!(call(&served, "/pets").await.status(), 200);
}

#[tokio::test]
async fn a_rate_of_zero_admits_nobody_and_promises_nothing() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), throttled(0.0, 0)));
    let refused = call(&served, "/pets").await;
    assert_eq!((refused.status(), refused.header("retry-after")), (429, None));
}

#[tokio::test]
async fn a_quota_ends_and_begins_again() {
    let upstream = Upstream::answering(&ok("")).await;
    let limited = UsagePlan { quota: daily(3), ..plan("gold") };
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), limited));
    let first = call(&served, "/pets").await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"quota\";q=3;w=86400"));
    let left = first.header("ratelimit");
    assert_eq!(left, Some("\"quota\";r=2;t=86400"));
    assert_eq!(statuses(&served, "/toys", 3).await, [200, 200, 429]);
    served.clock.advance(Duration::from_secs(3600));
    let refused = call(&served, "/pets").await;
    assert_eq!((refused.status(), refused.body()), (429, r#"{"message":"Limit Exceeded"}"#));
    assert_eq!(refused.header("x-amzn-errortype"), Some("LimitExceededException"));
    assert_eq!(refused.header("retry-after"), Some("82800"));
    assert_eq!(refused.header("ratelimit"), Some("\"quota\";r=0;t=82800"));
    served.clock.advance(Duration::from_secs(23 * 3600));
    assert_eq!(call(&served, "/pets").await.status(), 200);
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn a_ledger_that_is_away_is_not_the_callers_fault() {
    let upstream = Upstream::answering(&ok("")).await;
    let limited = UsagePlan { quota: daily(3), ..plan("gold") };
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), limited));
    served.ledger.set_away(true);
    let refused = call(&served, "/pets").await;
    assert_eq!((refused.status(), refused.header("retry-after")), (503, Some("1")));
    assert_eq!(call(&served, "/open").await.status(), 200);
}

#[tokio::test]
async fn headers_about_limits_can_be_turned_off() {
    let upstream = Upstream::answering(&ok("")).await;
    let config = GatewayConfig { ratelimit_headers: false, ..config() };
    let served = serve(config, &with_plan(&pets(&upstream, |_| {}), throttled(0.5, 1)));
    for status in [200, 429] {
        let answer = call(&served, "/pets").await;
        assert_eq!(answer.status(), status);
        for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
            assert_eq!(answer.header(name), None);
        }
    }
}

#[tokio::test]
async fn a_method_with_a_limit_of_its_own_has_a_bucket_of_its_own() {
    let upstream = Upstream::answering(&ok("")).await;
    for entry in ["/pets/GET", "/pets/*"] {
        let mut limited = throttled(0.1, 2);
        limited.api_stages[0].throttle.insert(entry.to_owned(), ThrottleSettings::new(0.1, 1));
        let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), limited));
        assert_eq!(statuses(&served, "/pets", 2).await, [200, 429], "{entry}");
        assert_eq!(statuses(&served, "/toys", 3).await, [200, 200, 429], "{entry}");
    }
}

#[tokio::test]
async fn plans_can_be_told_to_throttle_each_method_apart() {
    let upstream = Upstream::answering(&ok("")).await;
    let config = GatewayConfig { plan_throttle_scope: PlanThrottleScope::Method, ..config() };
    let served = serve(config, &with_plan(&pets(&upstream, |_| {}), throttled(0.1, 1)));
    assert_eq!(statuses(&served, "/pets", 2).await, [200, 429]);
    assert_eq!(statuses(&served, "/toys", 2).await, [200, 429]);
}

fn stage_limit(stage: &mut Stage, method: &str, rate: f64, burst: i32) {
    let setting =
        MethodSetting { throttling_rate_limit: rate, throttling_burst_limit: burst, ..MethodSetting::default() };
    stage.method_settings.insert(method.to_owned(), setting);
}

#[tokio::test]
async fn a_stages_limit_is_shared_by_all_callers_and_kept_by_each_method() {
    let upstream = Upstream::answering(&ok("")).await;
    let catalog = pets(&upstream, |stage| stage_limit(stage, "*/*", 0.1, 1));
    let served = serve(config(), &with_plan(&catalog, plan("gold")));
    served.put_key("second", "key2", &[plan("gold").id]);
    assert_eq!(call(&served, "/pets").await.status(), 200);
    assert_eq!(served.call("GET", "/pets", "X-API-Key: second\r\n", "").await.status(), 429);
    assert_eq!(statuses(&served, "/open", 2).await, [200, 429]);
}

#[tokio::test]
async fn a_refused_call_costs_nothing() {
    let upstream = Upstream::answering(&ok("")).await;
    let catalog = pets(&upstream, |stage| stage_limit(stage, "pets/GET", 0.1, 1));
    let limited = UsagePlan { quota: daily(2), ..throttled(0.1, 2) };
    let served = serve(config(), &with_plan(&catalog, limited));
    assert_eq!(statuses(&served, "/pets", 4).await, [200, 429, 429, 429]);
    assert_eq!(statuses(&served, "/toys", 2).await, [200, 429], "one token and one unit were left");
}

#[tokio::test]
async fn neither_a_deployment_nor_an_edit_refills_a_bucket() {
    let upstream = Upstream::answering(&ok("")).await;
    let limit = |stage: &mut Stage| stage_limit(stage, "open/GET", 0.1, 1);
    let served = serve(config(), &with_plan(&pets(&upstream, limit), throttled(0.1, 1)));
    assert_eq!(call(&served, "/open").await.status(), 200);
    assert_eq!(call(&served, "/pets").await.status(), 200);
    // The same configuration anew: no part of it is the same value in memory.
    let mut again = with_plan(&pets(&upstream, limit), UsagePlan { name: "renamed".to_owned(), ..throttled(0.1, 1) });
    again.revision += 10;
    served.publish(&again);
    assert_eq!(call(&served, "/open").await.status(), 429);
    assert_eq!(call(&served, "/pets").await.status(), 429);
}

#[tokio::test]
async fn an_older_catalog_changes_nothing() {
    let upstream = Upstream::answering(&ok("")).await;
    let old = catalog(vec![]);
    let new = with_plan(&pets(&upstream, |_| {}), plan("gold"));
    let served = serve(config(), &new);
    served.gateway.publish(&old);
    assert_eq!((old.revision, new.revision), (1, 2));
    assert_eq!(call(&served, "/open").await.status(), 200);
}

#[tokio::test]
async fn the_account_limits_all_calls_together() {
    let upstream = Upstream::answering(&ok("")).await;
    let config = GatewayConfig { account_throttle: ThrottleSettings::new(0.1, 2), ..config() };
    let served = serve(config, &with_plan(&pets(&upstream, |_| {}), plan("gold")));
    assert_eq!(statuses(&served, "/open", 1).await, [200]);
    assert_eq!(statuses(&served, "/pets", 2).await, [200, 429]);
}

#[tokio::test]
async fn unknown_addresses_are_refused_as_on_aws() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = serve(config(), &with_plan(&pets(&upstream, |_| {}), plan("gold")));
    let forbidden = r#"{"message":"Forbidden"}"#;
    let missing = r#"{"message":"Missing Authentication Token"}"#;
    for (host, path, body) in [
        ("api2.execute-api.x", "/prod/open", forbidden),
        ("api1.execute-api.x", "/test/open", forbidden),
        ("localhost", "/prod/open", forbidden),
        ("api1.execute-api.x", "/prod/nothing", missing),
        ("localhost", "/restapis/api1/prod/_user_request_/nothing", missing),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = served.exchange(request).await;
        assert_eq!((answer.status(), answer.body()), (403, body), "{host}{path}");
    }
    for path in ["/restapis/api1/prod/_user_request_/open", "/_aws/execute-api/api1/prod/open"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(served.exchange(request).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_checked_or_served_yet_never_passes() {
    let upstream = Upstream::answering(&ok("")).await;
    let iam = Method { authorization_type: "AWS_IAM".to_owned(), ..method(http_proxy(upstream.uri("/"))) };
    let lambda = method(support::integration(IntegrationType::AwsProxy, Some("arn:aws:lambda".to_owned())));
    let bare = Method { integration: None, ..lambda.clone() };
    let nowhere = method(http_proxy("http://{host}/".to_owned()));
    let methods = vec![
        ("/iam", HttpMethod::Get, iam),
        ("/lambda", HttpMethod::Get, lambda),
        ("/bare", HttpMethod::Get, bare),
        ("/nowhere", HttpMethod::Get, nowhere),
    ];
    let served = Served::start(config(), &catalog(methods));
    for path in ["/iam", "/lambda", "/bare", "/nowhere"] {
        assert_eq!(served.get(path).await.status(), 500, "{path}");
    }
    assert_eq!(upstream.connections(), 0);
    assert_eq!(served.gateway.metrics().calls.by_class, [0, 0, 0, 0, 4]);
}
