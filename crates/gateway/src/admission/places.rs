//! Which place of a table a newcomer gets: one of three that follow from a hint, if one of them is vacant. So who knows
//! the hint can have the three fetched before they know which it is.
//!
//! The three lie within a kilobyte and a half: most of the time on one page, of which the processor looks up the address
//! once. Three sixteenths of all places at least are vacant: of those who were expected, one in six is elsewhere when no
//! more are, and one in twenty-five when half are.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_domain::KeyHint;

/// Places that follow from a hint.
pub(super) const GUESSES: usize = 3;

/// Places that lie near each other.
const NEAR: u32 = 16;
const FEWEST: u32 = 1 << 10;
const MOST: u32 = 1 << 27;

/// Places, of which some are taken.
#[derive(Debug)]
pub(super) struct Places {
    /// How many there are. Where a newcomer goes depends on it; who came before stays.
    count: AtomicU32,
    taken: Mutex<Taken>,
}

/// A bit for each place that is taken.
#[derive(Debug, Default)]
struct Taken {
    words: Vec<u64>,
    count: u32,
}

/// The places, while nobody else takes or leaves any.
pub(super) struct Assigning<'a> {
    places: &'a AtomicU32,
    taken: MutexGuard<'a, Taken>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { count: AtomicU32::new(FEWEST), taken: Mutex::default() }
    }

    /// Where whoever has this hint is likely to be.
    #[inline]
    pub(super) fn guesses(&self, hint: KeyHint) -> [u32; GUESSES] {
        guesses(hint, self.count.load(Ordering::Relaxed))
    }

    pub(super) fn assign(&self) -> Assigning<'_> {
        Assigning { places: &self.count, taken: self.taken.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// The places that are taken now, in order.
    pub(super) fn taken(&self) -> impl Iterator<Item = u32> + use<> {
        let words = self.assign().taken.words.clone();
        (0..).zip(words).flat_map(|(index, word)| bits(word).map(move |bit| index * u64::BITS + bit))
    }
}

#[inline]
fn guesses(hint: KeyHint, count: u32) -> [u32; GUESSES] {
    let KeyHint(hint) = hint;
    let near = hint as u32 & (count - 1) & !(NEAR - 1);
    std::array::from_fn(|guess| near + (hint >> (32 + 8 * guess)) as u32 % NEAR)
}

impl Assigning<'_> {
    /// Takes a place. `None` when there is no room for another.
    pub(super) fn take(&mut self, hint: KeyHint) -> Option<u32> {
        self.make_room_for(self.taken.count + 1);
        let count = self.places.load(Ordering::Relaxed);
        self.taken.words.resize((count / u64::BITS) as usize, 0);
        let guesses = guesses(hint, count);
        let vacant = guesses.into_iter().find(|place| !self.taken.has(*place));
        let place = vacant.or_else(|| self.taken.vacant_from(guesses[0]))?;
        *self.taken.word(place)? |= bit(place);
        self.taken.count += 1;
        Some(place)
    }

    /// Lets another have a place that was taken.
    pub(super) fn leave(&mut self, place: u32) {
        if let Some(word) = self.taken.word(place) {
            *word &= !bit(place);
            self.taken.count -= 1;
        }
    }

    /// Has so many places that few newcomers have to go elsewhere when `taken` are.
    pub(super) fn make_room_for(&mut self, taken: u32) {
        let enough = (u64::from(taken) * 16 / 13 + 1).next_power_of_two().min(u64::from(MOST)) as u32;
        if enough > self.places.load(Ordering::Relaxed) {
            self.places.store(enough, Ordering::Relaxed);
        }
    }
}

/// Where a word has ones.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    })
}

fn bit(place: u32) -> u64 {
    1 << (place % u64::BITS)
}

impl Taken {
    fn word(&mut self, place: u32) -> Option<&mut u64> {
        self.words.get_mut((place / u64::BITS) as usize)
    }

    fn has(&self, place: u32) -> bool {
        self.words.get((place / u64::BITS) as usize).is_some_and(|word| word & bit(place) != 0)
    }

    /// A vacant place, the nearer the better.
    fn vacant_from(&self, place: u32) -> Option<u32> {
        let (before, after) = self.words.split_at(((place / u64::BITS) as usize).min(self.words.len()));
        let from = (before.len()..).zip(after).chain((0..).zip(before));
        let (index, word) = from.into_iter().find(|(_, word)| **word != u64::MAX)?;
        u32::try_from(index).ok().map(|index| index * u64::BITS + word.trailing_ones())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn hints(seed: u64) -> impl Iterator<Item = KeyHint> {
        let mut random = fastrand::Rng::with_seed(seed);
        std::iter::repeat_with(move || KeyHint(random.u64(..)))
    }

    #[test]
    fn most_are_where_their_hint_says_if_they_were_expected() {
        for (taken, elsewhere) in [(65_536, 0.07), (98_000, 0.15)] {
            let places = Places::new();
            places.assign().make_room_for(taken);
            let place = |hint| places.assign().take(hint).expect("there is room");
            let missed = hints(1).take(taken as usize).filter(|hint| !places.guesses(*hint).contains(&place(*hint)));
            let missed = missed.count() as f64;
            assert_eq!(places.count.load(Ordering::Relaxed), 131_072);
            assert!(missed < elsewhere * f64::from(taken), "{missed} of {taken}");
        }
    }

    #[test]
    fn the_guesses_lie_near_each_other_and_among_the_places() {
        for (hint, count) in hints(2).take(1000).zip([FEWEST, 1 << 15, MOST].into_iter().cycle()) {
            let guesses = guesses(hint, count);
            assert!(guesses.iter().all(|place| *place < count && place / NEAR == guesses[0] / NEAR));
        }
    }

    #[test]
    fn all_have_the_same_hint_and_there_is_room_for_each() {
        let places = Places::new();
        let taken: HashSet<u32> = (0..5000).map(|_| places.assign().take(KeyHint(u64::MAX)).expect("room")).collect();
        assert_eq!((taken.len(), places.count.load(Ordering::Relaxed)), (5000, 8192));
    }

    proptest! {
        #[test]
        fn nobody_gets_a_place_that_is_taken(steps in prop::collection::vec((0u64..64, prop::bool::ANY), 1..3000)) {
            let (places, mut taken) = (Places::new(), Vec::new());
            for (hint, arrives) in steps {
                if arrives {
                    let place = places.assign().take(KeyHint(hint)).expect("there is room");
                    prop_assert!(!taken.contains(&place));
                    taken.push(place);
                } else if !taken.is_empty() {
                    let place = taken.swap_remove(hint as usize % taken.len());
                    places.assign().leave(place);
                }
                prop_assert_eq!(places.taken.lock().expect("no panic").count as usize, taken.len());
            }
            taken.sort_unstable();
            prop_assert_eq!(places.taken().collect::<Vec<_>>(), taken);
        }
    }
}
