//! Worries about safety: one row each, from raised to acknowledged (rule D35).

use domain::{
    es::Day,
    participant::ParticipantFact as F,
    words::{ConcernId, OppdragId, ParticipantId, StayId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// A worry about somebody's safety.
    SafetyConcernRow in "safety_concern_v1" of participant_id, named by [participant_id, concern_id] {
        /// Its name.
        concern_id: ConcernId,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// In which oppdrag.
        oppdrag_id: Option<OppdragId>,
        /// Day on which it was raised.
        raised: Day,
        /// Day on which somebody took it on.
        acknowledged: Option<Day>,
    }
}

/// Folds worries about safety.
#[derive(Debug)]
pub struct SafetyConcern;

impl Projection for SafetyConcern {
    const CATEGORY: &'static str = "participant";
    type Row = SafetyConcernRow;

    fn apply(rows: &mut Vec<SafetyConcernRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        match to.fact {
            F::SafetyConcernRaised(raised)
                if rows.iter().any(|row| row.concern_id == raised.concern_id) => {}
            F::SafetyConcernRaised(raised) => rows.push(SafetyConcernRow {
                concern_id: raised.concern_id,
                participant_id: to.participant_id,
                stay_id: to.stay_id,
                oppdrag_id: raised.oppdrag_id,
                raised: happened.day,
                acknowledged: None,
            }),
            F::SafetyConcernAcknowledged(taken_on) => {
                let known = rows
                    .iter_mut()
                    .find(|row| row.concern_id == taken_on.concern_id);
                if let Some(row) = known {
                    row.acknowledged = row.acknowledged.or(Some(happened.day));
                }
            }
            _ => {}
        }
    }
}
