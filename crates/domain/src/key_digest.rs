//! Key values are looked up by keyed digest, so that neither a table in memory nor one on disk holds them.

use std::fmt;
use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

/// The keyed digest of a key's value. Equal digests are equal values, but for a chance of 2⁻¹²⁸.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; 16]);

impl KeyDigest {
    /// A digest that was stored.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The digest as it is stored.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq::constant_time_eq_16(&self.0, &other.0)
    }
}

impl Eq for KeyDigest {}

impl Hash for KeyDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The digest is even already: eight of its bytes are a hash.
        state.write_u64(u64::from_le_bytes(self.0[..8].try_into().expect("sixteen bytes hold eight")));
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

/// A number that follows from a key's value sooner than its digest: where its state is likely to lie in memory, so that
/// it can be fetched from there while the digest is made. Values may share one. It is stored in the nonce of the sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHint(pub u64);

/// Makes digests under one secret (BLAKE3 in keyed mode).
#[derive(Clone)]
pub struct KeyDigester {
    secret: [u8; 32],
    /// Makes hints under another, so that nobody can choose values that lie in the same place.
    hinting: SipHasher13,
}

impl KeyDigester {
    /// Digests under `secret`; another secret gives other digests.
    pub fn new(secret: [u8; 32]) -> Self {
        let hinting = blake3::derive_key("tollgate 2026-11 place API keys in memory", &secret);
        let hinting = SipHasher13::new_with_key(hinting.first_chunk().expect("32 bytes begin with 16"));
        Self { secret, hinting }
    }

    /// Where the state of a key with this value is likely to lie.
    #[inline]
    pub fn hint(&self, value: &[u8]) -> KeyHint {
        KeyHint(self.hinting.hash(value))
    }

    /// The digest of a key's value.
    pub fn digest(&self, value: &[u8]) -> KeyDigest {
        let hash = blake3::keyed_hash(&self.secret, value);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        KeyDigest(digest)
    }
}

impl fmt::Debug for KeyDigester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigester(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_value_and_on_the_secret() {
        let (a, b) = (KeyDigester::new([1; 32]), KeyDigester::new([2; 32]));
        assert_eq!(a.digest(b"value"), a.digest(b"value"));
        assert_ne!(a.digest(b"value"), a.digest(b"valuf"));
        assert_ne!(a.digest(b"value"), b.digest(b"value"));
        assert_eq!(a.hint(b"value"), a.hint(b"value"));
        assert_ne!(a.hint(b"value"), a.hint(b"valuf"));
        assert_ne!(a.hint(b"value"), b.hint(b"value"));
        assert_eq!(a.hint(b"value"), KeyHint(13_045_627_047_527_108_558), "it is stored, so it stays as it is");
        assert!(!format!("{a:?}{:?}", a.digest(b"value")).contains('1'));
    }
}
