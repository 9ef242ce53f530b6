//! Tidgivere: one row a volunteer, with the days of their steps (rule D30).

mod view;

pub use view::{
    OneTidgiver, OneTidgiverView, OpenOppdrag, TidgiverStage, TidgiverTold, Tidgivere,
    TidgivereView,
};

use domain::{
    es::Day,
    event::DomainEvent,
    participant::SupportWish,
    tidgiver::{Language, LeaveReason, TidgiverFact as F},
    words::{TidgiverId, UnitId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// One tidgiver.
    TidgiverRow in "tidgiver_v1" of tidgiver_id, named by [tidgiver_id] {
        /// The tidgiver.
        tidgiver_id: TidgiverId,
        /// The department they give time in.
        department: UnitId,
        /// Day of the application.
        applied: Day,
        /// Day of the interview.
        interviewed: Option<Day>,
        /// Day of the training.
        trained: Option<Day>,
        /// Day on which they accepted the ground rules.
        ground_rules: Option<Day>,
        /// Day of the approval.
        approved: Option<Day>,
        /// Day on which they left.
        left_on: Option<Day>,
        /// Why.
        leave_reason: Option<LeaveReason>,
        /// Oppdrag at once; not told is `NULL`.
        capacity: Option<i64>,
        /// Day on which that was told.
        capacity_on: Option<Day>,
        /// What they like to give time to.
        interests: Vec<SupportWish>,
        /// Languages they speak.
        languages: Vec<Language>,
    }
}

impl TidgiverRow {
    fn applied(tidgiver_id: TidgiverId, department: UnitId, day: Day) -> Self {
        Self {
            tidgiver_id,
            department,
            applied: day,
            interviewed: None,
            trained: None,
            ground_rules: None,
            approved: None,
            left_on: None,
            leave_reason: None,
            capacity: None,
            capacity_on: None,
            interests: vec![],
            languages: vec![],
        }
    }
}

/// Folds tidgivere.
#[derive(Debug)]
pub struct Tidgiver;

impl Projection for Tidgiver {
    const CATEGORY: &'static str = "tidgiver";
    type Row = TidgiverRow;

    fn apply(rows: &mut Vec<TidgiverRow>, happened: &Happened<'_>) {
        let DomainEvent::Tidgiver(fact) = &happened.event.event else {
            return;
        };
        let day = happened.day;
        if let F::TidgiverApplied(applied) = fact {
            let Ok(tidgiver_id) = happened.event.stream.key().parse() else {
                return;
            };
            // Who left and applies again begins anew.
            rows.retain(|row| row.left_on.is_none());
            if rows.is_empty() {
                rows.push(TidgiverRow::applied(
                    tidgiver_id,
                    applied.department.clone(),
                    day,
                ));
            }
            return;
        }
        let Some(row) = rows.first_mut() else {
            return;
        };
        match fact {
            F::TidgiverInterviewed(_) => row.interviewed = row.interviewed.or(Some(day)),
            F::TidgiverTrained(_) => row.trained = row.trained.or(Some(day)),
            F::TidgiverGroundRulesAccepted(_) => {
                row.ground_rules = row.ground_rules.or(Some(day));
            }
            F::TidgiverApproved(_) => row.approved = row.approved.or(Some(day)),
            F::TidgiverInterestsRecorded(recorded) => {
                row.interests.clone_from(&recorded.interests);
                row.languages.clone_from(&recorded.languages);
            }
            F::TidgiverAvailabilityChanged(changed) => {
                row.capacity = Some(i64::from(changed.capacity));
                row.capacity_on = Some(day);
            }
            F::TidgiverLeft(left) => {
                row.left_on = Some(day);
                row.leave_reason = Some(left.reason);
            }
            F::TidgiverApplied(_) | F::EntryCorrected(_) | F::EntryRetracted(_) => {}
        }
    }
}
