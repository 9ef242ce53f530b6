//! An event store that writes later.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Position, ReadError, RecordedEvent,
    StreamName, Version,
};
use futures::future::join_all;
use tokio::sync::{Mutex, watch};

use crate::event_store::ledger::Ledger;

/// An event store that adds events in memory, and writes them when it is told to.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use domain::es::{EventStore, Expected, Position};
/// use infra::{event_store::{MemoryEventStore, contract}, staging::StagedEventStore};
///
/// let log = Arc::new(MemoryEventStore::new());
/// let staged = StagedEventStore::before(log.clone());
/// let slemdal = contract::stream("slemdal");
/// let told = vec![contract::event(1, "told")];
/// staged.append(contract::append(&slemdal, Expected::NoStream, told)).await.unwrap();
/// assert_eq!(staged.head().await.unwrap(), Position(1));
/// assert_eq!(log.head().await.unwrap(), Position::START);
/// staged.settle().await.unwrap();
/// assert_eq!(log.head().await.unwrap(), Position(1));
/// # });
/// ```
pub struct StagedEventStore {
    log: Arc<dyn EventStore>,
    stage: Mutex<Option<Stage>>,
    head: watch::Sender<Position>,
}

/// What waits to be written, and the streams as they were when it was decided.
struct Stage {
    ledger: Ledger,
    /// Each with where it seems to stand.
    appends: Vec<(Append, Appended)>,
    histories: HashMap<StreamName, Vec<RecordedEvent>>,
}

/// Where in the log stands what was staged.
#[derive(Debug, Default)]
pub struct Settled {
    /// By where it seemed to stand.
    places: HashMap<Position, Position>,
    first: Option<Position>,
}

impl Settled {
    /// The place of what seemed to stand at a place while it was staged: the same, if nobody else
    /// has written meanwhile.
    #[must_use]
    pub fn position(&self, staged: Position) -> Position {
        self.places.get(&staged).copied().unwrap_or(staged)
    }

    /// From where to where it was written; nothing, if nothing was.
    #[must_use]
    pub fn places(&self) -> Option<(Position, Position)> {
        self.first.zip(self.places.values().copied().max())
    }
}

impl StagedEventStore {
    /// Stages what is to be written to a log.
    #[must_use]
    pub fn before(log: Arc<dyn EventStore>) -> Self {
        Self {
            log,
            stage: Mutex::default(),
            head: watch::Sender::new(Position::START),
        }
    }

    /// Writes what is staged, in order, and answers where it stands. Where the log is not any more
    /// what it rests on, answers the first refusal; appends after it may be written all the same.
    pub async fn settle(&self) -> Result<Settled, AppendError> {
        let Some(stage) = self.stage.lock().await.take() else {
            return Ok(Settled::default());
        };
        let (appends, staged): (Vec<_>, Vec<_>) = stage.appends.into_iter().unzip();
        let events = appends.first().map_or(0, |first| first.events.len() as u64);
        let mut settled = Settled::default();
        for (outcome, staged) in self.log.append_all(appends).await.into_iter().zip(staged) {
            let position = outcome?.position;
            settled.places.insert(staged.position, position);
            settled
                .first
                .get_or_insert(Position(position.0 + 1 - events));
        }
        Ok(settled)
    }

    /// Reads streams that are about to be asked for, many at a time. What cannot be read now is read
    /// when it is asked for.
    pub async fn read_ahead(&self, streams: impl IntoIterator<Item = StreamName>) {
        let mut stage = self.stage.lock().await;
        let log = self.log.as_ref();
        let Ok(stage) = Stage::begun(&mut stage, log).await else {
            return;
        };
        let streams: HashSet<_> = streams.into_iter().collect();
        let unknown = streams
            .into_iter()
            .filter(|stream| !stage.histories.contains_key(stream));
        let reads = unknown.map(|stream| async {
            let history = log.read_stream(&stream, Version::NONE).await;
            (stream, history)
        });
        for (stream, history) in join_all(reads.collect::<Vec<_>>()).await {
            if let Ok(history) = history {
                stage.learn(stream, history);
            }
        }
    }

    /// Forgets what is staged.
    pub async fn forget(&self) {
        *self.stage.lock().await = None;
    }
}

impl Stage {
    /// Begins where the log ends.
    async fn begin(log: &dyn EventStore) -> Result<Self, ReadError> {
        let head = log.head().await?;
        let before = Position(head.0.saturating_sub(1));
        let last = log.read_all(before, 1).await?.pop();
        Ok(Self {
            ledger: Ledger::after(head, last.map(|last| last.recorded_at)),
            appends: vec![],
            histories: HashMap::new(),
        })
    }

    async fn begun<'a>(
        stage: &'a mut Option<Self>,
        log: &dyn EventStore,
    ) -> Result<&'a mut Self, ReadError> {
        Ok(match stage {
            Some(stage) => stage,
            none => none.insert(Self::begin(log).await?),
        })
    }

    /// A stream's events as the log has them.
    async fn history(
        &mut self,
        stream: &StreamName,
        log: &dyn EventStore,
    ) -> Result<&[RecordedEvent], ReadError> {
        if !self.histories.contains_key(stream) {
            let history = log.read_stream(stream, Version::NONE).await?;
            self.learn(stream.clone(), history);
        }
        Ok(&self.histories[stream])
    }

    fn learn(&mut self, stream: StreamName, history: Vec<RecordedEvent>) {
        self.ledger.learn(&stream, history.last());
        self.histories.insert(stream, history);
    }

    async fn append(
        &mut self,
        append: Append,
        log: &dyn EventStore,
    ) -> Result<Appended, AppendError> {
        self.history(&append.stream, log)
            .await
            .map_err(|error| AppendError::Unavailable(error.into()))?;
        let appended = self.ledger.append(append.clone())?;
        if !appended.already_recorded {
            self.appends.push((append, appended.clone()));
        }
        Ok(appended)
    }
}

#[async_trait]
impl EventStore for StagedEventStore {
    /// Answers when the events are staged: none of them is durable yet. That an id is taken by an
    /// event of the log shows when they are settled.
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut stage = self.stage.lock().await;
        let log = self.log.as_ref();
        let begun = Stage::begun(&mut stage, log)
            .await
            .map_err(|error| AppendError::Unavailable(error.into()))?;
        let outcome = begun.append(append, log).await;
        self.head.send_replace(begun.ledger.head());
        outcome
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            outcomes.push(self.append(append).await);
        }
        outcomes
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let mut stage = self.stage.lock().await;
        let log = self.log.as_ref();
        let stage = Stage::begun(&mut stage, log).await?;
        let history = stage.history(stream, log).await?.iter();
        let mut events: Vec<_> = history
            .filter(|event| event.version > after)
            .cloned()
            .collect();
        events.extend(stage.ledger.read_stream(stream, after).cloned());
        Ok(events)
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let stage = self.stage.lock().await;
        let mut events = self.log.read_all(after, limit).await?;
        if let Some(stage) = &*stage {
            let room = limit - events.len();
            events.extend(stage.ledger.read_all(after, room).cloned());
        }
        Ok(events)
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        let stage = self.stage.lock().await;
        let staged = stage.as_ref().and_then(|stage| stage.ledger.find(id));
        match staged {
            Some(event) => Ok(Some(event.clone())),
            None => self.log.find(id).await,
        }
    }

    async fn head(&self) -> Result<Position, ReadError> {
        match &*self.stage.lock().await {
            Some(stage) => Ok(stage.ledger.head()),
            None => self.log.head().await,
        }
    }

    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        let mut staged = self.head.subscribe();
        tokio::select! {
            moved = staged.wait_for(|head| *head > position) => {
                Ok(*moved.expect("the sender lives as long as the store"))
            }
            moved = self.log.moved_past(position) => moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::es::Expected;

    use super::*;
    use crate::event_store::{
        Log, MemoryEventStore, SqliteEventStore, Verified, Verify, VerifyError,
        contract::{Harness, append, event, stream},
        verify_events,
    };

    #[async_trait]
    impl Verify for StagedEventStore {
        async fn verify(&self) -> Result<Verified, VerifyError> {
            verify_events(self).await
        }
    }

    /// A log of which every other event is staged.
    struct One(Option<Arc<dyn Log>>);

    impl Harness for One {
        async fn open(&mut self) -> Option<Arc<dyn Log>> {
            self.0.take()
        }
    }

    fn over_memory() -> StagedEventStore {
        StagedEventStore::before(Arc::new(MemoryEventStore::new()))
    }

    crate::event_store_contract!(One(Some(Arc::new(over_memory()))));

    #[tokio::test]
    async fn settled_the_log_is_what_was_staged() {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteEventStore::open(&folder.path().join("log.sqlite")).await;
        let log = Arc::new(log.unwrap());
        let staged = StagedEventStore::before(log.clone());
        for round in 0..3 {
            for n in 0..40 {
                let told = vec![event(round * 100 + n, "told")];
                let told = append(&stream(n % 7), Expected::Any, told);
                staged.append(told).await.unwrap();
            }
            let seen = staged.read_all(Position::START, 1_000).await.unwrap();
            staged.settle().await.unwrap();
            assert_eq!(log.read_all(Position::START, 1_000).await.unwrap(), seen);
        }
        assert_eq!(log.verify().await.unwrap().head, Position(120));
    }

    #[tokio::test]
    async fn what_rests_on_a_log_that_has_moved_is_refused() {
        let log = Arc::new(MemoryEventStore::new());
        let staged = StagedEventStore::before(log.clone());
        let slemdal = stream("slemdal");
        let tell = |id| append(&slemdal, Expected::NoStream, vec![event(id, "told")]);
        staged.append(tell(1)).await.unwrap();
        log.append(tell(2)).await.unwrap();
        let settled = staged.settle().await;
        assert!(
            matches!(settled, Err(AppendError::Conflict { .. })),
            "{settled:?}"
        );
        // It begins anew, on what the log holds now.
        let told = append(&slemdal, Expected::Exactly(Version(1)), vec![event(3, "x")]);
        assert_eq!(staged.append(told).await.unwrap().position, Position(2));
        staged.settle().await.unwrap();
        assert_eq!(log.head().await.unwrap(), Position(2));
    }

    #[tokio::test]
    async fn where_others_wrote_meanwhile_what_is_settled_stands_after_them() {
        let log = Arc::new(MemoryEventStore::new());
        let staged = StagedEventStore::before(log.clone());
        let tell = |name: &str, id| append(&stream(name), Expected::NoStream, vec![event(id, "x")]);
        log.append(tell("before", 1)).await.unwrap();
        staged
            .read_ahead([stream("a"), stream("b"), stream("b")])
            .await;
        let a = staged.append(tell("a", 2)).await.unwrap().position;
        let b = staged.append(tell("b", 3)).await.unwrap().position;
        assert_eq!((a, b), (Position(2), Position(3)));
        log.append(tell("meanwhile", 4)).await.unwrap();
        let settled = staged.settle().await.unwrap();
        let stand = [1, 2, 3].map(|staged| settled.position(Position(staged)).0);
        assert_eq!(stand, [1, 3, 4]);
        assert_eq!(settled.places(), Some((Position(3), Position(4))));
    }

    #[tokio::test]
    async fn an_id_that_the_log_knows_is_found_out_when_it_is_settled() {
        let log = Arc::new(MemoryEventStore::new());
        let first = append(&stream(1), Expected::NoStream, vec![event(1, "told")]);
        log.append(first).await.unwrap();
        let staged = StagedEventStore::before(log.clone());
        let other = append(&stream(2), Expected::NoStream, vec![event(1, "other")]);
        staged.append(other).await.unwrap();
        let settled = staged.settle().await;
        assert!(
            matches!(settled, Err(AppendError::IdTaken { .. })),
            "{settled:?}"
        );
    }
}
