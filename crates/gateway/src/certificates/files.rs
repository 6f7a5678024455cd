//! A certificate and the files that it is read from.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::CertificateError;

/// Where a certificate is kept, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and after it those that vouch for it.
    pub chain: PathBuf,
    /// Its private key. May be the same file.
    pub key: PathBuf,
}

/// A certificate as it was last read.
#[derive(Debug)]
pub(super) struct Site {
    files: CertificateFiles,
    /// What the files looked like when they were last tried.
    tried: Stamp,
    pub(super) certified: Arc<CertifiedKey>,
}

/// Size and time of change of both files; none where a file is not there.
type Stamp = [Option<(u64, SystemTime)>; 2];

impl Site {
    pub(super) fn read(files: CertificateFiles) -> Result<Self, CertificateError> {
        // Looked at before they are read: a change in between is seen the next time.
        let tried = files.stamp();
        let certified = Arc::new(files.read()?);
        Ok(Self { files, tried, certified })
    }

    /// Whether the files are others than those that were last tried.
    pub(super) fn is_changed(&self) -> bool {
        self.tried != self.files.stamp()
    }

    /// Reads the files again; on failure the certificate stays.
    pub(super) fn read_again(&mut self) -> Result<(), CertificateError> {
        self.tried = self.files.stamp();
        self.certified = Arc::new(self.files.read()?);
        Ok(())
    }
}

impl CertificateFiles {
    fn stamp(&self) -> Stamp {
        [&self.chain, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        })
    }

    fn read(&self) -> Result<CertifiedKey, CertificateError> {
        let chain = CertificateDer::pem_file_iter(&self.chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable(&self.chain))?;
        if chain.is_empty() {
            return Err(CertificateError::Empty { path: self.chain.clone() });
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unreadable(&self.key))?;
        CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map_err(|cause| CertificateError::Unusable { files: self.clone(), cause })
    }
}

fn unreadable(path: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> CertificateError {
    let path = path.to_owned();
    move |cause| CertificateError::Unreadable { path, cause }
}
