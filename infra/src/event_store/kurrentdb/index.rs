//! What is remembered of the log: which of our positions is which place of the server's.
//!
//! The server's places have gaps, since other streams and the bytes of each record lie between
//! them. Our position of an event is its rank among the log's events in the server's order, which
//! is the same on every node that counts them. Counting takes one pass over the log at the start.

use std::{collections::HashMap, mem, sync::Arc};

use domain::es::{EventId, Hash, Position, RecordedAt, RecordedEvent, StreamName, Version};
use tokio::sync::oneshot;

use super::{
    line::Failure,
    wire::{Delivered, Place},
};

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

/// An event that somebody of this node sends.
#[derive(Default)]
enum OnItsWay {
    #[default]
    Sent,
    /// The server has it, and its sender waits until it is counted.
    Awaited(oneshot::Sender<Result<Seen, Arc<Failure>>>),
    Seen(Seen),
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
    on_their_way: HashMap<EventId, OnItsWay>,
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
            if let Some(event_sent) = self.on_their_way.get_mut(id) {
                event_sent.stands(Seen {
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
    pub(super) fn send(&mut self, ids: &[EventId]) -> bool {
        if ids.iter().any(|id| self.on_their_way.contains_key(id)) {
            return false;
        }
        let sent = ids.iter().map(|id| (*id, OnItsWay::Sent));
        self.on_their_way.extend(sent);
        true
    }

    pub(super) fn send_no_more(&mut self, ids: &[EventId]) {
        for id in ids {
            self.on_their_way.remove(id);
        }
    }

    /// Where an event that was sent came to stand; who asks too early is told later.
    pub(super) fn seen(
        &mut self,
        id: EventId,
    ) -> Result<Seen, oneshot::Receiver<Result<Seen, Arc<Failure>>>> {
        let event = self.on_their_way.entry(id).or_default();
        if let OnItsWay::Seen(seen) = event {
            return Ok(*seen);
        }
        let (tell, told) = oneshot::channel();
        *event = OnItsWay::Awaited(tell);
        Err(told)
    }

    /// Whether the server has events that are not counted.
    pub(super) fn is_behind(&self) -> bool {
        let mut events = self.on_their_way.values();
        events.any(|event| matches!(event, OnItsWay::Awaited(_)))
    }

    /// Tells all who wait for an event to be counted that it is not.
    pub(super) fn refuse(&mut self, failure: &Arc<Failure>) {
        for event in self.on_their_way.values_mut() {
            if matches!(event, OnItsWay::Awaited(_)) {
                event.answer(Err(Arc::clone(failure)));
            }
        }
    }
}

impl OnItsWay {
    /// It is counted. If its id stands in the log twice, the first counts.
    fn stands(&mut self, seen: Seen) {
        if !matches!(self, Self::Seen(_)) {
            self.answer(Ok(seen));
            *self = Self::Seen(seen);
        }
    }

    fn answer(&mut self, answer: Result<Seen, Arc<Failure>>) {
        if let Self::Awaited(tell) = mem::take(self) {
            tell.send(answer).ok(); // who went away needs none
        }
    }
}
