//! Backup and restore of what lies in a data folder, while it is served.
//!
//! ```text
//! a backup                        a copy of the keys: elsewhere, and never more than one
//!   log.sqlite   the log            keys.sqlite   keys of persons, register of erasures
//!   vault.sqlite words, sealed      master.key    what seals the keys
//!   manifest.json                   manifest.json
//! ```
//!
//! **Two places, because erasing is destroying a key.** Backups are kept for long, so they hold
//! words about people only as they are sealed. An old copy of the keys would open what was erased
//! since: [`take_keys`] therefore puts each copy in the place of the one before it.
//!
//! **In this order: log, vault, keys.** Words are in the vault before the event that points to
//! them is in the log, and a person's key is there before the words. So each copy holds at least
//! what the one before it needs; what the vault is ahead, nobody points to.
//!
//! **Beside a writer.** Each file is copied by `VACUUM INTO` in one read transaction of an own
//! connection: it sees one moment, waits for no writer and is waited for by none. Meanwhile the
//! write-ahead log is not emptied, and grows by what is written; deleted words, whose pages the
//! file may still hold, are not copied.
//!
//! **Whole or not there.** A copy grows under another name, is synced to the disk, and gets its
//! name last. [`restore()`](restore()) takes only what has a manifest and fits it.

mod draft;
mod error;
mod files;
mod manifest;
mod restore;
mod take;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::vault::{KEYS, MASTER, VAULT};

pub use error::BackupError;
pub use manifest::{CopiedFile, CopiedKeys, CopiedLog, Holds, Manifest};
pub use restore::{Keys, Outcome, Restored, restore, unfinished};
pub use take::{take, take_keys};

const LOG: &str = "log.sqlite";

/// What lies where, of what is backed up and restored.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The data folder. It holds `vault.sqlite`, `keys.sqlite` and `master.key`.
    pub data: PathBuf,
    /// The log, if it lies in a file; in a data folder that is restored it is `log.sqlite`.
    pub log: Option<PathBuf>,
    /// Small files that go with the log, where they are there.
    pub beside: &'static [&'static str],
    /// Small files that are as secret as the keys, and go with them, where they are there.
    pub secrets: &'static [&'static str],
}

impl Layout {
    fn in_data(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }
}

/// What a file that lies beside `path` is called.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
