//! What is wrong with a body, in the words of the validator that AWS uses, as far as they are known.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

/// `$context.error.validationErrorString`: one complaint for each error, in brackets.
pub(super) fn all<'a>(errors: impl Iterator<Item = ValidationError<'a>>) -> String {
    let complaints: Vec<String> = errors.map(|error| complaint(&error)).collect();
    format!("[{}]", complaints.join(", "))
}

fn complaint(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("object has missing required properties ([{property}])")
        }
        ValidationErrorKind::Type { kind } => {
            let allowed: Vec<String> = match kind {
                TypeKind::Single(one) => vec![format!("\"{one}\"")],
                TypeKind::Multiple(several) => several.iter().map(|one| format!("\"{one}\"")).collect(),
            };
            let (found, allowed) = (type_of(error.instance()), allowed.join(","));
            format!("instance type ({found}) does not match any allowed primitive type (allowed: [{allowed}])")
        }
        _ => error.to_string(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
