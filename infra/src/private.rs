//! What is made here is its owner's alone: folders 0700, files 0600.
//!
//! `SQLite` gives the files beside a database (`-wal`, `-shm`) the rights of the database, so it is
//! made here before `SQLite` opens it. What is there already keeps its rights.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a folder, and those it lies in, where they are not there yet.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How a file is opened that may have to be made.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a file to write, and makes it where it is not there yet; what it holds stays.
pub fn file(path: &Path) -> io::Result<File> {
    options().create(true).truncate(false).open(path)
}

/// Makes the file of a database, and its folder, where they are not there yet.
pub(crate) fn database(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    match options().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_database_and_its_folders_are_their_owners_alone() {
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("deep/down/log.sqlite");
        database(&path).unwrap();
        database(&path).unwrap();
        for (path, mode) in [
            (path.as_path(), 0o600),
            (&there.path().join("deep/down"), 0o700),
            (&there.path().join("deep"), 0o700),
        ] {
            let rights = path.metadata().unwrap().permissions().mode();
            assert_eq!(rights & 0o777, mode, "{}", path.display());
        }
    }
}
