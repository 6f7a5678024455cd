//! What is so about keys, plans and APIs of a running node, by its management API.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tollgate_deploy::lint::{ApiFacts, Facts, KeyFacts, PlanFacts};

use crate::management_client::ManagementClient;

/// Reads everything there is. Takes a request for each 500 keys, and some for each plan and API.
pub(crate) async fn gather(client: &ManagementClient) -> anyhow::Result<Facts> {
    let mut facts = Facts::default();
    let mut planned = BTreeSet::new();
    for plan in items(client, "/usageplans").await? {
        let id = text(&plan, "id");
        planned.extend(items(client, &format!("/usageplans/{id}/keys")).await?.iter().map(|key| text(key, "id")));
        facts.plans.push(plan_facts(&plan));
    }
    for key in items(client, "/apikeys").await? {
        facts.keys.push(KeyFacts {
            about: named("the key", &key),
            line: 0,
            enabled: key["enabled"] == true,
            in_plan: planned.contains(&text(&key, "id")),
        });
    }
    for api in items(client, "/restapis").await? {
        facts.apis.push(api_facts(client, &api).await?);
    }
    Ok(facts)
}

fn plan_facts(plan: &Value) -> PlanFacts {
    let quota = plan.get("quota").map(|quota| {
        (quota["limit"].as_i64(), quota["offset"].as_i64().unwrap_or(0), quota["period"].as_str().map(str::to_owned))
    });
    PlanFacts {
        about: named("the plan", plan),
        line: 0,
        rate_limit: plan["throttle"]["rateLimit"].as_f64(),
        burst_limit: plan["throttle"]["burstLimit"].as_i64(),
        quota,
        apis: plan["apiStages"].as_array().into_iter().flatten().map(|stage| text(stage, "apiId")).collect(),
    }
}

async fn api_facts(client: &ManagementClient, api: &Value) -> anyhow::Result<ApiFacts> {
    let id = text(api, "id");
    let resources = items(client, &format!("/restapis/{id}/resources?embed=methods")).await?;
    let methods = resources.iter().filter_map(|resource| resource["resourceMethods"].as_object()).flatten();
    let private_methods = methods.filter(|(_, method)| method["apiKeyRequired"] == true).count();
    Ok(ApiFacts { about: named("the API", api), line: 0, id, private_methods, known: true })
}

/// All items of a list, page after page.
async fn items(client: &ManagementClient, path: &str) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut position = None::<String>;
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut page = format!("{path}{sign}limit=500");
        if let Some(position) = &position {
            page += &format!("&position={}", utf8_percent_encode(position, NON_ALPHANUMERIC));
        }
        let answer = client.send("apigateway", Method::GET, &page, Bytes::new()).await?;
        let mut answer: Value = serde_json::from_slice(answer.body())?;
        if let Value::Array(found) = answer["item"].take() {
            items.extend(found);
        }
        match answer["position"].as_str() {
            Some(next) => position = Some(next.to_owned()),
            None => return Ok(items),
        }
    }
}

fn named(what: &str, item: &Value) -> String {
    match item["name"].as_str() {
        Some(name) => format!("{what} {name} ({})", text(item, "id")),
        None => format!("{what} {}", text(item, "id")),
    }
}

fn text(item: &Value, member: &str) -> String {
    item[member].as_str().unwrap_or_default().to_owned()
}
