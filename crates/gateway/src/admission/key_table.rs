//! Every API key that may call, by the digest of its value.
//!
//! Keys are added and removed one at a time while calls look others up; nothing is rebuilt and nobody waits.

use std::hash::{BuildHasherDefault, Hasher};

use smallvec::SmallVec;
use tollgate_domain::{ApiKeyId, KeyDigest, KeyDigester, UsagePlanId};

/// The plans of a caller; nearly always one.
pub(crate) type Plans = SmallVec<[UsagePlanId; 2]>;

/// The table.
#[derive(Debug)]
pub(crate) struct KeyTable {
    digester: KeyDigester,
    entries: papaya::HashMap<KeyDigest, Entry, BuildHasherDefault<DigestHasher>>,
}

/// What a call needs to know of a key: 64 bytes with its digest, so that millions fit.
#[derive(Clone, Debug)]
struct Entry {
    id: ApiKeyId,
    plans: StoredPlans,
}

#[derive(Clone, Debug)]
enum StoredPlans {
    One(UsagePlanId),
    Many(Box<[UsagePlanId]>),
}

/// Who is calling: an enabled key that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key's id.
    pub id: ApiKeyId,
    plans: Plans,
}

impl Caller {
    /// The plans that the key is in.
    pub fn plans(&self) -> &[UsagePlanId] {
        &self.plans
    }
}

impl KeyTable {
    pub(crate) fn new(digester: KeyDigester) -> Self {
        Self { digester, entries: papaya::HashMap::default() }
    }

    /// Finds the caller who holds `value`.
    pub(crate) fn find(&self, value: &[u8]) -> Option<Caller> {
        let digest = self.digester.digest(value);
        let entries = self.entries.pin();
        let entry = entries.get(&digest)?;
        let plans = match &entry.plans {
            StoredPlans::One(plan) => Plans::from_slice(&[*plan]),
            StoredPlans::Many(plans) => Plans::from_slice(plans),
        };
        Some(Caller { id: entry.id, plans })
    }

    /// The digest of a value.
    pub(crate) fn digest_of(&self, value: &[u8]) -> KeyDigest {
        self.digester.digest(value)
    }

    /// Adds or replaces a key. The next call sees it.
    pub(crate) fn put(&self, digest: KeyDigest, id: ApiKeyId, plans: &[UsagePlanId]) {
        let plans = match plans {
            [plan] => StoredPlans::One(*plan),
            _ => StoredPlans::Many(plans.into()),
        };
        self.entries.pin().insert(digest, Entry { id, plans });
    }

    /// Removes a key. The next call is refused.
    pub(crate) fn remove(&self, digest: &KeyDigest) {
        self.entries.pin().remove(digest);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Takes the one word that a [`KeyDigest`] writes as the hash: it is even already.
#[derive(Debug, Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_key_is_unknown_at_once() {
        let digester = KeyDigester::new([9; 32]);
        let table = KeyTable::new(digester.clone());
        let id = ApiKeyId::parse("key1").expect("an id");
        let plan = UsagePlanId::parse("plan").expect("an id");
        let digest = digester.digest(b"secret");
        table.put(digest, id, &[plan]);
        assert_eq!(table.find(b"secret").map(|caller| (caller.id, caller.plans().to_vec())), Some((id, vec![plan])));
        assert_eq!(table.find(b"Secret"), None);
        table.remove(&digest);
        assert_eq!(table.find(b"secret"), None);
    }

    #[test]
    fn an_entry_with_its_digest_stays_within_64_bytes() {
        assert!(size_of::<Entry>() + size_of::<KeyDigest>() <= 64);
    }
}
