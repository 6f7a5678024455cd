//! Text between references and directives.

use super::{MAX_NESTING, Node, cursor::Cursor};
use crate::{Fault, Position, TemplateError};

/// Reads a template, or an interpolated string within one.
pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    depth: usize,
}

/// What ended a body.
pub(super) enum BodyEnd {
    EndOfText,
    End(Position),
    Else(Position),
    ElseIf(Position),
}

/// A body being read: whole nodes, and text that may still grow.
#[derive(Default)]
pub(super) struct Draft {
    nodes: Vec<Node>,
    text: String,
}

impl Draft {
    pub(super) fn push(&mut self, node: Node) {
        self.flush();
        self.nodes.push(node);
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push_backslashes(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n('\\', count));
    }

    /// Drops blanks at the end of the text, which belong to a `#set` behind them.
    pub(super) fn trim_blanks(&mut self) {
        self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text)));
        }
    }

    fn finish(mut self) -> Vec<Node> {
        self.flush();
        self.nodes
    }
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { cursor: Cursor::new(text, Position::START), depth: 0 }
    }

    /// A parser for the text of a string, which counts places and levels from where the string stands.
    pub(super) fn within<'s>(&self, text: &'s str, position: Position) -> Parser<'s> {
        Parser { cursor: Cursor::new(text, position), depth: self.depth }
    }

    pub(super) fn template(&mut self) -> Result<Vec<Node>, TemplateError> {
        let misplaced = |at, directive| Err(TemplateError { at, fault: Fault::Misplaced { directive } });
        match self.body()? {
            (nodes, BodyEnd::EndOfText) => Ok(nodes),
            (_, BodyEnd::Else(at)) => misplaced(at, "else"),
            (_, BodyEnd::ElseIf(at)) => misplaced(at, "elseif"),
            (_, BodyEnd::End(at)) => misplaced(at, "end"),
        }
    }

    /// Reads up to the end of the text or to the directive that ends this body.
    pub(super) fn body(&mut self) -> Result<(Vec<Node>, BodyEnd), TemplateError> {
        let mut draft = Draft::default();
        loop {
            draft.push_text(self.cursor.take_while(|character| !matches!(character, '$' | '#' | '\\')));
            match self.cursor.peek() {
                None => return Ok((draft.finish(), BodyEnd::EndOfText)),
                Some('\\') => self.escaped(&mut draft)?,
                Some('$') => self.print(&mut draft, 0)?,
                Some(_) => {
                    if let Some(end) = self.hash(&mut draft)? {
                        return Ok((draft.finish(), end));
                    }
                }
            }
        }
    }

    /// Reads something nested within what is being read.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.depth == MAX_NESTING {
            return Err(self.cursor.fault(Fault::NestedTooDeeply { max: MAX_NESTING }));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads `$…`: a reference, or a dollar sign that starts none.
    fn print(&mut self, draft: &mut Draft, backslashes: usize) -> Result<(), TemplateError> {
        if let Some(reference) = self.reference()? {
            draft.push(Node::Print { reference, backslashes });
        } else {
            draft.push_backslashes(backslashes);
            self.cursor.advance(1);
            draft.push_text("$");
        }
        Ok(())
    }

    /// Reads backslashes. Only before a reference or a directive do they mean more than themselves.
    fn escaped(&mut self, draft: &mut Draft) -> Result<(), TemplateError> {
        let backslashes = self.cursor.take_while(|character| character == '\\').len();
        if self.cursor.peek() == Some('$') {
            return self.print(draft, backslashes);
        }
        let Some(directive) = self.directive_ahead() else {
            draft.push_backslashes(backslashes);
            return Ok(());
        };
        draft.push_backslashes(backslashes / 2);
        if backslashes % 2 == 1 {
            draft.push_text(&self.cursor.rest()[..directive.bytes]);
            self.cursor.advance(directive.bytes);
        }
        Ok(())
    }

    /// Reads `#…`: a comment, unparsed text, a directive, or a hash that starts none.
    fn hash(&mut self, draft: &mut Draft) -> Result<Option<BodyEnd>, TemplateError> {
        let start = self.cursor;
        if self.cursor.eat("##") {
            self.line_comment();
        } else if self.cursor.eat("#*") {
            if !self.cursor.skip_past("*#") {
                return Err(start.fault(Fault::Unclosed { opened: "#*" }));
            }
        } else if self.cursor.eat("#[[") {
            if !self.cursor.skip_past("]]#") {
                return Err(start.fault(Fault::Unclosed { opened: "#[[" }));
            }
            let whole = self.cursor.since(&start);
            draft.push_text(&whole[3..whole.len() - 3]);
        } else if let Some(directive) = self.directive_ahead() {
            return self.nested(|parser| parser.directive(directive, draft));
        } else {
            self.cursor.advance(1);
            draft.push_text("#");
        }
        Ok(None)
    }

    /// Moves past a comment and the end of its line, which Velocity counts as part of it.
    fn line_comment(&mut self) {
        self.cursor.take_while(|character| !matches!(character, '\n' | '\r'));
        self.cursor.skip_blank_line_end();
    }
}
