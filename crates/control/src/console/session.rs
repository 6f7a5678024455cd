//! Sessions: who is signed in. They are kept in the store, so that one holds on every node and outlasts a restart, and
//! ended there. A link is what begins one, once: for whoever started the process, and has its credentials anyway.

use http::StatusCode;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tollgate_domain::{IdSource, UnixMillis};
use tollgate_store::{ConsoleToken, Store, StoreError};

/// A session that is not used ends.
const IDLE_MILLIS: i64 = 60 * 60 * 1000;
/// Every session ends.
const LONGEST_MILLIS: i64 = 12 * IDLE_MILLIS;
/// A use of a session is noted when the last one that was noted is so long ago.
const NOTED_MILLIS: i64 = 60 * 1000;
/// How long a link holds.
pub(crate) const LINK_SECONDS: i64 = 600;

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
}

impl Session {
    /// Whether a change was sent by who was told this session's token.
    pub(super) fn knows(&self, csrf_token: &str) -> bool {
        self.csrf_token.as_bytes().ct_eq(csrf_token.as_bytes()).into()
    }
}

/// All sessions and links of a store.
#[derive(Clone, Copy)]
pub(crate) struct Sessions<'a>(pub(crate) &'a Store);

impl Sessions<'_> {
    /// Makes a token that begins a session once.
    pub(crate) async fn make_link(
        &self,
        access_key_id: &str,
        now: UnixMillis,
        ids: &IdSource,
    ) -> Result<String, StoreError> {
        let until = UnixMillis(now.0 + LINK_SECONDS * 1000);
        self.keep(access_key_id.to_owned(), None, (until, until), now, ids).await
    }

    /// Whose link this is; it is used up.
    pub(super) async fn take_link(&self, token: &str, now: UnixMillis) -> Result<Option<String>, StoreError> {
        let is_link = |found: &ConsoleToken| found.csrf_token.is_none() && found.expires > now;
        // Anybody may ask: what is no link costs a look, and changes nothing.
        if !self.0.console_token(digest(token)).await?.is_some_and(|found| is_link(&found)) {
            return Ok(None);
        }
        let taken = self.0.take_console_token(digest(token)).await?.filter(is_link);
        Ok(taken.map(|link| link.access_key_id))
    }

    /// Begins a session and returns its token.
    pub(super) async fn begin(
        &self,
        access_key_id: String,
        now: UnixMillis,
        ids: &IdSource,
    ) -> Result<String, StoreError> {
        let ends = UnixMillis(now.0 + LONGEST_MILLIS);
        self.keep(access_key_id, Some(ids.api_key_value()), (idle_from(now, ends), ends), now, ids).await
    }

    async fn keep(
        &self,
        access_key_id: String,
        csrf_token: Option<String>,
        (expires, ends): (UnixMillis, UnixMillis),
        now: UnixMillis,
        ids: &IdSource,
    ) -> Result<String, StoreError> {
        let token = ids.api_key_value();
        let kept = ConsoleToken { digest: digest(&token), access_key_id, csrf_token, expires, ends };
        self.0.keep_console_token(kept, now).await?;
        Ok(token)
    }

    /// The session with this token, which goes on for a while from now.
    pub(super) async fn touch(&self, token: &str, now: UnixMillis) -> Result<Option<Session>, StoreError> {
        let found = self.0.console_token(digest(token)).await?.filter(|found| found.expires > now);
        let Some(ConsoleToken { digest, access_key_id, csrf_token: Some(csrf_token), expires, ends }) = found else {
            return Ok(None);
        };
        let later = idle_from(now, ends);
        if later.0 - expires.0 < NOTED_MILLIS {
            return Ok(Some(Session { access_key_id, csrf_token, expires }));
        }
        self.0.extend_console_token(digest, later).await?;
        Ok(Some(Session { access_key_id, csrf_token, expires: later }))
    }

    /// Ends a session.
    pub(super) async fn end(&self, token: &str) -> Result<(), StoreError> {
        self.0.take_console_token(digest(token)).await.map(|_| ())
    }
}

/// When a session that is used now ends, if it is not used again.
fn idle_from(now: UnixMillis, ends: UnixMillis) -> UnixMillis {
    UnixMillis((now.0 + IDLE_MILLIS).min(ends.0))
}

/// What a token is kept as: whoever reads the store learns no token, and comparing leaks nothing of one.
fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tollgate_store::DataDir;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minutes: i64) -> UnixMillis {
        UnixMillis(minutes * MINUTE)
    }

    fn store() -> (Store, Arc<IdSource>, tempfile::TempDir) {
        let (folder, ids) = (tempfile::tempdir().expect("a folder"), Arc::new(IdSource::seeded(1)));
        let dir = DataDir::open(folder.path()).expect("a data directory");
        let secrets = dir.secrets(None, &ids).expect("secrets");
        (Store::open(dir, secrets, Arc::clone(&ids)).expect("a store"), ids, folder)
    }

    #[tokio::test]
    async fn a_session_ends_when_idle_and_at_last_in_any_case() {
        let (store, ids, _folder) = store();
        let sessions = Sessions(&store);
        let touch = async |token: &str, now| sessions.touch(token, now).await.expect("read");
        let token = sessions.begin("AKID".to_owned(), at(0), &ids).await.expect("begun");
        assert!(touch("guessed", at(0)).await.is_none());
        for quarter in 1..48 {
            assert!(touch(&token, at(quarter * 15)).await.is_some(), "{quarter}");
        }
        assert!(touch(&token, at(12 * 60)).await.is_none());
        let idle = sessions.begin("AKID".to_owned(), at(0), &ids).await.expect("begun");
        assert!(touch(&idle, at(60)).await.is_none());
    }

    #[tokio::test]
    async fn a_session_that_was_ended_is_unknown() {
        let (store, ids, _folder) = store();
        let sessions = Sessions(&store);
        let token = sessions.begin("AKID".to_owned(), at(0), &ids).await.expect("begun");
        let session = sessions.touch(&token, at(1)).await.expect("read").expect("a session");
        assert!(session.knows(&session.csrf_token) && !session.knows("guessed") && !session.knows(""));
        sessions.end(&token).await.expect("ended");
        assert_eq!(sessions.touch(&token, at(1)).await.expect("read"), None);
    }

    #[tokio::test]
    async fn a_link_works_once_and_for_minutes_and_is_no_session() {
        let (store, ids, _folder) = store();
        let sessions = Sessions(&store);
        let take = async |token: &str, now| sessions.take_link(token, now).await.expect("taken");
        let token = sessions.make_link("AKID", at(0), &ids).await.expect("made");
        assert_eq!(sessions.touch(&token, at(1)).await.expect("read"), None);
        assert_eq!(take(&token, at(9)).await.as_deref(), Some("AKID"));
        assert_eq!(take(&token, at(9)).await, None);
        let late = sessions.make_link("AKID", at(0), &ids).await.expect("made");
        assert_eq!(take(&late, at(10)).await, None);
        let session = sessions.begin("AKID".to_owned(), at(0), &ids).await.expect("begun");
        assert_eq!(take(&session, at(1)).await, None);
        assert!(sessions.touch(&session, at(1)).await.expect("read").is_some(), "it goes on");
    }
}
