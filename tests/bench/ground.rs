//! Where a row is measured: a log and a raw table, fresh and side by side.

use std::{any::Any, sync::Arc};

use infra::{
    event_store::{Log, PostgresEventStore, SqliteOptions},
    postgres::ScratchDatabase,
};

use crate::{
    Plan, Result,
    raw::{RawLog, RawPostgres, RawSqlite},
};

/// Which engine keeps the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// In a file.
    Sqlite,
    /// On the server that `STEGSPOR_TEST_POSTGRES` names, in a database of its own.
    Postgres,
}

/// A log and a raw table, gone with this value.
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn Log>,
    pub(crate) raw: Arc<dyn RawLog>,
    /// The folder or the database.
    _place: Box<dyn Any + Send + Sync>,
}

impl Ground {
    /// With a raw table for so many clients.
    pub(crate) async fn make(plan: &Plan, raw_clients: usize) -> Result<Self> {
        match plan.engine {
            Engine::Sqlite => {
                let folder = plan.folder()?;
                let options = SqliteOptions::default();
                Ok(Self {
                    store: Plan::store(&folder, "log.sqlite", options).await?,
                    raw: Arc::new(RawSqlite::create(&folder.path().join("raw.sqlite")).await?),
                    _place: Box::new(folder),
                })
            }
            Engine::Postgres => {
                let database = scratch().await?;
                Ok(Self {
                    store: Arc::new(PostgresEventStore::open(database.url()).await?),
                    raw: Arc::new(RawPostgres::create(database.url(), raw_clients).await?),
                    _place: Box::new(database),
                })
            }
        }
    }
}

/// A database for measuring.
pub(crate) async fn scratch() -> Result<ScratchDatabase> {
    ScratchDatabase::make("the benchmark")
        .await
        .ok_or_else(|| "--engine postgres needs STEGSPOR_TEST_POSTGRES".into())
}
