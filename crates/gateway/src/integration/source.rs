//! Where the value of a mapped parameter comes from: `method.request.header.x`, `'literal'`, `context.requestId` …

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tollgate_velocity::{Limits, Query};

use super::Site;
use crate::call::{Call, last_value};
use crate::query;
use crate::refusal::Refusal;
use crate::routes::variable_names;
use crate::variables::Variable;

/// What a value may not hold unencoded in one segment of a path, or in one value of a query.
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters that would end a value of a query, for text that is percent-encoded otherwise.
const QUERY_DELIMITERS: &AsciiSet = &percent_encoding::CONTROLS.add(b'&').add(b'=').add(b'+').add(b'#').add(b' ');

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// Known when compiled: a literal, a stage variable, the name of the API.
    Fixed(String),
    /// A variable of the path, by its place in it.
    PathVariable(usize),
    Query(String),
    /// All values of a query parameter.
    QueryList(String),
    /// The last value of a header.
    Header(HeaderName),
    /// All values of a header.
    HeaderList(HeaderName),
    /// A variable of `$context`.
    Context(Variable),
    /// The body, or what a path leads to in it.
    Body(BodyPart),
}

/// A part of a body.
#[derive(Debug)]
pub(super) enum BodyPart {
    Whole,
    At(Query),
}

impl BodyPart {
    /// Reads what follows `body` in a mapping: nothing, or a dot and a JSONPath.
    pub(super) fn parse(rest: &str) -> Result<Self, String> {
        match rest.strip_prefix('.') {
            None if rest.is_empty() => Ok(Self::Whole),
            None => Err(format!("{rest:?} is no part of a body")),
            Some(path) => Query::parse(path).map(Self::At).map_err(|fault| format!("the path {path:?}: {fault}")),
        }
    }

    /// What it is in a body; `None` when it is not there.
    pub(super) fn of(&self, body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(body);
        match self {
            Self::Whole => Some(text.into_owned()).filter(|text| !text.is_empty()),
            // A body too deep or too large to be searched has nothing at the path.
            Self::At(path) => path.select(&text, &Limits::default()).ok().flatten(),
        }
    }
}

/// A value as it came.
enum Value<'a> {
    /// As it is.
    Plain(Cow<'a, [u8]>),
    /// Part of a path, percent-encoded where the caller saw need.
    RawPath(&'a str),
    /// Part of a query, percent-encoded.
    RawQuery(&'a str),
}

impl Source {
    /// Reads a mapping expression.
    pub(super) fn parse(expression: &str, site: &Site<'_>) -> Result<Self, String> {
        let unknown = || format!("the mapping {expression:?} is not supported");
        if let Some(literal) = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Self::Fixed(literal.to_owned()));
        }
        let header = |name: &str| name.parse::<HeaderName>().map_err(|_| unknown());
        if let Some(rest) = expression.strip_prefix("method.request.body") {
            return BodyPart::parse(rest).map(Self::Body);
        }
        if let Some(request) = expression.strip_prefix("method.request.") {
            return match request.split_once('.') {
                Some(("path", name)) => Self::path_variable(name, site).ok_or_else(unknown),
                Some(("querystring", name)) => Ok(Self::Query(name.to_owned())),
                Some(("multivaluequerystring", name)) => Ok(Self::QueryList(name.to_owned())),
                Some(("header", name)) => header(name).map(Self::Header),
                Some(("multivalueheader", name)) => header(name).map(Self::HeaderList),
                _ => Err(unknown()),
            };
        }
        if let Some(name) = expression.strip_prefix("stageVariables.") {
            return Ok(Self::Fixed(site.stage_variables.get(name).cloned().unwrap_or_default()));
        }
        expression.strip_prefix("context.").and_then(Variable::parse).map(Self::Context).ok_or_else(unknown)
    }

    /// The variable of the resource's path that has this name.
    pub(super) fn path_variable(name: &str, site: &Site<'_>) -> Option<Self> {
        variable_names(site.resource_path).position(|candidate| candidate == name).map(Self::PathVariable)
    }

    fn value<'a>(&'a self, call: &'a Call<'_>, headers: &'a HeaderMap) -> Option<Value<'a>> {
        let plain = |text: &'a [u8]| Some(Value::Plain(Cow::Borrowed(text)));
        match self {
            Self::Fixed(text) => plain(text.as_bytes()),
            Self::PathVariable(index) => call.path_variable(*index).map(Value::RawPath),
            Self::Query(name) => query::last(call.query()?, name).map(Value::RawQuery),
            Self::QueryList(name) => {
                let values: Vec<Vec<u8>> = query::values(call.query()?, name).map(query::decode).collect();
                (!values.is_empty()).then(|| Value::Plain(Cow::Owned(values.join(&b","[..]))))
            }
            Self::Header(name) => plain(last_value(headers, name)?.as_bytes()),
            Self::HeaderList(name) => {
                let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
                (!values.is_empty()).then(|| Value::Plain(Cow::Owned(values.join(&b","[..]))))
            }
            Self::Context(variable) => match variable.value(call, headers)? {
                Cow::Borrowed(text) => plain(text.as_bytes()),
                Cow::Owned(text) => Some(Value::Plain(Cow::Owned(text.into_bytes()))),
            },
            Self::Body(part) => part.of(call.payload.get()?).map(|text| Value::Plain(Cow::Owned(text.into_bytes()))),
        }
    }

    /// Whether the body has to be there before the value is known.
    pub(super) fn reads_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }

    /// Whether it looks into the caller's headers.
    pub(super) fn reads_headers(&self) -> bool {
        match self {
            Self::Fixed(_) | Self::PathVariable(_) | Self::Query(_) | Self::QueryList(_) | Self::Body(_) => false,
            Self::Header(_) | Self::HeaderList(_) | Self::Context(_) => true,
        }
    }

    /// Writes a query parameter with each value that there is, after `separator`, which becomes `&`.
    pub(super) fn write_parameter(
        &self,
        name: &str,
        call: &Call<'_>,
        headers: &HeaderMap,
        separator: &mut char,
        out: &mut String,
    ) {
        if let Self::QueryList(from) = self {
            for value in call.query().into_iter().flat_map(|sent| query::values(sent, from)) {
                out.extend([&*separator.to_string(), name, "=", value]);
                *separator = '&';
            }
            return;
        }
        let before = out.len();
        out.push(*separator);
        out.push_str(name);
        out.push('=');
        if self.write_query(call, headers, out) {
            *separator = '&';
        } else {
            out.truncate(before);
        }
    }

    /// The value as that of a header. One that a header cannot hold is the caller's mistake.
    pub(super) fn header_value(&self, call: &Call<'_>, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let bytes = match self.value(call, headers) {
            None => return Ok(None),
            Some(Value::Plain(bytes)) => bytes,
            // Path variables are not decoded, as on AWS.
            Some(Value::RawPath(text)) => Cow::Borrowed(text.as_bytes()),
            Some(Value::RawQuery(text)) => Cow::Owned(query::decode(text)),
        };
        let value = HeaderValue::from_bytes(&bytes);
        value.map(Some).map_err(|_| Refusal::Malformed("a mapped value cannot stand in a header"))
    }

    /// Writes the value as part of a path, so that it cannot leave its segments.
    pub(super) fn write_path(&self, call: &Call<'_>, headers: &HeaderMap, out: &mut String) {
        match self.value(call, headers) {
            None => {}
            Some(Value::Plain(bytes)) => out.extend(percent_encode(&bytes, ENCODED)),
            Some(Value::RawPath(text)) => out.push_str(text),
            Some(Value::RawQuery(text)) => out.extend(percent_encode(&query::decode(text), ENCODED)),
        }
    }

    /// Writes the value as that of a query parameter. False when there is none.
    pub(super) fn write_query(&self, call: &Call<'_>, headers: &HeaderMap, out: &mut String) -> bool {
        match self.value(call, headers) {
            None => return false,
            Some(Value::Plain(bytes)) => out.extend(percent_encode(&bytes, ENCODED)),
            Some(Value::RawPath(text)) => out.extend(percent_encode(text.as_bytes(), QUERY_DELIMITERS)),
            Some(Value::RawQuery(text)) => out.push_str(text),
        }
        true
    }
}
