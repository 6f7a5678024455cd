//! Directives: `#set`, `#if`, `#foreach`, `#define`, `#break`, `#stop`, and those that are refused.

use std::sync::Arc;

use super::{
    Expression, Node, Reference,
    cursor::Cursor,
    text::{BodyEnd, Draft, Parser},
};
use crate::{Fault, TemplateError};

/// A directive's head: its word, and the bytes of `#word` or `#{word}`.
#[derive(Clone, Copy)]
pub(super) struct DirectiveHead {
    word: Word,
    pub(super) bytes: usize,
}

#[derive(Clone, Copy)]
enum Word {
    Set,
    If,
    ElseIf,
    Else,
    End,
    Foreach,
    Define,
    Break,
    Stop,
    Unsupported(&'static str),
}

impl Word {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "set" => Self::Set,
            "if" => Self::If,
            "elseif" => Self::ElseIf,
            "else" => Self::Else,
            "end" => Self::End,
            "foreach" => Self::Foreach,
            "define" => Self::Define,
            "break" => Self::Break,
            "stop" => Self::Stop,
            "macro" => Self::Unsupported("macro"),
            "parse" => Self::Unsupported("parse"),
            "include" => Self::Unsupported("include"),
            "evaluate" => Self::Unsupported("evaluate"),
            _ => return None,
        })
    }

    /// Whether the word is a directive only with a parenthesis behind it, and plain text otherwise.
    fn needs_parenthesis(self) -> bool {
        matches!(self, Self::Set | Self::Unsupported(_))
    }
}

impl Parser<'_> {
    /// Looks whether a directive comes next.
    pub(super) fn directive_ahead(&self) -> Option<DirectiveHead> {
        let mut ahead = self.cursor;
        if !ahead.eat("#") {
            return None;
        }
        let braced = ahead.eat("{");
        let name = ahead.take_while(|character| character.is_ascii_alphanumeric() || character == '_');
        let word = Word::named(name)?;
        if braced && !ahead.eat("}") {
            return None;
        }
        let bytes = ahead.since(&self.cursor).len();
        ahead.skip_blanks();
        if word.needs_parenthesis() && ahead.peek() != Some('(') {
            return None;
        }
        Some(DirectiveHead { word, bytes })
    }

    /// Reads a directive into the draft, or reports that it ends the body it stands in.
    pub(super) fn directive(
        &mut self,
        head: DirectiveHead,
        draft: &mut Draft,
    ) -> Result<Option<BodyEnd>, TemplateError> {
        let opened = self.cursor;
        self.cursor.advance(head.bytes);
        match head.word {
            Word::Set => {
                draft.trim_blanks();
                draft.push(self.set()?);
            }
            Word::If => draft.push(self.conditional(&opened)?),
            Word::Foreach => draft.push(self.foreach(&opened)?),
            Word::Define => draft.push(self.define(&opened)?),
            Word::Break => draft.push(Node::Break),
            Word::Stop => draft.push(Node::Stop),
            Word::Unsupported(directive) => return Err(opened.fault(Fault::UnsupportedDirective { directive })),
            Word::ElseIf => return Ok(Some(BodyEnd::ElseIf(opened.position()))),
            Word::Else => {
                self.cursor.skip_blank_line_end();
                return Ok(Some(BodyEnd::Else(opened.position())));
            }
            Word::End => {
                self.cursor.skip_blank_line_end();
                return Ok(Some(BodyEnd::End(opened.position())));
            }
        }
        Ok(None)
    }

    fn set(&mut self) -> Result<Node, TemplateError> {
        self.cursor.expect("(", "( after #set")?;
        let target = self.target("a reference to set")?;
        self.cursor.expect("=", "= after the reference to set")?;
        let value = self.expression()?;
        self.close_head()?;
        Ok(Node::Set { target, value })
    }

    fn conditional(&mut self, opened: &Cursor<'_>) -> Result<Node, TemplateError> {
        let mut branches = Vec::new();
        loop {
            let condition = self.condition()?;
            let (body, end) = self.body()?;
            branches.push((condition, body));
            match end {
                BodyEnd::ElseIf(_) => {}
                BodyEnd::Else(_) => return Ok(Node::If { branches, otherwise: self.last_body(opened, "#if")? }),
                BodyEnd::End(_) => return Ok(Node::If { branches, otherwise: Vec::new() }),
                BodyEnd::EndOfText => return Err(opened.fault(Fault::Unclosed { opened: "#if" })),
            }
        }
    }

    fn condition(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.expect("(", "( before the condition")?;
        let condition = self.expression()?;
        self.close_head()?;
        Ok(condition)
    }

    fn foreach(&mut self, opened: &Cursor<'_>) -> Result<Node, TemplateError> {
        self.cursor.expect("(", "( after #foreach")?;
        let variable = self.target("the loop's variable")?.name;
        self.cursor.expect("in", "in after the loop's variable")?;
        let list = self.expression()?;
        self.close_head()?;
        Ok(Node::Foreach { variable, list, body: self.last_body(opened, "#foreach")? })
    }

    fn define(&mut self, opened: &Cursor<'_>) -> Result<Node, TemplateError> {
        self.cursor.expect("(", "( after #define")?;
        let name = self.target("the name to define")?.name;
        self.close_head()?;
        Ok(Node::Define { name, body: Arc::new(self.last_body(opened, "#define")?) })
    }

    fn target(&mut self, expected: &'static str) -> Result<Reference, TemplateError> {
        self.cursor.skip_space();
        let here = self.cursor;
        self.reference()?.ok_or_else(|| here.expected(expected))
    }

    /// Reads the parenthesis that ends a directive's head, with the line end behind it.
    fn close_head(&mut self) -> Result<(), TemplateError> {
        self.cursor.expect(")", ")")?;
        self.cursor.skip_blank_line_end();
        Ok(())
    }

    /// Reads a body that only `#end` may end.
    fn last_body(&mut self, opened: &Cursor<'_>, name: &'static str) -> Result<Vec<Node>, TemplateError> {
        let misplaced = |at, directive| Err(TemplateError { at, fault: Fault::Misplaced { directive } });
        match self.body()? {
            (body, BodyEnd::End(_)) => Ok(body),
            (_, BodyEnd::Else(at)) => misplaced(at, "else"),
            (_, BodyEnd::ElseIf(at)) => misplaced(at, "elseif"),
            (_, BodyEnd::EndOfText) => Err(opened.fault(Fault::Unclosed { opened: name })),
        }
    }
}
