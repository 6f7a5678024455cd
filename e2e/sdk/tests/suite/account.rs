//! Account.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::config::{Builder, Credentials};

use crate::arrange::{add, replace};
use crate::case::cases;
use crate::refusal::{answered, bad_request, refused, unmodelled};

cases![the_account_is_read_and_changed, a_role_that_is_none_is_refused, a_secret_of_another_signs_nothing];

async fn the_account_is_read_and_changed(client: Client) {
    let role = "arn:aws:iam::123456789012:role/logs";
    let changed = client.update_account().patch_operations(replace("/cloudwatchRoleArn", role));
    let changed = answered(changed.patch_operations(add("/features", "UsagePlans")).send()).await;
    assert_eq!(changed.cloudwatch_role_arn(), Some(role));
    let account = answered(client.get_account().send()).await;
    assert_eq!((account.cloudwatch_role_arn(), account.features()), (Some(role), &["UsagePlans".to_owned()][..]));
    let throttle = account.throttle_settings().expect("a throttle");
    assert_eq!((throttle.rate_limit(), throttle.burst_limit()), (10_000.0, 5000));
}

async fn a_role_that_is_none_is_refused(client: Client) {
    let changed = client.update_account().patch_operations(replace("/cloudwatchRoleArn", "arn:aws:s3:::bucket"));
    assert_eq!(refused(changed.send()).await, bad_request("The role ARN is not well formed"));
}

async fn a_secret_of_another_signs_nothing(client: Client) {
    let pair = |id: &str| Builder::default().credentials_provider(Credentials::new(id, "guessed", None, None, "test"));
    let known = client.get_account().customize().config_override(pair("AKIASDKSUITE00000000"));
    let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
                   Secret Access Key and signing method. Consult the service documentation for details.";
    assert_eq!(refused(known.send()).await, unmodelled(403, "InvalidSignatureException", message));
    let unknown = client.get_account().customize().config_override(pair("AKIANOBODY0000000000"));
    let message = "The security token included in the request is invalid.";
    assert_eq!(refused(unknown.send()).await, unmodelled(403, "UnrecognizedClientException", message));
}
