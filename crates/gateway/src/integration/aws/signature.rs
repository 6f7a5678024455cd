//! Signs requests to services of AWS.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use tollgate_domain::UnixMillis;

use crate::config::ServiceCredentials;

/// What a signature is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signing<'a> {
    pub(super) credentials: &'a ServiceCredentials,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) at: UnixMillis,
}

/// Adds a signature of version 4 to a request that has all its other headers.
pub(super) fn sign_request(request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("the request cannot be signed: {error}");
    let credentials = signing.credentials;
    let (id, secret) = (&credentials.access_key_id, &credentials.secret_access_key);
    let identity = Credentials::new(id, secret, None, None, "tollgate").into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let millis = u64::try_from(signing.at.0).unwrap_or_default();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(signing.region)
        .name(signing.service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    // The signer takes an absolute address; the host that is signed comes from the header.
    let uri = format!("https://signed.invalid{}", request.uri());
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body).map_err(|e| failed(&e))?;
    let (instructions, _signature) = sign(signable, &params).map_err(|error| failed(&error))?.into_parts();
    for (name, value) in instructions.headers() {
        let name: HeaderName = name.parse().map_err(|error| failed(&error))?;
        request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(|error| failed(&error))?);
    }
    Ok(())
}
