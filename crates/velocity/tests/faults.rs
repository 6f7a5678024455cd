//! What is wrong with a template is said with its line and column.

use tollgate_velocity::{Input, Limits, Scope, Template};

fn error(template: &str) -> String {
    error_within(template, Limits::default())
}

fn error_within(template: &str, limits: Limits) -> String {
    let mut scope = Scope { input: Input { body: "{\"a\": [1]}".to_owned(), ..Input::default() }, ..Scope::default() };
    scope.input.params.header.insert("big".to_owned(), "x".repeat(1_000));
    match Template::parse(template).and_then(|parsed| parsed.render(&scope, &limits)) {
        Ok(rendered) => format!("rendered {:?}", rendered.text),
        Err(error) => error.to_string(),
    }
}

#[test]
fn malformed_templates_say_where_and_what_was_expected() {
    let cases = [
        ("#set($a 1)", "line 1, column 9: expected = after the reference to set, found \"1)\""),
        ("#set(a = 1)", "line 1, column 6: expected a reference to set, found \"a = 1)\""),
        (
            "a\nb #set($a = )",
            "line 2, column 13: expected a value: a reference, string, number, true, false, list or map, found \")\"",
        ),
        ("#set($a = 1", "line 1, column 12: expected ), found the end of the template"),
        ("#set($a = \"x)", "line 1, column 11: the string is never closed"),
        ("#if(true)\n  a", "line 1, column 1: #if is never closed"),
        ("#if true", "line 1, column 5: expected ( before the condition, found \"true\""),
        ("x\n  #foreach($a in [1])", "line 2, column 3: #foreach is never closed"),
        ("#foreach($a of $b)#end", "line 1, column 13: expected in after the loop's variable, found \"of $b)#end\""),
        ("#define($a)", "line 1, column 1: #define is never closed"),
        ("a#end", "line 1, column 2: #end does not belong to an open directive"),
        ("\n#else", "line 2, column 1: #else does not belong to an open directive"),
        ("#elseif(true)", "line 1, column 1: #elseif does not belong to an open directive"),
        ("#if(true)#else#else#end", "line 1, column 15: #else does not belong to an open directive"),
        ("#foreach($a in [1])#else#end", "line 1, column 20: #else does not belong to an open directive"),
        ("${a", "line 1, column 4: expected } after the reference, found the end of the template"),
        ("$a.b(1", "line 1, column 7: expected , or ) after the argument, found the end of the template"),
        ("$a[1", "line 1, column 5: expected ] after the index, found the end of the template"),
        ("#set($a = [1, 2)", "line 1, column 16: expected , or ] after the list's item, found \")\""),
        ("#set($a = {'a' 1})", "line 1, column 16: expected : after the map's key, found \"1})\""),
        ("#set($a = {'a': 1)", "line 1, column 18: expected , or } after the map's entry, found \")\""),
        ("#set($a = (1 + 2)", "line 1, column 18: expected ), found the end of the template"),
        ("#* a", "line 1, column 1: #* is never closed"),
        ("#[[ a", "line 1, column 1: #[[ is never closed"),
        (
            "#set($a = \"x\n $b.c(\")",
            "line 2, column 7: expected a value: a reference, string, number, true, false, list or map, found the end of the template",
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(error(template), expected, "{template:?}");
    }
}

#[test]
fn directives_that_api_gateway_lacks_are_refused() {
    for directive in ["macro", "parse", "include", "evaluate"] {
        let expected = format!("line 1, column 2: #{directive} is not supported in mapping templates");
        assert_eq!(error(&format!("a#{directive}('x')")), expected);
    }
}

#[test]
fn failing_calls_say_where_and_why() {
    let cases = [
        (
            "\n$input.path('$[')",
            "line 2, column 1: the JSON path \"$[\" is invalid: expected an index, a quoted name, *, ? or a slice",
        ),
        ("#set($l = [1])$l.get(5)", "line 1, column 15: get: index 5 is out of bounds for length 1"),
        ("#set($l = [1])$l[5]", "line 1, column 15: get: index 5 is out of bounds for length 1"),
        ("#set($s = 'abc')$s.substring(2, 1)", "line 1, column 17: substring: 2 to 1 is out of bounds for length 3"),
        ("$util.base64Decode('?')", "line 1, column 1: base64Decode: Invalid symbol 63, offset 0."),
        ("$util.urlDecode('%FF')", "line 1, column 1: urlDecode: the text is not UTF-8"),
        ("#set($i = 0)$i.parseInt('x')", "line 1, column 13: parseInt: \"x\" is not a whole number"),
        ("#set($s = 'a')$s.replaceAll('a', '$1')", "line 1, column 15: replaceAll: there is no group 1"),
        (
            "a #set($context.responseOverride.header.b = 1)#set($context.responseOverride.header.b = 1)",
            "line 1, column 52: the override of b is set twice",
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(error(template), expected, "{template:?}");
    }
    assert!(error("$util.parseJson('{')").starts_with("line 1, column 1: parseJson: EOF while parsing"));
    assert!(error("#set($s = 'a')$s.matches('(')").contains("matches: regex parse error"));
}

#[test]
fn parsing_is_bounded_in_depth() {
    let many = 100_000;
    let deep = [
        format!("#set($a = {}", "(".repeat(many)),
        format!("#set($a = {}", "[".repeat(many)),
        format!("#set($a = {}", "{".repeat(many)),
        format!("#set($a = {}", "!".repeat(many)),
        "#if(true)".repeat(20_000),
        "#foreach($a in [1])".repeat(10_000),
        "$a[".repeat(many),
        "$a.b(".repeat(50_000),
    ];
    for template in deep {
        let message = error(&template);
        assert!(message.ends_with("nested more than 64 levels deep"), "{:?}: {message}", &template[..20]);
    }
}

#[test]
fn a_failing_call_is_placed_where_its_reference_begins() {
    let template = "#set($l = [1])\n#set($i = 5)\n$l.get(\n  $i\n)";
    assert_eq!(error(template), "line 3, column 1: get: index 5 is out of bounds for length 1");
}

#[test]
fn values_within_values_do_not_overflow_the_stack() {
    let entries = "#set($e = 1)#foreach($i in [1..1000])#foreach($j in [1..20])#set($m = {'k': $e})\
                   #foreach($x in $m.entrySet())#set($e = $x)#end#end#end";
    assert_eq!(error(entries), "rendered \"\"");
    let (open, close) = ("#if(true)".repeat(30) + "#set($a = " + &"(".repeat(30), ")".repeat(31) + &"#end".repeat(30));
    assert_eq!(error(&format!("{open}1{close}")), "rendered \"\"");
    let nested = format!("$util.parseJson('{}1{}')", "[".repeat(120), "]".repeat(120));
    assert_eq!(error(&nested), format!("rendered \"{}1{}\"", "[".repeat(120), "]".repeat(120)));
}

#[test]
fn a_template_longer_than_300_kilobytes_is_refused() {
    let message = "line 1, column 1: the template is longer than 307200 bytes";
    assert_eq!(error(&"a".repeat(300 * 1024 + 1)), message);
    assert!(error(&"a".repeat(300 * 1024)).starts_with("rendered"));
}

#[test]
fn rendering_is_bounded() {
    let doubling = "#set($s = \"xxxxxxxx\")#foreach($i in [1..100])#set($s = \"$s$s\")#end";
    let limits = Limits { max_memory_bytes: 100_000, ..Limits::default() };
    let bounded = [
        (doubling, "the template's values take more than 100000 bytes"),
        ("#set($l = [1])#foreach($i in [1..100])#set($x = $l.addAll($l))#end", "take more than 100000 bytes"),
        ("#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end$l", "the output is longer than"),
        ("#set($l = [1..99999999999])", "take more than 100000 bytes"),
        ("#set($s = 'x')$s.repeat(9999999999)", "take more than 100000 bytes"),
        (
            "#set($s = 'xxxx')#foreach($i in [1..99])#set($s = $s.replace('x', 'xxxx'))#end",
            "take more than 100000 bytes",
        ),
        ("#set($s = 'a')#foreach($i in [1..1000])$!s.matches(\"a$i\")#end", "take more than 100000 bytes"),
        ("#set($l = [])#foreach($i in [1..1000])$!l.add($input.params('big'))#end", "take more than 100000 bytes"),
        ("#define($a)$a#end$a", "nested more than 100 levels deep"),
        ("#define($a)x$b#end#define($b)$a#end$a", "nested more than 100 levels deep"),
        ("#set($m = {})$!m.put('m', $m)$m", "nested more than 200 levels deep"),
        (
            "#set($m = {})$!m.put('m', $m)#set($n = {})$!n.put('m', $n)#if($m == $n)#end",
            "nested more than 200 levels deep",
        ),
        ("#set($b = $input.path('$'))#set($b.self = $b)$input.path('$..a')", "nested more than 200 levels deep"),
    ];
    for (template, expected) in bounded {
        let message = error_within(template, limits);
        assert!(message.contains(expected), "{template:?}: {message}");
    }
}

#[test]
fn no_limits_allow_more_depth_than_the_stack_has() {
    let limits = Limits { max_depth: usize::MAX, ..Limits::default() };
    for block in ["#define($a)$a#end$a", "#define($a)#set($x = \"$x$x.b(\"\"$a\"\")\")#end#set($x = 'x')$a"] {
        assert!(error_within(block, limits).ends_with("nested more than 128 levels deep"), "{block}");
    }
}

#[test]
fn loops_within_loops_are_bounded() {
    let loops = "#foreach($i in [1..1000])".repeat(4) + &"#end".repeat(4);
    assert!(error(&loops).ends_with("rendering takes more than 1000000 steps"));
}

#[test]
fn output_is_bounded() {
    let limits = Limits { max_output_bytes: 10, ..Limits::default() };
    assert_eq!(error_within("0123456789", limits), "rendered \"0123456789\"");
    assert_eq!(error_within("0123456789a", limits), "line 1, column 1: the output is longer than 10 bytes");
}
