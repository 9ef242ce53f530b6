//! The two files: what is read from them, and how they are opened.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use chrono::DateTime;
use domain::es::{Field, PersonKey, RecordedAt, VaultEntry, VaultEntryId};
use sqlx::{
    ConnectOptions, Row, SqlitePool,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use uuid::Uuid;

use super::{
    super::{
        master_key::MasterKey,
        seal::{DoesNotOpen, Key, Sealed, place},
    },
    OpenVaultError,
};
use crate::private;

/// How many reach a file at the same time.
const CONNECTIONS: u32 = 4;
/// Bytes of a page. Ids are hashes: each row that is written changes another page.
const PAGE: u32 = 1_024;
/// After how many changed pages they are put into the file.
const CHECKPOINT: &str = "16000";
/// Pages that are kept at hand, in KiB.
const AT_HAND: &str = "-16000";
/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);
/// What the check of the master key says.
const CHECK: &[u8] = b"stegspor vault 1";

/// Entries in one file, keys and the register of erasures in the other.
pub(super) struct Files {
    pub(super) entries: SqlitePool,
    pub(super) keys: SqlitePool,
    pub(super) master: MasterKey,
}

impl Files {
    /// Opens both; makes those that are not there, and their folders.
    pub(super) async fn open(
        entries: &Path,
        keys: &Path,
        master: &MasterKey,
    ) -> Result<Self, OpenVaultError> {
        let keys = open_file(keys, &sqlx::migrate!("migrations/keys")).await?;
        check_master(&keys, master).await?;
        Ok(Self {
            entries: open_file(entries, &sqlx::migrate!("migrations/vault")).await?,
            keys,
            master: master.clone(),
        })
    }

    /// Lets go of both.
    pub(super) async fn close(&self) {
        self.entries.close().await;
        self.keys.close().await;
    }

    /// Whose key was destroyed, and when.
    pub(super) async fn list_erasures(&self) -> Result<Vec<(PersonKey, RecordedAt)>, sqlx::Error> {
        sqlx::query(include_str!("../list_erasures.sql"))
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

    /// Those of the persons who were erased.
    pub(super) async fn erased(&self, persons: &[Uuid]) -> Result<HashSet<Uuid>, sqlx::Error> {
        sqlx::query_scalar(include_str!("../find_erasures.sql"))
            .bind(ids(persons))
            .fetch_all(&self.keys)
            .await
            .map(HashSet::from_iter)
    }

    /// The keys of those of the persons who have one. One that does not open is as good as none.
    pub(super) async fn find_keys(
        &self,
        persons: &[Uuid],
    ) -> Result<HashMap<Uuid, Key>, sqlx::Error> {
        let rows = sqlx::query(include_str!("../find_keys.sql"))
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

    /// Removes all entries of the persons, and every trace of them.
    pub(super) async fn discard_of(&self, persons: &[Uuid]) -> Result<(), sqlx::Error> {
        sqlx::query(include_str!("../discard_entries_of_persons.sql"))
            .bind(ids(persons))
            .execute(&self.entries)
            .await?;
        forget_the_past(&self.entries).await
    }
}

/// An entry as its file holds it.
pub(super) struct SealedEntry {
    pub(super) id: VaultEntryId,
    pub(super) person: PersonKey,
    field: Field,
    sealed: Sealed,
}

impl SealedEntry {
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: VaultEntryId(row.try_get("id")?),
            person: PersonKey(row.try_get("person")?),
            field: Field(row.try_get("field")?),
            sealed: sealed(row)?,
        })
    }

    pub(super) fn open(self, key: &Key) -> Result<VaultEntry, DoesNotOpen> {
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

async fn open_file(path: &Path, tables: &Migrator) -> Result<SqlitePool, OpenVaultError> {
    private::database(path).map_err(OpenVaultError::Folder)?;
    // Of several nodes that start at once with one vault, one makes the tables.
    let _held = private::held(&path.with_extension("lock"))
        .await
        .map_err(OpenVaultError::Folder)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .page_size(PAGE)
        .pragma("wal_autocheckpoint", CHECKPOINT)
        .pragma("cache_size", AT_HAND)
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
    sqlx::query(include_str!("../keep_master_check.sql"))
        .bind(check.nonce)
        .bind(check.bytes)
        .execute(keys)
        .await?;
    let row = sqlx::query(include_str!("../read_master_check.sql"))
        .fetch_one(keys)
        .await?;
    match master.0.open(&sealed(&row)?, CHECK) {
        Ok(_) => Ok(()),
        Err(DoesNotOpen) => Err(OpenVaultError::WrongMasterKey),
    }
}

/// Empties the write-ahead log, which still holds pages as they were.
pub(super) async fn forget_the_past(file: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(file)
        .await
        .map(drop)
}

pub(super) fn key_place(person: Uuid) -> Vec<u8> {
    place(&[b"person key", person.as_bytes()])
}

pub(super) fn entry_place(id: VaultEntryId, person: PersonKey, field: &Field) -> Vec<u8> {
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
pub(super) fn ids(ids: &[Uuid]) -> String {
    let digits: Vec<_> = ids.iter().map(|id| id.simple().to_string()).collect();
    serde_json::to_string(&digits).expect("texts always are JSON")
}
