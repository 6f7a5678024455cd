//! Where uploaded code is kept: `{root}/{function}/{sha256 of the archive}/`.
//!
//! Each node has its own folder. Where several share a store, archives are kept there too, and each gets what it lacks.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tollgate_domain::{Catalog, FunctionCode, FunctionSource};
use tollgate_store::Store;

use super::conflict::FunctionConflict;
use super::{pack, unpack};
use crate::error::Failure;

/// The folder of uploaded code. A clone is another handle to the same one.
#[derive(Clone, Debug)]
pub struct CodeStore {
    root: PathBuf,
    /// Where other nodes get it. What is not shared is not held: a data directory is to be free for another process
    /// while functions of this one finish.
    shared: Option<Store>,
}

/// Code that was uploaded for a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Upload {
    function: String,
    sha256: String,
}

impl CodeStore {
    /// Keeps code in `root`, which this alone may write, and for the other nodes in `store`.
    pub fn new(root: PathBuf, store: Store) -> Self {
        Self { root, shared: store.is_shared().then_some(store) }
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
        let used: BTreeSet<PathBuf> = uploads(catalog).map(|upload| self.place_of(&upload)).collect();
        for function in folders(&self.root)? {
            for code in folders(&function)?.into_iter().filter(|code| !used.contains(code)) {
                fs::remove_dir_all(code)?;
            }
            // One that still has code stays.
            let _ = fs::remove_dir(function);
        }
        Ok(())
    }

    /// Whether code that functions of `catalog` have is not here: it was uploaded to another node.
    pub fn lacks_some(&self, catalog: &Catalog) -> bool {
        uploads(catalog).any(|upload| !self.place_of(&upload).is_dir())
    }

    /// Gets from the store what functions of `catalog` have and is not here. What cannot be had is logged.
    pub async fn obtain(&self, catalog: &Catalog) {
        for upload in uploads(catalog).filter(|upload| !self.place_of(upload).is_dir()) {
            let Upload { function, sha256 } = &upload;
            match self.obtain_one(&upload).await {
                Ok(true) => {}
                Ok(false) => tracing::error!(function, sha256, "the code of a function is nowhere to be had"),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(function, sha256, error, "the code of a function cannot be had from the store");
                }
            }
        }
    }

    /// False when no node has shared it.
    async fn obtain_one(&self, upload: &Upload) -> Result<bool, Failure> {
        let Some(store) = &self.shared else { return Ok(false) };
        let Some(archive) = store.code(upload.sha256.clone()).await? else { return Ok(false) };
        self.unpack(upload.clone(), archive).await?;
        Ok(true)
    }

    /// Gives the other nodes what functions of `catalog` have here and nobody gave them: of a node that was alone until
    /// now. What cannot be given is logged.
    pub async fn share(&self, catalog: &Catalog) {
        if let Err(error) = self.share_all(catalog).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "code of functions could not be shared with other nodes");
        }
    }

    async fn share_all(&self, catalog: &Catalog) -> Result<(), Failure> {
        let Some(store) = &self.shared else { return Ok(()) };
        let known: BTreeSet<String> = store.codes().await?.into_iter().collect();
        for upload in uploads(catalog).filter(|upload| !known.contains(&upload.sha256)) {
            let folder = self.place_of(&upload);
            if folder.is_dir() {
                let packed = tokio::task::spawn_blocking(move || pack::pack(&folder)).await;
                let archive = packed.unwrap_or(Err(Failure::Panicked))?;
                store.keep_code(upload.sha256, archive).await?;
            }
        }
        Ok(())
    }

    /// Code of a function that was uploaded before, and is still here or on another node: that of older versions goes
    /// when a node starts.
    pub(super) async fn kept(&self, function: &str, sha256: &str, size: Option<i64>) -> Result<FunctionCode, Failure> {
        let unknown = || FunctionConflict::Invalid("There is no code with this Code.ArchiveSha256.".to_owned());
        if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(unknown().into());
        }
        let upload = Upload { function: function.to_owned(), sha256: sha256.to_owned() };
        if !self.place_of(&upload).is_dir() && !self.obtain_one(&upload).await? {
            return Err(unknown().into());
        }
        let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Ok(FunctionCode::Zip { sha256: sha256.to_owned(), size })
    }

    /// Keeps an archive that was uploaded. It is on disk, whole, and other nodes can have it, when this returns.
    pub(super) async fn keep(&self, function: String, archive: Vec<u8>) -> Result<FunctionCode, Failure> {
        let sha256 = hex::encode(Sha256::digest(&archive));
        let size = u64::try_from(archive.len()).unwrap_or(u64::MAX);
        let archive = self.unpack(Upload { function, sha256: sha256.clone() }, archive).await?;
        if let Some(store) = &self.shared {
            store.keep_code(sha256.clone(), archive).await?;
        }
        Ok(FunctionCode::Zip { sha256, size })
    }

    /// Unpacks an archive, and gives it back.
    async fn unpack(&self, upload: Upload, archive: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let store = self.clone();
        let unpacked =
            tokio::task::spawn_blocking(move || store.unpack_blocking(&upload, &archive).map(|()| archive)).await;
        unpacked.unwrap_or(Err(Failure::Panicked))
    }

    fn unpack_blocking(&self, upload: &Upload, archive: &[u8]) -> Result<(), Failure> {
        let (parent, folder) = (self.root.join(&upload.function), self.place_of(upload));
        if folder.is_dir() {
            return Ok(());
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&parent).map_err(Failure::CodeStore)?;
        // Under another name first, so that a folder of code is always whole.
        let fresh = tempfile::Builder::new().prefix("new-").tempdir_in(&parent).map_err(Failure::CodeStore)?;
        unpack::unpack(archive, fresh.path())?;
        put_in_place(fresh.path(), &folder).map_err(Failure::CodeStore)
    }

    fn place_of(&self, upload: &Upload) -> PathBuf {
        self.root.join(&upload.function).join(&upload.sha256)
    }
}

/// What was uploaded of the functions of a catalog.
fn uploads(catalog: &Catalog) -> impl Iterator<Item = Upload> + '_ {
    catalog.functions.values().filter_map(|function| match &function.source {
        FunctionSource::Process { code: FunctionCode::Zip { sha256, .. }, .. } => {
            Some(Upload { function: function.name.clone(), sha256: sha256.clone() })
        }
        _ => None,
    })
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
