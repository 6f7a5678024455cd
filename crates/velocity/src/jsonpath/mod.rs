//! JSONPath in the dialect of AWS, which is Jayway's: names may hold hyphens, a path of plain steps gives the value
//! itself, and one with a wildcard, slice, union, filter or `..` gives a list.
//!
//! It works on the values of a rendering and not on a JSON tree, so that what a template finds it can also change.

mod filter;
mod parse;
mod select;

use filter::Filter;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPath {
    steps: Vec<Step>,
    function: Option<Function>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Names(Vec<String>),
    Indices(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
    },
    All,
    /// `..`: the value and everything below it; the next step applies to each.
    Descend,
    Filter(Filter),
}

/// A function at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Function {
    Length,
    Keys,
    Min,
    Max,
    Sum,
    Average,
}

impl Step {
    /// Whether the step leads to one value at most.
    fn is_definite(&self) -> bool {
        match self {
            Self::Names(names) => names.len() == 1,
            Self::Indices(indices) => indices.len() == 1,
            Self::Slice { .. } | Self::All | Self::Descend | Self::Filter(_) => false,
        }
    }
}
