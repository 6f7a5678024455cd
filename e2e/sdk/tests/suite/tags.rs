//! Tags.

use std::collections::HashMap;

use aws_sdk_apigateway::Client;

use crate::arrange::{a_key, a_plan, an_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, not_found, refused};

cases![what_carries_tags_is_tagged_and_untagged, what_is_not_there_has_no_tags];

async fn what_carries_tags_is_tagged_and_untagged(client: Client) {
    let paths = [
        format!("apikeys/{}", a_key(&client).await),
        format!("usageplans/{}", a_plan(&client).await),
        format!("restapis/{}", an_api(&client).await.id),
    ];
    for path in paths {
        let arn = format!("arn:aws:apigateway:eu-central-1::/{path}");
        answered(client.tag_resource().resource_arn(&arn).tags("a", "1").tags("b", "2").send()).await;
        answered(client.untag_resource().resource_arn(&arn).tag_keys("a").send()).await;
        let tags = answered(client.get_tags().resource_arn(&arn).send()).await.tags;
        assert_eq!(tags, Some(HashMap::from([("b".to_owned(), "2".to_owned())])), "{path}");
    }
}

async fn what_is_not_there_has_no_tags(client: Client) {
    let arn = "arn:aws:apigateway:eu-central-1::/usageplans/nope";
    let missing = || not_found(format!("Invalid resource ARN specified: {arn} does not exist"));
    assert_eq!(refused(client.get_tags().resource_arn(arn).send()).await, missing());
    assert_eq!(refused(client.tag_resource().resource_arn(arn).tags("a", "1").send()).await, missing());
    assert_eq!(refused(client.untag_resource().resource_arn(arn).tag_keys("a").send()).await, missing());
    let bucket = refused(client.get_tags().resource_arn("arn:aws:s3:::bucket").send()).await;
    assert_eq!(bucket, bad_request("Invalid ARN specified: arn:aws:s3:::bucket"));
}
