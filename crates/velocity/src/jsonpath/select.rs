//! Following a path through values.

use super::{Function, JsonPath, Step};
use crate::{
    Fault,
    value::{Heap, ListId, ListStyle, Value},
};

/// The most levels that `..` goes down. A tree parsed from JSON has fewer; one that a template tied into a ring has no
/// end.
const MAX_DESCENT: usize = 200;

impl JsonPath {
    /// Finds what the path leads to in a tree.
    pub(crate) fn select(&self, root: &Value, heap: &mut Heap) -> Result<Option<Value>, Fault> {
        self.select_from(root, root, heap)
    }

    /// Finds what the path leads to from a value; filters may look at the root besides.
    pub(super) fn select_from(&self, from: &Value, root: &Value, heap: &mut Heap) -> Result<Option<Value>, Fault> {
        let mut found = vec![from.clone()];
        for step in &self.steps {
            found = step.apply(found, root, heap)?;
        }
        let value = if self.steps.iter().all(Step::is_definite) {
            found.pop()
        } else {
            Some(heap.list(found, ListStyle::Json)?)
        };
        match (self.function, value) {
            (Some(function), Some(value)) => function.apply(&value, heap),
            (_, value) => Ok(value),
        }
    }
}

impl Step {
    fn apply(&self, from: Vec<Value>, root: &Value, heap: &mut Heap) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        for value in &from {
            heap.budget.step()?;
            let before = found.len();
            self.follow(value, root, heap, &mut found)?;
            heap.budget.visit(found.len() - before)?;
        }
        Ok(found)
    }

    fn follow(&self, value: &Value, root: &Value, heap: &mut Heap, found: &mut Vec<Value>) -> Result<(), Fault> {
        match (self, value) {
            (Self::Names(names), Value::Map(map)) => {
                let entries = heap.entries(*map);
                found.extend(names.iter().filter_map(|name| entries.get(name).cloned()));
            }
            (Self::Indices(indices), Value::List(list)) => {
                let items = heap.items(*list);
                found.extend(indices.iter().filter_map(|&index| items.get(from_end(index, items.len())).cloned()));
            }
            (Self::Slice { from, to }, Value::List(list)) => slice(*list, *from, *to, heap, found)?,
            (Self::All, value) => found.extend(children(value, heap)?),
            (Self::Descend, value) => descend(value, heap, found, 0)?,
            (Self::Filter(filter), value) => {
                // A filter applies to a list's items, and to a map itself.
                let candidates = if let Value::Map(_) = value { vec![value.clone()] } else { children(value, heap)? };
                for candidate in candidates {
                    if filter.holds(&candidate, root, heap)? {
                        found.push(candidate);
                    }
                }
            }
            (Self::Names(_) | Self::Indices(_) | Self::Slice { .. }, _) => {}
        }
        Ok(())
    }
}

impl Function {
    fn apply(self, value: &Value, heap: &mut Heap) -> Result<Option<Value>, Fault> {
        match (self, value) {
            (Self::Length, Value::List(list)) => Ok(Some(Value::count(heap.items(*list).len()))),
            (Self::Length, Value::Map(map)) => Ok(Some(Value::count(heap.entries(*map).len()))),
            (Self::Length, Value::Text(text)) => Ok(Some(Value::count(text.chars().count()))),
            (Self::Keys, Value::Map(map)) => {
                let keys = heap.keys(*map)?;
                heap.list(keys, ListStyle::Json).map(Some)
            }
            (Self::Min | Self::Max | Self::Sum | Self::Average, Value::List(list)) => {
                heap.budget.visit(heap.items(*list).len())?;
                Ok(self.fold(heap.items(*list)))
            }
            _ => Ok(None),
        }
    }

    fn fold(self, items: &[Value]) -> Option<Value> {
        let numbers: Vec<f64> = items
            .iter()
            .filter_map(|item| match item {
                Value::Int(number) => Some(*number as f64),
                Value::Float(number) => Some(*number),
                _ => None,
            })
            .collect();
        let sum: f64 = numbers.iter().sum();
        let folded = match self {
            Self::Min => numbers.iter().copied().reduce(f64::min),
            Self::Max => numbers.iter().copied().reduce(f64::max),
            Self::Sum => Some(sum),
            Self::Average => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
            Self::Length | Self::Keys => None,
        };
        folded.map(Value::Float)
    }
}

/// An index as a position; a negative one counts from the end, and one before the start is past every item.
fn from_end(index: i64, length: usize) -> usize {
    let from_start = if index < 0 { index.saturating_add_unsigned(length as u64) } else { index };
    usize::try_from(from_start).unwrap_or(usize::MAX)
}

fn slice(
    list: ListId,
    from: Option<i64>,
    to: Option<i64>,
    heap: &mut Heap,
    found: &mut Vec<Value>,
) -> Result<(), Fault> {
    let items = heap.items(list);
    let bound = |index: i64| {
        let position = from_end(index, items.len());
        if index < 0 && position == usize::MAX { 0 } else { position.min(items.len()) }
    };
    let (start, end) = (from.map_or(0, bound), to.map_or(items.len(), bound));
    found.extend(items.get(start..end).unwrap_or_default().iter().cloned());
    Ok(())
}

/// A list's items or a map's values.
fn children(value: &Value, heap: &mut Heap) -> Result<Vec<Value>, Fault> {
    let children: Vec<Value> = match value {
        Value::List(list) => heap.items(*list).to_vec(),
        Value::Map(map) => heap.entries(*map).values().cloned().collect(),
        _ => Vec::new(),
    };
    heap.budget.visit(children.len())?;
    Ok(children)
}

fn descend(value: &Value, heap: &mut Heap, found: &mut Vec<Value>, depth: usize) -> Result<(), Fault> {
    if depth == MAX_DESCENT {
        return Err(Fault::NestedTooDeeply { max: MAX_DESCENT });
    }
    heap.budget.step()?;
    found.push(value.clone());
    for child in children(value, heap)? {
        descend(&child, heap, found, depth + 1)?;
    }
    Ok(())
}
