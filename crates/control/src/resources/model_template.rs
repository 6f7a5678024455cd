//! GetModelTemplate: a mapping template with a sample value in each place of a schema.

use serde_json::Value;

/// Above this many bytes references are no longer followed: a few models that refer to each other often would
/// otherwise make a template without end.
const LONGEST_TEMPLATE: usize = 64 * 1024;

/// The template for a flat schema, in the form that AWS gives it.
pub(crate) fn sample(schema: &str) -> String {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let mut template =
        Template { root: &schema, out: "#set($inputRoot = $input.path('$'))\n".to_owned(), open: Vec::new() };
    template.value(&schema, "$inputRoot", 0);
    template.out
}

/// A template being written.
struct Template<'a> {
    root: &'a Value,
    out: String,
    /// The definitions that are being written, so that one within itself comes to an end.
    open: Vec<&'a str>,
}

impl<'a> Template<'a> {
    /// Writes a sample of what `schema` describes, which the input has at `path`.
    fn value(&mut self, schema: &'a Value, path: &str, indent: usize) {
        if let Some(name) = definition_name(schema) {
            return self.reference(name, path, indent);
        }
        match kind_of(schema) {
            "object" => self.object(schema, path, indent),
            "array" => self.array(schema, path, indent),
            "number" | "integer" => self.out.push_str("42"),
            "boolean" => self.out.push_str("true"),
            "null" => self.out.push_str("null"),
            _ => self.out.push_str("\"foo\""),
        }
    }

    fn reference(&mut self, name: &'a str, path: &str, indent: usize) {
        let definition = &self.root["definitions"][name];
        if self.open.contains(&name) || self.out.len() > LONGEST_TEMPLATE {
            self.out.push_str("{ }");
            return;
        }
        self.open.push(name);
        self.value(definition, path, indent);
        self.open.pop();
    }

    fn object(&mut self, schema: &'a Value, path: &str, indent: usize) {
        let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) else {
            self.out.push_str("{ }");
            return;
        };
        self.out.push('{');
        for (index, (name, property)) in properties.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let pad = " ".repeat(indent + 2);
            self.out.push_str(&format!("{comma}\n{pad}{} : ", Value::from(name.as_str())));
            self.value(property, &format!("{path}.{name}"), indent + 2);
        }
        self.out.push_str(&format!("\n{}}}", " ".repeat(indent)));
    }

    fn array(&mut self, schema: &'a Value, path: &str, indent: usize) {
        self.out.push_str("[\n##TODO: Update this foreach loop to reference array from input json\n");
        self.out.push_str(&format!("#foreach($elem in {path})\n "));
        self.value(&schema["items"], "$elem", indent + 2);
        self.out.push_str(&format!(" \n#if($foreach.hasNext),#end\n#end\n{}]", " ".repeat(indent)));
    }
}

fn definition_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/definitions/")
}

/// The type of a schema, or what its members say it must be.
fn kind_of(schema: &Value) -> &str {
    let named = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    let guessed = match schema {
        _ if schema["items"].is_object() => "array",
        Value::Object(members) if members.is_empty() || members.contains_key("properties") => "object",
        _ => "string",
    };
    named.unwrap_or(guessed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(schema: &Value) -> String {
        super::sample(&schema.to_string())
    }

    #[test]
    fn each_property_gets_a_sample_value() {
        let schema = json!({
            "type": "object",
            "properties": {
                "age": {"type": "integer"},
                "name": {"type": "string"},
                "owner": {"type": "object", "properties": {"kind": {"type": "boolean"}}}
            }
        });
        assert_eq!(
            sample(&schema),
            "#set($inputRoot = $input.path('$'))\n{\n  \"age\" : 42,\n  \"name\" : \"foo\",\n  \"owner\" : {\n    \"kind\" \
             : true\n  }\n}"
        );
        assert_eq!(sample(&json!({"type": "object"})), "#set($inputRoot = $input.path('$'))\n{ }");
    }

    #[test]
    fn an_array_gets_a_loop() {
        let schema = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(
            sample(&schema),
            "#set($inputRoot = $input.path('$'))\n[\n##TODO: Update this foreach loop to reference array from input \
             json\n#foreach($elem in $inputRoot)\n \"foo\" \n#if($foreach.hasNext),#end\n#end\n]"
        );
    }

    #[test]
    fn a_schema_within_itself_comes_to_an_end() {
        let pet = json!({"type": "object", "properties": {"friend": {"$ref": "#/definitions/pet"}}});
        let schema = json!({"$ref": "#/definitions/pet", "definitions": {"pet": pet}});
        assert_eq!(sample(&schema), "#set($inputRoot = $input.path('$'))\n{\n  \"friend\" : { }\n}");
    }

    #[test]
    fn schemas_that_multiply_come_to_an_end() {
        let level = |next: usize| {
            let properties: serde_json::Map<_, _> =
                (0..20).map(|n| (format!("p{n}"), json!({"$ref": format!("#/definitions/l{next}")}))).collect();
            json!({"type": "object", "properties": properties})
        };
        let definitions: serde_json::Map<_, _> = (0..20).map(|n| (format!("l{n}"), level(n + 1))).collect();
        let schema = json!({"$ref": "#/definitions/l0", "definitions": definitions});
        assert!(sample(&schema).len() < 4 * LONGEST_TEMPLATE);
    }
}
