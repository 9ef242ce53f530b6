//! The units that take part.

use domain::{
    es::Day,
    words::{UnitId, UnitKind},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::UnitRow;
use crate::{AskError, Question, Rows, question::table};

/// Asks which units take part.
#[derive(Debug, Clone, Copy)]
pub struct Units;

/// The units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitsView {
    /// Which they are.
    pub definition: &'static str,
    /// In the order of their ids.
    pub units: Vec<UnitSummary>,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitSummary {
    /// The unit.
    pub unit: UnitId,
    /// What kind of organisation it is.
    pub kind: UnitKind,
    /// Whether it offers each participant a tidgiver of their own by default (rule D38).
    pub offers_individual_tidgiver: bool,
    /// Day on which it was first registered.
    pub registered: Day,
}

const DEFINITION: &str = "Units registered up to as_of, as they were last registered.";

impl Question for Units {
    type View = UnitsView;
    const TABLES: &'static [&'static str] = &[table::<UnitRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<UnitsView, AskError> {
        let mut found: Vec<UnitRow> = rows.sql(include_str!("select_units.sql")).all().await?;
        // Engines order text differently.
        found.sort_by(|one, other| one.unit.cmp(&other.unit));
        Ok(UnitsView {
            definition: DEFINITION,
            units: found.into_iter().map(UnitSummary::from).collect(),
        })
    }
}

impl From<UnitRow> for UnitSummary {
    fn from(row: UnitRow) -> Self {
        Self {
            unit: row.unit,
            kind: row.kind,
            offers_individual_tidgiver: row.offers_individual_tidgiver,
            registered: row.registered,
        }
    }
}
