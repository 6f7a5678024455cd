//! Requests to the node that a deployment makes, and what they ask of the answer.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::document::Members;
use crate::scope::text;

/// Stands in a path for the id that the first answer of a step gave.
pub(crate) const MADE: &str = "{made}";
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An API of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// API Gateway's.
    ApiGateway,
    /// Lambda's.
    Lambda,
}

/// The verb of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Makes.
    Post,
    /// Makes or replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

/// An archive of code that goes with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
    /// The member of the body that it belongs under; empty for the body itself.
    pub under: &'static str,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The API that it is for.
    pub service: Service,
    /// Its verb.
    pub verb: Verb,
    /// Its path, encoded, with its query.
    pub path: String,
    /// Its body.
    pub body: Option<Value>,
    /// The archive of code that goes with it.
    pub archive: Option<Archive>,
    /// Whether a thing that is not there, or not so, is fine: it was to be removed.
    pub lenient: bool,
}

impl Call {
    pub(crate) fn new(verb: Verb, path: String, body: impl Into<Option<Value>>) -> Self {
        Self { service: Service::ApiGateway, verb, path, body: body.into(), archive: None, lenient: false }
    }

    pub(crate) fn lambda(verb: Verb, path: String, body: impl Into<Option<Value>>) -> Self {
        Self { service: Service::Lambda, ..Self::new(verb, path, body) }
    }

    /// Removes a thing; one that is gone already is fine.
    pub(crate) fn delete(path: String) -> Self {
        Self::new(Verb::Delete, path, None).leniently()
    }

    /// Changes a thing by patch operations; `None` when there are none.
    pub(crate) fn patch(path: String, operations: Vec<Value>) -> Option<Self> {
        let body = serde_json::json!({ "patchOperations": operations });
        (!operations.is_empty()).then(|| Self::new(Verb::Patch, path, body))
    }

    pub(crate) fn leniently(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// The same request with the id that an answer gave.
    pub(crate) fn with_id(mut self, id: &str) -> Self {
        self.path = self.path.replace(MADE, &segment(id));
        self
    }
}

/// Fills `{Property}` with properties and `{}` with an id, each as one segment of a path.
pub(crate) fn path(pattern: &str, properties: &Members, id: Option<&str>) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        match (name, id) {
            ("", Some(id)) => out.push_str(&segment(id)),
            ("", None) => out.push_str(MADE),
            _ => out.push_str(&segment(&properties.get(name).and_then(text).unwrap_or_default())),
        }
        rest = behind;
    }
    out + rest
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A patch operation.
pub(crate) fn operation(op: &str, path: String, value: Option<String>) -> Value {
    match value {
        Some(value) => serde_json::json!({ "op": op, "path": path, "value": value }),
        None => serde_json::json!({ "op": op, "path": path }),
    }
}

/// A text as one token of the path of a patch operation.
pub(crate) fn token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_a_path_is_one_segment() {
        let Value::Object(properties) = json!({"RestApiId": "a/b"}) else { panic!("an object") };
        assert_eq!(path("/restapis/{RestApiId}/stages/{}", &properties, Some("x y")), "/restapis/a%2Fb/stages/x%20y");
        let unmade = Call::delete(path("/restapis/{}", &properties, None));
        assert_eq!(unmade.with_id("(none)").path, "/restapis/%28none%29");
    }
}
