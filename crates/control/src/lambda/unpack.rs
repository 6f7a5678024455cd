//! Unpacks an archive of code, which may be anything: nothing is written outside the folder, and no more than fits.

use std::fs::{self, File, Permissions};
use std::io::{Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::conflict::FunctionConflict;
use crate::error::Failure;

/// Bytes that all files may have, as on Lambda.
const SIZE_LIMIT: u64 = 250 << 20;
/// Files that there may be: what an archive of empty files would cost.
const FILES_LIMIT: usize = 65_536;

/// Unpacks an archive into an empty folder. Of permissions only that to execute is taken over.
pub(super) fn unpack(archive: &[u8], folder: &Path) -> Result<(), Failure> {
    unpack_within(archive, folder, SIZE_LIMIT)
}

fn unpack_within(archive: &[u8], folder: &Path, limit: u64) -> Result<(), Failure> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|_| FunctionConflict::NotAnArchive)?;
    if archive.len() > FILES_LIMIT {
        return Err(FunctionConflict::Invalid(format!("The archive has more than {FILES_LIMIT} files.")).into());
    }
    let mut written = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| FunctionConflict::NotAnArchive)?;
        written += unpack_entry(&mut entry, folder, limit - written)?;
        if written >= limit {
            return Err(FunctionConflict::ArchiveTooLarge(limit).into());
        }
    }
    Ok(())
}

/// Writes one entry and returns its size, which is `left` at most: the archive's own word for it is not taken.
fn unpack_entry<R: Read>(entry: &mut ZipFile<'_, R>, folder: &Path, left: u64) -> Result<u64, Failure> {
    let name = entry.name().map(std::borrow::Cow::into_owned).map_err(|_| FunctionConflict::NotAnArchive)?;
    let bad = || FunctionConflict::BadArchiveEntry(name.clone());
    let path = folder.join(entry.enclosed_name().ok_or_else(bad)?);
    if entry.is_symlink() {
        // A link could lead out of the folder.
        return Err(bad().into());
    }
    if entry.is_dir() {
        fs::create_dir_all(path).map_err(Failure::CodeStore)?;
        return Ok(0);
    }
    if let Some(parent) = path.parent() {
        // Fails only where a file is in the way, which is the archive's fault.
        fs::create_dir_all(parent).map_err(|_| bad())?;
    }
    let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
    let mut file = File::create(&path).map_err(|_| bad())?;
    let size = copy(&mut entry.take(left), &mut file)?;
    let mode = if executable { 0o755 } else { 0o644 };
    file.set_permissions(Permissions::from_mode(mode)).map_err(Failure::CodeStore)?;
    Ok(size)
}

/// Copies all bytes. Reading fails for what the archive says, writing for what the disk says.
fn copy(from: &mut impl Read, to: &mut File) -> Result<u64, Failure> {
    use std::io::Write;
    let (mut size, mut chunk) = (0, vec![0; 64 << 10]);
    loop {
        let length = from.read(&mut chunk).map_err(|_| FunctionConflict::NotAnArchive)?;
        if length == 0 {
            return Ok(size);
        }
        to.write_all(&chunk[..length]).map_err(Failure::CodeStore)?;
        size += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(build: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        build(&mut writer);
        writer.finish().expect("an archive").into_inner()
    }

    fn file(name: &str, mode: u32, bytes: &[u8]) -> Vec<u8> {
        archive(|writer| {
            writer.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).expect("begun");
            writer.write_all(bytes).expect("written");
        })
    }

    fn unpacked(archive: &[u8]) -> (tempfile::TempDir, Result<(), String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let outcome = unpack_within(archive, &folder.path().join("in"), 100_000).map_err(|failure| failure.to_string());
        (folder, outcome)
    }

    #[test]
    fn files_come_with_their_folders_and_their_right_to_run() {
        let (folder, outcome) = unpacked(&file("bin/bootstrap", 0o4777, b"#!"));
        assert_eq!(outcome, Ok(()));
        let path = folder.path().join("in/bin/bootstrap");
        assert_eq!(fs::read(&path).expect("there"), b"#!");
        assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o7777, 0o755);
    }

    #[test]
    fn nothing_is_written_outside_the_folder() {
        for name in ["../out", "/out", "a/../../out", "in/../../out"] {
            let (folder, outcome) = unpacked(&file(name, 0o644, b"x"));
            assert!(!folder.path().join("out").exists() && !Path::new("/out").exists(), "{name}: {outcome:?}");
        }
        let link = archive(|writer| {
            writer.add_symlink("way", "/etc", SimpleFileOptions::default()).expect("added");
            writer.start_file("way/out", SimpleFileOptions::default()).expect("begun");
        });
        assert!(unpacked(&link).1.is_err_and(|text| text.ends_with("way")));
    }

    #[test]
    fn an_archive_that_grows_beyond_the_limit_is_refused() {
        let bomb = file("zeros", 0o644, &[0; 100_000]);
        assert!(bomb.len() < 1000);
        assert_eq!(unpacked(&bomb).1, Err("Unzipped size must be smaller than 100000 bytes".to_owned()));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let whole = file("index.js", 0o644, b"exports.handler = 1");
        for broken in [&b""[..], b"PK\x03\x04", &whole[..whole.len() / 2]] {
            assert!(unpacked(broken).1.is_err_and(|text| text.starts_with("Could not unzip")));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_change_of_an_archive_is_unpacked_or_refused(at in 0usize..140, byte: u8) {
            let mut bytes = file("index.js", 0o644, b"exports.handler = async () => 1");
            let at = at % bytes.len();
            bytes[at] = byte;
            let (folder, _) = unpacked(&bytes);
            proptest::prop_assert!(fs::read_dir(folder.path()).expect("there").count() <= 1);
        }
    }
}
