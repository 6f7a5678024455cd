//! What a template overrides of the request it builds or the response it answers.

use indexmap::IndexMap;

/// Overridden parameters with their values; a list sets several.
pub type OverriddenParameters = IndexMap<String, Vec<String>>;

/// Everything a template set in `$context.requestOverride` and `$context.responseOverride`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextOverrides {
    /// `$context.requestOverride`.
    pub request: RequestOverride,
    /// `$context.responseOverride`.
    pub response: ResponseOverride,
}

/// Parameters of the integration request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOverride {
    /// `$context.requestOverride.header`.
    pub header: OverriddenParameters,
    /// `$context.requestOverride.path`.
    pub path: OverriddenParameters,
    /// `$context.requestOverride.querystring`.
    pub querystring: OverriddenParameters,
}

/// Status and headers of the method response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseOverride {
    /// `$context.responseOverride.status`, from 100 to 599.
    pub status: Option<u16>,
    /// `$context.responseOverride.header`.
    pub header: OverriddenParameters,
}
