//! Where uploaded code is kept: `{root}/{function}/{sha256 of the archive}/`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tollgate_domain::{Catalog, FunctionCode, FunctionSource};

use super::conflict::FunctionConflict;
use super::unpack;
use crate::error::Failure;

/// The folder of uploaded code. A clone is another handle to the same one.
#[derive(Clone, Debug)]
pub struct CodeStore {
    root: PathBuf,
}

impl CodeStore {
    /// Keeps code in `root`, which this alone may write.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder that a function's code is in.
    pub fn folder(&self, function: &str, code: &FunctionCode) -> PathBuf {
        match code {
            FunctionCode::Zip { sha256, .. } => self.root.join(function).join(sha256),
            FunctionCode::Folder { path } => PathBuf::from(path),
        }
    }

    /// Removes the code that no function of `catalog` has: of functions that were deleted or changed. To be called when
    /// no function runs, since an instance may still load files of older code.
    pub fn prune(&self, catalog: &Catalog) -> io::Result<()> {
        let mut used = BTreeSet::new();
        for function in catalog.functions.values() {
            if let FunctionSource::Process { code: code @ FunctionCode::Zip { .. }, .. } = &function.source {
                used.insert(self.folder(&function.name, code));
            }
        }
        for function in folders(&self.root)? {
            for code in folders(&function)?.into_iter().filter(|code| !used.contains(code)) {
                fs::remove_dir_all(code)?;
            }
            // One that still has code stays.
            let _ = fs::remove_dir(function);
        }
        Ok(())
    }

    /// Code of a function that was uploaded before and is still here: that of older versions goes when a node starts.
    pub(super) fn kept(
        &self,
        function: &str,
        sha256: &str,
        size: Option<i64>,
    ) -> Result<FunctionCode, FunctionConflict> {
        let digest = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !digest || !self.root.join(function).join(sha256).is_dir() {
            return Err(FunctionConflict::Invalid("There is no code with this Code.ArchiveSha256.".to_owned()));
        }
        let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Ok(FunctionCode::Zip { sha256: sha256.to_owned(), size })
    }

    /// Unpacks an archive. It is on disk, whole, when this returns.
    pub(super) async fn keep(&self, function: String, archive: Vec<u8>) -> Result<FunctionCode, Failure> {
        let store = self.clone();
        let kept = tokio::task::spawn_blocking(move || store.keep_blocking(&function, &archive)).await;
        kept.unwrap_or(Err(Failure::Panicked))
    }

    fn keep_blocking(&self, function: &str, archive: &[u8]) -> Result<FunctionCode, Failure> {
        let sha256 = hex::encode(Sha256::digest(archive));
        let parent = self.root.join(function);
        let folder = parent.join(&sha256);
        if !folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&parent).map_err(Failure::CodeStore)?;
            // Under another name first, so that a folder of code is always whole.
            let fresh = tempfile::Builder::new().prefix("new-").tempdir_in(&parent).map_err(Failure::CodeStore)?;
            unpack::unpack(archive, fresh.path())?;
            put_in_place(fresh.path(), &folder).map_err(Failure::CodeStore)?;
        }
        Ok(FunctionCode::Zip { sha256, size: u64::try_from(archive.len()).unwrap_or(u64::MAX) })
    }
}

/// Gives unpacked code its name, once it is on disk.
fn put_in_place(fresh: &Path, folder: &Path) -> io::Result<()> {
    // One call for thousands of files.
    rustix::fs::syncfs(File::open(fresh)?)?;
    match fs::rename(fresh, folder) {
        // Another request unpacked the same archive.
        Err(_) if folder.is_dir() => return Ok(()),
        renamed => renamed?,
    }
    File::open(folder.parent().unwrap_or(folder))?.sync_all()
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A folder of the operator's that can be code.
pub(super) fn check_folder(path: &str) -> Result<FunctionCode, FunctionConflict> {
    let wanted = Path::new(path);
    match wanted.is_absolute() && wanted.is_dir() {
        true => Ok(FunctionCode::Folder { path: path.to_owned() }),
        false => Err(FunctionConflict::Invalid(format!("Code.Folder is not the absolute path of a folder: {path}"))),
    }
}
