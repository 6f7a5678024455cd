//! Claims: what a request says about its signature.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tollgate_domain::UnixMillis;

use crate::date;
use crate::payload::{CONTENT_SHA256, StatedPayload};
use crate::presigned;
use crate::refusal::SignatureRefusal;

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far a client's clock may be off, in minutes.
const SKEW_MINUTES: i64 = 5;

/// What a request says about its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Names the pair that it was signed with.
    pub access_key_id: String,
    pub(crate) scope_date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) signature: String,
    /// The time of signing, `20150830T123600Z`.
    pub(crate) date: String,
    pub(crate) signed_at: UnixMillis,
    pub(crate) lifetime: Lifetime,
    pub(crate) has_session: bool,
    pub(crate) stated_payload: Option<StatedPayload>,
}

/// Where a claim stands, and how long it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// In the headers: as long as a clock may be off.
    Header,
    /// In the query: for so many seconds.
    Presigned(u32),
}

impl Claim {
    /// Reads the claim in a request's headers; nothing is verified yet.
    pub fn of_headers(headers: &HeaderMap) -> Result<Self, SignatureRefusal> {
        let incomplete = SignatureRefusal::incomplete;
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
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(credential), Some(signature), Some(signed), Some(date)) =
            (member("Credential"), member("Signature"), member("SignedHeaders"), text("x-amz-date"))
        else {
            return Err(lacking([
                (member("Credential").is_none(), "Authorization header requires 'Credential' parameter."),
                (member("Signature").is_none(), "Authorization header requires 'Signature' parameter."),
                (member("SignedHeaders").is_none(), "Authorization header requires 'SignedHeaders' parameter."),
                (text("x-amz-date").is_none(), "Authorization header requires existence of a 'X-Amz-Date' header."),
            ]));
        };
        let claim = Self::assemble(credential, signed, signature.to_owned(), date.to_owned(), Lifetime::Header)?;
        Ok(Self {
            has_session: headers.contains_key("x-amz-security-token"),
            stated_payload: headers.get(CONTENT_SHA256).map(|stated| {
                // What is no text is no hash either.
                StatedPayload::read(stated.to_str().unwrap_or_default())
            }),
            ..claim
        })
    }

    /// Reads the claim in a request's headers or, without one there, in its query.
    pub fn of_request(headers: &HeaderMap, query: Option<&str>) -> Result<Self, SignatureRefusal> {
        match query.filter(|query| !headers.contains_key(AUTHORIZATION) && presigned::is_claim(query)) {
            Some(query) => presigned::read(query),
            None => Self::of_headers(headers),
        }
    }

    /// Reads what both forms have in common.
    pub(crate) fn assemble(
        credential: &str,
        signed_headers: &str,
        signature: String,
        date: String,
        lifetime: Lifetime,
    ) -> Result<Self, SignatureRefusal> {
        let signed_at = date::read(&date).ok_or_else(|| {
            SignatureRefusal::Incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ))
        })?;
        let [access_key_id, scope_date, region, service, terminator] = *credential.split('/').collect::<Vec<_>>()
        else {
            return Err(SignatureRefusal::incomplete(
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
            signed_headers: signed_headers.split(';').map(str::to_ascii_lowercase).collect(),
            signature,
            date,
            signed_at,
            lifetime,
            has_session: false,
            stated_payload: None,
        })
    }

    /// Whether it names a session. There are none here, so no token of one is known.
    pub fn has_session(&self) -> bool {
        self.has_session
    }

    /// What the request says of its body, if anything.
    pub fn stated_payload(&self) -> Option<&StatedPayload> {
        self.stated_payload.as_ref()
    }

    /// Whether the claim is for this service and for now.
    pub fn check_scope(&self, service: &str, now: UnixMillis) -> Result<(), SignatureRefusal> {
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
        let (lifetime, said) = self.lifetime.as_said();
        let earliest = UnixMillis(now.0 - lifetime);
        let latest = UnixMillis(now.0 + SKEW_MINUTES * 60_000);
        if self.signed_at.seconds() < earliest.seconds() {
            return refuse(format!(
                "Signature expired: {} is now earlier than {} ({} - {said})",
                self.date,
                date::print(earliest),
                date::print(now)
            ));
        }
        if self.signed_at > latest {
            return refuse(format!(
                "Signature not yet current: {} is still later than {} ({} + {SKEW_MINUTES} min.)",
                self.date,
                date::print(latest),
                date::print(now)
            ));
        }
        Ok(())
    }
}

impl Lifetime {
    /// In milliseconds, and as a refusal says it.
    fn as_said(self) -> (i64, String) {
        match self {
            Self::Header => (SKEW_MINUTES * 60_000, format!("{SKEW_MINUTES} min.")),
            Self::Presigned(seconds) => (i64::from(seconds) * 1000, format!("{seconds} sec.")),
        }
    }
}

fn lacking(checks: [(bool, &str); 4]) -> SignatureRefusal {
    let texts: Vec<_> = checks.iter().filter(|(lacks, _)| *lacks).map(|(_, text)| *text).collect();
    SignatureRefusal::incomplete(&texts.join(" "))
}
