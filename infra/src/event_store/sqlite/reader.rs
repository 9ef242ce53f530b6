//! Reading the log: rows become events.

use chrono::DateTime;
use domain::es::{
    EventId, Hash, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version,
};
use futures::TryStreamExt;
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::event_store::packed;

pub(super) async fn head(readers: &SqlitePool) -> Result<Position, sqlx::Error> {
    let head: Option<i64> = sqlx::query_scalar(include_str!("read_head.sql"))
        .fetch_one(readers)
        .await?;
    Ok(Position(head.map_or(0, i64::cast_unsigned)))
}

/// How much is strung together at a time.
const PAGE: usize = 1_000;

pub(super) async fn all(
    readers: &SqlitePool,
    after: Position,
    limit: usize,
) -> Result<Vec<RecordedEvent>, ReadError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let room = PAGE.min(limit - events.len());
        let after = events.last().map_or(after, |event| event.position);
        let page: Option<String> = sqlx::query_scalar(include_str!("read_all.sql"))
            .bind(after.0.cast_signed())
            .bind(i64::try_from(room).expect("a page is small"))
            .fetch_one(readers)
            .await
            .map_err(unavailable)?;
        let page = page.as_deref().unwrap_or_default();
        let Ok(page) = packed::events(page, None) else {
            return Err(unreadable(readers, after).await);
        };
        let full = page.len() == room;
        events.extend(page);
        if !full || events.len() == limit {
            return Ok(events);
        }
    }
}

/// Names the first row after a position that cannot be read.
pub(super) async fn unreadable(readers: &SqlitePool, after: Position) -> ReadError {
    let mut after = after;
    loop {
        match links(readers, after, PAGE).await {
            Err(error) => return error,
            Ok(page) => match page.last() {
                Some((event, _)) => after = event.position,
                None => {
                    return ReadError::Malformed {
                        position: after,
                        what: "an event up to here cannot be read".to_owned(),
                    };
                }
            },
        }
    }
}

/// Events with their links of the log's chain.
pub(super) async fn links(
    readers: &SqlitePool,
    after: Position,
    limit: usize,
) -> Result<Vec<(RecordedEvent, Hash)>, ReadError> {
    let mut rows = sqlx::query(include_str!("read_log.sql"))
        .bind(after.0.cast_signed())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch(readers);
    let mut links = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(unavailable)? {
        let event = named_event(&row)?;
        let log_hash = hash(&row, 11).map_err(|what| malformed(&row, what))?;
        links.push((event, log_hash));
    }
    Ok(links)
}

pub(super) async fn find(
    readers: &SqlitePool,
    id: EventId,
) -> Result<Option<RecordedEvent>, ReadError> {
    let row = sqlx::query(include_str!("find_event.sql"))
        .bind(id.0)
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    row.as_ref().map(named_event).transpose()
}

pub(super) fn unavailable(error: sqlx::Error) -> ReadError {
    ReadError::Unavailable(Box::new(error))
}

fn named_event(row: &SqliteRow) -> Result<RecordedEvent, ReadError> {
    let stream = text(row, 10)
        .and_then(|name| StreamName::try_from(name).map_err(|error| error.to_string()))
        .map_err(|what| malformed(row, format!("stream: {what}")))?;
    event(row, stream)
}

/// Columns by number: looking names up costs a third of the reading.
fn event(row: &SqliteRow, stream: StreamName) -> Result<RecordedEvent, ReadError> {
    let read = || -> Result<RecordedEvent, String> {
        let id: Uuid = row.try_get(2).map_err(in_column)?;
        let occurred_at: &str = row.try_get(5).map_err(in_column)?;
        let micros: i64 = row.try_get(6).map_err(in_column)?;
        Ok(RecordedEvent {
            id: EventId(id),
            stream,
            version: Version(number(row, 1)?),
            position: Position(number(row, 0)?),
            kind: text(row, 3)?,
            schema_version: u16::try_from(number(row, 4)?)
                .map_err(|_| "schema_version: out of range".to_owned())?,
            occurred_at: occurred_at
                .parse()
                .map_err(|error| format!("occurred_at: {error}"))?,
            recorded_at: DateTime::from_timestamp_micros(micros)
                .map(RecordedAt)
                .ok_or_else(|| "recorded_at: out of range".to_owned())?,
            metadata: text(row, 7)?,
            data: text(row, 8)?,
            hash: hash(row, 9)?,
        })
    };
    read().map_err(|what| malformed(row, what))
}

fn number(row: &SqliteRow, column: usize) -> Result<u64, String> {
    row.try_get::<i64, _>(column)
        .map_err(in_column)
        .map(i64::cast_unsigned)
}

fn text(row: &SqliteRow, column: usize) -> Result<String, String> {
    row.try_get(column).map_err(in_column)
}

pub(super) fn hash(row: &SqliteRow, column: usize) -> Result<Hash, String> {
    let bytes: &[u8] = row.try_get(column).map_err(in_column)?;
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| "a hash has 32 bytes".to_owned())
}

/// sqlx names the column and the types, never the value.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn in_column(error: sqlx::Error) -> String {
    error.to_string()
}

fn malformed(row: &SqliteRow, what: String) -> ReadError {
    let position = row.try_get::<i64, _>(0).map_or(0, i64::cast_unsigned);
    ReadError::Malformed {
        position: Position(position),
        what,
    }
}
