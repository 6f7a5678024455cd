//! Reads YAML into JSON values, with a limit on what aliases may grow to.
//!
//! An alias is a copy: a few hundred bytes of aliases of aliases are gigabytes. Every value that is made counts against
//! one allowance, so a small document stays small. Depth is bounded by the parser itself.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values that one document may hold, each text counted once more for every 64 bytes.
const VALUE_LIMIT: usize = 1_000_000;

/// Reads a document; `None` when it is no YAML or too large.
pub(crate) fn read(text: &str) -> Option<Value> {
    let allowance = Cell::new(VALUE_LIMIT);
    Bounded { allowance: &allowance }.deserialize(serde_yaml_ng::Deserializer::from_str(text)).ok()
}

/// Reads one value, and counts it.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    allowance: &'a Cell<usize>,
}

impl Bounded<'_> {
    fn spend<E: Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.allowance.get().checked_sub(1 + bytes / 64);
        self.allowance.set(left.ok_or_else(|| E::custom("the document is too large"))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON knows")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.spend(0)?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("JSON has no such number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.spend(value.len()).map(|()| value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.spend(0).map(|()| Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut map = Map::new();
        // A key is taken as it is written: the status code `200` is text in JSON.
        while let Some(key) = entries.next_key::<String>()? {
            self.spend(key.len())?;
            map.insert(key, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(read("!tag x: {"), None);
        assert_eq!(read("a: .nan"), None);
    }
}
