//! The vault in two SQLite files.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::DateTime;
use domain::es::{Field, PersonKey, PersonVault, RecordedAt, VaultEntry, VaultEntryId, VaultError};
use sqlx::{
    ConnectOptions, Row, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use tokio::sync::RwLock;
use uuid::Uuid;

use super::{
    master_key::MasterKey,
    seal::{DoesNotOpen, Key, Sealed, place},
};
use crate::clock::Clock;

/// How many reach a file at the same time.
const CONNECTIONS: u32 = 4;
/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);
/// What the check of the master key says.
const CHECK: &[u8] = b"stegspor vault 1";

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
pub struct SqlitePersonVault {
    entries: SqlitePool,
    keys: SqlitePool,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    /// Who erases waits for those who keep, and the other way round: no entry is kept of somebody
    /// whose key was destroyed meanwhile.
    erasing: RwLock<()>,
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
        let keys = open_file(keys, &sqlx::migrate!("migrations/keys")).await?;
        check_master(&keys, master).await?;
        let vault = Self {
            entries: open_file(entries, &sqlx::migrate!("migrations/vault")).await?,
            keys,
            master: master.clone(),
            clock,
            erasing: RwLock::new(()),
        };
        vault.erase_again().await?;
        Ok(vault)
    }

    /// The register of erasures: whose key was destroyed, and when.
    pub async fn erasures(&self) -> Result<Vec<(PersonKey, RecordedAt)>, VaultError> {
        self.list_erasures().await.map_err(unavailable)
    }

    /// Lets go of the files.
    pub async fn close(self) {
        self.entries.close().await;
        self.keys.close().await;
    }

    async fn list_erasures(&self) -> Result<Vec<(PersonKey, RecordedAt)>, sqlx::Error> {
        sqlx::query(include_str!("list_erasures.sql"))
            .fetch_all(&self.keys)
            .await?
            .iter()
            .map(|row| {
                let erased_at = DateTime::from_timestamp_micros(row.try_get("erased_at")?)
                    .ok_or_else(|| sqlx::Error::Decode("erased_at is out of range".into()))?;
                Ok((PersonKey(row.try_get("person")?), RecordedAt(erased_at)))
            })
            .collect()
    }

    async fn erase_again(&self) -> Result<(), sqlx::Error> {
        let erased: Vec<_> = self
            .list_erasures()
            .await?
            .into_iter()
            .map(|(person, _)| person.0)
            .collect();
        if erased.is_empty() {
            return Ok(());
        }
        self.discard_of(&erased).await
    }

    async fn discard_of(&self, persons: &[Uuid]) -> Result<(), sqlx::Error> {
        sqlx::query(include_str!("discard_entries_of_persons.sql"))
            .bind(ids(persons))
            .execute(&self.entries)
            .await?;
        forget_the_past(&self.entries).await
    }

    /// Those of the persons who were erased.
    async fn erased(&self, persons: &[Uuid]) -> Result<HashSet<Uuid>, sqlx::Error> {
        sqlx::query_scalar(include_str!("find_erasures.sql"))
            .bind(ids(persons))
            .fetch_all(&self.keys)
            .await
            .map(HashSet::from_iter)
    }

    /// The keys of those of the persons who have one. One that does not open is as good as none.
    async fn find_keys(&self, persons: &[Uuid]) -> Result<HashMap<Uuid, Key>, sqlx::Error> {
        let rows = sqlx::query(include_str!("find_keys.sql"))
            .bind(ids(persons))
            .fetch_all(&self.keys)
            .await?;
        let mut keys = HashMap::new();
        for row in rows {
            let person: Uuid = row.try_get("person")?;
            let opened = self.master.0.open(&sealed(&row)?, &key_place(person));
            if let Some(bytes) = opened.ok().and_then(|bytes| bytes.try_into().ok()) {
                keys.insert(person, Key::from_bytes(bytes));
            }
        }
        Ok(keys)
    }

    /// The keys of all the persons; who has none gets one. Of two processes that give a person a
    /// key at the same time one wins, and both take that one.
    async fn keys_for(&self, persons: &[Uuid]) -> Result<HashMap<Uuid, Key>, sqlx::Error> {
        let keys = self.find_keys(persons).await?;
        if keys.len() == persons.len() {
            return Ok(keys);
        }
        let mut transaction = self.keys.begin_with("BEGIN IMMEDIATE").await?;
        for person in persons.iter().filter(|person| !keys.contains_key(person)) {
            let wrapped = self
                .master
                .0
                .seal(Key::random().bytes(), &key_place(*person));
            sqlx::query(include_str!("keep_key.sql"))
                .bind(person)
                .bind(wrapped.nonce)
                .bind(wrapped.bytes)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.find_keys(persons).await
    }

    async fn keep_sealed(
        &self,
        entries: &[VaultEntry],
        keys: &HashMap<Uuid, Key>,
    ) -> Result<(), VaultError> {
        let mut transaction = self
            .entries
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(unavailable)?;
        for entry in entries {
            let key = keys
                .get(&entry.person.0)
                .ok_or(VaultError::Sealed(entry.id))?;
            let sealed = key.seal(
                entry.text.as_bytes(),
                &entry_place(entry.id, entry.person, &entry.field),
            );
            sqlx::query(include_str!("keep_entries.sql"))
                .bind(entry.id.0)
                .bind(entry.person.0)
                .bind(&entry.field.0)
                .bind(sealed.nonce)
                .bind(sealed.bytes)
                .execute(&mut *transaction)
                .await
                .map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)
    }

    async fn open_rows(&self, rows: Vec<SqliteRow>) -> Result<Vec<VaultEntry>, VaultError> {
        let sealed = rows
            .iter()
            .map(SealedEntry::read)
            .collect::<Result<Vec<_>, _>>()
            .map_err(unavailable)?;
        let persons: Vec<_> = distinct(sealed.iter().map(|entry| entry.person.0));
        let keys = self.find_keys(&persons).await.map_err(unavailable)?;
        let keyless: Vec<_> = persons
            .into_iter()
            .filter(|person| !keys.contains_key(person))
            .collect();
        let erased = match keyless[..] {
            [] => HashSet::new(),
            _ => self.erased(&keyless).await.map_err(unavailable)?,
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

/// An entry as its file holds it.
struct SealedEntry {
    id: VaultEntryId,
    person: PersonKey,
    field: Field,
    sealed: Sealed,
}

impl SealedEntry {
    fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: VaultEntryId(row.try_get("id")?),
            person: PersonKey(row.try_get("person")?),
            field: Field(row.try_get("field")?),
            sealed: sealed(row)?,
        })
    }

    fn open(self, key: &Key) -> Result<VaultEntry, DoesNotOpen> {
        let plain = key.open(
            &self.sealed,
            &entry_place(self.id, self.person, &self.field),
        )?;
        Ok(VaultEntry {
            id: self.id,
            person: self.person,
            field: self.field,
            text: String::from_utf8(plain).map_err(|_| DoesNotOpen)?,
        })
    }
}

#[async_trait]
impl PersonVault for SqlitePersonVault {
    async fn keep(&self, entries: Vec<VaultEntry>) -> Result<(), VaultError> {
        if entries.is_empty() {
            return Ok(());
        }
        let _no_erasure = self.erasing.read().await;
        let persons = distinct(entries.iter().map(|entry| entry.person.0));
        if !self.erased(&persons).await.map_err(unavailable)?.is_empty() {
            return Err(VaultError::Erased);
        }
        let keys = self.keys_for(&persons).await.map_err(unavailable)?;
        self.keep_sealed(&entries, &keys).await
    }

    async fn open(&self, wanted: &[VaultEntryId]) -> Result<Vec<VaultEntry>, VaultError> {
        let wanted: Vec<_> = wanted.iter().map(|id| id.0).collect();
        let rows = sqlx::query(include_str!("find_entries.sql"))
            .bind(ids(&wanted))
            .fetch_all(&self.entries)
            .await
            .map_err(unavailable)?;
        self.open_rows(rows).await
    }

    async fn of_person(&self, person: PersonKey) -> Result<Vec<VaultEntry>, VaultError> {
        let erased = self.erased(&[person.0]).await.map_err(unavailable)?;
        if !erased.is_empty() {
            return Err(VaultError::Erased);
        }
        let rows = sqlx::query(include_str!("find_entries_of_person.sql"))
            .bind(person.0)
            .fetch_all(&self.entries)
            .await
            .map_err(unavailable)?;
        self.open_rows(rows).await
    }

    async fn discard(&self, unwanted: &[VaultEntryId]) -> Result<(), VaultError> {
        let unwanted: Vec<_> = unwanted.iter().map(|id| id.0).collect();
        sqlx::query(include_str!("discard_entries.sql"))
            .bind(ids(&unwanted))
            .execute(&self.entries)
            .await
            .map(drop)
            .map_err(unavailable)
    }

    /// First the key, with the entry in the register, in one transaction: from then on nothing
    /// opens. Should the rest be interrupted, the next start carries it on.
    async fn erase(&self, person: PersonKey) -> Result<(), VaultError> {
        let _no_keeping = self.erasing.write().await;
        let erase = async {
            let mut transaction = self.keys.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(include_str!("keep_erasure.sql"))
                .bind(person.0)
                .bind(self.clock.now().0.timestamp_micros())
                .execute(&mut *transaction)
                .await?;
            sqlx::query(include_str!("discard_key.sql"))
                .bind(person.0)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            forget_the_past(&self.keys).await?;
            self.discard_of(&[person.0]).await
        };
        erase.await.map_err(unavailable)
    }
}

async fn open_file(path: &Path, tables: &Migrator) -> Result<SqlitePool, OpenVaultError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(OpenVaultError::Folder)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .pragma("secure_delete", "ON") // what is deleted is overwritten
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    tables.run(&pool).await?;
    Ok(pool)
}

async fn check_master(keys: &SqlitePool, master: &MasterKey) -> Result<(), OpenVaultError> {
    let check = master.0.seal(CHECK, CHECK);
    sqlx::query(include_str!("keep_master_check.sql"))
        .bind(check.nonce)
        .bind(check.bytes)
        .execute(keys)
        .await?;
    let row = sqlx::query(include_str!("read_master_check.sql"))
        .fetch_one(keys)
        .await?;
    match master.0.open(&sealed(&row)?, CHECK) {
        Ok(_) => Ok(()),
        Err(DoesNotOpen) => Err(OpenVaultError::WrongMasterKey),
    }
}

/// Empties the write-ahead log, which still holds pages as they were.
async fn forget_the_past(file: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(file)
        .await
        .map(drop)
}

fn key_place(person: Uuid) -> Vec<u8> {
    place(&[b"person key", person.as_bytes()])
}

fn entry_place(id: VaultEntryId, person: PersonKey, field: &Field) -> Vec<u8> {
    place(&[
        b"entry",
        id.0.as_bytes(),
        person.0.as_bytes(),
        field.0.as_bytes(),
    ])
}

fn sealed(row: &SqliteRow) -> Result<Sealed, sqlx::Error> {
    Ok(Sealed {
        nonce: row.try_get("nonce")?,
        bytes: row.try_get("sealed")?,
    })
}

/// A list of ids as one parameter.
fn ids(ids: &[Uuid]) -> String {
    let digits: Vec<_> = ids.iter().map(|id| id.simple().to_string()).collect();
    serde_json::to_string(&digits).expect("texts always are JSON")
}

fn distinct(persons: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    persons.collect::<BTreeSet<_>>().into_iter().collect()
}

fn unavailable(error: sqlx::Error) -> VaultError {
    VaultError::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests;
