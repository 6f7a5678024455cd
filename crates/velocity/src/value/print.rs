//! Values as text: as Java's `toString` writes them, and as JSON.

use std::sync::Arc;

use super::{Heap, ListId, ListStyle, MapId, Value, float_text};
use crate::error::Fault;

/// The most levels of lists and maps that print. A list that holds itself has more.
const MAX_PRINTED_DEPTH: usize = 200;

impl Heap {
    /// A value as text. Blocks have none here: only the renderer can make it.
    pub(crate) fn text_of(&mut self, value: &Value) -> Result<Arc<str>, Fault> {
        if let Value::Text(text) = value {
            return Ok(text.clone());
        }
        self.print(value, |printer, value| printer.java(value))
    }

    /// A value as compact JSON.
    pub(crate) fn json_of(&mut self, value: &Value) -> Result<Arc<str>, Fault> {
        self.print(value, |printer, value| printer.json(value))
    }

    fn print(
        &mut self,
        value: &Value,
        write: impl Fn(&mut Printer<'_>, &Value) -> Result<(), Fault>,
    ) -> Result<Arc<str>, Fault> {
        let max_bytes = self.budget.limits().max_output_bytes;
        let mut printer = Printer { heap: self, out: String::new(), depth: 0, max_bytes };
        write(&mut printer, value)?;
        let out = printer.out;
        self.budget.look_at(out.len())?;
        self.budget.allocate(out.len())?;
        Ok(out.into())
    }
}

/// Writes one value. The text's bound is checked as it grows, since shared lists can print exponentially long.
struct Printer<'h> {
    heap: &'h Heap,
    out: String,
    depth: usize,
    max_bytes: usize,
}

impl Printer<'_> {
    fn java(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Text(text) => self.push(text),
            Value::List(list) if self.heap.style(*list) == ListStyle::Java => self.list(*list, ", ", Self::java),
            Value::List(list) => self.list(*list, ",", Self::json),
            Value::Map(map) => self.java_map(*map),
            Value::Entry(map, key) => {
                self.push(key)?;
                self.push("=")?;
                let value = self.heap.get(*map, key);
                self.nested(|printer| printer.java(&value))
            }
            other => self.scalar(other),
        }
    }

    fn json(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Text(text) => self.quoted(text),
            Value::List(list) => self.list(*list, ",", Self::json),
            Value::Map(map) => self.json_map(*map),
            Value::Entry(..) => {
                let text = self.aside(|printer| printer.java(value))?;
                self.quoted(&text)
            }
            other => self.scalar(other),
        }
    }

    fn scalar(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(number) => self.push(&number.to_string()),
            Value::Float(number) => self.push(&float_text(*number)),
            _ => self.push("null"),
        }
    }

    fn list(
        &mut self,
        list: ListId,
        separator: &str,
        write: impl Fn(&mut Self, &Value) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let heap = self.heap;
        self.push("[")?;
        for (index, item) in heap.items(list).iter().enumerate() {
            if index > 0 {
                self.push(separator)?;
            }
            self.nested(|printer| write(printer, item))?;
        }
        self.push("]")
    }

    fn java_map(&mut self, map: MapId) -> Result<(), Fault> {
        let heap = self.heap;
        self.push("{")?;
        for (index, (key, value)) in heap.entries(map).iter().enumerate() {
            self.push(if index > 0 { ", " } else { "" })?;
            self.push(key)?;
            self.push("=")?;
            self.nested(|printer| printer.java(value))?;
        }
        self.push("}")
    }

    fn json_map(&mut self, map: MapId) -> Result<(), Fault> {
        let heap = self.heap;
        self.push("{")?;
        for (index, (key, value)) in heap.entries(map).iter().enumerate() {
            self.push(if index > 0 { "," } else { "" })?;
            self.quoted(key)?;
            self.push(":")?;
            self.nested(|printer| printer.json(value))?;
        }
        self.push("}")
    }

    fn quoted(&mut self, text: &str) -> Result<(), Fault> {
        // Writing a string as JSON cannot fail.
        self.push(&serde_json::to_string(text).unwrap_or_default())
    }

    /// Writes to a text of its own, which counts against the same bound.
    fn aside(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<String, Fault> {
        let before = std::mem::take(&mut self.out);
        write(self)?;
        Ok(std::mem::replace(&mut self.out, before))
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth == MAX_PRINTED_DEPTH {
            return Err(Fault::NestedTooDeeply { max: MAX_PRINTED_DEPTH });
        }
        self.depth += 1;
        let result = write(self);
        self.depth -= 1;
        result
    }

    fn push(&mut self, text: &str) -> Result<(), Fault> {
        if self.out.len() + text.len() > self.max_bytes {
            return Err(Fault::OutputTooLong { max: self.max_bytes });
        }
        self.out.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, limits::Budget};

    fn heap() -> Heap {
        Heap::new(Budget::new(Limits::default()))
    }

    #[test]
    fn a_map_prints_as_java_does_and_a_list_from_json_as_json() {
        let mut heap = heap();
        let value = heap.made_json(r#"{"a":1,"b":[{"c":"x"},null,1.5],"d":{"e":"y"},"f":null}"#).unwrap();
        assert_eq!(&*heap.text_of(&value).unwrap(), r#"{a=1, b=[{"c":"x"},null,1.5], d={e=y}, f=null}"#);
    }

    #[test]
    fn json_comes_back_compact_and_in_order() {
        let mut heap = heap();
        let value = heap.made_json(r#"{ "z": [1, "q\"\n"], "a": {} }"#).unwrap();
        assert_eq!(&*heap.json_of(&value).unwrap(), r#"{"z":[1,"q\"\n"],"a":{}}"#);
    }

    #[test]
    fn a_list_that_holds_itself_is_refused() {
        let mut heap = heap();
        let value = heap.list(Vec::new(), ListStyle::Java).unwrap();
        let Value::List(list) = value else { panic!("a list is a list") };
        heap.extend(list, vec![value.clone()]).unwrap();
        assert_eq!(heap.text_of(&value), Err(Fault::NestedTooDeeply { max: MAX_PRINTED_DEPTH }));
    }
}
