//! The files that a template names, as whoever has a disk finds them.

use serde_json::Value;

/// Finds the files that lie beside a template. What it cannot find it says in a sentence.
pub trait Files {
    /// The archive that a function's code is in, made if it is a folder or text: its SHA-256 in hexadecimal digits,
    /// and its bytes.
    fn archive(&self, code: &Value, runtime: &str, handler: &str) -> Result<(String, u64), String>;

    /// A document in JSON or YAML, as a value.
    fn document(&self, location: &Value) -> Result<Value, String>;
}
