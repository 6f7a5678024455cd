//! The pattern of a `Fn::Sub`: text, and names in `${…}`.

use crate::document::Node;
use crate::mistake::Mistake;
use crate::template::wrong;

/// A piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// A name, or a name and an attribute.
    Name(&'a str),
}

/// The pattern and the variables of a `Fn::Sub`, which is a text or a list of both.
pub(crate) fn parts(argument: &Node) -> Result<(&str, Option<&Node>), Mistake> {
    let bad = || wrong(argument, "Fn::Sub", "given a text, or a text and a mapping");
    if let Some(pattern) = argument.as_text() {
        return Ok((pattern, None));
    }
    let [pattern, variables] = argument.as_list().ok_or_else(bad)? else { return Err(bad()) };
    let pattern = pattern.as_text().ok_or_else(bad)?;
    Ok((pattern, variables.as_map().map(|_| variables)))
}

/// Splits a pattern. `${!x}` is the text `${x}`; a `${` that is not closed is text.
pub(crate) fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), pattern);
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        pieces.push(Piece::Text(before));
        match name.strip_prefix('!') {
            Some(literal) => {
                pieces.extend([Piece::Text("${"), Piece::Text(literal), Piece::Text("}")]);
            }
            None => pieces.push(Piece::Name(name.trim())),
        }
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_told_from_text() {
        use Piece::{Name, Text};
        assert_eq!(pieces("a${B}c${D.E}"), [Text("a"), Name("B"), Text("c"), Name("D.E")]);
        assert_eq!(pieces("${!x}${ y }"), [Text("${"), Text("x"), Text("}"), Name("y")]);
        assert_eq!(pieces("$x${"), [Text("$x${")]);
        assert_eq!(pieces(""), []);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-c${}!. ]{0,30}") {
            let whole: String = pieces(&text).iter().map(|piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Name(name) => format!("${{{name}}}"),
            }).collect();
            let squeeze = |text: &str| text.replace([' ', '!'], "");
            prop_assert_eq!(squeeze(&whole), squeeze(&text));
        }
    }
}
