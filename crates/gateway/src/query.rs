//! Query strings, as callers send them.

use percent_encoding::percent_decode_str;

/// The bytes of a name or a value. A plus is a space, as in forms.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

/// The names and values in the order they were sent, decoded; bytes that are no text are replaced.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let text = |raw: &str| String::from_utf8_lossy(&decode(raw)).into_owned();
    split(query).map(move |(name, value)| (text(name), text(value)))
}

/// The values of one parameter, as they were sent, in order.
pub(crate) fn values<'q>(query: &'q str, name: &str) -> impl DoubleEndedIterator<Item = &'q str> {
    split(query).filter_map(move |(key, value)| (key == name || decode(key) == name.as_bytes()).then_some(value))
}

/// The last value of one parameter, as it was sent: where AWS wants one value, it takes this.
pub(crate) fn last<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    values(query, name).next_back()
}

fn split(query: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_parameter_counts() {
        assert_eq!(last("a=1&b=2&a=3", "a"), Some("3"));
        assert_eq!(last("a%20b=x%26y", "a b"), Some("x%26y"));
        assert_eq!(last("a", "a"), Some(""));
        assert_eq!(last("ab=1", "a"), None);
    }

    #[test]
    fn pairs_are_decoded_and_keep_their_order() {
        let all: Vec<_> = pairs("b=1+2&&a=%C3%A9&b=%ff").collect();
        let expected = [("b", "1 2"), ("a", "é"), ("b", "\u{fffd}")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
