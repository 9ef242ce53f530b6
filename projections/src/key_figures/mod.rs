//! Key figures: what units report of themselves, beside what is counted.
//!
//! A report supplies employees, full-time equivalents and, for a unit that keeps no records of
//! tidgivere, their number. Participants are always counted from the stays.

use domain::{es::Day, event::DomainEvent, unit::UnitFact as F, words::UnitId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    AskError, Happened, Projection, Question, Rows,
    journey::JourneyRow,
    question::{table, unit_to_bind},
    row::{row, selected},
    tidgiver::TidgiverRow,
    unit::UnitRow,
};

row! {
    /// What a unit reported for a day; the last report for the day holds.
    KeyFiguresRow in "key_figures_v1" of unit, named by [unit, holds_for] {
        /// The unit.
        unit: UnitId,
        /// The day the figures hold for.
        holds_for: Day,
        /// Employees.
        employees: i64,
        /// Full-time equivalents, in hundredths.
        fte_hundredths: i64,
        /// Tidgivere, from a unit without records of them.
        tidgivere: Option<i64>,
    }
}

/// Folds reported figures.
#[derive(Debug)]
pub struct ReportedFigures;

impl Projection for ReportedFigures {
    const CATEGORY: &'static str = "unit";
    type Row = KeyFiguresRow;

    fn apply(rows: &mut Vec<KeyFiguresRow>, happened: &Happened<'_>) {
        let DomainEvent::Unit(F::KeyFiguresReported(reported)) = &happened.event.event else {
            return;
        };
        let Ok(unit) = happened.event.stream.key().parse() else {
            return;
        };
        let row = KeyFiguresRow {
            unit,
            holds_for: reported.on,
            employees: i64::from(reported.employees),
            fte_hundredths: i64::from(reported.full_time_equivalents_hundredths),
            tidgivere: reported.tidgivere.map(i64::from),
        };
        match rows
            .iter_mut()
            .find(|known| known.holds_for == row.holds_for)
        {
            // What it leaves out stays as it was told.
            Some(known) => {
                let tidgivere = row.tidgivere.or(known.tidgivere);
                *known = KeyFiguresRow { tidgivere, ..row };
            }
            None => rows.push(row),
        }
    }
}

/// Asks for the key figures of the units.
#[derive(Debug, Clone)]
pub struct KeyFigures {
    /// One unit; all if not told.
    pub unit: Option<UnitId>,
}

/// The key figures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KeyFiguresView {
    /// How they are counted.
    pub definition: &'static str,
    /// Unit by unit: the departments, and every other unit that reported figures.
    pub units: Vec<UnitKeyFigures>,
}

/// The key figures of one unit.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UnitKeyFigures {
    /// The unit.
    pub unit: UnitId,
    /// Employees, if reported.
    pub employees: Option<i64>,
    /// Full-time equivalents, if reported.
    pub full_time_equivalents: Option<f64>,
    /// Tidgivere: counted, or reported where the unit keeps no records of them.
    pub tidgivere: Option<i64>,
    /// Participants registered.
    pub participants: i64,
    /// The day the reported employees and full-time equivalents hold for.
    pub reported_for: Option<Day>,
    /// The day the number of tidgivere holds for, where it is reported and not counted.
    pub tidgivere_reported_for: Option<Day>,
}

const DEFINITION: &str = "employees, full_time_equivalents: the unit's last report for a day up \
    to as_of, whenever it was told. tidgivere: approved and not left at the end of as_of; where \
    the unit keeps no records of tidgivere, the number that it reported last for a day up to \
    as_of. participants: stays registered at the end of \
    as_of (an inquiry open or participation begun, neither closed nor ended), counted from the \
    stays and never reported.";

struct Selected {
    unit: UnitId,
    employees: Option<i64>,
    fte_hundredths: Option<i64>,
    reported_tidgivere: Option<i64>,
    holds_for: Option<Day>,
    tidgivere_hold_for: Option<Day>,
    tidgiver_records: i64,
    tidgivere: i64,
    participants: i64,
}
selected!(Selected {
    unit,
    employees,
    fte_hundredths,
    reported_tidgivere,
    holds_for,
    tidgivere_hold_for,
    tidgiver_records,
    tidgivere,
    participants
});

impl Question for KeyFigures {
    type View = KeyFiguresView;
    const TABLES: &'static [&'static str] = &[
        table::<JourneyRow>(),
        table::<KeyFiguresRow>(),
        table::<TidgiverRow>(),
        table::<UnitRow>(),
    ];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<KeyFiguresView, AskError> {
        let mut selected: Vec<Selected> = rows
            .sql(include_str!("select_key_figures.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(as_of.0)
            .all()
            .await?;
        // Engines order text differently.
        selected.sort_by(|one, other| one.unit.cmp(&other.unit));
        Ok(KeyFiguresView {
            definition: DEFINITION,
            units: selected.into_iter().map(UnitKeyFigures::from).collect(),
        })
    }
}

impl From<Selected> for UnitKeyFigures {
    fn from(row: Selected) -> Self {
        let keeps_records = row.tidgiver_records > 0;
        Self {
            unit: row.unit,
            employees: row.employees,
            full_time_equivalents: row
                .fte_hundredths
                .and_then(|hundredths| u32::try_from(hundredths).ok())
                .map(|hundredths| f64::from(hundredths) / 100.0),
            tidgivere: if keeps_records {
                Some(row.tidgivere)
            } else {
                row.reported_tidgivere
            },
            participants: row.participants,
            reported_for: row.holds_for,
            tidgivere_reported_for: row.tidgivere_hold_for.filter(|_| !keeps_records),
        }
    }
}
