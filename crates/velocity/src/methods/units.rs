//! Positions in a string as Java counts them: in UTF-16 units.

use std::ops::Range;

pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// What is left of a text from a position on; none behind its end.
pub(super) fn rest(text: &str, from: usize) -> Option<&str> {
    let mut units = 0;
    for (offset, character) in text.char_indices() {
        if units >= from {
            return Some(&text[offset..]);
        }
        units += character.len_utf16();
    }
    (units >= from).then_some("")
}

/// The part between two positions, which must lie within the text. Half of a surrogate pair reads as U+FFFD.
pub(super) fn substring(text: &str, range: Range<usize>) -> String {
    if text.is_ascii() {
        return text[range].to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(range.start).take(range.len()).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_beyond_the_basic_plane_counts_twice() {
        assert_eq!(length("a😀b"), 4);
        assert_eq!(substring("a😀b", 1..3), "😀");
        assert_eq!(rest("a😀b", 3), Some("b"));
        assert_eq!(rest("ab", 3), None);
    }
}
