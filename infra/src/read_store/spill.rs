//! The log on the disk, parted by streams: a part of it is small enough to hold whole streams in
//! memory, where the log has them strewn over its length.
//!
//! Event by event, most rows would be written many times over, and each fact that was told late
//! would have its stream read again. So tables that are empty are filled from a long log stream by
//! stream: each is folded once, as a whole, and each row written once.
//!
//! It lies in a nameless temporary file that is gone with its handle, and holds what the log holds:
//! no personal data. Each page of the log is written at once, its events in the order of their
//! parts; of each part it is known where its pieces lie.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    hash::BuildHasher,
    io::{self, Read, Seek, SeekFrom, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate};
use domain::es::{
    Day, EventId, EventStore, Hash, OccurredAt, Position, RecordedAt, RecordedEvent, StreamName,
    Version,
};
use foldhash::quality::FixedState;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{
    error::ReadStoreError,
    reading::{self, Readable},
};

/// From how many events on this is the faster way.
pub(super) const WORTH_IT: u64 = if cfg!(test) { 40 } else { 20_000 };

/// Events in a part, more or less: some 30 MB.
const EVENTS: u64 = if cfg!(test) { 20 } else { 25_000 };

/// How many parts are made ready ahead of who folds them.
const AHEAD: usize = 2;

/// The events of some categories of streams up to a place in the log, parted by streams.
pub(super) struct Spill {
    until: Position,
    file: Arc<Mutex<File>>,
    /// Where the pieces of each part lie, in the order of the log.
    parts: Vec<Vec<Piece>>,
    /// The last event of all.
    pub(super) last: EventId,
}

/// Some events of one part.
#[derive(Debug, Clone, Copy)]
struct Piece {
    offset: u64,
    bytes: usize,
}

/// What of a page was written.
struct Written {
    pieces: Vec<(usize, Piece)>,
    position: Position,
    last: EventId,
}

impl Spill {
    /// Reads the log from its beginning up to a place; says how far it has come: this is the first
    /// half of the way, and [folding](Self::streams) the second.
    pub(super) async fn of(
        log: &Arc<dyn EventStore>,
        until: Position,
        categories: HashSet<&'static str>,
        mut progress: impl FnMut(Position) + Send,
    ) -> Result<Self, ReadStoreError> {
        let parts = usize::try_from(until.0 / EVENTS + 1).unwrap_or(usize::MAX);
        let mut spill = Self {
            until,
            file: Arc::new(Mutex::new(
                tempfile::tempfile().map_err(ReadStoreError::Spill)?,
            )),
            parts: vec![vec![]; parts],
            last: EventId(Uuid::nil()),
        };
        let file = Arc::clone(&spill.file);
        let take = move |events: Vec<_>| write_page(&file, &categories, parts, &events);
        let mut pages = reading::pages(log.clone(), Position::START, until, take);
        while let Some(page) = pages.try_next().await? {
            let Some(page) = page.map_err(ReadStoreError::Spill)? else {
                continue;
            };
            for (nth, piece) in page.pieces {
                spill.parts[nth].push(piece);
            }
            spill.last = page.last;
            progress(Position(page.position.0 / 2));
        }
        Ok(spill)
    }

    /// All streams, many at a time, and how far one has come with them.
    pub(super) fn streams(
        self: &Arc<Self>,
    ) -> impl Stream<Item = Result<(Vec<(StreamName, Readable)>, Position), ReadStoreError>>
    + Send
    + Unpin
    + use<> {
        let spill = Arc::clone(self);
        let half = self.until.0 / 2;
        let parts = self.parts.len();
        stream::iter(0..parts)
            .map(move |nth| {
                let spill = Arc::clone(&spill);
                let read = move || {
                    let streams = spill.part(nth)?.into_iter();
                    let streams = streams.map(|(name, events)| (name, reading::readable(events)));
                    io::Result::Ok(streams.collect::<Vec<_>>())
                };
                let reading = AbortOnDropHandle::new(tokio::task::spawn_blocking(read));
                async move {
                    let read = reading.await.map_err(|_| ReadStoreError::Panicked)?;
                    let position = Position(half + half * (nth as u64 + 1) / parts as u64);
                    Ok((read.map_err(ReadStoreError::Spill)?, position))
                }
            })
            .buffered(AHEAD)
            .boxed()
    }

    /// The events of a part, stream by stream, each in the order of the log. Waits for the disk.
    fn part(&self, nth: usize) -> io::Result<HashMap<StreamName, Vec<RecordedEvent>>> {
        let mut streams: HashMap<StreamName, Vec<RecordedEvent>> = HashMap::new();
        for piece in &self.parts[nth] {
            let mut bytes = vec![0; piece.bytes];
            {
                let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(piece.offset))?;
                file.read_exact(&mut bytes)?;
            }
            let mut rest = Bytes(&bytes);
            while !rest.0.is_empty() {
                let event = rest.event().ok_or(io::ErrorKind::InvalidData)?;
                streams.entry(event.stream.clone()).or_default().push(event);
            }
        }
        Ok(streams)
    }
}

fn write_page(
    file: &Mutex<File>,
    categories: &HashSet<&'static str>,
    parts: usize,
    events: &[RecordedEvent],
) -> io::Result<Option<Written>> {
    let Some(last) = events.last() else {
        return Ok(None);
    };
    let mut page = Written {
        pieces: vec![],
        position: last.position,
        last: last.id,
    };
    let mut parted: Vec<Vec<u8>> = vec![vec![]; parts];
    for event in events {
        if categories.contains(event.stream.category()) {
            write(event, &mut parted[part_of(&event.stream, parts)]);
        }
    }
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let mut offset = file.seek(SeekFrom::End(0))?;
    for (nth, part) in parted
        .iter()
        .enumerate()
        .filter(|(_, part)| !part.is_empty())
    {
        let bytes = part.len();
        page.pieces.push((nth, Piece { offset, bytes }));
        offset += bytes as u64;
    }
    file.write_all(&parted.concat())?;
    Ok(Some(page))
}

fn part_of(stream: &StreamName, parts: usize) -> usize {
    let hash = FixedState::default().hash_one(stream);
    usize::try_from(hash % parts as u64).unwrap_or_default()
}

/// Writes what folding needs of an event.
fn write(event: &RecordedEvent, to: &mut Vec<u8>) {
    let mut number = |number: i64| to.extend_from_slice(&number.to_le_bytes());
    number(event.position.0.cast_signed());
    number(event.version.0.cast_signed());
    number(event.schema_version.into());
    number(event.recorded_at.0.timestamp_micros());
    match event.occurred_at {
        OccurredAt::Day(day) => {
            number(0);
            number(day.0.to_epoch_days().into());
            number(0);
        }
        OccurredAt::Moment(moment) => {
            number(1);
            number(moment.timestamp());
            number(moment.timestamp_subsec_nanos().into());
        }
    }
    to.extend_from_slice(event.id.0.as_bytes());
    for text in [event.stream.as_str(), &event.kind, &event.data] {
        to.extend_from_slice(&(text.len() as u64).to_le_bytes());
        to.extend_from_slice(text.as_bytes());
    }
}

/// What is left to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn event(&mut self) -> Option<RecordedEvent> {
        let position = Position(self.number()?.cast_unsigned());
        let version = Version(self.number()?.cast_unsigned());
        let schema_version = u16::try_from(self.number()?).ok()?;
        let recorded_at = RecordedAt(DateTime::from_timestamp_micros(self.number()?)?);
        let (form, whole, rest) = (self.number()?, self.number()?, self.number()?);
        let occurred_at = if form == 0 {
            let days = i32::try_from(whole).ok()?;
            OccurredAt::Day(Day(NaiveDate::from_epoch_days(days)?))
        } else {
            let nanos = u32::try_from(rest).ok()?;
            OccurredAt::Moment(DateTime::from_timestamp(whole, nanos)?)
        };
        Some(RecordedEvent {
            position,
            version,
            schema_version,
            recorded_at,
            occurred_at,
            id: EventId(Uuid::from_slice(self.take(16)?).ok()?),
            stream: StreamName::try_from(self.text()?.to_owned()).ok()?,
            kind: self.text()?.to_owned(),
            data: self.text()?.to_owned(),
            metadata: String::new(),
            hash: Hash::ROOT,
        })
    }

    fn number(&mut self) -> Option<i64> {
        self.take(mem::size_of::<i64>())?
            .try_into()
            .ok()
            .map(i64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: u64, stream: &str, occurred_at: &str, data: &str) -> RecordedEvent {
        RecordedEvent {
            id: EventId(Uuid::from_u128(u128::from(position) << 64 | 7)),
            stream: stream.to_owned().try_into().unwrap(),
            version: Version(position + 1),
            position: Position(position),
            kind: "contact-held".to_owned(),
            schema_version: 3,
            occurred_at: occurred_at.parse().unwrap(),
            recorded_at: RecordedAt(
                DateTime::from_timestamp_micros(1_600_000_000_000_001).unwrap(),
            ),
            metadata: String::new(),
            data: data.to_owned(),
            hash: Hash::ROOT,
        }
    }

    #[test]
    fn each_stream_comes_back_whole_in_the_order_of_the_log() {
        const PARTS: usize = 7;
        let log: Vec<_> = (0..500_u64)
            .map(|position| {
                let stream = format!("participant-{}", Uuid::from_u128(u128::from(position % 31)));
                let occurred_at = [
                    "1969-02-03",
                    "2020-03-01T09:30:00.123456789Z",
                    "-0044-03-15",
                ];
                let text = "blå\u{1f}\u{1e}\0".repeat((position % 5) as usize);
                event(
                    position,
                    &stream,
                    occurred_at[(position % 3) as usize],
                    &text,
                )
            })
            .collect();
        let file = Mutex::new(tempfile::tempfile().unwrap());
        let mut spill = Spill {
            until: Position(500),
            file: Arc::new(Mutex::new(tempfile::tempfile().unwrap())),
            parts: vec![vec![]; PARTS],
            last: EventId(Uuid::nil()),
        };
        for page in log.chunks(64) {
            let only = HashSet::from(["participant"]);
            let page = write_page(&file, &only, PARTS, page).unwrap().unwrap();
            for (nth, piece) in page.pieces {
                spill.parts[nth].push(piece);
            }
        }
        spill.file = Arc::new(file);
        let mut back = vec![];
        for nth in 0..PARTS {
            for (stream, events) in spill.part(nth).unwrap() {
                assert!(events.is_sorted_by_key(|event| event.position));
                assert!(events.iter().all(|event| event.stream == stream));
                back.extend(events);
            }
        }
        back.sort_by_key(|event| event.position);
        assert_eq!(back, log);
        let none = write_page(&spill.file, &HashSet::from(["unit"]), PARTS, &log).unwrap();
        assert!(none.unwrap().pieces.is_empty());
    }
}
