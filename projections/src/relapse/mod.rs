//! Relapses: one row an episode, from the report to the return.

use domain::{
    es::{Day, EventId},
    participant::{ParticipantFact as F, RelapseContactMade},
    words::{ParticipantId, StayId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// A relapse and what followed. A further report before the return belongs to the same one.
    RelapseRow in "relapse_v1" of participant_id, named by [relapse_id] {
        /// The event that reported it.
        relapse_id: EventId,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// Day of the relapse.
        reported: Day,
        /// Day on which contact was last tried in vain, before the person was reached.
        tried: Option<Day>,
        /// Day on which the person was reached.
        contacted: Option<Day>,
        /// Day of the return.
        returned: Option<Day>,
    }
}

/// Folds relapses.
#[derive(Debug)]
pub struct Relapse;

impl Projection for Relapse {
    const CATEGORY: &'static str = "participant";
    type Row = RelapseRow;

    fn apply(rows: &mut Vec<RelapseRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let day = happened.day;
        let open = rows
            .iter_mut()
            .find(|row| row.stay_id == to.stay_id && row.returned.is_none());
        match (to.fact, open) {
            (F::RelapseReported(_), None) => rows.push(RelapseRow {
                relapse_id: happened.event.id,
                participant_id: to.participant_id,
                stay_id: to.stay_id,
                reported: day,
                tried: None,
                contacted: None,
                returned: None,
            }),
            (F::RelapseContactMade(RelapseContactMade { reached }), Some(row))
                if row.contacted.is_none() =>
            {
                if *reached {
                    row.contacted = Some(day);
                } else {
                    row.tried = Some(day);
                }
            }
            (F::Returned(_), Some(row)) => row.returned = Some(day),
            _ => {}
        }
    }
}
