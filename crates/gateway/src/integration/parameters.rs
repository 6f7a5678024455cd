//! The request parameters of an integration, by where they go.

use std::collections::BTreeMap;

use percent_encoding::utf8_percent_encode;

use super::Site;
use super::headers::MappedHeader;
use super::source::{ENCODED, Source};

/// Parameters that a mapping sets.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// By the name of the variable in the URI.
    pub(super) path: BTreeMap<String, Source>,
    /// By encoded name.
    pub(super) query: Vec<(String, Source)>,
    pub(super) headers: Vec<MappedHeader>,
    /// Whether some value is in the body.
    pub(super) read_body: bool,
}

/// Reads `integration.request.{path|querystring|header}.{name}` to mapping expression.
pub(super) fn compile(given: &BTreeMap<String, String>, site: &Site<'_>) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    for (place, expression) in given {
        let source = Source::parse(expression, site)?;
        parameters.read_body |= source.reads_body();
        match place.strip_prefix("integration.request.").and_then(|place| place.split_once('.')) {
            Some(("path", name)) => {
                parameters.path.insert(name.to_owned(), source);
            }
            Some(("querystring", name)) => {
                let encoded = utf8_percent_encode(name, ENCODED).to_string();
                parameters.query.push((encoded, source));
            }
            Some(("header", name)) => parameters.headers.push(MappedHeader::compile(name, source)?),
            _ => return Err(format!("the parameter {place:?} is not supported")),
        }
    }
    Ok(parameters)
}
