//! A unit: an organisation taking part, and the figures it reports of itself.

mod event;
mod rejection;

pub use event::*;
pub use rejection::UnitRejection;

pub use crate::words::UnitKind;
use crate::{
    es::{Context, Decider, Entry, StreamName},
    words::{UnitId, World},
};

/// The decider of units.
#[derive(Debug, Clone)]
pub struct Unit;

/// What is known of a unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum UnitState {
    /// It does not take part.
    #[default]
    Unknown,
    /// It takes part, as it was last registered.
    Registered(UnitRegistered),
}

impl Unit {
    /// The stream of one unit.
    #[must_use]
    pub fn stream(unit: &UnitId) -> StreamName {
        StreamName::new(Self::CATEGORY, unit)
    }
}

impl Decider for Unit {
    const CATEGORY: &'static str = "unit";
    type State = UnitState;
    type Command = UnitCommand;
    type Event = UnitFact;
    type Rejection = UnitRejection;
    type World = World;

    fn decide(
        state: &UnitState,
        command: UnitCommand,
        context: &Context<'_, World>,
    ) -> Result<Vec<UnitFact>, UnitRejection> {
        use UnitCommand::{CorrectEntry, RegisterUnit, ReportKeyFigures, RetractEntry};
        match (&command, state) {
            (RegisterUnit(traits), UnitState::Registered(known)) if traits == known => {
                return Ok(vec![]);
            }
            (RegisterUnit(_), _) => {}
            (_, UnitState::Unknown) => return Err(UnitRejection::NotRegistered),
            (ReportKeyFigures(figures), UnitState::Registered(_)) => {
                if figures.on > context.day() {
                    return Err(UnitRejection::FiguresOfTheFuture);
                }
            }
            (CorrectEntry(_) | RetractEntry(_), UnitState::Registered(_)) => {}
        }
        Ok(vec![command.into_fact()])
    }

    fn evolve(state: UnitState, entry: &Entry<UnitFact>) -> UnitState {
        match &entry.event {
            UnitFact::UnitRegistered(traits) => UnitState::Registered(traits.clone()),
            UnitFact::KeyFiguresReported(_)
            | UnitFact::EntryCorrected(_)
            | UnitFact::EntryRetracted(_) => state,
        }
    }
}
