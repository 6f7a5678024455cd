//! Work in the background that does not keep those who serve calls from the processor.

/// Offers the processor to other threads each time that so many more pieces of work are done.
///
/// A scheduler lets a thread go on for a millisecond and more before one that has been woken gets its turn. Work that is
/// done ten times a second, and each time takes as long as that, is what one in a hundred calls would wait for.
pub fn breathe(done: usize, pieces: usize) {
    if done % pieces == pieces - 1 {
        std::thread::yield_now();
    }
}
