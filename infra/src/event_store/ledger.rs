//! Events in memory, from some place in a log on: admitted, numbered and chained as every engine
//! does it.

use std::collections::{BTreeMap, HashMap};

use domain::es::{
    Append, AppendError, Appended, EventId, Hash, Position, RecordedAt, RecordedEvent, StreamName,
    Version,
};

use super::{
    admission::{self, Draft, Known},
    chain::{self, Covered},
};

/// A stretch of a log; by default a whole one, from its first event on.
#[derive(Default)]
pub(crate) struct Ledger {
    after: Position,
    recorded_at: Option<RecordedAt>,
    events: Vec<RecordedEvent>,
    streams: HashMap<StreamName, Stream>,
    ids: BTreeMap<EventId, usize>,
}

/// A stream: how it ended before this stretch, and where its events stand in it.
struct Stream {
    version: Version,
    hash: Hash,
    events: Vec<usize>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            version: Version::NONE,
            hash: Hash::ROOT,
            events: vec![],
        }
    }
}

impl Ledger {
    /// A stretch that begins after a position, and after what was recorded there.
    pub(crate) fn after(position: Position, recorded_at: Option<RecordedAt>) -> Self {
        Self {
            after: position,
            recorded_at,
            ..Self::default()
        }
    }

    /// Takes note of how a stream ended before this stretch, unless it is known already.
    pub(crate) fn learn(&mut self, stream: &StreamName, last: Option<&RecordedEvent>) {
        if let (Some(last), false) = (last, self.streams.contains_key(stream)) {
            let ended = Stream {
                version: last.version,
                hash: last.hash,
                events: vec![],
            };
            self.streams.insert(stream.clone(), ended);
        }
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.after.0 + self.events.len() as u64)
    }

    pub(crate) fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> impl Iterator<Item = &RecordedEvent> {
        let skipped = after.0.saturating_sub(self.after.0);
        self.events.iter().skip(index(skipped)).take(limit)
    }

    pub(crate) fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> impl Iterator<Item = &RecordedEvent> {
        let indices = self.streams.get(stream).map(|stream| &stream.events);
        let events = indices.into_iter().flatten();
        events
            .map(|index| &self.events[*index])
            .skip_while(move |event| event.version <= after)
    }

    pub(crate) fn find(&self, id: EventId) -> Option<&RecordedEvent> {
        self.ids.get(&id).map(|index| &self.events[*index])
    }

    fn known(&self, drafts: &[Draft]) -> HashMap<EventId, Known> {
        drafts
            .iter()
            .filter_map(|draft| self.find(draft.id))
            .map(|event| {
                let known = Known {
                    stream: event.stream.clone(),
                    version: event.version,
                    position: event.position,
                    kind: event.kind.clone(),
                    schema_version: event.schema_version,
                    occurred_at: event.occurred_at.to_string(),
                    data: event.data.clone(),
                };
                (event.id, known)
            })
            .collect()
    }

    pub(crate) fn append(&mut self, append: Append) -> Result<Appended, AppendError> {
        admission::not_empty(&append)?;
        let occurred: Vec<_> = append
            .events
            .iter()
            .map(|event| event.occurred_at)
            .collect();
        let drafts: Vec<Draft> = append.events.into_iter().map(Draft::from).collect();
        if let Some(first) = admission::told_before(&append.stream, &drafts, &self.known(&drafts))?
        {
            return Ok(first);
        }
        let stream = self.streams.entry(append.stream.clone()).or_default();
        let last = stream.events.last().map(|index| &self.events[*index]);
        let actual = last.map_or(stream.version, |event| event.version);
        if !admission::fits(append.expected, actual) {
            return Err(AppendError::Conflict {
                expected: append.expected,
                actual,
            });
        }
        let mut hash = last.map_or(stream.hash, |event| event.hash);
        let mut version = actual;
        let given = RecordedAt::new(append.recorded_at.0);
        let recorded_at = self.recorded_at.map_or(given, |last| last.max(given));
        self.recorded_at = Some(recorded_at);
        for (draft, occurred_at) in drafts.into_iter().zip(occurred) {
            version = version.plus(1);
            hash = chain::stream_link(
                hash,
                &Covered {
                    stream: append.stream.as_str(),
                    version,
                    id: draft.id,
                    kind: draft.kind,
                    schema_version: draft.schema_version,
                    occurred_at: &draft.occurred_at,
                    recorded_at,
                    metadata: &draft.metadata,
                    data: &draft.data,
                },
            );
            let index = self.events.len();
            stream.events.push(index);
            self.ids.insert(draft.id, index);
            self.events.push(RecordedEvent {
                id: draft.id,
                stream: append.stream.clone(),
                version,
                position: Position(self.after.0 + index as u64 + 1),
                kind: draft.kind.to_owned(),
                schema_version: draft.schema_version,
                occurred_at: admission::to_the_microsecond(occurred_at),
                recorded_at,
                metadata: draft.metadata.to_string(),
                data: draft.data.to_string(),
                hash,
            });
        }
        Ok(Appended {
            position: self.head(),
            version,
            already_recorded: false,
        })
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
