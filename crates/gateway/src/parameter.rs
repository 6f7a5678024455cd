//! Parameters of a call, by AWS's expressions: `method.request.header.x`, `stageVariables.x`, `context.x`, `'literal'`.
//!
//! For those who read a call without sending it on: gateway responses, validators and authorizers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};

use crate::call::{Call, last_value};
use crate::query;
use crate::variables::Variable;

/// Something that a call says, or that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// Known when compiled: a literal or a stage variable.
    Fixed(String),
    /// The last value of a header.
    Header(HeaderName),
    /// The last value of a query parameter, decoded.
    Query(String),
    /// A variable of the path, as it was sent.
    Path(String),
    /// A variable of `$context`.
    Context(Variable),
}

impl Parameter {
    /// Reads an expression. A stage variable that is not set is empty, as in AWS's templates.
    pub(crate) fn parse(expression: &str, stage_variables: &BTreeMap<String, String>) -> Option<Self> {
        if let Some(literal) = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Some(Self::Fixed(literal.to_owned()));
        }
        if let Some(place) = expression.strip_prefix("method.request.") {
            return Self::of_request(place);
        }
        if let Some(name) = expression.strip_prefix("stageVariables.") {
            return Some(Self::Fixed(stage_variables.get(name).cloned().unwrap_or_default()));
        }
        expression.strip_prefix("context.").and_then(Variable::parse).map(Self::Context)
    }

    /// Reads `{header|querystring|path}.{name}`.
    fn of_request(place: &str) -> Option<Self> {
        let (place, name) = place.split_once('.').filter(|(_, name)| !name.is_empty())?;
        match place {
            "header" | "multivalueheader" => name.parse().ok().map(Self::Header),
            "querystring" | "multivaluequerystring" => Some(Self::Query(name.to_owned())),
            "path" => Some(Self::Path(name.to_owned())),
            _ => None,
        }
    }

    /// What it is for a call with these headers.
    pub(crate) fn value<'c>(&'c self, call: &'c Call<'_>, headers: &'c HeaderMap) -> Option<Cow<'c, str>> {
        match self {
            Self::Fixed(text) => Some(text.as_str().into()),
            Self::Header(name) => Some(String::from_utf8_lossy(last_value(headers, name)?.as_bytes())),
            Self::Query(name) => {
                let value = query::decode(query::last(call.query()?, name)?);
                Some(String::from_utf8_lossy(&value).into_owned().into())
            }
            Self::Path(name) => {
                let mut variables = call.path_variables();
                variables.find(|(candidate, _)| candidate == name).map(|(_, value)| value.into())
            }
            Self::Context(variable) => variable.value(call, headers),
        }
    }

    /// Whether the caller's headers are needed to know it.
    pub(crate) fn reads_headers(&self) -> bool {
        matches!(self, Self::Header(_) | Self::Context(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(expression: &str) -> Option<Parameter> {
        Parameter::parse(expression, &BTreeMap::from([("color".to_owned(), "blue".to_owned())]))
    }

    #[test]
    fn expressions_are_read_as_aws_writes_them() {
        let fixed = |text: &str| Some(Parameter::Fixed(text.to_owned()));
        assert_eq!(parse("'*'"), fixed("*"));
        assert_eq!(parse("stageVariables.color"), fixed("blue"));
        assert_eq!(parse("stageVariables.shape"), fixed(""));
        assert_eq!(parse("method.request.querystring.a"), Some(Parameter::Query("a".to_owned())));
        assert_eq!(parse("method.request.path.id"), Some(Parameter::Path("id".to_owned())));
        assert_eq!(parse("method.request.header.Origin"), Some(Parameter::Header(http::header::ORIGIN)));
        for wrong in ["method.request.header.a b", "method.request.body", "context.nothing", "origin", "'", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
