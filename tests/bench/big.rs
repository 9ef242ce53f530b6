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
use infra::event_store::{SqliteEventStore, SqliteOptions};
use uuid::Uuid;

use crate::{
    Plan, Result,
    measure::{per_second, take_turns},
    sample::Samples,
    table::{Bound, Row},
};

const SMALL: u128 = 10_000;
const BIG: u128 = 10_000_000;
/// How many events a stream holds before the measurement.
const LENGTH: u128 = 50;
/// How many streams are written to while it is measured: as many as the small log has.
const WRITTEN: u128 = SMALL / LENGTH;
/// How many streams are filled turn about.
const ABREAST: u128 = 500;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let samples = Samples::new();
    let folder = plan.folder()?;
    let small = Arc::new(filled(&folder.path().join("small.sqlite"), SMALL, &samples).await?);
    let big = Arc::new(filled(&plan.folder.join("big-log.sqlite"), BIG, &samples).await?);
    let mut rows = Vec::new();
    for clients in [1, 32] {
        let measured = take_turns(
            plan,
            async |span| appends(&small, SMALL, &samples, clients, span).await,
            async |span| appends(&big, BIG, &samples, clients, span).await,
        )
        .await?;
        let row = Row {
            what: "append to 10,000,000 events, raw: to 10,000",
            clients,
            measured,
            bound: Bound::Floor(0.8),
        };
        rows.push(row.print());
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

/// Clients that append to the same number of streams in either log, scattered all over it.
async fn appends(
    store: &Arc<SqliteEventStore>,
    events: u128,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |client, bell| {
        let (store, samples) = (Arc::clone(store), Arc::clone(samples));
        async move {
            let own = WRITTEN / clients as u128;
            let apart = events / LENGTH / WRITTEN;
            let mine = (0..own).map(|nth| stream((client as u128 * own + nth) * apart));
            let mut mine: Vec<_> = mine.map(|stream| (stream, Expected::Any)).collect();
            let mut done = 0;
            while bell.silent() {
                let turn = usize::try_from(done)? % mine.len();
                let (stream, expected) = &mut mine[turn];
                let appended = store.append(samples.append(stream, *expected)).await?;
                *expected = Expected::Exactly(appended.version);
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}
