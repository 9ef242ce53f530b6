//! The time machine over a million events: how long an answer takes whose tables must be made, one
//! whose tables are kept, one whose tables go on with the log, and one about a single person.

use std::{sync::Arc, time::Instant};

use domain::{
    es::{Day, EventStore, Expected, Position},
    words::ParticipantId,
};
use infra::{event_store::SqliteEventStore, read_store::ReadStore};
use projections::{
    Ask, PageSize, Question, Scope, flow::Flows, journey::StandingNow, timeline::TimelineOf,
};

use crate::{
    Plan, Result,
    catch_up::AllModels,
    history::million,
    measure::Measured,
    sample::Samples,
    table::{Bound, Row},
    visible::read_store,
};

/// How many events the log goes on by.
const MORE: usize = 100;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let (_, log) = million(&plan.folder).await?;
    let folder = plan.folder()?;
    let store = read_store(&log, &folder.path().join("read.sqlite")).await?;
    let (one, most, all) = (standing(), flows(), AllModels);
    let last_year = as_of("2020-12-31")?;
    let person = timeline(person(&log).await?);
    let mut rows = vec![
        row(
            "as of, one table made, ms of 10,000",
            10_000.0,
            milliseconds(&store, &one, last_year).await?,
        ),
        row(
            "as of, most tables made, ms of 10,000",
            10_000.0,
            milliseconds(&store, &most, last_year).await?,
        ),
        row(
            "as of, early, most tables made, ms of 10,000",
            10_000.0,
            milliseconds(&store, &most, as_of("2015-12-31")?).await?,
        ),
        row(
            "as of, kept, ms of 1,000",
            1_000.0,
            milliseconds(&store, &one, last_year).await?,
        ),
        row(
            "as of, one person, ms of 1,000",
            1_000.0,
            milliseconds(&store, &person, as_of("2020-06-30")?).await?,
        ),
    ];
    let samples = Samples::new();
    let stream = samples.stream();
    for _ in 0..MORE {
        log.append(samples.append(&stream, Expected::Any)).await?;
    }
    rows.push(row(
        "as of, gone on by 100 events, ms of 1,000",
        1_000.0,
        milliseconds(&store, &one, last_year).await?,
    ));
    let mut told = row(
        "as of, all tables made, ms of 20,000",
        20_000.0,
        milliseconds(&store, &all, as_of("2019-12-31")?).await?,
    );
    told.bound = Bound::Told;
    rows.push(told);
    store.close().await;
    Ok(rows.into_iter().map(Row::print).collect())
}

fn row(what: &'static str, ceiling: f64, milliseconds: f64) -> Row {
    Row {
        what,
        clients: 1,
        measured: Measured {
            raw: ceiling,
            ours: milliseconds,
            ratio: milliseconds / ceiling,
        },
        bound: Bound::Ceiling(1.0),
    }
}

/// How long an answer takes. On a busy machine the time that it had of the processors says more, and
/// is told beside the table.
async fn milliseconds<Q: Question>(store: &ReadStore, question: &Q, ask: Ask) -> Result<f64> {
    let (started, before) = (Instant::now(), processor_ticks()?);
    store.ask(question, ask).await?;
    let taken = started.elapsed().as_secs_f64() * 1_000.0;
    let ticks = processor_ticks()? - before;
    eprintln!("{taken:.0} ms; {} ms of processors", ticks * 10);
    Ok(taken)
}

/// What this process had of the processors so far, in hundredths of a second.
fn processor_ticks() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let mut times = after_name.split_whitespace().skip(11).take(2);
    let mut next = || -> Result<u64> { Ok(times.next().ok_or("no times")?.parse()?) };
    Ok(next()? + next()?)
}

fn as_of(day: &str) -> Result<Ask> {
    Ok(Ask {
        as_of: Some(day.parse::<Day>()?),
        known_at: None,
    })
}

fn standing() -> StandingNow {
    StandingNow {
        unit: None,
        scope: Scope::All,
        active_within_days: 90,
    }
}

/// The question that needs most tables.
fn flows() -> Flows {
    Flows {
        from: None,
        to: None,
        scope: Scope::All,
        since: None,
        until: None,
    }
}

fn timeline(participant_id: ParticipantId) -> TimelineOf {
    TimelineOf {
        participant_id,
        scope: Scope::All,
        kinds: None,
        after: None,
        size: PageSize::new(500),
    }
}

/// Somebody in the middle of the log.
async fn person(log: &Arc<SqliteEventStore>) -> Result<ParticipantId> {
    let page = log.read_all(Position(500_000), 1_000).await?;
    let found = page
        .iter()
        .find(|event| event.stream.category() == "participant");
    Ok(found.ok_or("there is nobody")?.stream.key().parse()?)
}
