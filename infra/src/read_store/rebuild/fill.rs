//! Filling empty tables from the beginning of a long log.
//!
//! Event by event, most rows would be written many times over, and each fact that was told late
//! would have its stream read again. So the log is [parted by streams](super::spill) first, and then
//! each stream folded once, as a whole, and each row written once. The tables have no indexes
//! meanwhile: over all rows at once they are made faster.

use std::{collections::HashSet, sync::Arc};

use domain::{
    es::{EventStore, Position, RecordedEvent, StreamName},
    event::Recorded,
};
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
    reading::{self, Part, Read},
};

/// From how many events on this is the faster way.
pub(super) const WORTH_IT: u64 = if cfg!(test) { 40 } else { 20_000 };

/// How many parts are made ready ahead of who folds them.
const AHEAD: usize = 2;

/// A stream as far as it can be read.
type Whole = (StreamName, Vec<Recorded>, Option<Parked>);

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
    let half = |position: u64| position / 2;
    let spill = Spill::of(log, part, |position| progress(Position(half(position.0)))).await?;
    let mut parts = stream::iter(0..spill.parts())
        .map(|nth| {
            let read = spill.part(nth);
            let reading = tokio::task::spawn_blocking(move || read().map(wholes));
            let reading = AbortOnDropHandle::new(reading);
            async move {
                let read = reading.await.map_err(|_| ReadStoreError::Panicked)?;
                read.map_err(ReadStoreError::Spill)
            }
        })
        .buffered(AHEAD);
    let mut stand_still = vec![];
    let mut writing = Writing::new(Into::Apart(db));
    let mut folded = 0;
    while let Some(streams) = parts.try_next().await? {
        let mut of_share: Vec<Vec<Whole>> = shares.iter().map(|_| vec![]).collect();
        for whole in streams {
            folded += whole.1.len() as u64;
            let category = whole.0.category();
            let nth = shares.iter().position(|share| share.category == category);
            if let Some(nth) = nth {
                of_share[nth].push(whole);
            }
        }
        let mut changes = vec![];
        for (share, streams) in shares.iter_mut().zip(of_share) {
            let mut of_share = share.folding.take_wholes(streams);
            stand_still.append(&mut of_share.parked);
            changes.push(of_share);
        }
        writing.write(changes).await?;
        progress(Position(half(until.0) + half(folded).min(half(until.0))));
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

fn wholes(streams: Vec<Vec<RecordedEvent>>) -> Vec<Whole> {
    let whole = |events: Vec<RecordedEvent>| {
        let stream = events.first()?.stream.clone();
        let mut history = Vec::with_capacity(events.len());
        for event in events {
            match reading::decode(event) {
                Read::Event(event) => history.push(event),
                Read::Poison(parked) => return Some((stream, history, Some(parked))),
            }
        }
        Some((stream, history, None))
    };
    streams.into_iter().filter_map(whole).collect()
}
