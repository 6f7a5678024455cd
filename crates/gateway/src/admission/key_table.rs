//! Every API key that may call, by the digest of its value.
//!
//! Keys are added and removed one at a time while calls look others up; nothing is rebuilt and nobody waits. A key in
//! one plan, as nearly all are, lies in the counter of that plan, so that a call that finds the one has the other.
//!
//! The index knows where each key lies. Most lie where a hint says that follows from the value sooner than its digest, so
//! that memory is waited for once and meanwhile, and not for the index and then for the counter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use smallvec::SmallVec;
use tollgate_domain::{ApiKeyId, KeyDigest, KeyDigester, KeyHint, UsagePlanId};

use super::counter::{Counter, CounterAt, CounterId, Owner, SplitDigest};
use super::counters::Counters;
use super::index::{CellsInForce, Index};
use super::plan_names::PlanTag;

/// The plans of a caller; nearly always one.
pub(crate) type Plans = SmallVec<[UsagePlanId; 1]>;

/// The table.
#[derive(Debug)]
pub(super) struct KeyTable {
    digester: KeyDigester,
    /// Where keys lie among the counters.
    digests: Index,
    /// The plans of keys that are not in exactly one.
    several: papaya::HashMap<ApiKeyId, Arc<[UsagePlanId]>, RandomState>,
    /// Counts what may make a lookup miss a key that moves meanwhile.
    moves: AtomicU64,
    writer: Mutex<()>,
}

/// Who is calling: an enabled key that exists.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key's id.
    pub id: ApiKeyId,
    plans: Plans,
    /// Its counter, if it is in one plan only.
    counter: Option<CounterAt>,
}

impl Caller {
    /// The plans that the key is in.
    pub fn plans(&self) -> &[UsagePlanId] {
        &self.plans
    }

    /// Where its counter was found, if it is the one of this id.
    pub(super) fn counter(&self, id: CounterId) -> Option<CounterAt> {
        self.counter.filter(|_| self.id == id.key && self.plans.first() == Some(&id.plan))
    }
}

/// The value of a key whose state is on its way to the processor.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    value: &'a [u8],
    hint: KeyHint,
}

/// Where a key lies.
struct Home<'a> {
    at: CounterAt,
    owner: Owner,
    counter: &'a Counter,
}

impl<'a> Home<'a> {
    /// A place, if the key of a digest lies there.
    #[inline]
    fn of(place: u32, digest: &SplitDigest, counters: &'a Counters) -> Option<Self> {
        let counter = counters.at(place)?;
        let (tenant, owner) = counter.owner_with(digest)?;
        Some(Self { at: CounterAt { place, tenant }, owner, counter })
    }
}

impl KeyTable {
    pub(super) fn new(digester: KeyDigester) -> Self {
        Self {
            digester,
            digests: Index::new(),
            several: papaya::HashMap::default(),
            moves: AtomicU64::new(0),
            writer: Mutex::new(()),
        }
    }

    /// What threads that look for many callers find them by.
    pub(super) fn in_force(&self) -> CellsInForce {
        self.digests.in_force()
    }

    /// Has the processor fetch what is known of who holds `value`.
    #[inline]
    pub(super) fn expect<'v>(&self, value: &'v [u8], counters: &Counters) -> Expected<'v> {
        let hint = self.digester.hint(value);
        counters.prefetch(hint);
        Expected { value, hint }
    }

    /// Finds the caller who holds a value, or says under what it would be stored.
    pub(super) fn find(
        &self,
        expected: Expected<'_>,
        counters: &Counters,
        in_force: &mut CellsInForce,
    ) -> Result<Caller, KeyDigest> {
        let whole = self.digester.digest(expected.value);
        let digest = SplitDigest::from(whole);
        loop {
            let moves = self.moves.load(Ordering::Acquire);
            let at = |place| self.caller(&Home::of(place, &digest, counters)?, counters);
            // A key that moves at this moment may be met where it lay before; then the index says where it lies.
            let guessed = counters.guesses(expected.hint).into_iter().find_map(at);
            let found = guessed.or_else(|| in_force.load().find(digest.hash, at));
            if found.is_some() || self.moves.load(Ordering::Acquire) == moves {
                return found.ok_or(whole);
            }
        }
    }

    /// Where the key of a digest lies. A key that moves at this moment may be missed.
    fn home<'a>(&self, digest: &SplitDigest, counters: &'a Counters) -> Option<Home<'a>> {
        self.digests.find(digest.hash, |place| Home::of(place, digest, counters))
    }

    /// The caller whose key lies there; `None` when it has moved.
    fn caller(&self, home: &Home<'_>, counters: &Counters) -> Option<Caller> {
        let Home { at, owner: Owner { plan, key: id }, .. } = *home;
        let (plans, counter) = match plan {
            PlanTag::NONE => (Plans::new(), None),
            PlanTag::SEVERAL => (Plans::from_slice(self.several.pin().get(&id)?), None),
            plan => (Plans::from_buf([counters.plans.plan(plan)?]), Some(at)),
        };
        Some(Caller { id, plans, counter })
    }

    /// Adds or replaces a key. The next call sees it. `None` when there is no room for another.
    pub(super) fn put(
        &self,
        digest: KeyDigest,
        hint: KeyHint,
        key: ApiKeyId,
        plans: &[UsagePlanId],
        counters: &Counters,
    ) -> Option<()> {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = SplitDigest::from(digest);
        let old = self.home(&digest, counters);
        let plan = match plans {
            [] => PlanTag::NONE,
            [plan] => counters.plans.tag_or_make(*plan)?,
            _ => self.put_several(key, plans, counters)?,
        };
        let (at, was_kept) = counters.keep_near(&Owner { plan, key }, hint)?;
        if old.as_ref().is_none_or(|old| old.at.place != at.place) {
            // A key has one value: by another it is found no more.
            if was_kept && old.as_ref().is_none_or(|old| old.owner.key != key) {
                self.digests.hashes_of(at.place).into_iter().for_each(|hash| self.digests.remove(hash, at.place));
            }
            counters.at(at.place)?.set_digest(&digest);
            match &old {
                Some(old) => self.digests.replace(digest.hash, old.at.place, at.place),
                None => self.digests.insert(digest.hash, at.place),
            }
            self.moves.fetch_add(1, Ordering::Release);
            old.iter().for_each(|old| self.leave(old, key, plans, counters));
        }
        Some(())
    }

    /// Notes the plans of a key that is in several, and keeps its counters. `None` when there is no room for another.
    fn put_several(&self, key: ApiKeyId, plans: &[UsagePlanId], counters: &Counters) -> Option<PlanTag> {
        for plan in plans {
            counters.keep(&Owner { plan: counters.plans.tag_or_make(*plan)?, key })?;
        }
        let before = self.several.pin().insert(key, plans.into()).map(Arc::clone);
        let gone = before.iter().flat_map(|before| before.iter()).filter(|plan| !plans.contains(plan));
        gone.for_each(|plan| keep_no_more(CounterId { plan: *plan, key }, counters));
        Some(PlanTag::SEVERAL)
    }

    /// Lets go of where a key lay, which is `key` now, in `plans`.
    fn leave(&self, old: &Home<'_>, key: ApiKeyId, plans: &[UsagePlanId], counters: &Counters) {
        old.counter.clear_digest();
        let stays = |plan: &UsagePlanId| old.owner.key == key && plans.contains(plan);
        if old.owner.plan == PlanTag::SEVERAL {
            let before = self.several.pin().remove(&old.owner.key).map(Arc::clone);
            let gone = before.iter().flat_map(|before| before.iter()).filter(|plan| !stays(plan));
            gone.for_each(|plan| keep_no_more(CounterId { plan: *plan, key: old.owner.key }, counters));
        }
        if !counters.plans.plan(old.owner.plan).is_some_and(|plan| stays(&plan)) {
            old.counter.tenancy.keep(false);
        }
    }

    /// Removes a key. The next call is refused.
    pub(super) fn remove(&self, digest: &KeyDigest, counters: &Counters) {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = SplitDigest::from(*digest);
        if let Some(home) = self.home(&digest, counters) {
            self.digests.remove(digest.hash, home.at.place);
            self.leave(&home, home.owner.key, &[], counters);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.digests.len()
    }
}

fn keep_no_more(id: CounterId, counters: &Counters) {
    if let Some(counter) = counters.find(id).and_then(|at| counters.at(at.place)) {
        counter.tenancy.keep(false);
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{Day, Ticks};

    use super::*;

    struct Bench {
        digester: KeyDigester,
        counters: Counters,
        keys: KeyTable,
        /// Kept from one lookup to the next, as a thread does.
        in_force: Mutex<CellsInForce>,
    }

    fn plan(name: &str) -> UsagePlanId {
        UsagePlanId::parse(name).expect("an id")
    }

    fn key(name: &str) -> ApiKeyId {
        ApiKeyId::parse(name).expect("an id")
    }

    impl Bench {
        fn new() -> Self {
            let digester = KeyDigester::new([9; 32]);
            let keys = KeyTable::new(digester.clone());
            Self { in_force: Mutex::new(keys.in_force()), keys, counters: Counters::new(), digester }
        }

        fn put(&self, value: &str, id: &str, plans: &[&str]) {
            self.put_near(self.digester.hint(value.as_bytes()), value, id, plans);
        }

        fn put_near(&self, hint: KeyHint, value: &str, id: &str, plans: &[&str]) {
            let plans: Vec<_> = plans.iter().map(|name| plan(name)).collect();
            let digest = self.digester.digest(value.as_bytes());
            self.keys.put(digest, hint, key(id), &plans, &self.counters).expect("there is room");
        }

        fn remove(&self, value: &str) {
            self.keys.remove(&self.digester.digest(value.as_bytes()), &self.counters);
        }

        fn find(&self, value: &str) -> Option<Caller> {
            let expected = self.keys.expect(value.as_bytes(), &self.counters);
            self.keys.find(expected, &self.counters, &mut self.in_force.lock().expect("no panic")).ok()
        }

        fn plans(&self, value: &str) -> Option<Vec<String>> {
            self.find(value).map(|caller| caller.plans().iter().map(ToString::to_string).collect())
        }

        /// Counts a call of a key, without reporting it.
        fn count(&self, plan_name: &str, id: &str) {
            let counter = self.counters.hold_or_make(CounterId { plan: plan(plan_name), key: key(id) });
            let _ = counter.expect("there is room").meter.count(Day(1));
        }

        fn has_counted(&self, plan_name: &str, id: &str) -> bool {
            let at = self.counters.find(CounterId { plan: plan(plan_name), key: key(id) });
            at.and_then(|at| self.counters.at(at.place)).is_some_and(|counter| !counter.meter.is_empty())
        }

        fn forget_all(&self) -> usize {
            let all: Vec<_> = self.counters.iter().map(|(place, ..)| place).collect();
            all.iter().for_each(|place| self.counters.forget(*place, Ticks(0)));
            all.len() - self.counters.iter().count()
        }
    }

    #[test]
    fn a_removed_key_is_unknown_at_once() {
        let bench = Bench::new();
        bench.put("secret", "key1", &["plan"]);
        let caller = bench.find("secret").expect("it is there");
        assert_eq!((caller.id, caller.plans()), (key("key1"), &[plan("plan")][..]));
        assert!(bench.find("Secret").is_none());
        bench.remove("secret");
        assert!(bench.find("secret").is_none());
    }

    #[test]
    fn a_key_is_found_wherever_it_lies() {
        let bench = Bench::new();
        let elsewhere = |value: &str| KeyHint(!bench.digester.hint(value.as_bytes()).0);
        for number in 0..2000 {
            let (value, id) = (format!("secret {number}"), format!("key{number}"));
            match number % 2 {
                0 => bench.put(&value, &id, &["plan"]),
                _ => bench.put_near(elsewhere(&value), &value, &id, &["plan"]),
            }
        }
        for number in 0..2000 {
            let caller = bench.find(&format!("secret {number}")).expect("it is there");
            assert_eq!(caller.id, key(&format!("key{number}")));
        }
        (0..2000).for_each(|number| bench.remove(&format!("secret {number}")));
        assert!((0..2000).all(|number| bench.find(&format!("secret {number}")).is_none()));
    }

    #[test]
    fn a_key_that_moves_is_found_at_every_moment_and_a_removed_one_never() {
        let bench = Bench::new();
        bench.put("secret", "key1", &["a"]);
        std::thread::scope(|scope| {
            let moving = scope.spawn(|| {
                for round in 0..2000 {
                    bench.put("secret", "key1", [&["a"][..], &["a", "b"], &["b"], &[]][round % 4]);
                    bench.forget_all();
                    // Its place may be another's, and be its own again.
                    bench.put_near(bench.digester.hint(b"secret"), "other", "key2", &["a"]);
                    bench.remove("other");
                    assert!(bench.find("other").is_none());
                }
            });
            while !moving.is_finished() {
                assert_eq!(bench.find("secret").map(|caller| caller.id), Some(key("key1")));
            }
        });
    }

    #[test]
    fn a_key_that_has_just_moved_is_found_though_it_is_met_where_it_was() {
        let bench = Bench::new();
        bench.put("secret", "key1", &["a", "b"]);
        let digest = SplitDigest::from(bench.digester.digest(b"secret"));
        let was = bench.keys.home(&digest, &bench.counters).expect("it is there").counter;
        bench.put("secret", "key1", &["b"]);
        // As who read it a moment before saw it.
        was.set_digest(&digest);
        assert_eq!(bench.plans("secret"), Some(vec!["b".to_owned()]));
    }

    #[test]
    fn a_key_that_moves_between_plans_is_in_those_that_it_was_put_in_last() {
        let bench = Bench::new();
        let lists: [&[&str]; 8] = [&["a"], &["a", "b"], &["b", "c"], &["b"], &[], &["a", "b", "c"], &["c"], &["c"]];
        for plans in lists {
            bench.put("secret", "key1", plans);
            let found: Vec<_> = bench.plans("secret").expect("it is there");
            assert_eq!(found, plans);
            assert_eq!(bench.keys.len(), 1);
            bench.forget_all();
            assert_eq!(bench.plans("secret").as_deref(), Some(&found[..]), "what is in use is not forgotten");
        }
        bench.remove("secret");
        bench.forget_all();
        assert_eq!(bench.counters.iter().count(), 0, "what is in use no more is forgotten");
    }

    #[test]
    fn a_counter_outlives_its_key_and_is_found_by_it_again() {
        let bench = Bench::new();
        bench.put("secret", "key1", &["a"]);
        bench.count("a", "key1");
        bench.remove("secret");
        bench.forget_all();
        assert!(bench.has_counted("a", "key1"));
        bench.put("secret", "key1", &["a", "b"]);
        bench.put("secret", "key1", &["a"]);
        assert!(bench.has_counted("a", "key1"));
    }

    #[test]
    fn a_call_that_found_a_key_before_it_was_forgotten_counts_for_no_other() {
        let bench = Bench::new();
        bench.put("secret", "key1", &["a"]);
        let id = CounterId { plan: plan("a"), key: key("key1") };
        let at = bench.find("secret").and_then(|caller| caller.counter(id)).expect("it is in one plan");
        let held = bench.counters.hold(at).expect("it is there");
        bench.remove("secret");
        assert_eq!(bench.forget_all(), 0, "a call holds it");
        drop(held);
        assert_eq!(bench.forget_all(), 1);
        bench.put_near(bench.digester.hint(b"secret"), "other", "key2", &["a"]);
        let other = CounterId { plan: plan("a"), key: key("key2") };
        assert_eq!(bench.counters.find(other).map(|other| other.place), Some(at.place), "the place is used again");
        assert!(bench.counters.hold(at).is_none());
    }

    #[test]
    fn a_key_is_found_by_the_value_that_it_was_put_with_last() {
        let bench = Bench::new();
        for plans in [&["a"][..], &["a", "b"], &[]] {
            bench.put("old", "key1", plans);
            bench.put("new", "key1", plans);
            assert!(bench.find("old").is_none());
            bench.remove("old");
            assert_eq!(bench.plans("new").expect("it is there"), plans);
            bench.remove("new");
        }
    }
}
