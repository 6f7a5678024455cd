//! The counters of this node, in one table: found by (plan, key), and kept where they are.
//!
//! A call that finds its counter takes no lock. A counter that is held by a call is not forgotten, so that no call
//! counts for another key.

use std::hash::BuildHasher;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use tollgate_domain::{KeyHint, Ticks};

use super::chunks::Chunks;
use super::counter::{Counter, CounterAt, CounterId, Owner};
use super::index::Index;
use super::places::{Assigning, GUESSES, Places};
use super::plan_names::PlanNames;

/// The table.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) plans: PlanNames,
    places: Places,
    counters: Chunks<Counter, 10, 17>,
    /// Places by owner.
    owners: Index,
    hasher: RandomState,
    /// A bit for each place whose meter has calls that the ledger does not know.
    unreported: Chunks<AtomicU64, 4, 11>,
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
            places: Places::new(),
            counters: Chunks::new(),
            owners: Index::new(),
            hasher: RandomState::default(),
            unreported: Chunks::new(),
        }
    }

    /// The counter at a place, whoever's it is.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<&Counter> {
        self.counters.get(place)
    }

    /// Where the counter that was made with this hint is likely to be.
    #[inline]
    pub(super) fn guesses(&self, hint: KeyHint) -> [u32; GUESSES] {
        self.places.guesses(hint)
    }

    /// Has the processor fetch what is there, while other things are done.
    #[inline]
    pub(super) fn prefetch(&self, hint: KeyHint) {
        for place in self.guesses(hint) {
            if let Some(counter) = self.at(place) {
                counter.prefetch();
            }
        }
    }

    /// Makes room for so many counters, so that most will be where their hints say.
    pub(super) fn expect(&self, counters: u32) {
        self.places.assign().make_room_for(counters);
    }

    /// Whose the counter at a place is.
    pub(super) fn id_at(&self, place: u32) -> Option<CounterId> {
        let (_, owner) = self.at(place)?.owner()?;
        Some(CounterId { plan: self.plans.plan(owner.plan)?, key: owner.key })
    }

    /// All counters that are somebody's.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Owner, &Counter)> {
        self.places.taken().filter_map(|place| {
            let counter = self.at(place)?;
            counter.owner().map(|(_, owner)| (place, owner, counter))
        })
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
        self.find_or_make_in(&mut self.places.assign(), owner, self.hint(owner))
    }

    /// Finds a counter, or makes it, and has it stay until it is said to be kept no more. Says whether it was to stay
    /// before. `None` when there is no room for another.
    pub(super) fn keep(&self, owner: &Owner) -> Option<(CounterAt, bool)> {
        self.keep_near(owner, self.hint(owner))
    }

    /// The same; if it is made, then where a hint says.
    pub(super) fn keep_near(&self, owner: &Owner, hint: KeyHint) -> Option<(CounterAt, bool)> {
        let mut places = self.places.assign();
        let at = self.find_or_make_in(&mut places, owner, hint)?;
        let tenancy = &self.at(at.place)?.tenancy;
        let was_kept = tenancy.is_kept();
        tenancy.keep(true);
        Some((at, was_kept))
    }

    fn find_or_make_in(&self, places: &mut Assigning<'_>, owner: &Owner, hint: KeyHint) -> Option<CounterAt> {
        if let Some(found) = self.find_owned(owner) {
            return Some(found);
        }
        let place = places.take(hint)?;
        self.unreported.get_or_make(place / u64::BITS)?;
        let tenant = self.counters.get_or_make(place)?.give_to(owner);
        self.owners.insert(self.hash(owner), place);
        Some(CounterAt { place, tenant })
    }

    /// Forgets a counter that holds nothing and is neither held nor kept. Only one thread may do so.
    pub(super) fn forget(&self, place: u32, now: Ticks) {
        let Some(counter) = self.at(place).filter(|it| !it.tenancy.is_kept() && it.is_empty(now)) else { return };
        let mut places = self.places.assign();
        let Some((_, owner)) = counter.owner().filter(|_| counter.tenancy.move_out()) else { return };
        if counter.is_empty(now) {
            self.owners.remove(self.hash(&owner), place);
            places.leave(place);
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
        let marked = self
            .unreported
            .first(self.places.count().div_ceil(u64::BITS))
            .filter(|(_, word)| word.load(Ordering::Relaxed) != 0);
        marked.flat_map(|(index, word)| {
            let bits = word.swap(0, Ordering::AcqRel);
            (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| index * u64::BITS + bit)
        })
    }

    fn hash(&self, owner: &Owner) -> u32 {
        (self.hint(owner).0 >> 32) as u32
    }

    /// For counters that no call finds by the value of a key.
    fn hint(&self, owner: &Owner) -> KeyHint {
        KeyHint(self.hasher.hash_one((owner.plan, owner.key.to_words())))
    }
}
