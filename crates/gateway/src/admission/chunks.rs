//! An array that grows while others read it: what is in it never moves.

use std::iter;
use std::ops::Range;
use std::sync::OnceLock;

/// Chunks of the largest size.
const LARGEST: u32 = 1024;

/// Items in chunks, each made when the first of its items is needed. The first chunk has `2^FIRST` items; then each has
/// as many as all before it, up to `2^LAST`. There is room for `2^LAST × 1024`.
#[derive(Debug)]
pub(super) struct Chunks<T, const FIRST: u32, const LAST: u32> {
    chunks: Box<[OnceLock<Box<[T]>>]>,
}

impl<T: Default, const FIRST: u32, const LAST: u32> Chunks<T, FIRST, LAST> {
    /// Chunks before those of the largest size.
    const SMALLER: u32 = LAST - FIRST;

    pub(super) fn new() -> Self {
        Self { chunks: (0..Self::SMALLER + LARGEST).map(|_| OnceLock::new()).collect() }
    }

    /// The item at `index`, if its chunk was made.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let (chunk, item) = Self::place(index);
        self.chunks.get(chunk as usize)?.get()?.get(item as usize)
    }

    /// The item at `index`, whose chunk is made if need be. `None` when there is no room for so many.
    pub(super) fn get_or_make(&self, index: u32) -> Option<&T> {
        let (chunk, item) = Self::place(index);
        let make = || iter::repeat_with(T::default).take(Self::items(chunk).len()).collect();
        self.chunks.get(chunk as usize)?.get_or_init(make).get(item as usize)
    }

    /// All items that were made of the first so many, in order, and perhaps some more.
    pub(super) fn first(&self, items: u32) -> impl Iterator<Item = (u32, &T)> {
        let (last, _) = Self::place(items.saturating_sub(1));
        let made = (0..=last).zip(&self.chunks).filter_map(|(chunk, made)| Some((chunk, made.get()?)));
        made.flat_map(|(chunk, made)| Self::items(chunk).zip(made))
    }

    /// The chunk that the item at `index` is in, and where in it.
    #[inline]
    fn place(index: u32) -> (u32, u32) {
        if index >> LAST > 0 {
            return (Self::SMALLER + (index >> LAST), index % (1 << LAST));
        }
        let chunk = u32::BITS - (index >> FIRST).leading_zeros();
        (chunk, index - Self::start(chunk))
    }

    fn start(chunk: u32) -> u32 {
        match chunk {
            0 => 0,
            chunk if chunk <= Self::SMALLER => 1 << (FIRST + chunk - 1),
            chunk => (chunk - Self::SMALLER) << LAST,
        }
    }

    fn items(chunk: u32) -> Range<u32> {
        Self::start(chunk)..Self::start(chunk + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn items_stay_where_they_are_while_others_are_made() {
        let chunks = Chunks::<AtomicU32, 1, 3>::new();
        assert!(chunks.get(0).is_none());
        for index in 0..3000 {
            chunks.get_or_make(index).expect("room").store(index, Ordering::Relaxed);
        }
        let items: Vec<_> = chunks.first(3000).map(|(index, item)| (index, item.load(Ordering::Relaxed))).collect();
        assert_eq!(items, (0..3000).map(|index| (index, index)).collect::<Vec<_>>());
        assert!(chunks.get(3000).is_none() && chunks.get_or_make(8 * 1024).is_none());
    }

    #[test]
    fn each_item_has_a_place_of_its_own_whichever_is_made_first() {
        let chunks = Chunks::<AtomicU32, 1, 3>::new();
        for index in [8 * 1024 - 1, 30, 1, 7, 8, 4, 3, 2] {
            chunks.get_or_make(index).expect("room").store(index, Ordering::Relaxed);
        }
        for index in [1, 2, 3, 4, 7, 8, 30, 8 * 1024 - 1] {
            assert_eq!(chunks.get(index).map(|item| item.load(Ordering::Relaxed)), Some(index));
        }
        let made = |items| chunks.first(items).map(|(index, _)| index).collect::<Vec<_>>();
        assert_eq!(made(8 * 1024), [(0..16), (24..32), (8 * 1023..8 * 1024)].into_iter().flatten().collect::<Vec<_>>());
        assert_eq!((made(17), made(16), made(0)), ((0..16).collect(), (0..16).collect(), vec![0, 1]));
    }
}
