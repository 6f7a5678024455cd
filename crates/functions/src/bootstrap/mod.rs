//! The programs that speak the Runtime API for functions in JavaScript and Python.

use std::fs;
use std::io;
use std::path::Path;

/// The file for functions in JavaScript.
pub(crate) const NODE: &str = "bootstrap.mjs";
/// The file for functions in Python.
pub(crate) const PYTHON: &str = "bootstrap.py";

/// Writes the bootstraps into a folder.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    fs::write(folder.join(NODE), include_str!("bootstrap.mjs"))?;
    fs::write(folder.join(PYTHON), include_str!("bootstrap.py"))
}
