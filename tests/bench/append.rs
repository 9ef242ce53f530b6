//! Append one event with its expected version, against one raw row a commit.

use std::{sync::Arc, time::Duration};

use domain::es::{EventStore, Expected};
use infra::event_store::SqliteOptions;

use crate::{
    Plan, Result,
    measure::{per_second, take_turns},
    raw::{RawEvent, RawLog},
    sample::Samples,
    table::{Bound, Row},
};

/// How many events a stream gets before its client opens the next one.
const LENGTH: u64 = 25;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (clients, raw_clients, floor) in [(1, 1, 0.55), (32, 32, 4.0), (250, 32, 8.0)] {
        let folder = plan.folder()?;
        let raw_log = Arc::new(RawLog::create(&folder.path().join("raw.sqlite")).await?);
        let store = Plan::store(&folder, "log.sqlite", SqliteOptions::default()).await?;
        let samples = Samples::new();
        let measured = take_turns(
            plan,
            async |span| raw_inserts(&raw_log, &samples, raw_clients, span).await,
            async |span| appends(store.clone(), &samples, clients, span).await,
        )
        .await?;
        let row = Row {
            what: "append, one event with expected version",
            clients,
            measured,
            bound: Bound::Floor(floor),
        };
        rows.push(row.print());
    }
    Ok(rows)
}

async fn raw_inserts(
    log: &Arc<RawLog>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |_, bell| {
        let (log, samples) = (Arc::clone(log), Arc::clone(samples));
        async move {
            let mut event = RawEvent::from(samples.event());
            let mut done = 0;
            while bell.silent() {
                event.event.id.0 = samples.id();
                log.insert(1, 1, &event).await?;
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}

/// Clients that append to streams of their own, and open a new one now and then.
pub(crate) async fn appends(
    store: Arc<dyn EventStore>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |_, bell| {
        let (store, samples) = (Arc::clone(&store), Arc::clone(samples));
        async move {
            let mut done = 0;
            let mut stream = samples.stream();
            let mut expected = Expected::NoStream;
            while bell.silent() {
                let appended = store.append(samples.append(&stream, expected)).await?;
                expected = Expected::Exactly(appended.version);
                done += 1;
                if appended.version.0 == LENGTH {
                    stream = samples.stream();
                    expected = Expected::NoStream;
                }
            }
            Ok(done)
        }
    })
    .await
}
