//! Cooperations: a unit and a department, how they work together, and what came of it in visits
//! and head counts (rules D10 and D41).

mod view;

pub(crate) use view::count_visits;
pub use view::{Anchored, CooperationSummary, Cooperations, CooperationsView, Presence, Structure};

use domain::{
    cooperation::{
        Agreement, Anchoring, CooperationFact as F, CooperationId, PauseReason, Rhythm, Setting,
    },
    es::Day,
    event::DomainEvent,
    words::{StaffId, UnitId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Happened, Projection, column::kept_as_word, row::row};

/// Whether a cooperation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CooperationStanding {
    /// It runs.
    Running,
    /// It pauses.
    Paused,
}

/// Whose heads were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadCount {
    /// Patients who were told of Steg for Steg.
    Informed,
    /// Patients who showed interest.
    Interested,
    /// Staff who were told of Steg for Steg.
    StaffInformed,
}
kept_as_word!(CooperationStanding, HeadCount);

row! {
    /// One cooperation, as it is now.
    CooperationRow in "cooperation_v1" of cooperation, named by [cooperation] {
        /// Unit and department, as the stream is named.
        cooperation: String,
        /// The unit.
        unit: UnitId,
        /// The department.
        department: UnitId,
        /// Whether it runs.
        standing: CooperationStanding,
        /// Why it pauses.
        pause_reason: Option<PauseReason>,
        /// First day.
        begun: Day,
        /// Since when it pauses.
        paused_since: Option<Day>,
        /// Who coordinates it at the department.
        coordinator: StaffId,
        /// Whether there is an agreement.
        agreement: Option<Agreement>,
        /// How often Steg for Steg is present.
        rhythm: Option<Rhythm>,
        /// Where and how.
        settings: Vec<Setting>,
        /// Anchoring in the leadership.
        leadership: Option<Anchoring>,
        /// Anchoring in the treatment.
        treatment: Option<Anchoring>,
    }
}

row! {
    /// One visit.
    PresenceRow in "presence_v1" of cooperation, named by [position] {
        /// Where it stands in the log.
        position: i64,
        /// Unit and department, as the stream is named.
        cooperation: String,
        /// The unit.
        unit: UnitId,
        /// The department.
        department: UnitId,
        /// The day.
        held: Day,
        /// What the visit was.
        setting: Setting,
    }
}

row! {
    /// One count of heads.
    HeadCountRow in "head_count_v1" of cooperation, named by [position] {
        /// Where it stands in the log.
        position: i64,
        /// Unit and department, as the stream is named.
        cooperation: String,
        /// The unit.
        unit: UnitId,
        /// The department.
        department: UnitId,
        /// The day.
        counted: Day,
        /// Whose.
        whose: HeadCount,
        /// How many.
        heads: i64,
    }
}

fn fact_of<'a>(happened: &Happened<'a>) -> Option<(CooperationId, &'a F)> {
    match &happened.event.event {
        DomainEvent::Cooperation(fact) => Some((happened.event.stream.key().parse().ok()?, fact)),
        _ => None,
    }
}

fn position(happened: &Happened<'_>) -> i64 {
    i64::try_from(happened.event.position.0).unwrap_or(i64::MAX)
}

/// Folds cooperations.
#[derive(Debug)]
pub struct Cooperation;

impl Projection for Cooperation {
    const CATEGORY: &'static str = "cooperation";
    type Row = CooperationRow;

    fn apply(rows: &mut Vec<CooperationRow>, happened: &Happened<'_>) {
        let Some((id, fact)) = fact_of(happened) else {
            return;
        };
        let day = happened.day;
        if let F::CooperationBegun(begun) = fact {
            if let Some(row) = rows.first_mut() {
                row.standing = CooperationStanding::Running;
                row.coordinator = begun.coordinator;
                row.pause_reason = None;
                row.paused_since = None;
            } else {
                rows.push(CooperationRow {
                    cooperation: id.to_string(),
                    unit: id.unit,
                    department: id.department,
                    standing: CooperationStanding::Running,
                    pause_reason: None,
                    begun: day,
                    paused_since: None,
                    coordinator: begun.coordinator,
                    agreement: None,
                    rhythm: None,
                    settings: vec![],
                    leadership: None,
                    treatment: None,
                });
            }
            return;
        }
        let Some(row) = rows.first_mut() else {
            return;
        };
        match fact {
            F::AgreementSigned(signed) => row.agreement = Some(signed.agreement),
            F::StructureDescribed(described) => {
                row.rhythm = Some(described.rhythm);
                row.settings.clone_from(&described.settings);
            }
            F::AnchoringAssessed(assessed) => {
                row.leadership = Some(assessed.leadership);
                row.treatment = Some(assessed.treatment);
            }
            F::CooperationPaused(paused) => {
                row.standing = CooperationStanding::Paused;
                row.pause_reason = Some(paused.reason);
                row.paused_since = Some(day);
            }
            F::CooperationBegun(_)
            | F::PresenceHeld(_)
            | F::PatientsInformed(_)
            | F::InterestShown(_)
            | F::StaffInformed(_)
            | F::EntryCorrected(_)
            | F::EntryRetracted(_) => {}
        }
    }
}

/// Folds visits.
#[derive(Debug)]
pub struct Visits;

impl Projection for Visits {
    const CATEGORY: &'static str = "cooperation";
    const ONLY_ADDS: bool = true;
    type Row = PresenceRow;

    fn apply(rows: &mut Vec<PresenceRow>, happened: &Happened<'_>) {
        if let Some((id, F::PresenceHeld(visit))) = fact_of(happened) {
            rows.push(PresenceRow {
                position: position(happened),
                cooperation: id.to_string(),
                unit: id.unit,
                department: id.department,
                held: happened.day,
                setting: visit.setting,
            });
        }
    }
}

/// Folds head counts.
#[derive(Debug)]
pub struct HeadCounts;

impl Projection for HeadCounts {
    const CATEGORY: &'static str = "cooperation";
    const ONLY_ADDS: bool = true;
    type Row = HeadCountRow;

    fn apply(rows: &mut Vec<HeadCountRow>, happened: &Happened<'_>) {
        let Some((id, fact)) = fact_of(happened) else {
            return;
        };
        let (whose, heads) = match fact {
            F::PatientsInformed(informed) => (HeadCount::Informed, informed.count),
            F::InterestShown(shown) => (HeadCount::Interested, shown.count),
            F::StaffInformed(informed) => (HeadCount::StaffInformed, informed.count),
            _ => return,
        };
        rows.push(HeadCountRow {
            position: position(happened),
            cooperation: id.to_string(),
            unit: id.unit,
            department: id.department,
            counted: happened.day,
            whose,
            heads: i64::from(heads),
        });
    }
}
