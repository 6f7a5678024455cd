//! No text makes the parser or the renderer panic, hang, or exceed its limits.

use proptest::prelude::*;
use tollgate_velocity::{Input, Limits, Scope, Template};

const LIMITS: Limits = Limits {
    max_iterations: 50,
    max_steps: 10_000,
    max_output_bytes: 2_000,
    max_memory_bytes: 4_000_000,
    max_depth: 50,
};

/// Pieces that templates are made of, so that random ones reach further than their first character.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "$a",
        "${a}",
        "$!a",
        "$b.c",
        "$a[0]",
        "$a.size()",
        "$a.get(0)",
        "$foreach.count",
        "\\$a",
        "\\",
        "\n",
        " ",
        "#set($a = ",
        "#set($b = {'c': $a}",
        "#if(",
        "#elseif(",
        "#else",
        "#end",
        "#foreach($x in ",
        "#define($b)",
        "#break",
        "#stop",
        "## x\n",
        "#*",
        "*#",
        "#[[",
        "]]#",
        ")",
        "(",
        "[",
        "]",
        "{",
        "}",
        ",",
        "..",
        ":",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "<",
        "&&",
        "||",
        "!",
        "not ",
        "'x'",
        "\"$a$a\"",
        "\"",
        "'",
        "1",
        "0",
        "-7",
        "2.5",
        "true",
        "null",
        "[1..9]",
        "[$a, $a]",
        "{'k': 1}",
        "$input.path('$..a')",
        "$input.json('$')",
        "$input.params()",
        "$input.path('$[?(@.a==1)]')",
        "$util.parseJson($a)",
        "$util.escapeJavaScript($a)",
        "$a.split('')",
        "$a.replaceAll('(x)', '$1$1')",
        "$a.add($a)",
        "$b.put('k', $b)",
        "$a.substring(1)",
        "$context.responseOverride",
        "é😀",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "$a",
        "$b",
        "$nope",
        "1",
        "-3",
        "0.5",
        "'x,y'",
        "\"<$a>\"",
        "true",
        "null",
        "[1..4]",
        "{}",
        "$input.path('$')",
        "$input.body",
        "$foreach.index",
        "$context",
        "$m.keySet()",
        "$a.split(',')",
        "$util.parseJson($input.body)",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"]);
        let method =
            prop::sample::select(vec!["get", "add", "put", "contains", "equals", "replaceAll", "set", "concat"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            (method, inner.clone(), inner.clone()).prop_map(|(method, one, two)| format!("$a.{method}({one}, {two})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("[{one}, {two}]")),
            inner.clone().prop_map(|value| format!("{{'k': {value}}}")),
            inner.prop_map(|value| format!("$b.add({value})")),
        ]
    })
}

/// Templates that parse, so that what is tried is rendering.
fn statement() -> impl Strategy<Value = String> {
    let variable =
        || prop::sample::select(vec!["$a", "$b", "$m", "$m.k", "$a[0]", "$context.responseOverride.header.x"]);
    let leaf = prop_oneof![
        (variable(), expression()).prop_map(|(target, value)| format!("#set({target} = {value})")),
        variable().prop_map(str::to_owned),
        Just("text\n".to_owned()),
        Just("#break ".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 1..4).prop_map(|statements| statements.concat());
        prop_oneof![
            (expression(), body.clone())
                .prop_map(|(condition, body)| format!("#if({condition}){body}#{{else}}n#{{end}}")),
            (expression(), body.clone()).prop_map(|(list, body)| format!("#foreach($x in {list}){body}#{{end}}")),
            body.prop_map(|body| format!("#define($b){body}#{{end}}")),
        ]
    })
}

fn renders_within_limits(text: &str, body: &str) {
    let Ok(template) = Template::parse(text) else { return };
    let scope = Scope { input: Input { body: body.to_owned(), ..Input::default() }, ..Scope::default() };
    if let Ok(rendered) = template.render(&scope, &LIMITS) {
        assert!(rendered.text.len() <= LIMITS.max_output_bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_of_pieces(pieces in prop::collection::vec(piece(), 0..40), body in "\\PC{0,20}") {
        renders_within_limits(&pieces.concat(), &body);
    }

    #[test]
    fn made_of_statements(statements in prop::collection::vec(statement(), 1..12), body in "\\[[1-9](,[1-9]){0,9}\\]") {
        let text = statements.concat();
        prop_assert!(Template::parse(&text).is_ok(), "{text}");
        renders_within_limits(&text, &body);
    }

    #[test]
    fn made_of_anything(text in "[$#\\\\!{}()\\[\\]a-c.'\" \n\\PC]{0,60}", body in "\\PC{0,20}") {
        renders_within_limits(&text, &body);
    }

    #[test]
    fn any_json_path(path in "[$.@?*\\[\\]()'a-c0-9:,<=!&| -]{0,30}") {
        renders_within_limits(&format!("#set($p = '{}')$input.path($p)$input.json($p)", path.replace('\'', "''")), "{\"a\":[{\"b\":1}]}");
    }

    #[test]
    fn text_without_markup_is_unchanged(text in "[^$#\\\\]{0,200}") {
        let rendered = Template::parse(&text).and_then(|template| template.render(&Scope::default(), &LIMITS));
        prop_assert_eq!(rendered.map(|rendered| rendered.text), Ok(text));
    }

    #[test]
    fn a_payload_in_normal_form_comes_back(numbers in prop::collection::vec(any::<i64>(), 0..20), text in "\\PC{0,20}") {
        let body = serde_json::json!({"numbers": numbers, "text": text}).to_string();
        let scope = Scope { input: Input { body: body.clone(), ..Input::default() }, ..Scope::default() };
        let rendered = Template::parse("$input.json('$')").and_then(|template| template.render(&scope, &LIMITS));
        prop_assert_eq!(rendered.map(|rendered| rendered.text), Ok(body));
    }
}
