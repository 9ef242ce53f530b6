//! The log in memory: for tests, and for trying things out. It keeps the whole contract, and
//! forgets everything at the end.

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Position, ReadError, RecordedEvent,
    StreamName, Version,
};
use tokio::sync::{RwLock, watch};

use super::{
    ledger::Ledger,
    verify::{Verified, Verify, VerifyError, walk},
};

/// A log in memory.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use domain::es::{EventStore, Position};
/// use infra::event_store::MemoryEventStore;
///
/// let store = MemoryEventStore::new();
/// assert_eq!(store.head().await.unwrap(), Position::START);
/// # });
/// ```
pub struct MemoryEventStore {
    log: RwLock<Ledger>,
    head: watch::Sender<Position>,
}

impl Default for MemoryEventStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryEventStore {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            log: RwLock::default(),
            head: watch::Sender::new(Position::START),
        }
    }

    fn announce(&self, log: &Ledger) {
        let head = log.head();
        self.head.send_if_modified(|known| {
            let moved = *known != head;
            *known = head;
            moved
        });
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut log = self.log.write().await;
        let outcome = log.append(append);
        self.announce(&log);
        outcome
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let mut log = self.log.write().await;
        let outcomes = appends
            .into_iter()
            .map(|append| log.append(append))
            .collect();
        self.announce(&log);
        outcomes
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let log = self.log.read().await;
        Ok(log.read_stream(stream, after).cloned().collect())
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        Ok(self
            .log
            .read()
            .await
            .read_all(after, limit)
            .cloned()
            .collect())
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        Ok(self.log.read().await.find(id).cloned())
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.log.read().await.head())
    }

    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        let mut head = self.head.subscribe();
        let moved = head
            .wait_for(|head| *head > position)
            .await
            .expect("the sender lives as long as the store");
        Ok(*moved)
    }
}

#[async_trait]
impl Verify for MemoryEventStore {
    async fn verify(&self) -> Result<Verified, VerifyError> {
        walk(self).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event_store::{Log, contract::Harness};

    /// A log in memory is reached by one handle.
    struct One(Option<Arc<dyn Log>>);

    impl Harness for One {
        async fn open(&mut self) -> Option<Arc<dyn Log>> {
            self.0.take()
        }
    }

    crate::event_store_contract!(One(Some(Arc::new(MemoryEventStore::new()))));
}
