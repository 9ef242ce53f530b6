//! The yardstick: a table of the same width with the same primary key, and one row a commit.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use domain::es::NewEvent;
use sqlx::{
    ConnectOptions, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use uuid::Uuid;

use crate::Result;

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// An events table without an event store.
pub(crate) struct RawLog {
    /// One connection: raw writers that hold one each only wait for each other's locks.
    writer: SqlitePool,
    /// As many readers as the event store has.
    pub(crate) readers: SqlitePool,
    position: AtomicI64,
}

impl RawLog {
    /// A table in a file of its own.
    pub(crate) async fn create(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
                .connect_with(options.clone())
        };
        let writer = pool(1).await?;
        sqlx::raw_sql(include_str!("create_raw.sql"))
            .execute(&writer)
            .await?;
        Ok(Self {
            writer,
            readers: pool(4).await?,
            position: AtomicI64::new(0),
        })
    }

    /// Makes a stream's versions unique, and its events findable.
    pub(crate) async fn index_streams(&self) -> Result<()> {
        sqlx::raw_sql("CREATE UNIQUE INDEX raw_by_stream ON raw (stream, version)")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Gives streams 0 to `streams` the same history, turn about, in one commit.
    pub(crate) async fn fill(
        &self,
        streams: i64,
        history: &[RawEvent],
        id: impl Fn() -> Uuid,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for (event, version) in history.iter().zip(1..) {
            for stream in 0..streams {
                let mut event = event.clone();
                event.event.id.0 = id();
                self.statement(stream, version, &event)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// One row, one commit.
    pub(crate) async fn insert(&self, stream: i64, version: i64, event: &RawEvent) -> Result<()> {
        self.statement(stream, version, event)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    fn statement(&self, stream: i64, version: i64, event: &RawEvent) -> Query {
        let position = self.position.fetch_add(1, Ordering::Relaxed) + 1;
        sqlx::query(include_str!("insert_raw.sql"))
            .bind(position)
            .bind(stream)
            .bind(version)
            .bind(event.event.id.0)
            .bind(event.event.kind)
            .bind(i64::from(event.event.schema_version))
            .bind(event.occurred_at.as_str())
            .bind(1_600_000_000_000_000_i64)
            .bind(event.metadata.as_str())
            .bind(event.event.data.as_str())
            .bind(&[7_u8; 32][..])
            .bind(&[7_u8; 32][..])
    }
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
