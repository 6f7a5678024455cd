//! The data directory: one process at a time, readable by its owner alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tollgate_domain::IdSource;

use crate::error::StoreError;
use crate::secrets::Secrets;

/// File with the master key, unless it is given by the environment.
pub(crate) const MASTER_KEY_FILE: &str = "master.key";

/// A data directory that this process holds until it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if needed (mode 0700) and takes its lock. A second process is refused.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::io(path.display(), &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secrets of this directory: from `given` (64 hexadecimal digits), else from the master key's file, which is
    /// made when it is not there.
    pub fn secrets(&self, given: Option<&str>, ids: &IdSource) -> Result<Secrets, StoreError> {
        let text = match given {
            Some(text) => text.to_owned(),
            None => self.read_or_make(MASTER_KEY_FILE, || {
                let mut key = [0; 32];
                ids.fill(&mut key);
                key.iter().map(|byte| format!("{byte:02x}")).collect()
            })?,
        };
        let key = parse_hex(text.trim())
            .ok_or_else(|| StoreError::Corrupt("the master key is not 64 hexadecimal digits".to_owned()))?;
        Ok(Secrets::new(&key))
    }

    /// Reads a small secret file, or makes it with mode 0600. It is on disk when this returns.
    pub fn read_or_make(&self, name: &str, make: impl FnOnce() -> String) -> Result<String, StoreError> {
        let path = self.path.join(name);
        let failed = |error: std::io::Error| StoreError::io(path.display(), &error);
        match File::open(&path) {
            Ok(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(failed)?;
                Ok(text)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let text = make();
                self.write_secret(name, &text)?;
                Ok(text)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether the master key is kept here.
    pub fn has_master_key(&self) -> bool {
        self.path.join(MASTER_KEY_FILE).exists()
    }

    /// Removes the master key. What was sealed with it can be read no more, unless it is kept elsewhere.
    pub fn forget_master_key(&self) -> Result<(), StoreError> {
        let path = self.path.join(MASTER_KEY_FILE);
        fs::remove_file(&path).map_err(|error| StoreError::io(path.display(), &error))
    }

    /// Writes a small secret file, over what it was.
    pub fn replace(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.write_secret(name, text)
    }

    /// Makes an empty file that only its owner can read, or makes the one that is there so.
    pub(crate) fn make_private(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path.join(name);
        let failed = |error: std::io::Error| StoreError::io(path.display(), &error);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)
    }

    /// Writes under another name first, so that a crash never leaves half a secret.
    fn write_secret(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let (path, fresh) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let failed = |error: std::io::Error| StoreError::io(path.display(), &error);
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, &path).map_err(failed)?;
        File::open(&self.path).and_then(|dir| dir.sync_all()).map_err(failed)
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_of_the_directory_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        let first = DataDir::open(temp.path()).expect("free");
        assert!(matches!(DataDir::open(temp.path()), Err(StoreError::InUse { .. })));
        drop(first);
        DataDir::open(temp.path()).expect("free again");
    }

    #[test]
    fn a_secret_is_made_once_and_is_its_owners_alone() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = DataDir::open(temp.path()).expect("free");
        let first = dir.read_or_make("secret", || "one".to_owned()).expect("written");
        let second = dir.read_or_make("secret", || "two".to_owned()).expect("read");
        assert_eq!((first.as_str(), second.as_str()), ("one", "one"));
        let mode = fs::metadata(temp.path().join("secret")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
