//! Methods of strings.

use std::{cmp::Ordering, sync::Arc};

use super::{failed, position, regular, text_value, units};
use crate::{
    Fault,
    value::{Heap, ListStyle, Value},
};

pub(super) fn call(heap: &mut Heap, text: &Arc<str>, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    heap.budget.look_at(text.len())?;
    match arguments {
        [] => without_arguments(heap, text, name),
        [argument] => with_one(heap, text, name, argument),
        [first, second] => with_two(heap, text, name, first, second),
        _ => Ok(Value::Null),
    }
}

fn without_arguments(heap: &mut Heap, text: &Arc<str>, name: &str) -> Result<Value, Fault> {
    match name {
        "length" => Ok(Value::count(units::length(text))),
        "isEmpty" => Ok(Value::Bool(text.is_empty())),
        "isBlank" => Ok(Value::Bool(text.trim().is_empty())),
        "toUpperCase" => heap.text(text.to_uppercase()),
        "toLowerCase" => heap.text(text.to_lowercase()),
        // Java's trim() takes every character up to the space for white.
        "trim" => heap.text(text.trim_matches(|character| character <= ' ')),
        "strip" => heap.text(text.trim()),
        "hashCode" => Ok(Value::Int(hash_code(text))),
        _ => Ok(Value::Null),
    }
}

fn with_one(heap: &mut Heap, text: &Arc<str>, name: &str, argument: &Value) -> Result<Value, Fault> {
    match (name, argument) {
        ("contains", Value::Text(part)) => Ok(Value::Bool(text.contains(&**part))),
        ("startsWith", Value::Text(part)) => Ok(Value::Bool(text.starts_with(&**part))),
        ("endsWith", Value::Text(part)) => Ok(Value::Bool(text.ends_with(&**part))),
        ("indexOf", Value::Text(part)) => Ok(found(text, text.find(&**part))),
        ("lastIndexOf", Value::Text(part)) => Ok(found(text, text.rfind(&**part))),
        ("equalsIgnoreCase", Value::Text(other)) => Ok(Value::Bool(text.to_lowercase() == other.to_lowercase())),
        ("compareTo", Value::Text(other)) => Ok(Value::Int(compared(text, other))),
        ("concat", Value::Text(other)) => heap.text([&**text, other].concat()),
        ("matches", Value::Text(pattern)) => regular::matches(heap, text, pattern).map(Value::Bool),
        ("split", Value::Text(pattern)) => split(heap, text, pattern, 0),
        ("charAt", Value::Int(index)) => {
            let at = position("charAt", *index, units::length(text))?;
            heap.text(units::substring(text, at..at + 1))
        }
        ("substring", Value::Int(from)) => substring(heap, text, *from, None),
        ("repeat", Value::Int(count)) => repeat(heap, text, *count),
        // A static method of Java's String, called on any string.
        ("valueOf", value) => Ok(Value::Text(heap.text_of(value)?)),
        _ => Ok(Value::Null),
    }
}

fn with_two(heap: &mut Heap, text: &Arc<str>, name: &str, first: &Value, second: &Value) -> Result<Value, Fault> {
    match (name, first, second) {
        ("substring", Value::Int(from), Value::Int(to)) => substring(heap, text, *from, Some(*to)),
        ("replace", Value::Text(part), Value::Text(with)) => replace(heap, text, part, with),
        ("replaceAll", Value::Text(pattern), Value::Text(with)) => regular::replace(heap, text, pattern, with, 0),
        ("replaceFirst", Value::Text(pattern), Value::Text(with)) => regular::replace(heap, text, pattern, with, 1),
        ("split", Value::Text(pattern), Value::Int(limit)) => split(heap, text, pattern, *limit),
        ("indexOf", Value::Text(part), Value::Int(from)) => Ok(index_from(text, part, *from)),
        ("startsWith", Value::Text(part), Value::Int(from)) => {
            let rest = usize::try_from(*from).ok().and_then(|from| units::rest(text, from));
            Ok(Value::Bool(rest.is_some_and(|rest| rest.starts_with(&**part))))
        }
        _ => Ok(Value::Null),
    }
}

fn found(text: &str, offset: Option<usize>) -> Value {
    offset.map_or(Value::Int(-1), |offset| Value::count(units::length(&text[..offset])))
}

fn index_from(text: &str, part: &str, from: i128) -> Value {
    let Some(rest) = units::rest(text, usize::try_from(from).unwrap_or(0)) else { return Value::Int(-1) };
    found(text, rest.find(part).map(|offset| text.len() - rest.len() + offset))
}

fn substring(heap: &mut Heap, text: &Arc<str>, from: i128, to: Option<i128>) -> Result<Value, Fault> {
    let length = units::length(text);
    let range = super::part("substring", from, to.unwrap_or(length as i128), length)?;
    heap.text(units::substring(text, range))
}

fn replace(heap: &mut Heap, text: &Arc<str>, part: &str, with: &str) -> Result<Value, Fault> {
    if part.is_empty() && with.is_empty() {
        return Ok(text_value(text));
    }
    let occurrences = text.matches(part).count();
    // Paid before it is made, since a short text can become a very long one.
    heap.budget.allocate(text.len().saturating_add(occurrences.saturating_mul(with.len())))?;
    Ok(Value::Text(text.replace(part, with).into()))
}

fn repeat(heap: &mut Heap, text: &str, count: i128) -> Result<Value, Fault> {
    let count = usize::try_from(count).map_err(|_| failed("repeat", "the count is negative"))?;
    heap.budget.allocate(text.len().saturating_mul(count))?;
    Ok(Value::Text(text.repeat(if text.is_empty() { 0 } else { count }).into()))
}

fn split(heap: &mut Heap, text: &str, pattern: &str, limit: i128) -> Result<Value, Fault> {
    let parts = regular::split(heap, text, pattern, limit)?;
    let parts = parts.into_iter().map(|part| heap.text(part)).collect::<Result<_, _>>()?;
    heap.list(parts, ListStyle::Java)
}

/// The difference at the first unequal character, or of the lengths.
fn compared(left: &str, right: &str) -> i128 {
    match left.encode_utf16().cmp(right.encode_utf16()) {
        Ordering::Equal => 0,
        _ => std::iter::zip(left.encode_utf16(), right.encode_utf16())
            .find(|(left, right)| left != right)
            .map_or(units::length(left) as i128 - units::length(right) as i128, |(left, right)| {
                i128::from(left) - i128::from(right)
            }),
    }
}

fn hash_code(text: &str) -> i128 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit))).into()
}
