//! A place in the text that knows its line and column.

use crate::{Fault, Position, TemplateError};

/// Characters of the text shown in an error.
const EXCERPT: usize = 20;

/// Where reading stands. Copying one is how a reader looks ahead and comes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    position: Position,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, position: Position) -> Self {
        Self { text, offset: 0, position }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// What is left to read.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.offset..]
    }

    /// What was read since an earlier place.
    pub(super) fn since(&self, earlier: &Self) -> &'t str {
        &self.text[earlier.offset..self.offset]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// Moves over so many bytes, which must end at a character.
    pub(super) fn advance(&mut self, bytes: usize) {
        let passed = &self.rest()[..bytes];
        for character in passed.chars() {
            if character == '\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else {
                self.position.column += 1;
            }
        }
        self.offset += bytes;
    }

    /// Moves over the text if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.advance(expected.len());
        }
        found
    }

    /// Moves over the characters that fit and gives them back.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|character| !fits(character)).unwrap_or(rest.len());
        self.advance(end);
        &rest[..end]
    }

    /// Moves to just behind the text, or says that it does not occur.
    pub(super) fn skip_past(&mut self, end: &str) -> bool {
        let Some(start) = self.rest().find(end) else { return false };
        self.advance(start + end.len());
        true
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(|character| matches!(character, ' ' | '\t'));
    }

    /// Moves over what is left of the line if that is blank, as Velocity does behind a directive.
    pub(super) fn skip_blank_line_end(&mut self) {
        let mut ahead = *self;
        ahead.skip_blanks();
        if ahead.eat("\r\n") || ahead.eat("\n") || ahead.eat("\r") {
            *self = ahead;
        }
    }

    /// Reads a name: a letter or underscore, then letters, digits, underscores and hyphens.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        self.peek().filter(|&first| first.is_ascii_alphabetic() || first == '_')?;
        Some(self.take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-')))
    }

    pub(super) fn expect(&mut self, token: &str, expected: &'static str) -> Result<(), TemplateError> {
        self.skip_space();
        if self.eat(token) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// The error that something else was needed here.
    pub(super) fn expected(&self, expected: &'static str) -> TemplateError {
        let found = match self.rest() {
            "" => "the end of the template".to_owned(),
            rest => format!("{:?}", rest.chars().take(EXCERPT).collect::<String>()),
        };
        self.fault(Fault::Expected { expected, found })
    }

    pub(super) fn fault(&self, fault: Fault) -> TemplateError {
        TemplateError { at: self.position, fault }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let mut cursor = Cursor::new("é\nüx", Position::START);
        assert!(cursor.skip_past("ü"));
        assert_eq!(cursor.position(), Position { line: 2, column: 2 });
    }

    #[test]
    fn a_line_end_is_skipped_only_behind_blanks() {
        let mut cursor = Cursor::new(" \t\r\n x\n", Position::START);
        cursor.skip_blank_line_end();
        cursor.skip_blank_line_end();
        assert_eq!(cursor.rest(), " x\n");
    }
}
