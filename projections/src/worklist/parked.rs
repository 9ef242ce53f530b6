//! What stands still, as whoever runs the service sees it: by reference only.

use domain::es::{EventId, Position, RecordedAt, StreamName};
use schemars::JsonSchema;
use serde::Serialize;

/// A record that stands still at an event that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParkedRecord {
    /// The event; it is released by this.
    pub event_id: EventId,
    /// The record's stream in the log.
    pub stream: StreamName,
    /// Where the event stands in the log.
    pub position: Position,
    /// The event's kind.
    pub kind: String,
    /// The version of its shape.
    pub schema_version: u16,
    /// What goes wrong with it: `unreadable` (this program does not know its kind, version or
    /// shape), `panicked` (a read model gave up at it), `not-written` (the tables refuse a row that
    /// it makes) or `died` (the process ended at it).
    pub cause: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up first.
    pub first_tried: Option<RecordedAt>,
    /// When it was tried last.
    pub last_tried: Option<RecordedAt>,
    /// Somebody asked for another try, which has not been made yet.
    pub retry_asked: bool,
}

pub(super) const DEFINITION: &str = "What stands still: records with an event that could not be \
    taken in. What came after it is missing in all answers until it is released.";
