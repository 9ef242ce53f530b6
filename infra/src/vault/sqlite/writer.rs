//! The one writer: group commit.
//!
//! It takes all that waits to be kept, and keeps it by one commit in each file: first the keys of
//! those who are new, then the entries. Whoever waits is answered after that. Each `keep` stands
//! alone: what is refused of one leaves the others be.
//!
//! Erasures pass through it too, so that no entry is kept of somebody whose key is destroyed
//! meanwhile.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use domain::es::{PersonKey, VaultEntry, VaultEntryId, VaultError};
use serde::Serialize;
use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    super::seal::{Key, Sealed},
    files::{Files, entry_place, forget_the_past, ids, key_place},
    unavailable,
};
use crate::clock::Clock;

/// The most that is done by one commit.
const GROUP: usize = 512;

type Outcome = Result<(), VaultError>;

/// What the writer is asked to do.
pub(super) enum Deed {
    Keep(Vec<VaultEntry>),
    Discard(Vec<VaultEntryId>),
    Erase(PersonKey),
}

/// A deed, and where its answer goes.
pub(super) struct Job {
    deed: Deed,
    answer: oneshot::Sender<Outcome>,
}

impl Job {
    pub(super) fn new(deed: Deed) -> (Self, oneshot::Receiver<Outcome>) {
        let (answer, answered) = oneshot::channel();
        (Self { deed, answer }, answered)
    }
}

pub(super) struct Writer {
    pub(super) files: Arc<Files>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Writer {
    /// Does what is handed to it until nobody is left who could.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        while queue.recv_many(&mut group, GROUP).await > 0 {
            let (mut kept, mut keepers) = (vec![], vec![]);
            for Job { deed, answer } in group.drain(..) {
                let outcome = match deed {
                    Deed::Keep(entries) => {
                        kept.push(entries);
                        keepers.push(answer);
                        continue;
                    }
                    Deed::Discard(ids) => self.discard(&ids).await.map_err(unavailable),
                    Deed::Erase(person) => self.erase(person).await.map_err(unavailable),
                };
                answer.send(outcome).ok(); // nobody may be waiting any more
            }
            if kept.is_empty() {
                continue;
            }
            for (answer, outcome) in keepers.into_iter().zip(self.keep(&kept).await) {
                answer.send(outcome).ok();
            }
        }
        self.files.close().await;
    }

    async fn keep(&self, group: &[Vec<VaultEntry>]) -> Vec<Outcome> {
        match self.keep_group(group).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                let error = Arc::new(error);
                let failed = || VaultError::Unavailable(Box::new(Arc::clone(&error)));
                group.iter().map(|_| Err(failed())).collect()
            }
        }
    }

    async fn keep_group(&self, group: &[Vec<VaultEntry>]) -> Result<Vec<Outcome>, sqlx::Error> {
        let persons: BTreeSet<_> = group.iter().flatten().map(|entry| entry.person.0).collect();
        let persons: Vec<_> = persons.into_iter().collect();
        let mut keys = self.make_keys(&persons).await?;
        let known = without_key(&persons, &keys);
        if !known.is_empty() {
            keys.extend(self.files.find_keys(&known).await?);
        }
        let keyless = without_key(&persons, &keys);
        let mut erased = HashSet::new();
        if !keyless.is_empty() {
            erased = self.files.erased(&keyless).await?;
        }
        let mut rows = vec![];
        let mut outcomes = Vec::with_capacity(group.len());
        for entries in group {
            outcomes.push(
                if entries.iter().any(|entry| erased.contains(&entry.person.0)) {
                    Err(VaultError::Erased)
                } else {
                    let sealed: Result<Vec<_>, _> =
                        entries.iter().map(|entry| seal(entry, &keys)).collect();
                    sealed.map(|sealed| rows.extend(sealed))
                },
            );
        }
        insert(
            &self.files.entries,
            include_str!("../keep_entries.sql"),
            &rows,
        )
        .await?;
        Ok(outcomes)
    }

    /// Gives each of the persons a key who has none and was not erased, and answers these keys. Most
    /// who are told of are new: so they are not asked for first.
    async fn make_keys(&self, persons: &[Uuid]) -> Result<HashMap<Uuid, Key>, sqlx::Error> {
        let mut made: HashMap<Uuid, Key> = HashMap::new();
        let rows = persons.iter().map(|person| {
            let key = made.entry(*person).or_insert_with(Key::random);
            let wrapped = self.files.master.0.seal(key.bytes(), &key_place(*person));
            KeyRow {
                person: person.simple().to_string(),
                sealed: SealedHex::of(&wrapped),
            }
        });
        let rows: Vec<_> = rows.collect();
        let kept: Vec<Uuid> = sqlx::query_scalar(include_str!("../keep_keys.sql"))
            .bind(as_json(&rows))
            .fetch_all(&self.files.keys)
            .await?;
        let kept: HashSet<_> = kept.into_iter().collect();
        made.retain(|person, _| kept.contains(person));
        Ok(made)
    }

    async fn discard(&self, unwanted: &[VaultEntryId]) -> Result<(), sqlx::Error> {
        let unwanted: Vec<_> = unwanted.iter().map(|id| id.0).collect();
        sqlx::query(include_str!("../discard_entries.sql"))
            .bind(ids(&unwanted))
            .execute(&self.files.entries)
            .await
            .map(drop)
    }

    /// First the key, with the entry in the register, in one transaction: from then on nothing
    /// opens. Should the rest be interrupted, the next start carries it on.
    async fn erase(&self, person: PersonKey) -> Result<(), sqlx::Error> {
        let keys = &self.files.keys;
        let mut transaction = keys.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(include_str!("../keep_erasure.sql"))
            .bind(person.0)
            .bind(self.clock.now().0.timestamp_micros())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../discard_key.sql"))
            .bind(person.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        forget_the_past(keys).await?;
        self.files.discard_of(&[person.0]).await
    }
}

fn without_key(persons: &[Uuid], keys: &HashMap<Uuid, Key>) -> Vec<Uuid> {
    let without = persons.iter().filter(|person| !keys.contains_key(person));
    without.copied().collect()
}

/// Bytes as SQLite's `unhex` takes them.
#[derive(Serialize)]
struct SealedHex {
    nonce: String,
    sealed: String,
}

impl SealedHex {
    fn of(sealed: &Sealed) -> Self {
        Self {
            nonce: hex(&sealed.nonce),
            sealed: hex(&sealed.bytes),
        }
    }
}

#[derive(Serialize)]
struct EntryRow<'a> {
    id: String,
    person: String,
    field: &'a str,
    #[serde(flatten)]
    sealed: SealedHex,
}

#[derive(Serialize)]
struct KeyRow {
    person: String,
    #[serde(flatten)]
    sealed: SealedHex,
}

fn seal<'a>(entry: &'a VaultEntry, keys: &HashMap<Uuid, Key>) -> Result<EntryRow<'a>, VaultError> {
    let key = keys
        .get(&entry.person.0)
        .ok_or(VaultError::Sealed(entry.id))?;
    let place = entry_place(entry.id, entry.person, &entry.field);
    Ok(EntryRow {
        id: entry.id.0.simple().to_string(),
        person: entry.person.0.simple().to_string(),
        field: &entry.field.0,
        sealed: SealedHex::of(&key.seal(entry.text.as_bytes(), &place)),
    })
}

/// Any number of rows by one statement, which commits.
async fn insert(
    file: &SqlitePool,
    statement: &'static str,
    rows: &[impl Serialize],
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(statement).bind(as_json(rows));
    query.execute(file).await.map(drop)
}

fn as_json(rows: &[impl Serialize]) -> String {
    serde_json::to_string(rows).expect("texts always are JSON")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
