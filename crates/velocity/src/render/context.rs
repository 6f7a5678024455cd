//! `$context`, and what a template overrides through it.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::{
    ContextOverrides, Fault, OverriddenParameters, RequestOverride, ResponseOverride,
    value::{Heap, MapId, Value},
};

/// The `$context` tree and the maps in it that may be set once for each name.
pub(super) struct ContextTree {
    root: MapId,
    request: [MapId; 3],
    response: MapId,
    response_header: MapId,
    written: HashSet<(MapId, String)>,
}

impl ContextTree {
    pub(super) fn new(context: &Json, heap: &mut Heap) -> Self {
        let root = match heap.input_json(context) {
            Value::Map(root) => root,
            _ => heap.input_map(IndexMap::new()),
        };
        let request = child(heap, root, "requestOverride");
        let response = child(heap, root, "responseOverride");
        Self {
            root,
            request: ["header", "path", "querystring"].map(|name| child(heap, request, name)),
            response,
            response_header: child(heap, response, "header"),
            written: HashSet::new(),
        }
    }

    pub(super) fn root(&self) -> Value {
        Value::Map(self.root)
    }

    /// Notes that a map is set at a key, and refuses the second time for an override.
    pub(super) fn guard(&mut self, map: MapId, key: &str) -> Result<(), Fault> {
        let is_override = self.request.contains(&map) || map == self.response || map == self.response_header;
        if is_override && !self.written.insert((map, key.to_owned())) {
            return Err(Fault::OverriddenTwice { parameter: key.to_owned() });
        }
        Ok(())
    }

    /// What the template has set.
    pub(super) fn overrides(&self, heap: &mut Heap) -> Result<ContextOverrides, Fault> {
        let [header, path, querystring] = self.request;
        Ok(ContextOverrides {
            request: RequestOverride {
                header: self.parameters(heap, header)?,
                path: self.parameters(heap, path)?,
                querystring: self.parameters(heap, querystring)?,
            },
            response: ResponseOverride {
                status: self.status(heap)?,
                header: self.parameters(heap, self.response_header)?,
            },
        })
    }

    fn status(&self, heap: &mut Heap) -> Result<Option<u16>, Fault> {
        if !self.written.contains(&(self.response, "status".to_owned())) {
            return Ok(None);
        }
        let status = heap.text_of(&heap.get(self.response, "status"))?;
        match status.parse() {
            Ok(code @ 100..=599) => Ok(Some(code)),
            _ => Err(Fault::InvalidStatus { status: status.to_string() }),
        }
    }

    fn parameters(&self, heap: &mut Heap, map: MapId) -> Result<OverriddenParameters, Fault> {
        let entries = heap.entries(map).clone();
        let written = entries.into_iter().filter(|(name, _)| self.written.contains(&(map, name.clone())));
        written.map(|(name, value)| Ok((name, texts(heap, &value)?))).collect()
    }
}

/// A value as the texts it sets: a list's items, or itself.
fn texts(heap: &mut Heap, value: &Value) -> Result<Vec<String>, Fault> {
    let items = match value {
        Value::List(list) => heap.items(*list).to_vec(),
        single => vec![single.clone()],
    };
    items.iter().map(|item| Ok(heap.text_of(item)?.to_string())).collect()
}

/// The map in a map at a name, made if it is not there.
fn child(heap: &mut Heap, map: MapId, name: &str) -> MapId {
    if let Value::Map(existing) = heap.get(map, name) {
        return existing;
    }
    let made = heap.input_map(IndexMap::new());
    heap.entries_mut(map).insert(name.to_owned(), Value::Map(made));
    made
}
