//! How the threads of a process share its processors.
//!
//! Where there are fewer processors than threads that have something to do, a thread that is woken by a call waits until
//! the one that runs has had its slice, which is more than a millisecond. Work in the background that is done several
//! times a second is then what one in a hundred calls waits for.

use std::io;
use std::time::Duration;

/// How much less of a processor work in the background gets than others while both want it: a third.
const BACK: i32 = 5;

/// How long a slice is that ends others' when its thread is woken. Linux takes none below.
const SHORT: Duration = Duration::from_micros(100);

/// Has the calling thread get its turn as soon as it is woken: it takes the processor in slices of a tenth of a millisecond,
/// and Linux ends a longer slice of another thread for a shorter one (since 6.12, where slices are by `sched_runtime` of
/// `sched_setattr(2)`; before, nothing changes). It gets no more time than it did.
///
/// # Errors
///
/// The system does not let it, or schedules it by another policy than the usual one.
#[cfg(target_os = "linux")]
pub fn answer_at_once() -> io::Result<()> {
    let attributes = libc::sched_attr {
        size: u32::try_from(size_of::<libc::sched_attr>()).map_err(io::Error::other)?,
        sched_policy: 0,
        sched_flags: u64::try_from(libc::SCHED_FLAG_KEEP_POLICY).map_err(io::Error::other)?,
        sched_nice: rustix::process::getpriority_process(None)?,
        sched_priority: 0,
        sched_runtime: u64::try_from(SHORT.as_nanos()).map_err(io::Error::other)?,
        sched_deadline: 0,
        sched_period: 0,
    };
    set(attributes)
}

/// Does nothing: slices are Linux's.
#[cfg(not(target_os = "linux"))]
pub fn answer_at_once() -> io::Result<()> {
    Ok(())
}

/// Has the calling thread, and those that it starts, step back for others of this process while the processor is wanted
/// by both (`nice`).
///
/// # Errors
///
/// The system does not let it.
pub fn step_back() -> io::Result<()> {
    rustix::process::nice(BACK)?;
    Ok(())
}

/// Gives attributes to the calling thread.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no library has this system call")]
fn set(mut attributes: libc::sched_attr) -> io::Result<()> {
    // SAFETY: the kernel reads as many bytes as `size` says, which are the type's, and writes to `size` at most.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, std::ptr::from_mut(&mut attributes), 0) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nice() -> i32 {
        rustix::process::getpriority_process(None).expect("it can be read")
    }

    #[test]
    fn who_steps_back_does_so_alone() {
        let before = nice();
        let stepped = std::thread::spawn(|| step_back().map(|()| nice())).join().expect("no panic");
        assert_eq!(stepped.expect("it may"), (before + BACK).min(19));
        assert_eq!(nice(), before);
    }

    /// The slice of the calling thread in nanoseconds, where the kernel tells it.
    #[cfg(target_os = "linux")]
    fn slice() -> Option<u128> {
        let told = std::fs::read_to_string("/proc/thread-self/sched").ok()?;
        let (_, rest) = told.split_once("se.slice")?;
        rest.split_whitespace().find_map(|word| word.parse().ok())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_answers_at_once_has_short_slices_and_keeps_its_nice() {
        let answering = || {
            step_back().expect("it may");
            let before = (nice(), slice());
            answer_at_once().expect("it may");
            (before, (nice(), slice()))
        };
        let ((nice_before, slice_before), (nice, slice)) = std::thread::spawn(answering).join().expect("no panic");
        assert_eq!(nice, nice_before);
        // Before 6.12 there is one slice for all.
        assert!(slice == slice_before || slice == Some(SHORT.as_nanos()), "{slice_before:?} {slice:?}");
    }
}
