//! The event store port: a few verbs that any engine can keep.

use async_trait::async_trait;

use super::{EventId, Fact, NewEvent, Position, RecordedAt, RecordedEvent, StreamName, Version};

/// What the writer believes the stream to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing yet.
    NoStream,
    /// Exactly this version.
    Exactly(Version),
    /// Whatever it holds.
    Any,
}

/// Facts to be added to one stream, all or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// Where to.
    pub stream: StreamName,
    /// What the decision rested on.
    pub expected: Expected,
    /// The facts, in order; at least one.
    pub events: Vec<NewEvent>,
    /// The time at which they became known. Where the log's last event is later than this, that
    /// later time is taken: times of recording never decrease by position.
    pub recorded_at: RecordedAt,
}

/// Where the facts stand now. Durable: what is answered survives a loss of power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The last event's position.
    pub position: Position,
    /// The stream's version after them.
    pub version: Version,
    /// True if the same events were appended earlier; then the answer is the one given then.
    pub already_recorded: bool,
}

/// Why facts were not added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not what the writer believed: read it again and decide anew.
    #[error("the stream is at version {actual}, not {expected:?}")]
    Conflict {
        /// What the writer believed.
        expected: Expected,
        /// What it is.
        actual: Version,
    },
    /// An event of this id stands in the log and says something else.
    #[error("event id {id} is taken by another event")]
    IdTaken {
        /// The id.
        id: EventId,
    },
    /// An append without events.
    #[error("nothing to append")]
    Empty,
    /// The engine failed; nothing was added, or it is unknown whether it was: try again with the
    /// same event ids.
    #[error("the event store did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The engine failed.
    #[error("the event store did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored event does not have an event's shape.
    #[error("the event at position {position} cannot be read: {what}")]
    Malformed {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        what: String,
    },
}

/// Keeps facts: in order, each once, for ever.
///
/// What every adapter promises, and one suite of contract tests checks on all of them: positions
/// without gaps and in the order in which they can be read; expected versions checked in the same
/// transaction that adds; appending the same event ids and bodies again answers as the first time;
/// what is acknowledged is durable.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Adds facts to one stream.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Adds facts to several streams, in order. Each append stands alone: one that is refused
    /// leaves the others be. Answers in the order asked.
    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>>;

    /// The events of a stream after a version, in order. Empty if there is no such stream.
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError>;

    /// What a decision rests on: all facts of a stream, in order. Empty if there is no such
    /// stream. It is most of what is asked of a log, and an engine need not fetch the envelopes.
    async fn history(&self, stream: &StreamName) -> Result<Vec<Fact>, ReadError> {
        let events = self.read_stream(stream, Version::NONE).await?;
        Ok(events.into_iter().map(Fact::from).collect())
    }

    /// Up to `limit` events after a position, in order. Empty at the head.
    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError>;

    /// The event of an id, if the log holds it.
    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError>;

    /// The position of the last event.
    async fn head(&self) -> Result<Position, ReadError>;

    /// Waits until the head lies past `position`, and says where it lies then.
    async fn moved_past(&self, position: Position) -> Result<Position, ReadError>;
}
