//! What is known of a referral.

use super::ReferralFact as F;
use crate::{
    es::{ConsentId, Day, Entry},
    words::{ParticipantId, Situation, UnitId},
};

/// A referral's life stages.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ReferralState {
    /// Nothing was proposed.
    #[default]
    Unknown,
    /// A proposal; without a consent it is in quarantine.
    Proposed(Proposal),
    /// The person said yes.
    Agreed(Proposal, Yes),
    /// The department said welcome.
    Accepted(Proposal, Yes),
    /// The department said "not now".
    Declined(Proposal, Option<Yes>),
    /// Taken back.
    Withdrawn(Proposal, Option<Yes>),
}

/// What was proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The unit that proposes.
    pub from: UnitId,
    /// The department it is proposed to.
    pub to: UnitId,
    /// Where the person stands in their treatment.
    pub situation: Situation,
    /// The consent it came with, if any.
    pub consent_id: Option<ConsentId>,
    /// The day of the proposal.
    pub on: Day,
}

/// The person's yes, and what followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Yes {
    /// The person.
    pub participant_id: ParticipantId,
    /// The consent they gave.
    pub consent_id: ConsentId,
    /// The day of it.
    pub on: Day,
    /// Whether patient, therapist and Steg for Steg have talked together.
    pub joint_conversation: bool,
}

impl ReferralState {
    pub(super) fn evolve(self, entry: &Entry<F>) -> Self {
        match (&entry.event, self) {
            (F::ReferralProposed(proposed), Self::Unknown) => Self::Proposed(Proposal {
                from: proposed.from.clone(),
                to: proposed.to.clone(),
                situation: proposed.situation,
                consent_id: proposed.consent_id,
                on: entry.day(),
            }),
            (F::PatientAgreed(agreed), Self::Proposed(proposal)) => Self::Agreed(
                proposal,
                Yes {
                    participant_id: agreed.participant_id,
                    consent_id: agreed.consent_id,
                    on: entry.day(),
                    joint_conversation: false,
                },
            ),
            (F::JointConversationHeld(_), Self::Agreed(proposal, yes)) => Self::Agreed(
                proposal,
                Yes {
                    joint_conversation: true,
                    ..yes
                },
            ),
            (F::ReferralAccepted(_), Self::Agreed(proposal, yes)) => Self::Accepted(proposal, yes),
            (F::ReferralDeclined(_), Self::Proposed(proposal)) => Self::Declined(proposal, None),
            (F::ReferralDeclined(_), Self::Agreed(proposal, yes)) => {
                Self::Declined(proposal, Some(yes))
            }
            (F::ReferralWithdrawn(_), Self::Proposed(proposal)) => Self::Withdrawn(proposal, None),
            (
                F::ReferralWithdrawn(_),
                Self::Agreed(proposal, yes) | Self::Accepted(proposal, yes),
            ) => Self::Withdrawn(proposal, Some(yes)),
            (F::ReferralWithdrawn(_), Self::Declined(proposal, yes)) => {
                Self::Withdrawn(proposal, yes)
            }
            (
                F::ReferralProposed(_)
                | F::PatientAgreed(_)
                | F::JointConversationHeld(_)
                | F::ReferralAccepted(_)
                | F::ReferralDeclined(_)
                | F::ReferralWithdrawn(_)
                | F::TreatmentAdmitted(_)
                | F::DischargeDateTold(_)
                | F::TreatmentEnded(_)
                | F::TreatmentLeftEarly(_)
                | F::EntryCorrected(_)
                | F::EntryRetracted(_),
                state,
            ) => state,
        }
    }

    /// What was proposed, if anything was.
    #[must_use]
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Unknown => None,
            Self::Proposed(proposal)
            | Self::Agreed(proposal, _)
            | Self::Accepted(proposal, _)
            | Self::Declined(proposal, _)
            | Self::Withdrawn(proposal, _) => Some(proposal),
        }
    }

    /// The person's yes, while it holds.
    #[must_use]
    pub fn yes(&self) -> Option<&Yes> {
        match self {
            Self::Agreed(_, yes) | Self::Accepted(_, yes) => Some(yes),
            Self::Unknown | Self::Proposed(_) | Self::Declined(..) | Self::Withdrawn(..) => None,
        }
    }

    /// The person's yes, whether or not it still carries the referral.
    #[must_use]
    pub fn yes_once_given(&self) -> Option<&Yes> {
        match self {
            Self::Declined(_, yes) | Self::Withdrawn(_, yes) => yes.as_ref(),
            Self::Unknown | Self::Proposed(_) | Self::Agreed(..) | Self::Accepted(..) => self.yes(),
        }
    }
}
