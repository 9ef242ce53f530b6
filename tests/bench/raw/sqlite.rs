//! The raw table in SQLite.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use domain::{es::Entry, participant::ParticipantEvent};
use sqlx::{
    ConnectOptions, Row as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use super::{RawEvent, RawLog, entry, insertion};
use crate::Result;

pub(crate) struct RawSqlite {
    /// One connection: raw writers that hold one each only wait for each other's locks.
    writer: SqlitePool,
    /// As many readers as the event store has.
    readers: SqlitePool,
    position: AtomicI64,
}

impl RawSqlite {
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
        sqlx::raw_sql(include_str!("create_sqlite.sql"))
            .execute(&writer)
            .await?;
        Ok(Self {
            writer,
            readers: pool(4).await?,
            position: AtomicI64::new(0),
        })
    }

    fn next(&self) -> i64 {
        self.position.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[async_trait]
impl RawLog for RawSqlite {
    async fn index_streams(&self) -> Result<()> {
        sqlx::raw_sql("CREATE UNIQUE INDEX raw_by_stream ON raw (stream, version)")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn fill(
        &self,
        streams: i64,
        history: &[RawEvent],
        id: &(dyn Fn() -> Uuid + Send + Sync),
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for (event, version) in history.iter().zip(1_i64..) {
            for stream in 0..streams {
                let mut event = event.clone();
                event.event.id.0 = id();
                insertion!(self.next(), stream, version, &event)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn insert(&self, _: usize, stream: i64, version: i64, event: &RawEvent) -> Result<()> {
        insertion!(self.next(), stream, version, event)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn read_stream(&self, _: usize, stream: i64) -> Result<Vec<Entry<ParticipantEvent>>> {
        let rows = sqlx::query(include_str!("read_stream.sql"))
            .bind(stream)
            .fetch_all(&self.readers)
            .await?;
        let entries = rows.iter().map(|row| {
            entry(
                row.try_get(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
                row.try_get(4)?,
            )
        });
        entries.collect()
    }
}
