//! Blanks and line ends around directives, as Velocity 1.7 keeps or drops them.

use crate::check;

#[test]
fn a_directive_takes_its_line_end_along() {
    check(&[
        ("set drops its line end", "a\n#set($x = 1)\nb", "a\nb"),
        ("set drops blanks before its line end", "a\n#set($x = 1)  \t\nb", "a\nb"),
        ("set drops blanks before itself", "a\n   #set($x = 1)\nb", "a\nb"),
        ("set drops blanks within a line", "a #set($x = 1)b", "ab"),
        ("set keeps blanks behind it in a line", "a#set($x = 1) b", "a b"),
        ("set takes a carriage return along", "#set($x = 1)\r\nb", "b"),
        ("set drops one line end only", "#set($x = 1)\n\nb", "\nb"),
        ("if drops its line end", "#if(true)\na\n#end\nb", "a\nb"),
        ("if keeps blanks before itself", "  #if(true)\na\n  #end\nb", "  a\n  b"),
        ("else drops its line end", "#if(false)\na\n#else\nb\n#end\n", "b\n"),
        ("elseif drops its line end", "#if(false)\na\n#elseif(true)\nb\n#end\n", "b\n"),
        ("end drops its line end", "#if(true)a#end\nb", "ab"),
        ("end keeps what follows in its line", "#if(true)a#end b", "a b"),
        ("foreach", "#foreach($x in [1..2])\n  $x\n#end\nz", "  1\n  2\nz"),
        ("foreach keeps blanks before itself", "[\n  #foreach($x in [1..2])\n  $x\n  #end\n]", "[\n    1\n    2\n  ]"),
        ("define", "#define($b)\nx\n#end\n$b", "x\n"),
        ("a line comment drops its line end", "a\n## c\nb", "a\nb"),
        ("a block comment keeps it", "a\n#* c *#\nb", "a\n\nb"),
        ("a reference keeps it", "#set($x = 1)$x\nb", "1\nb"),
    ]);
}
