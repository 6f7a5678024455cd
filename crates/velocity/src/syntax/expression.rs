//! Expressions: operators by precedence.

use super::{Expression, Operator, text::Parser};
use crate::TemplateError;

/// The spellings of every operator, from the loosest binding to the tightest; longer spellings come first.
const PRECEDENCE: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual), ("eq", Operator::Equal), ("ne", Operator::NotEqual)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("le", Operator::LessOrEqual),
        ("ge", Operator::GreaterOrEqual),
        ("lt", Operator::Less),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, TemplateError> {
        self.nested(|parser| parser.chain(0))
    }

    fn chain(&mut self, level: usize) -> Result<Expression, TemplateError> {
        let Some(operators) = PRECEDENCE.get(level) else { return self.unary() };
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator(operators) {
            rest.push((operator, self.chain(level + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expression::Chain(Box::new(first), rest) })
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        self.cursor.skip_space();
        operators.iter().find(|(spelling, _)| self.eat_word(spelling)).map(|&(_, operator)| operator)
    }

    fn unary(&mut self) -> Result<Expression, TemplateError> {
        self.cursor.skip_space();
        if self.eat_word("!") || self.eat_word("not") {
            return self.nested(|parser| Ok(Expression::Not(Box::new(parser.unary()?))));
        }
        self.primary()
    }

    /// Moves over a token; one of letters must not run on into a longer word.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let runs_on = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let mut ahead = self.cursor;
        if !ahead.eat(word) || word.ends_with(runs_on) && ahead.peek().is_some_and(runs_on) {
            return false;
        }
        self.cursor = ahead;
        true
    }
}
