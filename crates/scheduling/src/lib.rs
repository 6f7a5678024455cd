//! How the threads of a process share its processors.
//!
//! Where there are fewer processors than threads that have something to do, a thread that is woken by a call waits until
//! the one that runs has had its slice, which is more than a millisecond. Work in the background that is done several
//! times a second is then what one in a hundred calls waits for.
//!
//! All of this is Linux's. Where the system knows or allows less of it, calls wait longer, and nothing else changes.

/// Has the calling thread, and those that it starts, get their turn when they are woken: they take the processor in slices
/// of a tenth of a millisecond, the shortest there are, and Linux ends a longer slice of another thread for a shorter one,
/// unless who is woken had more than its share of late. They get no more time than they did.
///
/// Slices are `sched_runtime` of `sched_setattr(2)` since Linux 6.12; from 5.3 on it is accepted without effect.
pub fn answer_at_once() {
    #[cfg(target_os = "linux")]
    if let Err(error) = linux::set_slice(linux::SHORTEST) {
        tracing::debug!(target: "tollgate::scheduling", %error, "calls wait for other threads' slices");
    }
}

/// Has the calling thread, and those that it starts, step back for others that want the same processor: they get a third
/// of what such a thread gets (a nice of 5 more).
pub fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = linux::lower(linux::BACK) {
        tracing::debug!(target: "tollgate::scheduling", %error, "work in the background takes as much as calls");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::time::Duration;

    /// Linux takes no shorter slices.
    pub(super) const SHORTEST: Duration = Duration::from_micros(100);

    /// In steps of nice, of which three halve a thread's share.
    pub(super) const BACK: i32 = 5;

    /// Of the calling thread. Elsewhere nice is the whole process's.
    pub(super) fn lower(by: i32) -> io::Result<()> {
        rustix::process::nice(by)?;
        Ok(())
    }

    /// Of the calling thread, whose policy and nice stay.
    pub(super) fn set_slice(slice: Duration) -> io::Result<()> {
        set(libc::sched_attr {
            size: u32::try_from(size_of::<libc::sched_attr>()).map_err(io::Error::other)?,
            sched_policy: 0,
            sched_flags: u64::try_from(libc::SCHED_FLAG_KEEP_POLICY).map_err(io::Error::other)?,
            sched_nice: rustix::process::getpriority_process(None)?,
            sched_priority: 0,
            sched_runtime: u64::try_from(slice.as_nanos()).map_err(io::Error::other)?,
            sched_deadline: 0,
            sched_period: 0,
        })
    }

    #[expect(unsafe_code, reason = "no library has this system call")]
    fn set(mut attributes: libc::sched_attr) -> io::Result<()> {
        // SAFETY: the kernel reads as many bytes as `size` says, which are the type's, and writes to `size` at most.
        let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, std::ptr::from_mut(&mut attributes), 0) };
        if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::{answer_at_once, step_back};

        fn nice() -> i32 {
            rustix::process::getpriority_process(None).expect("it can be read")
        }

        /// The slice of the calling thread in nanoseconds, where the kernel has slices for each.
        fn slice() -> Option<u128> {
            let told = std::fs::read_to_string("/proc/thread-self/sched").ok()?;
            let (_, rest) = told.split_once("se.slice")?;
            rest.split_whitespace().find_map(|word| word.parse().ok())
        }

        fn on_a_thread<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
            std::thread::spawn(run).join().expect("no panic")
        }

        #[test]
        fn who_steps_back_does_so_alone() {
            let before = nice();
            let stepped = on_a_thread(|| {
                step_back();
                nice()
            });
            assert_eq!(stepped, (before + BACK).min(19));
            assert_eq!(nice(), before);
        }

        #[test]
        fn who_answers_at_once_has_short_slices_and_keeps_its_nice() {
            on_a_thread(|| {
                step_back();
                let (nice_before, slice_before) = (nice(), slice());
                answer_at_once();
                assert_eq!(nice(), nice_before);
                assert_eq!(slice(), slice_before.map(|_| SHORTEST.as_nanos()));
            });
        }
    }
}
