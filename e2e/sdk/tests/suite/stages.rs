//! Stages.

use aws_sdk_apigateway::Client;

use crate::arrange::{STAGE, a_deployed_api, remove, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid stage identifier specified";

cases![
    a_stage_lives_from_creation_to_deletion,
    a_stage_is_checked_as_aws_does,
    method_settings_of_a_stage_are_changed,
    the_caches_of_a_stage_are_flushed,
    stages_of_an_unknown_api_are_refused,
];

async fn a_stage_lives_from_creation_to_deletion(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let deployment = answered(client.create_deployment().rest_api_id(&api).send()).await.id.expect("an id");
    let create = client.create_stage().rest_api_id(&api).stage_name("beta").deployment_id(&deployment);
    answered(create.variables("colour", "blue").send()).await;
    let get = || client.get_stage().rest_api_id(&api).stage_name("beta");
    let shown = answered(get().send()).await;
    assert_eq!(shown.deployment_id(), Some(deployment.as_str()));
    assert_eq!(shown.variables().map(|variables| variables["colour"].as_str()), Some("blue"));
    let list = answered(client.get_stages().rest_api_id(&api).deployment_id(&deployment).send()).await;
    assert_eq!(list.item().iter().map(|stage| stage.stage_name()).collect::<Vec<_>>(), [Some("beta")]);
    let update = || {
        let update = client.update_stage().rest_api_id(&api).stage_name("beta");
        update.patch_operations(replace("/description", "next"))
    };
    assert_eq!(answered(update().send()).await.description(), Some("next"));
    let delete = || client.delete_stage().rest_api_id(&api).stage_name("beta");
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_stage_is_checked_as_aws_does(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let create = |stage: &str| client.create_stage().rest_api_id(&api).stage_name(stage);
    let unknown = refused(create("beta").deployment_id("nope").send()).await;
    assert_eq!(unknown, bad_request("Deployment id does not exist"));
    let deployed = answered(client.get_stage().rest_api_id(&api).stage_name(STAGE).send()).await;
    let twice = refused(create(STAGE).set_deployment_id(deployed.deployment_id).send()).await;
    assert_eq!(twice, conflict("Stage already exists"));
}

async fn method_settings_of_a_stage_are_changed(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let update = || client.update_stage().rest_api_id(&api).stage_name(STAGE);
    let changed = answered(update().patch_operations(replace("/*/*/throttling/rateLimit", "7")).send()).await;
    let settings = changed.method_settings().expect("settings");
    assert_eq!((settings["*/*"].throttling_rate_limit(), settings["*/*"].throttling_burst_limit()), (7.0, 5000));
    answered(update().patch_operations(remove("/*/*")).send()).await;
    let message = "Cannot remove method setting */* because there is no method setting for this method ";
    assert_eq!(refused(update().patch_operations(remove("/*/*")).send()).await, bad_request(message));
}

async fn the_caches_of_a_stage_are_flushed(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let data = |stage: &str| client.flush_stage_cache().rest_api_id(&api).stage_name(stage).send();
    answered(data(STAGE)).await;
    assert_eq!(refused(data("nope")).await, not_found(UNKNOWN));
    let authorizers = |stage: &str| client.flush_stage_authorizers_cache().rest_api_id(&api).stage_name(stage).send();
    answered(authorizers(STAGE)).await;
    assert_eq!(refused(authorizers("nope")).await, not_found(UNKNOWN));
}

async fn stages_of_an_unknown_api_are_refused(client: Client) {
    let create = client.create_stage().rest_api_id("nope").stage_name(STAGE).deployment_id("nope");
    assert_eq!(refused(create.send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_stages().rest_api_id("nope").send()).await, unknown_api("nope"));
}
