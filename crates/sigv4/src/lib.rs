//! Signature Version 4, verified: who signed a request, and whether nobody changed it since.
//!
//! Requests are signed again by AWS's own signer and compared, so that the rules for paths, queries and headers are
//! theirs. The management API and the gateway both verify; they never see each other, and meet here.
//!
//! A [`Claim`] is what a request says of its signature, in its headers or, presigned, in its query. It is read, held
//! against the clock and the service, and then verified with the secret of the pair that it names.

mod claim;
mod date;
mod payload;
mod presigned;
mod refusal;
mod verify;

pub use self::claim::Claim;
pub use self::payload::{Payload, StatedPayload, hash};
pub use self::refusal::SignatureRefusal;
pub use self::verify::Subject;

#[cfg(test)]
mod tests;
