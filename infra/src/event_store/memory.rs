//! The log in memory: for tests, and for trying things out. It keeps the whole contract, and
//! forgets everything at the end.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Hash, Position, ReadError, RecordedAt,
    RecordedEvent, StreamName, Version,
};
use tokio::sync::{RwLock, watch};

use super::{
    admission::{self, Draft, Known},
    chain::{self, Covered},
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
    log: RwLock<Log>,
    head: watch::Sender<Position>,
}

#[derive(Default)]
struct Log {
    events: Vec<RecordedEvent>,
    streams: HashMap<StreamName, Vec<usize>>,
    ids: BTreeMap<EventId, usize>,
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

    fn announce(&self, log: &Log) {
        let head = log.head();
        self.head.send_if_modified(|known| {
            let moved = *known != head;
            *known = head;
            moved
        });
    }
}

impl Log {
    fn head(&self) -> Position {
        Position(self.events.len() as u64)
    }

    fn known(&self, drafts: &[Draft]) -> HashMap<EventId, Known> {
        drafts
            .iter()
            .filter_map(|draft| self.ids.get(&draft.id))
            .map(|index| {
                let event = &self.events[*index];
                let known = Known {
                    stream: event.stream.clone(),
                    version: event.version,
                    position: event.position,
                    kind: event.kind.clone(),
                    schema_version: event.schema_version,
                    occurred_at: event.occurred_at.to_string(),
                    data: event.data.clone(),
                };
                (event.id, known)
            })
            .collect()
    }

    fn append(&mut self, append: Append) -> Result<Appended, AppendError> {
        admission::not_empty(&append)?;
        let occurred: Vec<_> = append
            .events
            .iter()
            .map(|event| event.occurred_at)
            .collect();
        let drafts: Vec<Draft> = append.events.into_iter().map(Draft::from).collect();
        if let Some(first) = admission::told_before(&append.stream, &drafts, &self.known(&drafts))?
        {
            return Ok(first);
        }
        let of_stream = self.streams.entry(append.stream.clone()).or_default();
        let last = of_stream.last().map(|index| &self.events[*index]);
        let actual = last.map_or(Version::NONE, |event| event.version);
        if !admission::fits(append.expected, actual) {
            return Err(AppendError::Conflict {
                expected: append.expected,
                actual,
            });
        }
        let mut hash = last.map_or(Hash::ROOT, |event| event.hash);
        let mut version = actual;
        let given = RecordedAt::new(append.recorded_at.0);
        let recorded_at = self
            .events
            .last()
            .map_or(given, |event| event.recorded_at.max(given));
        for (draft, occurred_at) in drafts.into_iter().zip(occurred) {
            version = version.plus(1);
            hash = chain::stream_link(
                hash,
                &Covered {
                    stream: append.stream.as_str(),
                    version,
                    id: draft.id,
                    kind: draft.kind,
                    schema_version: draft.schema_version,
                    occurred_at: &draft.occurred_at,
                    recorded_at,
                    metadata: &draft.metadata,
                    data: &draft.data,
                },
            );
            let index = self.events.len();
            of_stream.push(index);
            self.ids.insert(draft.id, index);
            self.events.push(RecordedEvent {
                id: draft.id,
                stream: append.stream.clone(),
                version,
                position: Position(index as u64 + 1),
                kind: draft.kind.to_owned(),
                schema_version: draft.schema_version,
                occurred_at: admission::to_the_microsecond(occurred_at),
                recorded_at,
                metadata: draft.metadata.to_string(),
                data: draft.data.to_string(),
                hash,
            });
        }
        Ok(Appended {
            position: self.head(),
            version,
            already_recorded: false,
        })
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
        let indices = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Ok(indices
            .iter()
            .skip(index(after.0))
            .map(|index| log.events[*index].clone())
            .collect())
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let log = self.log.read().await;
        Ok(log
            .events
            .iter()
            .skip(index(after.0))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        let log = self.log.read().await;
        Ok(log.ids.get(&id).map(|index| log.events[*index].clone()))
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

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
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
