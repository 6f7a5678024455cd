//! Something that one thread does at a time, and that the others leave to it.
//!
//! Keeps the promise that whoever is told "another does it" is woken when that one is through: it gives up first and
//! wakes afterwards, and a waiter gets ready to be woken first and asks afterwards.

use crate::sync::{AtomicBool, Ordering};

/// Whether somebody does it.
#[derive(Debug)]
pub struct Claim {
    held: AtomicBool,
}

impl Default for Claim {
    fn default() -> Self {
        Self::new()
    }
}

impl Claim {
    /// A claim that nobody holds.
    pub fn new() -> Self {
        Self { held: AtomicBool::new(false) }
    }

    /// Takes it; false when another holds it.
    pub fn take(&self) -> bool {
        // Mostly it is held, and then nothing is written.
        !self.held.load(Ordering::Acquire) && !self.held.swap(true, Ordering::AcqRel)
    }

    /// Gives it up. Then wake whoever waits.
    pub fn give_up(&self) {
        self.held.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::{Arc, Condvar, Mutex};

    use super::*;

    /// Counts wake-ups: who got ready before one is woken by it, as with tokio's `Notify::notify_waiters`.
    #[derive(Default)]
    struct Bell {
        rung: Mutex<usize>,
        changed: Condvar,
    }

    impl Bell {
        fn get_ready(&self) -> usize {
            *self.rung.lock().expect("no panic")
        }

        fn ring(&self) {
            *self.rung.lock().expect("no panic") += 1;
            self.changed.notify_all();
        }

        fn wait(&self, ready: usize) {
            let mut rung = self.rung.lock().expect("no panic");
            while *rung == ready {
                rung = self.changed.wait(rung).expect("no panic");
            }
        }
    }

    #[test]
    fn whoever_leaves_it_to_another_is_woken_and_one_does_it_at_a_time() {
        loom::model(|| {
            let shared = Arc::new((Claim::new(), Bell::default(), AtomicBool::new(false)));
            let work = |(claim, bell, busy): &(Claim, Bell, AtomicBool)| {
                let ready = bell.get_ready();
                if claim.take() {
                    assert!(!busy.swap(true, Ordering::AcqRel), "two hold the claim");
                    busy.store(false, Ordering::Release);
                    claim.give_up();
                    bell.ring();
                } else {
                    // A wake-up that was lost would leave this thread here for ever, which loom reports.
                    bell.wait(ready);
                }
            };
            let other = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || work(&shared))
            };
            work(&shared);
            other.join().expect("no panic");
        });
    }
}
