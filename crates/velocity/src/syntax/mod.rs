//! The language: what a template's text means, as a tree.

mod cursor;
mod directive;
mod expression;
mod literal;
mod reference;
mod text;

use std::sync::Arc;

use crate::{Position, TemplateError};

/// The most levels of directives, expressions and interpolated strings within each other, so that parsing and
/// dropping a tree stay within the stack.
const MAX_NESTING: usize = 64;

/// Parses a whole template.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, TemplateError> {
    text::Parser::new(text).template()
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Text(String),
    /// A reference in text, after so many backslashes.
    Print {
        reference: Reference,
        backslashes: usize,
    },
    Set {
        target: Reference,
        value: Expression,
    },
    If {
        branches: Vec<(Expression, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    Foreach {
        variable: String,
        list: Expression,
        body: Vec<Node>,
    },
    Define {
        name: String,
        body: Arc<Vec<Node>>,
    },
    Break,
    Stop,
}

/// `$name` with the steps that lead on from it.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) at: Position,
    /// The text it was written as, which is what an undefined reference prints.
    pub(crate) source: String,
    /// Written with `!`: prints nothing when undefined.
    pub(crate) quiet: bool,
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// One step from a value to the next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Property(String),
    Method(String, Vec<Expression>),
    Index(Expression),
}

/// Something with a value.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    Interpolated(Vec<Node>),
    Reference(Reference),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<(Expression, Expression)>),
    Not(Box<Expression>),
    /// Operands joined by operators of one precedence, from left to right; flat, so that a long sum is not deep.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
