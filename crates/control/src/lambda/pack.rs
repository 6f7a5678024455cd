//! Packs a folder of code into an archive again, for nodes that do not have it.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::error::Failure;

/// Packs a folder that [`super::unpack`] made: there are folders and files in it, and no links.
pub(super) fn pack(folder: &Path) -> Result<Vec<u8>, Failure> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut archive, folder, "").map_err(Failure::CodeStore)?;
    Ok(archive.finish().map_err(|error| Failure::CodeStore(error.into()))?.into_inner())
}

fn add(archive: &mut ZipWriter<Cursor<Vec<u8>>>, folder: &Path, prefix: &str) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            archive.add_directory(&name, SimpleFileOptions::default())?;
            add(archive, &entry.path(), &format!("{name}/"))?;
        } else {
            let mode = entry.metadata()?.permissions().mode();
            archive.start_file(&name, SimpleFileOptions::default().unix_permissions(mode))?;
            archive.write_all(&fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::unpack;

    #[test]
    fn what_is_packed_unpacks_to_the_same() {
        let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(from.path().join("lib/empty")).expect("made");
        fs::write(from.path().join("index.js"), "exports").expect("written");
        fs::write(from.path().join("lib/run"), [0, 159, 146, 150]).expect("written");
        fs::set_permissions(from.path().join("lib/run"), fs::Permissions::from_mode(0o755)).expect("set");
        unpack::unpack(&pack(from.path()).expect("packed"), to.path()).expect("unpacked");
        let read = |name: &str| fs::read(to.path().join(name)).expect("read");
        assert_eq!((read("index.js"), read("lib/run")), (b"exports".to_vec(), vec![0, 159, 146, 150]));
        let mode = |name: &str| fs::metadata(to.path().join(name)).expect("there").permissions().mode() & 0o111;
        assert_eq!((mode("index.js"), mode("lib/run")), (0, 0o111));
        assert!(to.path().join("lib/empty").is_dir());
    }
}
