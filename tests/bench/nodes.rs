//! Two nodes that keep the read models up, against one.

use std::time::{Duration, Instant};

use infra::read_store::{ReadStore, Sum};
use tokio_util::sync::CancellationToken;

use crate::{
    Plan, Result,
    history::{History, per_second},
    measure::take_turns,
    table::{Bound, Row},
};

const PARTICIPANTS: u64 = 6_000;

type Sums = Vec<(&'static str, Sum)>;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let plan = &Plan {
        turns: plan.turns.min(5),
        ..plan.clone()
    };
    let participants = if plan.quick { 1_000 } else { PARTICIPANTS };
    let history = History::simulated(plan, participants).await?;
    let (mut by_one, mut by_two) = (vec![], vec![]);
    let measured = take_turns(
        plan,
        async |_| kept_up(&history, 1, &mut by_one).await,
        async |_| kept_up(&history, 2, &mut by_two).await,
    )
    .await?;
    assert_eq!(by_one, by_two, "two nodes make other rows than one");
    let row = Row {
        what: "catch-up by 2 nodes : by 1, events/s",
        clients: 2,
        measured,
        bound: Bound::Floor(0.9),
    };
    Ok(vec![row.print()])
}

/// From nothing until every node shows the log's head; notes what the tables hold then.
async fn kept_up(history: &History, nodes: usize, held: &mut Sums) -> Result<f64> {
    let tables = history.tables().await?;
    let events = history.log.head().await?;
    let mut stores = vec![];
    for _ in 0..nodes {
        stores.push(history.read_store(&tables).await?);
    }
    let started = Instant::now();
    let shown = futures::future::try_join_all(stores.iter().map(async |store: &ReadStore| {
        store.catch_up(|_, _| {}).await?;
        let stop = CancellationToken::new();
        let seen = async {
            let seen = store.wait_for(events, Duration::from_mins(5)).await;
            stop.cancel();
            seen
        };
        let (seen, ()) = tokio::join!(seen, store.run(stop.cancelled()));
        seen?;
        Result::Ok(())
    }));
    shown.await?;
    let figure = per_second(events, started);
    *held = stores.first().ok_or("no node")?.sums().await?;
    for store in stores {
        store.close().await;
    }
    Ok(figure)
}
