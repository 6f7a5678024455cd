//! Where the keys of a user pool come from.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key_set::KeySet;
use crate::config::JwksLocation;
use crate::upstream::{self, TlsSettings};

/// Bytes that a key set may have; those of Amazon Cognito have less than one thousand.
const LONGEST_SET: usize = 1 << 20;

/// How long it may take to read one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file or an address with a JSON Web Key Set.
#[derive(Clone, Debug)]
pub(crate) struct KeySource(pub(crate) JwksLocation);

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            JwksLocation::File(path) => path.display().fmt(f),
            JwksLocation::Url(url) => f.write_str(url),
        }
    }
}

impl KeySource {
    /// Reads the keys as they are now.
    pub(super) async fn read(&self, tls: &TlsSettings) -> Result<KeySet, String> {
        let reading = async {
            match &self.0 {
                JwksLocation::Url(url) => upstream::get(url, tls, LONGEST_SET).await.map(Vec::from),
                JwksLocation::File(path) => read_file(path.clone()).await,
            }
        };
        let document = tokio::time::timeout(PATIENCE, reading).await;
        KeySet::parse(&document.map_err(|_elapsed| "no answer in time".to_owned())??)
    }
}

/// Reads a file on a thread that may wait for it.
async fn read_file(path: PathBuf) -> Result<Vec<u8>, String> {
    let read = tokio::task::spawn_blocking(move || read_at_most(&path, LONGEST_SET)).await;
    read.unwrap_or_else(|error| Err(error.to_string()))
}

fn read_at_most(path: &Path, max: usize) -> Result<Vec<u8>, String> {
    let (mut bytes, limit) = (Vec::new(), u64::try_from(max).unwrap_or(u64::MAX));
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > max { Err(format!("it has more than {max} bytes")) } else { Ok(bytes) }
}
