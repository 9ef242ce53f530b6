//! What is made here is its owner's alone: folders 0700, files 0600.
//!
//! `SQLite` gives the files beside a database (`-wal`, `-shm`) the rights of the database, so it is
//! made here before `SQLite` opens it. What is there already keeps its rights.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
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

/// What stands in a small file, such as a key. Where it is not there, it is made to hold what
/// `make` says: whole or not at all, and if several make it at once, all of them read what one of
/// them made.
///
/// # Errors
/// What the operating system says.
pub fn made_once(path: &Path, make: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let beside = beside(path);
    folder(beside)?;
    match draft(beside, &make()?)?.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => Err(failed.error),
        _ => {
            #[cfg(unix)]
            File::open(beside)?.sync_all()?;
            fs::read(path)
        }
    }
}

/// Puts something into a small file, in the place of what it held: whole or not at all, and if
/// several processes do it at once, it holds what one of them put there.
///
/// # Errors
/// What the operating system says.
pub fn put(path: &Path, what: &[u8]) -> io::Result<()> {
    draft(beside(path), what)?.persist(path)?;
    Ok(())
}

fn beside(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// A file of no name that anybody else gives: its owner's alone from the beginning, and gone with
/// this value unless it is kept.
fn draft(folder: &Path, what: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(what)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// Waits until no other process holds this file, which is made if there is none; it is held until
/// what this answers is dropped. For what must not be done by two processes at once.
///
/// # Errors
/// What the operating system says.
pub(crate) async fn held(path: &Path) -> io::Result<File> {
    let file = file(path)?;
    tokio::task::spawn_blocking(move || file.lock().map(|()| file))
        .await
        .map_err(io::Error::other)?
}

#[cfg(all(test, unix))]
mod tests {
    use std::{os::unix::fs::PermissionsExt, thread};

    use super::*;

    #[test]
    fn what_several_put_at_once_is_whole_and_nobody_fails() {
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("small");
        thread::scope(|scope| {
            for who in 0..4_u8 {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| put(path, &[who; 9]).unwrap()));
            }
        });
        let held = fs::read(&path).unwrap();
        assert!(held == [held[0]; 9], "{held:?}");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(there.path()).unwrap().count(), 1);
    }

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

    #[test]
    fn of_many_who_make_a_file_at_once_all_read_what_one_of_them_made() {
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("deep/some.key");
        let told: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let made: Vec<_> = (0..8_u8)
                .map(|n| {
                    scope.spawn({
                        let path = &path;
                        move || made_once(path, || Ok(vec![n; 32]))
                    })
                })
                .collect();
            let made = made.into_iter().map(|one| one.join().unwrap().unwrap());
            made.collect()
        });
        assert!(told.iter().all(|one| *one == told[0] && one.len() == 32));
        assert_eq!(fs::read(&path).unwrap(), told[0]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let again = made_once(&path, || unreachable!("it is there"));
        assert_eq!(again.unwrap(), told[0]);
    }
}
