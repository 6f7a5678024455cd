//! A user pool, and its keys as far as they are known.
//!
//! A call whose token names a known key never waits. One that names another waits for the keys to be read again, which
//! is done once for all who wait, and not again for a while, so that a flood of made-up names is no flood of requests.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;
use tollgate_domain::Ticks;
use tollgate_domain::clock::TICKS_PER_SECOND;

use super::key::Key;
use super::key_set::KeySet;
use super::source::KeySource;
use crate::upstream::TlsSettings;

/// How long keys are not read again.
const REST: Ticks = Ticks(5 * TICKS_PER_SECOND);

/// After how long keys that are known are read again, so that one that was taken back does not count for ever.
const FRESH: Ticks = Ticks(3600 * TICKS_PER_SECOND);

/// A user pool.
#[derive(Debug)]
pub(crate) struct UserPool {
    issuer: String,
    source: KeySource,
    known: ArcSwapOption<Known>,
    reading: Mutex<Reading>,
    read: Notify,
}

/// The keys that are known, and when they began to be read.
#[derive(Debug)]
struct Known {
    keys: KeySet,
    since: Ticks,
}

/// The last reading of the keys.
#[derive(Debug, Default)]
struct Reading {
    begun: Option<Ticks>,
    is_running: bool,
    /// Why it failed, if it did.
    failure: Option<String>,
}

impl UserPool {
    pub(super) fn new(issuer: String, source: KeySource) -> Self {
        Self { issuer, source, known: ArcSwapOption::empty(), reading: Mutex::default(), read: Notify::new() }
    }

    /// What `iss` of its tokens says.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> &KeySource {
        &self.source
    }

    /// The key of this name, or `None` if the pool has no such one. Says why the pool's keys cannot be had.
    pub(crate) async fn key(
        self: &Arc<Self>,
        id: &str,
        now: Ticks,
        tls: &Arc<TlsSettings>,
    ) -> Result<Option<Arc<Key>>, String> {
        if let Some((key, since)) = self.find(id) {
            if now.0.saturating_sub(since.0) >= FRESH.0 {
                self.begin(now, tls);
            }
            return Ok(Some(key));
        }
        self.read_again(now, tls).await;
        match self.find(id) {
            Some((key, _)) => Ok(Some(key)),
            None if self.known.load().is_some() => Ok(None),
            None => Err(self.failure()),
        }
    }

    fn find(&self, id: &str) -> Option<(Arc<Key>, Ticks)> {
        let known = self.known.load();
        let known = known.as_ref()?;
        Some((Arc::clone(known.keys.find(id)?), known.since))
    }

    fn failure(&self) -> String {
        let why = self.reading().failure.clone().unwrap_or_else(|| "reading them broke off".to_owned());
        format!("the keys of {} cannot be read from {}: {why}", self.issuer, self.source)
    }

    /// Waits for the keys to be read again, unless that was done a moment ago.
    async fn read_again(self: &Arc<Self>, now: Ticks, tls: &Arc<TlsSettings>) {
        let mut read = pin!(self.read.notified());
        // Before it begins, so that its end is not missed.
        read.as_mut().enable();
        if self.begin(now, tls) {
            read.await;
        }
    }

    /// Has the keys read in a task of its own, which does not end with the call that wanted it. False if that was done
    /// a moment ago.
    fn begin(self: &Arc<Self>, now: Ticks, tls: &Arc<TlsSettings>) -> bool {
        let mut reading = self.reading();
        if reading.is_running {
            return true;
        }
        if reading.begun.is_some_and(|begun| now.0.saturating_sub(begun.0) < REST.0) {
            return false;
        }
        (reading.begun, reading.is_running) = (Some(now), true);
        let (task, tls) = (Running(Arc::clone(self)), Arc::clone(tls));
        tokio::task::spawn_local(async move {
            let outcome = task.0.source.read(&tls).await;
            task.0.settle(outcome, now);
        });
        true
    }

    fn settle(&self, outcome: Result<KeySet, String>, since: Ticks) {
        let failure = match outcome {
            Ok(keys) => {
                self.known.store(Some(Arc::new(Known { keys, since })));
                None
            }
            Err(why) => Some(why),
        };
        let before = std::mem::replace(&mut self.reading().failure, failure.clone());
        let (issuer, source) = (&self.issuer, &self.source);
        match (before, failure) {
            // Once, however many calls it fails.
            (None, Some(why)) => {
                tracing::warn!(target: "tollgate::gateway", issuer, %source, why, "the keys of a user pool cannot be read");
            }
            (Some(_), None) => {
                tracing::info!(target: "tollgate::gateway", issuer, "the keys of a user pool can be read again");
            }
            _ => {}
        }
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks that keys are being read; when it is dropped, whoever waits goes on.
struct Running(Arc<UserPool>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.reading().is_running = false;
        self.0.read.notify_waiters();
    }
}
