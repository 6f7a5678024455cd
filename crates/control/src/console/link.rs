//! Links that sign in once: for whoever started the process, and has its credentials anyway.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tollgate_domain::UnixMillis;

/// How long a link holds.
pub(crate) const LINK_SECONDS: i64 = 600;
/// Links that wait to be used; older ones give way.
const WAITING: usize = 100;

/// Links that nobody used yet: whose they are and until when they hold, by the digest of their token.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<BTreeMap<[u8; 32], (String, UnixMillis)>>);

impl Links {
    pub(super) fn add(&self, digest: [u8; 32], access_key_id: &str, now: UnixMillis) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, until)| *until > now);
        if links.len() >= WAITING
            && let Some(oldest) = links.iter().min_by_key(|(_, (_, until))| *until).map(|(digest, _)| *digest)
        {
            links.remove(&oldest);
        }
        links.insert(digest, (access_key_id.to_owned(), UnixMillis(now.0 + LINK_SECONDS * 1000)));
    }

    /// Whose link this is; it is used up.
    pub(super) fn take(&self, digest: &[u8; 32], now: UnixMillis) -> Option<String> {
        let (access_key_id, until) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(digest)?;
        (until > now).then_some(access_key_id)
    }
}
