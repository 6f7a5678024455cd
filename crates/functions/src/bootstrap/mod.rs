//! The programs that speak the Runtime API for functions in JavaScript and Python.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file for functions in JavaScript.
pub(crate) const NODE: &str = "bootstrap.mjs";
/// The file for functions in Python.
pub(crate) const PYTHON: &str = "bootstrap.py";

/// Writes the bootstraps into a folder, for nobody but this process's user.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    write_own(&folder.join(NODE), include_str!("bootstrap.mjs"))?;
    write_own(&folder.join(PYTHON), include_str!("bootstrap.py"))
}

fn write_own(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
