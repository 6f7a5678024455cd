//! Values while a template is rendered: Java's, as far as a template can tell.

mod compare;
mod heap;
mod json;
mod number;
mod print;

use std::sync::Arc;

use crate::syntax::Node;

pub(crate) use compare::{equal, ordered};
pub(crate) use heap::{Heap, ListId, ListStyle, MapId};
pub(crate) use number::float_text;

/// A value. Lists and maps are references into the [`Heap`]: assigning one shares it, as in Java.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    List(ListId),
    Map(MapId),
    /// An item of a map's `entrySet()`: a view of the map at a key.
    Entry(MapId, Arc<str>),
    /// A `#define` block, rendered each time it is printed.
    Block(Arc<Vec<Node>>),
    /// `$foreach`, by how many loops stand around it.
    Loop(usize),
    /// `$input`.
    Input,
    /// `$util`.
    Util,
}

impl Value {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a condition holds: everything does but null and false, the empty string and zero included.
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// A number of items or characters.
    pub(crate) fn count(count: usize) -> Self {
        Self::Int(count as i128)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
