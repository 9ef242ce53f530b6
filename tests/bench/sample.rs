//! Events as they are in the field: a participant's contacts, with the whole envelope.

use std::sync::Arc;

use domain::{
    es::{
        Actor, ActorId, Append, CorrelationId, EventData, EventId, Expected, Metadata, NewEvent,
        OccurredAt, RecordedAt, Role, SourceSystem, StreamName,
    },
    participant::{
        Channel, ContactChannel, ContactHeld, ContactWith, FirstContactMade, FirstConversationHeld,
        KartleggingDone, Participant, ParticipantEvent, ParticipantFact, ParticipationBegun,
        SupportWish,
    },
    words::{ParticipantId, StayId},
};
use infra::{
    clock::{Clock, SystemClock},
    ids::{IdSource, RandomIds},
};
use uuid::Uuid;

/// The stay that every sample tells of.
pub(crate) const STAY: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000);

/// What tells events apart: ids and times.
pub(crate) struct Samples {
    ids: RandomIds,
    metadata: Metadata,
    contact: String,
}

impl Samples {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            ids: RandomIds::new(Arc::new(SystemClock)),
            metadata: metadata(),
            contact: in_stay(contact()).to_json(),
        })
    }

    /// A new id.
    pub(crate) fn id(&self) -> Uuid {
        self.ids.next()
    }

    /// A new participant's stream.
    pub(crate) fn stream(&self) -> StreamName {
        Participant::stream(ParticipantId(self.id()))
    }

    /// The envelope.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The time now.
    pub(crate) fn now() -> RecordedAt {
        SystemClock.now()
    }

    /// One contact.
    pub(crate) fn event(&self) -> NewEvent {
        NewEvent {
            id: EventId(self.id()),
            kind: "contact-held",
            schema_version: 1,
            occurred_at: occurred_at(),
            metadata: self.metadata.clone(),
            data: self.contact.clone(),
        }
    }

    /// One contact more on a stream.
    pub(crate) fn append(&self, stream: &StreamName, expected: Expected) -> Append {
        Append {
            stream: stream.clone(),
            expected,
            events: vec![self.event()],
            recorded_at: Self::now(),
        }
    }

    /// A participant's first `length` events.
    pub(crate) fn history(&self, length: usize) -> Vec<NewEvent> {
        let beginning = [
            ParticipantFact::FirstContactMade(FirstContactMade {
                department: "stegforsteg-oslo".parse().expect("a unit's id"),
                channels: vec![Channel::OtherParticipants],
                through: None,
                situation: None,
                referral_id: None,
                name: None,
                contact: None,
            }),
            ParticipantFact::FirstConversationHeld(FirstConversationHeld {}),
            ParticipantFact::KartleggingDone(KartleggingDone {
                wishes: vec![SupportWish::Work],
                network_mapped: false,
            }),
            ParticipantFact::ParticipationBegun(ParticipationBegun {}),
        ];
        beginning
            .into_iter()
            .chain(std::iter::repeat_with(contact))
            .take(length)
            .map(in_stay)
            .map(|event| NewEvent {
                kind: event.kind(),
                schema_version: event.schema_version(),
                data: event.to_json(),
                ..self.event()
            })
            .collect()
    }
}

/// A day that every sample tells of.
pub(crate) fn occurred_at() -> OccurredAt {
    "2021-03-01".parse().expect("a date")
}

/// One more contact.
pub(crate) fn contact_held() -> ContactHeld {
    ContactHeld {
        channel: ContactChannel::Phone,
        with: ContactWith::Veileder,
        arena: None,
    }
}

fn contact() -> ParticipantFact {
    ParticipantFact::ContactHeld(contact_held())
}

fn in_stay(fact: ParticipantFact) -> ParticipantEvent {
    ParticipantEvent {
        stay_id: StayId(STAY),
        referral_id: None,
        fact,
    }
}

fn metadata() -> Metadata {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    Metadata {
        actor: Actor {
            id: ActorId(Uuid::from_u128(1 << 120)),
            role: Role::Veileder,
        },
        unit: Some("stegforsteg-oslo".parse().expect("a unit's id")),
        source: SourceSystem("stegspor".to_owned()),
        correlation_id: CorrelationId(Uuid::from_u128(2 << 120)),
        causation_id: None,
        consent_id: None,
        traceparent: Some(traceparent.try_into().expect("a traceparent")),
        request_digest: Some("b94d27b9934d3e08a52e52d7da7dabfa".to_owned()),
    }
}
