//! How a stream's kinds of event are declared: once, with the string that stands on the wire.

use std::fmt::Debug;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{OccurredAt, amend::Amendment};

/// What every event of a stream can do: name its kind, become JSON, and be read back.
///
/// The kind and the schema version are wire format. A new shape is a new version beside the old,
/// and `from_json` reads every version ever stored.
pub trait EventData: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The stable kebab-case name, such as `relapse-reported`.
    fn kind(&self) -> &'static str;
    /// The version of the shape that [`Self::to_json`] writes.
    fn schema_version(&self) -> u16;
    /// The place of the kind in the catalogue, which follows a life's order: it decides which of
    /// two facts of the same moment stands first.
    fn rank(&self) -> u16;
    /// Whether it opens what other facts of its day belong to, such as a stay.
    fn opens(&self) -> bool {
        false
    }
    /// When it counts as having happened, among the facts of its stream: what opens a stay stands
    /// first on its day, so that whatever else is told of that day, by day or by moment, follows.
    fn stands_at(&self, occurred_at: OccurredAt) -> OccurredAt {
        if self.opens() {
            OccurredAt::Day(occurred_at.day())
        } else {
            occurred_at
        }
    }
    /// The data as a JSON object.
    fn to_json(&self) -> String;
    /// Reads the data of any kind and version that was ever stored.
    fn from_json(kind: &str, schema_version: u16, data: &str) -> Result<Self, DecodeError>;
    /// If this event says that an earlier entry was mistaken: which, and what holds instead.
    fn amendment(&self) -> Option<Amendment<'_>>;
    /// The same event with what a correction says in place of what it said.
    fn corrected(&self, schema_version: u16, data: &serde_json::Value)
    -> Result<Self, DecodeError>;
}

/// An event that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No such kind, or no such version of it.
    #[error("unknown kind {kind:?} version {schema_version}")]
    UnknownKind {
        /// The kind that was asked for.
        kind: String,
        /// The version that was asked for.
        schema_version: u16,
    },
    /// The data do not have the shape of their kind.
    #[error("the data of {kind:?} version {schema_version} do not have its shape")]
    Data {
        /// The kind.
        kind: String,
        /// The version.
        schema_version: u16,
        /// What is wrong, and where.
        #[source]
        source: serde_json::Error,
    },
}

impl DecodeError {
    pub(crate) fn data(kind: &str, schema_version: u16, source: serde_json::Error) -> Self {
        Self::Data {
            kind: kind.to_owned(),
            schema_version,
            source,
        }
    }
    pub(crate) fn unknown(kind: &str, schema_version: u16) -> Self {
        Self::UnknownKind {
            kind: kind.to_owned(),
            schema_version,
        }
    }
}

/// One kind of event, and the command that asks for it, as data: what routes, schemas and
/// documentation are made from.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The stream's category, such as `participant`.
    pub stream: &'static str,
    /// The event's name, such as `relapse-reported`.
    pub kind: &'static str,
    /// The version now written.
    pub schema_version: u16,
    /// The command that asks for it, such as `report-relapse`.
    pub command: &'static str,
    /// What it means, in a sentence or two.
    pub doc: &'static str,
    /// Fields that hold words about a person: they go to the vault, the event keeps the entry's id.
    pub personal: &'static [&'static str],
    /// The field that names what this event brings into being, if any: where the sender leaves it
    /// out, the command's own id is taken.
    pub names: Option<&'static str>,
    /// The JSON Schema of the data.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether data have this shape; if not, where they part from it.
    pub check: fn(&serde_json::Value) -> Result<(), Misshape>,
}

/// Where data part from the shape of their kind. Slower to find than that they do: for what comes
/// from outside, not for what the log holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data do not have their shape at {pointer:?}")]
pub struct Misshape {
    /// A JSON pointer into the data.
    pub pointer: String,
    /// What the reader says of it. It may repeat what was sent: for its sender only.
    pub what: String,
}

/// Reads data as a payload, only to say where they do not fit.
pub(crate) fn check<P: serde::de::DeserializeOwned>(
    data: &serde_json::Value,
) -> Result<(), Misshape> {
    use serde_path_to_error::Segment;
    match serde_path_to_error::deserialize::<_, P>(data) {
        Ok(_) => Ok(()),
        Err(error) => {
            let mut pointer = String::new();
            for segment in error.path() {
                pointer.push('/');
                match segment {
                    Segment::Seq { index } => pointer.push_str(&index.to_string()),
                    Segment::Map { key } => {
                        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    }
                    Segment::Enum { variant } => pointer.push_str(variant),
                    Segment::Unknown => pointer.push('?'),
                }
            }
            Err(Misshape {
                pointer,
                what: error.into_inner().to_string(),
            })
        }
    }
}

impl Kind {
    /// Whether it says of an earlier entry that it was mistaken.
    #[must_use]
    pub fn amends(&self) -> bool {
        matches!(self.kind, "entry-corrected" | "entry-retracted")
    }

    /// The type on the wire, such as `no.stegspor.participant.relapse-reported.v1`.
    #[must_use]
    pub fn wire_type(&self) -> String {
        format!(
            "no.stegspor.{}.{}.v{}",
            self.stream, self.kind, self.schema_version
        )
    }
}

/// "That entry was mistaken; this is what it should have said." Obeys the time of learning only:
/// what was known before stays as it was known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryCorrected {
    /// The entry that was mistaken.
    pub entry: super::EventId,
    /// When it really happened.
    pub occurred_at: super::OccurredAt,
    /// The shape of `data`.
    #[serde(default = "first_version")]
    pub schema_version: u16,
    /// What it should have said, in the shape of the mistaken entry's kind.
    pub data: serde_json::Value,
}

const fn first_version() -> u16 {
    1
}

/// Why an entry does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetractionReason {
    /// It is about somebody else.
    WrongPerson,
    /// It stands in the log already.
    Duplicate,
    /// It never happened.
    DidNotHappen,
}

/// "That entry should never have been made."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRetracted {
    /// The entry that does not count.
    pub entry: super::EventId,
    /// Why not.
    pub reason: RetractionReason,
}

/// Declares a stream's facts and the commands that ask for them, one line each:
/// wire name and version, payload, command.
macro_rules! catalogue {
    (
        stream $stream:literal;
        $(#[$facts_doc:meta])* facts $Facts:ident;
        $(#[$commands_doc:meta])* commands $Commands:ident;
        $(
            #[doc = $doc:literal]
            $kind:literal v $version:literal = $Payload:ident, asked by $name:literal $Command:ident
            $(, personal [$($personal:literal),+])? $(, names $names:literal)?;
        )+
    ) => {
        $(#[$facts_doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $Facts {
            $(#[doc = $doc] $Payload($Payload),)+
            /// An earlier entry was mistaken; this holds instead.
            EntryCorrected($crate::es::amend::EntryCorrected),
            /// An earlier entry does not count.
            EntryRetracted($crate::es::amend::EntryRetracted),
        }

        $(#[$commands_doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $Commands {
            $(#[doc = $doc] $Command($Payload),)+
            /// An earlier entry was mistaken; this holds instead.
            CorrectEntry($crate::es::amend::EntryCorrected),
            /// An earlier entry does not count.
            RetractEntry($crate::es::amend::EntryRetracted),
        }

        impl $Facts {
            /// Every kind of this stream, in the order of the catalogue.
            pub const KINDS: &'static [$crate::es::amend::Kind] = &[
                $($crate::es::amend::Kind {
                    stream: $stream, kind: $kind, schema_version: $version, command: $name,
                    doc: $doc,
                    personal: &[$($($personal),+)?],
                    names: $crate::es::catalogue!(@option $($names)?),
                    schema: |generator| generator.subschema_for::<$Payload>(),
                    check: $crate::es::check::<$Payload>,
                },)+
                $crate::es::amend::Kind {
                    stream: $stream, kind: "entry-corrected", schema_version: 1,
                    command: "correct-entry", doc: " An earlier entry was mistaken; this holds instead.",
                    personal: &[], names: None,
                    schema: |generator| generator.subschema_for::<$crate::es::amend::EntryCorrected>(),
                    check: $crate::es::check::<$crate::es::amend::EntryCorrected>,
                },
                $crate::es::amend::Kind {
                    stream: $stream, kind: "entry-retracted", schema_version: 1,
                    command: "retract-entry", doc: " An earlier entry does not count.",
                    personal: &[], names: None,
                    schema: |generator| generator.subschema_for::<$crate::es::amend::EntryRetracted>(),
                    check: $crate::es::check::<$crate::es::amend::EntryRetracted>,
                },
            ];

            /// The place of this fact's kind in the catalogue.
            #[must_use]
            pub fn index(&self) -> usize {
                #[derive(Clone, Copy)]
                enum Index { $($Payload,)+ EntryCorrected, EntryRetracted }
                match self {
                    $(Self::$Payload(_) => Index::$Payload as usize,)+
                    Self::EntryCorrected(_) => Index::EntryCorrected as usize,
                    Self::EntryRetracted(_) => Index::EntryRetracted as usize,
                }
            }

            /// The data as JSON.
            pub(crate) fn write_json(&self) -> String {
                let text = match self {
                    $(Self::$Payload(data) => serde_json::to_string(data),)+
                    Self::EntryCorrected(data) => serde_json::to_string(data),
                    Self::EntryRetracted(data) => serde_json::to_string(data),
                };
                text.expect("the payloads of the catalogue are plain data and always serialise")
            }

            /// Reads the data of one kind and version.
            pub fn read_json(
                kind: &str, schema_version: u16, data: &str,
            ) -> Result<Self, $crate::es::DecodeError> {
                let read = match (kind, schema_version) {
                    $(($kind, $version) => serde_json::from_str(data).map(Self::$Payload),)+
                    ("entry-corrected", 1) => serde_json::from_str(data).map(Self::EntryCorrected),
                    ("entry-retracted", 1) => serde_json::from_str(data).map(Self::EntryRetracted),
                    _ => return Err($crate::es::DecodeError::unknown(kind, schema_version)),
                };
                read.map_err(|source| $crate::es::DecodeError::data(kind, schema_version, source))
            }

            /// If this fact says that an earlier entry was mistaken: which, and what holds instead.
            pub(crate) fn as_amendment(&self) -> Option<$crate::es::amend::Amendment<'_>> {
                match self {
                    Self::EntryCorrected(correction) =>
                        Some($crate::es::amend::Amendment::Corrected(correction)),
                    Self::EntryRetracted(retraction) =>
                        Some($crate::es::amend::Amendment::Retracted(retraction.entry)),
                    $(Self::$Payload(_) => None,)+
                }
            }
        }

        impl $Commands {
            /// The fact that this command asks to have recorded.
            #[must_use]
            pub fn into_fact(self) -> $Facts {
                match self {
                    $(Self::$Command(data) => $Facts::$Payload(data),)+
                    Self::CorrectEntry(data) => $Facts::EntryCorrected(data),
                    Self::RetractEntry(data) => $Facts::EntryRetracted(data),
                }
            }
        }

        impl From<$Facts> for $Commands {
            fn from(fact: $Facts) -> Self {
                match fact {
                    $($Facts::$Payload(data) => Self::$Command(data),)+
                    $Facts::EntryCorrected(data) => Self::CorrectEntry(data),
                    $Facts::EntryRetracted(data) => Self::RetractEntry(data),
                }
            }
        }
    };
    (@option) => { None };
    (@option $value:literal) => { Some($value) };
    // The stream's facts are its events as they stand. One of them may open what the others belong
    // to.
    (@events $Facts:ident $(, opened by $Opening:ident)?) => {
        impl $crate::es::EventData for $Facts {
            fn kind(&self) -> &'static str {
                Self::KINDS[self.index()].kind
            }
            fn schema_version(&self) -> u16 {
                Self::KINDS[self.index()].schema_version
            }
            fn rank(&self) -> u16 {
                u16::try_from(self.index()).expect("a catalogue holds fewer than 65536 kinds")
            }
            $(fn opens(&self) -> bool {
                matches!(self, Self::$Opening(_))
            })?
            fn to_json(&self) -> String {
                self.write_json()
            }
            fn from_json(
                kind: &str, schema_version: u16, data: &str,
            ) -> Result<Self, $crate::es::DecodeError> {
                Self::read_json(kind, schema_version, data)
            }
            fn amendment(&self) -> Option<$crate::es::amend::Amendment<'_>> {
                self.as_amendment()
            }
            fn corrected(
                &self, schema_version: u16, data: &serde_json::Value,
            ) -> Result<Self, $crate::es::DecodeError> {
                Self::read_json(self.kind(), schema_version, &data.to_string())
            }
        }
    };
}
pub(crate) use catalogue;
