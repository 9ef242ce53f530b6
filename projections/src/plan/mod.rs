//! Plans and goals (rules D17 to D19): one row a stay's plan, one row a goal.

mod goal;
mod of_participant;

pub use goal::{GoalRow, Goals};
pub use of_participant::{Goal, PlanOfStay, PlansOf, PlansOfView};

use domain::{
    es::Day,
    participant::{ParticipantFact as F, PlanForm},
    words::{ParticipantId, StayId},
};

use crate::{Happened, Projection, journey::PlanState, row::row};

row! {
    /// What a stay's plan is, as last decided. A stay without a row has none yet.
    PlanRow in "plan_v1" of participant_id, named by [stay_id] {
        /// The stay.
        stay_id: StayId,
        /// The person.
        participant_id: ParticipantId,
        /// Made, or declined by choice.
        state: PlanState,
        /// In which form it was made.
        form: Option<PlanForm>,
        /// Since when it is so.
        since: Day,
    }
}

/// Folds plans.
#[derive(Debug)]
pub struct Plans;

impl Projection for Plans {
    const CATEGORY: &'static str = "participant";
    type Row = PlanRow;

    fn apply(rows: &mut Vec<PlanRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let (state, form) = match to.fact {
            F::PlanMade(made) => (PlanState::Made, Some(made.form)),
            F::PlanDeclined(_) => (PlanState::Declined, None),
            _ => return,
        };
        rows.retain(|row| row.stay_id != to.stay_id);
        rows.push(PlanRow {
            stay_id: to.stay_id,
            participant_id: to.participant_id,
            state,
            form,
            since: happened.day,
        });
    }
}
