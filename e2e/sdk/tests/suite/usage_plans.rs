//! Usage plans, their keys and their usage.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::primitives::{DateTime, DateTimeFormat};
use aws_sdk_apigateway::types::{ApiStage, QuotaPeriodType, QuotaSettings, ThrottleSettings};

use crate::arrange::{BAD_POSITION, STAGE, a_deployed_api, a_key, a_plan, replace, unique};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid Usage Plan ID specified";
const UNKNOWN_KEY: &str = "Invalid API Key identifier specified";

cases![
    a_plan_lives_from_creation_to_deletion,
    a_plan_covers_stages_that_are_there,
    a_quota_is_checked_as_aws_does,
    a_key_of_a_plan_lives_from_attachment_to_detachment,
    a_key_is_in_a_plan_once,
    a_key_is_in_one_plan_of_a_stage,
    usage_is_shown_and_changed,
    usage_has_a_range_of_days,
];

fn daily(limit: i32) -> QuotaSettings {
    QuotaSettings::builder().limit(limit).period(QuotaPeriodType::Day).build()
}

async fn attach(client: &Client, plan: &str, key: &str) {
    answered(client.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type("API_KEY").send()).await;
}

async fn a_plan_lives_from_creation_to_deletion(client: Client) {
    let throttle = ThrottleSettings::builder().rate_limit(0.5).burst_limit(1).build();
    let name = unique("plan");
    let made = answered(client.create_usage_plan().name(&name).throttle(throttle).quota(daily(5)).send()).await;
    let id = made.id().expect("an id");
    let get = || client.get_usage_plan().usage_plan_id(id);
    let shown = answered(get().send()).await;
    assert_eq!((shown.name(), shown.throttle(), shown.quota()), (Some(name.as_str()), made.throttle(), made.quota()));
    assert_eq!(shown.throttle().map(|throttle| throttle.rate_limit()), Some(0.5));
    let list = answered(client.get_usage_plans().limit(500).send()).await;
    assert!(list.items().iter().any(|plan| plan.id() == Some(id)));
    assert_eq!(refused(client.get_usage_plans().position("x").send()).await, bad_request(BAD_POSITION));
    let update = || client.update_usage_plan().usage_plan_id(id).patch_operations(replace("/quota/limit", "6"));
    assert_eq!(answered(update().send()).await.quota().map(|quota| quota.limit()), Some(6));
    let delete = || client.delete_usage_plan().usage_plan_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_plan_covers_stages_that_are_there(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let create = |stage: &str| {
        let covered = ApiStage::builder().api_id(&api).stage(stage).build();
        client.create_usage_plan().name("covering").api_stages(covered).send()
    };
    assert_eq!(refused(create("nope")).await, not_found(format!("API Stage not found: {api}:nope")));
    let plan = answered(create(STAGE)).await.id.expect("an id");
    let message = format!(
        "Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:{STAGE}"
    );
    assert_eq!(refused(client.delete_usage_plan().usage_plan_id(&plan).send()).await, bad_request(message));
}

async fn a_quota_is_checked_as_aws_does(client: Client) {
    let create = |quota: QuotaSettings| client.create_usage_plan().name("x").quota(quota).send();
    let message = "Usage Plan quota limit must be a non-negative numeric";
    assert_eq!(refused(create(daily(0))).await, bad_request(message));
    let late = QuotaSettings::builder().limit(5).period(QuotaPeriodType::Week).offset(7).build();
    let message = "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period";
    assert_eq!(refused(create(late)).await, bad_request(message));
}

async fn a_key_of_a_plan_lives_from_attachment_to_detachment(client: Client) {
    let (plan, key) = (a_plan(&client).await, a_key(&client).await);
    attach(&client, &plan, &key).await;
    let get = || client.get_usage_plan_key().usage_plan_id(&plan).key_id(&key);
    assert_eq!(answered(get().send()).await.r#type(), Some("API_KEY"));
    let list = || client.get_usage_plan_keys().usage_plan_id(&plan);
    let listed = answered(list().send()).await;
    assert_eq!(listed.items().iter().map(|item| item.id()).collect::<Vec<_>>(), [Some(key.as_str())]);
    assert_eq!(refused(list().position("x").send()).await, bad_request(BAD_POSITION));
    let delete = || client.delete_usage_plan_key().usage_plan_id(&plan).key_id(&key);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_KEY));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_KEY));
}

async fn a_key_is_in_a_plan_once(client: Client) {
    let (plan, key) = (a_plan(&client).await, a_key(&client).await);
    attach(&client, &plan, &key).await;
    let again = client.create_usage_plan_key().usage_plan_id(&plan).key_id(&key).key_type("API_KEY");
    assert_eq!(refused(again.send()).await, conflict(format!("API Key {key} is already in Usage Plan {plan}")));
    let unknown = client.create_usage_plan_key().usage_plan_id(&plan).key_id("nope").key_type("API_KEY");
    assert_eq!(refused(unknown.send()).await, not_found(UNKNOWN_KEY));
}

async fn a_key_is_in_one_plan_of_a_stage(client: Client) {
    let (api, key) = (a_deployed_api(&client).await.id, a_key(&client).await);
    let covering = || {
        let covered = ApiStage::builder().api_id(&api).stage(STAGE).build();
        client.create_usage_plan().name("covering").api_stages(covered).send()
    };
    let first = answered(covering()).await.id.expect("an id");
    let second = answered(covering()).await.id.expect("an id");
    attach(&client, &first, &key).await;
    let clash = client.create_usage_plan_key().usage_plan_id(second).key_id(&key).key_type("API_KEY");
    let message = format!("API Key {key} cannot reference multiple Usage Plans with the same API stage: {api}:{STAGE}");
    assert_eq!(refused(clash.send()).await, conflict(message));
}

async fn usage_is_shown_and_changed(client: Client) {
    let plan = answered(client.create_usage_plan().name("metered").quota(daily(9)).send()).await.id.expect("an id");
    let key = a_key(&client).await;
    attach(&client, &plan, &key).await;
    let update = |value: &str| {
        let update = client.update_usage().usage_plan_id(&plan).key_id(&key);
        update.patch_operations(replace("/remaining", value)).send()
    };
    let changed = answered(update("5")).await;
    assert_eq!(changed.items().expect("days")[&key], [[0, 5]]);
    // Days on both sides, so that midnight may pass between the two calls.
    let range = client.get_usage().usage_plan_id(&plan).key_id(&key).start_date(day(-1)).end_date(day(1));
    let days = answered(range.send()).await;
    assert!(days.items().expect("days")[&key].contains(&vec![0, 5]), "{:?}", days.items());
    let message = "Invalid remaining quota specified: few. Must be a non-negative integer";
    assert_eq!(refused(update("few")).await, bad_request(message));
}

async fn usage_has_a_range_of_days(client: Client) {
    let plan = a_plan(&client).await;
    let range = client.get_usage().usage_plan_id(&plan).start_date("2026-11-22").end_date("2026-11-21");
    assert_eq!(refused(range.send()).await, bad_request("The end date must not be before the start date"));
    let unknown = client.get_usage().usage_plan_id("nope").start_date("2026-11-22").end_date("2026-11-22");
    assert_eq!(refused(unknown.send()).await, not_found(UNKNOWN));
}

/// The date that is some days from today, in UTC.
fn day(offset: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let then = DateTime::from_secs(i64::try_from(now).expect("a time") + offset * 86_400);
    let text = then.fmt(DateTimeFormat::DateTime).expect("a date");
    text[..10].to_owned()
}
