//! Restoring: all of it, or nothing.
//!
//! Everything is put together and checked in a folder of its own within the data folder. When it
//! is whole, its files are moved to their places, and a note says which: should that be
//! interrupted, the next call moves the rest. Until then nobody serves ([`unfinished`]).

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    BackupError, Holds, KEYS, LOG, Layout, MASTER, Manifest, VAULT,
    error::file,
    files,
    take::{check_log, count_entries, name_of_keys},
};
use crate::{
    clock::Clock,
    event_store::lock,
    private,
    vault::{MasterKey, SqlitePersonVault},
};

/// Where a restore is put together.
const WORKSHOP: &str = "restore.half-made";
/// The note that it is whole, and which files it consists of.
const WHOLE: &str = "whole";
/// What is made anew from the log, and must not be there from another.
const READ: &str = "read.sqlite";
/// What SQLite may leave beside a database. Such a file would be taken for the restored one's.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Where the keys are that open the words in a backup.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// In a copy, which is restored too.
    Copied(&'a Path),
    /// In the data folder, where they were never lost: they know of every erasure.
    Kept,
    /// Nowhere. The log alone is restored, and all words about people are lost.
    Lost,
}

/// What restoring came to.
#[derive(Debug)]
pub enum Outcome {
    /// This was restored.
    Restored(Box<Restored>),
    /// An earlier call had been interrupted when all but the moving was done: that is done now, and
    /// nothing else.
    Finished,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup holds.
    pub backup: Manifest,
    /// What the copy of the keys holds, if they were restored.
    pub keys: Option<Manifest>,
    /// How many persons the register of erasures names.
    pub erasures: usize,
    /// How many of the backup's entries were destroyed, since the persons they tell of are erased.
    pub destroyed: u64,
    /// How many of them were left out, since no key opens them: the keys are older than they are.
    pub keyless: u64,
}

/// Whether a data folder waits for a restore to be finished. Nobody may serve it.
#[must_use]
pub fn unfinished(data: &Path) -> bool {
    fs::read_dir(data.join(WORKSHOP)).is_ok_and(|mut left| left.next().is_some())
}

/// Restores a backup into a data folder that holds neither log nor words. The copy is checked
/// against its manifest, the log against its chains; the erasures that the register names are done
/// again. Read models are not restored: they are made anew from the log.
pub async fn restore(
    layout: &Layout,
    from: &Path,
    keys: Keys<'_>,
    clock: Arc<dyn Clock>,
) -> Result<Outcome, BackupError> {
    if layout
        .log
        .as_ref()
        .is_some_and(|log| *log != layout.in_data(LOG))
    {
        return Err(BackupError::LogElsewhere);
    }
    private::folder(&layout.data).map_err(file(&layout.data))?;
    let _nobody_serves = lock::take(&layout.in_data(LOG))?;
    let workshop = Workshop::in_folder(layout);
    if workshop.is_whole() {
        workshop.move_out()?;
        return Ok(Outcome::Finished);
    }
    let restored = put_together(layout, &workshop, from, keys, clock).await;
    if restored.is_err() {
        // The data folder is as it was.
        fs::remove_dir_all(&workshop.folder).ok();
    }
    let restored = restored?;
    workshop.move_out()?;
    Ok(Outcome::Restored(Box::new(restored)))
}

async fn put_together(
    layout: &Layout,
    workshop: &Workshop<'_>,
    from: &Path,
    keys: Keys<'_>,
    clock: Arc<dyn Clock>,
) -> Result<Restored, BackupError> {
    let backup = Manifest::read(from, Holds::Backup)?;
    check_places(layout, &backup, keys)?;
    workshop.begin()?;
    let mut names = vec![];
    for (name, expected) in &backup.files {
        if name == VAULT && matches!(keys, Keys::Lost) {
            continue;
        }
        let name = known(name, [LOG, VAULT].iter().chain(layout.beside))?;
        workshop.bring(from, name, expected)?;
        names.push(name);
    }
    let copied = match keys {
        Keys::Copied(copy) => {
            let manifest = Manifest::read(copy, Holds::Keys)?;
            for (name, expected) in &manifest.files {
                let name = known(name, [KEYS, MASTER].iter().chain(layout.secrets))?;
                workshop.bring(copy, name, expected)?;
                names.push(name);
            }
            Some(manifest)
        }
        Keys::Kept | Keys::Lost => None,
    };
    if let Some(expected) = &backup.log
        && check_log(&workshop.path(LOG)).await? != *expected
    {
        return Err(BackupError::AnotherLog);
    }
    let vault = match keys {
        Keys::Copied(_) => make_readable(&workshop.folder, workshop, &backup, clock).await?,
        Keys::Kept => make_readable(&layout.data, workshop, &backup, clock).await?,
        Keys::Lost => Readable::default(),
    };
    // The log comes last: without it nothing is served.
    names.sort_by_key(|name| *name == LOG);
    workshop.is_whole_now(&names)?;
    Ok(Restored {
        backup,
        keys: copied,
        erasures: vault.erasures,
        destroyed: vault.destroyed,
        keyless: vault.keyless,
    })
}

/// Whether what is restored has a place to go to, and what it needs.
fn check_places(layout: &Layout, backup: &Manifest, keys: Keys<'_>) -> Result<(), BackupError> {
    match (&backup.log, &layout.log) {
        (None, _) if matches!(keys, Keys::Lost) => return Err(BackupError::Nothing),
        (None, Some(_)) => return Err(BackupError::NoLog),
        (Some(_), None) => return Err(BackupError::LogInFile),
        _ => {}
    }
    for name in [LOG, VAULT, READ] {
        for ending in ENDINGS {
            let path = layout.in_data(&format!("{name}{ending}"));
            if path.exists() {
                return Err(BackupError::Occupied(path));
            }
        }
    }
    let is_here = |name: &&str| layout.in_data(name).is_file();
    match keys {
        Keys::Copied(_) if [KEYS, MASTER].iter().chain(layout.secrets).any(is_here) => {
            Err(BackupError::KeysThere(layout.data.clone()))
        }
        Keys::Kept if ![KEYS, MASTER].iter().all(is_here) => Err(BackupError::NoKeys),
        _ => Ok(()),
    }
}

/// What became of the words in a backup.
#[derive(Default)]
struct Readable {
    erasures: usize,
    destroyed: u64,
    keyless: u64,
}

/// Destroys the entries of those who were erased since the backup was made, and those that no key
/// opens: one of them would be in the way of every answer that it is part of.
async fn make_readable(
    keys_in: &Path,
    workshop: &Workshop<'_>,
    backup: &Manifest,
    clock: Arc<dyn Clock>,
) -> Result<Readable, BackupError> {
    let (entries, keys) = (workshop.path(VAULT), keys_in.join(KEYS));
    if name_of_keys(&keys).await? != backup.vault {
        return Err(BackupError::OtherKeys);
    }
    let all = count_entries(&entries).await?;
    let master = MasterKey::read(&keys_in.join(MASTER))?;
    let vault = SqlitePersonVault::open(&entries, &keys, &master, clock).await?;
    let erasures = vault.erasures().await?.len();
    vault.close().await;
    let left = count_entries(&entries).await?;
    let keyless = files::discard_keyless(&entries, &keys).await?;
    files::is_at_rest(&entries)?;
    files::is_at_rest(&keys)?;
    Ok(Readable {
        erasures,
        destroyed: all - left,
        keyless,
    })
}

/// The name that a manifest tells, if it is one of those that a copy may hold.
fn known<'n>(
    name: &str,
    mut names: impl Iterator<Item = &'n &'static str>,
) -> Result<&'static str, BackupError> {
    names
        .find(|known| **known == name)
        .copied()
        .ok_or_else(|| BackupError::Stranger(name.to_owned()))
}

/// The folder in which a restore is put together.
struct Workshop<'l> {
    layout: &'l Layout,
    folder: PathBuf,
}

impl<'l> Workshop<'l> {
    fn in_folder(layout: &'l Layout) -> Self {
        Self {
            layout,
            folder: layout.in_data(WORKSHOP),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn is_whole(&self) -> bool {
        self.path(WHOLE).is_file()
    }

    /// Begins anew, whatever an earlier attempt left.
    fn begin(&self) -> Result<(), BackupError> {
        let begin = || {
            if self.folder.exists() {
                fs::remove_dir_all(&self.folder)?;
            }
            private::folder(&self.folder)
        };
        begin().map_err(file(&self.folder))
    }

    /// Copies a file here, if it is what the manifest says.
    fn bring(
        &self,
        from: &Path,
        name: &str,
        expected: &super::CopiedFile,
    ) -> Result<(), BackupError> {
        let from = from.join(name);
        if files::copy(&from, &self.path(name))? == *expected {
            Ok(())
        } else {
            Err(BackupError::Damaged(from))
        }
    }

    /// Takes note that nothing is missing but the moving.
    fn is_whole_now(&self, names: &[&str]) -> Result<(), BackupError> {
        for name in names {
            files::sync(&self.path(name))?;
        }
        // What tells how far something had come in another log.
        for name in self.layout.beside {
            remove(&self.layout.in_data(name)).map_err(file(&self.layout.data))?;
        }
        let draft = self.path("whole.draft");
        let write = || {
            let mut note = private::options().create_new(true).open(&draft)?;
            note.write_all(names.join("\n").as_bytes())?;
            note.sync_all()?;
            fs::rename(&draft, self.path(WHOLE))
        };
        write().map_err(file(&draft))?;
        files::sync_folder(&self.folder)
    }

    /// Moves the files to their places. May be called again if it was interrupted.
    fn move_out(&self) -> Result<(), BackupError> {
        let note = self.path(WHOLE);
        let names = fs::read_to_string(&note).map_err(file(&note))?;
        for name in names.lines() {
            let place = self.layout.in_data(name);
            match fs::rename(self.path(name), &place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(file(&place)(error));
                }
                _ => {}
            }
        }
        files::sync_folder(&self.layout.data)?;
        fs::remove_dir_all(&self.folder).map_err(file(&self.folder))?;
        files::sync_folder(&self.layout.data)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
