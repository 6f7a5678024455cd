//! A head as it was sent, for what hyper's reading hides.
//!
//! hyper takes a line that ends without a carriage return, and drops a length that stands beside a transfer coding.
//! Either is harmless here, since requests are framed anew; but such a head has two readings, and whoever sends it
//! hopes that somebody takes the other one.

use std::cell::{Cell, RefCell};

use memchr::{memchr_iter, memmem};

/// Room that a connection keeps for its next head.
const KEPT: usize = 4096;

/// What ends a head.
const END: &[u8] = b"\r\n\r\n";

/// The bytes of one head, as far as they came by themselves: of a call that was sent before the last one was answered,
/// or after a body that nobody read to its end, nothing or only a part is known, and nothing is said about it.
#[derive(Debug, Default)]
pub(crate) struct RawHead {
    bytes: RefCell<Vec<u8>>,
    /// Whether what comes next may be the rest of a body.
    after_body: Cell<bool>,
    /// Whether the head was judged: it is kept for its spelling alone, until the next one comes.
    judged: Cell<bool>,
    /// Whether what comes next may be the rest of a head whose beginning is not known.
    may_continue: Cell<bool>,
}

impl RawHead {
    /// Adds what was read. Heads are bounded by the caller.
    pub(crate) fn add(&self, bytes: &[u8]) {
        if !self.after_body.get() {
            let mut kept = self.bytes.borrow_mut();
            if self.judged.replace(false) {
                kept.clear();
            }
            kept.extend_from_slice(bytes);
        }
    }

    /// Notes that something was read that is not known here.
    pub(crate) fn read_elsewhere(&self) {
        self.may_continue.set(true);
    }

    /// Ends the head. `body` says whether a body follows it.
    pub(crate) fn end(&self, body: bool) {
        let mut bytes = self.bytes.borrow_mut();
        if self.judged.replace(true) {
            // Nothing came since the head before: this one is not known.
            bytes.clear();
        } else {
            let ends_with_it = memmem::find(&bytes, END).is_some_and(|at| at + END.len() == bytes.len());
            self.may_continue.set(body || !ends_with_it);
        }
        bytes.truncate(KEPT);
        bytes.shrink_to(KEPT);
        self.after_body.set(body);
    }

    /// The names of the headers as they were spelt, as far as they are known: those of the first 4096 bytes.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let bytes = self.bytes.borrow();
        let lines = head(&bytes).split(|byte| *byte == b'\n').skip(1);
        let names = lines.filter_map(|line| line.split(|byte| *byte == b':').next());
        names.filter_map(|name| std::str::from_utf8(name).ok()).map(str::to_owned).collect()
    }

    /// Notes that the body was read to its end: what comes next is a head.
    pub(crate) fn body_ended(&self) {
        self.after_body.set(false);
    }

    /// Whether a line ends without a carriage return.
    pub(crate) fn has_bare_line_end(&self) -> bool {
        if self.judged.get() {
            return false;
        }
        let bytes = self.bytes.borrow();
        for at in memchr_iter(b'\n', &bytes) {
            match &bytes[..at] {
                [] if self.may_continue.get() => {}
                [.., b'\r', b'\n', b'\r'] => return false,
                [.., b'\r'] => {}
                _ => return true,
            }
        }
        false
    }

    /// Whether a length is named.
    pub(crate) fn has_length(&self) -> bool {
        const NAME: &[u8] = b"content-length";
        if self.judged.get() {
            return false;
        }
        let bytes = self.bytes.borrow();
        let head = head(&bytes);
        memchr_iter(b'\n', head)
            .filter_map(|at| head.get(at + 1..at + 1 + NAME.len()))
            .any(|name| name.eq_ignore_ascii_case(NAME))
    }
}

/// The bytes before the body.
fn head(bytes: &[u8]) -> &[u8] {
    memmem::find(bytes, END).map_or(bytes, |end| &bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &[u8]) -> RawHead {
        let head = RawHead::default();
        let (first, second) = bytes.split_at(bytes.len() / 2);
        head.add(first);
        head.add(second);
        head
    }

    #[test]
    fn a_bare_line_end_is_seen_in_the_head_only() {
        assert!(!raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\na\nbody\n").has_bare_line_end());
        for bad in [
            b"GET / HTTP/1.1\nHost: a\r\n\r\n".as_slice(),
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\n\n",
            b"\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(raw(bad).has_bare_line_end(), "{bad:?}");
        }
    }

    #[test]
    fn the_rest_of_a_body_that_nobody_read_is_not_taken_for_a_head() {
        let head = raw(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n");
        head.end(true);
        head.add(b"{\n}\n");
        assert!(!head.has_bare_line_end());
        head.end(false);
        head.add(b"GET / HTTP/1.1\n\n");
        assert!(head.has_bare_line_end());
    }

    #[test]
    fn a_line_whose_beginning_came_with_the_head_before_is_not_bare() {
        for (before, elsewhere) in [("GET /2 HTTP/1.1\r", false), ("", true)] {
            let head = RawHead::default();
            head.add(format!("GET /1 HTTP/1.1\r\n\r\n{before}").as_bytes());
            head.end(false);
            if elsewhere {
                head.read_elsewhere();
            }
            head.add(b"\nHost: a\r\n\r\n");
            assert!(!head.has_bare_line_end());
            head.end(false);
            head.add(b"\nGET /3 HTTP/1.1\r\n\r\n");
            assert!(head.has_bare_line_end(), "that came by itself");
        }
    }

    #[test]
    fn names_are_known_as_they_were_spelt_until_the_next_head() {
        let head = raw(b"GET / HTTP/1.1\r\nHost: a\r\ntEsT-x: 1\r\n\r\n");
        head.end(false);
        assert_eq!(head.spellings(), ["Host", "tEsT-x"]);
        assert!(!head.has_length() && !head.has_bare_line_end());
        head.end(false);
        assert!(head.spellings().is_empty(), "of a head that did not come by itself nothing is known");
        head.add(b"GET / HTTP/1.1\r\nB: 1\r\n\r\n");
        assert_eq!(head.spellings(), ["B"]);
    }

    #[test]
    fn after_a_body_that_was_read_a_head_is_judged_again() {
        let head = RawHead::default();
        head.end(true);
        head.body_ended();
        head.add(b"GET / HTTP/1.1\n\n");
        assert!(head.has_bare_line_end());
    }

    #[test]
    fn a_length_is_seen_in_the_head_only_however_it_is_spelt() {
        assert!(raw(b"POST / HTTP/1.1\r\ncontent-LENGTH: 5\r\n\r\n").has_length());
        assert!(!raw(b"POST / HTTP/1.1\r\nX: a\r\n\r\n\r\nContent-Length: 5").has_length());
        assert!(!raw(b"POST /content-length HTTP/1.1\r\n\r\n").has_length());
    }
}
