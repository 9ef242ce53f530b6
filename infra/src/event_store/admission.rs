//! May these facts be added? The one answer that every engine gives.
//!
//! First the ids: facts that stand in the log already are answered as the first time, whatever
//! the stream holds by now. Then the expected version.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::es::{
    Append, AppendError, Appended, EventId, Expected, NewEvent, OccurredAt, Position, StreamName,
    Version,
};

/// An event on its way, as the log will hold it: whoever appends does this work, not the one
/// writer that all of them wait for.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) id: EventId,
    pub(crate) kind: &'static str,
    pub(crate) schema_version: u16,
    pub(crate) occurred_at: Arc<str>,
    pub(crate) metadata: Arc<str>,
    pub(crate) data: Arc<str>,
}

impl From<NewEvent> for Draft {
    fn from(event: NewEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            schema_version: event.schema_version,
            occurred_at: to_the_microsecond(event.occurred_at).to_string().into(),
            metadata: serde_json::to_string(&event.metadata)
                .expect("metadata is a struct of texts and ids, which always is JSON")
                .into(),
            data: event.data.into(),
        }
    }
}

/// Engines keep microseconds: what is finer is cut before it is hashed.
pub(crate) fn to_the_microsecond(occurred_at: OccurredAt) -> OccurredAt {
    match occurred_at {
        OccurredAt::Day(_) => occurred_at,
        OccurredAt::Moment(moment) => OccurredAt::Moment(domain::es::RecordedAt::new(moment).0),
    }
}

/// What is compared when an id comes again. The time of recording and the metadata stand apart:
/// they tell of the telling, not of the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) stream: StreamName,
    pub(crate) version: Version,
    pub(crate) position: Position,
    pub(crate) kind: String,
    pub(crate) schema_version: u16,
    pub(crate) occurred_at: String,
    pub(crate) data: String,
}

impl Known {
    fn says(&self, stream: &StreamName, draft: &Draft) -> bool {
        self.stream == *stream
            && self.kind == draft.kind
            && self.schema_version == draft.schema_version
            && *self.occurred_at == *draft.occurred_at
            && *self.data == *draft.data
    }
}

/// Checks the ids: `Ok(Some)` if the facts were appended before, `Ok(None)` if all are new.
pub(crate) fn told_before(
    stream: &StreamName,
    drafts: &[Draft],
    known: &HashMap<EventId, Known>,
) -> Result<Option<Appended>, AppendError> {
    let Some(taken) = drafts.iter().find(|draft| known.contains_key(&draft.id)) else {
        return match twice(drafts) {
            Some(id) => Err(AppendError::IdTaken { id }),
            None => Ok(None),
        };
    };
    let mut last: Option<&Known> = None;
    for draft in drafts {
        let fits = known.get(&draft.id).filter(|known| {
            known.says(stream, draft)
                && last.is_none_or(|last| known.version == last.version.plus(1))
        });
        if fits.is_none() {
            let id = if known.contains_key(&draft.id) {
                draft.id
            } else {
                taken.id
            };
            return Err(AppendError::IdTaken { id });
        }
        last = fits;
    }
    Ok(last.map(|last| Appended {
        position: last.position,
        version: last.version,
        already_recorded: true,
    }))
}

/// An id that stands twice in one append.
fn twice(drafts: &[Draft]) -> Option<EventId> {
    let mut seen = HashSet::with_capacity(drafts.len());
    drafts
        .iter()
        .map(|draft| draft.id)
        .find(|id| !seen.insert(*id))
}

/// Whether a stream at `actual` is what the writer believed.
pub(crate) fn fits(expected: Expected, actual: Version) -> bool {
    match expected {
        Expected::Any => true,
        Expected::NoStream => actual == Version::NONE,
        Expected::Exactly(version) => actual == version,
    }
}

/// Refuses an append that says nothing.
pub(crate) fn not_empty(append: &Append) -> Result<(), AppendError> {
    if append.events.is_empty() {
        Err(AppendError::Empty)
    } else {
        Ok(())
    }
}
