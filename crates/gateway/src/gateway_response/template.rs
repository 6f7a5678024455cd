//! Templates of gateway responses: plain substitution, no Velocity.
//!
//! `$context.x`, `$stageVariables.x` and `$method.request.{header|querystring|path}.x` are replaced, with or without
//! braces; everything else stays as it is.

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::call::Call;
use crate::parameter::Parameter;

/// A template of a gateway response.
#[derive(Debug, PartialEq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Parameter),
}

impl Template {
    pub(super) fn parse(text: &str, stage_variables: &BTreeMap<String, String>) -> Self {
        let (mut parts, mut rest, mut plain) = (Vec::new(), text, String::new());
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            match reference(rest, stage_variables) {
                Some((parameter, length)) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Value(parameter));
                    rest = &rest[length..];
                }
                None => {
                    plain.push('$');
                    rest = &rest[1..];
                }
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Self(parts)
    }

    /// The text for a call; what is not known of it is left out.
    pub(super) fn render(&self, call: &Call<'_>, headers: &HeaderMap) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(parameter) => out.push_str(&parameter.value(call, headers).unwrap_or_default()),
            }
        }
        out
    }

    pub(super) fn reads_headers(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Value(parameter) if parameter.reads_headers()))
    }
}

/// The reference that `text` begins with, and its length.
fn reference(text: &str, stage_variables: &BTreeMap<String, String>) -> Option<(Parameter, usize)> {
    let rest = text.strip_prefix('$')?;
    let in_braces = rest.strip_prefix('{');
    let rest = in_braces.unwrap_or(rest);
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = &rest[..rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len())];
    if in_braces.is_some() {
        rest[name.len()..].strip_prefix('}')?;
        return Some((Parameter::parse(name, stage_variables)?, name.len() + 3));
    }
    // A full stop that ends a sentence is no part of a name.
    let name = name.trim_end_matches(['.', '-']);
    Some((Parameter::parse(name, stage_variables)?, name.len() + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> Vec<String> {
        let variables = BTreeMap::from([("a".to_owned(), "A".to_owned())]);
        let Template(parts) = Template::parse(text, &variables);
        let shown = parts.into_iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Value(Parameter::Fixed(text)) => format!("<{text}>"),
            Part::Value(_) => "<?>".to_owned(),
        });
        shown.filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn only_known_references_are_replaced() {
        assert_eq!(shape(r#"{"message":$context.error.messageString}"#), [r#"{"message":"#, "<?>", "}"]);
        assert_eq!(shape("$stageVariables.a. ${stageVariables.a}b"), ["<A>", ". ", "<A>", "b"]);
        assert_eq!(shape("$method.request.header.X-Y"), ["<?>"]);
        for plain in ["costs $5", "$", "${", "${stageVariables.a", "#set($x = 1)$x", "$input.body", "$context.nothing"]
        {
            assert_eq!(shape(plain), [plain]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template(text in "[$\\{\\}a-z.§ ]{0,40}") {
            prop_assert!(!Template::parse(&text, &BTreeMap::new()).0.is_empty());
        }
    }
}
