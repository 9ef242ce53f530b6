//! What a copy holds, in its own words.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use domain::es::{Position, RecordedAt};
use serde::{Deserialize, Serialize};

use super::{BackupError, error};
use crate::private;

const NAME: &str = "manifest.json";
/// The format of copies. A later one is refused by this program.
const FORMAT: u32 = 1;

/// What a folder holds: `manifest.json` in it. A folder without one is no copy.
///
/// ```json
/// {
///   "format": 1,
///   "holds": "backup",
///   "taken_at": "2026-11-25T22:00:00.000000Z",
///   "program": "0.1.0",
///   "vault": "5f0c…",
///   "log": { "position": 2, "streams": 2, "hash": "9a1e…" },
///   "entries": 1,
///   "files": { "log.sqlite": { "bytes": 53248, "blake3": "77aa…" } }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of the copy, 1 today.
    pub format: u32,
    /// Which of the two copies it is.
    pub holds: Holds,
    /// When it was begun.
    pub taken_at: RecordedAt,
    /// The version of the program that made it.
    pub program: String,
    /// Names the vault: the entries of one open with its own keys only. 64 hexadecimal digits that
    /// tell nothing of any key.
    pub vault: String,
    /// The log, if the copy holds one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<CopiedLog>,
    /// How many entries of the vault a backup holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// What a copy of the keys holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<CopiedKeys>,
    /// Each file by its name, but for this one.
    pub files: BTreeMap<String, CopiedFile>,
}

/// Which copy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Log and vault.
    Backup,
    /// Keys and register of erasures.
    Keys,
}

/// The log in a copy, as its check found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedLog {
    /// The position of its last event, and so how many it holds.
    pub position: Position,
    /// How many streams it holds.
    pub streams: usize,
    /// The last link of the chain through it, in hexadecimal digits.
    pub hash: String,
}

/// The keys in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedKeys {
    /// How many persons have one.
    pub persons: u64,
    /// How many persons the register of erasures names.
    pub erasures: u64,
}

/// A file in a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3 hash, in hexadecimal digits.
    pub blake3: String,
}

impl Manifest {
    pub(super) fn new(holds: Holds, taken_at: RecordedAt, vault: String) -> Self {
        Self {
            format: FORMAT,
            holds,
            taken_at,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            vault,
            log: None,
            entries: None,
            keys: None,
            files: BTreeMap::new(),
        }
    }

    /// The manifest of the copy in a folder.
    pub(super) fn read(folder: &Path, holds: Holds) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = || BackupError::NoManifest(folder.to_owned());
        let text = fs::read_to_string(folder.join(NAME)).map_err(|_| unreadable())?;
        let Format { format } = serde_json::from_str(&text).map_err(|_| unreadable())?;
        if format != FORMAT {
            return Err(BackupError::Format {
                path: folder.to_owned(),
                format,
            });
        }
        let manifest: Self = serde_json::from_str(&text).map_err(|_| unreadable())?;
        if manifest.holds != holds {
            return Err(BackupError::Holds(folder.to_owned()));
        }
        Ok(manifest)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(NAME);
        let text = serde_json::to_string_pretty(self).expect("names and numbers always are JSON");
        let write = || {
            let mut file = private::options().create_new(true).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().map_err(error::file(&path))
    }
}
