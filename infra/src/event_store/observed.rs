//! A log that is watched: each append has a span, its time is taken, and conflicts are counted.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Fact, Position, ReadError, RecordedEvent,
    StreamName, Version,
};
use tracing::{Instrument, Span, field::Empty};

use super::{
    Log,
    verify::{Verified, Verify, VerifyError},
};
use crate::telemetry::metrics;

/// A log of any engine, watched. [`open`](super::open) answers such a log.
pub struct ObservedLog(Arc<dyn Log>);

impl ObservedLog {
    /// Watches a log.
    #[must_use]
    pub fn of(log: Arc<dyn Log>) -> Self {
        Self(log)
    }
}

type Outcome = Result<Appended, AppendError>;

/// What an append came to, in a word.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(appended) if appended.already_recorded => "recorded_before",
        Ok(_) => "appended",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::IdTaken { .. }) => "id_taken",
        Err(AppendError::Empty) => "empty",
        Err(AppendError::Unavailable(_)) => "unavailable",
    }
}

fn tell(span: &Span, outcome: &Outcome) {
    match outcome {
        Ok(appended) => {
            span.record("position", appended.position.0);
        }
        Err(AppendError::Conflict { .. }) => metrics::conflicted(),
        Err(_) => {}
    }
}

#[async_trait]
impl EventStore for ObservedLog {
    async fn append(&self, append: Append) -> Outcome {
        let span = tracing::info_span!(
            "log.append",
            stream.category = append.stream.category(),
            events = append.events.len(),
            outcome = Empty,
            position = Empty,
        );
        let started = Instant::now();
        let outcome = self.0.append(append).instrument(span.clone()).await;
        let word = word(&outcome);
        metrics::appended(started.elapsed(), word);
        span.record("outcome", word);
        tell(&span, &outcome);
        outcome
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Outcome> {
        let events: usize = appends.iter().map(|append| append.events.len()).sum();
        let span = tracing::info_span!(
            "log.append_all",
            appends = appends.len(),
            events,
            position = Empty,
        );
        let started = Instant::now();
        let outcomes = self.0.append_all(appends).instrument(span.clone()).await;
        for outcome in &outcomes {
            metrics::appended(started.elapsed(), word(outcome));
            tell(&span, outcome);
        }
        outcomes
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.0.read_stream(stream, after).await
    }

    async fn history(&self, stream: &StreamName) -> Result<Vec<Fact>, ReadError> {
        self.0.history(stream).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.0.read_all(after, limit).await
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.0.find(id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.0.head().await
    }

    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        self.0.moved_past(position).await
    }
}

#[async_trait]
impl Verify for ObservedLog {
    async fn verify(&self) -> Result<Verified, VerifyError> {
        self.0.verify().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_store::{MemoryEventStore, contract::Harness};

    /// What is watched keeps the contract.
    struct Watched(Option<Arc<dyn Log>>);

    impl Harness for Watched {
        async fn open(&mut self) -> Option<Arc<dyn Log>> {
            self.0.take()
        }
    }

    crate::event_store_contract!(Watched(Some(Arc::new(ObservedLog::of(Arc::new(
        MemoryEventStore::new()
    ))))));
}
