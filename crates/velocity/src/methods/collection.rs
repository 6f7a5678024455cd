//! Methods of lists.

use super::{part, position};
use crate::{
    Fault,
    value::{Heap, ListId, ListStyle, Value, equal},
};

pub(super) fn call(heap: &mut Heap, list: ListId, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    let length = heap.items(list).len();
    match (name, arguments) {
        ("size", []) => Ok(Value::count(length)),
        ("isEmpty", []) => Ok(Value::Bool(length == 0)),
        ("clear", []) => {
            heap.items_mut(list).clear();
            Ok(Value::Null)
        }
        ("get", [Value::Int(index)]) => Ok(heap.items(list)[position("get", *index, length)?].clone()),
        ("add", [item]) => {
            heap.extend(list, vec![item.clone()])?;
            Ok(Value::Bool(true))
        }
        ("add", [Value::Int(index), item]) => insert(heap, list, *index, item),
        ("addAll", [Value::List(other)]) => add_all(heap, list, *other),
        ("set", [Value::Int(index), item]) => {
            let at = position("set", *index, length)?;
            Ok(std::mem::replace(&mut heap.items_mut(list)[at], item.clone()))
        }
        ("remove", [Value::Int(index)]) => {
            heap.budget.visit(length / 16)?;
            let at = position("remove", *index, length)?;
            Ok(heap.items_mut(list).remove(at))
        }
        ("remove", [item]) => remove(heap, list, item),
        ("contains", [item]) => Ok(Value::Bool(find(heap, list, item)?.is_some())),
        ("indexOf", [item]) => Ok(find(heap, list, item)?.map_or(Value::Int(-1), Value::count)),
        ("containsAll", [Value::List(other)]) => contains_all(heap, list, *other),
        ("subList", [Value::Int(from), Value::Int(to)]) => {
            let range = part("subList", *from, *to, length)?;
            heap.budget.visit(range.len())?;
            let items = heap.items(list)[range].to_vec();
            heap.list(items, heap.style(list))
        }
        // A list's items are what foreach and contains() want of all three.
        ("iterator" | "toArray" | "listIterator", []) => Ok(Value::List(list)),
        _ => Ok(Value::Null),
    }
}

fn insert(heap: &mut Heap, list: ListId, index: i128, item: &Value) -> Result<Value, Fault> {
    let length = heap.items(list).len();
    heap.budget.visit(length / 16)?;
    let at = position("add", index, length + 1)?;
    heap.extend(list, vec![item.clone()])?;
    heap.items_mut(list)[at..].rotate_right(1);
    Ok(Value::Null)
}

fn add_all(heap: &mut Heap, list: ListId, other: ListId) -> Result<Value, Fault> {
    heap.budget.visit(heap.items(other).len())?;
    let items = heap.items(other).to_vec();
    let changed = !items.is_empty();
    heap.extend(list, items)?;
    Ok(Value::Bool(changed))
}

fn remove(heap: &mut Heap, list: ListId, item: &Value) -> Result<Value, Fault> {
    let found = find(heap, list, item)?;
    if let Some(at) = found {
        heap.items_mut(list).remove(at);
    }
    Ok(Value::Bool(found.is_some()))
}

fn contains_all(heap: &mut Heap, list: ListId, other: ListId) -> Result<Value, Fault> {
    heap.budget.visit(heap.items(other).len())?;
    for item in heap.items(other).to_vec() {
        if find(heap, list, &item)?.is_none() {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn find(heap: &mut Heap, list: ListId, item: &Value) -> Result<Option<usize>, Fault> {
    heap.budget.visit(heap.items(list).len())?;
    for (at, candidate) in heap.items(list).to_vec().iter().enumerate() {
        let same_kind = std::mem::discriminant(candidate) == std::mem::discriminant(item);
        if same_kind && equal(heap, candidate, item)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A list that a method makes of parts of another value.
pub(super) fn made(heap: &mut Heap, items: Vec<Value>) -> Result<Value, Fault> {
    heap.budget.visit(items.len())?;
    heap.list(items, ListStyle::Java)
}
