//! Making the read models from nothing, and as they once were; against a sequential scan of the
//! same log with typed decoding.

use std::time::Instant;

use domain::es::{Day, Position};
use infra::read_store::{Projector, read_models};
use projections::{Ask, AskError, Projection, Question, Rows, journey::Journey};

use crate::{
    Plan, Result,
    ground::Engine,
    history::{History, per_second},
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
    let participants = if plan.quick { 1_000 } else { PARTICIPANTS };
    let history = History::simulated(plan, participants).await?;
    let events = history.log.head().await?;
    // On PostgreSQL there are figures of their own to be reached; a look into the past is a scratch
    // database in SQLite there too.
    let in_file = plan.engine == Engine::Sqlite;
    let (one_floor, all_floor) = if in_file { (0.5, 0.2) } else { (0.45, 0.15) };
    let row = |what, measured, floor| {
        let row = Row {
            what,
            clients: 1,
            measured,
            bound: Bound::Floor(floor),
        };
        row.print()
    };
    let scan = async |_| history.scan().await;
    let one = take_turns(plan, scan, async |_| projected(&history, events).await).await?;
    let mut rows = vec![row("catch-up, one read model, events/s", one, one_floor)];
    if in_file {
        let then = async |_| past::<OneModel>(&history, events).await;
        let then = take_turns(plan, scan, then).await?;
        rows.push(row("time machine, one read model, events/s", then, 0.5));
    }
    let all = take_turns(plan, scan, async |_| live(&history, events).await).await?;
    rows.push(row("catch-up, all read models, events/s", all, all_floor));
    if in_file {
        let then = async |_| past::<AllModels>(&history, events).await;
        let then = take_turns(plan, scan, then).await?;
        rows.push(row("time machine, all read models, events/s", then, 0.2));
    }
    Ok(rows)
}

/// The live tables, from nothing.
async fn live(history: &History, events: Position) -> Result<f64> {
    let tables = history.tables().await?;
    let store = history.read_store(&tables).await?;
    let started = Instant::now();
    let reached = store.catch_up(|_, _| {}).await?;
    let figure = per_second(events, started);
    assert_eq!(reached, events);
    store.close().await;
    Ok(figure)
}

/// The table of one read model, from nothing.
async fn projected(history: &History, events: Position) -> Result<f64> {
    let tables = history.tables().await?;
    let log = history.log.clone();
    let mut projector = Projector::open(&tables.url, log, &[Journey::NAME]).await?;
    let started = Instant::now();
    let reached = projector.catch_up(|_, _| {}).await?;
    let figure = per_second(events, started);
    assert_eq!(reached, events);
    projector.close().await;
    Ok(figure)
}

/// The tables that a question needs, as of a day after all that happened.
async fn past<Q: Question + Default>(history: &History, events: Position) -> Result<f64> {
    let tables = history.tables().await?;
    let store = history.read_store(&tables).await?;
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
