//! Wakes calls that wait for the ledger.

use tokio::sync::Notify;

const BELLS: usize = 64;

/// A few bells that all places share: who is woken looks whether it was for them.
#[derive(Debug)]
pub(super) struct Bells(Box<[Notify]>);

impl Bells {
    pub(super) fn new() -> Self {
        Self((0..BELLS).map(|_| Notify::new()).collect())
    }

    /// The bell of a place.
    pub(super) fn of(&self, place: u32) -> &Notify {
        &self.0[place as usize % BELLS]
    }

    /// Wakes those who wait for something at a place.
    pub(super) fn ring(&self, place: u32) {
        self.of(place).notify_waiters();
    }
}
