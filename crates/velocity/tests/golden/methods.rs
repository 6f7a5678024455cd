//! Java's methods.

use crate::check;

#[test]
fn of_strings() {
    check(&[
        ("length", "#set($s = 'abc')$s.length()", "3"),
        ("length counts UTF-16", "#set($s = '😀')$s.length()", "2"),
        ("substring from", "#set($s = 'abcd')$s.substring(1)", "bcd"),
        ("substring from to", "#set($s = 'abcd')$s.substring(1, 3)", "bc"),
        ("indexOf", "#set($s = 'abcb')$s.indexOf('b')", "1"),
        ("indexOf from", "#set($s = 'abcb')$s.indexOf('b', 2)", "3"),
        ("indexOf nothing", "#set($s = 'abc')$s.indexOf('x')", "-1"),
        ("lastIndexOf", "#set($s = 'abcb')$s.lastIndexOf('b')", "3"),
        ("replace", "#set($s = 'a.b.c')$s.replace('.', '-')", "a-b-c"),
        ("replaceAll", "#set($s = 'a1b22')$s.replaceAll('[0-9]+', '#')", "a#b#"),
        ("replaceAll with a group", "#set($s = 'ab')$s.replaceAll('(a)(b)', '$2$1')", "ba"),
        ("replaceAll undoes escaped quotes", "$util.escapeJavaScript(\"it's\").replaceAll(\"\\\\'\", \"'\")", "it's"),
        ("replaceAll escapes quotes", "#set($s = 'a\"b')$s.replaceAll(\"\\\"\", \"\\\\\\\"\")", "a\\\"b"),
        ("replaceFirst", "#set($s = 'aaa')$s.replaceFirst('a', 'b')", "baa"),
        ("split", "#set($s = 'a,b,,')$s.split(',').size()", "2"),
        ("split, an item", "#set($s = 'a,b')$s.split(',')[1]", "b"),
        ("split, a loop", "#set($s = 'a-b')#foreach($p in $s.split('-'))<$p>#end", "<a><b>"),
        ("split by a limit", "#set($s = 'a,b,c')$s.split(',', 2)[1]", "b,c"),
        ("split into characters", "#set($s = 'abc')$s.split('')", "[a, b, c]"),
        ("toUpperCase and toLowerCase", "#set($s = 'aB')$s.toUpperCase()$s.toLowerCase()", "ABab"),
        ("trim", "#set($s = ' a ')[$s.trim()]", "[a]"),
        ("contains", "#set($s = 'abc')$s.contains('bc')", "true"),
        ("startsWith and endsWith", "#set($s = 'abc')$s.startsWith('ab') $s.endsWith('ab')", "true false"),
        ("equals", "#set($s = 'a')$s.equals('a') $s.equals('b')", "true false"),
        ("equals is strict", "#set($s = '5')$s.equals(5)", "false"),
        ("equalsIgnoreCase", "#set($s = 'aB')$s.equalsIgnoreCase('Ab')", "true"),
        ("matches the whole", "#set($s = 'abc')$s.matches('a.c') $s.matches('a')", "true false"),
        ("isEmpty", "#set($s = '')$s.isEmpty()", "true"),
        ("concat", "#set($s = 'a')$s.concat('b')", "ab"),
        ("charAt", "#set($s = 'abc')$s.charAt(1)", "b"),
        ("compareTo", "#set($s = 'a')$s.compareTo('c')", "-2"),
        ("toString", "#set($s = 'a')$s.toString()", "a"),
        ("an unknown method", "#set($s = 'a')$s.nope()", "$s.nope()"),
        ("arguments that fit none", "#set($s = 'a')$s.substring('x')", "$s.substring('x')"),
    ]);
}

#[test]
fn of_lists() {
    check(&[
        ("size", "#set($l = [1, 2])$l.size()", "2"),
        ("get", "#set($l = [1, 2])$l.get(1)", "2"),
        ("add prints what it returns", "#set($l = [])$l.add(1) $l", "true [1]"),
        ("add at", "#set($l = [1, 3])$!l.add(1, 2)$l", "[1, 2, 3]"),
        ("set", "#set($l = [1, 2])$l.set(0, 9)$l", "1[9, 2]"),
        ("remove by index", "#set($l = ['a', 'b'])$l.remove(0)$l", "a[b]"),
        ("remove by value", "#set($l = ['a', 'b'])$l.remove('b')$l", "true[a]"),
        ("contains", "#set($l = ['a'])$l.contains('a') $l.contains('b')", "true false"),
        ("isEmpty", "#set($l = [])$l.isEmpty() $l.empty", "true true"),
        ("addAll", "#set($l = [1])#set($x = $l.addAll([2, 3]))$l", "[1, 2, 3]"),
        ("addAll of itself", "#set($l = [1])#set($x = $l.addAll($l))$l", "[1, 1]"),
        ("subList", "#set($l = [1..5])$l.subList(1, 3)", "[2, 3]"),
        ("indexOf", "#set($l = ['a', 'b'])$l.indexOf('b')", "1"),
        ("containsAll", "#set($l = [1, 2])$l.containsAll([2])", "true"),
        ("clear", "#set($l = [1])$!l.clear()$l", "[]"),
    ]);
}

#[test]
fn of_maps() {
    check(&[
        ("get", "#set($m = {'a': 1})$m.get('a')", "1"),
        ("put returns what was there", "#set($m = {'a': 1})$m.put('a', 2)$m", "1{a=2}"),
        ("put of a new key is null", "#set($m = {})$!m.put('a', 1)$m", "{a=1}"),
        ("keySet", "#set($m = {'a': 1, 'b': 2})$m.keySet()", "[a, b]"),
        ("values", "#set($m = {'a': 1, 'b': 2})$m.values()", "[1, 2]"),
        ("entrySet", "#set($m = {'a': 1})#foreach($e in $m.entrySet())$e.key-$e.value#end", "$e.key-1"),
        ("entrySet, formally", "#set($m = {'a': 1})#foreach($e in $m.entrySet())${e.key}=${e.value}#end", "a=1"),
        ("entrySet by methods", "#set($m = {'a': 1})#foreach($e in $m.entrySet())$e.getKey()$e.getValue()#end", "a1"),
        ("an entry is a view", "#set($m = {'a': 1})#set($l = $m.entrySet())#set($m.a = 2)$l", "[a=2]"),
        ("containsKey", "#set($m = {'a': 1})$m.containsKey('a') $m.containsKey('b')", "true false"),
        ("containsValue", "#set($m = {'a': 1})$m.containsValue(1)", "true"),
        ("size and isEmpty", "#set($m = {'a': 1})$m.size() $m.isEmpty()", "1 false"),
        ("remove", "#set($m = {'a': 1, 'b': 2})$m.remove('a')$m", "1{b=2}"),
        ("putAll", "#set($m = {'a': 1})$!m.putAll({'b': 2})$m", "{a=1, b=2}"),
        ("getOrDefault", "#set($m = {})$m.getOrDefault('a', 'd')", "d"),
    ]);
}

#[test]
fn of_numbers() {
    check(&[
        ("toString joins as text", "#set($n = 5)#set($s = $n.toString() + 1)$s", "51"),
        ("intValue", "#set($n = 5.9)$n.intValue()", "5"),
        ("parseInt through a number", "#set($Integer = 0)#set($n = $Integer.parseInt('41') + 1)$n", "42"),
        ("valueOf", "#set($Integer = 0)$Integer.valueOf('7')", "7"),
        ("compareTo", "#set($n = 5)$n.compareTo(7)", "-1"),
        ("equals", "#set($n = 5)$n.equals(5)", "true"),
    ]);
}
