//! A unit: an organisation taking part, and the figures it reports of itself.

mod event;
mod rejection;

use serde::Deserialize;

pub use event::*;
pub use rejection::UnitRejection;

pub use crate::words::UnitKind;
use crate::{
    es::{Context, Day, Decider, Entry, StreamName},
    words::{MOST_HEADS, UnitId, World},
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
            // Whether there is such an entry, the walk of the command has looked.
            (CorrectEntry(correction), _) => {
                if let Ok(figures) = KeyFiguresReported::deserialize(&correction.data) {
                    may_be_reported(&figures, context.day())?;
                }
            }
            (RegisterUnit(_) | RetractEntry(_), _) => {}
            (_, UnitState::Unknown) => return Err(UnitRejection::NotRegistered),
            (ReportKeyFigures(figures), UnitState::Registered(_)) => {
                may_be_reported(figures, context.day())?;
            }
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

/// Figures are of a day that has come, and of a unit that can be (rule G9).
fn may_be_reported(figures: &KeyFiguresReported, day: Day) -> Result<(), UnitRejection> {
    if figures.on > day {
        return Err(UnitRejection::FiguresOfTheFuture);
    }
    let hundredths = figures.full_time_equivalents_hundredths;
    let told = [
        ("employees", figures.employees, MOST_HEADS),
        (
            "full_time_equivalents_hundredths",
            hundredths,
            MOST_HEADS * 100,
        ),
        ("tidgivere", figures.tidgivere.unwrap_or(0), MOST_HEADS),
    ];
    match told.into_iter().find(|(_, told, most)| told > most) {
        Some((field, _, most)) => Err(UnitRejection::TooMany { field, most }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::es::{EventId, amend::EntryCorrected, spec::given, spec::nth_id};

    fn oslo(offers_individual_tidgiver: bool) -> UnitRegistered {
        UnitRegistered {
            kind: UnitKind::Department,
            offers_individual_tidgiver,
        }
    }

    fn figures() -> KeyFiguresReported {
        KeyFiguresReported {
            on: "2020-12-31".parse::<Day>().unwrap(),
            employees: 4,
            full_time_equivalents_hundredths: 350,
            tidgivere: None,
        }
    }

    #[test]
    fn a_unit_is_added_by_registering_it_and_d38_may_change_what_it_offers() {
        given::<Unit>([])
            .when("2016-01-01", UnitCommand::RegisterUnit(oslo(true)))
            .then([UnitFact::UnitRegistered(oslo(true))]);
        let registered = [("2016-01-01", UnitFact::UnitRegistered(oslo(true)))];
        given::<Unit>(registered.clone())
            .when("2017-01-01", UnitCommand::RegisterUnit(oslo(true)))
            .then_nothing();
        given::<Unit>(registered)
            .when("2017-01-01", UnitCommand::RegisterUnit(oslo(false)))
            .then([UnitFact::UnitRegistered(oslo(false))]);
    }

    #[test]
    fn g1_only_a_registered_unit_reports() {
        given::<Unit>([])
            .when("2021-01-10", UnitCommand::ReportKeyFigures(figures()))
            .then_rejected(&UnitRejection::NotRegistered);
    }

    #[test]
    fn g2_figures_are_of_a_day_that_has_come() {
        let registered = [("2016-01-01", UnitFact::UnitRegistered(oslo(true)))];
        given::<Unit>(registered.clone())
            .when("2020-12-30", UnitCommand::ReportKeyFigures(figures()))
            .then_rejected(&UnitRejection::FiguresOfTheFuture);
        given::<Unit>(registered)
            .when("2021-01-10", UnitCommand::ReportKeyFigures(figures()))
            .then([UnitFact::KeyFiguresReported(figures())]);
    }

    #[test]
    fn g8_figures_are_of_a_unit_that_can_be_corrected_ones_too() {
        let registered = [("2016-01-01", UnitFact::UnitRegistered(oslo(true)))];
        let too_many = |field, most| UnitRejection::TooMany { field, most };
        for (field, most) in [
            ("employees", 100_000),
            ("full_time_equivalents_hundredths", 10_000_000),
            ("tidgivere", 100_000),
        ] {
            let with = |count: u32| {
                let mut told = serde_json::json!({
                    "on": "2020-12-31", "employees": 4, "full_time_equivalents_hundredths": 350,
                });
                told[field] = count.into();
                told
            };
            let report = |count| KeyFiguresReported::deserialize(with(count)).unwrap();
            let correction = |count| {
                UnitCommand::CorrectEntry(EntryCorrected {
                    entry: EventId(nth_id(0)),
                    occurred_at: "2021-01-09".parse().unwrap(),
                    schema_version: 1,
                    data: with(count),
                })
            };
            let on = "2021-01-10";
            given::<Unit>(registered.clone())
                .when(on, UnitCommand::ReportKeyFigures(report(most)))
                .then([UnitFact::KeyFiguresReported(report(most))]);
            for command in [
                UnitCommand::ReportKeyFigures(report(most + 1)),
                correction(most + 1),
            ] {
                given::<Unit>(registered.clone())
                    .when(on, command)
                    .then_rejected(&too_many(field, most));
            }
        }
    }
}
