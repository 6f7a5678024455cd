//! Custom domain names, their mappings, and leave to use them.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::{
    AccessAssociationSourceType, EndpointConfiguration, EndpointType, ResourceOwner, SecurityPolicy,
};

use crate::arrange::{BAD_POSITION, STAGE, a_deployed_api, replace, unique};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:000000000000:certificate/one";
const UNKNOWN: &str = "Invalid domain name identifier specified";
const UNKNOWN_MAPPING: &str = "Invalid base path mapping identifier specified";
const UNKNOWN_ASSOCIATION: &str = "Invalid domain name access association identifier specified";

cases![
    a_domain_name_lives_from_creation_to_deletion,
    a_domain_name_exists_once,
    a_mapping_lives_from_creation_to_deletion,
    a_base_path_leads_to_one_api,
    mappings_of_an_unknown_domain_name_are_refused,
    leave_is_given_and_taken_back,
    leave_is_rejected_by_the_owner,
    leave_is_given_for_private_domain_names_alone,
];

/// Makes a domain name and returns it with its ARN.
async fn a_domain_name(client: &Client, kind: EndpointType) -> (String, String) {
    let name = format!("{}.example.com", unique("domain"));
    let create = client.create_domain_name().domain_name(&name);
    let create = match kind {
        EndpointType::Regional => create.regional_certificate_arn(CERTIFICATE),
        _ => create.certificate_arn(CERTIFICATE),
    };
    let made = answered(create.endpoint_configuration(EndpointConfiguration::builder().types(kind).build()).send());
    (name, made.await.domain_name_arn.expect("an ARN"))
}

async fn a_domain_name_lives_from_creation_to_deletion(client: Client) {
    let (name, arn) = a_domain_name(&client, EndpointType::Regional).await;
    let get = || client.get_domain_name().domain_name(&name);
    let shown = answered(get().send()).await;
    assert_eq!(shown.domain_name_arn(), Some(arn.as_str()));
    assert_eq!(shown.security_policy(), Some(&SecurityPolicy::Tls12));
    let list = client.get_domain_names().resource_owner(ResourceOwner::SelfValue).limit(500);
    assert!(answered(list.send()).await.items().iter().any(|item| item.domain_name() == Some(&name)));
    let update = || client.update_domain_name().domain_name(&name);
    let changed = answered(update().patch_operations(replace("/securityPolicy", "TLS_1_0")).send()).await;
    assert_eq!(changed.security_policy(), Some(&SecurityPolicy::Tls10));
    let delete = || client.delete_domain_name().domain_name(&name);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/securityPolicy", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_domain_name_exists_once(client: Client) {
    let (name, _) = a_domain_name(&client, EndpointType::Edge).await;
    let again = client.create_domain_name().domain_name(name).certificate_arn(CERTIFICATE);
    assert_eq!(refused(again.send()).await, bad_request("The domain name you provided already exists."));
    assert_eq!(refused(client.get_domain_names().position("x").send()).await, bad_request(BAD_POSITION));
}

async fn a_mapping_lives_from_creation_to_deletion(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let (name, _) = a_domain_name(&client, EndpointType::Regional).await;
    let create = client.create_base_path_mapping().domain_name(&name).rest_api_id(&api).stage(STAGE);
    assert_eq!(answered(create.send()).await.base_path(), Some("(none)"));
    let get = |path: &str| client.get_base_path_mapping().domain_name(&name).base_path(path).send();
    assert_eq!(answered(get("(none)")).await.rest_api_id(), Some(api.as_str()));
    let update = |path: &str| client.update_base_path_mapping().domain_name(&name).base_path(path);
    let changed = answered(update("(none)").patch_operations(replace("/basePath", "v1")).send()).await;
    assert_eq!((changed.base_path(), changed.stage()), (Some("v1"), Some(STAGE)));
    let list = answered(client.get_base_path_mappings().domain_name(&name).send()).await;
    assert_eq!(list.items().iter().map(|item| item.base_path()).collect::<Vec<_>>(), [Some("v1")]);
    let delete = || client.delete_base_path_mapping().domain_name(&name).base_path("v1");
    answered(delete().send()).await;
    assert_eq!(refused(get("v1")).await, not_found(UNKNOWN_MAPPING));
    let update = update("v1").patch_operations(replace("/basePath", "v2"));
    assert_eq!(refused(update.send()).await, not_found(UNKNOWN_MAPPING));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_MAPPING));
}

async fn a_base_path_leads_to_one_api(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let (name, _) = a_domain_name(&client, EndpointType::Regional).await;
    let create = || client.create_base_path_mapping().domain_name(&name).base_path("v1").rest_api_id(&api);
    answered(create().send()).await;
    assert_eq!(refused(create().send()).await, conflict("Base path already exists for this domain name"));
}

async fn mappings_of_an_unknown_domain_name_are_refused(client: Client) {
    let list = client.get_base_path_mappings().domain_name("nope.example.com");
    assert_eq!(refused(list.send()).await, not_found(UNKNOWN));
}

async fn leave_is_given_and_taken_back(client: Client) {
    let (_, domain) = a_domain_name(&client, EndpointType::Private).await;
    let arn = leave(&client, &domain).await;
    let list = client.get_domain_name_access_associations().resource_owner(ResourceOwner::SelfValue).limit(500);
    let list = answered(list.send()).await;
    assert!(list.items().iter().any(|item| item.domain_name_access_association_arn() == Some(&arn)));
    let delete = || client.delete_domain_name_access_association().domain_name_access_association_arn(&arn);
    answered(delete().send()).await;
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_ASSOCIATION));
    let list = client.get_domain_name_access_associations().position("x");
    assert_eq!(refused(list.send()).await, bad_request(BAD_POSITION));
}

async fn leave_is_rejected_by_the_owner(client: Client) {
    let (_, domain) = a_domain_name(&client, EndpointType::Private).await;
    let arn = leave(&client, &domain).await;
    let reject = || {
        let reject = client.reject_domain_name_access_association().domain_name_arn(&domain);
        reject.domain_name_access_association_arn(&arn)
    };
    answered(reject().send()).await;
    assert_eq!(refused(reject().send()).await, not_found(UNKNOWN_ASSOCIATION));
}

async fn leave_is_given_for_private_domain_names_alone(client: Client) {
    let (_, domain) = a_domain_name(&client, EndpointType::Regional).await;
    let create = client.create_domain_name_access_association().domain_name_arn(domain);
    let create = create.access_association_source_type(AccessAssociationSourceType::Vpce);
    let message = "Domain name access associations are only supported for private domain names";
    assert_eq!(refused(create.access_association_source("vpce-1").send()).await, bad_request(message));
}

/// Gives an endpoint leave to use a domain name.
async fn leave(client: &Client, domain: &str) -> String {
    let create = client.create_domain_name_access_association().domain_name_arn(domain);
    let create = create.access_association_source_type(AccessAssociationSourceType::Vpce);
    let made = answered(create.access_association_source("vpce-1").send()).await;
    made.domain_name_access_association_arn.expect("an ARN")
}
