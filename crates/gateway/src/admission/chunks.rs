//! An array that grows while others read it: what is in it never moves.

use std::sync::OnceLock;

const PART_BITS: u32 = 9;
const PARTS: usize = 1 << PART_BITS;

/// Items in chunks of `2^BITS`, made when the first of a chunk is needed. There is room for `2^(BITS + 18)`.
#[derive(Debug)]
pub(super) struct Chunks<T, const BITS: u32> {
    parts: Box<[OnceLock<Part<T>>]>,
}

type Part<T> = Box<[OnceLock<Box<[T]>>]>;

fn vacant<T>() -> Box<[OnceLock<T>]> {
    (0..PARTS).map(|_| OnceLock::new()).collect()
}

impl<T: Default, const BITS: u32> Chunks<T, BITS> {
    pub(super) fn new() -> Self {
        Self { parts: vacant() }
    }

    /// The item at `index`, if its chunk was made.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let (part, chunk, item) = Self::place(index);
        self.parts.get(part)?.get()?.get(chunk)?.get()?.get(item)
    }

    /// The item at `index`, whose chunk is made if need be. `None` when there is no room for so many.
    pub(super) fn get_or_make(&self, index: u32) -> Option<&T> {
        let (part, chunk, item) = Self::place(index);
        let chunks = self.parts.get(part)?.get_or_init(vacant);
        chunks.get(chunk)?.get_or_init(|| (0..1 << BITS).map(|_| T::default()).collect()).get(item)
    }

    /// All items that were made, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let made = self.parts.iter().map_while(OnceLock::get).flat_map(|part| part.iter().map_while(OnceLock::get));
        (0..).zip(made.flat_map(|chunk| chunk.iter()))
    }

    fn place(index: u32) -> (usize, usize, usize) {
        let index = index as usize;
        (index >> (BITS + PART_BITS), (index >> BITS) & (PARTS - 1), index & ((1 << BITS) - 1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn items_stay_where_they_are_while_others_are_made() {
        let chunks = Chunks::<AtomicU32, 2>::new();
        assert!(chunks.get(0).is_none());
        for index in 0..3000 {
            chunks.get_or_make(index).expect("room").store(index, Ordering::Relaxed);
        }
        let items: Vec<_> = chunks.iter().map(|(index, item)| (index, item.load(Ordering::Relaxed))).collect();
        assert_eq!(items, (0..3000).map(|index| (index, index)).collect::<Vec<_>>());
        assert!(chunks.get(3000).is_none() && chunks.get_or_make(1 << 20).is_none());
    }
}
