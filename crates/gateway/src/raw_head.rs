//! A head as it was sent, for what hyper's reading hides.
//!
//! hyper takes a line that ends without a carriage return, and drops a length that stands beside a transfer coding.
//! Either is harmless here, since requests are framed anew; but such a head has two readings, and whoever sends it
//! hopes that somebody takes the other one.

use std::cell::RefCell;

use memchr::{memchr_iter, memmem};

/// The bytes of one head, as far as they came by themselves: of a call that was sent before the last one was answered,
/// nothing or only the end is known, and nothing is said about the rest.
#[derive(Debug, Default)]
pub(crate) struct RawHead(RefCell<Vec<u8>>);

impl RawHead {
    /// Adds what was read. Heads are bounded by the caller.
    pub(crate) fn add(&self, bytes: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bytes);
    }

    /// Forgets the head.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Whether a line ends without a carriage return.
    pub(crate) fn has_bare_line_end(&self) -> bool {
        let bytes = self.0.borrow();
        let head = head(&bytes);
        memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r')
    }

    /// Whether a length is named.
    pub(crate) fn has_length(&self) -> bool {
        const NAME: &[u8] = b"content-length";
        let bytes = self.0.borrow();
        let head = head(&bytes);
        memchr_iter(b'\n', head)
            .filter_map(|at| head.get(at + 1..at + 1 + NAME.len()))
            .any(|name| name.eq_ignore_ascii_case(NAME))
    }
}

/// The bytes before the body.
fn head(bytes: &[u8]) -> &[u8] {
    memmem::find(bytes, b"\r\n\r\n").map_or(bytes, |end| &bytes[..end])
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
    fn a_length_is_seen_in_the_head_only_however_it_is_spelt() {
        assert!(raw(b"POST / HTTP/1.1\r\ncontent-LENGTH: 5\r\n\r\n").has_length());
        assert!(!raw(b"POST / HTTP/1.1\r\nX: a\r\n\r\n\r\nContent-Length: 5").has_length());
        assert!(!raw(b"POST /content-length HTTP/1.1\r\n\r\n").has_length());
    }
}
