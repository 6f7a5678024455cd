//! What a template sees of the call it is rendered for.

use indexmap::IndexMap;
use serde_json::Value;

/// Names and values in the order the call gave them.
pub type Parameters = IndexMap<String, String>;

/// Everything a template can read.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// `$input`.
    pub input: Input,
    /// `$context`, as an object. Anything else counts as an empty one.
    pub context: Value,
    /// `$stageVariables`.
    pub stage_variables: Parameters,
}

/// The payload and the parameters it came with.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The payload. A template reads an empty one as `{}`, and one that is not JSON as a string.
    pub body: String,
    /// `$input.params()`.
    pub params: Params,
}

/// The call's parameters by where they stand.
#[derive(Debug, Clone, Default)]
pub struct Params {
    /// Values of `{name}` segments.
    pub path: Parameters,
    /// The query string.
    pub querystring: Parameters,
    /// Headers, with their names as the caller wrote them.
    pub header: Parameters,
}

impl Params {
    /// Finds a parameter by name: in the path first, then the query string, then the headers.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        [&self.path, &self.querystring, &self.header]
            .into_iter()
            .find_map(|parameters| parameters.get(name))
            .map(String::as_str)
    }
}
