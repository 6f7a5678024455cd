//! Authorize: whether the method lets this caller in at all, before any key is looked at.

use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::route::Routed;

/// Lets callers of open methods pass. Other authorization types are not built yet, and never let anybody pass.
pub(crate) fn authorize(routed: &Routed<'_>) -> Result<Principal, Refusal> {
    match routed.method.authorization_type.as_str() {
        "NONE" => Ok(Principal::default()),
        other => Err(Refusal::AuthorizationUnsupported(other.to_owned())),
    }
}
