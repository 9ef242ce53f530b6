//! An event as KurrentDB holds it.
//!
//! Its type is our kind, its data are our data, byte for byte. What else the log promises to keep
//! stands in its metadata as JSON: the server's own time of writing is none of ours.

use std::str::FromStr;

use domain::es::{
    EventId, Hash, OccurredAt, Position, RecordedAt, RecordedEvent, StreamName, Version,
};
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::line::Failure;
use crate::event_store::admission::Draft;

/// Where an event stands in the server's log: in order, with gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) commit: u64,
    pub(super) prepare: u64,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    schema_version: u16,
    occurred_at: String,
    recorded_at: RecordedAt,
    hash: String,
    metadata: Box<RawValue>,
}

/// An event as the server is to take it.
pub(super) fn pack(
    draft: &Draft,
    recorded_at: RecordedAt,
    hash: Hash,
) -> Result<EventData, Failure> {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).map_err(|_| Failure::NotJson);
    let data = raw(&draft.data)?;
    if data.get() != &*draft.data {
        return Err(Failure::NotJson); // blanks around it would be lost
    }
    let envelope = Envelope {
        schema_version: draft.schema_version,
        occurred_at: draft.occurred_at.to_string(),
        recorded_at,
        hash: hash.to_string(),
        metadata: raw(&draft.metadata)?,
    };
    EventData::json(draft.kind, &data)
        .and_then(|event| event.id(draft.id.0).metadata_as_json(&envelope))
        .map_err(|_| Failure::NotJson)
}

/// An event as the server gave it.
pub(super) struct Delivered {
    pub(super) place: Place,
    pub(super) id: EventId,
    /// Its position is not known here; otherwise what is wrong with it.
    pub(super) event: Result<RecordedEvent, String>,
}

/// Takes an event apart. It stands in the log also if it does not have the shape of ours.
pub(super) fn unpack(event: &eventstore::RecordedEvent, prefix: &str) -> Delivered {
    Delivered {
        place: Place {
            commit: event.position.commit,
            prepare: event.position.prepare,
        },
        id: EventId(event.id),
        event: read(event, prefix),
    }
}

fn read(event: &eventstore::RecordedEvent, prefix: &str) -> Result<RecordedEvent, String> {
    let stream: StreamName = event
        .stream_id()
        .strip_prefix(prefix)
        .and_then(|name| name.parse().ok())
        .ok_or("its stream does not have a stream's name")?;
    let envelope: Envelope = serde_json::from_slice(&event.custom_metadata)
        .map_err(|_| "its metadata do not have their shape")?;
    let data = std::str::from_utf8(&event.data).map_err(|_| "its data are not text")?;
    Ok(RecordedEvent {
        id: EventId(event.id),
        stream,
        version: Version(event.revision + 1),
        position: Position::START,
        kind: event.event_type.clone(),
        schema_version: envelope.schema_version,
        occurred_at: OccurredAt::from_str(&envelope.occurred_at)
            .map_err(|_| "its time of happening is none")?,
        recorded_at: envelope.recorded_at,
        metadata: envelope.metadata.get().to_owned(),
        data: data.to_owned(),
        hash: unhex(&envelope.hash).ok_or("its hash is none")?,
    })
}

fn unhex(digits: &str) -> Option<Hash> {
    let mut hash = Hash::ROOT;
    if digits.len() != 2 * hash.0.len() || !digits.is_ascii() {
        return None;
    }
    for (nth, byte) in hash.0.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * nth..2 * nth + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = Hash(std::array::from_fn(|n| u8::try_from(n * 7).unwrap()));
        assert_eq!(unhex(&hash.to_string()), Some(hash));
        assert_eq!(unhex("00"), None);
        assert_eq!(unhex(&"g".repeat(64)), None);
        assert_eq!(unhex(&"å".repeat(32)), None);
    }
}
