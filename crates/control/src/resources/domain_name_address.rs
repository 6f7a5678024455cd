//! Where a custom domain name is reachable, as AWS would say it: the names that DNS records point at, and ARNs.
//!
//! Nothing answers there. The values have AWS's forms and never change for a name, so that Terraform finds nothing to
//! do.

use sha2::{Digest, Sha256};
use tollgate_domain::DomainName;

use crate::ControlConfig;

/// The hosted zone of CloudFront, which is the same in all regions.
pub(crate) const EDGE_HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

/// Hosted zones of API Gateway's regional endpoints, as AWS's general reference lists them.
const REGIONAL_HOSTED_ZONES: [(&str, &str); 16] = [
    ("us-east-1", "Z1UJRXOUMOOFQ8"),
    ("us-east-2", "ZOJJZC49E0EPZ"),
    ("us-west-1", "Z2MUQ32089INYE"),
    ("us-west-2", "Z2OJLYMUO9EFXC"),
    ("ap-northeast-1", "Z1YSHQZHG15GKL"),
    ("ap-northeast-2", "Z20JF4UZKIW1U8"),
    ("ap-south-1", "Z3VO1THU9YC4UR"),
    ("ap-southeast-1", "ZL327KTPIQFUL"),
    ("ap-southeast-2", "Z2RPCDW04V8134"),
    ("ca-central-1", "Z19DQILCV0OWEC"),
    ("eu-central-1", "Z1U9ULNL0V5AJ3"),
    ("eu-north-1", "Z3UWIKFBOOGXPP"),
    ("eu-west-1", "ZLY8HYME6SFDD"),
    ("eu-west-2", "ZJ5UAJN8Y3Z2Q"),
    ("eu-west-3", "Z3KY65QIEKYHQQ"),
    ("sa-east-1", "ZCMLWB8V5SYIT"),
];

/// The hosted zone of a region's endpoints; that of the first region for one that is not listed.
pub(crate) fn regional_hosted_zone(region: &str) -> &'static str {
    let listed = REGIONAL_HOSTED_ZONES.iter().find(|(name, _)| *name == region);
    listed.map_or(REGIONAL_HOSTED_ZONES[0].1, |(_, zone)| zone)
}

/// What a regional domain name's DNS record points at.
pub(crate) fn regional_domain_name(name: &str, region: &str) -> String {
    format!("d-{}.execute-api.{region}.amazonaws.com", digest(name, 10))
}

/// What an edge domain name's DNS record points at.
pub(crate) fn distribution_domain_name(name: &str) -> String {
    format!("d{}.cloudfront.net", digest(name, 13))
}

/// The ARN of a domain name. Only those of private ones name the account and their id.
pub(crate) fn arn(config: &ControlConfig, domain: &DomainName) -> String {
    let (region, name) = (&config.region, &domain.name);
    match &domain.id {
        Some(id) => format!("arn:aws:apigateway:{region}:{}:/domainnames/{name}+{id}", config.account_id),
        None => format!("arn:aws:apigateway:{region}::/domainnames/{name}"),
    }
}

/// `len` lower-case letters and digits that stand for a name; 32 at most.
fn digest(name: &str, len: usize) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let bytes = Sha256::digest(name.as_bytes());
    bytes.iter().take(len).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_forms_of_aws_and_stay() {
        let regional = regional_domain_name("api.example.com", "eu-west-1");
        assert_eq!(regional.len(), "d-0123456789.execute-api.eu-west-1.amazonaws.com".len());
        assert_eq!(regional, regional_domain_name("api.example.com", "eu-west-1"));
        assert_ne!(regional, regional_domain_name("api.example.org", "eu-west-1"));
        assert!(distribution_domain_name("api.example.com").ends_with(".cloudfront.net"));
        assert_eq!(regional_hosted_zone("eu-west-1"), "ZLY8HYME6SFDD");
        assert_eq!(regional_hosted_zone("mars-1"), "Z1UJRXOUMOOFQ8");
    }
}
