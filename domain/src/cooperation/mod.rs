//! A cooperation: how a unit and a department work together, and what it reaches.

mod event;
mod rejection;

pub use event::*;
pub use rejection::CooperationRejection;

use crate::{
    es::{Context, Decider, Entry, StreamName},
    words::{MOST_HEADS, UnitId, World},
};

/// The decider of cooperations.
#[derive(Debug, Clone)]
pub struct Cooperation;

/// Which cooperation: the unit and the department. Written `slemdal~stegforsteg-oslo`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CooperationId {
    /// The unit.
    pub unit: UnitId,
    /// The department.
    pub department: UnitId,
}

impl std::fmt::Display for CooperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.unit, self.department)
    }
}

impl CooperationId {
    /// Rule G1: it is between a registered unit and a registered department.
    pub fn must_be_registered(&self, world: &World) -> Result<(), CooperationRejection> {
        let missing = if world.unit(&self.unit).is_none() {
            &self.unit
        } else if !world.is_department(&self.department) {
            &self.department
        } else {
            return Ok(());
        };
        Err(CooperationRejection::UnknownUnit {
            unit: missing.clone(),
        })
    }
}

/// Text that names no cooperation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a cooperation's id is a unit and a department with '~' between: slemdal~stegforsteg-oslo")]
pub struct CooperationIdError;

impl std::str::FromStr for CooperationId {
    type Err = CooperationIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (unit, department) = text.split_once('~').ok_or(CooperationIdError)?;
        Ok(Self {
            unit: unit.parse().map_err(|_| CooperationIdError)?,
            department: department.parse().map_err(|_| CooperationIdError)?,
        })
    }
}

/// What is known of a cooperation.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum CooperationState {
    /// There is none.
    #[default]
    Unknown,
    /// It runs.
    Running,
    /// It pauses.
    Paused,
}

impl Cooperation {
    /// The stream of one cooperation.
    #[must_use]
    pub fn stream(cooperation: &CooperationId) -> StreamName {
        StreamName::new(Self::CATEGORY, cooperation)
    }
}

impl Decider for Cooperation {
    const CATEGORY: &'static str = "cooperation";
    type State = CooperationState;
    type Command = CooperationCommand;
    type Event = CooperationFact;
    type Rejection = CooperationRejection;
    type World = World;

    fn decide(
        state: &CooperationState,
        command: CooperationCommand,
        context: &Context<'_, World>,
    ) -> Result<Vec<CooperationFact>, CooperationRejection> {
        use CooperationCommand as C;
        use CooperationRejection as Why;
        use CooperationState as S;
        if heads(&command) > u64::from(MOST_HEADS) {
            return Err(Why::TooMany { most: MOST_HEADS });
        }
        match (&command, state) {
            (C::BeginCooperation(begun), S::Unknown | S::Paused) => {
                let id = CooperationId {
                    unit: begun.unit.clone(),
                    department: begun.department.clone(),
                };
                id.must_be_registered(context.world)?;
            }
            (C::BeginCooperation(_), S::Running) | (C::PauseCooperation(_), S::Paused) => {
                return Ok(vec![]);
            }
            // Whether there is such an entry, the walk of the command has looked.
            (C::CorrectEntry(_) | C::RetractEntry(_), _) => {}
            (_, S::Unknown) => return Err(Why::NotBegun),
            (
                C::SignAgreement(_)
                | C::DescribeStructure(_)
                | C::AssessAnchoring(_)
                | C::HoldPresence(_)
                | C::InformPatients(_)
                | C::ShowInterest(_)
                | C::InformStaff(_)
                | C::PauseCooperation(_),
                S::Running | S::Paused,
            ) => {}
        }
        Ok(vec![command.into_fact()])
    }

    fn evolve(state: CooperationState, entry: &Entry<CooperationFact>) -> CooperationState {
        use CooperationFact as F;
        match &entry.event {
            F::CooperationBegun(_) => CooperationState::Running,
            F::CooperationPaused(_) if state != CooperationState::Unknown => {
                CooperationState::Paused
            }
            F::CooperationPaused(_)
            | F::AgreementSigned(_)
            | F::StructureDescribed(_)
            | F::AnchoringAssessed(_)
            | F::PresenceHeld(_)
            | F::PatientsInformed(_)
            | F::InterestShown(_)
            | F::StaffInformed(_)
            | F::EntryCorrected(_)
            | F::EntryRetracted(_) => state,
        }
    }
}

/// The heads that a command counts, if it counts any.
fn heads(command: &CooperationCommand) -> u64 {
    use CooperationCommand as C;
    match command {
        C::InformPatients(PatientsInformed { count, .. })
        | C::ShowInterest(InterestShown { count, .. })
        | C::InformStaff(StaffInformed { count, .. }) => u64::from(*count),
        C::CorrectEntry(correction) => correction.data["count"].as_u64().unwrap_or(0),
        C::BeginCooperation(_)
        | C::SignAgreement(_)
        | C::DescribeStructure(_)
        | C::AssessAnchoring(_)
        | C::HoldPresence(_)
        | C::PauseCooperation(_)
        | C::RetractEntry(_) => 0,
    }
}

#[cfg(test)]
mod tests;
