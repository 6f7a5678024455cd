//! Reads YAML into JSON values, and writes it.
//!
//! An alias is a copy: a few hundred bytes of aliases of aliases are gigabytes. Every value that is made counts against
//! one allowance, so a small document stays small. Events are taken one by one, so that what is too deep is refused
//! where it becomes too deep and the rest of it is never looked at.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Number, Value};

/// Values that one document may hold; a text counts once more for every 64 bytes.
const VALUE_LIMIT: usize = 1_000_000;
/// How deep values may stand in one another, as in JSON.
const DEPTH_LIMIT: usize = 128;
/// The key that stands for the members of another mapping.
const MERGE: &str = "<<";

/// Reads the first document of a text; `None` when it is no YAML, too deep or too large.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), allowance: VALUE_LIMIT };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            event => return reader.value(event, 0),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    allowance: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Event<'a>> {
        self.events.next()?.ok().map(|(event, _)| event)
    }

    fn spend(&mut self, values: usize) -> Option<()> {
        self.allowance = self.allowance.checked_sub(values)?;
        Some(())
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Option<Value> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(1 + text.len() / 64)?;
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            _ => return None,
        };
        if anchor > 0 {
            self.spend(count(&value))?;
            self.anchors.insert(anchor, value.clone());
        }
        Some(value)
    }

    fn alias(&mut self, anchor: usize, depth: usize) -> Option<Value> {
        let (values, height) = self.anchors.get(&anchor).map(|value| (count(value), height(value)))?;
        self.spend(values)?;
        if depth + height > DEPTH_LIMIT { None } else { self.anchors.get(&anchor).cloned() }
    }

    fn sequence(&mut self, depth: usize) -> Option<Value> {
        self.spend(1)?;
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Some(items.into()),
                event => items.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Option<Value> {
        self.spend(1)?;
        let (mut members, mut merged) = (Map::new(), Vec::new());
        loop {
            // A key is taken as it is written: the status code `200` is text in JSON.
            let key = match self.next()? {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return None,
            };
            self.spend(key.len() / 64)?;
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            if key == MERGE { merged.push(value) } else { members.insert(key, value).map_or((), drop) }
        }
        merged.into_iter().for_each(|value| merge(&mut members, value));
        Some(members.into())
    }
}

/// Adds the members of a mapping, or of several, that are not there yet.
fn merge(members: &mut Map<String, Value>, other: Value) {
    match other {
        Value::Object(others) => {
            for (name, value) in others {
                members.entry(name).or_insert(value);
            }
        }
        Value::Array(items) => items.into_iter().for_each(|item| merge(members, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A scalar without quotes is what it looks like.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if style != ScalarStyle::Plain || tag.is_some() {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

/// A decimal number. One that begins with a zero too many is an account's id or the like, and stays text.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let looks_so =
        digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.contains(|c: char| c.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if !looks_so || padded {
        return None;
    }
    let integer = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    integer.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// How many values there are in one, itself included, long texts counted more.
pub(crate) fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.iter().map(|(name, value)| name.len() / 64 + count(value)).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 64,
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(height).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Writes a value as YAML. Texts have JSON's quotes, which YAML takes, so that none of them looks like something else.
pub(crate) fn write(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    write_below(value, 0, &mut out);
    out
}

fn write_below(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                out.push_str(&format!("{indent}{}:", Value::from(name.as_str())));
                write_after(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("{indent}-"));
                write_after(item, depth, out);
            }
        }
        other => out.push_str(&format!("{indent}{other}\n")),
    }
}

/// Writes what stands after a key or a dash: on the same line, or below when it has lines of its own.
fn write_after(value: &Value, depth: usize, out: &mut String) {
    let below = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if below {
        out.push('\n');
        write_below(value, depth + 1, out);
    } else {
        out.push_str(&format!(" {value}\n"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_read_as_the_json_it_means() {
        let text = "a: &x {b: 1, c: [true, ~, 2.5]}\nresponses:\n  200: *x\n";
        let same = json!({"b": 1, "c": [true, null, 2.5]});
        assert_eq!(read(text), Some(json!({"a": same, "responses": {"200": same}})));
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
        }
        assert_eq!(read(&bomb), None);
    }

    #[test]
    fn depth_is_refused_and_not_suffered() {
        for open in ["[", "{a: ", "- "] {
            assert_eq!(read(&open.repeat(100_000)), None, "{open}");
        }
    }

    #[test]
    fn scalars_are_what_they_look_like() {
        let text = "[1, -2.5, 007, 2.0.0, 'true', .nan, 1e3, ~, No, !Sub x]";
        assert_eq!(read(text), Some(json!([1, -2.5, "007", "2.0.0", "true", ".nan", 1000.0, null, "No", "x"])));
        assert_eq!(
            read("base: &b {a: 1, c: 2}\nmore: {<<: *b, a: 3}").expect("a value")["more"],
            json!({"a": 3, "c": 2})
        );
        for bad in ["", "a: {", "[a]: b", "*nothing", "a: b: c"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(texts in prop::collection::vec(".*", 0..8), numbers in prop::collection::vec(any::<i64>(), 0..4)) {
            let nested = json!({"t": texts, "n": numbers, "e": [{}, [], [[1], {"a": null}]], "m": {texts.join("/"): [true]}});
            prop_assert_eq!(read(&write(&nested)), Some(nested));
        }

        #[test]
        fn no_text_is_suffered(text in "[\\[\\]{}:,&*!|>'\"%@`#a \\n\\t-]{0,200}") {
            let _ = read(&text);
        }
    }
}
