//! Reading the log: rows become events.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use domain::es::{
    EventId, Hash, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version,
};
use futures::{Stream, TryStreamExt};
use sqlx::{
    PgPool, Row,
    postgres::{PgPoolOptions, PgRow},
};
use uuid::Uuid;

use super::{
    names::{Named, Names},
    session::{Query, within},
};
use crate::postgres::Database;

/// How many read pages of the log at the same time.
const READERS: u32 = 4;
/// How long a reader waits for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// After what time a server that does not answer is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// Where pages of the log are read. A connection that broke while nobody read is replaced.
#[derive(Clone)]
pub(super) struct Reader {
    names: Arc<Names>,
    pool: PgPool,
    pooled: bool,
}

impl Reader {
    pub(super) fn new(database: &Database) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(CONNECT)
            .connect_lazy_with(database.options());
        Self {
            names: Arc::default(),
            pool,
            pooled: database.pooled(),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn head(&self) -> Result<Position, sqlx::Error> {
        let query = sqlx::query(include_str!("read_head.sql"));
        let found = self.found(query, |row| row.try_get::<i64, _>(0)).await??;
        let position = found.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(Position(position.cast_unsigned()))
    }

    pub(super) async fn all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let query = page(include_str!("read_all.sql"), after, limit);
        let unnamed: Vec<(i64, Position, _)> = self
            .each(query, |row| {
                let stream = row.try_get(10).map_err(unavailable)?;
                let position = Position(
                    row.try_get::<i64, _>(0)
                        .map_err(unavailable)?
                        .cast_unsigned(),
                );
                Ok((stream, position, unnamed_event(row)?))
            })
            .await?;
        let names = self
            .names(unnamed.iter().map(|(stream, ..)| *stream))
            .await?;
        let events = unnamed.into_iter().map(|(stream, position, event)| {
            let name = names
                .get(&stream)
                .cloned()
                .ok_or_else(|| ReadError::Malformed {
                    position,
                    what: "stream: it has no name".to_owned(),
                })?;
            Ok(event(name))
        });
        events.collect()
    }

    /// The names of streams; a stream that has none is left out.
    async fn names(&self, streams: impl Iterator<Item = i64>) -> Result<Named, ReadError> {
        let (mut named, unknown) = self.names.of(&streams.collect());
        if !unknown.is_empty() {
            let query = sqlx::query(include_str!("read_names.sql")).bind(unknown);
            let found: Vec<(i64, StreamName)> = self
                .each(query, |row| {
                    let name: String = row.try_get(1).map_err(unavailable)?;
                    let name = StreamName::try_from(name).map_err(unavailable)?;
                    Ok((row.try_get(0).map_err(unavailable)?, name))
                })
                .await?;
            self.names.keep(&found);
            named.extend(found);
        }
        Ok(named)
    }

    /// Events with their links of the log's chain.
    pub(super) async fn links(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(RecordedEvent, Hash)>, ReadError> {
        let query = page(include_str!("read_log.sql"), after, limit);
        self.each(query, |row| {
            let log_hash = hash(row, 11).map_err(|what| malformed(row, what))?;
            Ok((named_event(row)?, log_hash))
        })
        .await
    }

    pub(super) async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        let query = sqlx::query(include_str!("find_event.sql")).bind(id.0);
        Ok(self.each(query, named_event).await?.pop())
    }

    async fn each<T>(
        &self,
        query: Query,
        read: impl Fn(&PgRow) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        self.found(query, read).await.map_err(unavailable)?
    }

    /// What each row says, read as they come: rows that are kept keep what they were read into.
    async fn found<T, E>(
        &self,
        query: Query,
        read: impl Fn(&PgRow) -> Result<T, E>,
    ) -> Result<Result<Vec<T>, E>, sqlx::Error> {
        within(SILENCE, async {
            if !self.pooled {
                return collect(query.fetch(&self.pool), read).await;
            }
            let mut transaction = self.pool.begin().await?;
            let found = collect(query.persistent(false).fetch(&mut *transaction), read).await?;
            transaction.commit().await?;
            Ok(found)
        })
        .await
    }
}

async fn collect<T, E>(
    mut rows: impl Stream<Item = Result<PgRow, sqlx::Error>> + Unpin,
    read: impl Fn(&PgRow) -> Result<T, E>,
) -> Result<Result<Vec<T>, E>, sqlx::Error> {
    let mut found = vec![];
    while let Some(row) = rows.try_next().await? {
        match read(&row) {
            Ok(what) => found.push(what),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(found))
}

fn page(sql: &'static str, after: Position, limit: usize) -> Query {
    sqlx::query(sql)
        .bind(after.0.cast_signed())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
}

pub(super) fn unavailable<E>(error: E) -> ReadError
where
    E: std::error::Error + Send + Sync + 'static,
{
    ReadError::Unavailable(Box::new(error))
}

fn named_event(row: &PgRow) -> Result<RecordedEvent, ReadError> {
    let stream = text(row, 10)
        .and_then(|name| StreamName::try_from(name).map_err(|error| error.to_string()))
        .map_err(|what| malformed(row, format!("stream: {what}")))?;
    event(row, stream)
}

pub(super) fn event(row: &PgRow, stream: StreamName) -> Result<RecordedEvent, ReadError> {
    unnamed_event(row).map(|event| event(stream))
}

/// An event but for the name of its stream. Columns by number: looking names up costs a third of
/// the reading.
fn unnamed_event(
    row: &PgRow,
) -> Result<impl FnOnce(StreamName) -> RecordedEvent + use<>, ReadError> {
    let read = || {
        let id: Uuid = row.try_get(2).map_err(in_column)?;
        let schema_version: i32 = row.try_get(4).map_err(in_column)?;
        let occurred_at: &str = row.try_get(5).map_err(in_column)?;
        let micros: i64 = row.try_get(6).map_err(in_column)?;
        let version = Version(number(row, 1)?);
        let position = Position(number(row, 0)?);
        let kind = text(row, 3)?;
        let schema_version =
            u16::try_from(schema_version).map_err(|_| "schema_version: out of range".to_owned())?;
        let occurred_at = occurred_at
            .parse()
            .map_err(|error| format!("occurred_at: {error}"))?;
        let recorded_at = DateTime::from_timestamp_micros(micros)
            .map(RecordedAt)
            .ok_or_else(|| "recorded_at: out of range".to_owned())?;
        let (metadata, data) = (text(row, 7)?, text(row, 8)?);
        let hash = hash(row, 9)?;
        Ok(move |stream| RecordedEvent {
            id: EventId(id),
            stream,
            version,
            position,
            kind,
            schema_version,
            occurred_at,
            recorded_at,
            metadata,
            data,
            hash,
        })
    };
    read().map_err(|what: String| malformed(row, what))
}

fn number(row: &PgRow, column: usize) -> Result<u64, String> {
    row.try_get::<i64, _>(column)
        .map_err(in_column)
        .map(i64::cast_unsigned)
}

fn text(row: &PgRow, column: usize) -> Result<String, String> {
    row.try_get(column).map_err(in_column)
}

pub(super) fn hash(row: &PgRow, column: usize) -> Result<Hash, String> {
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

fn malformed(row: &PgRow, what: String) -> ReadError {
    let position = row.try_get::<i64, _>(0).map_or(0, i64::cast_unsigned);
    ReadError::Malformed {
        position: Position(position),
        what,
    }
}
