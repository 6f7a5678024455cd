//! The header lines of a head that was read, as parts of its bytes: nothing is copied, and nothing hashed.

use std::ops::{Deref, Range};

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

/// Bytes that a head may have, so that a place in it is two bytes.
pub(crate) const LONGEST: usize = u16::MAX as usize;

/// Headers that the gateway adds, for which a map has room from the beginning.
const ROOM: usize = 8;

/// A header that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidHeader;

/// The lines, in order, of a head that is theirs or somebody else's.
#[derive(Clone, Debug)]
pub(crate) struct HeadLines<Head = Bytes> {
    head: Head,
    lines: SmallVec<[Line; 16]>,
}

/// Where name and value lie.
#[derive(Clone, Copy, Debug)]
struct Line {
    name: (u16, u16),
    value: (u16, u16),
}

impl<'a> HeadLines<&'a [u8]> {
    /// No lines yet of a head that begins these bytes.
    pub(crate) fn within(bytes: &'a [u8]) -> Self {
        Self { head: bytes, lines: SmallVec::new() }
    }

    /// Adds a line, by where its name and its value lie. `None` beyond [`LONGEST`].
    pub(crate) fn push(&mut self, name: Range<usize>, value: Range<usize>) -> Option<()> {
        let place = |part: Range<usize>| Some((u16::try_from(part.start).ok()?, u16::try_from(part.end).ok()?));
        self.lines.push(Line { name: place(name)?, value: place(value)? });
        Some(())
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.lines.len()
    }

    /// Says where the head ends, with the empty line.
    pub(crate) fn end_at(&mut self, length: usize) {
        self.head = &self.head[..length];
    }
}

impl<Head: Deref<Target = [u8]>> HeadLines<Head> {
    /// The lines that were found in `head`; `None` if it is longer than [`LONGEST`].
    pub(crate) fn new(head: Head, found: &[httparse::Header<'_>]) -> Option<Self> {
        let place = |part: &[u8]| {
            let start = part.as_ptr().addr().checked_sub(head.as_ptr().addr())?;
            Some((u16::try_from(start).ok()?, u16::try_from(start + part.len()).ok()?))
        };
        // One after the other: to collect them takes more than to find them.
        let mut lines = SmallVec::with_capacity(found.len());
        for line in found {
            // An empty value may be no part of the head.
            let value = if line.value.is_empty() { (0, 0) } else { place(line.value)? };
            lines.push(Line { name: place(line.name.as_bytes())?, value });
        }
        Some(Self { head, lines })
    }

    /// Bytes of the head.
    pub(crate) fn len(&self) -> usize {
        self.head.len()
    }

    /// Names, as they were spelt, and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|line| (&self.head[range(line.name)], &self.head[range(line.value)]))
    }

    /// The values of a header, whose name is given in lower case.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(spelt, _)| spelt.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

impl HeadLines {
    /// The same as a map.
    pub(crate) fn to_map(&self) -> Result<HeaderMap, InvalidHeader> {
        let mut map = HeaderMap::with_capacity(self.lines.len() + ROOM);
        for line in &self.lines {
            let name = HeaderName::from_bytes(&self.head[range(line.name)]).map_err(|_| InvalidHeader)?;
            let value = HeaderValue::from_maybe_shared(self.head.slice(range(line.value)));
            map.append(name, value.map_err(|_| InvalidHeader)?);
        }
        Ok(map)
    }
}

fn range((start, end): (u16, u16)) -> Range<usize> {
    usize::from(start)..usize::from(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<HeadLines> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut parsed = httparse::Response::new(&mut headers);
        parsed.parse(&bytes).expect("a head");
        HeadLines::new(bytes.clone(), parsed.headers)
    }

    #[test]
    fn lines_are_parts_of_the_head_and_come_out_in_order() {
        let lines = lines("HTTP/1.1 200 OK\r\nA: 1\r\nEmpty:\r\nb:  2 \r\na: 3\r\n\r\n").expect("lines");
        let all: Vec<(&[u8], &[u8])> = lines.iter().collect();
        assert_eq!(all, [(&b"A"[..], &b"1"[..]), (b"Empty", b""), (b"b", b"2"), (b"a", b"3")]);
        assert_eq!(lines.values("a").collect::<Vec<_>>(), [b"1", b"3"]);
        let map = lines.to_map().expect("a map");
        assert_eq!(map.get_all("a").iter().collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(map["empty"], "");
    }

    #[test]
    fn a_head_that_is_too_long_has_no_lines() {
        assert!(lines(&format!("HTTP/1.1 200 OK\r\na: {}\r\nb: 1\r\n\r\n", "x".repeat(LONGEST))).is_none());
    }
}
