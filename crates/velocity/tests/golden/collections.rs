//! How lists, maps and numbers are written and printed.

use crate::check;

#[test]
fn literals_print_as_in_java() {
    check(&[
        ("a list", "#set($l = [1, 'a', true])$l", "[1, a, true]"),
        ("an empty list", "#set($l = [])$l", "[]"),
        ("a list with null", "#set($l = [$nope])$l", "[null]"),
        ("a range", "#set($l = [1..3])$l", "[1, 2, 3]"),
        ("a range of variables", "#set($a = 2)#set($l = [$a..3])$l", "[2, 3]"),
        ("a map", "#set($m = {'a': 1, 'b': 'x'})$m", "{a=1, b=x}"),
        ("an empty map", "#set($m = {})$m", "{}"),
        ("a bare key", "#set($m = {a: 1})$m", "{a=1}"),
        ("a nested map", "#set($m = {'a': {'b': [1, 2]}})$m", "{a={b=[1, 2]}}"),
        ("keys keep their order", "#set($m = {'z': 1, 'a': 2})$m", "{z=1, a=2}"),
        ("over several lines", "#set($m = {\n  'a': 1,\n  'b': 2\n})$m", "{a=1, b=2}"),
        ("an entry", "#set($m = {'a': 1})$m.entrySet()", "[a=1]"),
    ]);
}

#[test]
fn json_prints_as_recorded_from_api_gateway() {
    check(&[
        (
            "a list in a map is JSON",
            "#set($m = $util.parseJson('{\"a\":1,\"b\":[{\"c\":5}]}'))$m",
            "{a=1, b=[{\"c\":5}]}",
        ),
        ("a list is JSON", "$input.path('$.tags')", "[\"a\",\"b\",\"c\"]"),
        ("a map is Java's", "$input.path('$.address')", "{city=Oslo, zip code=0150}"),
        ("a text", "$input.path('$.name')", "Ann"),
        ("a whole number", "$input.path('$.age')", "41"),
        ("a fraction", "$input.path('$.price')", "249.99"),
        ("a boolean", "$input.path('$.admin')", "true"),
    ]);
}

#[test]
fn fractions_print_as_in_java() {
    check(&[
        ("whole", "#set($a = 1.0)$a", "1.0"),
        ("small", "#set($a = 0.0001)$a", "1.0E-4"),
        ("large", "#set($a = 12345678.0)$a", "1.2345678E7"),
        ("written with an exponent", "#set($a = 1e2)$a", "100.0"),
    ]);
}
