//! The end of what a function logged in one call.

use bytes::Bytes;

/// Bytes that are kept, as on Lambda.
const LIMIT: usize = 4 << 10;

/// The last 4 KB that were written to it.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(LIMIT)..];
        self.bytes.extend_from_slice(bytes);
        // Cut only now and then, so that each byte is moved at most once on average.
        if self.bytes.len() > 2 * LIMIT {
            self.cut();
        }
    }

    /// What was kept; nothing is kept afterwards.
    pub(crate) fn take(&mut self) -> Bytes {
        self.cut();
        std::mem::take(&mut self.bytes).into()
    }

    fn cut(&mut self) {
        let surplus = self.bytes.len().saturating_sub(LIMIT);
        self.bytes.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        for round in 0..100u8 {
            tail.push(&[round; 300]);
        }
        let kept = tail.take();
        assert_eq!((kept.len(), kept.first(), kept.last()), (LIMIT, Some(&86), Some(&99)));
        tail.push(&[7; 20_000]);
        assert_eq!(tail.take(), vec![7; LIMIT]);
        assert_eq!(tail.take(), Bytes::new());
    }
}
