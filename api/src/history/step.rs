//! One step of a planned history: a command, its two times, and who tells it.

use domain::{
    cooperation::{CooperationCommand, CooperationId},
    es::{Actor, ActorId, OccurredAt, RecordedAt, Role, StreamName, VaultEntry},
    participant::ParticipantCommand,
    referral::ReferralCommand,
    tidgiver::TidgiverCommand,
    unit::UnitCommand,
    words::{ParticipantId, ReferralId, TidgiverId, UnitId},
};
use uuid::Uuid;

/// A command to one of the five deciders.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// To a unit.
    Unit(UnitId, UnitCommand),
    /// To a tidgiver.
    Tidgiver(TidgiverId, TidgiverCommand),
    /// To a cooperation.
    Cooperation(CooperationId, CooperationCommand),
    /// To a referral.
    Referral(ReferralId, ReferralCommand),
    /// To a participant.
    Participant(ParticipantId, ParticipantCommand),
}

/// Who tells it, on behalf of which unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teller {
    /// Who.
    pub actor: Actor,
    /// On behalf of which unit.
    pub unit: Option<UnitId>,
}

impl Teller {
    pub(super) fn new(id: Uuid, role: Role, unit: &UnitId) -> Self {
        Self {
            actor: Actor {
                id: ActorId(id),
                role,
            },
            unit: Some(unit.clone()),
        }
    }
}

/// A step of a planned history.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The command's id, and so its first event's.
    pub id: Uuid,
    /// When it is told.
    pub recorded_at: RecordedAt,
    /// When what it tells of happened.
    pub occurred_at: OccurredAt,
    /// Who tells it.
    pub teller: Teller,
    /// What is told.
    pub deed: Deed,
    /// The words about a person that its events refer to.
    pub words: Vec<VaultEntry>,
    /// The streams that no later step speaks to: what is known of them may be forgotten.
    pub closes: Vec<StreamName>,
}
