//! Two hash chains make the log tamper-evident.
//!
//! Each event's hash covers the event and the hash before it **in its stream**. It says nothing
//! of the position, so a receipt that names stream, version and hash outlives a move to another
//! engine. On SQL engines a second chain runs **through the whole log**: it fixes the order of the
//! streams among each other, and shows that an event, or a whole stream, is gone.
//!
//! ```text
//! stream hash = BLAKE3(tag ‖ stream hash before ‖ stream ‖ version ‖ id ‖ kind ‖ schema version
//!                      ‖ occurred at ‖ recorded at ‖ metadata ‖ data)      texts by length first
//! log hash    = BLAKE3(tag ‖ log hash before ‖ stream hash)
//! ```
//!
//! Who can rewrite the whole file can rewrite both chains to its end, or cut the end off: compare
//! the head's hash with one that was kept elsewhere.

use domain::es::{EventId, Hash, RecordedAt, RecordedEvent, Version};

const STREAM_TAG: &[u8] = b"stegspor stream 1";
const LOG_TAG: &[u8] = b"stegspor log 1";

/// What a link of a stream's chain covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Covered<'a> {
    pub(crate) stream: &'a str,
    pub(crate) version: Version,
    pub(crate) id: EventId,
    pub(crate) kind: &'a str,
    pub(crate) schema_version: u16,
    pub(crate) occurred_at: &'a str,
    pub(crate) recorded_at: RecordedAt,
    pub(crate) metadata: &'a str,
    pub(crate) data: &'a str,
}

/// The link of a stream's chain that covers an event after `previous`.
pub(crate) fn stream_link(previous: Hash, event: &Covered<'_>) -> Hash {
    let mut bytes = Vec::with_capacity(256 + event.metadata.len() + event.data.len());
    bytes.extend_from_slice(STREAM_TAG);
    bytes.extend_from_slice(&previous.0);
    text(&mut bytes, event.stream);
    bytes.extend_from_slice(&event.version.0.to_be_bytes());
    bytes.extend_from_slice(event.id.0.as_bytes());
    text(&mut bytes, event.kind);
    bytes.extend_from_slice(&event.schema_version.to_be_bytes());
    text(&mut bytes, event.occurred_at);
    bytes.extend_from_slice(&event.recorded_at.0.timestamp_micros().to_be_bytes());
    text(&mut bytes, event.metadata);
    text(&mut bytes, event.data);
    Hash(*blake3::hash(&bytes).as_bytes())
}

/// The link of the log's chain after `previous`.
pub(crate) fn log_link(previous: Hash, stream_hash: Hash) -> Hash {
    let mut bytes = [0; LOG_TAG.len() + 64];
    let (tag, hashes) = bytes.split_at_mut(LOG_TAG.len());
    tag.copy_from_slice(LOG_TAG);
    hashes[..32].copy_from_slice(&previous.0);
    hashes[32..].copy_from_slice(&stream_hash.0);
    Hash(*blake3::hash(&bytes).as_bytes())
}

/// The link that an event read from a log ought to bear after `previous`.
#[must_use]
pub fn expected_hash(previous: Hash, event: &RecordedEvent) -> Hash {
    written_hash(previous, event, event.recorded_at)
}

/// The link that an event ought to bear after `previous`, if it was written at `recorded_at`.
pub(crate) fn written_hash(previous: Hash, event: &RecordedEvent, recorded_at: RecordedAt) -> Hash {
    let occurred_at = event.occurred_at.to_string();
    stream_link(
        previous,
        &Covered {
            stream: event.stream.as_str(),
            version: event.version,
            id: event.id,
            kind: &event.kind,
            schema_version: event.schema_version,
            occurred_at: &occurred_at,
            recorded_at,
            metadata: &event.metadata,
            data: &event.data,
        },
    )
}

/// Length first: no two lists of texts have the same bytes.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered() -> Covered<'static> {
        Covered {
            stream: "unit-slemdal",
            version: Version(1),
            id: EventId(uuid::Uuid::from_u128(1)),
            kind: "unit-registered",
            schema_version: 1,
            occurred_at: "2020-01-01",
            recorded_at: RecordedAt("2020-01-02T10:00:00Z".parse().unwrap()),
            metadata: "{}",
            data: r#"{"kind":"other"}"#,
        }
    }

    /// The chain is wire format: receipts quote it.
    #[test]
    fn the_link_of_a_known_event_is_for_ever_this_one() {
        let link = stream_link(Hash::ROOT, &covered());
        assert_eq!(
            (link.to_string(), log_link(Hash::ROOT, link).to_string()),
            (
                "2e69667937791a56165a514eaada0a1a910c2f03158c31a1ca45591727a7c7ab".to_owned(),
                "d34e72d081f1d46c9cb6efb3b2f890fe90fe802c23572e6208ea874b5f02b9c0".to_owned()
            )
        );
    }

    #[test]
    fn moving_a_character_between_fields_changes_the_link() {
        let moved = Covered {
            kind: "unit-registere",
            ..covered()
        };
        assert_ne!(
            stream_link(Hash::ROOT, &covered()),
            stream_link(Hash::ROOT, &moved)
        );
        let (one, other) = (
            Covered {
                metadata: "{}a",
                data: "b",
                ..covered()
            },
            Covered {
                metadata: "{}",
                data: "ab",
                ..covered()
            },
        );
        assert_ne!(
            stream_link(Hash::ROOT, &one),
            stream_link(Hash::ROOT, &other)
        );
    }

    #[test]
    fn each_link_rests_on_the_one_before() {
        let first = stream_link(Hash::ROOT, &covered());
        assert_ne!(first, stream_link(first, &covered()));
        assert_ne!(log_link(Hash::ROOT, first), log_link(first, first));
    }
}
