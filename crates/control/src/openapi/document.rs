//! An OpenAPI document as it was sent, JSON or YAML, and the ways to look into it.
//!
//! Reading one is bounded: by the size of the body, by depth, and by an allowance for what references repeat. One
//! reference is a few bytes and what it names may be megabytes, so following it costs what it names.

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::conflict::Conflict;
use crate::openapi::yaml;

/// AWS's limit for API definitions.
const SIZE_LIMIT: usize = 6 << 20;
/// References from one reference to the next, before a circle is suspected.
const HOP_LIMIT: usize = 16;
/// Values that may be reached through references and inheritance.
const REPEAT_LIMIT: usize = 4_000_000;

/// A document whose root is an object.
#[derive(Debug)]
pub(crate) struct Document {
    root: Value,
    repeats_left: Cell<usize>,
}

impl Document {
    /// Reads a body; it has no Content-Type that could be relied on.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Conflict> {
        let text = std::str::from_utf8(body).map_err(|_| Conflict::BadOpenApi)?;
        if text.len() > SIZE_LIMIT {
            return Err(Conflict::BadOpenApi);
        }
        let text = text.trim_start_matches('\u{feff}');
        let root = match text.trim_start().starts_with('{') {
            // JSON with what only YAML allows, such as a comma too many, is YAML.
            true => serde_json::from_str(text).ok().or_else(|| yaml::read(text)),
            false => yaml::read(text),
        };
        match root {
            Some(root @ Value::Object(_)) => Ok(Self { root, repeats_left: Cell::new(REPEAT_LIMIT) }),
            Some(_) | None => Err(Conflict::BadOpenApi),
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, value: &self.root }
    }

    /// Takes `values` from the allowance for repetition.
    pub(crate) fn charge(&self, values: usize) -> Result<(), Conflict> {
        let left = self.repeats_left.get().checked_sub(values).ok_or(Conflict::BadOpenApi)?;
        self.repeats_left.set(left);
        Ok(())
    }
}

/// A place in a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    document: &'a Document,
    value: &'a Value,
}

impl<'a> Node<'a> {
    pub(crate) fn document(self) -> &'a Document {
        self.document
    }

    pub(crate) fn value(self) -> &'a Value {
        self.value
    }

    pub(crate) fn is_object(self) -> bool {
        self.value.is_object()
    }

    /// A member that is there and not null.
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { document: self.document, value })
    }

    /// What this node names, if it is a reference; else itself.
    pub(crate) fn follow(self) -> Result<Self, Conflict> {
        let mut at = self;
        for _ in 0..HOP_LIMIT {
            let Some(Value::String(reference)) = at.value.get("$ref") else { return Ok(at) };
            let pointer = reference.strip_prefix('#').ok_or(Conflict::BadOpenApi)?;
            let value = self.document.root.pointer(pointer).ok_or(Conflict::BadOpenApi)?;
            self.document.charge(yaml::count(value))?;
            at = Self { document: self.document, value };
        }
        Err(Conflict::BadOpenApi)
    }

    /// A member that is an object, behind a reference or not.
    pub(crate) fn object(self, name: &str) -> Result<Option<Self>, Conflict> {
        let Some(member) = self.member(name) else { return Ok(None) };
        let member = member.follow()?;
        if member.is_object() { Ok(Some(member)) } else { Err(Conflict::BadOpenApi) }
    }

    /// The members of a member that is an object; none when it is absent.
    pub(crate) fn entries(self, name: &str) -> Result<Vec<(&'a str, Self)>, Conflict> {
        Ok(self.object(name)?.map(Self::members).unwrap_or_default())
    }

    /// The members of this object.
    pub(crate) fn members(self) -> Vec<(&'a str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), Self { document: self.document, value })).collect()
    }

    /// The items of a member that is a list; none when it is absent.
    pub(crate) fn items(self, name: &str) -> Result<Vec<Self>, Conflict> {
        let Some(member) = self.member(name) else { return Ok(Vec::new()) };
        let items = member.value.as_array().ok_or(Conflict::BadOpenApi)?;
        Ok(items.iter().map(|value| Self { document: self.document, value }).collect())
    }

    /// The texts of a member that is a list of them.
    pub(crate) fn texts(self, name: &str) -> Result<Option<Vec<String>>, Conflict> {
        if self.member(name).is_none() {
            return Ok(None);
        }
        self.items(name)?
            .into_iter()
            .map(|item| item.as_text().ok_or(Conflict::BadOpenApi))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A member that is text. Writers of YAML forget quotes: a number or truth value is the text that shows it.
    /// Empty text is none, as everywhere in AWS's answers.
    pub(crate) fn text(self, name: &str) -> Result<Option<String>, Conflict> {
        let text = self.member(name).map(|member| member.as_text().ok_or(Conflict::BadOpenApi)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// A member that is true or false; absent is false.
    pub(crate) fn flag(self, name: &str) -> Result<bool, Conflict> {
        Ok(match self.text(name)?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Conflict::BadOpenApi),
        })
    }

    pub(crate) fn integer(self, name: &str) -> Result<Option<i64>, Conflict> {
        self.text(name)?.map(|text| text.parse().map_err(|_| Conflict::BadOpenApi)).transpose()
    }

    /// A member that maps names to texts.
    pub(crate) fn text_map(self, name: &str) -> Result<Map<String, Value>, Conflict> {
        let texts = self.entries(name)?.into_iter().map(|(key, value)| match value.as_text() {
            Some(text) => Ok((key.to_owned(), text.into())),
            None if value.value.is_null() => Ok((key.to_owned(), Value::Null)),
            None => Err(Conflict::BadOpenApi),
        });
        texts.collect()
    }

    pub(crate) fn as_text(self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::read(text.as_bytes()).expect("a document")
    }

    #[test]
    fn json_and_yaml_are_told_apart_by_their_looks() {
        for text in [r#"{"a": "b"}"#, " \n{\"a\": \"b\",}", "a: b", "---\na: b\n", "\u{feff}{\"a\":\"b\"}"] {
            assert_eq!(document(text).root().text("a"), Ok(Some("b".to_owned())), "{text:?}");
        }
        for bad in ["", "[]", "text", "{", "a: [", "a: b: c"] {
            assert!(Document::read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Document::read(&[b'{', 0xff, b'}']).is_err());
    }

    #[test]
    fn references_are_followed_but_not_in_circles() {
        let circle =
            document(r##"{"a": {"$ref": "#/b"}, "b": {"$ref": "#/c~1d"}, "c/d": {"x": 1}, "e": {"$ref": "#/e"}}"##);
        let root = circle.root();
        assert_eq!(root.object("a").map(|found| found.map(|it| it.text("x"))), Ok(Some(Ok(Some("1".to_owned())))));
        assert_eq!(root.object("e").map(|_| ()), Err(Conflict::BadOpenApi));
    }

    #[test]
    fn references_to_much_are_not_followed_often() {
        let long = vec!["1"; 100_000].join(",");
        let large = document(&format!(r##"{{"big": {{"x": [{long}]}}, "a": {{"$ref": "#/big"}}}}"##));
        let followed = (0..100).take_while(|_| large.root().object("a").is_ok()).count();
        assert_eq!(followed, 39);
    }
}
