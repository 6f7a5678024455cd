use super::*;
use crate::patch::{Op, PatchOperation, operation};

const NOW: UnixMillis = UnixMillis(9_000);
const EDGE: &str = r#"{"domainName":"api.example.com","certificateArn":"arn:aws:acm:us-east-1:1:certificate/a"}"#;

fn refused(body: &str) -> String {
    sample(body).expect_err("a refusal").to_string()
}

fn patched(operations: &[PatchOperation]) -> Result<DomainName, String> {
    let before = sample(EDGE).expect("a domain name");
    let run = |domain: &mut DomainName, operation: &PatchOperation| domain_name_patch::run(domain, operation, NOW);
    patch::apply(&before, operations, run).map_err(|failure| failure.to_string())
}

#[test]
fn a_domain_name_is_of_the_edge_unless_it_says_otherwise() {
    let domain = sample(EDGE).expect("a domain name");
    assert_eq!(
        serde_json::to_value(DomainNameWire::new(&ControlConfig::default(), &domain)).expect("json"),
        serde_json::json!({
            "domainName": "api.example.com",
            "domainNameArn": "arn:aws:apigateway:us-east-1::/domainnames/api.example.com",
            "certificateArn": "arn:aws:acm:us-east-1:1:certificate/a", "certificateUploadDate": 1,
            "distributionDomainName": address::distribution_domain_name("api.example.com"),
            "distributionHostedZoneId": "Z2FDTNDATAQYW2", "domainNameStatus": "AVAILABLE", "securityPolicy": "TLS_1_2",
            "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"}
        })
    );
}

#[test]
fn a_certificate_belongs_to_its_type() {
    let body = r#"{"domainName":"a.example.com","regionalCertificateArn":"arn"}"#;
    assert_eq!(refused(body), "Cannot import certificates for REGIONAL while EDGE is active.");
    let body = r#"{"domainName":"a.example.com","certificateArn":"x","endpointConfiguration":{"types":["REGIONAL"]}}"#;
    assert_eq!(refused(body), "Cannot import certificates for EDGE while REGIONAL is active.");
    assert!(refused(r#"{"domainName":"a.example.com"}"#).starts_with("A certificate must be specified"));
    let uploaded = r#"{"domainName":"a.example.com","certificateName":"mine","certificateBody":"-"}"#;
    assert!(refused(uploaded).starts_with("certificateBody and certificatePrivateKey"));
}

#[test]
fn words_outside_of_their_sets_are_all_told_at_once() {
    let body =
        r#"{"domainName":"a.b","securityPolicy":"x","endpointAccessMode":"y","endpointConfiguration":{"types":["z"]}}"#;
    let told = refused(body);
    assert!(
        told.starts_with("3 validation errors detected: Value '[z]' at 'createDomainNameInput.endpointConf"),
        "{told}"
    );
    assert!(told.contains("Value 'x' at 'createDomainNameInput.securityPolicy' failed to satisfy"), "{told}");
    assert!(told.ends_with("Member must satisfy enum value set: [BASIC, STRICT]"), "{told}");
}

#[test]
fn host_names_are_checked() {
    for good in ["a.example.com", "*.example.com", "1-2.example.co"] {
        assert_eq!(check_host(good), Ok(()), "{good}");
    }
    for bad in ["", "localhost", "A.example.com", "a..b", "-a.example.com", "a.*.com", "a b.com", "a.example.com/x"] {
        assert!(check_host(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_domain_name_moves_from_the_edge_to_its_region() {
    let moved = patched(&[
        operation(Op::Add, "/endpointConfiguration/types", "REGIONAL"),
        operation(Op::Add, "/regionalCertificateArn", "arn:aws:acm:us-east-1:1:certificate/b"),
    ]);
    let moved = moved.expect("a domain name");
    assert_eq!(
        (check(&moved), moved.endpoint_configuration.types.as_slice()),
        (Ok(()), ["EDGE", "REGIONAL"].map(String::from).as_slice())
    );
    let replaced = patched(&[operation(Op::Replace, "/endpointConfiguration/types/0", "REGIONAL")]);
    let replaced = replaced.expect("a domain name");
    assert_eq!(replaced.endpoint_configuration.types, ["REGIONAL"]);
    assert!(check(&replaced).is_err(), "its certificate is for another type");
}

#[test]
fn patches_change_what_they_name() {
    let domain = patched(&[
        operation(Op::Replace, "/certificateArn", "arn:new"),
        operation(Op::Replace, "/securityPolicy", "TLS_1_0"),
        operation(Op::Add, "/mutualTlsAuthentication/truststoreUri", "s3://bucket/key"),
        operation(Op::Replace, "/mutualTlsAuthentication/truststoreVersion", "2"),
    ])
    .expect("a domain name");
    assert_eq!(domain.certificate_uploaded, Some(NOW));
    assert_eq!(domain.security_policy.as_deref(), Some("TLS_1_0"));
    let store = domain.truststore.expect("a truststore");
    assert_eq!((store.uri.as_str(), store.version.as_deref()), ("s3://bucket/key", Some("2")));
    let refused = patched(&[operation(Op::Add, "/securityPolicy", "TLS_1_0")]).expect_err("a refusal");
    assert!(refused.starts_with("Invalid patch path  '/securityPolicy' specified for op 'add'. Must be one of: ["));
    assert!(patched(&[operation(Op::Test, "/policy", None)]).is_err());
}
