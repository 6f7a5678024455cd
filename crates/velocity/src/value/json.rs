//! JSON in: from text or trees to values.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{Heap, ListStyle, Value};
use crate::error::Fault;

impl Heap {
    /// Keeps a tree that came with the call.
    pub(crate) fn input_json(&mut self, json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => number_value(number),
            Json::String(text) => text.as_str().into(),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.input_json(item)).collect();
                self.input_list(items, ListStyle::Json)
            }
            Json::Object(entries) => {
                let entries: IndexMap<_, _> =
                    entries.iter().map(|(key, value)| (key.clone(), self.input_json(value))).collect();
                Value::Map(self.input_map(entries))
            }
        }
    }

    /// Keeps a tree that the template made from text.
    pub(crate) fn made_json(&mut self, text: &str) -> Result<Value, Fault> {
        // Values take several times the bytes they are written in.
        self.budget.allocate(text.len().saturating_mul(6))?;
        self.budget.look_at(text.len())?;
        match serde_json::from_str(text) {
            Ok(json) => Ok(self.input_json(&json)),
            Err(error) => Err(Fault::MethodFailed { method: "parseJson", reason: error.to_string() }),
        }
    }
}

fn number_value(number: &serde_json::Number) -> Value {
    number.as_i128().map(Value::Int).or_else(|| number.as_f64().map(Value::Float)).unwrap_or(Value::Null)
}
