//! Key: who is calling.

use http::HeaderMap;
use tollgate_domain::rest_api::ApiKeySource;

use crate::admission::{Admission, Caller};
use crate::call::X_API_KEY;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::route::Routed;

/// The caller, where the method requires a key. Missing, unknown and disabled keys are refused alike, so that nobody
/// learns which keys exist.
pub(crate) fn identify(
    admission: &Admission,
    routed: &Routed<'_>,
    principal: &Principal,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Refusal> {
    if !routed.method.api_key_required {
        return Ok(None);
    }
    let value = match routed.stage.deployed.api.api_key_source {
        ApiKeySource::Header => single_value(headers),
        ApiKeySource::Authorizer => principal.usage_identifier_key.as_ref().map(String::as_bytes),
    };
    value.and_then(|value| admission.find_key(value)).map(Some).ok_or(Refusal::InvalidApiKey)
}

/// The key's value. Two of them are none: which one counts must not depend on who reads the call.
fn single_value(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(X_API_KEY).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}
