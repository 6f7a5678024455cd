//! Methods of numbers, with the static ones that templates reach through any number.

use super::failed;
use crate::{
    Fault,
    value::{Heap, Value, ordered},
};

pub(super) fn call(heap: &mut Heap, number: &Value, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    match (name, arguments) {
        ("intValue" | "longValue", []) => Ok(whole(number)),
        ("doubleValue" | "floatValue", []) => Ok(fractional(number)),
        ("compareTo", [other @ (Value::Int(_) | Value::Float(_))]) => {
            Ok(ordered(number, other).map_or(Value::Null, |order| Value::Int(order as i128)))
        }
        ("parseInt" | "parseLong", [Value::Text(text)]) => parse(text).map(Value::Int),
        ("parseDouble", [Value::Text(text)]) => parse_float(text).map(Value::Float),
        ("valueOf", [Value::Text(text)]) if matches!(number, Value::Float(_)) => parse_float(text).map(Value::Float),
        ("valueOf", [Value::Text(text)]) => parse(text).map(Value::Int),
        ("valueOf", [value @ (Value::Int(_) | Value::Float(_))]) => Ok(value.clone()),
        ("toString", [value @ (Value::Int(_) | Value::Float(_))]) => Ok(Value::Text(heap.text_of(value)?)),
        _ => Ok(Value::Null),
    }
}

fn whole(number: &Value) -> Value {
    match number {
        Value::Float(number) => Value::Int(*number as i128),
        other => other.clone(),
    }
}

fn fractional(number: &Value) -> Value {
    match number {
        Value::Int(number) => Value::Float(*number as f64),
        other => other.clone(),
    }
}

fn parse(text: &str) -> Result<i128, Fault> {
    // Java's parseInt takes no blanks around the number, and neither does Rust's.
    text.parse().map_err(|_| failed("parseInt", format!("{text:?} is not a whole number")))
}

fn parse_float(text: &str) -> Result<f64, Fault> {
    text.trim().parse().map_err(|_| failed("parseDouble", format!("{text:?} is not a number")))
}
