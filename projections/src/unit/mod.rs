//! Units: one row an organisation that takes part.

mod registered;

pub use registered::{UnitSummary, Units, UnitsView};

use domain::{
    es::Day,
    event::DomainEvent,
    unit::UnitFact as F,
    words::{UnitId, UnitKind},
};

use crate::{Happened, Projection, row::row};

row! {
    /// One unit.
    UnitRow in "unit_v1" of unit, named by [unit] {
        /// The unit.
        unit: UnitId,
        /// What kind of organisation it is.
        kind: UnitKind,
        /// Whether it offers each participant a tidgiver of their own by default (rule D38).
        offers_individual_tidgiver: bool,
        /// Day on which it was first registered.
        registered: Day,
    }
}

/// Folds units.
#[derive(Debug)]
pub struct Unit;

impl Projection for Unit {
    const CATEGORY: &'static str = "unit";
    type Row = UnitRow;

    fn apply(rows: &mut Vec<UnitRow>, happened: &Happened<'_>) {
        let DomainEvent::Unit(F::UnitRegistered(registered)) = &happened.event.event else {
            return;
        };
        if let Some(row) = rows.first_mut() {
            row.kind = registered.kind;
            row.offers_individual_tidgiver = registered.offers_individual_tidgiver;
        } else if let Ok(unit) = happened.event.stream.key().parse() {
            rows.push(UnitRow {
                unit,
                kind: registered.kind,
                offers_individual_tidgiver: registered.offers_individual_tidgiver,
                registered: happened.day,
            });
        }
    }
}
