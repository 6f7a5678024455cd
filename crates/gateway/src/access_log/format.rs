//! Formats of access logs: text with `$context` variables, some of which only access logs know.
//!
//! The names are those of API Gateway's "Variables for access logging" reference. What is not known of a call is `-`.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};

use crate::call::Call;
use crate::narration::masked;
use crate::variables::{Named, Variable};

/// What stands for a value that is not known.
const UNKNOWN: &str = "-";

/// A format, ready to be filled in.
#[derive(Debug, PartialEq)]
pub(super) struct Format {
    pieces: Vec<Piece>,
    /// Whether values stand in JSON, so that what would end a string of it has to be escaped.
    is_json: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Value(Variable),
    Logged(Logged),
    Late(Late),
}

/// What only an access log asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logged {
    Status,
    IntegrationStatus,
    IntegrationLatency,
    IntegrationError,
    IntegrationRequestId,
    AuthorizerStatus,
    AuthorizerLatency,
    AuthorizerError,
    TraceId,
}

/// What is not known before the whole answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// Bytes of the answer's body.
    ResponseLength,
    /// Milliseconds from the head of the call to the end of the answer.
    ResponseLatency,
}

/// A line but for what is known late.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) text: String,
    /// Where in the text what is missing goes, in order.
    pub(super) gaps: Vec<(usize, Late)>,
}

impl Format {
    pub(super) fn parse(text: &str) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find("$context.") {
            let named = &rest[at + "$context.".len()..];
            let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let end = named.find(|c| !is_part_of_name(c)).unwrap_or(named.len());
            // A full stop that ends a sentence is no part of a name.
            let name = named[..end].trim_end_matches(['.', '-']);
            pieces.push(Piece::Text(rest[..at].to_owned()));
            pieces.push(piece(name));
            rest = &named[name.len()..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Self { pieces, is_json: text.trim_start().starts_with('{') }
    }

    /// Whether the caller's headers are needed to fill it in.
    pub(super) fn reads_headers(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Value(_) | Piece::Logged(Logged::TraceId)))
    }

    /// Fills in what is known once the answer begins. `sent` are the caller's headers.
    pub(super) fn draft(&self, call: &Call<'_>, sent: &HeaderMap, status: StatusCode) -> Draft {
        let mut draft = Draft::default();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => draft.text.push_str(text),
                Piece::Late(late) => draft.gaps.push((draft.text.len(), *late)),
                Piece::Value(variable) => self.write(&mut draft.text, variable, value(variable, call, sent)),
                Piece::Logged(logged) => {
                    let value = logged.value(call, sent, status).unwrap_or(UNKNOWN.into());
                    escape(&mut draft.text, &value, self.is_json);
                }
            }
        }
        draft
    }

    fn write(&self, line: &mut String, variable: &Variable, value: Option<Cow<'_, str>>) {
        // This one is a string of JSON already.
        let escapes = self.is_json && *variable != Variable::Named(Named::ErrorMessageString);
        escape(line, value.as_deref().unwrap_or(UNKNOWN), escapes);
    }
}

fn piece(name: &str) -> Piece {
    Piece::Logged(match name {
        "responseLength" => return Piece::Late(Late::ResponseLength),
        "responseLatency" => return Piece::Late(Late::ResponseLatency),
        "status" => Logged::Status,
        "integrationStatus" | "integration.integrationStatus" | "integration.status" => Logged::IntegrationStatus,
        "integrationLatency" | "integration.latency" => Logged::IntegrationLatency,
        "integrationErrorMessage" | "integration.error" => Logged::IntegrationError,
        "integration.requestId" => Logged::IntegrationRequestId,
        "authorizer.status" | "authorizer.integrationStatus" | "authorize.status" | "authenticate.status" => {
            Logged::AuthorizerStatus
        }
        "authorizer.latency" | "authorizer.integrationLatency" | "authorize.latency" | "authenticate.latency" => {
            Logged::AuthorizerLatency
        }
        "authorizer.error" | "authorize.error" | "authenticate.error" => Logged::AuthorizerError,
        "xrayTraceId" => Logged::TraceId,
        _ => return Variable::parse(name).map_or_else(|| Piece::Text(UNKNOWN.to_owned()), Piece::Value),
    })
}

fn value<'c>(variable: &Variable, call: &'c Call<'_>, sent: &'c HeaderMap) -> Option<Cow<'c, str>> {
    let value = variable.value(call, sent)?;
    match variable {
        // Whole keys are never logged.
        Variable::Named(Named::IdentityApiKey) => Some(masked(&value).into()),
        _ => Some(value),
    }
}

impl Logged {
    fn value<'c>(self, call: &'c Call<'_>, sent: &HeaderMap, status: StatusCode) -> Option<Cow<'c, str>> {
        let integration = &call.integration;
        let authorization = call.authorization.get();
        Some(match self {
            Self::Status => status.as_u16().to_string().into(),
            Self::IntegrationStatus => integration.status.get()?.to_string().into(),
            Self::IntegrationLatency => integration.latency.get()?.as_millis().to_string().into(),
            Self::IntegrationError => integration.error.borrow().clone()?.into(),
            Self::IntegrationRequestId => integration.request_id.borrow().clone()?.into(),
            Self::AuthorizerStatus => authorization?.status.as_u16().to_string().into(),
            Self::AuthorizerLatency => authorization?.latency.as_millis().to_string().into(),
            Self::AuthorizerError => {
                let _ = authorization.filter(|report| !report.status.is_success())?;
                call.refused.as_ref()?.message()?.into()
            }
            Self::TraceId => call.trace_id(sent).to_str().ok()?.to_owned().into(),
        })
    }
}

/// Writes a value so that it neither ends the line nor, within JSON, the string that it stands in.
fn escape(line: &mut String, value: &str, in_json: bool) {
    let is_escaped = |c: char| c.is_control() || (in_json && matches!(c, '"' | '\\'));
    if !value.contains(is_escaped) {
        return line.push_str(value);
    }
    for c in value.chars() {
        match c {
            '"' | '\\' if in_json => line.extend(['\\', c]),
            c if c.is_control() => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
}

impl Draft {
    /// The whole line.
    pub(super) fn finish(mut self, length: u64, latency_millis: u128) -> String {
        for (at, late) in self.gaps.into_iter().rev() {
            let value = match late {
                Late::ResponseLength => length.to_string(),
                Late::ResponseLatency => latency_millis.to_string(),
            };
            self.text.insert_str(at, &value);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> Vec<String> {
        let shown = Format::parse(text).pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Value(variable) => format!("{variable:?}"),
            Piece::Logged(logged) => format!("{logged:?}"),
            Piece::Late(late) => format!("{late:?}"),
        });
        shown.collect()
    }

    #[test]
    fn a_format_is_read_as_aws_writes_it() {
        assert_eq!(
            shape("$context.identity.sourceIp [$context.status] $context.responseLength, done."),
            ["Named(IdentitySourceIp)", " [", "Status", "] ", "ResponseLength", ", done."]
        );
        assert_eq!(shape("$context.requestId."), ["Named(RequestId)", "."]);
        assert_eq!(shape("$context.waf.status|$context.nothing"), ["-", "|", "-"], "unknown is a dash");
        assert_eq!(shape("costs $5 $contextual"), ["costs $5 $contextual"]);
        assert_eq!(shape("$context.authorizer.tier"), ["Authorizer(\"tier\")"]);
    }

    #[test]
    fn what_is_known_late_goes_where_it_stands_in_the_format() {
        let draft = Draft {
            text: "a b c".to_owned(),
            gaps: vec![(2, Late::ResponseLength), (5, Late::ResponseLatency), (5, Late::ResponseLength)],
        };
        assert_eq!(draft.finish(123, 7), "a 123b c7123");
    }

    #[test]
    fn a_value_ends_neither_the_line_nor_a_string_of_json() {
        let escaped = |value, in_json| {
            let mut line = String::new();
            escape(&mut line, value, in_json);
            line
        };
        assert_eq!(escaped("a\"b\\c", true), r#"a\"b\\c"#);
        assert_eq!(escaped("a\"b\\c", false), r#"a"b\c"#);
        assert_eq!(escaped("a\r\nb", false), "a\\u000d\\u000ab");
    }

    proptest! {
        #[test]
        fn any_value_leaves_json_readable(value in "\\PC{0,20}|[\\x00-\\x7f]{0,20}") {
            let mut line = "\"".to_owned();
            escape(&mut line, &value, true);
            line.push('"');
            prop_assert_eq!(serde_json::from_str::<String>(&line).expect("a string of JSON"), value);
        }

        #[test]
        fn any_text_is_a_format(text in "[$a-z.{} ]{0,10}(\\$context\\.[a-zA-Z.]{0,20})?\\PC{0,10}") {
            let _ = Format::parse(&text);
        }
    }
}
