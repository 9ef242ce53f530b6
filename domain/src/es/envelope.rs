//! What every event carries around its data. It is complete from event 1: nothing of it can be
//! added to a log afterwards.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActorId, ConsentId, CorrelationId, EventId, OccurredAt, Position, RecordedAt, Version,
};
use crate::words::UnitId;

/// The name of a stream: `<category>-<key>`, such as `participant-0192…` or `unit-slemdal`. A clone
/// is cheap: each event of a history carries the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct StreamName(Arc<str>);

/// Text that does not name a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stream's name is a category of lower-case letters, a hyphen, and a key of at most 100 characters of a-z, 0-9, '-' and '~'"
)]
pub struct StreamNameError;

impl StreamName {
    /// The stream of `key` in `category`.
    ///
    /// # Panics
    /// If the category holds anything but lower-case letters, or the key anything but `a-z`,
    /// `0-9`, `-` and `~`: both come from typed ids, which cannot.
    #[must_use]
    pub fn new(category: &str, key: impl fmt::Display) -> Self {
        format!("{category}-{key}")
            .parse()
            .expect("typed ids make well-formed stream names")
    }

    /// What kind of stream it is: the decider's [`CATEGORY`](super::Decider::CATEGORY).
    #[must_use]
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or("", |(category, _)| category)
    }

    /// Which one it is.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, key)| key)
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for StreamName {
    type Error = StreamNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (category, key) = text.split_once('-').ok_or(StreamNameError)?;
        let category_fits =
            !category.is_empty() && category.bytes().all(|b| b.is_ascii_lowercase());
        let key_fits = (1..=100).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-~".contains(&b));
        if category_fits && key_fits {
            Ok(Self(text.into()))
        } else {
            Err(StreamNameError)
        }
    }
}

impl FromStr for StreamName {
    type Err = StreamNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .try_into()
            .map_err(serde::de::Error::custom)
    }
}

/// In which capacity somebody acts. What each may do is decided in one place, by the API.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Employed mentor of a department (veileder).
    Veileder,
    /// Recruits and follows up a department's tidgivere.
    TidgiverCoordinator,
    /// Leads a department.
    DepartmentLeader,
    /// Leads the programme nationally.
    NationalLead,
    /// Asks for figures.
    Analyst,
    /// A treatment institution, as a person or a machine.
    Institution,
    /// A volunteer (tidgiver).
    Tidgiver,
    /// Runs the service.
    Operator,
    /// The person themselves.
    Participant,
    /// The program, carrying out a policy.
    System,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// A pseudonym.
    pub id: ActorId,
    /// In which capacity.
    pub role: Role,
}

/// The system an event came from, as a short code (`stegspor`, `import`, an institution's id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SourceSystem(pub String);

/// The W3C trace context of the request that led to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent(String);

impl TryFrom<String> for TraceParent {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let shape = [2, 32, 16, 2];
        let fits = text.len() == 55
            && text.split('-').count() == 4
            && text.split('-').zip(shape).all(|(part, length)| {
                part.len() == length
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            });
        if fits {
            Ok(Self(text))
        } else {
            Err("a traceparent is 00-<32 hex>-<16 hex>-<2 hex>")
        }
    }
}

impl TraceParent {
    /// The header's text: version, trace, span and flags, joined by hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TraceParent> for String {
    fn from(traceparent: TraceParent) -> Self {
        traceparent.0
    }
}

/// The part of the envelope that the writer brings, besides what the event is and when it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Who told it.
    pub actor: Actor,
    /// On behalf of which unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Through which system.
    pub source: SourceSystem,
    /// The request that set it in motion.
    pub correlation_id: CorrelationId,
    /// The event that led to this one, where a policy carried it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// The consent it rests on, where one is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<ConsentId>,
    /// The trace of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// A digest of the request's body: it tells a request that is repeated from an id that is
    /// used twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_digest: Option<String>,
}

/// An event on its way to the log.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its name for ever.
    pub id: EventId,
    /// What kind of fact it is.
    pub kind: &'static str,
    /// The shape of its data.
    pub schema_version: u16,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// Who told it, and how.
    pub metadata: Metadata,
    /// The fact, as a JSON object.
    pub data: String,
}

/// A link of a hash chain (BLAKE3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first link.
    pub const ROOT: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An event as the log holds it.
///
/// `metadata` and `data` stay the JSON text that was stored: it is what the hash covers, and most
/// readers need only one of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Its name for ever.
    pub id: EventId,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Its place in the stream.
    pub version: Version,
    /// Its place in the log.
    pub position: Position,
    /// What kind of fact it is.
    pub kind: String,
    /// The shape of its data.
    pub schema_version: u16,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it became known.
    pub recorded_at: RecordedAt,
    /// [`Metadata`] as JSON.
    pub metadata: String,
    /// The fact as JSON.
    pub data: String,
    /// The link of the stream's chain that covers this event and all before it in the stream.
    pub hash: Hash,
}

impl RecordedEvent {
    /// Who told it, and how.
    pub fn read_metadata(&self) -> Result<Metadata, serde_json::Error> {
        serde_json::from_str(&self.metadata)
    }
}

/// An event without the part of its envelope that no decision rests on: where it stands in the
/// log, when it became known, who told it, and its hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its name for ever.
    pub id: EventId,
    /// Its place in the stream.
    pub version: Version,
    /// What kind of fact it is.
    pub kind: String,
    /// The shape of its data.
    pub schema_version: u16,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// The fact as JSON.
    pub data: String,
}

impl From<RecordedEvent> for Fact {
    fn from(event: RecordedEvent) -> Self {
        Self {
            id: event.id,
            version: event.version,
            kind: event.kind,
            schema_version: event.schema_version,
            occurred_at: event.occurred_at,
            data: event.data,
        }
    }
}
