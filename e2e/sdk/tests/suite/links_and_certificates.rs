//! VPC links, client certificates and SDK types.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::VpcLinkStatus;

use crate::arrange::{BAD_POSITION, replace, unique};
use crate::case::cases;
use crate::refusal::{answered, bad_request, not_found, refused};

const LOAD_BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/net/nlb/1";
const UNKNOWN_LINK: &str = "Invalid Vpc Link identifier specified";
const UNKNOWN_CERTIFICATE: &str = "Invalid Client Certificate identifier specified";

cases![
    a_link_lives_from_creation_to_deletion,
    a_link_leads_to_a_load_balancer,
    a_certificate_lives_from_generation_to_deletion,
    a_certificate_has_tags_within_bounds,
    sdk_types_are_listed_and_shown,
];

async fn a_link_lives_from_creation_to_deletion(client: Client) {
    let name = unique("nlb");
    let made = answered(client.create_vpc_link().name(&name).target_arns(LOAD_BALANCER).send()).await;
    assert_eq!(made.status(), Some(&VpcLinkStatus::Pending));
    let id = made.id().expect("an id");
    let get = || client.get_vpc_link().vpc_link_id(id);
    let shown = answered(get().send()).await;
    assert_eq!((shown.name(), shown.status()), (Some(name.as_str()), Some(&VpcLinkStatus::Available)));
    let list = answered(client.get_vpc_links().limit(500).send()).await;
    assert!(list.items().iter().any(|link| link.id() == Some(id)));
    let update = || client.update_vpc_link().vpc_link_id(id).patch_operations(replace("/name", "new"));
    assert_eq!(answered(update().send()).await.name(), Some("new"));
    let delete = || client.delete_vpc_link().vpc_link_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_LINK));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN_LINK));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_LINK));
}

async fn a_link_leads_to_a_load_balancer(client: Client) {
    let create = client.create_vpc_link().name("nlb").target_arns("nope");
    assert_eq!(refused(create.send()).await, bad_request("Invalid ARN. ARN is not well formed nope"));
    assert_eq!(refused(client.get_vpc_links().position("x").send()).await, bad_request(BAD_POSITION));
}

async fn a_certificate_lives_from_generation_to_deletion(client: Client) {
    let made = answered(client.generate_client_certificate().description("mine").send()).await;
    let id = made.client_certificate_id().expect("an id");
    let get = || client.get_client_certificate().client_certificate_id(id);
    let shown = answered(get().send()).await;
    assert_eq!(shown.pem_encoded_certificate(), made.pem_encoded_certificate());
    assert!(shown.pem_encoded_certificate().is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----")));
    let list = answered(client.get_client_certificates().limit(500).send()).await;
    assert!(list.items().iter().any(|item| item.client_certificate_id() == Some(id)));
    let update = || {
        let update = client.update_client_certificate().client_certificate_id(id);
        update.patch_operations(replace("/description", "ours"))
    };
    assert_eq!(answered(update().send()).await.description(), Some("ours"));
    let delete = || client.delete_client_certificate().client_certificate_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_CERTIFICATE));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN_CERTIFICATE));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_CERTIFICATE));
}

async fn a_certificate_has_tags_within_bounds(client: Client) {
    let generate = client.generate_client_certificate().tags("aws:mine", "1");
    assert_eq!(refused(generate.send()).await, bad_request("Invalid tag specified: aws:mine"));
    assert_eq!(refused(client.get_client_certificates().position("x").send()).await, bad_request(BAD_POSITION));
}

async fn sdk_types_are_listed_and_shown(client: Client) {
    let list = answered(client.get_sdk_types().send()).await;
    let ids: Vec<_> = list.items().iter().filter_map(|kind| kind.id()).collect();
    assert_eq!(ids, ["android", "java", "javascript", "objectivec", "ruby", "swift"]);
    let java = answered(client.get_sdk_type().id("java").send()).await;
    assert_eq!(java.configuration_properties().len(), 7);
    let cobol = refused(client.get_sdk_type().id("cobol").send()).await;
    assert_eq!(cobol, not_found("Invalid SDK type identifier specified"));
    assert_eq!(refused(client.get_sdk_types().position("x").send()).await, bad_request(BAD_POSITION));
}
