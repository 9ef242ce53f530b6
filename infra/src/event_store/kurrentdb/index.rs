//! What is remembered of the log: which of our positions is which place of the server's.
//!
//! The server's places have gaps, since other streams and the bytes of each record lie between
//! them. Our position of an event is its rank among the log's events in the server's order, which
//! is the same on every node that counts them. Counting takes one pass over the log at the start.

use std::collections::HashMap;

use domain::es::{EventId, Hash, Position, RecordedAt, RecordedEvent, StreamName, Version};

use super::wire::{Delivered, Place};

/// The end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: Version,
    pub(super) hash: Hash,
}

impl Head {
    const NONE: Self = Self {
        version: Version::NONE,
        hash: Hash::ROOT,
    };
}

/// Where an event that somebody waits for came to stand, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) position: Position,
    pub(super) hash: Option<Hash>,
}

#[derive(Default)]
pub(super) struct Index {
    places: Vec<Place>,
    ids: HashMap<EventId, Position>,
    heads: HashMap<StreamName, Head>,
    /// The latest time of recording so far.
    recorded_at: Option<RecordedAt>,
    /// The times of events whose writers did not know of a later one before them.
    lifted: HashMap<Position, RecordedAt>,
    /// Events on their way to the server.
    awaited: HashMap<EventId, Option<Seen>>,
}

impl Index {
    /// Takes the next events of the log. Those that are known already are passed over.
    pub(super) fn take(&mut self, delivered: &[Delivered]) {
        for Delivered { place, id, event } in delivered {
            if self.places.last().is_some_and(|last| place <= last) {
                continue;
            }
            self.places.push(*place);
            let position = self.head();
            self.ids.entry(*id).or_insert(position);
            if let Ok(event) = event {
                let head = Head {
                    version: event.version,
                    hash: event.hash,
                };
                match self.heads.get_mut(&event.stream) {
                    Some(known) => *known = head,
                    None => {
                        self.heads.insert(event.stream.clone(), head);
                    }
                }
                let latest = self.recorded_at.unwrap_or(event.recorded_at);
                if event.recorded_at < latest {
                    self.lifted.insert(position, latest);
                }
                self.recorded_at = Some(latest.max(event.recorded_at));
            }
            if let Some(seen @ None) = self.awaited.get_mut(id) {
                *seen = Some(Seen {
                    position,
                    hash: event.as_ref().ok().map(|event| event.hash),
                });
            }
        }
    }

    pub(super) fn head(&self) -> Position {
        Position(self.places.len() as u64)
    }

    /// The place of a position, if an event stands there.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        let nth = usize::try_from(position.0.checked_sub(1)?).ok()?;
        self.places.get(nth).copied()
    }

    pub(super) fn position(&self, id: EventId) -> Option<Position> {
        self.ids.get(&id).copied()
    }

    pub(super) fn stream(&self, stream: &StreamName) -> Head {
        self.heads.get(stream).copied().unwrap_or(Head::NONE)
    }

    /// The time that an event recorded now gets.
    pub(super) fn recorded_at(&self, given: RecordedAt) -> RecordedAt {
        self.recorded_at.map_or(given, |latest| latest.max(given))
    }

    /// Gives an event its position, and the time of recording that it has in the log.
    pub(super) fn settle(&self, event: &mut RecordedEvent, position: Position) {
        event.position = position;
        if let Some(recorded_at) = self.lifted.get(&position) {
            event.recorded_at = *recorded_at;
        }
    }

    /// Takes note of events on their way; `false`, and none is noted, if one of them is on its
    /// way by somebody else's hand.
    pub(super) fn await_events(&mut self, ids: &[EventId]) -> bool {
        if ids.iter().any(|id| self.awaited.contains_key(id)) {
            return false;
        }
        self.awaited.extend(ids.iter().map(|id| (*id, None)));
        true
    }

    pub(super) fn seen(&self, id: EventId) -> Option<Seen> {
        self.awaited.get(&id).copied().flatten()
    }

    pub(super) fn await_no_more(&mut self, ids: &[EventId]) {
        for id in ids {
            self.awaited.remove(id);
        }
    }
}
