//! The counters of this node, in one table: found by (plan, key), and kept where they are.
//!
//! A call that finds its counter takes no lock. A counter that is held by a call is not forgotten, so that no call
//! counts for another key.

use std::hash::BuildHasher;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use tollgate_domain::Ticks;

use super::chunks::Chunks;
use super::counter::{Counter, CounterAt, CounterId, Owner};
use super::index::Index;
use super::plan_names::PlanNames;

/// The table.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) plans: PlanNames,
    places: Chunks<Counter, 10>,
    /// Places by owner.
    owners: Index,
    hasher: RandomState,
    /// A bit for each place whose meter has calls that the ledger does not know.
    unreported: Chunks<AtomicU64, 8>,
    vacancies: Mutex<Vacancies>,
    /// How many places were ever used.
    used: AtomicU32,
}

/// Where nobody lives.
#[derive(Debug, Default)]
struct Vacancies {
    /// Places that were left.
    left: Vec<u32>,
    /// The first place that was never used.
    next: u32,
}

/// A counter that stays whose it is until this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    counter: &'a Counter,
    pub(super) place: u32,
}

impl Deref for Held<'_> {
    type Target = Counter;

    fn deref(&self) -> &Counter {
        self.counter
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.counter.tenancy.let_go();
    }
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            plans: PlanNames::new(),
            places: Chunks::new(),
            owners: Index::new(),
            hasher: RandomState::default(),
            unreported: Chunks::new(),
            vacancies: Mutex::default(),
            used: AtomicU32::new(0),
        }
    }

    /// The counter at a place, whoever's it is.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<&Counter> {
        self.places.get(place)
    }

    /// Whose the counter at a place is.
    pub(super) fn id_at(&self, place: u32) -> Option<CounterId> {
        let (_, owner) = self.at(place)?.owner()?;
        Some(CounterId { plan: self.plans.plan(owner.plan)?, key: owner.key })
    }

    /// All counters that are somebody's.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Owner, &Counter)> {
        let used = self.used.load(Ordering::Acquire) as usize;
        let places = self.places.iter().take(used);
        places.filter_map(|(place, counter)| counter.owner().map(|(_, owner)| (place, owner, counter)))
    }

    /// Finds a counter.
    pub(super) fn find(&self, id: CounterId) -> Option<CounterAt> {
        self.find_owned(&Owner { plan: self.plans.tag(id.plan)?, key: id.key })
    }

    fn find_owned(&self, owner: &Owner) -> Option<CounterAt> {
        self.owners.find(self.hash(owner), |place| {
            let (tenant, found) = self.at(place)?.owner()?;
            (found == *owner).then_some(CounterAt { place, tenant })
        })
    }

    /// Holds a counter that was found, unless it was forgotten since.
    #[inline]
    pub(super) fn hold(&self, CounterAt { place, tenant }: CounterAt) -> Option<Held<'_>> {
        let counter = self.at(place)?;
        counter.tenancy.hold(tenant).then_some(Held { counter, place })
    }

    /// Holds a counter, which is made if need be: for a key that was removed while its call was on its way. `None` when
    /// there is no room for another.
    pub(super) fn hold_or_make(&self, id: CounterId) -> Option<Held<'_>> {
        let owner = Owner { plan: self.plans.tag_or_make(id.plan)?, key: id.key };
        loop {
            let at = self.find_owned(&owner).or_else(|| self.find_or_make(&owner))?;
            if let Some(held) = self.hold(at) {
                return Some(held);
            }
        }
    }

    /// Finds a counter, or makes it. `None` when there is no room for another.
    fn find_or_make(&self, owner: &Owner) -> Option<CounterAt> {
        self.find_or_make_in(&mut self.lock(), owner)
    }

    /// Finds a counter, or makes it, and has it stay until it is said to be kept no more. Says whether it was to stay
    /// before. `None` when there is no room for another.
    pub(super) fn keep(&self, owner: &Owner) -> Option<(CounterAt, bool)> {
        let mut vacancies = self.lock();
        let at = self.find_or_make_in(&mut vacancies, owner)?;
        let tenancy = &self.at(at.place)?.tenancy;
        let was_kept = tenancy.is_kept();
        tenancy.keep(true);
        Some((at, was_kept))
    }

    fn find_or_make_in(&self, vacancies: &mut Vacancies, owner: &Owner) -> Option<CounterAt> {
        if let Some(found) = self.find_owned(owner) {
            return Some(found);
        }
        let at = self.make(vacancies, owner)?;
        self.owners.insert(self.hash(owner), at.place);
        Some(at)
    }

    fn make(&self, vacancies: &mut Vacancies, owner: &Owner) -> Option<CounterAt> {
        let place = match vacancies.left.pop() {
            Some(place) => place,
            None => {
                self.places.get_or_make(vacancies.next)?;
                self.unreported.get_or_make(vacancies.next / u64::BITS)?;
                vacancies.next += 1;
                self.used.store(vacancies.next, Ordering::Release);
                vacancies.next - 1
            }
        };
        let tenant = self.at(place)?.give_to(owner);
        Some(CounterAt { place, tenant })
    }

    /// Forgets a counter that holds nothing and is neither held nor kept. Only one thread may do so.
    pub(super) fn forget(&self, place: u32, now: Ticks) {
        let Some(counter) = self.at(place).filter(|it| !it.tenancy.is_kept() && it.is_empty(now)) else { return };
        let mut vacancies = self.lock();
        let Some((_, owner)) = counter.owner().filter(|_| counter.tenancy.move_out()) else { return };
        if counter.is_empty(now) {
            self.owners.remove(self.hash(&owner), place);
            vacancies.left.push(place);
        } else {
            // A call came and went in between.
            counter.tenancy.move_in();
        }
    }

    /// Notes that the meter of a counter has calls to report.
    pub(super) fn to_report(&self, place: u32) {
        if let Some(word) = self.unreported.get(place / u64::BITS) {
            word.fetch_or(1 << (place % u64::BITS), Ordering::AcqRel);
        }
    }

    /// The places whose meters have calls to report, once each.
    pub(super) fn take_unreported(&self) -> impl Iterator<Item = u32> {
        let words = self.used.load(Ordering::Acquire).div_ceil(u64::BITS) as usize;
        let marked = self.unreported.iter().take(words).filter(|(_, word)| word.load(Ordering::Relaxed) != 0);
        marked.flat_map(|(index, word)| {
            let bits = word.swap(0, Ordering::AcqRel);
            (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| index * u64::BITS + bit)
        })
    }

    fn hash(&self, owner: &Owner) -> u32 {
        (self.hasher.hash_one((owner.plan, owner.key.to_words())) >> 32) as u32
    }

    fn lock(&self) -> MutexGuard<'_, Vacancies> {
        self.vacancies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
