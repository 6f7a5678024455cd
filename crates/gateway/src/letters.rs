//! Sets of letters that a text may be made of.

/// Some of the letters of ASCII.
pub(crate) struct Letters([bool; 256]);

impl Letters {
    /// Letters, digits and some more.
    pub(crate) const fn alphanumeric_and(more: &[u8]) -> Self {
        let (mut included, mut byte) = ([false; 256], 0);
        while byte < 256 {
            included[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        let mut index = 0;
        while index < more.len() {
            included[more[index] as usize] = true;
            index += 1;
        }
        Self(included)
    }

    #[inline]
    pub(crate) fn include(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// Whether all of a text is made of them.
    #[inline]
    pub(crate) fn include_all(&self, text: &[u8]) -> bool {
        // Without leaving early: that would take a branch for each.
        text.iter().fold(true, |all, byte| all & self.include(*byte))
    }

    /// How many of them come first in a text.
    #[inline]
    pub(crate) fn count_first(&self, text: &[u8]) -> usize {
        text.iter().position(|byte| !self.include(*byte)).unwrap_or(text.len())
    }
}
