//! Primary expressions: strings, numbers, words, lists, ranges, maps, parentheses.

use super::{Expression, Node, text::Parser};
use crate::{Fault, TemplateError};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Expression, TemplateError> {
        match self.cursor.peek() {
            Some('$') => {
                let here = self.cursor;
                let reference = self.reference()?.ok_or_else(|| here.expected("a reference"))?;
                Ok(Expression::Reference(reference))
            }
            Some(quote @ ('"' | '\'')) => self.string(quote),
            Some('[') => self.nested(Self::list),
            Some('{') => self.nested(Self::map),
            Some('(') => {
                self.cursor.advance(1);
                let inner = self.expression()?;
                self.cursor.expect(")", ") after the expression")?;
                Ok(inner)
            }
            Some('0'..='9' | '-' | '.') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Expression, TemplateError> {
        let words = [("true", Expression::Bool(true)), ("false", Expression::Bool(false)), ("null", Expression::Null)];
        for (word, value) in words {
            if self.eat_word(word) {
                return Ok(value);
            }
        }
        Err(self.cursor.expected("a value: a reference, string, number, true, false, list or map"))
    }

    /// Reads a string. Between double quotes, references and directives are followed.
    fn string(&mut self, quote: char) -> Result<Expression, TemplateError> {
        let opened = self.cursor;
        self.cursor.advance(1);
        let start = self.cursor.position();
        let text = self.quoted(quote).ok_or_else(|| opened.fault(Fault::Unclosed { opened: "the string" }))?;
        if quote == '\'' {
            return Ok(Expression::Text(text.into()));
        }
        let text = unescape_unicode(&text);
        if text.contains(['$', '#']) {
            return self.nested(|parser| Ok(Expression::Interpolated(parser.interpolated(&text, start)?)));
        }
        Ok(Expression::Text(text.into()))
    }

    /// Reads up to the closing quote. A quote within is written twice, or between double quotes behind a backslash,
    /// which Velocity then keeps: `"\""` is a backslash and a quote.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        loop {
            text.push_str(self.cursor.take_while(|character| character != quote));
            self.cursor.peek()?;
            self.cursor.advance(1);
            let backslashes = text.len() - text.trim_end_matches('\\').len();
            let escaped = quote == '"' && backslashes % 2 == 1;
            if !escaped {
                if self.cursor.peek() != Some(quote) {
                    return Some(text);
                }
                self.cursor.advance(1);
            }
            text.push(quote);
        }
    }

    fn interpolated(&self, text: &str, start: crate::Position) -> Result<Vec<Node>, TemplateError> {
        self.within(text, start).template()
    }

    fn number(&mut self) -> Result<Expression, TemplateError> {
        let start = self.cursor;
        self.cursor.eat("-");
        self.digits();
        let fraction = self.cursor.peek() == Some('.') && self.cursor.peek_second().is_some_and(|c| c.is_ascii_digit());
        if fraction {
            self.cursor.advance(1);
            self.digits();
        }
        let exponent = self.exponent();
        let written = self.cursor.since(&start);
        if fraction || exponent {
            written.parse().map(Expression::Float).map_err(|_| start.expected("a number"))
        } else {
            written.parse().map(Expression::Int).map_err(|_| start.expected("a number"))
        }
    }

    fn digits(&mut self) -> usize {
        self.cursor.take_while(|character| character.is_ascii_digit()).len()
    }

    fn exponent(&mut self) -> bool {
        let before = self.cursor;
        let read = (self.cursor.eat("e") || self.cursor.eat("E")) && {
            let _ = self.cursor.eat("-") || self.cursor.eat("+");
            self.digits() > 0
        };
        if !read {
            self.cursor = before;
        }
        read
    }

    /// Reads `[a, b]` or `[first..last]`.
    fn list(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.advance(1);
        self.cursor.skip_space();
        if self.cursor.eat("]") {
            return Ok(Expression::List(Vec::new()));
        }
        let first = self.expression()?;
        self.cursor.skip_space();
        if self.cursor.eat("..") {
            let last = self.expression()?;
            self.cursor.expect("]", "] after the range")?;
            return Ok(Expression::Range(Box::new((first, last))));
        }
        let mut items = vec![first];
        if self.cursor.eat(",") {
            items.extend(self.separated("]", ", or ] after the list's item")?);
        } else {
            self.cursor.expect("]", ", or ] after the list's item")?;
        }
        Ok(Expression::List(items))
    }

    fn map(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.advance(1);
        let mut entries = Vec::new();
        self.cursor.skip_space();
        if self.cursor.eat("}") {
            return Ok(Expression::Map(entries));
        }
        loop {
            let key = self.key()?;
            self.cursor.expect(":", ": after the map's key")?;
            entries.push((key, self.expression()?));
            self.cursor.skip_space();
            if self.cursor.eat("}") {
                return Ok(Expression::Map(entries));
            }
            self.cursor.expect(",", ", or } after the map's entry")?;
        }
    }

    /// Reads a map's key: any expression, or a bare word.
    fn key(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.skip_space();
        match self.cursor.name() {
            Some(word) => Ok(Expression::Text(word.into())),
            None => self.expression(),
        }
    }
}

/// Replaces `\uXXXX`, the one escape that Velocity's strings have.
fn unescape_unicode(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let unit = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match unit.and_then(char::from_u32) {
            Some(character) => {
                out.push(character);
                out.push_str(&part[4..]);
            }
            None => {
                out.push_str("\\u");
                out.push_str(part);
            }
        }
    }
    out
}
