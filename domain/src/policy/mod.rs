//! What follows from a fact in another stream: pure, from an event to commands.
//!
//! A reaction bears an id derived from the event that caused it, so that carrying it out twice
//! records it once; a decider that finds it unneeded decides nothing.

use uuid::Uuid;

use crate::{
    es::{Entry, EventId},
    participant::{
        Channel, ConsentGiven, ConsentPurpose, ConsentWithdrawn, DischargePlanned,
        FirstContactMade, ParticipantCommand, ParticipantEvent, ParticipantFact, ParticipantState,
        TreatmentLeftEarly, TreatmentPhase, TreatmentPhaseEntered,
    },
    referral::{ReferralCommand, ReferralFact, ReferralState, ReferralWithdrawn, WithdrawnBy},
    words::{ParticipantId, ReferralId, Situation},
};

/// A command that follows from a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// To a participant's stream.
    Participant(ParticipantId, ParticipantCommand),
    /// To a referral's stream.
    Referral(ReferralId, ReferralCommand),
}

/// The id of the n-th reaction to an event: the same each time.
#[must_use]
pub fn reaction_id(cause: EventId, n: usize) -> Uuid {
    Uuid::new_v5(&cause.0, format!("reaction {n}").as_bytes())
}

/// What follows from a fact about a referral, given what is known after it.
///
/// A patient's yes opens an inquiry (rule D4); what is then told of the treatment, with the consent
/// that came with the yes, becomes part of the person's own journey. A consent withdrawn towards
/// the unit is withdrawn for the person too (rule D5).
#[must_use]
pub fn after_referral(
    referral_id: ReferralId,
    state: &ReferralState,
    entry: &Entry<ReferralFact>,
) -> Vec<Reaction> {
    if let (ReferralFact::ReferralWithdrawn(withdrawn), Some(yes)) =
        (&entry.event, state.yes_once_given())
    {
        let consent_id = yes.consent_id;
        let withdraw = ParticipantCommand::WithdrawConsent(ConsentWithdrawn { consent_id });
        return match withdrawn.by {
            WithdrawnBy::ConsentWithdrawn => {
                vec![Reaction::Participant(yes.participant_id, withdraw)]
            }
            _ => vec![],
        };
    }
    let (Some(proposal), Some(yes)) = (state.proposal(), state.yes()) else {
        return vec![];
    };
    let unit = proposal.from.clone();
    let consent_id = yes.consent_id;
    let phase = |phase| {
        ParticipantCommand::EnterTreatmentPhase(TreatmentPhaseEntered {
            unit: unit.clone(),
            phase,
            consent_id,
        })
    };
    let commands = match &entry.event {
        ReferralFact::PatientAgreed(_) => {
            let mut commands = vec![
                ParticipantCommand::MakeFirstContact(FirstContactMade {
                    department: proposal.to.clone(),
                    channels: vec![Channel::TherapistOrPrisonStaff],
                    through: Some(unit.clone()),
                    situation: Some(proposal.situation),
                    referral_id: Some(referral_id),
                    name: None,
                    contact: None,
                }),
                ParticipantCommand::GiveConsent(ConsentGiven {
                    consent_id,
                    purpose: ConsentPurpose::Cooperation,
                    unit: unit.clone(),
                    referral_id: Some(referral_id),
                }),
            ];
            let known_phase = match proposal.situation {
                Situation::BeforeTreatment => Some(TreatmentPhase::Before),
                Situation::InPatient | Situation::OutPatient => Some(TreatmentPhase::During),
                Situation::AfterTreatment => Some(TreatmentPhase::After),
                Situation::Untreated
                | Situation::ServingSentence
                | Situation::AfterSentence
                | Situation::NextOfKin
                | Situation::MildMentalIllness => None,
            };
            commands.extend(known_phase.map(phase));
            commands
        }
        ReferralFact::TreatmentAdmitted(_) => vec![phase(TreatmentPhase::During)],
        ReferralFact::DischargeDateTold(told) => {
            vec![ParticipantCommand::PlanDischarge(DischargePlanned {
                unit: unit.clone(),
                on: told.on,
                consent_id,
            })]
        }
        ReferralFact::TreatmentEnded(_) => vec![phase(TreatmentPhase::After)],
        ReferralFact::TreatmentLeftEarly(_) => {
            vec![ParticipantCommand::LeaveTreatmentEarly(
                TreatmentLeftEarly {
                    unit: unit.clone(),
                    consent_id,
                },
            )]
        }
        ReferralFact::ReferralProposed(_)
        | ReferralFact::JointConversationHeld(_)
        | ReferralFact::ReferralAccepted(_)
        | ReferralFact::ReferralDeclined(_)
        | ReferralFact::ReferralWithdrawn(_)
        | ReferralFact::EntryCorrected(_)
        | ReferralFact::EntryRetracted(_) => vec![],
    };
    commands
        .into_iter()
        .map(|command| Reaction::Participant(yes.participant_id, command))
        .collect()
}

/// What follows from a fact about a participant, given what is known after it.
///
/// A consent withdrawn stops the referral that rests on it, at once (rule D5).
#[must_use]
pub fn after_participant(
    state: &ParticipantState,
    entry: &Entry<ParticipantEvent>,
) -> Vec<Reaction> {
    let ParticipantState::Known(person) = state else {
        return vec![];
    };
    let ParticipantFact::ConsentWithdrawn(withdrawn) = &entry.event.fact else {
        return vec![];
    };
    let consent = person.consents.get(&withdrawn.consent_id);
    let by = WithdrawnBy::ConsentWithdrawn;
    consent
        .and_then(|consent| consent.given.referral_id)
        .map(|referral_id| {
            Reaction::Referral(
                referral_id,
                ReferralCommand::WithdrawReferral(ReferralWithdrawn { by }),
            )
        })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests;
