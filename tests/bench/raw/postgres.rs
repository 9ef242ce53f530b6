//! The raw table in PostgreSQL.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use domain::{es::Entry, participant::ParticipantEvent};
use sqlx::{ConnectOptions, Connection, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::{RawEvent, RawLog, entry, insertion};
use crate::Result;

/// Each client has a connection of its own: no pool stands in the way of what is measured.
pub(crate) struct RawPostgres {
    connections: Vec<Mutex<PgConnection>>,
    position: AtomicI64,
}

impl RawPostgres {
    /// A table in the database that a URL names, for so many clients.
    pub(crate) async fn create(url: &str, clients: usize) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.disable_statement_logging();
        let mut connections = Vec::with_capacity(clients);
        for _ in 0..clients {
            connections.push(Mutex::new(options.connect().await?));
        }
        let log = Self {
            connections,
            position: AtomicI64::new(0),
        };
        sqlx::raw_sql(include_str!("create_postgres.sql"))
            .execute(&mut *log.connection(0).await)
            .await?;
        Ok(log)
    }

    async fn connection(&self, client: usize) -> MutexGuard<'_, PgConnection> {
        self.connections[client].lock().await
    }

    fn next(&self) -> i64 {
        self.position.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[async_trait]
impl RawLog for RawPostgres {
    async fn index_streams(&self) -> Result<()> {
        sqlx::raw_sql("CREATE UNIQUE INDEX raw_by_stream ON raw (stream, version)")
            .execute(&mut *self.connection(0).await)
            .await?;
        Ok(())
    }

    async fn fill(
        &self,
        streams: i64,
        history: &[RawEvent],
        id: &(dyn Fn() -> Uuid + Send + Sync),
    ) -> Result<()> {
        let mut connection = self.connection(0).await;
        let mut transaction = connection.begin().await?;
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
        // As autovacuum would sooner or later: the planner knows the table.
        sqlx::raw_sql("ANALYZE raw")
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    async fn insert(
        &self,
        client: usize,
        stream: i64,
        version: i64,
        event: &RawEvent,
    ) -> Result<()> {
        insertion!(self.next(), stream, version, event)
            .execute(&mut *self.connection(client).await)
            .await?;
        Ok(())
    }

    async fn read_stream(
        &self,
        client: usize,
        stream: i64,
    ) -> Result<Vec<Entry<ParticipantEvent>>> {
        let rows = sqlx::query(include_str!("read_stream.sql"))
            .bind(stream)
            .fetch_all(&mut *self.connection(client).await)
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
