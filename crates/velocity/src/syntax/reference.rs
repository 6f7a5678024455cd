//! References: `$a`, `${a}`, `$!a`, and the steps behind them.

use super::{Expression, Reference, Step, text::Parser};
use crate::TemplateError;

impl Parser<'_> {
    /// Reads a reference. None means that the dollar sign starts none, and nothing was read.
    pub(super) fn reference(&mut self) -> Result<Option<Reference>, TemplateError> {
        let start = self.cursor;
        let Some((quiet, braced, name)) = self.reference_head() else {
            self.cursor = start;
            return Ok(None);
        };
        let mut steps = Vec::new();
        while let Some(step) = self.step()? {
            steps.push(step);
        }
        if braced && !self.cursor.eat("}") {
            return Err(self.cursor.expected("} after the reference"));
        }
        let source = self.cursor.since(&start).to_owned();
        Ok(Some(Reference { at: start.position(), source, quiet, name, steps }))
    }

    fn reference_head(&mut self) -> Option<(bool, bool, String)> {
        if !self.cursor.eat("$") {
            return None;
        }
        let quiet = self.cursor.eat("!");
        let braced = self.cursor.eat("{");
        let name = self.cursor.name()?.to_owned();
        Some((quiet, braced, name))
    }

    fn step(&mut self) -> Result<Option<Step>, TemplateError> {
        match self.cursor.peek() {
            Some('.') => self.member(),
            Some('[') => self.nested(Self::index).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads `.name` or `.name(…)`. A dot before anything else is text, such as the end of a sentence.
    fn member(&mut self) -> Result<Option<Step>, TemplateError> {
        // Unlike a variable's name, a property's does not begin with an underscore.
        if !self.cursor.peek_second().is_some_and(|first| first.is_ascii_alphabetic()) {
            return Ok(None);
        }
        self.cursor.advance(1);
        let name = self.cursor.name().unwrap_or_default();
        if !self.cursor.eat("(") {
            return Ok(Some(Step::Property(name.to_owned())));
        }
        let arguments = self.nested(|parser| parser.separated(")", ", or ) after the argument"))?;
        Ok(Some(Step::Method(name.to_owned(), arguments)))
    }

    fn index(&mut self) -> Result<Step, TemplateError> {
        self.cursor.advance(1);
        let index = self.expression()?;
        self.cursor.expect("]", "] after the index")?;
        Ok(Step::Index(index))
    }

    /// Reads expressions between commas, up to and including the closing token.
    pub(super) fn separated(&mut self, close: &str, expected: &'static str) -> Result<Vec<Expression>, TemplateError> {
        let mut expressions = Vec::new();
        self.cursor.skip_space();
        if self.cursor.eat(close) {
            return Ok(expressions);
        }
        loop {
            expressions.push(self.expression()?);
            self.cursor.skip_space();
            if self.cursor.eat(close) {
                return Ok(expressions);
            }
            self.cursor.expect(",", expected)?;
        }
    }
}
