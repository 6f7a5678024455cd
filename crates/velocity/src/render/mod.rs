//! Rendering: from a parsed template and a scope to text.

mod arithmetic;
mod context;
mod evaluate;
mod foreach;
mod input;
mod reference;

use std::{collections::HashMap, sync::Arc};

use crate::{
    Fault, Limits, Position, Rendered, Scope, TemplateError,
    limits::Budget,
    syntax::Node,
    value::{Heap, Value},
};
use context::ContextTree;
use foreach::LoopState;
use input::InputValues;

/// One rendering of one template.
pub(crate) struct Renderer<'s> {
    heap: Heap,
    variables: HashMap<String, Value>,
    loops: Vec<LoopState>,
    input: InputValues<'s>,
    context: ContextTree,
    out: String,
    /// How many texts beside the output are being rendered. Theirs is memory, and is paid for as it grows.
    asides: usize,
    depth: usize,
    /// The reference or directive that is being rendered, for errors.
    at: Position,
}

/// How rendering goes on after a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Stop,
}

impl<'s> Renderer<'s> {
    pub(crate) fn new(scope: &'s Scope, limits: Limits) -> Self {
        let mut heap = Heap::new(Budget::new(limits));
        let input = InputValues::new(&scope.input, &mut heap);
        let context = ContextTree::new(&scope.context, &mut heap);
        let stage_variables = heap.input_map(input::text_map(&scope.stage_variables));
        let variables = HashMap::from([
            ("input".to_owned(), Value::Input),
            ("util".to_owned(), Value::Util),
            ("context".to_owned(), context.root()),
            ("stageVariables".to_owned(), Value::Map(stage_variables)),
        ]);
        Self {
            heap,
            variables,
            loops: Vec::new(),
            input,
            context,
            out: String::new(),
            asides: 0,
            depth: 0,
            at: Position::START,
        }
    }

    pub(crate) fn render(mut self, nodes: &[Node]) -> Result<Rendered, TemplateError> {
        self.whole(nodes).map_err(|fault| TemplateError { at: self.at, fault })
    }

    fn whole(&mut self, nodes: &[Node]) -> Result<Rendered, Fault> {
        // A #break outside of any loop ends the template, as #stop does.
        let _: Flow = self.nodes(nodes)?;
        let overrides = self.context.overrides(&mut self.heap)?;
        Ok(Rendered { text: std::mem::take(&mut self.out), overrides })
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<Flow, Fault> {
        self.nested(|renderer| {
            for node in nodes {
                let flow = renderer.node(node)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    fn node(&mut self, node: &Node) -> Result<Flow, Fault> {
        self.heap.budget.step()?;
        match node {
            Node::Text(text) => self.push(text)?,
            Node::Print { reference, backslashes } => return self.print(reference, *backslashes),
            Node::Set { target, value } => self.set(target, value)?,
            Node::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.evaluate(condition)?.is_true() {
                        return self.nodes(body);
                    }
                }
                return self.nodes(otherwise);
            }
            Node::Foreach { variable, list, body } => return self.foreach(variable, list, body),
            Node::Define { name, body } => {
                self.variables.insert(name.clone(), Value::Block(body.clone()));
            }
            Node::Break => return Ok(Flow::Break),
            Node::Stop => return Ok(Flow::Stop),
        }
        Ok(Flow::Next)
    }

    /// Renders nodes to a text of their own: a string's or a block's.
    fn aside(&mut self, nodes: &[Node]) -> Result<Arc<str>, Fault> {
        let before = std::mem::take(&mut self.out);
        self.asides += 1;
        let result = self.nodes(nodes);
        self.asides -= 1;
        let text = std::mem::replace(&mut self.out, before);
        result.map(|_| text.into())
    }

    /// A value as text, whatever it is.
    fn text_of(&mut self, value: &Value) -> Result<Arc<str>, Fault> {
        match value {
            Value::Block(body) => self.aside(body),
            other => self.heap.text_of(other),
        }
    }

    fn push(&mut self, text: &str) -> Result<(), Fault> {
        let max = self.heap.budget.limits().max_output_bytes;
        if self.out.len() + text.len() > max {
            return Err(Fault::OutputTooLong { max });
        }
        self.heap.budget.look_at(text.len())?;
        if self.asides > 0 {
            self.heap.budget.allocate(text.len())?;
        }
        self.out.push_str(text);
        Ok(())
    }

    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let max = self.heap.budget.limits().max_depth;
        if self.depth >= max {
            return Err(Fault::NestedTooDeeply { max });
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }
}
