//! Methods of maps and their entries.

use std::sync::Arc;

use super::collection::made;
use crate::{
    Fault,
    value::{Heap, MapId, Value, equal},
};

pub(super) fn call(heap: &mut Heap, map: MapId, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    match (name, arguments) {
        ("size", []) => Ok(Value::count(heap.entries(map).len())),
        ("isEmpty", []) => Ok(Value::Bool(heap.entries(map).is_empty())),
        ("get", [key]) => {
            let key = heap.text_of(key)?;
            Ok(heap.get(map, &key))
        }
        ("getOrDefault", [key, default]) => {
            let key = heap.text_of(key)?;
            Ok(heap.entries(map).get(&*key).unwrap_or(default).clone())
        }
        ("put", [key, value]) => {
            let key = heap.text_of(key)?;
            heap.put(map, &key, value.clone())
        }
        ("putAll", [Value::Map(other)]) => put_all(heap, map, *other),
        ("remove", [key]) => {
            let key = heap.text_of(key)?;
            heap.budget.visit(heap.entries(map).len() / 16)?;
            Ok(heap.entries_mut(map).shift_remove(&*key).unwrap_or(Value::Null))
        }
        ("clear", []) => {
            heap.entries_mut(map).clear();
            Ok(Value::Null)
        }
        ("containsKey", [key]) => {
            let key = heap.text_of(key)?;
            Ok(Value::Bool(heap.entries(map).contains_key(&*key)))
        }
        ("containsValue", [value]) => contains_value(heap, map, value),
        ("keySet", []) => {
            let keys = heap.keys(map)?;
            made(heap, keys)
        }
        ("values", []) => {
            let values = heap.entries(map).values().cloned().collect();
            made(heap, values)
        }
        ("entrySet", []) => entries(heap, map),
        _ => Ok(Value::Null),
    }
}

pub(super) fn call_entry(heap: &Heap, map: MapId, key: &Arc<str>, name: &str, arguments: &[Value]) -> Value {
    match (name, arguments) {
        ("getKey", []) => Value::Text(key.clone()),
        ("getValue", []) => heap.get(map, key),
        _ => Value::Null,
    }
}

/// The keys that a call is about to write.
pub(crate) fn written_keys(heap: &mut Heap, name: &str, arguments: &[Value]) -> Result<Vec<String>, Fault> {
    match (name, arguments) {
        ("put", [key, _]) => Ok(vec![heap.text_of(key)?.to_string()]),
        ("putAll", [Value::Map(other)]) => Ok(heap.cloned_entries(*other)?.into_keys().collect()),
        _ => Ok(Vec::new()),
    }
}

fn put_all(heap: &mut Heap, map: MapId, other: MapId) -> Result<Value, Fault> {
    for (key, value) in heap.cloned_entries(other)? {
        heap.put(map, &key, value)?;
    }
    Ok(Value::Null)
}

fn contains_value(heap: &mut Heap, map: MapId, value: &Value) -> Result<Value, Fault> {
    heap.budget.visit(heap.entries(map).len())?;
    let candidates: Vec<Value> = heap.entries(map).values().cloned().collect();
    for candidate in candidates {
        if equal(heap, &candidate, value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn entries(heap: &mut Heap, map: MapId) -> Result<Value, Fault> {
    let view = |key| match key {
        Value::Text(key) => Value::Entry(map, key),
        other => other,
    };
    let entries = heap.keys(map)?.into_iter().map(view).collect();
    made(heap, entries)
}
