//! The claims of a token as integrations see them: all text, written as AWS writes it.

use serde_json::{Map, Value};
use tollgate_domain::UnixMillis;

use crate::time_format::unix_date;

/// The claims that are times, and that AWS writes as dates; other numbers stay numbers in text.
const DATES: [&str; 3] = ["exp", "iat", "nbf"];

/// Writes claims as AWS passes them on.
pub(super) fn written(claims: &Map<String, Value>) -> Map<String, Value> {
    claims.iter().map(|(name, value)| (name.clone(), Value::String(text(name, value)))).collect()
}

fn text(name: &str, value: &Value) -> String {
    match value {
        Value::Number(time) if DATES.contains(&name) => match time.as_i64().and_then(|time| time.checked_mul(1000)) {
            Some(millis) => unix_date(UnixMillis(millis)),
            None => time.to_string(),
        },
        Value::String(text) => text.clone(),
        // `cognito:groups` and its like.
        Value::Array(values) => values.iter().map(|value| text("", value)).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_text_as_aws_writes_them() {
        let claims = json!({
            "sub": "joe", "email_verified": true, "auth_time": 1_795_305_600, "exp": 1_795_305_600,
            "cognito:groups": ["admins", "users"], "address": {"city": "Ulm"}, "nbf": i64::MAX,
        });
        assert_eq!(
            Value::Object(written(claims.as_object().expect("an object"))),
            json!({
                "sub": "joe", "email_verified": "true", "auth_time": "1795305600",
                "exp": "Sun Nov 22 00:00:00 UTC 2026", "cognito:groups": "admins,users",
                "address": "{\"city\":\"Ulm\"}", "nbf": "9223372036854775807",
            })
        );
    }
}
