//! Contacts: one row a contact or a meeting in an oppdrag. What counts as "in contact within a
//! window" is asked of these.

use domain::{
    es::Day,
    participant::ParticipantFact as F,
    words::{ParticipantId, StayId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// One contact.
    ContactRow in "contact_v1" of participant_id, named by [position] {
        /// Where it stands in the log.
        position: i64,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// The day.
        held: Day,
    }
}

/// Folds contacts.
#[derive(Debug)]
pub struct Contact;

impl Projection for Contact {
    const CATEGORY: &'static str = "participant";
    const ONLY_ADDS: bool = true;
    type Row = ContactRow;

    fn apply(rows: &mut Vec<ContactRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        if let F::ContactHeld(_) | F::OppdragMeetingHeld(_) = to.fact {
            rows.push(ContactRow {
                position: i64::try_from(happened.event.position.0).unwrap_or(i64::MAX),
                participant_id: to.participant_id,
                stay_id: to.stay_id,
                held: happened.day,
            });
        }
    }
}
