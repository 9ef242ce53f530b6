//! Patients: one row a stay and a unit at which the person was, with consent, in some phase of
//! treatment.

use domain::{
    es::Day,
    participant::{ParticipantFact as F, TreatmentPhase},
    words::{ParticipantId, StayId, UnitId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// A person's time with a treating unit, as far as consented.
    PatientRow in "patient_v1" of participant_id, named by [stay_id, unit] {
        /// The stay during which it was told.
        stay_id: StayId,
        /// The treating unit.
        unit: UnitId,
        /// The person.
        participant_id: ParticipantId,
        /// Day of the first phase told, of whatever kind.
        since: Day,
        /// Day from which the treatment itself ran.
        treated_since: Option<Day>,
        /// Day on which it was over.
        treated_until: Option<Day>,
    }
}

/// Folds patients.
#[derive(Debug)]
pub struct Patient;

impl Projection for Patient {
    const CATEGORY: &'static str = "participant";
    type Row = PatientRow;

    fn apply(rows: &mut Vec<PatientRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let day = happened.day;
        let (unit, phase) = match to.fact {
            F::TreatmentPhaseEntered(entered) => (&entered.unit, entered.phase),
            F::TreatmentLeftEarly(left) => (&left.unit, TreatmentPhase::After),
            _ => return,
        };
        let known = rows
            .iter()
            .position(|row| row.stay_id == to.stay_id && row.unit == *unit);
        let at = known.unwrap_or_else(|| {
            rows.push(PatientRow {
                stay_id: to.stay_id,
                unit: unit.clone(),
                participant_id: to.participant_id,
                since: day,
                treated_since: None,
                treated_until: None,
            });
            rows.len() - 1
        });
        let row = &mut rows[at];
        match phase {
            TreatmentPhase::Before => {}
            TreatmentPhase::During | TreatmentPhase::Discharge => {
                row.treated_since = row.treated_since.or(Some(day));
                row.treated_until = None;
            }
            TreatmentPhase::After => row.treated_until = Some(day),
        }
    }
}
