//! References in text.

use crate::check;

#[test]
fn references_print_values_or_their_source() {
    check(&[
        ("plain text", "no markup at all", "no markup at all"),
        ("short notation", "#set($a = 'x')$a", "x"),
        ("formal notation", "#set($a = 'x')${a}y", "xy"),
        ("undefined prints its source", "$nope", "$nope"),
        ("undefined formal prints its source", "${nope}", "${nope}"),
        ("undefined with steps prints its source", "$nope.a.b(1)[2]!", "$nope.a.b(1)[2]!"),
        ("quiet undefined prints nothing", "[$!nope]", "[]"),
        ("quiet formal undefined prints nothing", "[$!{nope}]", "[]"),
        ("quiet defined prints its value", "#set($a = 1)$!a$!{a}", "11"),
        ("undefined property prints its source", "#set($a = {'b': 1})$a.c", "$a.c"),
        ("names may hold digits, hyphens, underscores", "#set($a-b_2 = 1)$a-b_2", "1"),
        ("names are told apart by case", "#set($a = 1)$A", "$A"),
        ("a sentence's full stop is text", "#set($a = 1)$a.", "1."),
        ("a dot before an underscore is text", "#set($a = {'_b': 1})$a._b $a['_b']", "{_b=1}._b 1"),
        ("a dot before a digit is text", "#set($a = 1)$a.5", "1.5"),
        ("formal notation ends a name", "#set($v = 'Jack')${v}pot $vpot", "Jackpot $vpot"),
    ]);
}

#[test]
fn what_starts_nothing_is_text() {
    check(&[
        ("a price", "it costs $2.50", "it costs $2.50"),
        ("a dollar at the end", "100$", "100$"),
        ("a dollar before a blank", "$ x", "$ x"),
        ("two dollars", "#set($a = 1)$$a", "$1"),
        ("an empty formal reference", "${}", "${}"),
        ("a quiet mark alone", "$!", "$!"),
        ("a json path", "$.a", "$.a"),
        ("a hash alone", "# x", "# x"),
        ("a colour", "#fff;", "#fff;"),
        ("an unknown directive", "#unknown", "#unknown"),
        ("a longer word than a directive's", "#endless #iffy", "#endless #iffy"),
        ("set without a parenthesis", "#set x", "#set x"),
        ("a backslash", "a\\b \\n", "a\\b \\n"),
    ]);
}

#[test]
fn backslashes_escape_what_is_defined() {
    check(&[
        ("a defined reference", "#set($a = 'x')\\$a", "$a"),
        ("a defined formal reference", "#set($a = 'x')\\${a}", "${a}"),
        ("two backslashes", "#set($a = 'x')\\\\$a", "\\x"),
        ("three backslashes", "#set($a = 'x')\\\\\\$a", "\\$a"),
        ("an undefined reference", "\\$nope", "\\$nope"),
        ("an undefined reference, twice", "\\\\$nope", "\\\\$nope"),
        ("a directive", "\\#set($nope = 1)", "#set($nope = 1)"),
        ("a directive's end", "#if(true)a\\#end#end", "a#end"),
        ("two backslashes and a directive", "\\\\#if(true)a#end", "\\a"),
        ("no directive", "\\#foo", "\\#foo"),
    ]);
}

#[test]
fn properties_and_items_are_reached() {
    check(&[
        ("a property", "$input.path('$').name", "Ann"),
        ("a property of a property", "$input.path('$').address.city", "Oslo"),
        ("an item by index", "#set($l = ['a', 'b'])$l[1]", "b"),
        ("an item from the end", "#set($l = ['a', 'b'])$l[-1]", "b"),
        ("an item by a variable", "#set($l = ['a', 'b'])#set($i = 1)$l[$i]", "b"),
        ("a key by index", "$input.path('$').address['zip code']", "0150"),
        ("a key by a variable", "#set($k = 'city')$input.path('$').address[$k]", "Oslo"),
        ("steps in a row", "$input.path('$').pets[1].type.toUpperCase()", "CAT"),
        ("steps in formal notation", "${input.path('$').pets[1].type}s", "cats"),
        ("a null in JSON is undefined", "#set($b = $input.path('$'))$b.nothing", "$b.nothing"),
        ("a property of nothing", "#set($b = $input.path('$'))$!b.nope.deeper", ""),
    ]);
}

#[test]
fn provided_variables_print_nothing_for_what_they_lack() {
    check(&[
        ("context", "$context.stage $context.httpMethod", "prod POST"),
        ("context, deeper", "$context.identity.sourceIp $context.authorizer.claims.sub", "192.0.2.1 abc"),
        ("context, a null", "\"$context.identity.apiKey\"", "\"\""),
        ("context, a missing branch", "\"$context.error.message\"", "\"\""),
        ("context, a number", "$context.requestTimeEpoch", "1583817383220"),
        ("stage variable", "$stageVariables.url", "backend.example.com"),
        ("stage variable, formal", "https://${stageVariables.url}/v1", "https://backend.example.com/v1"),
        ("stage variable, by key", "$stageVariables['table-name']", "t1"),
        ("stage variable, by get", "$stageVariables.get('url')", "backend.example.com"),
        ("a variable without a text", "$input $util", "$input $util"),
        ("stage variable, missing", "[$stageVariables.nope]", "[]"),
    ]);
}
