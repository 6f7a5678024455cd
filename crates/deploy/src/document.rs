//! Reads a text of YAML or JSON into values that know their lines.
//!
//! Short forms of intrinsic functions (`!Sub`) become the long ones. What is too long, too deep or explodes by aliases
//! is refused where it becomes so.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

use crate::mistake::{Fault, Mistake};

/// Bytes of a template; CloudFormation takes one megabyte, generated ones with documents in them are longer.
pub const TEXT_LIMIT: usize = 5 << 20;
/// Values that one document may hold; a text counts once more for every 64 bytes.
const VALUE_LIMIT: usize = 1_000_000;
/// How deep values may stand in one another.
const DEPTH_LIMIT: usize = 100;
/// The key that stands for the members of another mapping.
const MERGE: &str = "<<";

/// A value, and the line that it begins on. Line zero is one that is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Counted from one.
    pub line: usize,
    /// The value.
    pub content: Content,
}

/// What a value can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Null, a boolean, a number or a text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A value that was made and stands on no line of its own.
    pub(crate) fn made(line: usize, value: Value) -> Self {
        let content = match value {
            Value::Array(items) => Content::List(items.into_iter().map(|item| Self::made(line, item)).collect()),
            Value::Object(members) => {
                Content::Map(members.into_iter().map(|(name, value)| (name, Self::made(line, value))).collect())
            }
            scalar => Content::Scalar(scalar),
        };
        Self { line, content }
    }

    /// A text.
    pub(crate) fn text(line: usize, text: impl Into<String>) -> Self {
        Self { line, content: Content::Scalar(Value::String(text.into())) }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if it is a mapping.
    pub fn as_map(&self) -> Option<&[(String, Self)]> {
        match &self.content {
            Content::Map(members) => Some(members),
            _ => None,
        }
    }

    /// A member of a mapping.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether nothing is said.
    pub fn is_null(&self) -> bool {
        self.content == Content::Scalar(Value::Null)
    }

    /// The value as it stands, intrinsic functions unresolved.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Self::value).collect(),
            Content::Map(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), value.value())).collect())
            }
        }
    }

    fn count(&self) -> usize {
        match &self.content {
            Content::Scalar(Value::String(text)) => 1 + text.len() / 64,
            Content::Scalar(_) => 1,
            Content::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Content::Map(members) => {
                1 + members.iter().map(|(name, value)| name.len() / 64 + value.count()).sum::<usize>()
            }
        }
    }

    fn height(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => 1 + items.iter().map(Self::height).max().unwrap_or(0),
            Content::Map(members) => 1 + members.iter().map(|(_, value)| value.height()).max().unwrap_or(0),
        }
    }
}

/// Reads the one document of a text.
pub fn read(text: &str) -> Result<Node, Mistake> {
    if text.len() > TEXT_LIMIT {
        return Err(Mistake::on(0, Fault::TooLong { size: text.len(), limit: TEXT_LIMIT }));
    }
    let mut reader =
        Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), allowance: VALUE_LIMIT, line: 0 };
    match reader.document() {
        Err(mistake @ Mistake { fault: Fault::NotYaml(_), .. }) if text.trim_start().starts_with('{') => {
            read_json(text).map_err(|other| if matches!(other.fault, Fault::TooDeep(_)) { other } else { mistake })
        }
        read => read,
    }
}

/// JSON that is no YAML, by its tabs or its escapes: without lines.
fn read_json(text: &str) -> Result<Node, Mistake> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| Mistake::on(error.line(), Fault::NotYaml(error.to_string())))?;
    let node = Node::made(0, value);
    if node.height() > DEPTH_LIMIT {
        return Err(Mistake::on(0, Fault::TooDeep(DEPTH_LIMIT)));
    }
    Ok(node)
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    allowance: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Mistake> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd => return Err(self.mistake(Fault::Missing("a template".to_owned()))),
                event => {
                    let document = self.value(event, 0)?;
                    self.end()?;
                    return Ok(document);
                }
            }
        }
    }

    /// Nothing follows: what would be left out is told.
    fn end(&mut self) -> Result<(), Mistake> {
        loop {
            match self.next()? {
                Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => return Ok(()),
                _ => return Err(self.mistake(Fault::Unsupported("a second document in one file".to_owned()))),
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, Mistake> {
        match self.events.next() {
            Some(Ok((event, span))) => {
                self.line = line_of(&span);
                Ok(event)
            }
            Some(Err(error)) => Err(Mistake::on(error.marker().line(), Fault::NotYaml(error.info().to_owned()))),
            None => Err(self.mistake(Fault::NotYaml("the text ends within a value".to_owned()))),
        }
    }

    fn mistake(&self, fault: Fault) -> Mistake {
        Mistake::on(self.line, fault)
    }

    fn spend(&mut self, values: usize) -> Result<(), Mistake> {
        match self.allowance.checked_sub(values) {
            Some(left) => {
                self.allowance = left;
                Ok(())
            }
            None => Err(self.mistake(Fault::TooMany(VALUE_LIMIT))),
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Node, Mistake> {
        if depth > DEPTH_LIMIT {
            return Err(self.mistake(Fault::TooDeep(DEPTH_LIMIT)));
        }
        let line = self.line;
        let (content, anchor, tag) = match event {
            Event::Alias(anchor) => return self.alias(anchor, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(1 + text.len() / 64)?;
                let core = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema());
                let quoted = style != ScalarStyle::Plain || core;
                (Content::Scalar(scalar(&text, quoted)), anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (self.sequence(depth)?, anchor, tag),
            Event::MappingStart(anchor, tag) => (self.mapping(depth)?, anchor, tag),
            _ => return Err(self.mistake(Fault::NotYaml("a value is missing".to_owned()))),
        };
        let node = match tag.as_deref().and_then(short_form) {
            Some(name) => long_form(name, Node { line, content }),
            None => Node { line, content },
        };
        if anchor > 0 {
            self.spend(node.count())?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, depth: usize) -> Result<Node, Mistake> {
        let unknown = || Fault::NotYaml("an alias of a value that has not ended".to_owned());
        let node = self.anchors.get(&anchor).ok_or_else(|| self.mistake(unknown()))?;
        let (values, height) = (node.count(), node.height());
        if depth + height > DEPTH_LIMIT {
            return Err(self.mistake(Fault::TooDeep(DEPTH_LIMIT)));
        }
        self.spend(values)?;
        self.anchors.get(&anchor).cloned().ok_or_else(|| self.mistake(unknown()))
    }

    fn sequence(&mut self, depth: usize) -> Result<Content, Mistake> {
        self.spend(1)?;
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Content::List(items)),
                event => items.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Content, Mistake> {
        self.spend(1)?;
        let (mut members, mut merged) = (Vec::<(String, Node)>::new(), Vec::new());
        let mut names = std::collections::HashSet::new();
        loop {
            // A key is taken as it is written: the status code `200` is text in JSON.
            let key = match self.next()? {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(self.mistake(Fault::NotYaml("a key has to be a text".to_owned()))),
            };
            self.spend(key.len() / 64)?;
            let line = self.line;
            let event = self.next()?;
            let mut value = self.value(event, depth + 1)?;
            // Who looks for a mistake looks for the key.
            value.line = line;
            if key == MERGE {
                merged.push(value);
            } else if names.insert(key.clone()) {
                members.push((key, value));
            } else {
                return Err(Mistake::on(line, Fault::Twice(key)));
            }
        }
        for value in merged {
            merge(&mut members, &mut names, value);
        }
        Ok(Content::Map(members))
    }
}

/// Adds the members of a mapping, or of several, that are not there yet.
fn merge(members: &mut Vec<(String, Node)>, names: &mut std::collections::HashSet<String>, other: Node) {
    match other.content {
        Content::Map(others) => {
            members.extend(others.into_iter().filter(|(name, _)| names.insert(name.clone())));
        }
        Content::List(items) => items.into_iter().for_each(|item| merge(members, names, item)),
        Content::Scalar(_) => {}
    }
}

fn line_of(span: &Span) -> usize {
    span.start.line()
}

/// The name behind a tag of CloudFormation's, such as `Sub` of `!Sub`.
fn short_form(tag: &Tag) -> Option<&str> {
    (tag.handle == "!" && !tag.suffix.is_empty()).then_some(tag.suffix.as_str())
}

fn long_form(name: &str, argument: Node) -> Node {
    let line = argument.line;
    let (key, argument) = match name {
        "Ref" | "Condition" => (name.to_owned(), argument),
        "GetAtt" => {
            let split = argument.as_text().and_then(|text| text.split_once('.'));
            let pair =
                split.map(|(id, attribute)| Content::List(vec![Node::text(line, id), Node::text(line, attribute)]));
            ("Fn::GetAtt".to_owned(), pair.map_or(argument, |content| Node { line, content }))
        }
        _ => (format!("Fn::{name}"), argument),
    };
    Node { line, content: Content::Map(vec![(key, argument)]) }
}

/// A scalar without quotes is what it looks like.
fn scalar(text: &str, quoted: bool) -> Value {
    if quoted {
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
    let integer = text.parse::<i64>().map(Number::from);
    integer.ok().or_else(|| Number::from_f64(text.parse().ok()?).filter(|_| !text.contains(['e', 'E'])))
}

/// Members of an object, by name.
pub(crate) type Members = Map<String, Value>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> Mistake {
        read(text).expect_err("a mistake")
    }

    #[test]
    fn short_forms_become_long_ones() {
        let text = "a: !Ref Api\nb: !GetAtt Api.RootResourceId\nc: !Sub '${Api}/x'\nd: !Join ['', [!Ref Api, x]]\n\
                    e: !If [Prod, 1, !Ref AWS::NoValue]\nf: !Condition Prod\ng: !GetAtt [Api, Id]";
        let expected = json!({
            "a": {"Ref": "Api"}, "b": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "c": {"Fn::Sub": "${Api}/x"},
            "d": {"Fn::Join": ["", [{"Ref": "Api"}, "x"]]}, "e": {"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]},
            "f": {"Condition": "Prod"}, "g": {"Fn::GetAtt": ["Api", "Id"]},
        });
        assert_eq!(read(text).expect("a document").value(), expected);
    }

    #[test]
    fn json_is_read_with_its_tabs_and_its_surrogates() {
        let text = "{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1, 2.5, true, null]\n}";
        assert_eq!(read(text).expect("a document").value(), json!({"a": "😀", "b": [1, 2.5, true, null]}));
    }

    #[test]
    fn values_know_their_lines() {
        let document = read("a: 1\nb:\n  c: x\n").expect("a document");
        let line = document.get("b").and_then(|b| b.get("c")).map(|c| c.line);
        assert_eq!(line, Some(3));
        assert_eq!(fault("a: 1\nb: [1, 2\n").line, Some(3));
        assert_eq!(fault("a: 1\nb: 2\na: 3\n"), Mistake::on(3, Fault::Twice("a".to_owned())));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        assert!(matches!(fault(&"x".repeat(TEXT_LIMIT + 1)).fault, Fault::TooLong { .. }));
        for open in ["[", "{a: ", "- "] {
            let said = fault(&open.repeat(10_000)).fault;
            let parsers_own = matches!(&said, Fault::NotYaml(why) if why.contains("recursion limit"));
            assert!(said == Fault::TooDeep(DEPTH_LIMIT) || parsers_own, "{open}: {said}");
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
        }
        assert_eq!(fault(&bomb).fault, Fault::TooMany(VALUE_LIMIT));
    }

    #[test]
    fn scalars_are_what_they_look_like() {
        let text = "[1, -2.5, 007, 2012-10-17, 'true', 1e3, ~, No, 100000000000]";
        let expected = json!([1, -2.5, "007", "2012-10-17", "true", "1e3", null, "No", 100_000_000_000_i64]);
        assert_eq!(read(text).expect("a document").value(), expected);
    }

    proptest! {
        #[test]
        fn no_text_is_suffered(text in "[\\[\\]{}:,&*!|>'\"%@`#a<? \\n\\t-]{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn json_reads_as_itself(texts in prop::collection::vec(".*", 0..6), number in any::<i64>()) {
            let value = json!({"t": texts, "n": [number, {"a": null}], "e": [{}, []]});
            prop_assert_eq!(read(&value.to_string()).expect("a document").value(), value);
        }
    }
}
