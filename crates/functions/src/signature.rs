//! Signs requests as AWS's clients do.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use tollgate_domain::UnixMillis;

/// An access key pair.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointCredentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// What comes with pairs that are valid for some hours.
    pub session_token: Option<String>,
}

impl fmt::Debug for EndpointCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A request that cannot be signed: its address or a header is not fit for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub struct Unsignable(String);

/// Signs a request, with Signature Version 4, for a service in a region.
pub fn sign_request(
    request: &mut Request<Bytes>,
    credentials: &EndpointCredentials,
    service: &str,
    region: &str,
    now: UnixMillis,
) -> Result<(), Unsignable> {
    let unfit = |error: &dyn fmt::Display| Unsignable(error.to_string());
    let EndpointCredentials { access_key_id, secret_access_key, session_token } = credentials;
    let identity = Credentials::new(access_key_id, secret_access_key, session_token.clone(), None, "tollgate").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(now.0.unsigned_abs()))
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| unfit(&error))?
        .into();
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|(name, value)| Ok((name.as_str(), value.to_str().map_err(|error| unfit(&error))?)))
        .collect::<Result<_, Unsignable>>()?;
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )
    .map_err(|error| unfit(&error))?;
    let (instructions, _) = sign(signable, &params).map_err(|error| unfit(&error))?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
