//! The console's side of the management API: signing in, and the same operations under a session's cookie.
//!
//! Keeps the promise that a browser can be made to do nothing that its user did not ask for: a session is a cookie that
//! no script reads and no other site sends; requests from elsewhere are refused; and what changes something needs a
//! token that only the console was told.

mod edge;
mod origin;
mod session;
mod sign_in;

pub use edge::SecureConnection;
pub(crate) use edge::routes;
pub(crate) use session::{LINK_SECONDS, SessionRefusal, Sessions};
