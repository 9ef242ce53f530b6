//! What can go wrong with backups.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::es::VaultError;

use crate::{
    event_store::{OpenError, VerifyError},
    vault::{MasterKeyError, OpenVaultError},
};

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup takes the place of nothing.
    #[error("{0} is there already: a backup goes into a folder that is not there yet")]
    Exists(PathBuf),
    /// Something else lies where the copy of the keys would go.
    #[error("{0} is there already, and is no copy of these keys: nothing of it was touched")]
    NotTheseKeys(PathBuf),
    /// Another process makes this very copy.
    #[error("{0} is being written by another process")]
    Busy(PathBuf),
    /// The data folder lacks what is to be copied.
    #[error("there is no {name} in {folder}")]
    Missing {
        /// What is not there.
        name: &'static str,
        /// Where it should be.
        folder: PathBuf,
    },
    /// Not a copy, or one that was never finished.
    #[error("{0} is no whole copy: it has no manifest.json that can be read")]
    NoManifest(PathBuf),
    /// A copy that only a later program understands.
    #[error("{path} was made by a later program (format {format}): restore it with that one")]
    Format {
        /// The copy.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The keys were named where a backup is needed, or the other way round.
    #[error("{0} holds something else: a backup and a copy of the keys are two folders")]
    Holds(PathBuf),
    /// A file is not the one that was copied.
    #[error("{0} is not as it was copied: its size or its checksum differs")]
    Damaged(PathBuf),
    /// A file of the copy has a name that none has.
    #[error("the manifest names a file that no copy has: {0}")]
    Stranger(String),
    /// The log is whole, and not the one that the manifest tells of.
    #[error("the log in this backup is not the one that its manifest tells of")]
    AnotherLog,
    /// The data folder is in use, or was: nothing is ever overwritten.
    #[error(
        "{0} is there already, and nothing is overwritten: restore into another folder, or move it away first"
    )]
    Occupied(PathBuf),
    /// There are no keys to restore with.
    #[error(
        "the words about people in this backup need their keys, and the register of erasures: name their copy"
    )]
    NoKeys,
    /// There are keys in the data folder, and a copy was named too.
    #[error(
        "{0} holds keys already, and they may know of erasures that the copy does not know: leave the copy out, or restore into another folder"
    )]
    KeysThere(PathBuf),
    /// The keys belong to other entries.
    #[error("these keys are another vault's: they do not open the words in this backup")]
    OtherKeys,
    /// The backup holds no log, and the settings say that it lies in a file.
    #[error("this backup holds no log: it was made where the log lies in PostgreSQL or KurrentDB")]
    NoLog,
    /// The backup holds a log, and the settings say that it lies elsewhere.
    #[error("this backup holds a log in a file, and the settings name another place for it")]
    LogInFile,
    /// A log is restored into the data folder.
    #[error("a log is restored as log.sqlite in the data folder: leave the event store out")]
    LogElsewhere,
    /// Neither log nor words would be restored.
    #[error("this backup holds no log, and without keys nothing else is restored")]
    Nothing,
    /// A name that SQLite does not take.
    #[error("{0} is not a name in UTF-8")]
    Name(PathBuf),
    /// A file could not be read or written.
    #[error("{path} could not be read or written")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A database could not be copied or read.
    #[error("{path} could not be copied or read")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
    /// The log could not be opened.
    #[error("the log could not be opened")]
    Log(#[from] OpenError),
    /// The log does not stand the check.
    #[error("the log does not stand the check")]
    Verify(#[from] VerifyError),
    /// The master key is not there or damaged.
    #[error("the master key is not at hand")]
    Master(#[from] MasterKeyError),
    /// The vault could not be opened.
    #[error("the person vault could not be opened")]
    OpenVault(#[from] OpenVaultError),
    /// The vault did not answer.
    #[error("the person vault did not answer")]
    Vault(#[from] VaultError),
}

/// For `map_err`: which file it was.
pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    |source| BackupError::File {
        path: path.to_owned(),
        source,
    }
}

/// For `map_err`: which database it was.
pub(super) fn database(path: &Path) -> impl FnOnce(sqlx::Error) -> BackupError + '_ {
    |source| BackupError::Database {
        path: path.to_owned(),
        source,
    }
}
