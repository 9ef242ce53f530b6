//! What a command is told to: one stream of one kind.

use domain::{
    cooperation::{Cooperation, CooperationCommand, CooperationFact, CooperationId},
    es::{Decider, DecodeError, PersonKey, StreamName},
    participant::{Participant, ParticipantCommand, ParticipantFact},
    referral::{Referral, ReferralCommand, ReferralFact},
    tidgiver::{Tidgiver, TidgiverCommand, TidgiverFact},
    unit::{Unit, UnitCommand, UnitFact},
    words::{ParticipantId, ReferralId, TidgiverId, UnitId},
};
use serde_json::Value;

use crate::{
    decode::Payload,
    problem::{Problem, Text, general},
};

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A participant's.
    Participant(ParticipantId),
    /// A referral's.
    Referral(ReferralId),
    /// A tidgiver's.
    Tidgiver(TidgiverId),
    /// A cooperation's.
    Cooperation(CooperationId),
    /// A unit's.
    Unit(UnitId),
}

/// A command and the stream it is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// For a participant.
    Participant(ParticipantId, ParticipantCommand),
    /// For a referral.
    Referral(ReferralId, ReferralCommand),
    /// For a tidgiver.
    Tidgiver(TidgiverId, TidgiverCommand),
    /// For a cooperation.
    Cooperation(CooperationId, CooperationCommand),
    /// For a unit.
    Unit(UnitId, UnitCommand),
}

impl Command {
    /// What kind of stream it is for.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self {
            Self::Participant(..) => Participant::CATEGORY,
            Self::Referral(..) => Referral::CATEGORY,
            Self::Tidgiver(..) => Tidgiver::CATEGORY,
            Self::Cooperation(..) => Cooperation::CATEGORY,
            Self::Unit(..) => Unit::CATEGORY,
        }
    }
}

impl Target {
    /// The target that a stream's category and key name.
    #[must_use]
    pub fn of(category: &str, key: &str) -> Option<Self> {
        Some(match category {
            "participant" => Self::Participant(key.parse().ok()?),
            "referral" => Self::Referral(key.parse().ok()?),
            "tidgiver" => Self::Tidgiver(key.parse().ok()?),
            "cooperation" => Self::Cooperation(key.parse().ok()?),
            "unit" => Self::Unit(key.parse().ok()?),
            _ => return None,
        })
    }

    /// The stream's name.
    #[must_use]
    pub fn stream(&self) -> StreamName {
        match self {
            Self::Participant(id) => Participant::stream(*id),
            Self::Referral(id) => Referral::stream(*id),
            Self::Tidgiver(id) => Tidgiver::stream(*id),
            Self::Cooperation(id) => Cooperation::stream(id),
            Self::Unit(id) => Unit::stream(id),
        }
    }

    /// What of a payload speaks of other parties than those that the target names.
    pub(super) fn contradicted_by(&self, data: &Value) -> Option<Problem> {
        let Self::Cooperation(id) = self else {
            return None;
        };
        let parties = [("unit", &id.unit), ("department", &id.department)];
        // A correction tells the entry anew, in `data`.
        let places = parties.into_iter().flat_map(|(name, party)| {
            ["", "/data"].map(|place| (format!("{place}/{name}"), party))
        });
        let (pointer, party) = places.into_iter().find(|(pointer, party)| {
            data.pointer(pointer)
                .and_then(Value::as_str)
                .is_some_and(|told| told != party.as_str())
        })?;
        let detail = Text::made(
            format!("this is told to the cooperation of {party}"),
            format!("dette fortelles til samarbeidet til {party}"),
        );
        Some(Problem::general(&general::INVALID_DATA).at(pointer, detail))
    }

    /// Whose words a command to it tells, if it is about a person.
    #[must_use]
    pub fn person(&self) -> Option<PersonKey> {
        match self {
            Self::Participant(id) => Some(PersonKey(id.0)),
            Self::Referral(id) => Some(PersonKey(id.0)),
            Self::Tidgiver(id) => Some(PersonKey(id.0)),
            Self::Cooperation(_) | Self::Unit(_) => None,
        }
    }

    /// The command that a checked payload tells.
    pub fn command(&self, payload: &Payload) -> Result<Command, Problem> {
        let (kind, version) = (payload.kind.kind, payload.kind.schema_version);
        let data = payload.data.to_string();
        let command = || -> Result<Command, DecodeError> {
            Ok(match self {
                Self::Participant(id) => Command::Participant(
                    *id,
                    ParticipantFact::read_json(kind, version, &data)?.into(),
                ),
                Self::Referral(id) => {
                    Command::Referral(*id, ReferralFact::read_json(kind, version, &data)?.into())
                }
                Self::Tidgiver(id) => {
                    Command::Tidgiver(*id, TidgiverFact::read_json(kind, version, &data)?.into())
                }
                Self::Cooperation(id) => Command::Cooperation(
                    id.clone(),
                    CooperationFact::read_json(kind, version, &data)?.into(),
                ),
                Self::Unit(id) => Command::Unit(
                    id.clone(),
                    UnitFact::read_json(kind, version, &data)?.into(),
                ),
            })
        };
        command().map_err(|_| Problem::general(&general::INVALID_DATA))
    }
}

/// The id as it stands in an address: a UUID, a unit, or `unit~department`.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Participant(id) => id.fmt(f),
            Self::Referral(id) => id.fmt(f),
            Self::Tidgiver(id) => id.fmt(f),
            Self::Cooperation(id) => id.fmt(f),
            Self::Unit(id) => id.fmt(f),
        }
    }
}

/// The consent that a payload rests on, for the envelope.
pub(super) fn consent(data: &Value) -> Option<domain::es::ConsentId> {
    data.get("consent_id")?.as_str()?.parse().ok()
}
