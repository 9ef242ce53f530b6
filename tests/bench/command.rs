//! A command: read a stream of 50, fold, decide, append; against the same in raw SQL.

use std::{sync::Arc, time::Duration};

use domain::{
    es::{Append, Context, Decider, EventData, Expected, StreamName, Told, amend, execute},
    participant::{Participant, ParticipantCommand, ParticipantState},
    words::World,
};
use infra::event_store::Log;

use crate::{
    Plan, Result,
    ground::{Engine, Ground},
    measure::{per_second, take_turns},
    raw::{RawEvent, RawLog},
    sample::{Samples, contact_held, occurred_at},
    table::{Bound, Row},
};

/// How long a stream is.
const LENGTH: usize = 50;
/// How many streams there are: so many that they stay about as long as they are.
const STREAMS: usize = 6_000;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let floors = match plan.engine {
        Engine::Sqlite => [0.75, 2.0],
        Engine::Postgres => [0.75, 1.3],
    };
    for (clients, floor) in [1, 32].into_iter().zip(floors) {
        let ground = Ground::make(plan, clients).await?;
        let samples = Samples::new();
        let (store, raw_log) = (&ground.store, &ground.raw);
        let streams = Arc::new(fill(store.as_ref(), &samples).await?);
        raw_log.index_streams().await?;
        fill_raw(raw_log.as_ref(), &samples).await?;
        let measured = take_turns(
            plan,
            async |span| raw_commands(raw_log, &samples, clients, span).await,
            async |span| commands(store, &streams, &samples, clients, span).await,
        )
        .await?;
        let row = Row {
            what: "command: read 50, fold, decide, append",
            clients,
            measured,
            bound: Bound::Floor(floor),
        };
        rows.push(row.print());
    }
    Ok(rows)
}

/// Streams turn about, as they grow in the field.
async fn fill(store: &dyn Log, samples: &Samples) -> Result<Vec<StreamName>> {
    let streams: Vec<_> = (0..STREAMS).map(|_| samples.stream()).collect();
    let histories: Vec<_> = streams.iter().map(|_| samples.history(LENGTH)).collect();
    for version in 0..LENGTH {
        let appends = streams
            .iter()
            .zip(&histories)
            .map(|(stream, history)| Append {
                stream: stream.clone(),
                expected: Expected::Any,
                events: vec![history[version].clone()],
                recorded_at: Samples::now(),
            });
        for outcome in store.append_all(appends.collect()).await {
            outcome?;
        }
    }
    Ok(streams)
}

async fn fill_raw(log: &dyn RawLog, samples: &Samples) -> Result<()> {
    let history: Vec<_> = samples
        .history(LENGTH)
        .into_iter()
        .map(RawEvent::from)
        .collect();
    log.fill(i64::try_from(STREAMS)?, &history, &|| samples.id())
        .await
}

async fn commands(
    store: &Arc<dyn Log>,
    streams: &Arc<Vec<StreamName>>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |client, bell| {
        let (store, streams) = (Arc::clone(store), Arc::clone(streams));
        let samples = Arc::clone(samples);
        async move {
            let world = World::default();
            let mut done = 0;
            while bell.silent() {
                let stream = &streams[nth(client, clients, done)];
                let told = Told {
                    command_id: samples.id(),
                    occurred_at: occurred_at(),
                    now: Samples::now(),
                    metadata: samples.metadata().clone(),
                    expected: None,
                };
                let command = ParticipantCommand::HoldContact(contact_held());
                execute::<Participant>(store.as_ref(), stream, command, &told, &world).await?;
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}

async fn raw_commands(
    log: &Arc<dyn RawLog>,
    samples: &Arc<Samples>,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |client, bell| {
        let (log, samples) = (Arc::clone(log), Arc::clone(samples));
        async move {
            let mut done = 0;
            while bell.silent() {
                let stream = i64::try_from(nth(client, clients, done))?;
                raw_command(log.as_ref(), &samples, client, stream).await?;
                done += 1;
            }
            Ok(done)
        }
    })
    .await
}

/// The same decision, on rows that are read and written without an event store.
async fn raw_command(
    log: &dyn RawLog,
    samples: &Samples,
    client: usize,
    stream: i64,
) -> Result<()> {
    let history = log.read_stream(client, stream).await?;
    let length = history.len();
    let state = amend::effective(history)
        .iter()
        .fold(ParticipantState::default(), Participant::evolve);
    let context = Context {
        occurred_at: occurred_at(),
        command_id: samples.id(),
        world: &World::default(),
    };
    let command = ParticipantCommand::HoldContact(contact_held());
    for (nth, event) in Participant::decide(&state, command, &context)?
        .iter()
        .enumerate()
    {
        let event = RawEvent::from(domain::es::NewEvent {
            kind: event.kind(),
            data: event.to_json(),
            ..samples.event()
        });
        let version = i64::try_from(length + nth + 1)?;
        log.insert(client, stream, version, &event).await?;
    }
    Ok(())
}

/// Each client has streams of its own, and takes them one after the other.
fn nth(client: usize, clients: usize, done: u64) -> usize {
    let own = STREAMS / clients;
    let turn = usize::try_from(done).expect("a count fits");
    client * own + turn % own
}
