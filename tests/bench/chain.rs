//! What the hash chains and the full envelope cost.

use infra::event_store::SqliteOptions;

use crate::{
    Plan, Result,
    append::appends,
    measure::take_turns,
    sample::Samples,
    table::{Bound, Row},
};

const CLIENTS: usize = 32;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let folder = plan.folder()?;
    let bare = Plan::store(&folder, "bare.sqlite", SqliteOptions::default().bare()).await?;
    let full = Plan::store(&folder, "full.sqlite", SqliteOptions::default()).await?;
    let samples = Samples::new();
    let measured = take_turns(
        plan,
        async |span| appends(bare.clone(), &samples, CLIENTS, span).await,
        async |span| appends(full.clone(), &samples, CLIENTS, span).await,
    )
    .await?;
    let row = Row {
        what: "append with hash chains and full envelope",
        clients: CLIENTS,
        measured,
        bound: Bound::Floor(0.85),
    };
    Ok(vec![row.print()])
}
