//! Staging: what is told in bulk is decided at once and written later, in few commits.
//!
//! ```text
//!                 ┌─ StagedVault ── words ──┐  settle: first the words, by one commit,
//! deciders ──▶    │                         ├──▶ then the events that point to them,
//!                 └─ StagedEventStore ──────┘    in their order
//! ```
//!
//! Both are the ports they stand before: what is staged is read back as if it were written, so a
//! decision rests on all that was told before it. Nothing staged is durable, and nothing of it may
//! be acknowledged, before it is [settled](Staging::settle). Should the process end, it is told
//! again.
//!
//! What was staged rests on the log as it was read. If somebody else has written meanwhile,
//! settling says so, and what was staged must be told anew, without staging.

mod event_store;
mod vault;

use std::sync::Arc;

use domain::es::{AppendError, EventStore, PersonVault, VaultError};

pub use event_store::{Settled, StagedEventStore};
pub use vault::StagedVault;

/// Why not all of what was staged is written: what was not must be told anew.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The words could not be kept; no event was added.
    #[error("the staged words could not be kept")]
    Vault(#[from] VaultError),
    /// Events could not be added; others may have been.
    #[error("the staged events could not be added")]
    Log(#[from] AppendError),
}

/// A log and a vault, both staged.
pub struct Staging {
    /// The log.
    pub log: Arc<StagedEventStore>,
    /// The vault.
    pub vault: Arc<StagedVault>,
}

impl Staging {
    /// Stages what is to be written to these two.
    #[must_use]
    pub fn before(log: Arc<dyn EventStore>, vault: Arc<dyn PersonVault>) -> Self {
        Self {
            log: Arc::new(StagedEventStore::before(log)),
            vault: Arc::new(StagedVault::before(vault)),
        }
    }

    /// Writes what is staged, answers where it stands, and is empty then, whatever came of it.
    pub async fn settle(&self) -> Result<Settled, SettleError> {
        let kept = self.vault.settle().await;
        if kept.is_err() {
            self.log.forget().await;
        }
        kept?;
        Ok(self.log.settle().await?)
    }
}
