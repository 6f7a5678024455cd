//! Paths of calls: what is safe to match and to pass on.

use std::borrow::Cow;

/// Whether some server behind us could read the path as one that climbs, or as one that ends early.
///
/// Servers differ in what they decode and in what they take for a separator, so everything that any of them is known
/// to accept counts: `\`, `%2f` and `%5c` as separators, `%2e` as a dot, and `;` as the end of a segment's name.
pub(crate) fn is_treacherous(path: &str) -> bool {
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%' | b'\\')) {
        return false;
    }
    let bytes = path.as_bytes();
    let (mut at, mut segment) = (0, Segment::default());
    while let Some((byte, next)) = decode_at(bytes, at) {
        match byte {
            0 => return true,
            b'/' | b'\\' => {
                if segment.is_dots() {
                    return true;
                }
                segment = Segment::default();
            }
            byte => segment.push(byte),
        }
        at = next;
    }
    segment.is_dots()
}

/// What counts of a segment: whether it is nothing but one or two dots.
#[derive(Default)]
struct Segment {
    dots: usize,
    named: bool,
    parameters: bool,
}

impl Segment {
    fn push(&mut self, byte: u8) {
        match byte {
            _ if self.parameters => {}
            b'.' => self.dots += 1,
            b';' => self.parameters = true,
            _ => self.named = true,
        }
    }

    fn is_dots(&self) -> bool {
        !self.named && matches!(self.dots, 1 | 2)
    }
}

/// The byte at `at`, decoded if it is percent-encoded, and where the next one starts.
fn decode_at(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let first = *bytes.get(at)?;
    if first == b'%' {
        let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        if let (Some(high), Some(low)) = (hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            return Some((u8::try_from(high * 16 + low).unwrap_or(first), at + 3));
        }
    }
    Some((first, at + 1))
}

/// A segment with its letters, digits, `-`, `.`, `_` and `~` decoded.
///
/// The upstream takes `%70ets` for `pets`, so the routes must too: else a call could reach what `/pets` guards by way
/// of a `{proxy+}` beside it.
pub(crate) fn decode_unreserved(segment: &str) -> Cow<'_, str> {
    if !segment.bytes().any(|byte| byte == b'%') {
        return Cow::Borrowed(segment);
    }
    let bytes = segment.as_bytes();
    let (mut at, mut out) = (0, String::with_capacity(segment.len()));
    while let Some((byte, next)) = decode_at(bytes, at) {
        if next == at + 3 && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')) {
            out.push(char::from(byte));
        } else if let Some(same) = segment.get(at..next) {
            out.push_str(same);
        } else {
            return Cow::Borrowed(segment);
        }
        at = next;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_that_climbs_in_any_spelling_is_found() {
        for path in [
            "/..",
            "/a/../b",
            "/./a",
            "/a/.",
            "/%2e%2e/a",
            "/.%2E/",
            "/a/..%2fb",
            "/a%2f..%2fb",
            "/a%5c..%5cb",
            "/a\\..\\b",
            "/..;/admin",
            "/..;x=1/admin",
            "/a%00b",
            "/%2e",
        ] {
            assert!(is_treacherous(path), "{path}");
        }
    }

    #[test]
    fn dots_within_names_are_harmless() {
        for path in ["/", "/a.b", "/...", "/.well-known/x", "/a%2fb", "/%2520", "/file.", "/a//b", "/100%", "/%zz"] {
            assert!(!is_treacherous(path), "{path}");
        }
    }

    #[test]
    fn only_unreserved_characters_are_decoded() {
        assert_eq!(decode_unreserved("p%65ts"), "pets");
        assert_eq!(decode_unreserved("a%2Fb%2"), "a%2Fb%2");
        assert_eq!(decode_unreserved("plain"), "plain");
    }

    proptest! {
        #[test]
        fn a_path_without_dot_segments_after_full_decoding_passes(path in "(/[a-z.%2e5c\\\\;]{0,6}){0,5}") {
            let decoded = percent_encoding::percent_decode_str(&path).collect::<Vec<u8>>();
            let climbs = decoded
                .split(|byte| matches!(byte, b'/' | b'\\'))
                .filter_map(|segment| segment.split(|byte| *byte == b';').next())
                .any(|segment| segment == b"." || segment == b"..");
            prop_assert_eq!(is_treacherous(&path), climbs || decoded.contains(&0));
        }

        #[test]
        fn decoding_never_panics(path in "\\PC{0,40}") {
            let _ = (is_treacherous(&path), decode_unreserved(&path));
        }
    }
}
