//! Media types, as far as templates are chosen by them.

use http::{HeaderMap, header};

const JSON: &str = "application/json";

/// The type of a message's body, without parameters. AWS takes a body without a type for JSON.
pub(crate) fn of_body(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map_or(JSON, essence)
}

/// Chooses by the type of a request's body.
pub(crate) fn by_body<'a, T>(choices: &'a [(String, T)], headers: &HeaderMap) -> Option<&'a T> {
    let wanted = of_body(headers);
    let named = choices.iter().find(|(name, _)| essence(name).eq_ignore_ascii_case(wanted));
    named.or_else(|| choices.iter().find(|(name, _)| name == "$default")).map(|(_, choice)| choice)
}

/// Chooses by the first type that the caller accepts, else JSON, else the first there is.
pub(crate) fn by_accept<'a, T>(choices: &'a [(String, T)], headers: &HeaderMap) -> Option<&'a (String, T)> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or(JSON);
    let wanted = essence(accept.split(',').next().unwrap_or(JSON));
    let named = |wanted: &str| choices.iter().find(|(name, _)| essence(name).eq_ignore_ascii_case(wanted));
    named(wanted).or_else(|| named(JSON)).or_else(|| choices.first())
}

/// A type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type).trim()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn choices() -> Vec<(String, u8)> {
        vec![("text/xml".to_owned(), 1), ("application/json".to_owned(), 2)]
    }

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_body_without_a_type_is_json() {
        assert_eq!(by_body(&choices(), &HeaderMap::new()), Some(&2));
        assert_eq!(by_body(&choices(), &with(header::CONTENT_TYPE, "Text/XML; charset=utf-8")), Some(&1));
        assert_eq!(by_body(&choices(), &with(header::CONTENT_TYPE, "text/html")), None);
    }

    #[test]
    fn the_first_accepted_type_counts() {
        let chosen = |accept| by_accept(&choices(), &with(header::ACCEPT, accept)).map(|(_, choice)| *choice);
        assert_eq!(chosen("text/xml, application/json"), Some(1));
        assert_eq!(chosen("text/html, text/xml"), Some(2));
        assert_eq!(by_accept(&choices()[..1], &HeaderMap::new()).map(|(_, choice)| *choice), Some(1));
    }
}
