//! Goals: one row a goal. Its wording is in the vault; the row knows where.

use domain::{
    es::{Day, VaultEntryId},
    participant::{ParticipantFact as F, Progress},
    words::{GoalId, ParticipantId, StayId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// A goal that a participant set.
    GoalRow in "goal_v1" of participant_id, named by [stay_id, goal_id] {
        /// Its name.
        goal_id: GoalId,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// Its wording: the vault's entry.
        wording: VaultEntryId,
        /// That the participant agreed to it (rule D18).
        agreed: bool,
        /// Day on which it was set.
        set_on: Day,
        /// How far it has come, as last said.
        progress: Option<Progress>,
        /// Day on which that was said.
        progress_on: Option<Day>,
        /// Day on which it was reached.
        reached_on: Option<Day>,
        /// Day on which it was let go.
        dropped_on: Option<Day>,
    }
}

/// Folds goals.
#[derive(Debug)]
pub struct Goals;

impl Projection for Goals {
    const CATEGORY: &'static str = "participant";
    type Row = GoalRow;

    fn apply(rows: &mut Vec<GoalRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let day = happened.day;
        let mut change = |goal_id, step: &dyn Fn(&mut GoalRow)| {
            let mut of_stay = rows.iter_mut().filter(|row| row.stay_id == to.stay_id);
            if let Some(row) = of_stay.find(|row| row.goal_id == goal_id) {
                step(row);
            }
        };
        match to.fact {
            F::GoalReached(reached) => change(reached.goal_id, &|row| row.reached_on = Some(day)),
            F::GoalDropped(dropped) => change(dropped.goal_id, &|row| row.dropped_on = Some(day)),
            F::GoalProgressReported(told) => change(told.goal_id, &|row| {
                row.progress = Some(told.progress);
                row.progress_on = Some(day);
            }),
            F::GoalSet(set) => {
                let known = rows
                    .iter()
                    .any(|row| row.stay_id == to.stay_id && row.goal_id == set.goal_id);
                if !known {
                    rows.push(GoalRow {
                        goal_id: set.goal_id,
                        participant_id: to.participant_id,
                        stay_id: to.stay_id,
                        wording: set.text,
                        agreed: set.participant_agreed,
                        set_on: day,
                        progress: None,
                        progress_on: None,
                        reached_on: None,
                        dropped_on: None,
                    });
                }
            }
            _ => {}
        }
    }
}
