//! `$util`.

use crate::check;

#[test]
fn util_escapes_and_encodes() {
    check(&[
        ("escapeJavaScript of quotes", "$util.escapeJavaScript(\"it's\")", "it\\'s"),
        (
            "escapeJavaScript of JSON",
            "$util.escapeJavaScript($input.json('$.tags'))",
            "[\\\"a\\\",\\\"b\\\",\\\"c\\\"]",
        ),
        ("escapeJavaScript of a number", "$util.escapeJavaScript(1)", "1"),
        ("parseJson of an object", "$util.parseJson('{\"a\":{\"b\":[1,2]}}').a.b[1]", "2"),
        ("parseJson of a list", "$util.parseJson('[{\"val\":0},{\"val\":2}]')", "[{\"val\":0},{\"val\":2}]"),
        ("parseJson of a text", "$util.parseJson('\"x\"')", "x"),
        ("parseJson of JSON in the payload", "$util.parseJson($input.path('$.nested')).a.size()", "2"),
        ("urlEncode", "$util.urlEncode('a b&c=d/é+~')", "a+b%26c%3Dd%2F%C3%A9%2B%7E"),
        ("urlDecode", "$util.urlDecode('a+b%26c%3Dd%C3%A9')", "a b&c=dé"),
        ("base64Encode", "$util.base64Encode('hello?>')", "aGVsbG8/Pg=="),
        ("base64Decode", "$util.base64Decode('aGVsbG8/Pg==')", "hello?>"),
        ("there and back", "$util.base64Decode($util.base64Encode($input.json('$.name')))", "\"Ann\""),
        ("nothing of nothing", "[$util.escapeJavaScript($nope)]", "[]"),
        ("an unknown function", "[$util.toJson($input.path('$'))]", "[]"),
    ]);
}
