//! Which consents of a person hold no more.
//!
//! A withdrawal takes effect at once, for whatever is shown from then on: also of days before it,
//! and also as known before it (rule D5). So answers about persons leave out what rested on a
//! consent that is withdrawn *by now*, as the log says, whatever time they are asked about. Figures
//! name no person, and stay as they were.

use std::collections::BTreeSet;

use domain::{
    es::ConsentId,
    event::{DomainEvent, Recorded},
    participant::ParticipantFact,
    words::ParticipantId,
};

use super::{Application, Target};
use crate::problem::Problem;

impl Application {
    /// The consents that a person has withdrawn by now.
    pub(crate) async fn withdrawn(
        &self,
        person: ParticipantId,
    ) -> Result<BTreeSet<ConsentId>, Problem> {
        let known = self.known(&Target::Participant(person)).await?;
        Ok(withdrawn_in(&known))
    }
}

/// The consents that are withdrawn in the facts that count of a person.
pub(crate) fn withdrawn_in(known: &[Recorded]) -> BTreeSet<ConsentId> {
    let withdrawn = known.iter().filter_map(|event| match fact(event)? {
        ParticipantFact::ConsentWithdrawn(withdrawn) => Some(withdrawn.consent_id),
        _ => None,
    });
    withdrawn.collect()
}

/// The consent that an event rests on, if it tells of treatment.
pub(crate) fn of_treatment(event: &Recorded) -> Option<ConsentId> {
    match fact(event)? {
        ParticipantFact::TreatmentPhaseEntered(entered) => Some(entered.consent_id),
        ParticipantFact::DischargePlanned(planned) => Some(planned.consent_id),
        ParticipantFact::TreatmentLeftEarly(left) => Some(left.consent_id),
        _ => None,
    }
}

fn fact(event: &Recorded) -> Option<&ParticipantFact> {
    match &event.event {
        DomainEvent::Participant(event) => Some(&event.fact),
        _ => None,
    }
}
