//! References: what they lead to, how they print, and how they are set.

use std::sync::Arc;

use super::{Flow, Renderer};
use crate::{
    Fault, Position, methods,
    syntax::{Expression, Reference, Step},
    value::Value,
};

/// The variables API Gateway provides. What they lack prints as nothing, where another reference prints its source:
/// `"$context.authorizer.principalId"` is `""` for a call without an authorizer.
const PROVIDED: [&str; 4] = ["input", "util", "context", "stageVariables"];

impl Renderer<'_> {
    /// Follows a reference to its value. A step that leads nowhere makes all of it null.
    pub(super) fn resolve(&mut self, reference: &Reference) -> Result<Value, Fault> {
        self.at = reference.at;
        let mut value = self.variable(&reference.name);
        for step in &reference.steps {
            if value.is_null() {
                break;
            }
            value = self.step(&value, step, reference.at)?;
        }
        Ok(value)
    }

    /// Prints a reference. A backslash before a defined one prints its source; before an undefined one, itself.
    pub(super) fn print(&mut self, reference: &Reference, backslashes: usize) -> Result<Flow, Fault> {
        let value = self.resolve(reference)?;
        if value.is_null() {
            self.push(&"\\".repeat(backslashes))?;
            self.push(absent_text(reference))?;
            return Ok(Flow::Next);
        }
        self.push(&"\\".repeat(backslashes / 2))?;
        if backslashes % 2 == 1 {
            self.push(&reference.source)?;
            return Ok(Flow::Next);
        }
        match value {
            Value::Block(body) => return self.nodes(&body),
            // These have no text of their own.
            Value::Input | Value::Util | Value::Loop(_) => self.push(&reference.source)?,
            value => {
                let text = self.heap.text_of(&value)?;
                self.push(&text)?;
            }
        }
        Ok(Flow::Next)
    }

    /// Sets a variable, property or item. Null sets nothing: the target keeps what it had.
    pub(super) fn set(&mut self, target: &Reference, value: &Expression) -> Result<(), Fault> {
        self.at = target.at;
        let value = self.evaluate(value)?;
        self.at = target.at;
        if value.is_null() {
            return Ok(());
        }
        let Some((last, path)) = target.steps.split_last() else {
            self.variables.insert(target.name.clone(), value);
            return Ok(());
        };
        let mut holder = self.variable(&target.name);
        for step in path {
            holder = self.step(&holder, step, target.at)?;
        }
        self.set_in(&holder, last, value)
    }

    fn set_in(&mut self, holder: &Value, step: &Step, value: Value) -> Result<(), Fault> {
        let key = match step {
            Step::Property(name) => name.as_str().into(),
            Step::Index(index) => self.evaluate(index)?,
            Step::Method(..) => return Ok(()),
        };
        match (holder, key) {
            (Value::Map(map), key) => {
                let key = self.key_text(&key)?;
                self.context.guard(*map, &key)?;
                let value = self.without_block(&value)?;
                self.heap.put(*map, &key, value)?;
            }
            (Value::List(list), Value::Int(index)) => {
                let index = methods::position("set", index, self.heap.items(*list).len())?;
                self.heap.items_mut(*list)[index] = value;
            }
            _ => {}
        }
        Ok(())
    }

    fn variable(&self, name: &str) -> Value {
        match (self.variables.get(name), name) {
            (Some(value), _) => value.clone(),
            (None, "foreach") => self.current_loop(),
            (None, "velocityCount") => self.in_loop("count"),
            (None, "velocityHasNext") => self.in_loop("hasNext"),
            _ => Value::Null,
        }
    }

    fn in_loop(&self, name: &str) -> Value {
        self.loops.len().checked_sub(1).map_or(Value::Null, |depth| self.loop_property(depth, name))
    }

    /// Takes a step of the reference that stands at a place.
    fn step(&mut self, value: &Value, step: &Step, at: Position) -> Result<Value, Fault> {
        self.heap.budget.step()?;
        match step {
            Step::Property(name) => Ok(self.property(value, name)),
            Step::Index(index) => {
                let index = self.evaluate(index)?;
                self.at = at;
                self.item(value, &index)
            }
            Step::Method(name, arguments) => {
                let arguments = self.evaluate_all(arguments)?;
                self.at = at;
                self.call(value, name, &arguments)
            }
        }
    }

    fn property(&mut self, value: &Value, name: &str) -> Value {
        match (value, name) {
            (Value::Map(map), _) => self.heap.get(*map, name),
            (Value::Entry(_, key), "key") => Value::Text(key.clone()),
            (Value::Entry(map, key), "value") => self.heap.get(*map, key),
            (Value::Loop(depth), _) => self.loop_property(*depth, name),
            (Value::Input, "body") => self.input.body(),
            (Value::Text(text), "empty") => Value::Bool(text.is_empty()),
            (Value::List(list), "empty") => Value::Bool(self.heap.items(*list).is_empty()),
            _ => Value::Null,
        }
    }

    fn item(&mut self, value: &Value, index: &Value) -> Result<Value, Fault> {
        match (value, index) {
            (Value::Map(map), key) => {
                let key = self.key_text(key)?;
                Ok(self.heap.get(*map, &key))
            }
            (Value::List(list), Value::Int(index)) => {
                let items = self.heap.items(*list);
                // A negative index counts from the end, here and not in get().
                let index = if *index < 0 { *index + items.len() as i128 } else { *index };
                Ok(items[methods::position("get", index, items.len())?].clone())
            }
            _ => Ok(Value::Null),
        }
    }

    /// Calls a method. One that the value does not have is null, as an undefined property is.
    fn call(&mut self, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
        let value = &self.without_block(value)?;
        let arguments = &arguments.iter().map(|argument| self.argument(argument)).collect::<Result<Vec<_>, _>>()?;
        match value {
            Value::Input => self.call_input(name, arguments),
            Value::Util => methods::util(&mut self.heap, name, arguments),
            Value::Loop(depth) if arguments.is_empty() => Ok(self.loop_property(*depth, name)),
            Value::Map(map) => {
                for key in methods::written_keys(&mut self.heap, name, arguments)? {
                    self.context.guard(*map, &key)?;
                }
                methods::call(&mut self.heap, value, name, arguments)
            }
            _ => methods::call(&mut self.heap, value, name, arguments),
        }
    }

    /// A map's key, paid for by its length, since it is hashed and compared.
    fn key_text(&mut self, key: &Value) -> Result<Arc<str>, Fault> {
        let text = self.text_of(key)?;
        self.heap.budget.look_at(text.len())?;
        Ok(text)
    }

    /// An argument, paid for by its length, since the method will go over it.
    fn argument(&mut self, argument: &Value) -> Result<Value, Fault> {
        let argument = self.without_block(argument)?;
        if let Value::Text(text) = &argument {
            self.heap.budget.look_at(text.len())?;
        }
        Ok(argument)
    }

    /// A block as the text it renders to, and any other value as it is.
    fn without_block(&mut self, value: &Value) -> Result<Value, Fault> {
        match value {
            Value::Block(body) => Ok(Value::Text(self.aside(body)?)),
            other => Ok(other.clone()),
        }
    }
}

fn absent_text(reference: &Reference) -> &str {
    if reference.quiet || PROVIDED.contains(&reference.name.as_str()) { "" } else { &reference.source }
}
