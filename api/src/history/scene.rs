//! What all lives of a history share: who works where, who gives time, and where time stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    es::Day,
    words::{StaffId, TidgiverId, UnitId},
};
use uuid::Uuid;

use super::units::{self, unit};

/// The employees of a department, under pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentStaff {
    /// Leads the department.
    pub leader: StaffId,
    /// Follows up its tidgivere.
    pub coordinator: StaffId,
    /// The veiledere. The first of them left in the course of the history.
    pub veiledere: Vec<StaffId>,
}

/// A tidgiver, as far as a match needs to know.
#[derive(Debug, Clone)]
pub(super) struct Volunteer {
    pub(super) id: TidgiverId,
    pub(super) approved: Day,
    pub(super) left: Option<Day>,
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) seed: u64,
    pub(super) staff: BTreeMap<UnitId, DepartmentStaff>,
    pub(super) volunteers: BTreeMap<UnitId, Vec<Volunteer>>,
    /// The day on which each department's first veileder left.
    pub(super) turnover: Day,
    /// Moments with nothing untold: what happened before one of them is told by then, unless a plan
    /// says otherwise.
    pub(super) lines: Vec<DateTime<Utc>>,
    /// The last day that anything happens on.
    pub(super) horizon: Day,
}

/// The pseudonym of somebody who is the same in every play.
pub(super) fn pseudonym(who: &str) -> Uuid {
    const HISTORY: Uuid = Uuid::from_u128(0x0573_6567_7370_6f72_8000_6869_7374_6f72);
    Uuid::new_v5(&HISTORY, who.as_bytes())
}

/// The pseudonym under which a unit that is no department tells what it tells.
pub(super) fn unit_pseudonym(unit: &UnitId) -> Uuid {
    pseudonym(unit.as_str())
}

/// The pseudonym of the national lead.
pub(super) fn national_lead() -> Uuid {
    pseudonym("national lead")
}

/// The employees of every department.
pub(super) fn staff() -> BTreeMap<UnitId, DepartmentStaff> {
    units::DEPARTMENTS
        .iter()
        .map(|(department, _)| {
            let veiledere = match *department {
                units::KRISTIANSAND => 7,
                units::FREDRIKSTAD | units::DRAMMEN => 3,
                _ => 4,
            };
            let person = |role: &str| StaffId(pseudonym(&format!("{role} {department}")));
            let staff = DepartmentStaff {
                leader: person("leader"),
                coordinator: person("coordinator"),
                veiledere: (1..=veiledere)
                    .map(|n| person(&format!("veileder {n}")))
                    .collect(),
            };
            (unit(department), staff)
        })
        .collect()
}

impl Scene {
    /// The employees of a department.
    pub(super) fn at(&self, department: &UnitId) -> &DepartmentStaff {
        self.staff
            .get(department)
            .expect("every life belongs to one of the departments")
    }
}
