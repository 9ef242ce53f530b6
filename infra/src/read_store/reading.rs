//! The log, page by page, decoded once for all read models.

use std::{
    collections::HashSet,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use domain::{
    es::{
        EventId, EventStore, Position, ReadError, RecordedAt, RecordedEvent, StreamName,
        TraceParent, Version,
    },
    event::Recorded,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

use super::parking::{Cause, Parked};
use crate::telemetry::trace;

/// An event of the log: read, or not to be read.
pub(super) enum Read {
    Event(Recorded),
    Poison(Parked),
}

/// Some events in order, and the last one's place.
pub(super) struct Page {
    pub(super) events: Vec<Read>,
    pub(super) position: Position,
    pub(super) event_id: EventId,
    /// The traces that some of them came from.
    pub(super) traces: Vec<TraceParent>,
}

/// Which part of the log to read.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) after: Position,
    pub(super) until: Position,
    /// Streams of other categories are passed over.
    pub(super) categories: HashSet<&'static str>,
}

/// So many events are decoded where they were read.
const FEW: usize = 64;

/// Events in a page.
const PAGE: usize = 2_000;

/// How many pages are read and decoded at the same time, ahead of who takes them.
const AHEAD: usize = 6;

/// Reads a part of the log, a few pages at a time: positions have no gaps, so each page's place is
/// known beforehand. Nobody goes on reading once the pages are let go.
pub(super) fn read(
    log: Arc<dyn EventStore>,
    part: Part,
) -> impl Stream<Item = Result<Page, ReadError>> + Send + Unpin {
    let Part {
        after,
        until,
        categories,
    } = part;
    pages(log, after, until, move |events| {
        decode_page(events, &categories)
    })
    // A log that was cut off meanwhile has nothing there.
    .try_filter_map(async |page| Ok(page))
    .boxed()
}

/// Reads a part of the log, a few pages at a time, and does something with each page, each beside
/// the others.
pub(super) fn pages<T: Send + 'static>(
    log: Arc<dyn EventStore>,
    after: Position,
    until: Position,
    take: impl Fn(Vec<RecordedEvent>) -> T + Send + Sync + 'static,
) -> impl Stream<Item = Result<T, ReadError>> + Send + Unpin {
    let take = Arc::new(take);
    stream::iter((after.0..until.0).step_by(PAGE))
        .map(move |after| {
            let limit = usize::try_from(until.0 - after).map_or(PAGE, |left| left.min(PAGE));
            let page = page(log.clone(), Position(after), limit, take.clone());
            let reading = AbortOnDropHandle::new(tokio::spawn(page));
            async move { reading.await.unwrap_or_else(|_| Err(broke_off())) }
        })
        .buffered(AHEAD)
        .boxed()
}

async fn page<T: Send + 'static>(
    log: Arc<dyn EventStore>,
    after: Position,
    limit: usize,
    take: Arc<impl Fn(Vec<RecordedEvent>) -> T + Send + Sync + 'static>,
) -> Result<T, ReadError> {
    let events = log.read_all(after, limit).await?;
    // A few events are decoded sooner than handed over.
    if events.len() <= FEW {
        return Ok(take(events));
    }
    tokio::task::spawn_blocking(move || take(events))
        .await
        .map_err(|_| broke_off())
}

fn broke_off() -> ReadError {
    ReadError::Unavailable("the reading of the log broke off".into())
}

fn decode_page(events: Vec<RecordedEvent>, categories: &HashSet<&'static str>) -> Option<Page> {
    let last = events.last()?;
    let (position, event_id) = (last.position, last.id);
    let meant = |event: &RecordedEvent| categories.contains(event.stream.category());
    let traces = trace::of_events(events.iter().filter(|event| meant(event)));
    let events = events.into_iter().filter(meant).map(decode).collect();
    Some(Page {
        events,
        position,
        event_id,
        traces,
    })
}

fn decode(event: RecordedEvent) -> Read {
    let parked = Parked::at(&event, Cause::Unreadable, 1);
    // What panics while it is read is not read.
    match panic::catch_unwind(AssertUnwindSafe(|| Recorded::decode(event))) {
        Ok(Ok(event)) => Read::Event(event),
        Ok(Err(_)) | Err(_) => Read::Poison(parked),
    }
}

/// A stream's history, as far as it can be read, and the event at which it cannot.
pub(super) type Readable = (Vec<Recorded>, Option<Parked>);

/// A stream's history up to a place in the log.
pub(super) async fn history(
    log: &dyn EventStore,
    stream: &StreamName,
    until: Position,
) -> Result<Readable, ReadError> {
    let events = log.read_stream(stream, Version::NONE).await?;
    let up_to = events
        .into_iter()
        .take_while(|event| event.position <= until);
    Ok(readable(up_to))
}

/// The events of a stream, in the order of the log.
pub(super) fn readable(events: impl IntoIterator<Item = RecordedEvent>) -> Readable {
    let mut history = vec![];
    for event in events {
        match decode(event) {
            Read::Event(event) => history.push(event),
            Read::Poison(parked) => return (history, Some(parked)),
        }
    }
    (history, None)
}

/// The last place in the log that was known at a moment: times of recording never decrease, so it
/// is found by halving.
pub(super) async fn position_at(
    log: &dyn EventStore,
    known_at: RecordedAt,
    head: Position,
) -> Result<Position, ReadError> {
    // Known at `low`, not known after `high`.
    let (mut low, mut high) = (0, head.0);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let event = log.read_all(Position(middle - 1), 1).await?;
        if event
            .first()
            .is_some_and(|event| event.recorded_at <= known_at)
        {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(Position(low))
}
