//! Equality and order, as Velocity 1.7 has them.

use std::{cmp::Ordering, iter::zip};

use super::{Heap, ListId, MapId, Value};
use crate::error::Fault;

/// The most levels of lists and maps that are compared.
const MAX_COMPARED_DEPTH: usize = 200;

/// Compares for equality: numbers by amount, values of one kind by content, and values of different kinds by their
/// text, so that `"5" == 5`.
pub(crate) fn equal(heap: &mut Heap, left: &Value, right: &Value) -> Result<bool, Fault> {
    equal_at(heap, left, right, 0)
}

fn equal_at(heap: &mut Heap, left: &Value, right: &Value, depth: usize) -> Result<bool, Fault> {
    heap.budget.step()?;
    if depth == MAX_COMPARED_DEPTH {
        return Err(Fault::NestedTooDeeply { max: MAX_COMPARED_DEPTH });
    }
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(left.is_null() && right.is_null()),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => {
            heap.budget.look_at(left.len().min(right.len()))?;
            Ok(left == right)
        }
        (Value::List(left), Value::List(right)) => equal_lists(heap, *left, *right, depth),
        (Value::Map(left), Value::Map(right)) => equal_maps(heap, *left, *right, depth),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            Ok(ordered(left, right) == Some(Ordering::Equal))
        }
        _ => Ok(heap.text_of(left)? == heap.text_of(right)?),
    }
}

fn equal_lists(heap: &mut Heap, left: ListId, right: ListId, depth: usize) -> Result<bool, Fault> {
    if left == right {
        return Ok(true);
    }
    if heap.items(left).len() != heap.items(right).len() {
        return Ok(false);
    }
    heap.budget.visit(heap.items(left).len())?;
    let (left, right) = (heap.items(left).to_vec(), heap.items(right).to_vec());
    for (left, right) in zip(&left, &right) {
        if !equal_at(heap, left, right, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(heap: &mut Heap, left: MapId, right: MapId, depth: usize) -> Result<bool, Fault> {
    if left == right {
        return Ok(true);
    }
    if heap.entries(left).len() != heap.entries(right).len() {
        return Ok(false);
    }
    for (key, left) in heap.cloned_entries(left)? {
        let Some(right) = heap.entries(right).get(&key).cloned() else { return Ok(false) };
        if !equal_at(heap, &left, &right, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Orders two numbers. Nothing else has an order in Velocity 1.7.
pub(crate) fn ordered(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Float(right)) => (*left as f64).partial_cmp(right),
        (Value::Float(left), Value::Int(right)) => left.partial_cmp(&(*right as f64)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        _ => None,
    }
}
