//! Client certificates, by which upstreams know the gateway.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;

/// A client certificate with its private key.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// Its id.
    pub id: String,
    /// Free text.
    pub description: Option<String>,
    /// The certificate, as PEM.
    pub pem: String,
    /// Its private key, as PEM. Never shown.
    pub private_key_pem: String,
    /// When it was made.
    pub created: UnixMillis,
    /// When it ends.
    pub expires: UnixMillis,
    /// Tags.
    pub tags: Tags,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The private key is a secret.
        f.debug_struct("ClientCertificate")
            .field("id", &self.id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
