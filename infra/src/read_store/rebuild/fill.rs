//! Filling empty tables from the beginning of a long log,
//! [stream by stream](crate::read_store::spill). The tables have no indexes meanwhile: over all rows
//! at once they are made faster.

use std::sync::Arc;

use domain::es::{EventStore, Position, StreamName};
use futures::TryStreamExt;

use super::share::{Into, Share, Writing};
use crate::read_store::{
    engine::Writer, error::ReadStoreError, parking::Parked, reading::Readable, spill::Spill,
};

/// Folds shares, none of which has begun, up to a place, and answers which streams stand still.
pub(super) async fn fill(
    log: &Arc<dyn EventStore>,
    shares: &mut [&mut Share],
    until: Position,
    db: &mut Writer,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Vec<Parked>, ReadStoreError> {
    let categories = shares.iter().map(|share| share.category).collect();
    let spill = Arc::new(Spill::of(log, until, categories, &mut progress).await?);
    let mut parts = spill.streams();
    let mut stand_still = vec![];
    let mut writing = Writing::new(Into::Apart(db));
    while let Some((mut left, position)) = parts.try_next().await? {
        let mut changes = vec![];
        for share in shares.iter_mut() {
            let is_meant =
                |(stream, _): &(StreamName, Readable)| stream.category() == share.category;
            let (meant, others): (Vec<_>, Vec<_>) = left.into_iter().partition(is_meant);
            left = others;
            let mut of_share = share.folding.take_wholes(meant);
            stand_still.append(&mut of_share.parked);
            changes.push(of_share);
        }
        writing.write(changes).await?;
        progress(position);
    }
    writing.settle().await?;
    for share in shares {
        share.folding.go_on_from(until);
        share.reached = until;
        share.event_id = spill.last.0;
    }
    progress(until);
    Ok(stand_still)
}
