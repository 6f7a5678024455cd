//! A JSONPath by itself, as parameter mappings use it.

use crate::{
    Fault, Limits,
    jsonpath::JsonPath,
    limits::Budget,
    value::{Heap, Value},
};

/// A parsed path into a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Query(JsonPath);

impl Query {
    /// Parses a path, such as `$.pets[0].name`.
    pub fn parse(path: &str) -> Result<Self, Fault> {
        JsonPath::parse(path).map(Self)
    }

    /// What the path leads to: a string as it is, anything else as JSON. `None` when nothing is there, as in a payload
    /// that is not JSON.
    pub fn select(&self, payload: &str, limits: &Limits) -> Result<Option<String>, Fault> {
        let Ok(json) = serde_json::from_str(payload) else { return Ok(None) };
        let mut heap = Heap::new(Budget::new(*limits));
        let root = heap.input_json(&json);
        match self.0.select(&root, &mut heap)? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.as_ref().to_owned())),
            Some(other) => Ok(Some(heap.json_of(&other)?.as_ref().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(path: &str) -> Option<String> {
        let payload = r#"{"a": {"b": ["x", 2]}, "n": null, "t": "it's"}"#;
        Query::parse(path).expect("a path").select(payload, &Limits::default()).expect("within its limits")
    }

    #[test]
    fn a_string_comes_as_it_is_and_the_rest_as_json() {
        assert_eq!(select("$.a.b[0]").as_deref(), Some("x"));
        assert_eq!(select("$.a.b[1]").as_deref(), Some("2"));
        assert_eq!(select("$.a").as_deref(), Some(r#"{"b":["x",2]}"#));
        assert_eq!(select("$.t").as_deref(), Some("it's"));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        assert_eq!((select("$.n"), select("$.z.y")), (None, None));
        let path = Query::parse("$.a").expect("a path");
        assert_eq!(path.select("no JSON", &Limits::default()), Ok(None));
    }
}
