//! The body of a request, as its signature covers it.

use sha2::{Digest, Sha256};

/// The header, and the parameter of a presigned query, that say which hash was signed.
pub(crate) const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// What stands in the place of a hash where the body was not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What is known of a body when its signature is verified.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// Its SHA-256 in hexadecimal, as the caller states it. The body has still to be held against it.
    Hash(&'a str),
    /// It was not signed.
    Unsigned,
}

/// What a request says of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedPayload {
    /// That it was signed, and its hash. A text that is no hash is the hash of nothing.
    Hash(String),
    /// That it was not signed.
    Unsigned,
}

impl StatedPayload {
    pub(crate) fn read(text: &str) -> Self {
        if text == UNSIGNED { Self::Unsigned } else { Self::Hash(text.to_owned()) }
    }
}

/// The hash of a body, as requests state it.
pub fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}
