//! What templates render to: one table for each part of the language, one named case for each rule.
//!
//! The rules are those of the Velocity user guide and reference for 1.7, of AWS's mapping template reference, and of
//! answers recorded from API Gateway.

mod collections;
mod directives;
mod expressions;
mod input;
mod methods;
mod overrides;
mod references;
mod util;
mod whitespace;

use serde_json::json;
use tollgate_velocity::{Input, Limits, Parameters, Params, Rendered, Scope, Template, TemplateError};

/// A name, a template, and what it renders to.
type Case = (&'static str, &'static str, &'static str);

const BODY: &str = r#"{
    "name": "Ann",
    "age": 41,
    "price": 249.99,
    "admin": true,
    "nothing": null,
    "user-id": "u-1",
    "tags": ["a", "b", "c"],
    "pets": [
        {"id": 1, "type": "dog", "price": 249.99},
        {"id": 2, "type": "cat", "price": 124.99},
        {"id": 3, "type": "fish", "price": 0.99}
    ],
    "address": {"city": "Oslo", "zip code": "0150"},
    "empty": [],
    "nested": "{\"a\":[1,2]}"
}"#;

fn scope(body: &str) -> Scope {
    Scope {
        input: Input {
            body: body.to_owned(),
            params: Params {
                path: parameters(&[("petId", "7"), ("both", "from path")]),
                querystring: parameters(&[("type", "dog"), ("both", "from query"), ("q2", "from query")]),
                header: parameters(&[("Host", "example.com"), ("q2", "from header")]),
            },
        },
        context: json!({
            "stage": "prod",
            "httpMethod": "POST",
            "requestTimeEpoch": 1_583_817_383_220_u64,
            "identity": {"sourceIp": "192.0.2.1", "apiKey": null},
            "authorizer": {"claims": {"sub": "abc"}}
        }),
        stage_variables: parameters(&[("url", "backend.example.com"), ("table-name", "t1")]),
    }
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn try_render(template: &str, body: &str) -> Result<Rendered, TemplateError> {
    Template::parse(template)?.render(&scope(body), &Limits::default())
}

fn check(cases: &[Case]) {
    check_with(BODY, cases);
}

/// Renders every case, and shows all that differ.
fn check_with(body: &str, cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|&(name, template, expected)| {
            let found = try_render(template, body).map_or_else(|error| error.to_string(), |rendered| rendered.text);
            (found != expected)
                .then(|| format!("{name}\n  template: {template:?}\n  expected: {expected:?}\n  found:    {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
