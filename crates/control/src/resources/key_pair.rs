//! Key pairs with a certificate that vouches for itself, made for client certificates.
//!
//! The keys are ECDSA P-256, drawn from ring's own source of randomness: what is secret is made where it cannot be
//! seeded.

use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use tollgate_domain::UnixMillis;

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;
/// The name that AWS's own certificates carry.
const COMMON_NAME: &str = "ApiGateway";

/// A certificate with its private key, both as PEM.
pub(crate) struct CertifiedKeyPair {
    pub(crate) certificate_pem: String,
    pub(crate) private_key_pem: String,
    pub(crate) expires: UnixMillis,
}

/// Makes a key pair whose certificate holds for a year from `now`.
pub(crate) fn generate(now: UnixMillis) -> Result<CertifiedKeyPair, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, COMMON_NAME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.seconds().unsigned_abs());
    params.not_after = params.not_before + Duration::from_secs(YEAR_SECONDS.into());
    let certificate = params.self_signed(&key)?;
    Ok(CertifiedKeyPair {
        certificate_pem: certificate.pem(),
        private_key_pem: key.serialize_pem(),
        expires: UnixMillis((now.seconds() + i64::from(YEAR_SECONDS)) * 1000),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_is_new_and_holds_for_a_year() {
        let now = UnixMillis(1_795_348_800_500);
        let (one, two) = (generate(now).expect("a pair"), generate(now).expect("a pair"));
        assert_eq!(one.expires, UnixMillis(1_826_884_800_000));
        assert!(one.certificate_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(one.private_key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_ne!(one.private_key_pem, two.private_key_pem);
        let key = KeyPair::from_pem(&one.private_key_pem).expect("a key that can be read again");
        assert!(key.is_compatible(&rcgen::PKCS_ECDSA_P256_SHA256));
    }
}
