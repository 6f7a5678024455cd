//! Lines of a head as they are written, in bytes.

/// Writes a line whose name is in lower case.
pub(crate) fn put_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    // At once: each piece would look for room by itself.
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    put_value(out, value);
}

/// Writes a line whose value is a number.
pub(crate) fn put_number(out: &mut Vec<u8>, name: &str, number: u64) {
    put_line(out, name, itoa::Buffer::new().format(number).as_bytes());
}

/// Writes what follows the name of a line.
pub(crate) fn put_value(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes a name in lower case, and returns it as it stands there now.
pub(crate) fn put_name<'a>(out: &'a mut Vec<u8>, name: &[u8]) -> &'a [u8] {
    let start = out.len();
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        out.extend_from_slice(&lower_case(u64::from_ne_bytes(*word)).to_ne_bytes());
    }
    out.extend(rest.iter().map(u8::to_ascii_lowercase));
    &out[start..]
}

/// Eight letters in lower case, all at once: names are short, and a letter after the other takes as long as all else that
/// is done with a line.
fn lower_case(letters: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    const HIGH: u64 = EACH * 0x80;
    let low = letters & !HIGH;
    // The high bit of each byte says whether it is at least `A`, and whether it is beyond `Z`.
    let (from_a, beyond_z) = (low + EACH * (0x80 - b'A' as u64), low + EACH * (0x7f - b'Z' as u64));
    let upper = (from_a ^ beyond_z) & HIGH & !letters;
    letters | (upper >> 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_written_in_lower_case(name in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut out = b"before".to_vec();
            prop_assert_eq!(put_name(&mut out, &name), name.to_ascii_lowercase());
            prop_assert_eq!(&out[..6], b"before");
        }
    }

    #[test]
    fn a_line_is_a_name_and_a_value() {
        let mut out = Vec::new();
        put_line(&mut out, "a", b"x");
        put_number(&mut out, "content-length", 120);
        assert_eq!(out, b"a: x\r\ncontent-length: 120\r\n");
    }
}
