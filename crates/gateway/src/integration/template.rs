//! Mapping templates, as far as they are plain text. Those with directives are refused, never sent as they are.

use std::collections::BTreeMap;

use bytes::Bytes;

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Template {
    /// Text that stays as it is.
    Plain(Bytes),
    /// Text with directives or references, which needs a template engine.
    Dynamic,
}

/// Templates by media type. One without text is none.
pub(super) fn compile(given: &BTreeMap<String, Option<String>>) -> Vec<(String, Template)> {
    let template = |text: &str| match text.contains(['$', '#']) {
        true => Template::Dynamic,
        false => Template::Plain(Bytes::copy_from_slice(text.as_bytes())),
    };
    given
        .iter()
        .filter_map(|(media_type, text)| {
            Some((media_type.clone(), template(text.as_deref().filter(|t| !t.is_empty())?)))
        })
        .collect()
}

/// What the log says of a [`Template::Dynamic`].
pub(super) const UNSUPPORTED: &str = "mapping templates with directives or references are not supported yet";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_directives_is_never_taken_for_plain() {
        let given =
            [("a", Some("{}")), ("b", Some("$input.body")), ("c", Some("#set($a = 1)")), ("d", None), ("e", Some(""))];
        let given = given.map(|(name, text)| (name.to_owned(), text.map(str::to_owned)));
        let compiled = compile(&BTreeMap::from(given));
        let expected = [("a", Template::Plain(Bytes::from("{}"))), ("b", Template::Dynamic), ("c", Template::Dynamic)];
        assert_eq!(compiled, expected.map(|(name, template)| (name.to_owned(), template)));
    }
}
