//! A history read with its corrections and retractions.
//!
//! The log is never edited. That an entry was mistaken is itself a fact, learned at its own time:
//! whoever reads the log up to a moment before it sees what was believed then.

use std::collections::{HashMap, HashSet};

pub use super::catalogue::{EntryCorrected, EntryRetracted, Kind, RetractionReason};
use super::{Entry, EventData, EventId};

/// Something that stands in a history and may be amended.
pub trait Amendable: Sized {
    /// Its name.
    fn id(&self) -> EventId;
    /// If it says that an earlier entry was mistaken: which, and what holds instead.
    fn amendment(&self) -> Option<Amendment<'_>>;
    /// What the correction makes of it. A correction is checked when it is decided; one that
    /// cannot be read changes nothing.
    #[must_use]
    fn corrected(self, correction: &EntryCorrected) -> Self;
}

impl<E: EventData> Amendable for Entry<E> {
    fn id(&self) -> EventId {
        self.id
    }
    fn amendment(&self) -> Option<Amendment<'_>> {
        self.event.amendment()
    }
    fn corrected(self, correction: &EntryCorrected) -> Self {
        match self
            .event
            .corrected(correction.schema_version, &correction.data)
        {
            Ok(event) => Self {
                event,
                occurred_at: correction.occurred_at,
                ..self
            },
            Err(_) => self,
        }
    }
}

/// What an event says about an earlier entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amendment<'a> {
    /// It should have said something else.
    Corrected(&'a EntryCorrected),
    /// It should not have been made.
    Retracted(EventId),
}

impl Amendment<'_> {
    /// The entry it is about.
    #[must_use]
    pub fn entry(&self) -> EventId {
        match self {
            Self::Corrected(correction) => correction.entry,
            Self::Retracted(entry) => *entry,
        }
    }
}

/// The entries that count, in the order in which they were recorded, each as its last correction
/// says; amendments themselves are left out.
///
/// An amendment may be amended: of two corrections of one entry the later holds, and retracting a
/// retraction brings the entry back. Which amendments count is read from the end of the history,
/// since only a later entry can be about an earlier one.
#[must_use]
pub fn effective<T: Amendable>(history: Vec<T>) -> Vec<T> {
    if history.iter().all(|entry| entry.amendment().is_none()) {
        return history;
    }
    let mut retracted: HashSet<EventId> = HashSet::new();
    let mut corrections: HashMap<EventId, EntryCorrected> = HashMap::new();
    for entry in history.iter().rev() {
        if retracted.contains(&entry.id()) {
            continue;
        }
        match entry.amendment() {
            None => {}
            Some(Amendment::Retracted(target)) => {
                retracted.insert(target);
            }
            Some(Amendment::Corrected(correction)) => {
                corrections
                    .entry(correction.entry)
                    .or_insert_with(|| correction.clone());
            }
        }
    }
    history
        .into_iter()
        .filter(|entry| entry.amendment().is_none() && !retracted.contains(&entry.id()))
        .map(|entry| match corrections.get(&entry.id()) {
            None => entry,
            Some(correction) => entry.corrected(correction),
        })
        .collect()
}
