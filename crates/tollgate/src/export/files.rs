//! The files of an export. Nobody but who asked for them may read them: there may be values of keys in them.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A file to be written.
#[derive(Debug)]
pub(crate) struct File {
    /// Its place in the folder.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) executable: bool,
}

impl File {
    pub(crate) fn new(path: impl Into<PathBuf>, text: String) -> Self {
        Self { path: path.into(), text, executable: false }
    }
}

/// Writes files into a folder that is new or empty.
pub(crate) fn write_all(folder: &Path, files: &[File]) -> anyhow::Result<()> {
    let unmade = || format!("cannot make the folder {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(unmade)?;
    if std::fs::read_dir(folder).with_context(unmade)?.next().is_some() {
        bail!("the folder {} is not empty; nothing was written", folder.display());
    }
    files.iter().try_for_each(|file| {
        if let Some(parent) = file.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder.join(parent)).with_context(unmade)?;
        }
        write_one(&folder.join(&file.path), &file.text, file.executable)
    })
}

/// Writes a file that is not there yet.
pub(crate) fn write_one(path: &Path, text: &str, executable: bool) -> anyhow::Result<()> {
    let mode = if executable { 0o700 } else { 0o600 };
    let unwritten = || format!("cannot write {}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).with_context(unwritten)?;
    file.write_all(text.as_bytes()).with_context(unwritten)
}
