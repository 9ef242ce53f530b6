//! What the double holds, and how it answers.

use std::collections::HashMap;

use tonic::Status;
use uuid::Uuid;

use super::messages::{
    AppendOptions, AppendResp, Expression, Place, Proposed, ReadEvent, ReadOptions, ReadResp,
    Recorded, StreamIdentifier, StreamNotFound, Success, Uuid as WireUuid, WrongExpectedVersion,
};

/// A promise that the server does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Appends whatever the expected revision.
    IgnoresTheExpectedRevision,
    /// Refuses what was told before, instead of answering again.
    ForgetsWhatWasToldBefore,
    /// Acknowledges, and keeps nothing.
    LosesWhatItAcknowledged,
    /// Keeps the first event of an append.
    KeepsTheFirstOnly,
    /// Gives the events of an append the same place.
    GivesEqualPlaces,
    /// Gives the events of a page in reverse.
    AnswersOutOfOrder,
    /// Shows the last event only when there is another.
    HidesTheLast,
    /// Gives events of other streams too.
    IgnoresTheFilter,
    /// Reads streams from the start, whatever was asked.
    IgnoresWhereToStart,
    /// Counts the revisions of a stream from 1.
    CountsFromOne,
    /// Stores other data.
    ChangesData,
    /// Stores other metadata.
    ChangesMetadata,
    /// Gives events ids of its own.
    ChangesIds,
    /// Forgets its last event when another client connects.
    ForgetsTheLast,
}

pub(super) struct Log {
    broken: Option<Broken>,
    events: Vec<Recorded>,
    streams: HashMap<Vec<u8>, Vec<usize>>,
    end: u64,
    appends: u64,
    clients: u64,
}

impl Log {
    /// A new server's log is not empty: it has streams of its own.
    pub(super) fn new(broken: Option<Broken>) -> Self {
        let mut log = Self {
            broken,
            events: Vec::new(),
            streams: HashMap::new(),
            end: 0,
            appends: 0,
            clients: 0,
        };
        log.meanwhile();
        log
    }

    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// Others write to the server, too.
    fn meanwhile(&mut self) {
        let id = Uuid::from_u128((0xfeed << 96) + u128::from(self.end));
        let event = Proposed {
            id: Some(WireUuid::text(id)),
            metadata: [
                ("type", "$statsCollected"),
                ("content-type", "application/json"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            custom_metadata: Vec::new(),
            data: b"{}".to_vec(),
        };
        self.add(b"$stats-127.0.0.1:2113", event);
    }

    /// Adds an event, and says where its record begins.
    fn add(&mut self, stream: &[u8], event: Proposed) -> u64 {
        let place = self.end;
        let size = event.data.len() + event.custom_metadata.len() + stream.len() + 97;
        self.end += size as u64;
        let nth = self.events.len();
        let in_stream = self.streams.entry(stream.to_vec()).or_default();
        let mut metadata = event.metadata;
        metadata.insert("created".to_owned(), "16000000000000000".to_owned());
        self.events.push(Recorded {
            id: event.id,
            stream: Some(StreamIdentifier {
                name: stream.to_vec(),
            }),
            revision: in_stream.len() as u64,
            prepare: place,
            commit: place,
            metadata,
            custom_metadata: event.custom_metadata,
            data: event.data,
        });
        in_stream.push(nth);
        place
    }

    /// A client connects: it asks first of all what the server can do.
    pub(super) fn connected(&mut self) {
        self.clients += 1;
        if self.clients > 1
            && self.is(Broken::ForgetsTheLast)
            && let Some(event) = self.events.pop()
            && let Some(stream) = event.stream
            && let Some(events) = self.streams.get_mut(&stream.name)
        {
            events.pop();
        }
    }

    pub(super) fn append(
        &mut self,
        options: &AppendOptions,
        proposed: Vec<Proposed>,
    ) -> Result<AppendResp, Box<Status>> {
        let stream = &options
            .stream
            .as_ref()
            .ok_or_else(|| misses("a stream"))?
            .name;
        let length = self.streams.get(stream).map_or(0, Vec::len);
        let expected = match (options.revision, options.no_stream, options.any) {
            (Some(revision), None, None) => Some(index(revision) + 1),
            (None, Some(()), None) => Some(0),
            (None, None, Some(())) => None,
            _ => return Err(misses("an expected revision")),
        };
        let ids: Vec<_> = proposed
            .iter()
            .map(|event| event.id.as_ref().and_then(WireUuid::read))
            .collect();
        if let Some(expected) = expected
            && let Some(place) = self.told_before(stream, expected, &ids)
            && !self.is(Broken::ForgetsWhatWasToldBefore)
        {
            return Ok(success(expected + ids.len(), place));
        }
        let fits = expected.is_none_or(|expected| expected == length);
        if !fits && !self.is(Broken::IgnoresTheExpectedRevision) {
            return Ok(refused(options, length));
        }
        self.appends += 1;
        if self.appends.is_multiple_of(3) {
            self.meanwhile();
        }
        if self.is(Broken::LosesWhatItAcknowledged) {
            return Ok(success(length + ids.len(), self.end));
        }
        let mut place = self.end;
        let kept = if self.is(Broken::KeepsTheFirstOnly) {
            1
        } else {
            proposed.len()
        };
        for event in proposed.into_iter().take(kept) {
            let event = self.altered(event);
            place = self.add(stream, event);
            if self.is(Broken::GivesEqualPlaces) {
                self.end = place;
            }
        }
        if self.is(Broken::GivesEqualPlaces) {
            self.end += 1_000;
        }
        Ok(success(length + ids.len(), place))
    }

    fn altered(&self, mut event: Proposed) -> Proposed {
        match self.broken {
            Some(Broken::ChangesData) => event.data = b"{\"text\":\"other\"}".to_vec(),
            Some(Broken::ChangesMetadata) => {
                let text = String::from_utf8_lossy(&event.custom_metadata);
                event.custom_metadata = text.replace("2021-", "2022-").into_bytes();
            }
            Some(Broken::ChangesIds) => {
                event.id = Some(WireUuid::text(Uuid::from_u128(u128::from(self.end) << 64)));
            }
            _ => {}
        }
        event
    }

    /// Where the last of these events stands, if just they follow after so many of the stream.
    fn told_before(&self, stream: &[u8], after: usize, ids: &[Option<Uuid>]) -> Option<u64> {
        let stored = self.streams.get(stream)?.get(after..after + ids.len())?;
        let same = |(nth, id): (&usize, &Option<Uuid>)| {
            self.events[*nth].id.as_ref().and_then(WireUuid::read) == *id
        };
        let same = stored.iter().zip(ids).all(same);
        stored
            .last()
            .filter(|_| same)
            .map(|nth| self.events[*nth].commit)
    }

    pub(super) fn read(&self, options: &ReadOptions) -> Result<Vec<ReadResp>, Box<Status>> {
        if options.direction != 0 {
            return Err(unknown("the double reads forwards"));
        }
        let count = options
            .count
            .map(index)
            .ok_or_else(|| unknown("the double has no subscriptions"))?;
        let mut page = match (&options.stream, &options.all) {
            (Some(of), None) => {
                let stream = of.stream.as_ref().ok_or_else(|| misses("a stream"))?;
                let Some(events) = self.streams.get(&stream.name) else {
                    let stream_not_found = Some(StreamNotFound {
                        stream: Some(stream.clone()),
                    });
                    return Ok(vec![ReadResp {
                        event: None,
                        stream_not_found,
                    }]);
                };
                let start = match of.revision {
                    Some(revision) if !self.is(Broken::IgnoresWhereToStart) => index(revision),
                    _ => 0,
                };
                let events = events.iter().skip(start).take(count);
                events.map(|nth| self.show(&self.events[*nth])).collect()
            }
            (None, Some(all)) => {
                let from = all.place.as_ref().map_or(0, |place| place.commit);
                let start = self.events.partition_point(|event| event.commit < from);
                let end = self.events.len() - usize::from(self.is(Broken::HidesTheLast));
                let filter = options
                    .filter
                    .as_ref()
                    .and_then(|filter| filter.stream.as_ref());
                if filter.is_some_and(|filter| !filter.regex.is_empty()) {
                    return Err(unknown("the double filters by prefix"));
                }
                let events = self.events.get(start..end).unwrap_or_default().iter();
                let events = events.filter(|event| self.passes(filter, event));
                events
                    .take(count)
                    .map(|event| self.show(event))
                    .collect::<Vec<_>>()
            }
            _ => return Err(misses("a stream or all of them")),
        };
        if self.is(Broken::AnswersOutOfOrder) {
            page.reverse();
        }
        Ok(page)
    }

    fn passes(&self, filter: Option<&Expression>, event: &Recorded) -> bool {
        let name = event.stream.as_ref().map_or(&[][..], |stream| &stream.name);
        self.is(Broken::IgnoresTheFilter)
            || filter.is_none_or(|filter| {
                let mut prefixes = filter.prefixes.iter();
                prefixes.any(|prefix| name.starts_with(prefix.as_bytes()))
            })
    }

    fn show(&self, event: &Recorded) -> ReadResp {
        let mut event = event.clone();
        if self.is(Broken::CountsFromOne) {
            event.revision += 1;
        }
        ReadResp {
            event: Some(ReadEvent {
                commit: Some(event.commit),
                event: Some(event),
            }),
            stream_not_found: None,
        }
    }
}

fn success(length: usize, place: u64) -> AppendResp {
    AppendResp {
        success: Some(Success {
            current_revision: Some(length as u64 - 1),
            position: Some(Place {
                commit: place,
                prepare: place,
            }),
        }),
        wrong_expected_version: None,
    }
}

fn refused(options: &AppendOptions, length: usize) -> AppendResp {
    AppendResp {
        success: None,
        wrong_expected_version: Some(WrongExpectedVersion {
            current_revision: (length as u64).checked_sub(1),
            current_no_stream: (length == 0).then_some(()),
            expected_revision: options.revision,
            expected_any: options.any,
            expected_no_stream: options.no_stream,
        }),
    }
}

fn misses(what: &str) -> Box<Status> {
    Box::new(Status::invalid_argument(format!("the call lacks {what}")))
}

fn unknown(what: &str) -> Box<Status> {
    Box::new(Status::unimplemented(what))
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
