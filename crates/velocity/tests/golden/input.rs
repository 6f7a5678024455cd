//! `$input`.

use crate::{check, check_with};

#[test]
fn json_and_path_read_the_payload() {
    check(&[
        ("a part as JSON", "$input.json('$.address')", "{\"city\":\"Oslo\",\"zip code\":\"0150\"}"),
        ("a text as JSON", "$input.json('$.name')", "\"Ann\""),
        ("a number as JSON", "$input.json('$.age')", "41"),
        ("a null as JSON", "$input.json('$.nothing')", "null"),
        ("a missing part as JSON", "$input.json('$.nope')", "\"\""),
        ("a missing part", "[$input.path('$.nope')]", "[]"),
        ("a path in double quotes", "$input.json(\"$.tags\")", "[\"a\",\"b\",\"c\"]"),
        ("an index", "$input.path('$.pets[1].type')", "cat"),
        ("an index from the end", "$input.path('$.tags[-1]')", "c"),
        ("a name in brackets", "$input.path(\"$['address']['city']\")", "Oslo"),
        ("a name with a hyphen", "$input.path('$.user-id')", "u-1"),
        ("a wildcard", "$input.json('$.pets[*].id')", "[1,2,3]"),
        ("a slice", "$input.json('$.tags[0:2]')", "[\"a\",\"b\"]"),
        ("several indices", "$input.json('$.tags[0,2]')", "[\"a\",\"c\"]"),
        ("several names", "$input.json(\"$.pets[0]['id','type']\")", "[1,\"dog\"]"),
        ("anywhere below", "$input.json('$..id')", "[1,2,3]"),
        ("a filter", "$input.json('$.pets[?(@.price < 200)].type')", "[\"cat\",\"fish\"]"),
        ("a filter by text", "$input.json(\"$.pets[?(@.type == 'dog')].id\")", "[1]"),
        ("a filter by presence", "$input.json('$.pets[?(@.nope)]')", "[]"),
        ("a filter with and", "$input.json(\"$.pets[?(@.price < 200 && @.type != 'fish')].id\")", "[2]"),
        ("length", "$input.path('$.pets.length()')", "3"),
        ("size of a list", "$input.path('$.pets').size()", "3"),
        ("keys of a map", "$input.path('$.address').keySet()", "[city, zip code]"),
        ("a path without a root", "$input.json('name')", "\"Ann\""),
        (
            "a change shows in json",
            "#set($body = $input.path('$.address'))#set($body.city = 'Rome')$input.json('$.address')",
            "{\"city\":\"Rome\",\"zip code\":\"0150\"}",
        ),
    ]);
}

#[test]
fn params_are_found() {
    check(&[
        ("by name in the path", "$input.params('petId')", "7"),
        ("by name in the query string", "$input.params('type')", "dog"),
        ("by name in the headers", "$input.params('Host')", "example.com"),
        ("the path before the query string", "$input.params('both')", "from path"),
        ("the query string before the headers", "$input.params('q2')", "from query"),
        ("missing is an empty text", "[$input.params('nope')]$input.params('nope').length()", "[]0"),
        ("header names are as written", "[$input.params('host')]", "[]"),
        ("by place", "$input.params().path.get('petId')", "7"),
        ("by place as a property", "$input.params().querystring.type", "dog"),
        ("by place as an index", "$input.params().header['Host']", "example.com"),
        ("the places", "$input.params().keySet()", "[path, querystring, header]"),
        (
            "all of them, as the console's passthrough template does",
            "#set($all = $input.params())#foreach($type in $all.keySet())#set($params = $all.get($type))\
             $type:#foreach($n in $params.keySet())$n=$util.escapeJavaScript($params.get($n))#if($foreach.hasNext),#end#end;#end",
            "path:petId=7,both=from path;querystring:type=dog,both=from query,q2=from query;header:Host=example.com,q2=from header;",
        ),
    ]);
}

#[test]
fn an_empty_payload_is_an_empty_object() {
    check_with(
        "",
        &[
            ("body", "$input.body", "{}"),
            ("json", "$input.json('$')", "{}"),
            ("path", "$input.path('$')", "{}"),
            ("a part", "[$input.path('$.a')]", "[]"),
        ],
    );
}

#[test]
fn a_payload_that_is_not_json_is_a_text() {
    check_with(
        "a=1&b=2",
        &[
            ("body", "$input.body", "a=1&b=2"),
            ("json", "$input.json('$')", "\"a=1&b=2\""),
            ("a form is split", "#foreach($t in $input.path('$').split('&'))$t.split('=')[1];#end", "1;2;"),
            ("a part", "[$input.path('$.a')]", "[]"),
        ],
    );
}

#[test]
fn a_payload_comes_through_whole() {
    check_with(
        r#"[{"id":1,"type":"dog","price":249.99},{"id":2,"type":"cat","price":124.99}]"#,
        &[
            (
                "json",
                "$input.json('$')",
                r#"[{"id":1,"type":"dog","price":249.99},{"id":2,"type":"cat","price":124.99}]"#,
            ),
            ("body", "$input.body", r#"[{"id":1,"type":"dog","price":249.99},{"id":2,"type":"cat","price":124.99}]"#),
            (
                "as AWS's guide transforms it",
                "#set($inputRoot = $input.path('$'))[#foreach($elem in $inputRoot){\"description\":\"Item $elem.id is a \
                 $elem.type.\",\"askingPrice\":$elem.price}#if($foreach.hasNext),#end#end]",
                r#"[{"description":"Item 1 is a dog.","askingPrice":249.99},{"description":"Item 2 is a cat.","askingPrice":124.99}]"#,
            ),
        ],
    );
}
