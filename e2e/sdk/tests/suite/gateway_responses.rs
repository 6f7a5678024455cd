//! Gateway responses.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::GatewayResponseType;

use crate::arrange::{an_api, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, not_found, refused};

const THROTTLED: GatewayResponseType = GatewayResponseType::Throttled;

cases![
    a_response_lives_from_its_wording_to_its_deletion,
    a_response_is_changed_where_it_can_be,
    responses_of_an_unknown_api_are_refused,
];

async fn a_response_lives_from_its_wording_to_its_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let put = client.put_gateway_response().rest_api_id(&api).response_type(THROTTLED).status_code("503");
    let made = answered(put.response_parameters("gatewayresponse.header.x-slow", "'down'").send()).await;
    assert_eq!((made.status_code(), made.default_response()), (Some("503"), false));
    let get = || client.get_gateway_response().rest_api_id(&api).response_type(THROTTLED);
    assert_eq!(answered(get().send()).await.status_code(), Some("503"));
    assert_eq!(answered(client.get_gateway_responses().rest_api_id(&api).send()).await.items().len(), 21);
    let delete = || client.delete_gateway_response().rest_api_id(&api).response_type(THROTTLED);
    answered(delete().send()).await;
    let shown = answered(get().send()).await;
    assert_eq!((shown.status_code(), shown.default_response()), (Some("429"), true));
    assert_eq!(refused(delete().send()).await, not_found("Gateway response type not defined on api"));
}

async fn a_response_is_changed_where_it_can_be(client: Client) {
    let api = an_api(&client).await.id;
    let update = || client.update_gateway_response().rest_api_id(&api).response_type(THROTTLED);
    let changed = answered(update().patch_operations(replace("/statusCode", "430")).send()).await;
    assert_eq!((changed.status_code(), changed.default_response()), (Some("430"), false));
    let elsewhere = update().patch_operations(replace("/nowhere", "x"));
    assert_eq!(refused(elsewhere.send()).await, bad_request("Invalid patch path /nowhere"));
}

async fn responses_of_an_unknown_api_are_refused(client: Client) {
    let put = client.put_gateway_response().rest_api_id("nope").response_type(THROTTLED);
    assert_eq!(refused(put.send()).await, unknown_api("nope"));
    let get = client.get_gateway_response().rest_api_id("nope").response_type(THROTTLED);
    assert_eq!(refused(get.send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_gateway_responses().rest_api_id("nope").send()).await, unknown_api("nope"));
}
