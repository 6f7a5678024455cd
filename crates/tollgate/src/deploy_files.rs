//! The files beside a template: code of functions, and documents of APIs.

use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tollgate_deploy::Files;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// How deep folders of code may lie in one another; a link that leads back would have no end.
const DEPTH_LIMIT: usize = 64;

/// Bytes of the files of one function, as Lambda has it.
const CODE_LIMIT: u64 = 250 << 20;

/// Finds files where a template's tool puts them: beside it, in folders of assets, or where a Serverless project keeps
/// its artifacts.
pub(crate) struct TemplateFiles {
    folder: PathBuf,
    artifacts: Vec<PathBuf>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// Digests and sizes by what a template says of the code.
    digests: HashMap<String, (String, u64)>,
    /// Archives by digest.
    archives: HashMap<String, Vec<u8>>,
}

impl TemplateFiles {
    /// The files of a template.
    pub(crate) fn beside(template: &Path) -> Self {
        let folder = template.parent().unwrap_or(Path::new("")).to_owned();
        let artifacts = artifacts(&folder);
        Self { folder, artifacts, found: Mutex::default() }
    }

    /// No files.
    pub(crate) fn none() -> Self {
        Self { folder: PathBuf::new(), artifacts: Vec::new(), found: Mutex::default() }
    }

    /// An archive that was found, in base64.
    pub(crate) fn encoded(&self, sha256: &str) -> Option<String> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.archives.get(sha256).map(|archive| BASE64_STANDARD.encode(archive))
    }

    fn read(&self, code: &Value, runtime: &str, handler: &str) -> Result<Vec<u8>, String> {
        if let Some(text) = code.get("ZipFile").and_then(Value::as_str) {
            return inline(text, runtime, handler);
        }
        if code.get("ImageUri").is_some() {
            return Err("a container image is not run here".to_owned());
        }
        let path = self.locate(code)?;
        let read = |error: std::io::Error| format!("{}: {error}", path.display());
        match path.is_dir() {
            true => pack(&path).map_err(read),
            false => read_within(&path, &mut { CODE_LIMIT }).map_err(read),
        }
    }

    /// The file or folder that a template names, by its path or by its place in a bucket.
    fn locate(&self, named: &Value) -> Result<PathBuf, String> {
        if let Some(path) = named.as_str() {
            let path = self.folder.join(path);
            return if path.exists() { Ok(path) } else { Err(format!("there is no {}", path.display())) };
        }
        let key = ["S3Key", "Key"].iter().find_map(|name| named.get(*name)?.as_str());
        let key = key.ok_or("neither a path, a place in a bucket nor text is given")?;
        let base = key.rsplit('/').next().unwrap_or(key);
        let stem = base.strip_suffix(".zip").unwrap_or(base);
        let beside = [key, base, &format!("asset.{stem}"), &format!("asset.{base}")].map(|name| self.folder.join(name));
        let built = self.artifacts.iter().filter(|path| path.file_name().is_some_and(|name| name == base)).cloned();
        let mut places = beside.into_iter().chain(built);
        // A key never leads out of the folder.
        places
            .find(|path| path.exists() && !key.split('/').any(|part| part == ".."))
            .ok_or_else(|| format!("neither {base} nor asset.{stem} lies beside the template"))
    }
}

impl Files for TemplateFiles {
    fn archive(&self, code: &Value, runtime: &str, handler: &str) -> Result<(String, u64), String> {
        let asked = format!("{code} {runtime} {handler}");
        if let Some(known) = self.found.lock().unwrap_or_else(PoisonError::into_inner).digests.get(&asked) {
            return Ok(known.clone());
        }
        let archive = self.read(code, runtime, handler)?;
        let known = (hex::encode(Sha256::digest(&archive)), u64::try_from(archive.len()).unwrap_or(u64::MAX));
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.archives.insert(known.0.clone(), archive);
        found.digests.insert(asked, known.clone());
        Ok(known)
    }

    fn document(&self, location: &Value) -> Result<Value, String> {
        let path = self.locate(location)?;
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut limit = u64::try_from(tollgate_deploy::TEXT_LIMIT).unwrap_or(u64::MAX);
        let text = String::from_utf8(read_within(&path, &mut limit).map_err(said)?);
        let text = text.map_err(|_| format!("{}: it is no text in UTF-8", path.display()))?;
        let document = tollgate_deploy::read(&text).map_err(|mistake| format!("{}: {mistake}", path.display()))?;
        Ok(document.value())
    }
}

/// Code that a template has in itself: one file, named as the handler expects.
fn inline(text: &str, runtime: &str, handler: &str) -> Result<Vec<u8>, String> {
    let module = handler.rsplit_once('.').map_or("index", |(module, _)| module);
    let ending = if runtime.starts_with("python") { "py" } else { "js" };
    let mut archive = Packing::default();
    archive.add(&format!("{module}.{ending}"), text.as_bytes(), 0o644).map_err(|error| error.to_string())?;
    archive.finish().map_err(|error| error.to_string())
}

/// An archive of a folder. The same files make the same bytes.
fn pack(folder: &Path) -> std::io::Result<Vec<u8>> {
    let (mut archive, mut left) = (Packing::default(), CODE_LIMIT);
    pack_below(&mut archive, folder, "", 0, &mut left)?;
    archive.finish()
}

/// Reads a file that is one: a device or a pipe may have no end. What it takes is taken from what is left.
fn read_within(path: &Path, left: &mut u64) -> std::io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    *left = left.checked_sub(about.len()).ok_or_else(|| std::io::Error::other("it is too large"))?;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(about.len()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn pack_below(archive: &mut Packing, folder: &Path, prefix: &str, depth: usize, left: &mut u64) -> std::io::Result<()> {
    if depth > DEPTH_LIMIT {
        return Err(std::io::Error::other("its folders are too deep in one another"));
    }
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| std::io::Error::other("the name of a file is no text"))?;
        let path = entry.path();
        let within = |error: std::io::Error| std::io::Error::other(format!("{prefix}{name}: {error}"));
        // What a link leads to is packed in its place: archives with links are refused.
        let about = fs::metadata(&path).map_err(within)?;
        match about.is_dir() {
            true => pack_below(archive, &path, &format!("{prefix}{name}/"), depth + 1, left)?,
            false => {
                let bytes = read_within(&path, left).map_err(within)?;
                archive.add(&format!("{prefix}{name}"), &bytes, about.permissions().mode())?;
            }
        }
    }
    Ok(())
}

struct Packing(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Packing {
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Packing {
    fn add(&mut self, name: &str, bytes: &[u8], mode: u32) -> std::io::Result<()> {
        let options = SimpleFileOptions::default().unix_permissions(mode).last_modified_time(zip::DateTime::default());
        self.0.start_file(name, options)?;
        self.0.write_all(bytes)
    }

    fn finish(self) -> std::io::Result<Vec<u8>> {
        Ok(self.0.finish()?.into_inner())
    }
}

/// The artifacts that a Serverless project names in the state that its tool leaves beside the template.
fn artifacts(folder: &Path) -> Vec<PathBuf> {
    let state = fs::read_to_string(folder.join("serverless-state.json")).unwrap_or_default();
    let state: Value = serde_json::from_str(&state).unwrap_or_default();
    let mut named = Vec::new();
    collect_artifacts(&state, &mut named);
    let project = folder.join("..");
    named.into_iter().flat_map(|path| [project.join(&path), folder.join(&path)]).collect()
}

fn collect_artifacts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().filter(|_| name == "artifact") {
                    Some(path) => found.push(path.to_owned()),
                    None => collect_artifacts(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_artifacts(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_folder_makes_the_same_archive() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("asset.abc/lib")).expect("made");
        fs::write(folder.path().join("asset.abc/index.js"), "x").expect("written");
        fs::write(folder.path().join("asset.abc/lib/a.js"), "y").expect("written");
        let code = json!({"S3Bucket": "any", "S3Key": "abc.zip"});
        let archive =
            || TemplateFiles::beside(&folder.path().join("t.json")).archive(&code, "nodejs20.x", "index.handler");
        let first = archive().expect("found");
        assert_eq!(first, archive().expect("found"));
        fs::write(folder.path().join("asset.abc/lib/a.js"), "z").expect("written");
        assert_ne!(first, archive().expect("found"));
    }

    #[test]
    fn what_has_no_end_or_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = TemplateFiles::beside(&folder.path().join("t.json"));
        let said = |code: &str| files.archive(&json!(code), "", "").expect_err("not read");
        assert_eq!(said("/dev/zero"), "/dev/zero: it is no file");
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("endless")).expect("made");
        assert!(said(".").ends_with("endless: it is no file"));
        fs::remove_file(folder.path().join("endless")).expect("removed");
        let large = fs::File::create(folder.path().join("large")).expect("made");
        large.set_len(CODE_LIMIT + 1).expect("a sparse file");
        assert!(said("large").ends_with("it is too large") && said(".").ends_with("large: it is too large"));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let files = TemplateFiles::beside(Path::new("/nowhere/t.json"));
        let said = files.archive(&json!({"S3Key": "a/b.zip"}), "", "").expect_err("not found");
        assert_eq!(said, "neither b.zip nor asset.b lies beside the template");
        assert!(files.archive(&json!("./src"), "", "").expect_err("not found").contains("/nowhere/./src"));
    }
}
