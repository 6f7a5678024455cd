//! Verifies AWS Signature Version 4 by signing the request again and comparing.
//!
//! Canonical requests are made by AWS's own signer, so that the rules for paths, queries and headers are theirs. We
//! read the claim, hand the signer exactly the headers that were signed, and compare in constant time.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Pair;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tollgate_domain::{Day, UnixMillis};

/// The service that credentials have to be scoped to.
pub(crate) const SERVICE: &str = "apigateway";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a client's clock may be off, in minutes.
const SKEW_MINUTES: i64 = 5;

/// Why a request is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureRefusal {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey,
    /// The header can't be read; the text says why.
    #[error("{0}")]
    Incomplete(String),
    /// The scope or the date is wrong; the text says how.
    #[error("{0}")]
    OutOfScope(String),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureRefusal {
    /// AWS's status and error code for this.
    pub(crate) fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Missing => (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException"),
            Self::UnknownAccessKey => (StatusCode::FORBIDDEN, "UnrecognizedClientException"),
            Self::Incomplete(_) => (StatusCode::BAD_REQUEST, "IncompleteSignatureException"),
            Self::OutOfScope(_) | Self::Mismatch => (StatusCode::FORBIDDEN, "InvalidSignatureException"),
        }
    }
}

/// What a request says about its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) access_key_id: String,
    scope_date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
    /// The time of signing, `20150830T123600Z`.
    date: String,
    signed_at: UnixMillis,
}

impl Claim {
    /// Reads the claim of a request; nothing is verified yet.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, SignatureRefusal> {
        let header = headers.get(AUTHORIZATION).ok_or(SignatureRefusal::Missing)?;
        let header = header.to_str().map_err(|_| incomplete("Authorization header has characters beyond ASCII."))?;
        let (algorithm, members) = header.trim().split_once(' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(incomplete(&format!("Unsupported AWS 'algorithm': '{algorithm}'. Must be '{ALGORITHM}'.")));
        }
        let member = |name: &str| {
            let mut pairs = members.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value).filter(|value| !value.is_empty())
        };
        let date = headers.get("x-amz-date").and_then(|date| date.to_str().ok());
        let (Some(credential), Some(signature), Some(signed), Some(date)) =
            (member("Credential"), member("Signature"), member("SignedHeaders"), date)
        else {
            return Err(lacking([
                (member("Credential").is_none(), "Authorization header requires 'Credential' parameter."),
                (member("Signature").is_none(), "Authorization header requires 'Signature' parameter."),
                (member("SignedHeaders").is_none(), "Authorization header requires 'SignedHeaders' parameter."),
                (date.is_none(), "Authorization header requires existence of a 'X-Amz-Date' header."),
            ]));
        };
        let signed_at = read_date(date).ok_or_else(|| {
            incomplete(&format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ))
        })?;
        let [access_key_id, scope_date, region, service, terminator] = *credential.split('/').collect::<Vec<_>>()
        else {
            return Err(incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
            ));
        };
        if terminator != "aws4_request" {
            return Err(SignatureRefusal::OutOfScope(format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
            )));
        }
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            scope_date: scope_date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed.split(';').map(str::to_ascii_lowercase).collect(),
            signature: signature.to_owned(),
            date: date.to_owned(),
            signed_at,
        })
    }

    /// Whether the claim is for this service and for now.
    pub(crate) fn check_scope(&self, service: &str, now: UnixMillis) -> Result<(), SignatureRefusal> {
        let refuse = |text: String| Err(SignatureRefusal::OutOfScope(text));
        if self.service != service {
            return refuse(format!("Credential should be scoped to correct service: '{service}'."));
        }
        let day = self.date.get(..8).unwrap_or_default();
        if self.scope_date != day {
            return refuse(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{day}', from '{}'.",
                self.scope_date, self.date
            ));
        }
        let skew = SKEW_MINUTES * 60_000;
        let earliest = UnixMillis(now.0 - skew);
        let latest = UnixMillis(now.0 + skew);
        if self.signed_at.seconds() < earliest.seconds() {
            return refuse(format!(
                "Signature expired: {} is now earlier than {} ({} - {SKEW_MINUTES} min.)",
                self.date,
                print_date(earliest),
                print_date(now)
            ));
        }
        if self.signed_at > latest {
            return refuse(format!(
                "Signature not yet current: {} is still later than {} ({} + {SKEW_MINUTES} min.)",
                self.date,
                print_date(latest),
                print_date(now)
            ));
        }
        Ok(())
    }

    /// Whether `secret` made this signature for this request.
    pub(crate) fn verify(
        &self,
        secret: &str,
        parts: &http::request::Parts,
        body: &[u8],
    ) -> Result<(), SignatureRefusal> {
        self.check_headers(&parts.headers)?;
        if let Some(stated) = parts.headers.get("x-amz-content-sha256")
            && stated.as_bytes() != hex::encode(Sha256::digest(body)).as_bytes()
        {
            return Err(SignatureRefusal::Mismatch);
        }
        let ours = self.sign(secret, parts, body).ok_or(SignatureRefusal::Mismatch)?;
        let same = ours.as_bytes().ct_eq(self.signature.as_bytes());
        if bool::from(same) { Ok(()) } else { Err(SignatureRefusal::Mismatch) }
    }

    /// What must be signed is signed, and what is said to be signed is there.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), SignatureRefusal> {
        for name in ["host", "x-amz-date"] {
            if !self.signed_headers.iter().any(|signed| signed == name) {
                return Err(SignatureRefusal::OutOfScope(format!(
                    "'{name}' must be a 'SignedHeader' in the AWS Authorization."
                )));
            }
        }
        if self.signed_headers.iter().all(|name| headers.contains_key(name)) {
            Ok(())
        } else {
            Err(SignatureRefusal::Mismatch)
        }
    }

    /// The signature that `secret` makes, or `None` for a request that no signer could have signed.
    fn sign(&self, secret: &str, parts: &http::request::Parts, body: &[u8]) -> Option<String> {
        let mut headers = Vec::new();
        for name in &self.signed_headers {
            for value in parts.headers.get_all(name) {
                headers.push((name.as_str(), value.to_str().ok()?));
            }
        }
        // The signer reads path and query from the address; the host comes from the signed header.
        let uri = format!("https://signed.invalid{}", parts.uri.path_and_query()?);
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new(parts.method.as_str(), uri, headers.into_iter(), body).ok()?;
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
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

fn incomplete(text: &str) -> SignatureRefusal {
    SignatureRefusal::Incomplete(text.to_owned())
}

fn lacking(checks: [(bool, &str); 4]) -> SignatureRefusal {
    let texts: Vec<_> = checks.iter().filter(|(lacks, _)| *lacks).map(|(_, text)| *text).collect();
    incomplete(&texts.join(" "))
}

/// Reads `20150830T123600Z`.
fn read_date(text: &str) -> Option<UnixMillis> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    let day = Day::parse(&format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]))?;
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().ok();
    let (hour, minute, second) = (part(0..2)?, part(2..4)?, part(4..6)?);
    let in_range = hour < 24 && minute < 60 && second < 60;
    in_range.then(|| UnixMillis(day.start_millis() + ((hour * 60 + minute) * 60 + second) * 1000))
}

fn print_date(at: UnixMillis) -> String {
    let second = at.seconds().rem_euclid(86_400);
    let day = at.day().to_string().replace('-', "");
    format!("{day}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
