//! How soon a fact shows in the read models, at 200 events a second.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::es::{Append, EventStore, Expected};
use infra::{
    clock::FixedClock,
    event_store::{SqliteEventStore, SqliteOptions},
    read_store::ReadStore,
};
use tokio::{sync::oneshot, task::JoinSet};

use crate::{
    Plan, Result,
    measure::Measured,
    raw::{RawEvent, RawLog, RawSqlite},
    sample::Samples,
    table::{Bound, Row},
};

const PER_SECOND: u32 = 200;
const STREAMS: u32 = 500;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let folder = plan.folder()?;
    let samples = Samples::new();
    let log = Plan::store(&folder, "log.sqlite", SqliteOptions::default()).await?;
    let streams: Vec<_> = (0..STREAMS).map(|_| samples.stream()).collect();
    let beginnings = streams.iter().map(|stream| Append {
        stream: stream.clone(),
        expected: Expected::NoStream,
        events: samples.history(4),
        recorded_at: Samples::now(),
    });
    for outcome in log.append_all(beginnings.collect()).await {
        outcome?;
    }
    let models = Arc::new(read_store(&log, &folder.path().join("read.sqlite")).await?);
    models.catch_up(|_, _| {}).await?;
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn({
        let models = Arc::clone(&models);
        async move {
            models
                .run(async {
                    stopped.await.ok();
                })
                .await;
        }
    });
    let raw_log = RawSqlite::create(&folder.path().join("raw.sqlite")).await?;
    let mut event = RawEvent::from(samples.event());
    let turns = if plan.quick { 400 } else { 2_000 };
    let (mut commits, mut waiting) = (Vec::new(), JoinSet::new());
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    // A raw commit between every two appends: both meet the same disk at the same time.
    for turn in 0..turns {
        tick.tick().await;
        let append = samples.append(&streams[turn % streams.len()], Expected::Any);
        let (log, models) = (Arc::clone(&log), Arc::clone(&models));
        waiting.spawn(async move {
            let told = Instant::now();
            let appended = log.append(append).await?;
            let durable = told.elapsed();
            models
                .wait_for(appended.position, Duration::from_secs(30))
                .await?;
            Result::Ok((durable, told.elapsed()))
        });
        if turn % 10 == 5 {
            event.event.id.0 = samples.id();
            let begun = Instant::now();
            raw_log.insert(0, 1, 1, &event).await?;
            commits.push(begun.elapsed());
        }
    }
    let (mut durable, mut visible) = (Vec::new(), Vec::new());
    while let Some(one) = waiting.join_next().await {
        let one = one??;
        durable.push(one.0);
        visible.push(one.1);
    }
    stop.send(()).ok();
    running.await?;
    commits.sort();
    durable.sort();
    visible.sort();
    let (half, most) = (visible.len() / 2, visible.len() * 99 / 100);
    eprintln!(
        "durable: median {:?}, p99 {:?}; visible: median {:?}, p99 {:?}",
        durable[half], durable[most], visible[half], visible[most]
    );
    let raw = commits[commits.len() / 2].as_secs_f64() * 1e6;
    let ours = visible[most].as_secs_f64() * 1e6;
    let row = Row {
        what: "append → visible, p99 / median commit, µs",
        clients: 1,
        measured: Measured {
            raw,
            ours,
            ratio: ours / raw,
        },
        bound: Bound::Ceiling(20.0),
    };
    Ok(vec![row.print()])
}

/// The read models of a log, in a file.
pub(crate) async fn read_store(log: &Arc<SqliteEventStore>, tables: &Path) -> Result<ReadStore> {
    let url = format!("sqlite:{}", tables.display());
    let clock = FixedClock::at("2100-01-01T10:00:00Z".parse()?);
    Ok(ReadStore::open(&url, log.clone(), Arc::new(clock)).await?)
}
