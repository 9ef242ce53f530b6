//! Any event of the log, typed: the one decoder that aggregates, read models, replay, import and
//! export share.

use serde_json::value::RawValue;

use crate::{
    cooperation::CooperationFact,
    es::{
        Day, DecodeError, EventData, EventId, OccurredAt, Position, RecordedAt, RecordedEvent,
        StreamName, Version,
        amend::{Amendment, Kind},
    },
    participant::{ParticipantEvent, ParticipantFact},
    referral::ReferralFact,
    tidgiver::TidgiverFact,
    unit::UnitFact,
};

/// Any event, by its stream.
#[derive(Debug, Clone, PartialEq)]
pub enum DomainEvent {
    /// On a participant's way.
    Participant(ParticipantEvent),
    /// To a referral.
    Referral(ReferralFact),
    /// On a tidgiver's way.
    Tidgiver(TidgiverFact),
    /// Between a unit and a department.
    Cooperation(CooperationFact),
    /// To a unit.
    Unit(UnitFact),
}

/// An event with its place in the log and in the world.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its name.
    pub id: EventId,
    /// The stream.
    pub stream: StreamName,
    /// The place in the stream.
    pub version: Version,
    /// The place in the log.
    pub position: Position,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it became known.
    pub recorded_at: RecordedAt,
    /// What happened.
    pub event: DomainEvent,
}

impl Recorded {
    /// The day in the world that it is of: that on which it happened; figures that a unit reports
    /// are of the day they hold for, whenever they were told.
    #[must_use]
    pub fn day(&self) -> Day {
        match &self.event {
            DomainEvent::Unit(UnitFact::KeyFiguresReported(reported)) => reported.on,
            _ => self.occurred_at.day(),
        }
    }
}

/// Every kind of event there is, stream by stream.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    ParticipantFact::KINDS
        .iter()
        .chain(ReferralFact::KINDS)
        .chain(TidgiverFact::KINDS)
        .chain(CooperationFact::KINDS)
        .chain(UnitFact::KINDS)
}

impl DomainEvent {
    /// Reads the data of an event of `category`.
    pub fn decode(
        category: &str,
        kind: &str,
        schema_version: u16,
        data: &str,
    ) -> Result<Self, DecodeError> {
        match category {
            "participant" => {
                EventData::from_json(kind, schema_version, data).map(Self::Participant)
            }
            "referral" => EventData::from_json(kind, schema_version, data).map(Self::Referral),
            "tidgiver" => EventData::from_json(kind, schema_version, data).map(Self::Tidgiver),
            "cooperation" => {
                EventData::from_json(kind, schema_version, data).map(Self::Cooperation)
            }
            "unit" => EventData::from_json(kind, schema_version, data).map(Self::Unit),
            _ => Err(DecodeError::UnknownKind {
                kind: format!("{category}.{kind}"),
                schema_version,
            }),
        }
    }
}

/// Passes a call on to the event of whichever stream.
macro_rules! each {
    ($self:expr, $event:ident => $body:expr) => {
        match $self {
            Self::Participant($event) => $body,
            Self::Referral($event) => $body,
            Self::Tidgiver($event) => $body,
            Self::Cooperation($event) => $body,
            Self::Unit($event) => $body,
        }
    };
}

impl DomainEvent {
    /// The event's name, such as `relapse-reported`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        each!(self, event => event.kind())
    }

    /// The place of the kind in its stream's catalogue.
    #[must_use]
    pub fn rank(&self) -> u16 {
        each!(self, event => event.rank())
    }

    /// When it counts as having happened, among the facts of its stream
    /// ([`EventData::stands_at`]).
    #[must_use]
    pub fn stands_at(&self, occurred_at: OccurredAt) -> OccurredAt {
        each!(self, event => event.stands_at(occurred_at))
    }

    /// If this event says that an earlier entry was mistaken: which, and what holds instead.
    #[must_use]
    pub fn amendment(&self) -> Option<Amendment<'_>> {
        each!(self, event => event.amendment())
    }

    fn corrected(&self, version: u16, data: &serde_json::Value) -> Result<Self, DecodeError> {
        Ok(match self {
            Self::Participant(event) => Self::Participant(event.corrected(version, data)?),
            Self::Referral(event) => Self::Referral(event.corrected(version, data)?),
            Self::Tidgiver(event) => Self::Tidgiver(event.corrected(version, data)?),
            Self::Cooperation(event) => Self::Cooperation(event.corrected(version, data)?),
            Self::Unit(event) => Self::Unit(event.corrected(version, data)?),
        })
    }

    /// The data as JSON.
    #[must_use]
    pub fn to_json(&self) -> Box<RawValue> {
        let text = each!(self, event => event.to_json());
        RawValue::from_string(text).expect("events write well-formed JSON")
    }
}

impl Recorded {
    /// Reads a stored event.
    pub fn decode(event: RecordedEvent) -> Result<Self, DecodeError> {
        let data = DomainEvent::decode(
            event.stream.category(),
            &event.kind,
            event.schema_version,
            &event.data,
        )?;
        Ok(Self {
            id: event.id,
            stream: event.stream,
            version: event.version,
            position: event.position,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            event: data,
        })
    }
}

impl crate::es::amend::Amendable for Recorded {
    fn id(&self) -> EventId {
        self.id
    }
    fn amendment(&self) -> Option<Amendment<'_>> {
        self.event.amendment()
    }
    fn corrected(self, correction: &crate::es::amend::EntryCorrected) -> Self {
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

#[cfg(test)]
mod tests;
