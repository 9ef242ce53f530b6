//! What it costs to be watched: appends to a log that is watched, against its engine alone. First
//! while nothing is told, as is usual; then while traces and metrics are made, and sent nowhere.

use std::sync::Arc;

use infra::{
    event_store::{Log, ObservedLog},
    telemetry,
};
use tracing::{Dispatch, instrument::WithSubscriber};

use crate::{
    Plan, Result,
    append::{appends, client},
    ground::Ground,
    measure::{per_second, take_turns},
    sample::Samples,
    table::{Bound, Row},
};

const CLIENTS: [usize; 2] = [1, 32];

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let (what, bound) = ("append, watched, nothing told", Bound::Floor(0.9));
        rows.push(row(plan, clients, (what, bound), &Dispatch::none()).await?);
    }
    let told = telemetry::made_and_let_go();
    for clients in CLIENTS {
        let (what, bound) = ("append, watched, traces and metrics made", Bound::Told);
        rows.push(row(plan, clients, (what, bound), &told).await?);
    }
    Ok(rows)
}

async fn row(
    plan: &Plan,
    clients: usize,
    (what, bound): (&'static str, Bound),
    told: &Dispatch,
) -> Result<Row> {
    let ground = Ground::make(plan, 1).await?;
    let watched: Arc<dyn Log> = Arc::new(ObservedLog::of(ground.store.clone()));
    let samples = Samples::new();
    let measured = take_turns(
        plan,
        async |span| appends(ground.store.clone(), &samples, clients, span).await,
        async |span| {
            per_second(clients, span, |_, bell| {
                client(Arc::clone(&watched), Arc::clone(&samples), bell)
                    .with_subscriber(told.clone())
            })
            .await
        },
    )
    .await?;
    let row = Row {
        what,
        clients,
        measured,
        bound,
    };
    Ok(row.print())
}
