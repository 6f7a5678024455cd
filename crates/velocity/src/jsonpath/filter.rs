//! Filters: `[?(@.price < 10 && @.name)]`.

use super::JsonPath;
use crate::{
    Fault,
    value::{Heap, Value, equal, ordered},
};

/// A condition on an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Current(JsonPath),
    Root(JsonPath),
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filter {
    pub(super) fn holds(&self, item: &Value, root: &Value, heap: &mut Heap) -> Result<bool, Fault> {
        heap.budget.step()?;
        match self {
            Self::Any(filters) => {
                for filter in filters {
                    if filter.holds(item, root, heap)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::All(filters) => {
                for filter in filters {
                    if !filter.holds(item, root, heap)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(filter) => Ok(!filter.holds(item, root, heap)?),
            Self::Exists(operand) => Ok(operand.value(item, root, heap)?.is_some()),
            Self::Compare(left, comparison, right) => {
                let left = left.value(item, root, heap)?;
                let right = right.value(item, root, heap)?;
                comparison.holds(left.as_ref(), right.as_ref(), heap)
            }
        }
    }
}

impl Operand {
    fn value(&self, item: &Value, root: &Value, heap: &mut Heap) -> Result<Option<Value>, Fault> {
        match self {
            Self::Current(path) => path.select_from(item, root, heap),
            Self::Root(path) => path.select_from(root, root, heap),
            Self::Text(text) => Ok(Some(text.as_str().into())),
            Self::Number(number) => Ok(Some(Value::Float(*number))),
            Self::Bool(truth) => Ok(Some(Value::Bool(*truth))),
            Self::Null => Ok(Some(Value::Null)),
        }
    }
}

impl Comparison {
    /// Compares what both sides lead to. What is not there is unequal to everything and has no order.
    fn holds(self, left: Option<&Value>, right: Option<&Value>, heap: &mut Heap) -> Result<bool, Fault> {
        let (Some(left), Some(right)) = (left, right) else { return Ok(self == Self::NotEqual) };
        let order = match (left, right) {
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            _ => ordered(left, right),
        };
        Ok(match self {
            Self::Equal => same(left, right, heap)?,
            Self::NotEqual => !same(left, right, heap)?,
            Self::Less => order.is_some_and(|order| order.is_lt()),
            Self::LessOrEqual => order.is_some_and(|order| order.is_le()),
            Self::Greater => order.is_some_and(|order| order.is_gt()),
            Self::GreaterOrEqual => order.is_some_and(|order| order.is_ge()),
        })
    }
}

/// Equality in JSON, where `"5"` is not 5.
fn same(left: &Value, right: &Value, heap: &mut Heap) -> Result<bool, Fault> {
    let one_is_text = matches!(left, Value::Text(_)) != matches!(right, Value::Text(_));
    Ok(!one_is_text && equal(heap, left, right)?)
}
