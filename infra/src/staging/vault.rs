//! A person vault that keeps later.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use domain::es::{PersonKey, PersonVault, VaultEntry, VaultEntryId, VaultError};
use tokio::sync::Mutex;

/// A person vault that keeps entries in memory, and hands them on when it is told to.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use std::sync::Arc;
/// # use domain::es::{Field, PersonKey, PersonVault, VaultEntry, VaultEntryId};
/// # use infra::{clock::SystemClock, vault::{MasterKey, SqlitePersonVault}, staging::StagedVault};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = |name: &str| folder.path().join(name);
/// # let master = MasterKey::read_or_make(&path("master.key")).unwrap();
/// # let clock = Arc::new(SystemClock);
/// # let vault = SqlitePersonVault::open(&path("v"), &path("k"), &master, clock).await.unwrap();
/// # let vault = Arc::new(vault);
/// # let name = VaultEntry {
/// #     id: VaultEntryId(uuid::Uuid::from_u128(1)),
/// #     person: PersonKey(uuid::Uuid::from_u128(2)),
/// #     field: Field("name".to_owned()),
/// #     text: "Kari Fiktiv".to_owned(),
/// # };
/// let staged = StagedVault::before(vault.clone());
/// staged.keep(vec![name.clone()]).await.unwrap();
/// assert_eq!(staged.open(&[name.id]).await.unwrap(), [name.clone()]);
/// assert_eq!(vault.open(&[name.id]).await.unwrap(), []);
/// staged.settle().await.unwrap();
/// assert_eq!(vault.open(&[name.id]).await.unwrap(), [name]);
/// # });
/// ```
pub struct StagedVault {
    vault: Arc<dyn PersonVault>,
    stage: Mutex<Stage>,
}

#[derive(Default)]
struct Stage {
    kept: BTreeMap<VaultEntryId, VaultEntry>,
    unwanted: BTreeSet<VaultEntryId>,
}

impl StagedVault {
    /// Stages what is to be kept in a vault.
    #[must_use]
    pub fn before(vault: Arc<dyn PersonVault>) -> Self {
        Self {
            vault,
            stage: Mutex::default(),
        }
    }

    /// Keeps what is staged, all or none, and takes back what came to be unwanted.
    pub async fn settle(&self) -> Result<(), VaultError> {
        let Stage { kept, unwanted } = std::mem::take(&mut *self.stage.lock().await);
        if !kept.is_empty() {
            self.vault.keep(kept.into_values().collect()).await?;
        }
        if !unwanted.is_empty() {
            let unwanted: Vec<_> = unwanted.into_iter().collect();
            self.vault.discard(&unwanted).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl PersonVault for StagedVault {
    /// Answers when the entries are staged. That a person was erased shows when they are settled.
    async fn keep(&self, entries: Vec<VaultEntry>) -> Result<(), VaultError> {
        let mut stage = self.stage.lock().await;
        for entry in entries {
            stage.unwanted.remove(&entry.id);
            stage.kept.entry(entry.id).or_insert(entry);
        }
        Ok(())
    }

    async fn open(&self, ids: &[VaultEntryId]) -> Result<Vec<VaultEntry>, VaultError> {
        let stage = self.stage.lock().await;
        let mut found = self.vault.open(ids).await?;
        found.retain(|entry| !stage.unwanted.contains(&entry.id));
        let staged = ids.iter().filter_map(|id| stage.kept.get(id));
        add(&mut found, staged);
        Ok(found)
    }

    async fn of_person(&self, person: PersonKey) -> Result<Vec<VaultEntry>, VaultError> {
        let stage = self.stage.lock().await;
        let mut found = self.vault.of_person(person).await?;
        found.retain(|entry| !stage.unwanted.contains(&entry.id));
        let staged = stage.kept.values().filter(|entry| entry.person == person);
        add(&mut found, staged);
        Ok(found)
    }

    async fn discard(&self, ids: &[VaultEntryId]) -> Result<(), VaultError> {
        let mut stage = self.stage.lock().await;
        for id in ids {
            stage.kept.remove(id);
            stage.unwanted.insert(*id);
        }
        Ok(())
    }

    /// At once: a key that is to be destroyed waits for nothing.
    async fn erase(&self, person: PersonKey) -> Result<(), VaultError> {
        let mut stage = self.stage.lock().await;
        stage.kept.retain(|_, entry| entry.person != person);
        self.vault.erase(person).await
    }
}

/// Adds staged entries to those found, which stay as they were.
fn add<'a>(found: &mut Vec<VaultEntry>, staged: impl Iterator<Item = &'a VaultEntry>) {
    for entry in staged {
        if found.iter().all(|known| known.id != entry.id) {
            found.push(entry.clone());
        }
    }
}
