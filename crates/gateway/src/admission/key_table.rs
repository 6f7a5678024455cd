//! Every API key that may call, by the digest of its value.
//!
//! Keys are added and removed one at a time while calls look others up; nothing is rebuilt and nobody waits.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use smallvec::SmallVec;
use tollgate_domain::{ApiKeyId, KeyDigest, KeyDigester, UsagePlanId};

use super::counter::{Counter, CounterId};

/// The plans of a caller; nearly always one.
pub(crate) type Plans = SmallVec<[UsagePlanId; 2]>;

/// The table.
#[derive(Debug)]
pub(crate) struct KeyTable {
    digester: KeyDigester,
    entries: papaya::HashMap<KeyDigest, Entry, BuildHasherDefault<DigestHasher>>,
}

/// What a call needs to know of a key: 64 bytes with its digest, so that millions fit.
#[derive(Debug)]
struct Entry {
    id: ApiKeyId,
    plans: StoredPlans,
}

#[derive(Debug)]
enum StoredPlans {
    One(Membership),
    Many(Box<[UsagePlanId]>),
}

/// The one plan of a key, and its counter once a call was made: whoever finds the key need not look for that.
#[derive(Debug)]
struct Membership {
    plan: UsagePlanId,
    counter: ArcSwapOption<Counter>,
}

impl Membership {
    /// The counter, which `find` knows if it is not remembered, or is forgotten by everybody else.
    fn counter(&self, key: ApiKeyId, find: impl FnOnce(CounterId) -> Arc<Counter>) -> Arc<Counter> {
        match self.counter.load_full() {
            Some(counter) if !counter.is_forgotten() => counter,
            _ => {
                let counter = find(CounterId { plan: self.plan, key });
                self.counter.store(Some(Arc::clone(&counter)));
                counter
            }
        }
    }
}

/// Who is calling: an enabled key that exists.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key's id.
    pub id: ApiKeyId,
    plans: Plans,
    /// Its counter, if it is in one plan only.
    pub(super) counter: Option<Arc<Counter>>,
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

    /// Finds the caller who holds `value`. `counter` finds, or makes, the counter of its plan.
    pub(crate) fn find(&self, value: &[u8], counter: impl FnOnce(CounterId) -> Arc<Counter>) -> Option<Caller> {
        let digest = self.digester.digest(value);
        let entries = self.entries.pin();
        let Entry { id, plans } = entries.get(&digest)?;
        Some(match plans {
            StoredPlans::One(membership) => Caller {
                id: *id,
                plans: Plans::from_slice(&[membership.plan]),
                counter: Some(membership.counter(*id, counter)),
            },
            StoredPlans::Many(plans) => Caller { id: *id, plans: Plans::from_slice(plans), counter: None },
        })
    }

    /// The digest of a value.
    pub(crate) fn digest_of(&self, value: &[u8]) -> KeyDigest {
        self.digester.digest(value)
    }

    /// Adds or replaces a key. The next call sees it.
    pub(crate) fn put(&self, digest: KeyDigest, id: ApiKeyId, plans: &[UsagePlanId]) {
        let plans = match plans {
            [plan] => StoredPlans::One(Membership { plan: *plan, counter: ArcSwapOption::empty() }),
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
        let find = |value: &[u8]| table.find(value, |id| Arc::new(Counter::new(id)));
        assert_eq!(find(b"secret").map(|caller| (caller.id, caller.plans().to_vec())), Some((id, vec![plan])));
        assert!(find(b"Secret").is_none());
        table.remove(&digest);
        assert!(find(b"secret").is_none());
    }

    #[test]
    fn a_counter_is_looked_for_once_until_it_is_forgotten() {
        let digester = KeyDigester::new([9; 32]);
        let table = KeyTable::new(digester.clone());
        let id = ApiKeyId::parse("key1").expect("an id");
        let plan = UsagePlanId::parse("plan").expect("an id");
        table.put(digester.digest(b"secret"), id, &[plan]);
        let fresh = |id| Arc::new(Counter::new(id));
        let counter = |find: &dyn Fn(CounterId) -> Arc<Counter>| {
            table.find(b"secret", find).and_then(|caller| caller.counter).expect("a counter")
        };
        let first = counter(&fresh);
        assert!(Arc::ptr_eq(&first, &counter(&|_| unreachable!("it is remembered"))));
        first.forget();
        assert!(!Arc::ptr_eq(&first, &counter(&fresh)));
    }

    #[test]
    fn an_entry_with_its_digest_stays_within_64_bytes() {
        assert!(size_of::<Entry>() + size_of::<KeyDigest>() <= 64);
    }
}
