//! Plan: under which usage plan the caller calls.

use http::HeaderValue;

use crate::admission::Caller;
use crate::key::KeyFault;
use crate::refusal::Refusal;
use crate::route::Routed;
use crate::snapshot::{Coverage, MethodLimit};

/// The plan under which a call is made, as it covers the stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covered<'a, 'c> {
    pub(crate) coverage: &'a Coverage,
    /// The plan's own limit for the method.
    pub(crate) entry: Option<&'a MethodLimit>,
    /// Who calls under it.
    pub(crate) caller: &'c Caller,
}

/// The caller's plan that covers the stage. AWS lets a key be in one such plan only; the first one counts.
pub(crate) fn choose<'a, 'c>(routed: &Routed<'a>, caller: &'c Caller) -> Result<Covered<'a, 'c>, Refusal> {
    let coverage = caller
        .plans()
        .iter()
        .find_map(|plan| routed.stage.coverage_by(plan))
        // Not told apart from an unknown key.
        .ok_or(Refusal::InvalidApiKey(KeyFault::NoPlan))?;
    Ok(Covered { coverage, entry: coverage.entry(routed.method), caller })
}

impl<'a> Covered<'a, '_> {
    /// The header `RateLimit-Policy` for this call.
    pub(crate) fn policy(&self) -> Option<&'a HeaderValue> {
        self.entry.map_or(&self.coverage.policy, |entry| &entry.policy).as_ref()
    }
}
