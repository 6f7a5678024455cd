//! What signs in to the console: sessions, and links that begin one.

use tollgate_domain::UnixMillis;

/// A session, or a link. Its token is not kept, so whoever has the database cannot sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleToken {
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// Whose it is.
    pub access_key_id: String,
    /// What a change that a session makes has to bring along; a link has none.
    pub csrf_token: Option<String>,
    /// When it ends, if it is not used again.
    pub expires: UnixMillis,
    /// When it ends at the latest.
    pub ends: UnixMillis,
}

/// Tokens of a kind at once; the one that expires next gives way to another.
pub(crate) const CONSOLE_TOKENS: i64 = 1000;
