//! Reading the log: rows become events.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use domain::es::{
    EventId, Hash, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version,
};
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
        let rows = self
            .rows(sqlx::query(include_str!("read_head.sql")))
            .await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(Position(row.try_get::<i64, _>(0)?.cast_unsigned()))
    }

    pub(super) async fn all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let query = sqlx::query(include_str!("read_all.sql"));
        let rows = self.page(query, after, limit).await?;
        let streams: Vec<i64> = rows
            .iter()
            .map(|row| row.try_get(10).map_err(unavailable))
            .collect::<Result<_, _>>()?;
        let names = self.names(&streams).await?;
        let events = rows.iter().zip(streams).map(|(row, stream)| {
            let name = names.get(&stream).cloned();
            let name = name.ok_or_else(|| malformed(row, "stream: it has no name".to_owned()))?;
            event(row, name)
        });
        events.collect()
    }

    /// The names of streams; a stream that has none is left out.
    async fn names(&self, streams: &[i64]) -> Result<Named, ReadError> {
        let (mut named, unknown) = self.names.of(&streams.iter().copied().collect());
        if !unknown.is_empty() {
            let query = sqlx::query(include_str!("read_names.sql")).bind(unknown);
            let rows = self.rows(query).await.map_err(unavailable)?;
            let found = rows.iter().map(|row| {
                let id = row.try_get(0).map_err(unavailable)?;
                let name: String = row.try_get(1).map_err(unavailable)?;
                let name = StreamName::try_from(name).map_err(unavailable)?;
                Ok((id, name))
            });
            let found: Named = found.collect::<Result<_, ReadError>>()?;
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
        let query = sqlx::query(include_str!("read_log.sql"));
        let rows = self.page(query, after, limit).await?;
        rows.iter()
            .map(|row| {
                let log_hash = hash(row, 11).map_err(|what| malformed(row, what))?;
                Ok((named_event(row)?, log_hash))
            })
            .collect()
    }

    pub(super) async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        let query = sqlx::query(include_str!("find_event.sql")).bind(id.0);
        let rows = self.rows(query).await.map_err(unavailable)?;
        rows.first().map(named_event).transpose()
    }

    async fn page(
        &self,
        query: Query,
        after: Position,
        limit: usize,
    ) -> Result<Vec<PgRow>, ReadError> {
        let query = query
            .bind(after.0.cast_signed())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.rows(query).await.map_err(unavailable)
    }

    async fn rows(&self, query: Query) -> Result<Vec<PgRow>, sqlx::Error> {
        within(SILENCE, async {
            if !self.pooled {
                return query.fetch_all(&self.pool).await;
            }
            let mut transaction = self.pool.begin().await?;
            let rows = query.persistent(false).fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        })
        .await
    }
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

/// Columns by number: looking names up costs a third of the reading.
pub(super) fn event(row: &PgRow, stream: StreamName) -> Result<RecordedEvent, ReadError> {
    let read = || -> Result<RecordedEvent, String> {
        let id: Uuid = row.try_get(2).map_err(in_column)?;
        let schema_version: i32 = row.try_get(4).map_err(in_column)?;
        let occurred_at: &str = row.try_get(5).map_err(in_column)?;
        let micros: i64 = row.try_get(6).map_err(in_column)?;
        Ok(RecordedEvent {
            id: EventId(id),
            stream,
            version: Version(number(row, 1)?),
            position: Position(number(row, 0)?),
            kind: text(row, 3)?,
            schema_version: u16::try_from(schema_version)
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
