//! `#set`, `#if`, `#foreach`, `#define`, `#break`, `#stop`, comments.

use crate::check;

#[test]
fn set_assigns() {
    check(&[
        ("a string", "#set($a = \"x\")$a", "x"),
        ("interpolation", "#set($a = 'x')#set($b = \"<$a> ${a}y\")$b", "<x> xy"),
        ("no interpolation in single quotes", "#set($b = '$a #end')$b", "$a #end"),
        ("directives in a string", "#set($b = \"#if(true)yes#{else}no#end\")$b", "yes"),
        ("a doubled quote", "#set($b = \"say \"\"hi\"\"\")$b", "say \"hi\""),
        ("a doubled single quote", "#set($b = 'it''s')$b", "it's"),
        ("a quote behind a backslash", "#set($b = \"a\\\"b\")$b", "a\\\"b"),
        ("two backslashes before the closing quote", "#set($b = \"a\\\\\")$b", "a\\\\"),
        ("a unicode escape", "#set($b = \"\\u00e9\\u12\")$b", "é\\u12"),
        ("no escapes in single quotes", "#set($b = '\\u00e9\\')$b", "\\u00e9\\"),
        ("backslashes are themselves", "#set($b = 'a\\nb')$b", "a\\nb"),
        ("a number", "#set($a = 42)$a", "42"),
        ("a negative number", "#set($a = -42)$a", "-42"),
        ("a fraction", "#set($a = 1.50)$a", "1.5"),
        ("a fraction without a whole part", "#set($a = .5)$a", "0.5"),
        ("a boolean", "#set($a = true)$a", "true"),
        ("null leaves the variable as it was", "#set($a = 1)#set($a = $nope)$a", "1"),
        ("null to a new variable", "#set($a = $nope)$a", "$a"),
        ("the word null", "#set($a = 1)#set($a = null)$a", "1"),
        ("a reference", "#set($a = $context.stage)$a", "prod"),
        ("a key by property", "#set($m = {})#set($m.k = 'v')$m.k", "v"),
        ("a key by index", "#set($m = {})#set($m['a b'] = 'v')$m['a b']", "v"),
        ("a list's item", "#set($l = [1, 2])#set($l[0] = 9)$l", "[9, 2]"),
        ("a shared map", "#set($m = {})#set($n = $m)#set($n.k = 1)$m", "{k=1}"),
        ("braces around the word", "#{set}($a = 1)$a", "1"),
        ("over several lines", "#set(\n  $a\n  =\n  1\n)$a", "1"),
    ]);
}

#[test]
fn if_chooses() {
    check(&[
        ("true", "#if(true)a#end", "a"),
        ("false", "#if(false)a#end", ""),
        ("else", "#if(false)a#{else}b#end", "b"),
        ("elseif", "#if(false)a#elseif(true)b#{else}c#end", "b"),
        ("the first that holds", "#if(false)a#elseif(true)b#elseif(true)c#end", "b"),
        ("none holds", "#if(false)a#elseif(false)b#end", ""),
        ("undefined is false", "#if($nope)a#{else}b#end", "b"),
        ("the empty string is true", "#if('')a#end", "a"),
        ("zero is true", "#if(0)a#end", "a"),
        ("an empty list is true", "#if([])a#end", "a"),
        ("false in JSON is false", "#if($input.path('$').admin)a#end", "a"),
        ("nested", "#if(true)#if(false)a#{else}b#end#end", "b"),
        ("a blank before the parenthesis", "#if ( true )a#end", "a"),
        ("braces around the word", "#{if}(true)a#{end}", "a"),
    ]);
}

#[test]
fn foreach_repeats() {
    check(&[
        ("a list", "#foreach($x in ['a', 'b'])<$x>#end", "<a><b>"),
        ("a range", "#foreach($i in [1..4])$i#end", "1234"),
        ("a range downwards", "#foreach($i in [2..-1])$i#end", "210-1"),
        ("a map's values", "#foreach($v in {'a': 1, 'b': 2})$v#end", "12"),
        ("a map's keys", "#set($m = {'a': 1, 'b': 2})#foreach($k in $m.keySet())$k#end", "ab"),
        ("JSON", "#foreach($p in $input.path('$.pets'))$p.id:$p.type;#end", "1:dog;2:cat;3:fish;"),
        ("nothing", "[#foreach($x in $nope)a#end]", "[]"),
        ("an empty list", "[#foreach($x in [])a#end]", "[]"),
        ("a string is no list", "[#foreach($x in 'abc')a#end]", "[]"),
        ("index", "#foreach($x in ['a', 'b'])$foreach.index#end", "01"),
        ("count", "#foreach($x in ['a', 'b'])$foreach.count#end", "12"),
        ("velocityCount", "#foreach($x in ['a', 'b'])$velocityCount#end", "12"),
        ("hasNext", "#foreach($x in ['a', 'b', 'c'])$x#if($foreach.hasNext),#end#end", "a,b,c"),
        ("hasNext as a method", "#foreach($x in ['a', 'b'])$x#if($foreach.hasNext()),#end#end", "a,b"),
        ("velocityHasNext", "#foreach($x in ['a', 'b'])$x#if($velocityHasNext),#end#end", "a,b"),
        ("first and last", "#foreach($x in [1..3])#if($foreach.first)<#end$x#if($foreach.last)>#end#end", "<123>"),
        ("parent", "#foreach($x in [1..2])#foreach($y in ['a'])$foreach.parent.count$y#end#end", "1a2a"),
        ("the outer loop after the inner", "#foreach($x in [1..2])#foreach($y in [1..3])#end$foreach.count#end", "12"),
        ("outside of a loop", "$foreach.count", "$foreach.count"),
        ("the variable comes back", "#set($x = 'old')#foreach($x in [1..2])#end$x", "old"),
        ("the variable goes away", "#foreach($x in [1..2])#end$x", "$x"),
        ("break", "#foreach($x in [1..5])#if($x == 3)#break#end$x#end!", "12!"),
        ("break leaves one loop", "#foreach($x in [1..2])#foreach($y in [1..2])$y#break#end;#end", "1;1;"),
        ("no more than a thousand", "#foreach($x in [1..2000])#set($n = $foreach.count)#end$n", "1000"),
        ("a null item leaves the variable undefined", "#foreach($x in [$nope])$x#end", "$x"),
    ]);
}

#[test]
fn define_names_a_block() {
    check(&[
        ("printed where it is used", "#define($b)hi#end$b $b", "hi hi"),
        ("rendered when it is used", "#define($b)<$x>#end#set($x = 1)$b#set($x = 2)$b", "<1><2>"),
        ("in a string", "#define($b)hi#end#set($s = \"$b!\")$s", "hi!"),
        ("as an argument", "#define($b)a b#end$util.urlEncode($b)", "a+b"),
        (
            "over a map that changes, as the Serverless Framework does",
            "#define($loop){#foreach($k in $map.keySet())\"$k\":\"$map.get($k)\"#if($foreach.hasNext),#end#end}#end\
             #set($map = $input.params().path)$loop#set($map = $stageVariables)$loop",
            "{\"petId\":\"7\",\"both\":\"from path\"}{\"url\":\"backend.example.com\",\"table-name\":\"t1\"}",
        ),
    ]);
}

#[test]
fn stop_and_comments_say_nothing() {
    check(&[
        ("stop", "a#stop b", "a"),
        ("stop in a loop", "#foreach($x in [1..3])$x#stop#end!", "1"),
        ("break outside of a loop", "a#break b", "a"),
        ("a line comment", "a## b\nc", "ac"),
        ("a line comment at the end", "a## b", "a"),
        ("a block comment", "a#* b\n $c #if( *#d", "ad"),
        ("unparsed text", "#[[$a #if( ##]]#", "$a #if( ##"),
        ("unparsed text within text", "x#[[ $a ]]#y", "x $a y"),
    ]);
}
