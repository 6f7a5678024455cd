//! `$input`: the payload and the parameters.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Renderer;
use crate::{
    Fault, Input, Parameters, Params,
    jsonpath::JsonPath,
    value::{Heap, MapId, Value},
};

/// What an empty payload reads as.
const EMPTY_BODY: &str = "{}";

pub(super) struct InputValues<'s> {
    body: &'s str,
    /// The payload as a value, once a template has asked for it.
    body_text: Option<Arc<str>>,
    /// The payload's tree, once a template has asked for it. Changes to it show in `$input.json()`.
    tree: Option<Value>,
    params: &'s Params,
    params_map: MapId,
}

impl<'s> InputValues<'s> {
    pub(super) fn new(input: &'s Input, heap: &mut Heap) -> Self {
        let body = if input.body.is_empty() { EMPTY_BODY } else { &input.body };
        Self { body, body_text: None, tree: None, params: &input.params, params_map: params_map(&input.params, heap) }
    }

    pub(super) fn body(&mut self) -> Value {
        Value::Text(self.body_text.get_or_insert_with(|| self.body.into()).clone())
    }
}

impl Renderer<'_> {
    pub(super) fn call_input(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
        match (name, arguments) {
            ("json", [Value::Text(path)]) => self.input_json(path),
            ("path", [Value::Text(path)]) => Ok(self.input_path(path)?.unwrap_or(Value::Null)),
            ("params", []) => Ok(Value::Map(self.input.params_map)),
            // A missing parameter is an empty string here, not null.
            ("params", [Value::Text(name)]) => self.heap.text(self.input.params.find(name).unwrap_or_default()),
            _ => Ok(Value::Null),
        }
    }

    fn input_json(&mut self, path: &str) -> Result<Value, Fault> {
        match self.input_path(path)? {
            Some(found) => Ok(Value::Text(self.heap.json_of(&found)?)),
            // API Gateway writes an empty JSON string for what is not there.
            None => Ok("\"\"".into()),
        }
    }

    fn input_path(&mut self, path: &str) -> Result<Option<Value>, Fault> {
        self.heap.budget.look_at(path.len())?;
        let tree = self.body_tree();
        JsonPath::parse(path)?.select(&tree, &mut self.heap)
    }

    fn body_tree(&mut self) -> Value {
        if let Some(tree) = &self.input.tree {
            return tree.clone();
        }
        let tree = match serde_json::from_str(self.input.body) {
            Ok(json) => self.heap.input_json(&json),
            // A form or plain text is a string, which templates then split.
            Err(_) => self.input.body(),
        };
        self.input.tree = Some(tree.clone());
        tree
    }
}

fn params_map(params: &Params, heap: &mut Heap) -> MapId {
    let groups = [("path", &params.path), ("querystring", &params.querystring), ("header", &params.header)];
    let groups = groups.map(|(name, parameters)| (name.to_owned(), Value::Map(heap.input_map(text_map(parameters)))));
    heap.input_map(IndexMap::from(groups))
}

pub(super) fn text_map(parameters: &Parameters) -> IndexMap<String, Value> {
    parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}
