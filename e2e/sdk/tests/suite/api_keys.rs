//! API keys.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::ApiKeysFormat;

use crate::arrange::{BAD_POSITION, a_key, a_plan, replace, unique};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid API Key identifier specified";

cases![
    a_key_lives_from_creation_to_deletion,
    a_value_is_between_20_and_128_characters,
    a_value_exists_once,
    four_paths_of_a_key_are_changed_and_no_other,
    keys_are_listed_by_their_names,
    keys_are_imported,
    a_file_without_its_columns_is_refused,
];

async fn a_key_lives_from_creation_to_deletion(client: Client) {
    let (name, value) = (unique("key"), unique("a-value-of-twenty-characters"));
    let made = answered(client.create_api_key().name(&name).value(&value).enabled(true).send()).await;
    let id = made.id().expect("an id");
    assert_eq!((made.value(), made.enabled(), made.stage_keys().len()), (Some(value.as_str()), true, 0));
    let hidden = answered(client.get_api_key().api_key(id).send()).await;
    assert_eq!((hidden.name(), hidden.value()), (Some(name.as_str()), None));
    let shown = answered(client.get_api_key().api_key(id).include_value(true).send()).await;
    assert_eq!(shown.value(), Some(value.as_str()));
    let changes = client.update_api_key().api_key(id).patch_operations(replace("/enabled", "false"));
    let changed = answered(changes.patch_operations(replace("/customerId", "c1")).send()).await;
    assert_eq!((changed.enabled(), changed.customer_id()), (false, Some("c1")));
    answered(client.delete_api_key().api_key(id).send()).await;
    assert_eq!(refused(client.get_api_key().api_key(id).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(client.delete_api_key().api_key(id).send()).await, not_found(UNKNOWN));
    let changes = client.update_api_key().api_key(id).patch_operations(replace("/name", "x"));
    assert_eq!(refused(changes.send()).await, not_found(UNKNOWN));
}

async fn a_value_is_between_20_and_128_characters(client: Client) {
    let short = refused(client.create_api_key().value("v".repeat(19)).send()).await;
    assert_eq!(short, bad_request("API Key value should be at least 20 characters"));
    let long = refused(client.create_api_key().value("v".repeat(129)).send()).await;
    assert_eq!(long, bad_request("API Key value exceeds maximum size of 128 characters"));
    let name = refused(client.create_api_key().name("n".repeat(1025)).send()).await;
    assert_eq!(name, bad_request("Invalid API Key name, can be at most 1024 characters."));
}

async fn a_value_exists_once(client: Client) {
    let value = unique("a-value-of-twenty-characters");
    answered(client.create_api_key().value(&value).send()).await;
    assert_eq!(refused(client.create_api_key().value(&value).send()).await, conflict("API Key already exists"));
}

async fn four_paths_of_a_key_are_changed_and_no_other(client: Client) {
    let key = a_key(&client).await;
    let other = refused(client.update_api_key().api_key(key).patch_operations(replace("/id", "x")).send()).await;
    let message = "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, \
                   /name, /customerId]";
    assert_eq!(other, bad_request(message));
}

async fn keys_are_listed_by_their_names(client: Client) {
    let name = unique("listed");
    for suffix in ["a", "b", "c"] {
        answered(client.create_api_key().name(format!("{name}-{suffix}")).send()).await;
    }
    let pages = client.get_api_keys().name_query(&name).include_values(true).into_paginator().page_size(2);
    let pages: Vec<_> = answered(pages.send().collect::<Result<_, _>>()).await;
    assert_eq!(pages.iter().map(|page| page.items().len()).collect::<Vec<_>>(), [2, 1]);
    let keys: Vec<_> = pages.iter().flat_map(|page| page.items()).collect();
    let mut names: Vec<_> = keys.iter().filter_map(|key| key.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c"].map(|suffix| format!("{name}-{suffix}")));
    assert!(keys.iter().all(|key| key.value().is_some_and(|value| value.len() == 40)));
    assert_eq!(refused(client.get_api_keys().position("x").send()).await, bad_request(BAD_POSITION));
}

async fn keys_are_imported(client: Client) {
    let (plan, value) = (a_plan(&client).await, unique("a-value-of-twenty-characters"));
    let file = format!("Name,Key,UsagePlanIds\nimported,{value},{plan}\n");
    let import = client.import_api_keys().format(ApiKeysFormat::Csv).body(Blob::new(file));
    let said = answered(import.fail_on_warnings(true).send()).await;
    let [id] = said.ids() else { panic!("one key of {:?}", said.ids()) };
    let key = answered(client.get_usage_plan_key().usage_plan_id(plan).key_id(id).send()).await;
    assert_eq!((key.name(), key.value()), (Some("imported"), Some(value.as_str())));
}

async fn a_file_without_its_columns_is_refused(client: Client) {
    let import = client.import_api_keys().format(ApiKeysFormat::Csv).body(Blob::new("Name\nonly-a-name\n"));
    let message = "Failed to import API keys: the column Key is missing";
    assert_eq!(refused(import.send()).await, bad_request(message));
}
