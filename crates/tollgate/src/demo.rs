//! The demo: a sample API behind the gateway, three plans, one key each, and what to paste.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tollgate_control::Control;
use tollgate_domain::{Clock, clock::SystemClock};

use crate::cli::{Settings, say, stop_signal};
use crate::logging;
use crate::node::Node;

const API: &str = "petstore";
const STAGE: &str = "dev";

/// Name, calls a second, burst, calls in a period, period.
const PLANS: [(&str, f64, u32, u32, &str); 3] =
    [("bronze", 1.0, 2, 100, "DAY"), ("silver", 10.0, 20, 10_000, "WEEK"), ("gold", 100.0, 200, 1_000_000, "MONTH")];

/// Serves the demo until it is stopped. Without a data directory it leaves nothing behind.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let temporary = tempfile::Builder::new().prefix("tollgate-demo-").tempdir()?;
    let mut defaults = vec![("log", "warn".to_owned())];
    if !settings.names_data_dir() {
        defaults.push(("data_dir", temporary.path().display().to_string()));
    }
    let config = settings.load(&defaults)?;
    logging::start(&config)?;
    let stop = stop_signal()?;
    let upstream = start_upstream().await?;
    let node = Node::open(&config).await?;
    let demo = Demo::find_or_make(&node.control, &upstream).await?;
    say(&demo.instructions(&node, &console_link(&node).await?));
    stop.await;
    say("\nstopping …");
    node.stop().await
}

/// What the demo made, or found in a data directory that it was started on before.
struct Demo {
    api: String,
    /// The values of the keys, in the order of [`PLANS`].
    keys: Vec<String>,
    bronze_plan: String,
}

impl Demo {
    async fn find_or_make(control: &Control, upstream: &str) -> anyhow::Result<Self> {
        let apis = perform(control, Method::GET, "/restapis?limit=500", None).await?;
        let api = match find_named(&apis, API) {
            Some(api) => api,
            None => make_api(control, upstream).await?,
        };
        // The sample upstream is on another port at each start.
        let variable = json!({"patchOperations": [
            {"op": "replace", "path": "/variables/upstream", "value": upstream}
        ]});
        perform(control, Method::PATCH, &format!("/restapis/{api}/stages/{STAGE}"), Some(variable)).await?;
        let mut keys = Vec::new();
        let mut bronze_plan = String::new();
        for plan in PLANS {
            let (id, key) = find_or_make_plan(control, &api, plan).await?;
            if plan.0 == "bronze" {
                bronze_plan = id;
            }
            keys.push(key);
        }
        Ok(Self { api, keys, bronze_plan })
    }

    fn instructions(&self, node: &Node, console: &str) -> String {
        let Self { api, keys, bronze_plan } = self;
        let url = format!("http://{}/restapis/{api}/{STAGE}/_user_request_/pets", node.addresses.gateway);
        let today = SystemClock::new().now().wall.day();
        let plans: String = PLANS
            .iter()
            .zip(keys)
            .map(|((name, rate, burst, limit, period), key)| {
                format!("  {name:<7} {rate:>5} calls/s, burst {burst:>3}, {limit:>7} per {period:<5}  key {key}\n")
            })
            .collect();
        format!(
            "Tollgate serves the API \"{API}\", stage \"{STAGE}\", to three plans:\n\n{plans}\n\
             A call that works (gold):\n\n  curl -i -H 'x-api-key: {gold}' {url}\n\n\
             Calls that are throttled after the second (bronze):\n\n  \
             for i in 1 2 3 4 5; do curl -s -w ' %{{http_code}}\\n' -H 'x-api-key: {bronze}' {url}/1; done\n\n\
             A call without a key, which is refused:\n\n  curl -i {url}\n\n\
             The AWS CLI, unmodified:\n\n  \
             export AWS_ENDPOINT_URL=http://{management}\n  \
             export AWS_ACCESS_KEY_ID={access_key}\n  \
             export AWS_SECRET_ACCESS_KEY={secret}\n  \
             export AWS_DEFAULT_REGION=us-east-1\n\n  \
             aws apigateway get-usage-plans\n  \
             aws apigateway get-usage --usage-plan-id {bronze_plan} --start-date {today} --end-date {today}\n\n\
             The console, signed in by this link (once, within ten minutes):\n\n  {console}\n\n\
             Ctrl-C stops it.",
            gold = keys[2],
            bronze = keys[0],
            management = node.addresses.management,
            access_key = node.root.access_key_id,
            secret = node.root.secret_access_key,
        )
    }
}

async fn console_link(node: &Node) -> anyhow::Result<String> {
    let token = node.control.console_link(&node.root.access_key_id).await?;
    Ok(format!("http://{}/console/#link={token}", node.addresses.management))
}

async fn perform(control: &Control, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
    let what = format!("{method} {path}");
    control.perform(method, path, body).await.with_context(|| format!("the demo cannot be set up: {what}"))
}

fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    value[member].as_str().map(ToOwned::to_owned).with_context(|| format!("an answer has no `{member}`"))
}

/// The id of the item with a name.
fn find_named(list: &Value, name: &str) -> Option<String> {
    let items = list["item"].as_array()?;
    items.iter().find(|item| item["name"] == name)?["id"].as_str().map(ToOwned::to_owned)
}

/// `GET /pets` and `GET /pets/{id}`, both with a key, deployed.
async fn make_api(control: &Control, upstream: &str) -> anyhow::Result<String> {
    let created = perform(control, Method::POST, "/restapis", Some(json!({"name": API}))).await?;
    let (api, root) = (text(&created, "id")?, text(&created, "rootResourceId")?);
    let pets = make_resource(control, &api, &root, "pets").await?;
    make_method(control, &api, &pets, "/pets", json!({})).await?;
    let pet = make_resource(control, &api, &pets, "{id}").await?;
    let id = json!({"integration.request.path.id": "method.request.path.id"});
    make_method(control, &api, &pet, "/pets/{id}", id).await?;
    let deployment = json!({"stageName": STAGE, "variables": {"upstream": upstream}});
    perform(control, Method::POST, &format!("/restapis/{api}/deployments"), Some(deployment)).await?;
    Ok(api)
}

async fn make_resource(control: &Control, api: &str, parent: &str, part: &str) -> anyhow::Result<String> {
    let path = format!("/restapis/{api}/resources/{parent}");
    text(&perform(control, Method::POST, &path, Some(json!({"pathPart": part}))).await?, "id")
}

async fn make_method(control: &Control, api: &str, resource: &str, path: &str, mapped: Value) -> anyhow::Result<()> {
    let method = format!("/restapis/{api}/resources/{resource}/methods/GET");
    let declared = if path.contains('{') { json!({"method.request.path.id": true}) } else { json!({}) };
    let settings = json!({"authorizationType": "NONE", "apiKeyRequired": true, "requestParameters": declared});
    perform(control, Method::PUT, &method, Some(settings)).await?;
    let integration = json!({
        "type": "HTTP_PROXY",
        "httpMethod": "GET",
        "uri": format!("http://${{stageVariables.upstream}}{path}"),
        "requestParameters": mapped,
    });
    perform(control, Method::PUT, &format!("{method}/integration"), Some(integration)).await?;
    Ok(())
}

/// A plan with its key: the plan's id and the key's value.
async fn find_or_make_plan(
    control: &Control,
    api: &str,
    (name, rate, burst, limit, period): (&str, f64, u32, u32, &str),
) -> anyhow::Result<(String, String)> {
    let plans = perform(control, Method::GET, "/usageplans?limit=500", None).await?;
    if let Some(plan) = find_named(&plans, name) {
        let keys = perform(control, Method::GET, &format!("/usageplans/{plan}/keys"), None).await?;
        if let Some(value) = keys["item"][0]["value"].as_str() {
            return Ok((plan, value.to_owned()));
        }
    }
    let plan = json!({
        "name": name,
        "throttle": {"rateLimit": rate, "burstLimit": burst},
        "quota": {"limit": limit, "period": period},
        "apiStages": [{"apiId": api, "stage": STAGE}],
    });
    let plan = text(&perform(control, Method::POST, "/usageplans", Some(plan)).await?, "id")?;
    let key = json!({"name": format!("{name}-key"), "enabled": true});
    let key = perform(control, Method::POST, "/apikeys", Some(key)).await?;
    let membership = json!({"keyId": text(&key, "id")?, "keyType": "API_KEY"});
    perform(control, Method::POST, &format!("/usageplans/{plan}/keys"), Some(membership)).await?;
    Ok((plan, text(&key, "value")?))
}

/// Serves three pets on a free port and returns its address.
async fn start_upstream() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let calls = Arc::new(AtomicU64::new(0));
    let router = Router::new()
        .route("/pets", get(|| async { Json(json!([pet(1), pet(2), pet(3)])) }))
        .route(
            "/pets/{id}",
            get(|State(calls): State<Arc<AtomicU64>>, Path(id): Path<u64>| async move {
                let served = calls.fetch_add(1, Ordering::Relaxed) + 1;
                Json(json!({"pet": pet(id), "servedByUpstream": served}))
            }),
        )
        .with_state(calls);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

fn pet(id: u64) -> Value {
    let (kind, price) = [("fish", 0.99), ("dog", 249.99), ("cat", 124.99)][usize::try_from(id % 3).unwrap_or(0)];
    json!({"id": id, "type": kind, "price": price})
}
