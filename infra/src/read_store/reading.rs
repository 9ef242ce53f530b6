//! The log, page by page, decoded once for all read models.

use std::{collections::HashSet, sync::Arc};

use domain::{
    es::{
        EventId, EventStore, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version,
    },
    event::Recorded,
};
use tokio::sync::mpsc;

/// Where a stream stopped: at an event that cannot be read. The log keeps all that comes after it,
/// and the stream goes on once a program that can read it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The stream.
    pub stream: StreamName,
    /// Where the event stands in the log.
    pub position: Position,
    /// The event.
    pub event_id: EventId,
    /// Its kind.
    pub kind: String,
    /// The version of its shape.
    pub schema_version: u16,
}

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
}

/// Which part of the log to read.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) after: Position,
    pub(super) until: Position,
    /// Streams of other categories are passed over.
    pub(super) categories: HashSet<&'static str>,
}

/// Events in a page.
const PAGE: usize = 4_096;

/// Reads a part of the log on a task of its own, a few pages ahead of who takes them.
pub(super) fn read(
    log: Arc<dyn EventStore>,
    part: Part,
) -> mpsc::Receiver<Result<Page, ReadError>> {
    let (pages, taken) = mpsc::channel(3);
    tokio::spawn(async move {
        let mut after = part.after;
        while after < part.until {
            let limit = usize::try_from(part.until.0 - after.0).map_or(PAGE, |left| left.min(PAGE));
            let page = match log.read_all(after, limit).await {
                Ok(events) => match decode_page(events, &part.categories) {
                    Some(page) => page,
                    None => return,
                },
                Err(error) => {
                    pages.send(Err(error)).await.ok();
                    return;
                }
            };
            after = page.position;
            if pages.send(Ok(page)).await.is_err() {
                return;
            }
        }
    });
    taken
}

fn decode_page(events: Vec<RecordedEvent>, categories: &HashSet<&'static str>) -> Option<Page> {
    let last = events.last()?;
    let (position, event_id) = (last.position, last.id);
    let events = events
        .into_iter()
        .filter(|event| categories.contains(event.stream.category()))
        .map(decode)
        .collect();
    Some(Page {
        events,
        position,
        event_id,
    })
}

fn decode(event: RecordedEvent) -> Read {
    let parked = Parked {
        stream: event.stream.clone(),
        position: event.position,
        event_id: event.id,
        kind: String::new(),
        schema_version: event.schema_version,
    };
    let kind = event.kind.clone();
    match Recorded::decode(event) {
        Ok(event) => Read::Event(event),
        Err(_) => Read::Poison(Parked { kind, ..parked }),
    }
}

/// A stream's history up to a place in the log, as far as it can be read.
pub(super) async fn history(
    log: &dyn EventStore,
    stream: &StreamName,
    until: Position,
) -> Result<(Vec<Recorded>, Option<Parked>), ReadError> {
    let mut history = vec![];
    for event in log.read_stream(stream, Version::NONE).await? {
        if event.position > until {
            break;
        }
        match decode(event) {
            Read::Event(event) => history.push(event),
            Read::Poison(parked) => return Ok((history, Some(parked))),
        }
    }
    Ok((history, None))
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
