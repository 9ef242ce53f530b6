//! The vault in two SQLite files.
//!
//! One writer keeps, discards and erases ([`writer`]); readers read beside it. Every commit is
//! synced to the disk before it is answered.

mod files;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use domain::es::{PersonKey, PersonVault, RecordedAt, VaultEntry, VaultEntryId, VaultError};
use sqlx::{migrate::MigrateError, sqlite::SqliteRow};
use tokio::sync::{mpsc, oneshot};

use self::{
    files::{Files, SealedEntry, ids},
    writer::{Deed, Job, Writer},
};
use super::master_key::MasterKey;
use crate::clock::Clock;

/// How many may wait for the writer before those who come later wait too.
const QUEUE: usize = 1_024;

/// Why the vault could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenVaultError {
    /// The keys were sealed with another one.
    #[error("the master key is not the one that this vault was made with")]
    WrongMasterKey,
    /// The folder for a file could not be made.
    #[error("the folder of the person vault could not be made")]
    Folder(#[source] std::io::Error),
    /// A file is there, and is not a vault's.
    #[error("the person vault could not be opened")]
    Engine(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("the tables of the person vault could not be brought up to date")]
    Migrate(#[from] MigrateError),
}

/// A person vault in two SQLite files: entries in one, keys and the register of erasures in the
/// other.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use domain::es::{Field, PersonKey, PersonVault, VaultEntry, VaultEntryId};
/// use infra::{clock::SystemClock, vault::{MasterKey, SqlitePersonVault}};
/// use uuid::Uuid;
///
/// let folder = tempfile::tempdir().unwrap();
/// let master = MasterKey::read_or_make(&folder.path().join("master.key")).unwrap();
/// let vault = SqlitePersonVault::open(
///     &folder.path().join("vault.sqlite"),
///     &folder.path().join("keys.sqlite"),
///     &master,
///     Arc::new(SystemClock),
/// )
/// .await
/// .unwrap();
/// let name = VaultEntry {
///     id: VaultEntryId(Uuid::from_u128(1)),
///     person: PersonKey(Uuid::from_u128(2)),
///     field: Field("name".to_owned()),
///     text: "Kari Fiktiv".to_owned(),
/// };
/// vault.keep(vec![name.clone()]).await.unwrap();
/// assert_eq!(vault.open(&[name.id]).await.unwrap(), [name]);
/// # });
/// ```
///
/// Dropping it lets the writer finish what was handed to it; [`close`](Self::close) waits for
/// that.
pub struct SqlitePersonVault {
    files: Arc<Files>,
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
}

impl SqlitePersonVault {
    /// Opens the vault; makes its files, and their folders, if there are none. Persons whom the
    /// register of erasures names are erased again, in case the entries come from a copy.
    pub async fn open(
        entries: &Path,
        keys: &Path,
        master: &MasterKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenVaultError> {
        let files = Arc::new(Files::open(entries, keys, master).await?);
        erase_again(&files).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (closing, closed) = oneshot::channel();
        let writer = Writer {
            files: Arc::clone(&files),
            clock,
        };
        tokio::spawn(async move {
            writer.run(queue).await;
            closing.send(()).ok();
        });
        Ok(Self {
            files,
            jobs,
            closed,
        })
    }

    /// The register of erasures: whose key was destroyed, and when.
    pub async fn erasures(&self) -> Result<Vec<(PersonKey, RecordedAt)>, VaultError> {
        self.files.list_erasures().await.map_err(unavailable)
    }

    /// Lets go of the files, after all that was handed to the writer is done.
    pub async fn close(self) {
        let Self {
            files: _,
            jobs,
            closed,
        } = self;
        drop(jobs);
        closed.await.ok();
    }

    /// Hands a deed to the writer, and waits until it is done. It is done too if nobody waits.
    async fn ask(&self, deed: Deed) -> Result<(), VaultError> {
        let (job, answer) = Job::new(deed);
        let gone = || VaultError::Unavailable("the writer has stopped".into());
        self.jobs.send(job).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn open_rows(&self, rows: Vec<SqliteRow>) -> Result<Vec<VaultEntry>, VaultError> {
        let sealed = rows
            .iter()
            .map(SealedEntry::read)
            .collect::<Result<Vec<_>, _>>()
            .map_err(unavailable)?;
        let persons: BTreeSet<_> = sealed.iter().map(|entry| entry.person.0).collect();
        let persons: Vec<_> = persons.into_iter().collect();
        let keys = self.files.find_keys(&persons).await.map_err(unavailable)?;
        let keyless: Vec<_> = persons
            .into_iter()
            .filter(|person| !keys.contains_key(person))
            .collect();
        let erased = match keyless[..] {
            [] => HashSet::new(),
            _ => self.files.erased(&keyless).await.map_err(unavailable)?,
        };
        sealed
            .into_iter()
            .filter(|entry| !erased.contains(&entry.person.0))
            .map(|entry| {
                let key = keys.get(&entry.person.0);
                let id = entry.id;
                key.and_then(|key| entry.open(key).ok())
                    .ok_or(VaultError::Sealed(id))
            })
            .collect()
    }
}

#[async_trait]
impl PersonVault for SqlitePersonVault {
    async fn keep(&self, entries: Vec<VaultEntry>) -> Result<(), VaultError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.ask(Deed::Keep(entries)).await
    }

    async fn open(&self, wanted: &[VaultEntryId]) -> Result<Vec<VaultEntry>, VaultError> {
        let wanted: Vec<_> = wanted.iter().map(|id| id.0).collect();
        let rows = sqlx::query(include_str!("find_entries.sql"))
            .bind(ids(&wanted))
            .fetch_all(&self.files.entries)
            .await
            .map_err(unavailable)?;
        self.open_rows(rows).await
    }

    async fn of_person(&self, person: PersonKey) -> Result<Vec<VaultEntry>, VaultError> {
        let erased = self.files.erased(&[person.0]).await.map_err(unavailable)?;
        if !erased.is_empty() {
            return Err(VaultError::Erased);
        }
        let rows = sqlx::query(include_str!("find_entries_of_person.sql"))
            .bind(person.0)
            .fetch_all(&self.files.entries)
            .await
            .map_err(unavailable)?;
        self.open_rows(rows).await
    }

    async fn discard(&self, unwanted: &[VaultEntryId]) -> Result<(), VaultError> {
        self.ask(Deed::Discard(unwanted.to_vec())).await
    }

    async fn erase(&self, person: PersonKey) -> Result<(), VaultError> {
        self.ask(Deed::Erase(person)).await
    }
}

async fn erase_again(files: &Files) -> Result<(), sqlx::Error> {
    let erased = files.list_erasures().await?;
    let erased: Vec<_> = erased.into_iter().map(|(person, _)| person.0).collect();
    match erased[..] {
        [] => Ok(()),
        _ => files.discard_of(&erased).await,
    }
}

fn unavailable(error: sqlx::Error) -> VaultError {
    VaultError::Unavailable(Box::new(error))
}
