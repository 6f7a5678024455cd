//! Reads request bodies. Wrong types get the texts of AWS's deserialiser; unknown members are ignored, as AWS does.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("The request body is not valid UTF-8")]
    NotUtf8,
    #[error("The request body is not a valid JSON object: {0}")]
    Malformed(String),
    #[error("{found} can not be converted to an {wanted}")]
    WrongType { found: &'static str, wanted: &'static str },
    #[error("The number at '{0}' is out of range")]
    OutOfRange(String),
}

/// The members of a JSON object, read by name and type. A null member is an absent one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads a whole body; none at all is an object without members.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(body).map_err(|_| BodyError::NotUtf8)?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let value: Value = serde_json::from_str(text).map_err(|error| BodyError::Malformed(error.to_string()))?;
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(BodyError::Malformed(format!("found {}", class_of(&other)))),
        }
    }

    /// Members that were read otherwise.
    pub(crate) fn of(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// The object as JSON.
    pub(crate) fn into_text(self) -> String {
        Value::Object(self.0).to_string()
    }

    /// The object with one member set anew.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn string(&self, name: &str) -> Result<Option<String>, BodyError> {
        self.read(name, as_string)
    }

    pub(crate) fn bool(&self, name: &str) -> Result<Option<bool>, BodyError> {
        self.read(name, as_bool)
    }

    /// An integer; a fraction is cut off, as AWS's `TruncatingBigNumber` says in its name.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, BodyError> {
        self.read(name, |value| {
            let number = as_number(value, "Integer")?;
            let cut = || number.as_f64().filter(|n| n.abs() < 9e15).map(|n| n as i64);
            number.as_i64().or_else(cut).ok_or_else(|| BodyError::OutOfRange(name.to_owned()))
        })
    }

    pub(crate) fn double(&self, name: &str) -> Result<Option<f64>, BodyError> {
        self.read(name, |value| {
            let number = as_number(value, "Double")?;
            number.as_f64().filter(|n| n.is_finite()).ok_or_else(|| BodyError::OutOfRange(name.to_owned()))
        })
    }

    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, BodyError> {
        self.read(name, |value| as_list(value)?.iter().map(as_string).collect())
    }

    pub(crate) fn string_map(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, BodyError> {
        self.map(name, as_string)
    }

    pub(crate) fn strings_map(&self, name: &str) -> Result<Option<BTreeMap<String, Vec<String>>>, BodyError> {
        self.map(name, |value| as_list(value)?.iter().map(as_string).collect())
    }

    pub(crate) fn bool_map(&self, name: &str) -> Result<Option<BTreeMap<String, bool>>, BodyError> {
        self.map(name, as_bool)
    }

    /// A map whose values may be null.
    pub(crate) fn nullable_string_map(
        &self,
        name: &str,
    ) -> Result<Option<BTreeMap<String, Option<String>>>, BodyError> {
        self.map(name, |value| if value.is_null() { Ok(None) } else { as_string(value).map(Some) })
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Members>, BodyError> {
        self.read(name, as_members)
    }

    pub(crate) fn objects(&self, name: &str) -> Result<Option<Vec<Members>>, BodyError> {
        self.read(name, |value| as_list(value)?.iter().map(as_members).collect())
    }

    pub(crate) fn object_map(&self, name: &str) -> Result<Option<BTreeMap<String, Members>>, BodyError> {
        self.map(name, as_members)
    }

    /// Each member of this object as an integer.
    pub(crate) fn integers(&self) -> Result<BTreeMap<String, i64>, BodyError> {
        self.0.keys().map(|name| Ok((name.clone(), self.integer(name)?.unwrap_or(0)))).collect()
    }

    /// Each member of this object as an object.
    pub(crate) fn all_objects(&self) -> Result<BTreeMap<String, Members>, BodyError> {
        self.0.iter().map(|(name, value)| Ok((name.clone(), as_members(value)?))).collect()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&Value) -> Result<T, BodyError>) -> Result<Option<T>, BodyError> {
        self.get(name).map(read).transpose()
    }

    fn map<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, BodyError>,
    ) -> Result<Option<BTreeMap<String, T>>, BodyError> {
        self.read(name, |value| {
            let members = as_members(value)?;
            members.0.iter().map(|(key, value)| Ok((key.clone(), read(value)?))).collect()
        })
    }
}

fn as_string(value: &Value) -> Result<String, BodyError> {
    value.as_str().map(str::to_owned).ok_or_else(|| wrong(value, "String"))
}

fn as_bool(value: &Value) -> Result<bool, BodyError> {
    value.as_bool().ok_or_else(|| wrong(value, "Boolean"))
}

fn as_number<'a>(value: &'a Value, wanted: &'static str) -> Result<&'a serde_json::Number, BodyError> {
    match value {
        Value::Number(number) => Ok(number),
        other => Err(wrong(other, wanted)),
    }
}

fn as_list(value: &Value) -> Result<&Vec<Value>, BodyError> {
    value.as_array().ok_or_else(|| wrong(value, "List"))
}

fn as_members(value: &Value) -> Result<Members, BodyError> {
    value.as_object().cloned().map(Members).ok_or_else(|| wrong(value, "Map"))
}

fn wrong(value: &Value, wanted: &'static str) -> BodyError {
    BodyError::WrongType { found: class_of(value), wanted }
}

/// The Java class that AWS names for a JSON value. Boolean and number are recorded; the others follow from them.
fn class_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "class java.lang.Boolean",
        Value::Number(_) => "class com.amazon.coral.value.json.numbers.TruncatingBigNumber",
        Value::String(_) => "class java.lang.String",
        Value::Array(_) => "class java.util.ArrayList",
        Value::Object(_) => "class java.util.HashMap",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Members {
        Members::parse(text.as_bytes()).expect("an object")
    }

    #[test]
    fn wrong_types_get_the_texts_of_aws() {
        let body = members(r#"{"a": true, "b": 1}"#);
        let text = |name: &str| body.string(name).expect_err("a wrong type").to_string();
        assert_eq!(text("a"), "class java.lang.Boolean can not be converted to an String");
        assert_eq!(
            text("b"),
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in ["[]", "1", "{", "{\"a\":1e999}", "{\"a\":NaN}", "\"text\""] {
            assert!(matches!(Members::parse(bad.as_bytes()), Err(BodyError::Malformed(_))), "{bad}");
        }
        assert_eq!(Members::parse(&[b'{', 0xff, b'}']), Err(BodyError::NotUtf8));
        assert!(Members::parse(&[b'['; 100_000]).is_err(), "deep nesting is refused, not suffered");
    }

    #[test]
    fn null_and_absent_are_one() {
        let body = members(r#"{"a": null}"#);
        assert_eq!((body.string("a"), body.integer("b")), (Ok(None), Ok(None)));
        assert_eq!(members("{}"), Members::parse(b"").expect("no body is no members"));
    }

    #[test]
    fn fractions_are_cut_and_huge_numbers_refused() {
        let body = members(r#"{"a": 1.9, "b": 1e30}"#);
        assert_eq!(body.integer("a"), Ok(Some(1)));
        assert!(body.integer("b").is_err());
        assert_eq!(body.double("b"), Ok(Some(1e30)));
    }
}
