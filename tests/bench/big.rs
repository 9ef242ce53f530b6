//! Cost does not grow with the log: appends to ten million events against appends to ten
//! thousand.
//!
//! The log of ten million is kept under `target/` for the next run.

use std::{path::Path, sync::Arc, time::Duration};

use domain::{
    es::{EventStore, Expected, Position, StreamName},
    participant::Participant,
    words::ParticipantId,
};
use infra::event_store::{Log, PostgresEventStore, SqliteEventStore, SqliteOptions};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    Plan, Result, append,
    ground::{Engine, scratch},
    measure::{per_second, take_turns},
    sample::Samples,
    table::{Bound, Row},
};

const SMALL: u128 = 10_000;
/// On PostgreSQL.
const SMALL_POSTGRES: u128 = 100_000;
const BIG: u128 = 10_000_000;
/// How many events a stream holds before the measurement.
const LENGTH: u128 = 50;
/// How many streams of a log are in use: as many as the small log has.
const IN_USE: u128 = SMALL / LENGTH;
/// How many streams are filled turn about.
const ABREAST: u128 = 500;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let samples = Samples::new();
    match plan.engine {
        Engine::Sqlite => {
            let folder = plan.folder()?;
            let small = filled(&folder.path().join("small.sqlite"), SMALL, &samples).await?;
            let big = filled(&plan.folder.join("big-log.sqlite"), BIG, &samples).await?;
            let logs = Logs {
                small: Arc::new(small),
                in_small: SMALL,
                big: Arc::new(big),
                what: [
                    "new streams, 10,000,000 : 10,000 events",
                    "200 streams in use, 10,000,000 : 10,000",
                ],
                floor: 0.8,
            };
            measured(plan, &logs, &samples).await
        }
        Engine::Postgres => {
            let (in_small, in_big) = (scratch().await?, scratch().await?);
            let logs = Logs {
                small: filled_postgres(in_small.url(), SMALL_POSTGRES, &samples).await?,
                in_small: SMALL_POSTGRES,
                big: filled_postgres(in_big.url(), BIG, &samples).await?,
                what: [
                    "new streams, 10,000,000 : 100,000 events",
                    "200 streams in use, 10,000,000 : 100,000",
                ],
                floor: 0.75,
            };
            measured(plan, &logs, &samples).await
        }
    }
}

/// What is compared.
struct Logs {
    small: Arc<dyn Log>,
    in_small: u128,
    big: Arc<dyn Log>,
    what: [&'static str; 2],
    floor: f64,
}

async fn measured(plan: &Plan, logs: &Logs, samples: &Arc<Samples>) -> Result<Vec<Row>> {
    let (small, big) = (&logs.small, &logs.big);
    let mut rows = Vec::new();
    for clients in [1, 32] {
        let row = |what, measured, bound| {
            let row = Row {
                what,
                clients,
                measured,
                bound,
            };
            row.print()
        };
        let new = take_turns(
            plan,
            async |span| append::appends(small.clone(), samples, clients, span).await,
            async |span| append::appends(big.clone(), samples, clients, span).await,
        )
        .await?;
        rows.push(row(logs.what[0], new, Bound::Floor(logs.floor)));
        let in_use = take_turns(
            plan,
            async |span| appends(small, own(logs.in_small, clients, IN_USE), samples, span).await,
            async |span| appends(big, own(BIG, clients, IN_USE), samples, span).await,
        )
        .await?;
        rows.push(row(logs.what[1], in_use, Bound::Floor(logs.floor)));
        let any = take_turns(
            plan,
            async |span| appends(small, own(logs.in_small, clients, IN_USE), samples, span).await,
            async |span| appends(big, own(BIG, clients, BIG / LENGTH), samples, span).await,
        )
        .await?;
        rows.push(row("any of 200,000 streams : any of 200", any, Bound::Told));
    }
    Ok(rows)
}

/// The stream of a number, the same in each run.
fn stream(number: u128) -> StreamName {
    let scattered = Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes());
    Participant::stream(ParticipantId(scattered))
}

async fn filled(path: &Path, events: u128, samples: &Arc<Samples>) -> Result<SqliteEventStore> {
    let fast = SqliteOptions::default().unsynced();
    let store = SqliteEventStore::open_with(path, fast).await?;
    let head = store.head().await?;
    if u128::from(head.0) < events {
        if head != Position::START {
            return Err(format!("{} is half filled: remove it", path.display()).into());
        }
        let started = std::time::Instant::now();
        let streams = events / LENGTH;
        for first in (0..streams).step_by(usize::try_from(ABREAST)?) {
            let abreast: Vec<_> = (first..(first + ABREAST).min(streams))
                .map(stream)
                .collect();
            let turns = (0..LENGTH).flat_map(|_| &abreast);
            let appends = turns.map(|stream| samples.append(stream, Expected::Any));
            for outcome in store.append_all(appends.collect()).await {
                outcome?;
            }
        }
        if events == BIG {
            eprintln!("filled {BIG} events in {:?}", started.elapsed());
        }
    }
    store.close().await;
    Ok(SqliteEventStore::open(path).await?)
}

/// Filled by the server itself: the chains do not fit, and nobody asks.
async fn filled_postgres(
    url: &str,
    events: u128,
    samples: &Arc<Samples>,
) -> Result<Arc<PostgresEventStore>> {
    let store = Arc::new(PostgresEventStore::open(url).await?);
    let started = std::time::Instant::now();
    let mut connection = PgConnection::connect(url).await?;
    let streams = events / LENGTH;
    let names: Vec<_> = (0..streams).map(|nth| stream(nth).to_string()).collect();
    sqlx::query(
        "INSERT INTO log_streams SELECT nth, name FROM unnest($1) WITH ORDINALITY AS s (name, nth)",
    )
    .bind(names)
    .execute(&mut connection)
    .await?;
    let event = samples.event();
    let metadata = serde_json::to_string(&event.metadata)?;
    let (last, step) = (i64::try_from(events)?, 500_000);
    for first in (1..=last).step_by(usize::try_from(step)?) {
        sqlx::query(include_str!("fill_postgres.sql"))
            .bind(first)
            .bind(last.min(first + step - 1))
            .bind(i64::try_from(ABREAST)?)
            .bind(i64::try_from(LENGTH)?)
            .bind(event.kind)
            .bind(event.occurred_at.to_string())
            .bind(&metadata)
            .bind(&event.data)
            .execute(&mut connection)
            .await?;
    }
    sqlx::query(include_str!("fill_postgres_tail.sql"))
        .bind(last)
        .bind(i64::try_from(streams)?)
        .execute(&mut connection)
        .await?;
    // What the server would do sooner or later, it does before the measurement.
    for rest in ["VACUUM (ANALYZE) log_events, log_streams", "CHECKPOINT"] {
        sqlx::raw_sql(rest).execute(&mut connection).await?;
    }
    if events == BIG {
        eprintln!("filled {BIG} events in {:?}", started.elapsed());
    }
    connection.close().await?;
    Ok(store)
}

/// For each client the streams of a log that it uses, scattered all over the log.
fn own(events: u128, clients: usize, in_use: u128) -> Vec<Vec<StreamName>> {
    let apart = events / LENGTH / in_use;
    let each = in_use / clients as u128;
    (0..clients as u128)
        .map(|client| (0..each).map(move |nth| stream((nth * clients as u128 + client) * apart)))
        .map(Iterator::collect)
        .collect()
}

/// Clients that append to streams that exist, each to its own in turn.
async fn appends(
    store: &Arc<dyn Log>,
    own: Vec<Vec<StreamName>>,
    samples: &Arc<Samples>,
    span: Duration,
) -> Result<f64> {
    let own = Arc::new(own);
    per_second(own.len(), span, |client, bell| {
        let (store, samples, own) = (Arc::clone(store), Arc::clone(samples), Arc::clone(&own));
        async move {
            let mut expected = vec![Expected::Any; own[client].len()];
            let mut done = 0;
            while bell.silent() {
                let turn = usize::try_from(done)? % expected.len();
                let append = samples.append(&own[client][turn], expected[turn]);
                expected[turn] = Expected::Exactly(store.append(append).await?.version);
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}
