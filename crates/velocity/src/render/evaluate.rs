//! Expressions to values.

use std::cmp::Ordering;

use indexmap::IndexMap;

use super::{Renderer, arithmetic};
use crate::{
    Fault,
    syntax::{Expression, Operator},
    value::{ListStyle, Value, equal, ordered},
};

impl Renderer<'_> {
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Result<Value, Fault> {
        self.heap.budget.step()?;
        self.nested(|renderer| renderer.value_of(expression))
    }

    fn value_of(&mut self, expression: &Expression) -> Result<Value, Fault> {
        Ok(match expression {
            Expression::Null => Value::Null,
            Expression::Bool(truth) => Value::Bool(*truth),
            Expression::Int(number) => Value::Int(*number),
            Expression::Float(number) => Value::Float(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Interpolated(nodes) => Value::Text(self.aside(nodes)?),
            Expression::Reference(reference) => self.resolve(reference)?,
            Expression::List(items) => {
                let items = self.evaluate_all(items)?;
                self.heap.list(items, ListStyle::Java)?
            }
            Expression::Map(entries) => self.map(entries)?,
            Expression::Range(bounds) => self.range(&bounds.0, &bounds.1)?,
            Expression::Not(inner) => Value::Bool(!self.evaluate(inner)?.is_true()),
            Expression::Chain(first, rest) => self.chain(first, rest)?,
        })
    }

    pub(super) fn evaluate_all(&mut self, expressions: &[Expression]) -> Result<Vec<Value>, Fault> {
        expressions.iter().map(|expression| self.evaluate(expression)).collect()
    }

    fn map(&mut self, written: &[(Expression, Expression)]) -> Result<Value, Fault> {
        let mut entries = IndexMap::new();
        for (key, value) in written {
            let key = self.evaluate(key)?;
            let key = self.text_of(&key)?;
            entries.insert(key.to_string(), self.evaluate(value)?);
        }
        self.heap.map(entries)
    }

    /// Makes the list from one integer to another, downwards if need be. A bound that is no integer makes null.
    fn range(&mut self, first: &Expression, last: &Expression) -> Result<Value, Fault> {
        let (Value::Int(first), Value::Int(last)) = (self.evaluate(first)?, self.evaluate(last)?) else {
            return Ok(Value::Null);
        };
        let length = usize::try_from(first.abs_diff(last)).unwrap_or(usize::MAX);
        self.heap.budget.allocate(length)?;
        self.heap.budget.visit(length)?;
        let items = if first <= last {
            (first..=last).map(Value::Int).collect()
        } else {
            (last..=first).rev().map(Value::Int).collect()
        };
        self.heap.list(items, ListStyle::Java)
    }

    fn chain(&mut self, first: &Expression, rest: &[(Operator, Expression)]) -> Result<Value, Fault> {
        let mut left = self.evaluate(first)?;
        let mut written = first;
        for (operator, right) in rest {
            left = match operator {
                Operator::Or => Value::Bool(left.is_true() || self.evaluate(right)?.is_true()),
                Operator::And => Value::Bool(left.is_true() && self.evaluate(right)?.is_true()),
                Operator::Add => {
                    let value = self.evaluate(right)?;
                    self.add((&left, written), (&value, right))?
                }
                operator => {
                    let value = self.evaluate(right)?;
                    self.operate(*operator, &left, &value)?
                }
            };
            written = &Expression::Null;
        }
        Ok(left)
    }

    fn operate(&mut self, operator: Operator, left: &Value, right: &Value) -> Result<Value, Fault> {
        let compared = |holds: fn(Ordering) -> bool| Value::Bool(ordered(left, right).is_some_and(holds));
        Ok(match operator {
            Operator::Equal => Value::Bool(equal(&mut self.heap, left, right)?),
            Operator::NotEqual => Value::Bool(!equal(&mut self.heap, left, right)?),
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessOrEqual => compared(Ordering::is_le),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterOrEqual => compared(Ordering::is_ge),
            operator => arithmetic::calculate(operator, left, right),
        })
    }

    /// Adds numbers, or joins texts when either side is one. An undefined reference joins as it was written.
    fn add(&mut self, left: (&Value, &Expression), right: (&Value, &Expression)) -> Result<Value, Fault> {
        let ((Value::Text(_), _) | (_, Value::Text(_))) = (left.0, right.0) else {
            return Ok(arithmetic::calculate(Operator::Add, left.0, right.0));
        };
        let joined = [self.operand_text(left)?, self.operand_text(right)?].concat();
        self.heap.text(joined)
    }

    fn operand_text(&mut self, (value, written): (&Value, &Expression)) -> Result<std::sync::Arc<str>, Fault> {
        match (value, written) {
            (Value::Null, Expression::Reference(reference)) => Ok(reference.source.as_str().into()),
            (value, _) => self.text_of(value),
        }
    }
}
