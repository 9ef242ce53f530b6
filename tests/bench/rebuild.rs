//! Making all read models anew while events arrive: how fast, against a sequential scan of the same
//! log with typed decoding; and how soon a fact shows meanwhile.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use domain::es::{Append, EventStore, Expected, NewEvent, StreamName};
use infra::read_store::{ReadStore, Rebuild, drop_kept, read_models};
use tokio::sync::oneshot;

use crate::{
    Plan, Result,
    history::{History, Tables, per_second},
    measure::{Measured, take_turns},
    sample::{STAY, Samples},
    table::{Bound, Row},
};

/// How many events arrive.
const PER_SECOND: u32 = 100;
/// On how many streams.
const STREAMS: usize = 500;
/// How late a fact may show, in milliseconds.
const LATE: f64 = 1_000.0;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let plan = &Plan {
        turns: if plan.quick { 3 } else { 1 },
        ..plan.clone()
    };
    let history = if plan.quick {
        History::simulated(plan, 1_000).await?
    } else {
        History::of_a_million(plan).await?
    };
    let tables = history.tables().await?;
    let live = Arc::new(history.read_store(&tables).await?);
    live.catch_up(|_, _| {}).await?;
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn({
        let live = Arc::clone(&live);
        async move {
            live.run(async {
                stopped.await.ok();
            })
            .await;
        }
    });
    let watch = Arc::new(Watch::default());
    let arriving = tokio::spawn(arrive(
        history.log.clone(),
        Arc::clone(&live),
        Arc::clone(&watch),
    ));
    let measured = take_turns(
        plan,
        async |_| history.scan().await,
        async |_| {
            *watch.since.lock().map_err(|_| "poisoned")? = Some(Instant::now());
            let figure = rebuilt(&history, &tables).await?;
            *watch.since.lock().map_err(|_| "poisoned")? = None;
            drop_kept(&tables.url, Samples::new().id(), None).await?;
            Ok(figure)
        },
    )
    .await?;
    watch.over.store(true, Ordering::Relaxed);
    arriving.await??;
    stop.send(()).ok();
    running.await?;

    let mut lags = std::mem::take(&mut *watch.lags.lock().map_err(|_| "poisoned")?);
    lags.sort();
    let (half, most) = (lags.len() / 2, lags.len() * 99 / 100);
    let (last, at) = lags.last().copied().ok_or("nothing arrived")?;
    eprintln!(
        "{} events arrived while it was rebuilt; shown after: median {:?}, p99 {:?}, last {last:?} (at {at:?})",
        lags.len(),
        lags[half].0,
        lags[most].0,
    );
    let late = last.as_secs_f64() * 1e3;
    let rows = [
        Row {
            what: "rebuild while 100 events/s arrive, events/s",
            clients: 1,
            measured,
            bound: Bound::Floor(0.12),
        },
        Row {
            what: "latest to show meanwhile, ms of 1000",
            clients: 1,
            measured: Measured {
                raw: LATE,
                ours: late,
                ratio: late / LATE,
            },
            bound: Bound::Ceiling(1.0),
        },
    ];
    Ok(rows.into_iter().map(Row::print).collect())
}

/// What is watched while events arrive.
#[derive(Default)]
struct Watch {
    over: AtomicBool,
    /// Of the events that arrived during a rebuild: how long after they were durable they showed, and
    /// how far the rebuild was when they were.
    lags: Mutex<Vec<(Duration, Duration)>>,
    since: Mutex<Option<Instant>>,
}

/// From the first table to the last one's place.
async fn rebuilt(history: &History, tables: &Tables) -> Result<f64> {
    let started = Instant::now();
    let node = Samples::new().id();
    let log = history.log.clone();
    let mut rebuild = Rebuild::begin(&tables.url, log, node, read_models()).await?;
    rebuild.fold(|_, _| {}).await?;
    let folded = started.elapsed();
    let compared = rebuild.compare(|_| {}).await?;
    let agree = compared.iter().all(|one| one.live == Some(one.made));
    let compared = started.elapsed();
    let switched = rebuild.switch().await?;
    assert!(agree, "the tables in use are not those made anew");
    let position = switched.iter().map(|one| one.position).max();
    let figure = per_second(position.unwrap_or_default(), started);
    eprintln!(
        "folded in {folded:?}, compared in {:?}, switched in {:?}",
        compared.saturating_sub(folded),
        started.elapsed().saturating_sub(compared),
    );
    Ok(figure)
}

async fn arrive(log: Arc<dyn EventStore>, live: Arc<ReadStore>, watch: Arc<Watch>) -> Result<()> {
    let samples = Samples::new();
    let streams: Vec<_> = (0..STREAMS).map(|_| samples.stream()).collect();
    let beginnings = streams.iter().map(|stream| Append {
        stream: stream.clone(),
        expected: Expected::NoStream,
        events: in_stay_of(stream, samples.history(4)),
        recorded_at: Samples::now(),
    });
    for outcome in log.append_all(beginnings.collect()).await {
        outcome?;
    }
    let mut waiting = tokio::task::JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut turn = 0;
    while !watch.over.load(Ordering::Relaxed) {
        tick.tick().await;
        turn += 1;
        let stream = &streams[turn % STREAMS];
        let mut append = samples.append(stream, Expected::Any);
        append.events = in_stay_of(stream, append.events);
        let since = *watch.since.lock().map_err(|_| "poisoned")?;
        let (log, live, watch) = (Arc::clone(&log), Arc::clone(&live), Arc::clone(&watch));
        waiting.spawn(async move {
            let position = log.append(append).await?.position;
            let durable = Instant::now();
            live.wait_for(position, Duration::from_mins(2)).await?;
            if let Some(since) = since {
                let lag = (durable.elapsed(), durable - since);
                watch.lags.lock().map_err(|_| "poisoned")?.push(lag);
            }
            Result::Ok(())
        });
        while let Some(done) = waiting.try_join_next() {
            done??;
        }
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(())
}

/// Each person in a stay of their own: no two have one row.
fn in_stay_of(stream: &StreamName, mut events: Vec<NewEvent>) -> Vec<NewEvent> {
    for event in &mut events {
        event.data = event.data.replace(&STAY.to_string(), stream.key());
    }
    events
}
