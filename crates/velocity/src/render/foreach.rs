//! `#foreach` and what it knows of its loop.

use super::{Flow, Renderer};
use crate::{
    Fault,
    syntax::{Expression, Node},
    value::Value,
};

/// Where a loop stands.
pub(super) struct LoopState {
    index: usize,
    length: usize,
}

impl Renderer<'_> {
    pub(super) fn foreach(&mut self, variable: &str, list: &Expression, body: &[Node]) -> Result<Flow, Fault> {
        let list = self.evaluate(list)?;
        let items = self.iterated(&list)?;
        let shadowed = self.variables.remove(variable);
        let flow = self.iterate(variable, items, body);
        match shadowed {
            Some(value) => self.variables.insert(variable.to_owned(), value),
            None => self.variables.remove(variable),
        };
        flow
    }

    fn iterate(&mut self, variable: &str, items: Vec<Value>, body: &[Node]) -> Result<Flow, Fault> {
        let length = items.len();
        let max = self.heap.budget.limits().max_iterations;
        for (index, item) in items.into_iter().take(max).enumerate() {
            self.heap.budget.step()?;
            self.variables.insert(variable.to_owned(), item);
            self.loops.push(LoopState { index, length });
            let flow = self.nodes(body);
            self.loops.pop();
            match flow? {
                Flow::Next => {}
                Flow::Break => break,
                Flow::Stop => return Ok(Flow::Stop),
            }
        }
        Ok(Flow::Next)
    }

    /// What a loop goes over: a list's items or a map's values, as they are when it begins.
    fn iterated(&mut self, value: &Value) -> Result<Vec<Value>, Fault> {
        let items: Vec<Value> = match value {
            Value::List(list) => self.heap.items(*list).to_vec(),
            Value::Map(map) => self.heap.entries(*map).values().cloned().collect(),
            _ => Vec::new(),
        };
        self.heap.budget.visit(items.len())?;
        Ok(items)
    }

    /// The innermost loop, or null outside of any.
    pub(super) fn current_loop(&self) -> Value {
        self.loops.len().checked_sub(1).map_or(Value::Null, Value::Loop)
    }

    /// What `$foreach` says of itself; the same words serve as properties and as methods.
    pub(super) fn loop_property(&self, depth: usize, name: &str) -> Value {
        let Some(state) = self.loops.get(depth) else { return Value::Null };
        match name {
            "index" => Value::count(state.index),
            "count" => Value::count(state.index + 1),
            "hasNext" => Value::Bool(state.index + 1 < state.length),
            "first" | "isFirst" => Value::Bool(state.index == 0),
            "last" | "isLast" => Value::Bool(state.index + 1 == state.length),
            "parent" => depth.checked_sub(1).map_or(Value::Null, Value::Loop),
            "topmost" => Value::Loop(0),
            _ => Value::Null,
        }
    }
}
