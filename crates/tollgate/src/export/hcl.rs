//! Writes HCL, as `terraform fmt` does as far as that is easy.

use std::fmt::Write;

use serde_json::Value;

/// A body of blocks and arguments.
#[derive(Debug, Default)]
pub(super) struct Body {
    text: String,
    depth: usize,
}

impl Body {
    /// An argument with an expression as it is.
    pub(super) fn raw(&mut self, name: &str, expression: &str) -> &mut Self {
        self.line(&format!("{name} = {expression}"))
    }

    /// An argument, unless it says nothing.
    pub(super) fn value(&mut self, name: &str, value: &Value) -> &mut Self {
        match expression(value) {
            Some(expression) => self.raw(name, &expression),
            None => self,
        }
    }

    /// A block, with its body.
    pub(super) fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) -> &mut Self {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}")
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) -> &mut Self {
        // Writing to text cannot fail.
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(self.depth));
        self
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A value as an expression; `None` for what says nothing.
pub(super) fn expression(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => (!text.is_empty()).then(|| quoted(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(expression).collect();
            (!items.is_empty()).then(|| format!("[{}]", items.join(", ")))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let value = expression(value).unwrap_or_else(|| "\"\"".to_owned());
                format!("{} = {value}", quoted(name))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            (!members.is_empty()).then(|| format!("{{ {} }}", members.join(", ")))
        }
    }
}

/// Text in quotes, in which nothing is a template.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted.replace("${", "$${").replace("%{", "%%{")
}

/// A label that is a resource's own: its name, as far as labels may have it, and its id.
pub(super) fn label(name: &str, id: &str) -> String {
    let fit = |text: &str| {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect::<String>()
    };
    format!(
        "{}_{}",
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) { fit(name) } else { format!("x{}", fit(name)) },
        fit(id)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_text_is_a_template() {
        assert_eq!(quoted("a ${b} \"%{c}\"\n"), r#""a $${b} \"%%{c}\"\n""#);
        assert_eq!(expression(&json!({"a": [1, "x"], "b": ""})), Some(r#"{ "a" = [1, "x"], "b" = "" }"#.to_owned()));
        assert_eq!((label("my plan", "a1"), label("7", "b")), ("my_plan_a1".to_owned(), "x7_b".to_owned()));
    }
}
