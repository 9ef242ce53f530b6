//! A copy while it grows: under another name, and locked.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use super::{BackupError, Manifest, beside, error::file, files};
use crate::private;

/// What a copy that is not finished is called, after the name that it will have.
const ENDING: &str = ".half-made";
/// What a copy is called that another takes the place of, for the moment between two renames.
const REPLACED: &str = ".replaced";
/// The file that is locked as long as the copy grows.
const LOCK: &str = "lock";

/// A folder that becomes a copy.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    target: PathBuf,
    finished: bool,
    _lock: File,
}

impl Drop for Draft {
    /// Nothing is left of a copy that could not be made.
    fn drop(&mut self) {
        if !self.finished {
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

impl Draft {
    /// Begins one. What an earlier attempt left is deleted.
    pub(super) fn begin(target: &Path) -> Result<Self, BackupError> {
        let path = beside(target, ENDING);
        private::folder(&path).map_err(file(&path))?;
        let lock = lock(&path.join(LOCK)).map_err(|error| match error {
            TryLockError::WouldBlock => BackupError::Busy(path.clone()),
            TryLockError::Error(source) => file(&path)(source),
        })?;
        for entry in fs::read_dir(&path).map_err(file(&path))? {
            let entry = entry.map_err(file(&path))?;
            if entry.file_name() != LOCK {
                fs::remove_file(entry.path()).map_err(file(&path))?;
            }
        }
        Ok(Self {
            path,
            target: target.to_owned(),
            finished: false,
            _lock: lock,
        })
    }

    /// Where a file of it lies until then.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Takes note of a file that was put there.
    pub(super) fn keep(&self, name: &str, manifest: &mut Manifest) -> Result<(), BackupError> {
        let sum = files::sum(&self.path(name))?;
        manifest.files.insert(name.to_owned(), sum);
        Ok(())
    }

    /// Copies a small file, if it is there.
    pub(super) fn copy(
        &self,
        from: &Path,
        name: &str,
        manifest: &mut Manifest,
    ) -> Result<(), BackupError> {
        let from = from.join(name);
        if from.is_file() {
            let copied = files::copy(&from, &self.path(name))?;
            manifest.files.insert(name.to_owned(), copied);
        }
        Ok(())
    }

    /// Makes it the copy.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<(), BackupError> {
        manifest.write(&self.path)?;
        files::sync_folder(&self.path)?;
        fs::rename(&self.path, &self.target).map_err(file(&self.target))?;
        self.finished = true;
        let lock = self.target.join(LOCK);
        fs::remove_file(&lock).map_err(file(&lock))?;
        match self.target.parent() {
            Some(parent) if parent != Path::new("") => files::sync_folder(parent),
            _ => files::sync_folder(Path::new(".")),
        }
    }

    /// Makes it the copy, in the place of an earlier one if there is one.
    pub(super) fn replace(self, manifest: &Manifest) -> Result<(), BackupError> {
        let replaced = beside(&self.target, REPLACED);
        if self.target.is_dir() {
            fs::rename(&self.target, &replaced).map_err(file(&self.target))?;
        }
        self.finish(manifest)?;
        if replaced.is_dir() {
            fs::remove_dir_all(&replaced).map_err(file(&replaced))?;
        }
        Ok(())
    }
}

/// Puts back, or away, what an interrupted [`Draft::replace`] had set aside.
pub(super) fn heal(target: &Path) -> Result<(), BackupError> {
    let replaced = beside(target, REPLACED);
    let healed = match (replaced.is_dir(), target.exists()) {
        (false, _) => Ok(()),
        (true, false) => fs::rename(&replaced, target),
        (true, true) => fs::remove_dir_all(&replaced),
    };
    healed.map_err(file(&replaced))
}

fn lock(path: &Path) -> Result<File, TryLockError> {
    let file = private::file(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}
