//! What is known of a tidgiver.

use super::TidgiverFact as F;
use crate::{
    es::{Day, Entry},
    words::{TidgiverCredentials, UnitId},
};

/// A tidgiver's life stages.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum TidgiverState {
    /// Has not offered time.
    #[default]
    Unknown,
    /// On the way to being approved.
    Candidate(Preparation),
    /// May be matched, from the day of the approval.
    Approved(Preparation, Day),
    /// Gives no time any more; what they had been through until then, and the day of an approval.
    Left(Preparation, Option<Day>),
}

/// What a tidgiver has been through.
#[derive(Debug, Clone, PartialEq)]
pub struct Preparation {
    /// The department they give time in.
    pub department: UnitId,
    /// Was interviewed.
    pub interviewed: bool,
    /// Was trained.
    pub trained: bool,
    /// Accepted the ground rules.
    pub ground_rules_accepted: bool,
}

impl TidgiverState {
    pub(super) fn evolve(self, entry: &Entry<F>) -> Self {
        match (&entry.event, self) {
            (F::TidgiverApplied(application), Self::Unknown | Self::Left(..)) => {
                Self::Candidate(Preparation {
                    department: application.department.clone(),
                    interviewed: false,
                    trained: false,
                    ground_rules_accepted: false,
                })
            }
            (F::TidgiverInterviewed(_), state) => state.with(|known| known.interviewed = true),
            (F::TidgiverTrained(_), state) => state.with(|known| known.trained = true),
            (F::TidgiverGroundRulesAccepted(_), state) => {
                state.with(|known| known.ground_rules_accepted = true)
            }
            (F::TidgiverApproved(_), Self::Candidate(known)) => Self::Approved(known, entry.day()),
            (F::TidgiverLeft(_), Self::Candidate(known)) => Self::Left(known, None),
            (F::TidgiverLeft(_), Self::Approved(known, on)) => Self::Left(known, Some(on)),
            (
                F::TidgiverApplied(_)
                | F::TidgiverApproved(_)
                | F::TidgiverLeft(_)
                | F::TidgiverInterestsRecorded(_)
                | F::TidgiverAvailabilityChanged(_)
                | F::EntryCorrected(_)
                | F::EntryRetracted(_),
                state,
            ) => state,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Preparation)) -> Self {
        if let Self::Candidate(known) | Self::Approved(known, _) = &mut self {
            change(known);
        }
        self
    }

    /// What a decision on a participant's stream needs to know; `None` for somebody unknown.
    #[must_use]
    pub fn credentials(&self) -> Option<TidgiverCredentials> {
        match self {
            Self::Left(..) => None,
            state => state.last_credentials(),
        }
    }

    /// The same for what was decided before, which somebody who left meanwhile was part of.
    #[must_use]
    pub fn last_credentials(&self) -> Option<TidgiverCredentials> {
        let (known, approved_on) = match self {
            Self::Candidate(known) => (known, None),
            Self::Approved(known, on) => (known, Some(*on)),
            Self::Left(known, on) => (known, *on),
            Self::Unknown => return None,
        };
        Some(TidgiverCredentials {
            department: known.department.clone(),
            approved_on,
            ground_rules_accepted: known.ground_rules_accepted,
        })
    }
}
