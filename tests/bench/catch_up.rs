//! Making the read models from nothing, and as they once were; against a sequential scan of the
//! same log with typed decoding.

use std::{path::Path, sync::Arc, time::Instant};

use api::history::simulate::{self, Size};
use domain::{
    es::{
        Day, EventId, EventStore, Hash, Position, RecordedAt, RecordedEvent, StreamName, Version,
    },
    event::Recorded,
};
use futures::TryStreamExt;
use infra::{
    clock::FixedClock,
    event_store::{SqliteEventStore, SqliteOptions},
    read_store::{Projector, ReadStore, read_models},
};
use projections::{Ask, AskError, Projection, Question, Rows, journey::Journey};
use sqlx::{Row as _, SqlitePool, sqlite::SqliteConnectOptions};

use crate::{
    Plan, Result,
    measure::take_turns,
    table::{Bound, Row},
};

/// Persons of the simulated history: some tens of events each.
const PARTICIPANTS: u64 = 6_000;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let plan = &Plan {
        turns: plan.turns.min(5),
        ..plan.clone()
    };
    let folder = plan.folder()?;
    let path = folder.path().join("log.sqlite");
    let participants = if plan.quick { 1_000 } else { PARTICIPANTS };
    let log = simulated(&path, participants).await?;
    let events = log.head().await?;
    let scanned = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path)).await?;
    let mut nth = 0;
    let one = take_turns(
        plan,
        async |_| scan(&scanned, events).await,
        async |_| {
            nth += 1;
            let tables = folder.path().join(format!("one-{nth}.sqlite"));
            projected(&log, &tables, events).await
        },
    )
    .await?;
    let row = |what, measured, floor| {
        let row = Row {
            what,
            clients: 1,
            measured,
            bound: Bound::Floor(floor),
        };
        row.print()
    };
    let mut rows = vec![row("catch-up, one read model, events/s", one, 0.5)];
    let then = take_turns(
        plan,
        async |_| scan(&scanned, events).await,
        async |_| {
            nth += 1;
            let tables = folder.path().join(format!("then-{nth}.sqlite"));
            past::<OneModel>(&log, &tables, events).await
        },
    )
    .await?;
    rows.push(row("time machine, one read model, events/s", then, 0.5));
    let all = take_turns(
        plan,
        async |_| scan(&scanned, events).await,
        async |_| {
            nth += 1;
            let tables = folder.path().join(format!("live-{nth}.sqlite"));
            live(&log, &tables, events).await
        },
    )
    .await?;
    rows.push(row("catch-up, all read models, events/s", all, 0.2));
    let then = take_turns(
        plan,
        async |_| scan(&scanned, events).await,
        async |_| {
            nth += 1;
            let tables = folder.path().join(format!("all-{nth}.sqlite"));
            past::<AllModels>(&log, &tables, events).await
        },
    )
    .await?;
    rows.push(row("time machine, all read models, events/s", then, 0.2));
    Ok(rows)
}

/// A simulated history in a log of its own.
pub(crate) async fn simulated(path: &Path, participants: u64) -> Result<Arc<SqliteEventStore>> {
    let size = Size {
        participants,
        years: 10,
        seed: 1,
    };
    let fast = SqliteEventStore::open_with(path, SqliteOptions::default().unsynced()).await?;
    simulate::play(&fast, None, size, &mut |_, _| {}).await?;
    fast.close().await;
    Ok(Arc::new(SqliteEventStore::open(path).await?))
}

/// Reads the log as it lies, and decodes every event.
async fn scan(log: &SqlitePool, events: Position) -> Result<f64> {
    let started = Instant::now();
    let mut rows = sqlx::query(include_str!("scan_log.sql")).fetch(log);
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
    assert_eq!(decoded, events.0);
    Ok(per_second(events, started))
}

/// The live tables, from nothing.
async fn live(log: &Arc<SqliteEventStore>, tables: &Path, events: Position) -> Result<f64> {
    let store = read_store(log, tables).await?;
    let started = Instant::now();
    let reached = store.catch_up(|_, _| {}).await?;
    let figure = per_second(events, started);
    assert_eq!(reached, events);
    store.close().await;
    Ok(figure)
}

/// The table of one read model, from nothing.
async fn projected(log: &Arc<SqliteEventStore>, tables: &Path, events: Position) -> Result<f64> {
    let url = format!("sqlite:{}", tables.display());
    let mut projector = Projector::open(&url, log.clone(), &[Journey::NAME]).await?;
    let started = Instant::now();
    let reached = projector.catch_up(|_, _| {}).await?;
    let figure = per_second(events, started);
    assert_eq!(reached, events);
    projector.close().await;
    Ok(figure)
}

/// The tables that a question needs, as of a day after all that happened.
async fn past<Q: Question + Default>(
    log: &Arc<SqliteEventStore>,
    tables: &Path,
    events: Position,
) -> Result<f64> {
    let store = read_store(log, tables).await?;
    let started = Instant::now();
    let ask = Ask {
        as_of: Some("2099-12-01".parse::<Day>()?),
        known_at: None,
    };
    let answer = store.ask(&Q::default(), ask).await?;
    let figure = per_second(events, started);
    assert_eq!(answer.position, events);
    store.close().await;
    Ok(figure)
}

pub(crate) async fn read_store(log: &Arc<SqliteEventStore>, tables: &Path) -> Result<ReadStore> {
    let url = format!("sqlite:{}", tables.display());
    let clock = FixedClock::at("2100-01-01T10:00:00Z".parse()?);
    Ok(ReadStore::open(&url, log.clone(), Arc::new(clock)).await?)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn per_second(events: Position, started: Instant) -> f64 {
    events.0 as f64 / started.elapsed().as_secs_f64()
}

/// A question that needs one table, and asks it nothing.
#[derive(Default)]
pub(crate) struct OneModel;

impl Question for OneModel {
    type View = ();
    const TABLES: &'static [&'static str] = &[Journey::NAME];

    async fn ask(&self, _: &mut Rows<'_>, _: Day) -> std::result::Result<(), AskError> {
        Ok(())
    }
}

/// A question that needs all tables.
#[derive(Default)]
pub(crate) struct AllModels;

impl Question for AllModels {
    type View = ();
    const TABLES: &'static [&'static str] = read_models();

    async fn ask(&self, _: &mut Rows<'_>, _: Day) -> std::result::Result<(), AskError> {
        Ok(())
    }
}
