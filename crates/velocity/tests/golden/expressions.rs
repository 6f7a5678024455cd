//! Operators.

use crate::check;

#[test]
fn arithmetic() {
    check(&[
        ("addition", "#set($a = 1 + 2)$a", "3"),
        ("subtraction", "#set($a = 1 - 2)$a", "-1"),
        ("multiplication", "#set($a = 3 * 4)$a", "12"),
        ("division of whole numbers", "#set($a = 7 / 2)$a", "3"),
        ("division of fractions", "#set($a = 7 / 2.0)$a", "3.5"),
        ("remainder", "#set($a = 7 % 4)$a", "3"),
        ("precedence", "#set($a = 1 + 2 * 3)$a", "7"),
        ("parentheses", "#set($a = (1 + 2) * 3)$a", "9"),
        ("from left to right", "#set($a = 10 - 3 - 2)$a", "5"),
        ("without blanks", "#set($a = 1+2)$a", "3"),
        ("with a variable", "#set($a = 1)#set($a = $a + 1)$a", "2"),
        ("division by zero is null", "#set($a = 'old')#set($a = 1 / 0)$a", "old"),
        ("beyond 64 bits", "#set($a = 9223372036854775807 + 1)$a", "9223372036854775808"),
        ("texts join", "#set($a = 'x' + 'y')$a", "xy"),
        ("text and number join", "#set($a = 'x' + 1)$a", "x1"),
        ("text and an undefined reference join", "#set($a = 'x' + $nope)$a", "x$nope"),
        (
            "a long sum is not deep",
            concat!(
                "#set($a = 1",
                "+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1",
                ")$a"
            ),
            "80",
        ),
    ]);
}

#[test]
fn comparisons() {
    check(&[
        ("equal numbers", "#if(1 == 1.0)y#end", "y"),
        ("equal texts", "#if('a' == \"a\")y#end", "y"),
        ("a text and a number of the same text", "#if('5' == 5)y#end", "y"),
        ("unequal", "#if('a' != 'b')y#end", "y"),
        ("null and null", "#if($nope == $nada)y#end", "y"),
        ("null and a text", "#if($nope == '')y#{else}n#end", "n"),
        ("null by the usual name", "#if($input.path('$.nope') == $null)y#end", "y"),
        ("less and greater", "#if(1 < 2 && 2 > 1 && 1 <= 1 && 1 >= 1)y#end", "y"),
        ("less is not for texts", "#if('a' < 'b')y#{else}n#end", "n"),
        ("equal lists", "#if([1, 2] == [1, 2])y#end", "y"),
        ("equal maps", "#if({'a': 1} == {'a': 1})y#end", "y"),
        ("words", "#if(1 eq 1 and 1 ne 2 and 1 lt 2 and 2 gt 1 and 1 le 1 and 1 ge 1)y#end", "y"),
        ("a comparison is a value", "#set($a = 1 > 2)$a", "false"),
    ]);
}

#[test]
fn logic() {
    check(&[
        ("and", "#if(true && false)y#{else}n#end", "n"),
        ("or", "#if(false || true)y#end", "y"),
        ("not", "#if(!false)y#end", "y"),
        ("not by word", "#if(not $nope)y#end", "y"),
        ("or by word", "#if(false or true)y#end", "y"),
        ("and before or", "#if(true || false && false)y#end", "y"),
        ("not before and", "#if(!false && true)y#end", "y"),
        ("not twice", "#if(!!true)y#end", "y"),
        ("the right side is not asked", "#set($l = [1])#if(true || $l.get(5))y#end", "y"),
        ("and is a boolean", "#set($a = 'x' && 'y')$a", "true"),
    ]);
}
