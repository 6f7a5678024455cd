//! Key: who is calling.

use http::HeaderMap;
use tollgate_domain::KeyDigest;
use tollgate_domain::rest_api::ApiKeySource;

use crate::admission::{Caller, Callers, Expected};
use crate::call::X_API_KEY;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::route::Routed;

/// What is wrong with a key, for the operator alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("no key was sent")]
    Missing,
    #[error("more than one key was sent")]
    Repeated,
    #[error("no enabled key has this value")]
    Unknown(KeyDigest),
    #[error("the key is in no usage plan of this stage")]
    NoPlan,
}

/// The value of the key that came with a call.
pub(crate) fn sent<'a>(
    routed: &Routed<'_>,
    principal: &'a Principal,
    headers: &'a HeaderMap,
) -> Result<&'a [u8], KeyFault> {
    match routed.stage.deployed.api.api_key_source {
        ApiKeySource::Header => single_value(headers),
        ApiKeySource::Authorizer => {
            principal.usage_identifier_key.as_ref().map(String::as_bytes).ok_or(KeyFault::Missing)
        }
    }
}

/// The caller, where the method requires a key. Missing, unknown and disabled keys are refused alike, so that nobody
/// learns which keys exist.
pub(crate) fn identify<'s>(
    callers: &Callers,
    routed: &Routed<'_>,
    sent: impl FnOnce() -> Result<Expected<'s>, KeyFault>,
) -> Result<Option<Caller>, Refusal> {
    if !routed.method.api_key_required {
        return Ok(None);
    }
    let found = sent().and_then(|sent| callers.find_expected(sent).map_err(KeyFault::Unknown));
    found.map(Some).map_err(Refusal::InvalidApiKey)
}

/// The key's value. Two of them are none: which one counts must not depend on who reads the call.
fn single_value(headers: &HeaderMap) -> Result<&[u8], KeyFault> {
    let mut values = headers.get_all(X_API_KEY).iter();
    let value = values.next().ok_or(KeyFault::Missing)?;
    if values.next().is_none() { Ok(value.as_bytes()) } else { Err(KeyFault::Repeated) }
}
