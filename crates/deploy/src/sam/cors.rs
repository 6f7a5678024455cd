//! The OPTIONS methods that answer browsers which ask first.

use serde_json::{Value, json};

use crate::document::Members;
use crate::mistake::Fault;

/// Adds an OPTIONS method to every path that has none. Values have quotes of their own: `"'*'"`.
pub(super) fn add(paths: &mut Members, cors: &Value) -> Result<(), Fault> {
    let given = match cors {
        Value::String(origin) => json!({ "AllowOrigin": origin }),
        Value::Object(members) => Value::Object(members.clone()),
        _ => return Err(Fault::Wrong { what: "Cors".to_owned(), wanted: "a text or a mapping" }),
    };
    for path in paths.values_mut().filter(|path| path.get("options").is_none()) {
        let methods = allowed_methods(path);
        path["options"] = options(&given, &methods);
    }
    Ok(())
}

fn allowed_methods(path: &Value) -> String {
    let named = path.as_object().into_iter().flatten().map(|(method, _)| method.to_ascii_uppercase());
    let mut methods: Vec<String> = named.filter(|method| !method.starts_with("X-AMAZON")).collect();
    if methods.is_empty() {
        methods = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"].map(str::to_owned).to_vec();
    }
    methods.push("OPTIONS".to_owned());
    methods.sort();
    methods.join(",")
}

fn options(given: &Value, methods: &str) -> Value {
    let mut headers = vec![
        ("Access-Control-Allow-Origin", given.get("AllowOrigin").cloned()),
        ("Access-Control-Allow-Headers", given.get("AllowHeaders").cloned()),
        (
            "Access-Control-Allow-Methods",
            given.get("AllowMethods").cloned().or_else(|| Some(json!(format!("'{methods}'")))),
        ),
        ("Access-Control-Max-Age", given.get("MaxAge").cloned()),
    ];
    if given.get("AllowCredentials") == Some(&json!(true)) {
        headers.push(("Access-Control-Allow-Credentials", Some(json!("'true'"))));
    }
    let (mut shown, mut set) = (Members::new(), Members::new());
    for (name, value) in headers {
        if let Some(value) = value {
            shown.insert(name.to_owned(), json!({ "type": "string" }));
            set.insert(format!("method.response.header.{name}"), value);
        }
    }
    json!({
        "summary": "CORS support", "consumes": ["application/json"], "produces": ["application/json"],
        "responses": { "200": { "description": "Default response for CORS method", "headers": shown } },
        "x-amazon-apigateway-integration": {
            "type": "mock", "requestTemplates": { "application/json": "{\n  \"statusCode\" : 200\n}\n" },
            "responses": { "default": {
                "statusCode": "200", "responseTemplates": { "application/json": "{}\n" }, "responseParameters": set,
            } },
        },
    })
}
