//! Sessions: who is signed in, kept in memory and ended on the server.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tollgate_domain::{IdSource, UnixMillis};

use super::link::Links;

/// A session that is not used ends.
const IDLE_MILLIS: i64 = 60 * 60 * 1000;
/// Every session ends.
const LONGEST_MILLIS: i64 = 12 * IDLE_MILLIS;
/// Sessions at once; the one that was idle for longest gives way.
const OPEN: usize = 1000;

/// Why a request of the console is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionRefusal {
    #[error("You are not signed in, or your session has ended")]
    NotSignedIn,
    #[error("The access key id or the secret access key is wrong")]
    WrongPair,
    #[error("This link was used already, or it is too old. `tollgate console-link` makes another")]
    SpentLink,
    #[error("The request does not come from the console")]
    ForeignOrigin,
}

impl SessionRefusal {
    /// Status and code.
    pub(crate) fn code(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "UnauthorizedException"),
            Self::WrongPair | Self::SpentLink => (StatusCode::FORBIDDEN, "AccessDeniedException"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "ForbiddenException"),
        }
    }
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) access_key_id: String,
    /// What a change has to bring along.
    pub(super) csrf_token: String,
    /// When it ends, if it is not used again.
    pub(super) expires: UnixMillis,
    ends: UnixMillis,
}

/// All sessions, by the digest of their token, and the links that begin some. Tokens themselves are not kept.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<[u8; 32], Session>>,
    links: Links,
}

impl Sessions {
    /// Makes a token that begins a session once.
    pub(crate) fn make_link(&self, access_key_id: &str, now: UnixMillis, ids: &IdSource) -> String {
        let token = ids.api_key_value();
        self.links.add(digest(&token), access_key_id, now);
        token
    }

    /// Whose link this is; it is used up.
    pub(super) fn take_link(&self, token: &str, now: UnixMillis) -> Option<String> {
        self.links.take(&digest(token), now)
    }

    /// Begins a session and returns its token.
    pub(super) fn begin(&self, access_key_id: String, now: UnixMillis, ids: &IdSource) -> String {
        let (token, csrf_token) = (ids.api_key_value(), ids.api_key_value());
        let ends = UnixMillis(now.0 + LONGEST_MILLIS);
        let session = Session { access_key_id, csrf_token, expires: UnixMillis(now.0 + IDLE_MILLIS), ends };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.expires > now);
        if open.len() >= OPEN
            && let Some(idlest) = open.iter().min_by_key(|(_, session)| session.expires).map(|(digest, _)| *digest)
        {
            open.remove(&idlest);
        }
        open.insert(digest(&token), session);
        token
    }

    /// The session with this token, which goes on for a while from now.
    pub(super) fn touch(&self, token: &str, now: UnixMillis) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&digest(token)).filter(|session| session.expires > now)?;
        session.expires = UnixMillis((now.0 + IDLE_MILLIS).min(session.ends.0));
        Some(session.clone())
    }

    /// Ends a session.
    pub(super) fn end(&self, token: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest(token));
    }
}

impl Session {
    /// Whether a change was sent by who was told this session's token.
    pub(super) fn knows(&self, csrf_token: &str) -> bool {
        self.csrf_token.as_bytes().ct_eq(csrf_token.as_bytes()).into()
    }
}

/// What a token is kept as: whoever reads memory learns no token, and comparing leaks nothing of one.
fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minutes: i64) -> UnixMillis {
        UnixMillis(minutes * MINUTE)
    }

    #[test]
    fn a_session_ends_when_idle_and_at_last_in_any_case() {
        let (sessions, ids) = (Sessions::default(), IdSource::seeded(1));
        let token = sessions.begin("AKID".to_owned(), at(0), &ids);
        assert!(sessions.touch("guessed", at(0)).is_none());
        for quarter in 1..48 {
            assert!(sessions.touch(&token, at(quarter * 15)).is_some(), "{quarter}");
        }
        assert!(sessions.touch(&token, at(12 * 60)).is_none());
        let idle = sessions.begin("AKID".to_owned(), at(0), &ids);
        assert!(sessions.touch(&idle, at(60)).is_none());
    }

    #[test]
    fn a_session_that_was_ended_is_unknown() {
        let (sessions, ids) = (Sessions::default(), IdSource::seeded(1));
        let token = sessions.begin("AKID".to_owned(), at(0), &ids);
        let session = sessions.touch(&token, at(1)).expect("a session");
        assert!(session.knows(&session.csrf_token) && !session.knows("guessed") && !session.knows(""));
        sessions.end(&token);
        assert_eq!(sessions.touch(&token, at(1)), None);
    }

    #[test]
    fn a_link_works_once_and_for_minutes() {
        let (sessions, ids) = (Sessions::default(), IdSource::seeded(1));
        let token = sessions.make_link("AKID", at(0), &ids);
        assert_eq!(sessions.take_link(&token, at(9)).as_deref(), Some("AKID"));
        assert_eq!(sessions.take_link(&token, at(9)), None);
        let late = sessions.make_link("AKID", at(0), &ids);
        assert_eq!(sessions.take_link(&late, at(10)), None);
    }

    #[test]
    fn the_idlest_session_gives_way() {
        let (sessions, ids) = (Sessions::default(), IdSource::seeded(1));
        let first = sessions.begin("AKID".to_owned(), at(0), &ids);
        let last = (0..OPEN).map(|_| sessions.begin("AKID".to_owned(), at(1), &ids)).last().expect("a token");
        assert!(sessions.touch(&first, at(2)).is_none() && sessions.touch(&last, at(2)).is_some());
    }
}
