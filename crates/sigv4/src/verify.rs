//! Verifies a claim by signing the request again and comparing in constant time.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Pair;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use subtle::ConstantTimeEq;

use crate::claim::{Claim, Lifetime};
use crate::payload::{Payload, StatedPayload, hash};
use crate::presigned;
use crate::refusal::SignatureRefusal;

/// The head of a request, as its signature covers it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The verb.
    pub method: &'a Method,
    /// Path and query of the target, which are signed as they were sent.
    pub target: &'a str,
    /// All headers that were sent.
    pub headers: &'a HeaderMap,
    /// The host where no header says it, as in HTTP/2.
    pub authority: Option<&'a HeaderValue>,
}

impl<'a> Subject<'a> {
    /// The head of a request of HTTP/1.
    pub fn of(parts: &'a http::request::Parts) -> Self {
        let target = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
        Self { method: &parts.method, target, headers: &parts.headers, authority: None }
    }

    /// The values of a header.
    fn values(&self, name: &str) -> impl Iterator<Item = &'a HeaderValue> {
        let unsaid = self.authority.filter(|_| name == "host" && !self.headers.contains_key(name));
        self.headers.get_all(name).into_iter().chain(unsaid)
    }
}

impl Claim {
    /// Whether `secret` made this signature for this request.
    pub fn verify(&self, secret: &str, subject: &Subject<'_>, payload: Payload<'_>) -> Result<(), SignatureRefusal> {
        self.check_headers(subject)?;
        if let (Payload::Bytes(body), Some(stated)) = (payload, &self.stated_payload)
            && *stated != StatedPayload::Hash(hash(body))
        {
            return Err(SignatureRefusal::Mismatch);
        }
        let ours = self.sign(secret, subject, payload).ok_or(SignatureRefusal::Mismatch)?;
        let same = ours.as_bytes().ct_eq(self.signature.as_bytes());
        if bool::from(same) { Ok(()) } else { Err(SignatureRefusal::Mismatch) }
    }

    /// What must be signed is signed, and what is said to be signed is there.
    fn check_headers(&self, subject: &Subject<'_>) -> Result<(), SignatureRefusal> {
        let required: &[&str] = match self.lifetime {
            Lifetime::Header => &["host", "x-amz-date"],
            // The date is in the query, all of which is signed.
            Lifetime::Presigned(_) => &["host"],
        };
        for name in required {
            if !self.signed_headers.iter().any(|signed| signed == name) {
                return Err(SignatureRefusal::OutOfScope(format!(
                    "'{name}' must be a 'SignedHeader' in the AWS Authorization."
                )));
            }
        }
        if self.signed_headers.iter().all(|name| subject.values(name).next().is_some()) {
            Ok(())
        } else {
            Err(SignatureRefusal::Mismatch)
        }
    }

    /// The signature that `secret` makes, or `None` for a request that no signer could have signed.
    fn sign(&self, secret: &str, subject: &Subject<'_>, payload: Payload<'_>) -> Option<String> {
        let mut headers = Vec::new();
        for name in &self.signed_headers {
            for value in subject.values(name) {
                headers.push((name.as_str(), value.to_str().ok()?));
            }
        }
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        let target = match self.lifetime {
            Lifetime::Header if subject.target.is_empty() => return None,
            Lifetime::Header => subject.target.to_owned(),
            Lifetime::Presigned(seconds) => {
                settings.signature_location = SignatureLocation::QueryParams;
                settings.expires_in = Some(Duration::from_secs(seconds.into()));
                presigned::without_claim(subject.target)
            }
        };
        let body = match payload {
            Payload::Bytes(body) => SignableBody::Bytes(body),
            Payload::Hash(hash) => SignableBody::Precomputed(hash.to_owned()),
            Payload::Unsigned => SignableBody::UnsignedPayload,
        };
        // The signer reads path and query from the address; the host comes from the signed header.
        let uri = format!("https://signed.invalid{target}");
        let request = SignableRequest::new(subject.method.as_str(), uri, headers.into_iter(), body).ok()?;
        let identity = Pair::new(&self.access_key_id, secret, None, None, "tollgate").into();
        let millis = u64::try_from(self.signed_at.0).ok()?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .settings(settings)
            .build()
            .ok()?
            .into();
        Some(sign(request, &params).ok()?.signature().to_owned())
    }
}
