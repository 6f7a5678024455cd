//! The methods of Java's strings, numbers, lists and maps that templates call, and those of `$util`.
//!
//! Velocity finds a method by its name and the types of its arguments, and a call that fits none is null; so each
//! file here is one match over both.

mod collection;
mod map;
mod number;
mod regular;
mod text;
mod units;
mod util;

use std::sync::Arc;

use crate::{
    Fault,
    value::{Heap, Value, equal},
};

pub(crate) use map::written_keys;
pub(crate) use util::call as util;

/// Calls a method of a value.
pub(crate) fn call(heap: &mut Heap, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    match (name, arguments) {
        ("toString", []) => return Ok(Value::Text(heap.text_of(value)?)),
        ("equals", [other]) => return equals(heap, value, other),
        _ => {}
    }
    match value {
        Value::Text(target) => text::call(heap, target, name, arguments),
        Value::List(list) => collection::call(heap, *list, name, arguments),
        Value::Map(target) => map::call(heap, *target, name, arguments),
        Value::Entry(map, key) => Ok(map::call_entry(heap, *map, key, name, arguments)),
        Value::Int(_) | Value::Float(_) => number::call(heap, value, name, arguments),
        Value::Bool(truth) => Ok(call_bool(*truth, name, arguments)),
        Value::Null | Value::Block(_) | Value::Loop(_) | Value::Input | Value::Util => Ok(Value::Null),
    }
}

/// Java's `equals`, which unlike `==` finds values of different kinds unequal.
fn equals(heap: &mut Heap, left: &Value, right: &Value) -> Result<Value, Fault> {
    let same_kind = std::mem::discriminant(left) == std::mem::discriminant(right);
    Ok(Value::Bool(same_kind && equal(heap, left, right)?))
}

fn call_bool(truth: bool, name: &str, arguments: &[Value]) -> Value {
    match (name, arguments) {
        ("booleanValue", []) => Value::Bool(truth),
        ("parseBoolean", [Value::Text(text)]) => Value::Bool(text.eq_ignore_ascii_case("true")),
        _ => Value::Null,
    }
}

/// An index as a position in so many items, or the error that Java throws.
pub(crate) fn position(method: &'static str, index: i128, length: usize) -> Result<usize, Fault> {
    match usize::try_from(index) {
        Ok(position) if position < length => Ok(position),
        _ => Err(failed(method, format!("index {index} is out of bounds for length {length}"))),
    }
}

/// The bounds of a part, or the error that Java throws.
fn part(method: &'static str, from: i128, to: i128, length: usize) -> Result<std::ops::Range<usize>, Fault> {
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to && to <= length => Ok(from..to),
        _ => Err(failed(method, format!("{from} to {to} is out of bounds for length {length}"))),
    }
}

fn failed(method: &'static str, reason: impl Into<String>) -> Fault {
    Fault::MethodFailed { method, reason: reason.into() }
}

fn text_value(text: &Arc<str>) -> Value {
    Value::Text(text.clone())
}
