//! Making copies.

use std::path::{Path, PathBuf};

use domain::es::Hash;
use sqlx::Row;

use super::{
    BackupError, CopiedKeys, CopiedLog, Holds, KEYS, LOG, Layout, MASTER, Manifest, VAULT,
    draft::{self, Draft},
    error::database,
    files,
};
use crate::{
    clock::Clock,
    event_store::{SqliteEventStore, Verified, Verify},
};

/// Copies log and vault into a folder that is not there yet, and checks the log's chains in the
/// copy. Whoever serves the data folder goes on meanwhile.
///
/// Where the log does not lie in a file, the vault alone is copied: its log must have been copied
/// before, by the means of its engine.
pub async fn take(layout: &Layout, to: &Path, clock: &dyn Clock) -> Result<Manifest, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let vault = existing(layout, VAULT)?;
    if layout.log.as_ref().is_some_and(|log| !log.is_file()) {
        return Err(missing(layout, LOG));
    }
    let taken_at = clock.now();
    let mut manifest = Manifest::new(Holds::Backup, taken_at, vault_of(layout).await?);
    let draft = Draft::begin(to)?;
    // They say how far something has come in the log, so they must not be newer than it.
    for name in layout.beside {
        draft.copy(&layout.data, name, &mut manifest)?;
    }
    if let Some(log) = &layout.log {
        files::copy_database(log, &draft.path(LOG)).await?;
    }
    files::copy_database(&vault, &draft.path(VAULT)).await?;
    if layout.log.is_some() {
        manifest.log = Some(check_log(&draft.path(LOG)).await?);
        draft.keep(LOG, &mut manifest)?;
    }
    manifest.entries = Some(count_entries(&draft.path(VAULT)).await?);
    draft.keep(VAULT, &mut manifest)?;
    draft.finish(&manifest)?;
    Ok(manifest)
}

/// Copies the keys, the register of erasures and what is as secret, in the place of the copy that
/// lies there. There must be no older copy elsewhere: it would open what was erased since.
pub async fn take_keys(
    layout: &Layout,
    to: &Path,
    clock: &dyn Clock,
) -> Result<Manifest, BackupError> {
    let keys = existing(layout, KEYS)?;
    existing(layout, MASTER)?;
    let mut manifest = Manifest::new(Holds::Keys, clock.now(), vault_of(layout).await?);
    draft::heal(to)?;
    if to.exists() {
        let others = || BackupError::NotTheseKeys(to.to_owned());
        let there = Manifest::read(to, Holds::Keys).map_err(|_| others())?;
        if there.vault != manifest.vault {
            return Err(others());
        }
    }
    let draft = Draft::begin(to)?;
    files::copy_database(&keys, &draft.path(KEYS)).await?;
    let path = draft.path(KEYS);
    let row = files::one(&path, include_str!("count_keys.sql")).await?;
    manifest.keys = Some(CopiedKeys {
        persons: count(&row, "persons").map_err(database(&path))?,
        erasures: count(&row, "erasures").map_err(database(&path))?,
    });
    draft.keep(KEYS, &mut manifest)?;
    for name in [MASTER].iter().chain(layout.secrets) {
        draft.copy(&layout.data, name, &mut manifest)?;
    }
    draft.replace(&manifest)?;
    Ok(manifest)
}

/// Walks the chains of a log in a file, and leaves all of it in that file.
pub(super) async fn check_log(path: &Path) -> Result<CopiedLog, BackupError> {
    let log = SqliteEventStore::open(path).await?;
    let verified = log.verify().await;
    log.close().await;
    files::is_at_rest(path)?;
    let Verified {
        head,
        streams,
        log_hash,
    } = verified?;
    Ok(CopiedLog {
        position: head,
        streams,
        hash: log_hash.unwrap_or(Hash::ROOT).to_string(),
    })
}

pub(super) async fn count_entries(vault: &Path) -> Result<u64, BackupError> {
    let row = files::one(vault, include_str!("count_entries.sql")).await?;
    count(&row, "entries").map_err(database(vault))
}

fn count(row: &sqlx::sqlite::SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(i64::unsigned_abs)
}

/// Names the vault of a data folder.
async fn vault_of(layout: &Layout) -> Result<String, BackupError> {
    name_of_keys(&existing(layout, KEYS)?).await
}

/// Names the vault that keys belong to: the check of the master key was sealed when they were
/// made, and no two sealings are alike.
pub(super) async fn name_of_keys(keys: &Path) -> Result<String, BackupError> {
    let row = files::one(keys, include_str!("../vault/read_master_check.sql")).await?;
    let read = || -> Result<_, sqlx::Error> {
        let (nonce, sealed): (&[u8], &[u8]) = (row.try_get("nonce")?, row.try_get("sealed")?);
        Ok(blake3::hash(&[nonce, sealed].concat()))
    };
    Ok(read().map_err(database(keys))?.to_hex().to_string())
}

fn existing(layout: &Layout, name: &'static str) -> Result<PathBuf, BackupError> {
    let path = layout.in_data(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(missing(layout, name))
    }
}

fn missing(layout: &Layout, name: &'static str) -> BackupError {
    BackupError::Missing {
        name,
        folder: layout.data.clone(),
    }
}
