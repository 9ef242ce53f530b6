//! Append one event with its expected version, against one raw row a commit.

use std::{sync::Arc, time::Duration};

use domain::es::Expected;
use infra::event_store::Log;

use crate::{
    Plan, Result,
    ground::{Engine, Ground},
    measure::{Bell, per_second, take_turns},
    raw::{RawEvent, RawLog},
    sample::Samples,
    table::{Bound, Row},
};

/// How many events a stream gets before its client opens the next one.
const LENGTH: u64 = 25;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let floors = match plan.engine {
        Engine::Sqlite => [0.55, 4.0, 8.0],
        Engine::Postgres => [0.65, 1.5, 3.0],
    };
    for ((clients, raw_clients), floor) in [(1, 1), (32, 32), (250, 32)].into_iter().zip(floors) {
        let ground = Ground::make(plan, raw_clients).await?;
        let samples = Samples::new();
        let measured = take_turns(
            plan,
            async |span| raw_inserts(&ground.raw, &samples, raw_clients, span).await,
            async |span| appends(ground.store.clone(), &samples, clients, span).await,
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
    log: &Arc<dyn RawLog>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |client, bell| {
        let (log, samples) = (Arc::clone(log), Arc::clone(samples));
        async move {
            let mut event = RawEvent::from(samples.event());
            let mut done = 0;
            while bell.silent() {
                event.event.id.0 = samples.id();
                log.insert(client, 1, 1, &event).await?;
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}

/// Clients that append to streams of their own, and open a new one now and then.
pub(crate) async fn appends(
    store: Arc<dyn Log>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |_, bell| {
        client(Arc::clone(&store), Arc::clone(samples), bell)
    })
    .await
}

/// One of them, until the bell rings: how many it appended.
pub(crate) async fn client(store: Arc<dyn Log>, samples: Arc<Samples>, bell: Bell) -> Result<u64> {
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
