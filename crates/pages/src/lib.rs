//! Memory in huge pages. Where many megabytes are read here and there, hardly an address is known to the processor, which
//! then reads up to four tables for it before it can read what is wanted; of huge pages it knows them all.
//!
//! This is the one crate with `unsafe` in it: a system call, by which the kernel learns how memory will be used. It
//! changes neither what is in that memory nor who may read it.

use std::mem::MaybeUninit;

/// What the smallest of huge pages has on most machines, in bytes.
const HUGE: usize = 2 << 20;

/// As many items as are asked for, in huge pages if they fill some, and the kernel has any to give. Else in others, which
/// are slower and nothing else.
pub fn fill<T>(count: usize, make: impl FnMut() -> T) -> Box<[T]> {
    let mut items = Vec::with_capacity(count);
    // Before anything is in it: the kernel chooses pages when they are first written to.
    advise(items.spare_capacity_mut());
    items.resize_with(count, make);
    items.into_boxed_slice()
}

#[cfg(target_os = "linux")]
fn advise<T>(empty: &mut [MaybeUninit<T>]) {
    let (bytes, page) = (size_of_val(empty), rustix::param::page_size());
    let from = empty.as_mut_ptr().cast::<u8>();
    // The kernel takes whole pages only; what else is on the first and the last stays as it is.
    let skipped = from.addr().next_multiple_of(page) - from.addr();
    let Some(whole) = bytes.checked_sub(skipped).map(|bytes| bytes / page * page).filter(|whole| *whole >= HUGE) else {
        return;
    };
    // SAFETY: `skipped + whole` is at most `bytes`, so all of these pages are within a slice that is ours alone. This
    // advice leaves their contents as they are, and they may be read, written and given back as before.
    #[expect(unsafe_code, reason = "the system call takes an address")]
    let advised =
        unsafe { rustix::mm::madvise(from.wrapping_add(skipped).cast(), whole, rustix::mm::Advice::LinuxHugepage) };
    // A kernel without huge pages says so; then there are none.
    let _ = advised;
}

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: &mut [MaybeUninit<T>]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_items_as_asked_for_whatever_they_fill() {
        for count in [0, 1, 1000, HUGE / 8, HUGE / 8 + 1, 3 * HUGE / 8 + 5] {
            let mut next = 0_u64;
            let items = fill(count, || {
                next += 1;
                next
            });
            assert!(items.iter().copied().eq(1..=count as u64), "{count} items");
        }
        assert_eq!(fill(1 << 20, || ()).len(), 1 << 20, "items of no size");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_fills_huge_pages_is_marked_for_them() {
        let items = fill(4 * HUGE, || 0_u8);
        let middle = items.as_ptr().addr() + 2 * HUGE;
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
        let mut is_ours = false;
        let flags = maps.lines().find(|line| {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let [start, end] = range.map_or([None; 2], |(a, b)| [a, b].map(|of| usize::from_str_radix(of, 16).ok()));
            if let (Some(start), Some(end)) = (start, end) {
                is_ours = (start..end).contains(&middle);
            }
            is_ours && line.starts_with("VmFlags:")
        });
        let flags = flags.expect("the mapping that the items are in");
        let has_huge_pages = std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists();
        assert_eq!(flags.split(' ').any(|flag| flag == "hg"), has_huge_pages, "{flags}");
    }
}
