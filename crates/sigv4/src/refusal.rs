//! Why a request is not believed, in AWS's words.

/// Why a request is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// The request is not signed.
    #[error("Missing Authentication Token")]
    Missing,
    /// Nobody has this pair, or the session that a token names.
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey,
    /// The claim can't be read; the text says why.
    #[error("{0}")]
    Incomplete(String),
    /// The scope or the date is wrong; the text says how.
    #[error("{0}")]
    OutOfScope(String),
    /// Something else was signed, or with another secret.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureRefusal {
    /// AWS's error code for this.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::UnknownAccessKey => "UnrecognizedClientException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::OutOfScope(_) | Self::Mismatch => "InvalidSignatureException",
        }
    }

    pub(crate) fn incomplete(text: &str) -> Self {
        Self::Incomplete(text.to_owned())
    }
}
