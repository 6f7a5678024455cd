//! Deployments.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::DeploymentCanarySettings;

use crate::arrange::{STAGE, a_deployed_api, an_api, an_api_with_a_method, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, not_found, refused};

const UNKNOWN: &str = "Invalid Deployment identifier specified";

cases![
    a_deployment_lives_from_creation_to_deletion,
    an_api_without_methods_is_not_deployed,
    a_canary_needs_a_stage,
    a_deployment_in_use_stays,
    deployments_of_an_unknown_api_are_refused,
];

async fn a_deployment_lives_from_creation_to_deletion(client: Client) {
    let api = an_api_with_a_method(&client).await.id;
    let made = answered(client.create_deployment().rest_api_id(&api).description("first").send()).await;
    let id = made.id().expect("an id");
    let get = || client.get_deployment().rest_api_id(&api).deployment_id(id);
    assert_eq!(answered(get().send()).await.description(), Some("first"));
    let summary = answered(get().embed("apisummary").send()).await;
    let summary = summary.api_summary().expect("a summary");
    assert_eq!(summary["/"]["GET"].authorization_type(), Some("NONE"));
    let list = answered(client.get_deployments().rest_api_id(&api).send()).await;
    assert_eq!(list.items().iter().map(|item| item.id()).collect::<Vec<_>>(), [Some(id)]);
    let update = || client.update_deployment().rest_api_id(&api).deployment_id(id);
    let changed = answered(update().patch_operations(replace("/description", "second")).send()).await;
    assert_eq!(changed.description(), Some("second"));
    let delete = || client.delete_deployment().rest_api_id(&api).deployment_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/description", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn an_api_without_methods_is_not_deployed(client: Client) {
    let api = an_api(&client).await.id;
    let deployment = refused(client.create_deployment().rest_api_id(api).stage_name(STAGE).send()).await;
    assert_eq!(deployment, bad_request("The REST API doesn't contain any methods"));
}

async fn a_canary_needs_a_stage(client: Client) {
    let api = an_api_with_a_method(&client).await.id;
    let canary = || DeploymentCanarySettings::builder().percent_traffic(50.0).build();
    let deploy = || client.create_deployment().rest_api_id(&api).canary_settings(canary());
    let message = "Invalid deployment content specified.Non null and non empty stageName must be provided for canary \
                   deployment. Provided value is null";
    assert_eq!(refused(deploy().send()).await, bad_request(message));
    let message = "Invalid deployment content specified.Stage dev must already be created before making a canary \
                   release deployment";
    assert_eq!(refused(deploy().stage_name(STAGE).send()).await, bad_request(message));
}

async fn a_deployment_in_use_stays(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let stage = answered(client.get_stage().rest_api_id(&api).stage_name(STAGE).send()).await;
    let delete = client.delete_deployment().rest_api_id(&api).set_deployment_id(stage.deployment_id);
    let message = "Active stages pointing to this deployment must be moved or deleted";
    assert_eq!(refused(delete.send()).await, bad_request(message));
}

async fn deployments_of_an_unknown_api_are_refused(client: Client) {
    assert_eq!(refused(client.create_deployment().rest_api_id("nope").send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_deployments().rest_api_id("nope").send()).await, unknown_api("nope"));
}
