//! `$util`: escaping and encoding.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::failed;
use crate::{
    Fault,
    value::{Heap, Value},
};

/// Calls a function of `$util`. Each takes one value, as text; null stays null.
pub(crate) fn call(heap: &mut Heap, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
    let [argument] = arguments else { return Ok(Value::Null) };
    if argument.is_null() {
        return Ok(Value::Null);
    }
    let text = &*heap.text_of(argument)?;
    heap.budget.look_at(text.len())?;
    match name {
        "escapeJavaScript" => heap.text(escape_java_script(text)),
        "parseJson" => heap.made_json(text),
        "urlEncode" => heap.text(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
        "urlDecode" => heap.text(url_decode(text)?),
        "base64Encode" => heap.text(STANDARD.encode(text)),
        "base64Decode" => heap.text(base64_decode(text)?),
        _ => Ok(Value::Null),
    }
}

/// Escapes for a JavaScript string. A single quote becomes `\'`, which JSON does not allow: AWS tells authors to undo
/// it with `replaceAll`.
fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => escape_units(other, &mut out),
        }
    }
    out
}

fn escape_units(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04X}");
    }
}

fn url_decode(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_| failed("urlDecode", "the text is not UTF-8"))
}

fn base64_decode(text: &str) -> Result<String, Fault> {
    let bytes = STANDARD.decode(text).map_err(|error| failed("base64Decode", error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed("base64Decode", "the bytes are not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javascript_escapes_are_those_of_a_string_literal() {
        assert_eq!(escape_java_script("it's \"x\"\\\n\té😀/"), r#"it\'s \"x\"\\\n\t\u00E9\uD83D\uDE00/"#);
    }
}
