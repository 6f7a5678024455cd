//! Finds the places of a table by a hash. Half of each word is the hash itself, so that hardly a place is looked at
//! that is not the right one, and the index grows without looking at any.
//!
//! Who reads takes no lock and meets no writer: writers lock each other out, and put a larger index in the place of one
//! that is full.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Cache};

const FEWEST: usize = 64;
/// Where nothing was ever.
const VACANT: u64 = 0;
/// Where something was: who looks for another goes on.
const REMOVED: u64 = 0xFFFF_FFFF;

/// Places by hash.
#[derive(Debug)]
pub(super) struct Index {
    cells: Arc<ArcSwap<Cells>>,
    counts: Mutex<Counts>,
}

/// The cells in force, for a thread that looks often: to see whether others are in force by now is all that it costs.
pub(super) type CellsInForce = Cache<Arc<ArcSwap<Cells>>, Arc<Cells>>;

/// The cells of an index.
#[derive(Debug)]
pub(super) struct Cells(Box<[AtomicU64]>);

#[derive(Debug, Default)]
struct Counts {
    /// Cells that have a place.
    places: usize,
    /// Those, and cells that had one.
    used: usize,
}

/// A place and its hash. Places are counted from one, so that none is vacant.
fn cell(hash: u32, place: u32) -> u64 {
    u64::from(hash) << 32 | (u64::from(place) + 1)
}

fn hash_in(cell: u64) -> u32 {
    (cell >> 32) as u32
}

/// The place in a cell that has one.
fn place_in(cell: u64) -> Option<u32> {
    let low = cell & REMOVED;
    if cell == REMOVED { None } else { u32::try_from(low.checked_sub(1)?).ok() }
}

impl Cells {
    fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU64::new(VACANT)).collect())
    }

    /// All cells, from the one where a hash belongs: its high bits say which.
    #[inline]
    fn from(&self, hash: u32) -> impl Iterator<Item = &AtomicU64> {
        let home = ((u64::from(hash) * self.0.len() as u64) >> 32) as usize;
        let (before, after) = self.0.split_at(home.min(self.0.len()));
        after.iter().chain(before)
    }

    /// Puts a place where nothing is; says whether nothing was ever.
    fn put(&self, cell: u64) -> bool {
        let free = |word: &&AtomicU64| place_in(word.load(Ordering::Relaxed)).is_none();
        self.from(hash_in(cell)).find(free).is_some_and(|word| word.swap(cell, Ordering::AcqRel) == VACANT)
    }

    fn exact(&self, wanted: u64) -> Option<&AtomicU64> {
        let until_vacant = |word: &&AtomicU64| word.load(Ordering::Relaxed) != VACANT;
        self.from(hash_in(wanted)).take_while(until_vacant).find(|word| word.load(Ordering::Relaxed) == wanted)
    }

    /// What `look` finds at the first place of this hash at which it finds anything.
    #[inline]
    pub(super) fn find<T>(&self, hash: u32, mut look: impl FnMut(u32) -> Option<T>) -> Option<T> {
        for word in self.from(hash) {
            let word = word.load(Ordering::Acquire);
            if word == VACANT {
                return None;
            }
            if hash_in(word) == hash
                && let Some(found) = place_in(word).and_then(&mut look)
            {
                return Some(found);
            }
        }
        None
    }
}

impl Index {
    pub(super) fn new() -> Self {
        Self { cells: Arc::new(ArcSwap::from_pointee(Cells::new(FEWEST))), counts: Mutex::default() }
    }

    /// As [`Cells::find`], for who looks seldom.
    pub(super) fn find<T>(&self, hash: u32, look: impl FnMut(u32) -> Option<T>) -> Option<T> {
        self.cells.load().find(hash, look)
    }

    /// The cells in force, now and whenever they are asked for.
    pub(super) fn in_force(&self) -> CellsInForce {
        Cache::new(Arc::clone(&self.cells))
    }

    /// Adds a place, which is ready to be looked at.
    pub(super) fn insert(&self, hash: u32, place: u32) {
        let mut counts = self.lock();
        let cells = self.cells.load_full();
        if (counts.used + 1) * 4 > cells.0.len() * 3 {
            // To grow, or to be rid of cells that had a place.
            let next = Cells::new(((counts.places + 1) * 2).next_power_of_two().max(FEWEST));
            let places = cells.0.iter().map(|word| word.load(Ordering::Relaxed));
            for word in places.filter(|word| place_in(*word).is_some()) {
                next.put(word);
            }
            counts.used = counts.places;
            self.cells.store(Arc::new(next));
        }
        counts.places += 1;
        counts.used += usize::from(self.cells.load().put(cell(hash, place)));
    }

    /// Puts a place where another of the same hash is.
    pub(super) fn replace(&self, hash: u32, old: u32, new: u32) {
        let _counts = self.lock();
        if let Some(word) = self.cells.load().exact(cell(hash, old)) {
            word.store(cell(hash, new), Ordering::Release);
        }
    }

    /// Takes a place out.
    pub(super) fn remove(&self, hash: u32, place: u32) {
        let mut counts = self.lock();
        if let Some(word) = self.cells.load().exact(cell(hash, place)) {
            word.store(REMOVED, Ordering::Release);
            counts.places -= 1;
        }
    }

    /// The hashes under which a place is found. Looks at all there is.
    pub(super) fn hashes_of(&self, place: u32) -> Vec<u32> {
        let cells = self.cells.load();
        let words = cells.0.iter().map(|word| word.load(Ordering::Relaxed));
        words.filter(|word| place_in(*word) == Some(place)).map(hash_in).collect()
    }

    /// How many places are in it.
    pub(super) fn len(&self) -> usize {
        self.lock().places
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_in_it_is_what_was_put_and_not_removed(
            steps in prop::collection::vec((0u32..40, prop::bool::ANY), 1..2000),
        ) {
            let (index, mut expected) = (Index::new(), HashMap::new());
            // Few hashes, and those near each other, so that places stand in each other's way.
            let hash = |place: u32| (place % 7) << 28;
            for (place, put) in steps {
                if put && expected.insert(place, ()).is_none() {
                    index.insert(hash(place), place);
                } else if !put && expected.remove(&place).is_some() {
                    index.remove(hash(place), place);
                }
                let found = |place| index.find(hash(place), |found| (found == place).then_some(())).is_some();
                for place in 0..40 {
                    prop_assert_eq!(found(place), expected.contains_key(&place));
                }
                prop_assert_eq!(index.len(), expected.len());
            }
        }
    }

    #[test]
    fn it_grows_with_what_is_put_and_not_with_what_was() {
        let index = Index::new();
        let hash = |place: u32| place.wrapping_mul(0x9E37_79B9);
        (0..10_000).for_each(|place| index.insert(hash(place), place));
        for place in 10_000..200_000 {
            index.remove(hash(place - 10_000), place - 10_000);
            index.insert(hash(place), place);
        }
        assert_eq!(index.cells.load().0.len(), 32_768);
        assert!((190_000..200_000).all(|place| index.find(hash(place), Some).is_some()));
    }

    #[test]
    fn who_keeps_the_cells_finds_what_was_put_since() {
        let index = Index::new();
        let mut in_force = index.in_force();
        for place in 0..1000 {
            index.insert(place << 20, place);
            assert_eq!(in_force.load().find(place << 20, Some), Some(place));
        }
    }

    #[test]
    fn a_place_that_takes_anothers_cell_is_found_in_its_stead() {
        let index = Index::new();
        index.insert(5, 1);
        index.replace(5, 1, 2);
        assert_eq!(index.find(5, Some), Some(2));
        assert_eq!(index.hashes_of(2), [5]);
    }
}
