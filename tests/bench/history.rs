//! A simulated history in a log of either engine, a sequential scan of it with typed decoding, and
//! places for its read models.

use std::{
    any::Any,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use api::history::simulate::{self, Size};
use domain::{
    es::{EventId, EventStore, Hash, Position, RecordedAt, RecordedEvent, StreamName, Version},
    event::Recorded,
};
use futures::TryStreamExt;
use infra::{
    clock::FixedClock,
    event_store::{PostgresEventStore, SqliteEventStore, SqliteOptions},
    read_store::ReadStore,
};
use sqlx::{PgPool, Row, SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    Plan, Result,
    ground::{Engine, scratch},
};

/// Persons whose lives come to somewhat more than a million events.
pub(crate) const MILLION: u64 = 30_000;

/// A log that holds a history.
pub(crate) struct History {
    pub(crate) log: Arc<dyn EventStore>,
    engine: Engine,
    scanned: Scanned,
    folder: TempDir,
    nth: AtomicU32,
    /// The database.
    _place: Box<dyn Any + Send + Sync>,
}

/// Where a log is read as it lies.
enum Scanned {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A place for read models, gone with this value.
pub(crate) struct Tables {
    pub(crate) url: String,
    _place: Box<dyn Any + Send + Sync>,
}

/// Reads a log as it lies, and decodes every event.
macro_rules! scan {
    ($pool:expr, $sql:expr) => {{
        let mut rows = sqlx::query($sql).fetch($pool);
        let mut decoded = 0_u64;
        while let Some(row) = rows.try_next().await? {
            let stream: String = row.try_get(1)?;
            let micros: i64 = row.try_get(7)?;
            let occurred_at: &str = row.try_get(6)?;
            let event = Recorded::decode(RecordedEvent {
                position: Position(row.try_get::<i64, _>(0)?.cast_unsigned()),
                stream: StreamName::try_from(stream)?,
                version: Version(row.try_get::<i64, _>(2)?.cast_unsigned()),
                id: EventId(row.try_get(3)?),
                kind: row.try_get(4)?,
                schema_version: u16::try_from(row.try_get::<i64, _>(5)?)?,
                occurred_at: occurred_at.parse()?,
                recorded_at: RecordedAt(
                    chrono::DateTime::from_timestamp_micros(micros).ok_or("out of range")?,
                ),
                metadata: String::new(),
                data: row.try_get(8)?,
                hash: Hash::ROOT,
            })?;
            std::hint::black_box(&event);
            decoded += 1;
        }
        decoded
    }};
}

impl History {
    /// Of so many persons, in a log of its own.
    pub(crate) async fn simulated(plan: &Plan, participants: u64) -> Result<Self> {
        let folder = plan.folder()?;
        match plan.engine {
            Engine::Sqlite => {
                let path = folder.path().join("log.sqlite");
                drop(simulated(&path, participants).await?);
                Self::in_file(folder, &path).await
            }
            Engine::Postgres => {
                let database = scratch().await?;
                let store = PostgresEventStore::open(database.url()).await?;
                simulate::play(&store, None, size(participants), &mut |_, _| {}).await?;
                let pool = PgPool::connect(database.url()).await?;
                // What the server would do sooner or later, it does before the measurement.
                for rest in ["VACUUM (ANALYZE) log_events, log_streams", "CHECKPOINT"] {
                    sqlx::raw_sql(rest).execute(&pool).await?;
                }
                Ok(Self {
                    log: Arc::new(store),
                    engine: plan.engine,
                    scanned: Scanned::Postgres(pool),
                    folder,
                    nth: AtomicU32::new(0),
                    _place: Box::new(database),
                })
            }
        }
    }

    /// Of somewhat more than a million events. In a file it is kept for the next time, and a copy is
    /// measured.
    pub(crate) async fn of_a_million(plan: &Plan) -> Result<Self> {
        if plan.engine == Engine::Postgres {
            return Self::simulated(plan, MILLION).await;
        }
        drop(million(&plan.folder).await?);
        let folder = plan.folder()?;
        let path = folder.path().join("log.sqlite");
        std::fs::copy(plan.folder.join(KEPT), &path)?;
        Self::in_file(folder, &path).await
    }

    async fn in_file(folder: TempDir, path: &Path) -> Result<Self> {
        let connect = SqliteConnectOptions::new().filename(path);
        Ok(Self {
            log: Arc::new(SqliteEventStore::open(path).await?),
            engine: Engine::Sqlite,
            scanned: Scanned::Sqlite(SqlitePool::connect_with(connect).await?),
            folder,
            nth: AtomicU32::new(0),
            _place: Box::new(()),
        })
    }

    /// Events a second of a scan of the whole log.
    pub(crate) async fn scan(&self) -> Result<f64> {
        let started = Instant::now();
        let decoded = match &self.scanned {
            Scanned::Sqlite(pool) => scan!(pool, include_str!("scan_log.sql")),
            Scanned::Postgres(pool) => scan!(pool, include_str!("scan_log_postgres.sql")),
        };
        Ok(per_second(Position(decoded), started))
    }

    /// A fresh place for read models.
    pub(crate) async fn tables(&self) -> Result<Tables> {
        Ok(match self.engine {
            Engine::Sqlite => {
                let nth = self.nth.fetch_add(1, Ordering::Relaxed);
                let path = self.folder.path().join(format!("tables-{nth}.sqlite"));
                Tables {
                    url: format!("sqlite:{}", path.display()),
                    _place: Box::new(()),
                }
            }
            Engine::Postgres => {
                let database = scratch().await?;
                Tables {
                    url: database.url().to_owned(),
                    _place: Box::new(database),
                }
            }
        })
    }

    /// The read models in a place.
    pub(crate) async fn read_store(&self, tables: &Tables) -> Result<ReadStore> {
        let clock = FixedClock::at("2100-01-01T10:00:00Z".parse()?);
        Ok(ReadStore::open(&tables.url, self.log.clone(), Arc::new(clock)).await?)
    }
}

const KEPT: &str = "million-log.sqlite";

/// A log of a million events, kept for the next time.
pub(crate) async fn million(folder: &Path) -> Result<(PathBuf, Arc<SqliteEventStore>)> {
    let path = folder.join(KEPT);
    let log = if path.exists() {
        SqliteEventStore::open(&path).await?.into()
    } else {
        simulated(&path, MILLION).await?
    };
    Ok((path, log))
}

fn size(participants: u64) -> Size {
    Size {
        participants,
        years: 10,
        seed: 1,
    }
}

/// A simulated history in a file.
async fn simulated(path: &Path, participants: u64) -> Result<Arc<SqliteEventStore>> {
    let fast = SqliteEventStore::open_with(path, SqliteOptions::default().unsynced()).await?;
    simulate::play(&fast, None, size(participants), &mut |_, _| {}).await?;
    fast.close().await;
    Ok(Arc::new(SqliteEventStore::open(path).await?))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn per_second(events: Position, started: Instant) -> f64 {
    events.0 as f64 / started.elapsed().as_secs_f64()
}
