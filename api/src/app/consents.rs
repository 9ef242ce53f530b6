//! Which consents of a person hold no more.
//!
//! A withdrawal takes effect at once, for whatever is shown from then on: also of days before it,
//! and also as known before it (rule D5). So answers about persons leave out what rested on a
//! consent that is withdrawn *by now*, as the log says, whatever time they are asked about. Figures
//! name no person, and stay as they were.

use std::collections::BTreeSet;

use domain::{
    es::ConsentId, event::DomainEvent, participant::ParticipantFact, words::ParticipantId,
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
        let withdrawn = known.into_iter().filter_map(|event| match event.event {
            DomainEvent::Participant(event) => match event.fact {
                ParticipantFact::ConsentWithdrawn(withdrawn) => Some(withdrawn.consent_id),
                _ => None,
            },
            _ => None,
        });
        Ok(withdrawn.collect())
    }
}
