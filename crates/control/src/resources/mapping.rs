//! The rules for mapping expressions, templates and patterns, which integrations and their responses share.

use std::collections::BTreeMap;

use regex::Regex;

use crate::conflict::Conflict;

/// Templates by media type; one without text is kept as `None`.
pub(crate) type Templates = BTreeMap<String, Option<String>>;

/// A map that is not empty.
pub(crate) fn given<K, V>(map: BTreeMap<K, V>) -> Option<BTreeMap<K, V>> {
    (!map.is_empty()).then_some(map)
}

/// Puts an entry into a map that may not be given yet.
pub(crate) fn put<V>(map: &mut Option<BTreeMap<String, V>>, name: &str, value: V) {
    map.get_or_insert_default().insert(name.to_owned(), value);
}

/// Takes an entry out of a map; with its last one, the map itself goes.
pub(crate) fn take<V>(map: &mut Option<BTreeMap<String, V>>, name: &str) -> Option<V> {
    let taken = map.as_mut()?.remove(name);
    *map = map.take().and_then(given);
    taken
}

/// The same templates, where empty text is none.
pub(crate) fn without_empty(templates: Templates) -> Templates {
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    templates.into_iter().map(|(media_type, template)| (media_type, text(template))).collect()
}

/// Every name begins with `prefix` and goes on.
pub(crate) fn check_names<'a>(mut names: impl Iterator<Item = &'a String>, prefix: &str) -> Result<(), Conflict> {
    match names.find(|name| name.strip_prefix(prefix).is_none_or(str::is_empty)) {
        Some(name) => Err(Conflict::BadParameter(name.clone())),
        None => Ok(()),
    }
}

/// Every value says where it comes from: `'text'`, the context, a stage variable, or a place in `message`, which is
/// `method.request` or `integration.response`.
pub(crate) fn check_values<'a>(mut values: impl Iterator<Item = &'a String>, message: &str) -> Result<(), Conflict> {
    match values.find(|value| !is_expression(value, message)) {
        Some(value) => Err(Conflict::BadMapping(value.clone())),
        None => Ok(()),
    }
}

fn is_expression(value: &str, message: &str) -> bool {
    let quoted = value.len() > 1 && value.starts_with('\'') && value.ends_with('\'');
    let named = |prefix: &str| value.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
    if quoted || named("context.") || named("stageVariables.") {
        return true;
    }
    let Some(place) = value.strip_prefix(message).and_then(|rest| rest.strip_prefix('.')) else { return false };
    match place.split_once('.') {
        Some(("path" | "querystring" | "multivaluequerystring", name)) => {
            message == "method.request" && !name.is_empty()
        }
        Some(("header" | "multivalueheader", name)) => !name.is_empty(),
        _ => place == "body" || place.starts_with("body.") || place.starts_with("body["),
    }
}

/// Templates are for media types, or for `$default`.
pub(crate) fn check_templates(templates: &Templates) -> Result<(), Conflict> {
    check_media_types(templates.keys())
}

/// Every name is a media type, or `$default`.
pub(crate) fn check_media_types<'a>(mut names: impl Iterator<Item = &'a String>) -> Result<(), Conflict> {
    match names.find(|name| *name != "$default" && !name.contains('/')) {
        Some(name) => Err(Conflict::BadContentType(name.clone())),
        None => Ok(()),
    }
}

/// A selection pattern is a regular expression. AWS's dialect is Java's: look-around is taken unread.
pub(crate) fn check_pattern(pattern: Option<&str>) -> Result<(), Conflict> {
    let Some(pattern) = pattern else { return Ok(()) };
    let looks_around = ["(?=", "(?!", "(?<"].iter().any(|mark| pattern.contains(mark));
    if looks_around || Regex::new(pattern).is_ok() { Ok(()) } else { Err(Conflict::BadPattern) }
}

/// Whether a body is made text or bytes.
pub(crate) fn check_content_handling(handling: Option<&str>) -> Result<(), Conflict> {
    match handling {
        None | Some("CONVERT_TO_BINARY" | "CONVERT_TO_TEXT") => Ok(()),
        Some(_) => {
            Err(Conflict::NotAnOption { member: "contentHandling", options: "CONVERT_TO_BINARY,CONVERT_TO_TEXT" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_say_where_a_value_comes_from() {
        let check = |value: &str| check_values([value.to_owned()].iter(), "method.request");
        for good in [
            "'static'",
            "''",
            "context.requestId",
            "stageVariables.x",
            "method.request.path.id",
            "method.request.multivalueheader.X",
            "method.request.body",
            "method.request.body.a.b[0]",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["true", "", "'", "method.request.path.", "method.request.cookie.x", "integration.response.body"] {
            assert_eq!(check(bad), Err(Conflict::BadMapping(bad.to_owned())));
        }
        let response = check_values(["integration.response.path.x".to_owned()].iter(), "integration.response");
        assert!(response.is_err());
    }

    #[test]
    fn patterns_are_regular_expressions() {
        assert_eq!(check_pattern(Some(r"4\d{2}")), Ok(()));
        assert_eq!(check_pattern(Some("^(?!ok).*")), Ok(()));
        assert_eq!(check_pattern(Some("(")), Err(Conflict::BadPattern));
        assert_eq!(check_pattern(Some("(a{1000}){1000}{1000}")), Err(Conflict::BadPattern));
    }

    #[test]
    fn bad_content_types_are_refused_in_the_words_of_aws() {
        let templates = [("123".to_owned(), None)].into();
        assert_eq!(
            check_templates(&templates).expect_err("a refusal").to_string(),
            "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"
        );
    }
}
