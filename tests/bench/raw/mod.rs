//! The yardstick: a table of the same width with the same primary key, and one row a commit.

mod postgres;
mod sqlite;

use async_trait::async_trait;
use domain::{
    es::{Entry, EventData, EventId, NewEvent, OccurredAt},
    participant::ParticipantEvent,
};
use uuid::Uuid;

use crate::Result;

pub(crate) use self::{postgres::RawPostgres, sqlite::RawSqlite};

/// An events table without an event store.
#[async_trait]
pub(crate) trait RawLog: Send + Sync {
    /// Makes a stream's versions unique, and its events findable.
    async fn index_streams(&self) -> Result<()>;

    /// Gives streams 0 to `streams` the same history, turn about, in one commit.
    async fn fill(
        &self,
        streams: i64,
        history: &[RawEvent],
        id: &(dyn Fn() -> Uuid + Send + Sync),
    ) -> Result<()>;

    /// One row, one commit.
    async fn insert(
        &self,
        client: usize,
        stream: i64,
        version: i64,
        event: &RawEvent,
    ) -> Result<()>;

    /// A stream's events, ready to be folded.
    async fn read_stream(&self, client: usize, stream: i64)
    -> Result<Vec<Entry<ParticipantEvent>>>;
}

/// An event as text, made before the clock runs.
#[derive(Clone)]
pub(crate) struct RawEvent {
    pub(crate) event: NewEvent,
    occurred_at: String,
    metadata: String,
}

impl From<NewEvent> for RawEvent {
    fn from(event: NewEvent) -> Self {
        Self {
            occurred_at: event.occurred_at.to_string(),
            metadata: serde_json::to_string(&event.metadata).expect("metadata is JSON"),
            event,
        }
    }
}

/// What both engines insert.
macro_rules! insertion {
    ($position:expr, $stream:expr, $version:expr, $event:expr) => {{
        let event: &$crate::raw::RawEvent = $event;
        sqlx::query(include_str!("insert.sql"))
            .bind($position)
            .bind($stream)
            .bind($version)
            .bind(event.event.id.0)
            .bind(event.event.kind)
            .bind(i64::from(event.event.schema_version))
            .bind(event.occurred_at.as_str())
            .bind(1_600_000_000_000_000_i64)
            .bind(event.metadata.as_str())
            .bind(event.event.data.as_str())
            .bind(&[7_u8; 32][..])
            .bind(&[7_u8; 32][..])
    }};
}
use insertion;

/// A row of a stream, decoded.
fn entry(
    id: Uuid,
    kind: &str,
    schema_version: i64,
    occurred_at: &str,
    data: &str,
) -> Result<Entry<ParticipantEvent>> {
    Ok(Entry {
        id: EventId(id),
        occurred_at: occurred_at.parse::<OccurredAt>()?,
        event: ParticipantEvent::from_json(kind, u16::try_from(schema_version)?, data)?,
    })
}
