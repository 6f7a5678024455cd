//! Identifiers in AWS's forms, and the one place that reads randomness to make them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

const SHORT_ID_MAX: usize = 15;
const LOWER_ALNUM: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED_ALNUM: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Text that is no id: empty, or longer than this kind of id can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// At most 15 ASCII characters, held in place: millions of these sit in memory, and a call copies several.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name { bytes: [u8; SHORT_ID_MAX], len: u8 }

        impl $name {
            /// Takes text as an id; text from outside that can't be one is refused.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                if text.is_empty() || text.len() > SHORT_ID_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err(NotAnId);
                }
                let mut bytes = [0; SHORT_ID_MAX];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Ok(Self { bytes, len: u8::try_from(text.len()).map_err(|_| NotAnId)? })
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("an id is ASCII")
            }

            /// The id in two words, for tables of atomics.
            pub fn to_words(self) -> [u64; 2] {
                let [mut low, mut high] = [[0; 8]; 2];
                low.copy_from_slice(&self.bytes[..8]);
                high[..7].copy_from_slice(&self.bytes[8..]);
                high[7] = self.len;
                [u64::from_le_bytes(low), u64::from_le_bytes(high)]
            }

            /// The id that is in two words; `None` when they were not made by [`Self::to_words`].
            pub fn from_words([low, high]: [u64; 2]) -> Option<Self> {
                let [low, high] = [low.to_le_bytes(), high.to_le_bytes()];
                let mut bytes = [0; SHORT_ID_MAX];
                bytes[..8].copy_from_slice(&low);
                bytes[8..].copy_from_slice(&high[..7]);
                let (len, text) = (high[7], bytes.get(..usize::from(high[7]))?);
                (!text.is_empty() && text.iter().all(u8::is_ascii_graphic)).then_some(Self { bytes, len })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(self.as_str(), f) }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.as_str().to_owned() }
        }
        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> { Self::parse(&text) }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes text as it is.
            pub fn new(text: impl Into<SmolStr>) -> Self { Self(text.into()) }

            /// The id as text.
            pub fn as_str(&self) -> &str { self.0.as_str() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(&self.0, f) }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { self.0.as_str() }
        }
    };
}

short_id!(
    /// Names an API key (ten lower-case letters and digits when made here). Not the key's value.
    ApiKeyId
);
short_id!(
    /// Names a usage plan (six lower-case letters and digits when made here).
    UsagePlanId
);
text_id!(
    /// Names a REST API. Case sensitive, as on AWS.
    RestApiId
);
text_id!(
    /// Names a resource within its API.
    ResourceId
);
text_id!(
    /// Names a deployment within its API.
    DeploymentId
);
text_id!(
    /// Names a stage within its API.
    StageName
);

/// Makes ids, key values and request ids.
#[derive(Debug)]
pub struct IdSource(Entropy);

#[derive(Debug)]
enum Entropy {
    System(Box<Mutex<Reserve>>),
    Seeded(AtomicU64),
}

/// Bytes of the operating system that nobody has had yet. To ask it for each id takes longer than to make the id.
struct Reserve {
    bytes: [u8; 1024],
    /// How many of them are left, at the front.
    left: usize,
}

impl fmt::Debug for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What comes next is a secret.
        f.debug_struct("Reserve").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Reserve {
    const EMPTY: Self = Self { bytes: [0; 1024], left: 0 };

    /// Hands out bytes, and forgets them.
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(self.bytes.len()) {
            if self.left < part.len() {
                getrandom::fill(&mut self.bytes).expect("the operating system gives random bytes");
                self.left = self.bytes.len();
            }
            let taken = &mut self.bytes[self.left - part.len()..self.left];
            part.copy_from_slice(taken);
            taken.fill(0);
            self.left -= part.len();
        }
    }
}

impl IdSource {
    /// Draws on the operating system's randomness.
    pub fn system() -> Self {
        Self(Entropy::System(Box::new(Mutex::new(Reserve::EMPTY))))
    }

    /// Draws the same sequence for the same seed; for tests only, since its values can be guessed.
    pub fn seeded(seed: u64) -> Self {
        Self(Entropy::Seeded(AtomicU64::new(seed)))
    }

    /// Fills `out` with random bytes.
    pub fn fill(&self, out: &mut [u8]) {
        match &self.0 {
            Entropy::System(reserve) => reserve.lock().unwrap_or_else(PoisonError::into_inner).fill(out),
            Entropy::Seeded(state) => {
                for chunk in out.chunks_mut(8) {
                    let word = split_mix(state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
                    chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// `len` characters drawn evenly from `alphabet`.
    fn text(&self, len: usize, alphabet: &[u8]) -> String {
        let usable = 256 - 256 % alphabet.len();
        let mut out = String::with_capacity(len);
        let mut bytes = [0u8; 64];
        while out.len() < len {
            self.fill(&mut bytes);
            let fresh = bytes.iter().map(|b| usize::from(*b)).filter(|b| *b < usable);
            out.extend(fresh.map(|b| char::from(alphabet[b % alphabet.len()])).take(len - out.len()));
        }
        out
    }

    /// An id of `len` lower-case letters and digits, AWS's form for everything that is made by the service.
    pub fn lower_alnum(&self, len: usize) -> String {
        self.text(len, LOWER_ALNUM)
    }

    /// A new API key id.
    pub fn api_key_id(&self) -> ApiKeyId {
        ApiKeyId::parse(&self.lower_alnum(10)).expect("ten letters and digits are an id")
    }

    /// A new usage plan id.
    pub fn usage_plan_id(&self) -> UsagePlanId {
        UsagePlanId::parse(&self.lower_alnum(6)).expect("six letters and digits are an id")
    }

    /// A new REST API id.
    pub fn rest_api_id(&self) -> RestApiId {
        RestApiId::new(self.lower_alnum(10))
    }

    /// A new id for the root resource of an API; AWS gives roots ten characters and children six.
    pub fn root_resource_id(&self) -> ResourceId {
        ResourceId::new(self.lower_alnum(10))
    }

    /// A new id for a resource below the root.
    pub fn resource_id(&self) -> ResourceId {
        ResourceId::new(self.lower_alnum(6))
    }

    /// A new deployment id.
    pub fn deployment_id(&self) -> DeploymentId {
        DeploymentId::new(self.lower_alnum(6))
    }

    /// A new id for a part of an API that only its API knows: a model, validator, authorizer or documentation part.
    pub fn part_id(&self) -> String {
        self.lower_alnum(6)
    }

    /// A new API key value: 40 letters and digits, 238 bits.
    pub fn api_key_value(&self) -> String {
        self.text(40, MIXED_ALNUM)
    }

    /// A random UUID (version 4), as AWS's request ids and revision ids are.
    pub fn uuid(&self) -> String {
        let (high, low) = (self.word() & !0xf000 | 0x4000, self.word() & !(0b11 << 62) | (0b10 << 62));
        let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }

    /// A random 64-bit word, to seed a faster generator with.
    pub fn word(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_forms_of_aws() {
        let ids = IdSource::seeded(7);
        let form = |text: &str, len: usize| {
            text.len() == len && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(form(ids.api_key_id().as_str(), 10));
        assert!(form(ids.usage_plan_id().as_str(), 6));
        assert!(form(ids.root_resource_id().as_str(), 10));
        assert_eq!(ids.api_key_value().len(), 40);
        assert_ne!(ids.api_key_value(), ids.api_key_value());
    }

    #[test]
    fn no_byte_of_the_system_is_handed_out_twice() {
        let ids = IdSource::system();
        let mut drawn = vec![0; 100 * 24 + 3000];
        let (short, long) = drawn.split_at_mut(100 * 24);
        short.chunks_mut(24).for_each(|nonce| ids.fill(nonce));
        ids.fill(long);
        let words: std::collections::HashSet<&[u8]> = drawn.chunks_exact(8).collect();
        assert_eq!(words.len(), drawn.len() / 8);
    }

    #[test]
    fn text_that_cannot_be_an_id_is_refused() {
        for bad in ["", "sixteen-chars-xx", "tab\t", "ü"] {
            assert_eq!(ApiKeyId::parse(bad), Err(NotAnId), "{bad:?}");
        }
        assert_eq!(ApiKeyId::parse("abc").map(|id| id.to_string()), Ok("abc".to_owned()));
        for good in ["a", "abcdefgh", "abcdefghijklmno"] {
            let id = ApiKeyId::parse(good).expect("an id");
            assert_eq!(ApiKeyId::from_words(id.to_words()), Some(id));
        }
        assert_eq!(ApiKeyId::from_words([0, 0]), None);
    }
}
