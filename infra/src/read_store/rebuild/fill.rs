//! Filling empty tables from the beginning of a long log.
//!
//! Event by event, most rows would be written many times over, and each fact that was told late
//! would have its stream read again. So the log is [parted by streams](super::spill) first, and then
//! each stream folded once, as a whole, and each row written once. The tables have no indexes
//! meanwhile: over all rows at once they are made faster.

use std::{collections::HashSet, io, sync::Arc};

use domain::es::{EventStore, Position, StreamName};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

use super::{
    share::{Into, Share, Writing},
    spill::Spill,
};
use crate::read_store::{
    engine::Writer,
    error::ReadStoreError,
    parking::Parked,
    reading::{self, Part, Readable},
};

/// From how many events on this is the faster way.
pub(super) const WORTH_IT: u64 = if cfg!(test) { 40 } else { 20_000 };

/// How many parts are made ready ahead of who folds them.
const AHEAD: usize = 2;

/// Folds shares, none of which has begun, up to a place, and answers which streams stand still.
/// Reading is told as the first half of the way, folding as the second.
pub(super) async fn fill(
    log: &Arc<dyn EventStore>,
    shares: &mut [&mut Share],
    until: Position,
    db: &mut Writer,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Vec<Parked>, ReadStoreError> {
    let part = Part {
        after: Position::START,
        until,
        categories: shares
            .iter()
            .map(|share| share.category)
            .collect::<HashSet<_>>(),
    };
    let spill = Spill::of(log, part, |position| progress(Position(position.0 / 2))).await?;
    let spill = Arc::new(spill);
    let mut parts = stream::iter(0..spill.parts())
        .map(|nth| {
            let spill = Arc::clone(&spill);
            let read = move || {
                let streams = spill.part(nth)?.into_iter();
                let streams = streams.map(|(name, events)| (name, reading::readable(events)));
                io::Result::Ok(streams.collect::<Vec<_>>())
            };
            let reading = AbortOnDropHandle::new(tokio::task::spawn_blocking(read));
            async move {
                let read = reading.await.map_err(|_| ReadStoreError::Panicked)?;
                read.map_err(ReadStoreError::Spill)
            }
        })
        .buffered(AHEAD);
    let mut stand_still = vec![];
    let mut writing = Writing::new(Into::Apart(db));
    let mut folded = 0;
    while let Some(mut left) = parts.try_next().await? {
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
        folded += 1;
        let of_half = until.0 / 2 * folded / spill.parts() as u64;
        progress(Position(until.0 / 2 + of_half));
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
