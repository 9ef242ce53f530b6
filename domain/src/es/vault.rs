//! The person vault port: where words about people live, since the log holds none.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::VaultEntryId;

/// Whose entry it is: a participant's, a tidgiver's or a referral's id. Each has a key of their
/// own; destroying it destroys all they left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(pub Uuid);

/// What an entry is, by the name of the field that refers to it: `name`, `contact`, `text`, ….
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Field(pub String);

/// Words about a person.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultEntry {
    /// The id that events refer to.
    pub id: VaultEntryId,
    /// Whose.
    pub person: PersonKey,
    /// What.
    pub field: Field,
    /// The words.
    pub text: String,
}

/// Shows everything but the words: an entry may end up in a log line by mistake.
impl std::fmt::Debug for VaultEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultEntry")
            .field("id", &self.id)
            .field("person", &self.person)
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// Why the vault did not answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The engine failed.
    #[error("the person vault did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The entry does not open with the person's key: it was altered, or the key is another.
    #[error("vault entry {0} does not open")]
    Sealed(VaultEntryId),
    /// The person's key was destroyed; nothing more is kept of them.
    #[error("the person was erased")]
    Erased,
}

/// Keeps words about people, encrypted with a key per person.
#[async_trait]
pub trait PersonVault: Send + Sync {
    /// Keeps the entries, all or none. An entry kept again under its id stays as it was.
    async fn keep(&self, entries: Vec<VaultEntry>) -> Result<(), VaultError>;

    /// The entries that exist among those asked for.
    async fn open(&self, ids: &[VaultEntryId]) -> Result<Vec<VaultEntry>, VaultError>;

    /// Everything kept about a person.
    async fn of_person(&self, person: PersonKey) -> Result<Vec<VaultEntry>, VaultError>;

    /// Takes entries back that no event came to refer to.
    async fn discard(&self, ids: &[VaultEntryId]) -> Result<(), VaultError>;

    /// Destroys a person's key and entries, for ever.
    async fn erase(&self, person: PersonKey) -> Result<(), VaultError>;
}
