//! What cases stand on: an API, a method, a stage, a plan, a key.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::{IntegrationType, Op, PatchOperation};

use crate::refusal::{Refusal, answered, not_found};

/// The stage of a deployed API.
pub const STAGE: &str = "dev";
/// What a list says of a position that it never gave out.
pub const BAD_POSITION: &str = "Invalid position parameter specified";

/// A name that no other case has.
pub fn unique(word: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{word}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The refusal of an API that is not there.
pub fn unknown_api(id: &str) -> Refusal {
    not_found(format!("Invalid API identifier specified 000000000000:{id}"))
}

pub fn add(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Add).path(path).value(value).build()
}

pub fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

pub fn remove(path: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Remove).path(path).build()
}

/// An empty API.
pub struct Api {
    pub id: String,
    /// Its root resource.
    pub root: String,
}

pub async fn an_api(client: &Client) -> Api {
    let made = answered(client.create_rest_api().name(unique("api")).send()).await;
    Api { id: made.id.expect("an id"), root: made.root_resource_id.expect("a root") }
}

/// An API with `GET /` of the integration MOCK.
pub async fn an_api_with_a_method(client: &Client) -> Api {
    let api = an_api(client).await;
    let method = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(method.authorization_type("NONE").send()).await;
    let integration = client.put_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(integration.r#type(IntegrationType::Mock).send()).await;
    api
}

/// An API whose `GET /` is deployed to [`STAGE`].
pub async fn a_deployed_api(client: &Client) -> Api {
    let api = an_api_with_a_method(client).await;
    answered(client.create_deployment().rest_api_id(&api.id).stage_name(STAGE).send()).await;
    api
}

/// A key's id.
pub async fn a_key(client: &Client) -> String {
    let made = answered(client.create_api_key().name(unique("key")).enabled(true).send()).await;
    made.id.expect("an id")
}

/// The id of a plan that covers no stage and has no limit.
pub async fn a_plan(client: &Client) -> String {
    answered(client.create_usage_plan().name(unique("plan")).send()).await.id.expect("an id")
}
