//! Reading a path.

use super::{
    Function, JsonPath, Step,
    filter::{Comparison, Filter, Operand},
};
use crate::Fault;

/// The most filters and parentheses within each other.
const MAX_NESTING: usize = 16;

impl JsonPath {
    pub(crate) fn parse(path: &str) -> Result<Self, Fault> {
        let text = path.trim();
        let mut reader = Reader { path, rest: text, depth: 0 };
        if !reader.eat("$") {
            // Jayway reads `a.b` as `$.a.b`.
            return Self::parse(&if text.starts_with('[') { format!("${text}") } else { format!("$.{text}") });
        }
        let parsed = reader.steps()?;
        if reader.rest.is_empty() { Ok(parsed) } else { Err(reader.expected(". or [")) }
    }
}

struct Reader<'p> {
    path: &'p str,
    rest: &'p str,
    depth: usize,
}

impl<'p> Reader<'p> {
    fn expected(&self, expected: &'static str) -> Fault {
        Fault::InvalidJsonPath { path: self.path.to_owned(), expected }
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Eats a token with blanks before it.
    fn eat_token(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        self.eat(token)
    }

    fn expect(&mut self, token: &str, expected: &'static str) -> Result<(), Fault> {
        if self.eat_token(token) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'p str {
        let end = self.rest.find(|character| !fits(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == MAX_NESTING {
            return Err(Fault::NestedTooDeeply { max: MAX_NESTING });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn steps(&mut self) -> Result<JsonPath, Fault> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                steps.push(Step::Descend);
                steps.push(if self.eat("[") { self.bracket()? } else { self.name()? });
            } else if self.eat(".") {
                let before = self.rest;
                if let Some(function) = self.function() {
                    return Ok(JsonPath { steps, function: Some(function) });
                }
                self.rest = before;
                steps.push(if self.eat("[") { self.bracket()? } else { self.name()? });
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok(JsonPath { steps, function: None });
            }
        }
    }

    fn function(&mut self) -> Option<Function> {
        let function = match self.take_while(|character| character.is_ascii_alphabetic()) {
            "length" | "size" => Function::Length,
            "keys" => Function::Keys,
            "min" => Function::Min,
            "max" => Function::Max,
            "sum" => Function::Sum,
            "avg" => Function::Average,
            _ => return None,
        };
        self.eat("()").then_some(function)
    }

    fn name(&mut self) -> Result<Step, Fault> {
        if self.eat("*") {
            return Ok(Step::All);
        }
        match self.plain_name() {
            "" => Err(self.expected("a name")),
            name => Ok(Step::Names(vec![name.to_owned()])),
        }
    }

    fn plain_name(&mut self) -> &'p str {
        const ENDS: &str = ".[]()<>=!&|,?*'\"";
        self.take_while(|character| !character.is_whitespace() && !ENDS.contains(character))
    }

    /// Reads what follows `[`, up to and including `]`.
    fn bracket(&mut self) -> Result<Step, Fault> {
        self.rest = self.rest.trim_start();
        let step = if self.eat("*") {
            Step::All
        } else if self.eat("?") {
            self.expect("(", "( after ?")?;
            let filter = self.nested(Self::any_of)?;
            self.expect(")", ") after the filter")?;
            Step::Filter(filter)
        } else if self.rest.starts_with(['\'', '"']) {
            Step::Names(self.names()?)
        } else {
            self.indices()?
        };
        self.expect("]", "]")?;
        Ok(step)
    }

    fn names(&mut self) -> Result<Vec<String>, Fault> {
        let mut names = vec![self.quoted()?];
        while self.eat_token(",") {
            names.push(self.quoted()?);
        }
        Ok(names)
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
        let quote = quote.ok_or_else(|| self.expected("a quoted name"))?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                end if end == quote => {
                    self.rest = &self.rest[offset + 1..];
                    return Ok(text);
                }
                other => text.push(other),
            }
        }
        Err(self.expected("a closing quote"))
    }

    fn indices(&mut self) -> Result<Step, Fault> {
        let first = self.integer();
        if self.eat_token(":") {
            return Ok(Step::Slice { from: first, to: self.integer() });
        }
        let mut indices = vec![first.ok_or_else(|| self.expected("an index, a quoted name, *, ? or a slice"))?];
        while self.eat_token(",") {
            indices.push(self.integer().ok_or_else(|| self.expected("an index"))?);
        }
        Ok(Step::Indices(indices))
    }

    fn integer(&mut self) -> Option<i64> {
        self.rest = self.rest.trim_start();
        let mut ahead = Reader { path: self.path, rest: self.rest, depth: self.depth };
        ahead.eat("-");
        ahead.take_while(|character| character.is_ascii_digit());
        let number = self.rest[..self.rest.len() - ahead.rest.len()].parse().ok()?;
        self.rest = ahead.rest;
        Some(number)
    }

    fn any_of(&mut self) -> Result<Filter, Fault> {
        let mut filters = vec![self.all_of()?];
        while self.eat_token("||") {
            filters.push(self.all_of()?);
        }
        Ok(Filter::Any(filters))
    }

    fn all_of(&mut self) -> Result<Filter, Fault> {
        let mut filters = vec![self.condition()?];
        while self.eat_token("&&") {
            filters.push(self.condition()?);
        }
        Ok(Filter::All(filters))
    }

    fn condition(&mut self) -> Result<Filter, Fault> {
        if self.eat_token("!") {
            return self.nested(|reader| Ok(Filter::Not(Box::new(reader.condition()?))));
        }
        if self.eat_token("(") {
            let inner = self.nested(Self::any_of)?;
            self.expect(")", ") after the condition")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        match self.comparison() {
            Some(comparison) => Ok(Filter::Compare(left, comparison, self.operand()?)),
            None => Ok(Filter::Exists(left)),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        // Longer operators come before those they begin with.
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        operators.into_iter().find(|(token, _)| self.eat_token(token)).map(|(_, comparison)| comparison)
    }

    fn operand(&mut self) -> Result<Operand, Fault> {
        self.rest = self.rest.trim_start();
        if self.eat("@") {
            return Ok(Operand::Current(self.nested(Self::steps)?));
        }
        if self.eat("$") {
            return Ok(Operand::Root(self.nested(Self::steps)?));
        }
        if self.rest.starts_with(['\'', '"']) {
            return Ok(Operand::Text(self.quoted()?));
        }
        match self.take_while(|character| character.is_ascii_alphanumeric() || "+-.".contains(character)) {
            "true" => Ok(Operand::Bool(true)),
            "false" => Ok(Operand::Bool(false)),
            "null" => Ok(Operand::Null),
            number => number.parse().map(Operand::Number).map_err(|_| self.expected("a value to compare")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_hyphens_and_blanks_in_quotes() {
        let path = JsonPath::parse("$.user-id['first name']").unwrap();
        let names = |name: &str| Step::Names(vec![name.to_owned()]);
        assert_eq!(path.steps, [names("user-id"), names("first name")]);
    }

    #[test]
    fn a_path_without_a_root_is_one_from_the_root() {
        assert_eq!(JsonPath::parse("a.b"), JsonPath::parse("$.a.b"));
        assert_eq!(JsonPath::parse("[0]"), JsonPath::parse("$[0]"));
    }

    #[test]
    fn a_malformed_path_says_what_it_needs() {
        for (path, expected) in [
            ("$.", "a name"),
            ("$[", "an index, a quoted name, *, ? or a slice"),
            ("$[0", "]"),
            ("$['a", "a closing quote"),
            ("$[?(@.a ==)]", "a value to compare"),
            ("$x", ". or ["),
        ] {
            let fault = Fault::InvalidJsonPath { path: path.to_owned(), expected };
            assert_eq!(JsonPath::parse(path), Err(fault), "{path}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let path = format!("$[?{}", "(".repeat(1_000));
        assert_eq!(JsonPath::parse(&path), Err(Fault::NestedTooDeeply { max: MAX_NESTING }));
    }
}
