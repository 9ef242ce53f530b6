//! How units and departments work together.

use domain::{
    cooperation::{Agreement, Anchoring, PauseReason, Rhythm, Setting},
    es::Day,
    words::{StaffId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CooperationRow, CooperationStanding, PresenceRow};
use crate::{
    AskError, Question, Rows, Scope,
    question::{table, unit_to_bind},
    row::selected,
};

/// Asks how units and departments work together.
#[derive(Debug, Clone)]
pub struct Cooperations {
    /// One unit; all if not told.
    pub unit: Option<UnitId>,
    /// One department; all in scope if not told.
    pub department: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
}

/// The cooperations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CooperationsView {
    /// How it is counted.
    pub definition: &'static str,
    /// Each, by unit and department.
    pub cooperations: Vec<CooperationSummary>,
}

/// One cooperation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CooperationSummary {
    /// The unit.
    pub unit: UnitId,
    /// The department.
    pub department: UnitId,
    /// Whether it runs.
    pub standing: CooperationStanding,
    /// First day.
    pub begun: Day,
    /// Since when it pauses.
    pub paused_since: Option<Day>,
    /// Why it pauses.
    pub pause_reason: Option<PauseReason>,
    /// Who coordinates it at the department.
    pub coordinator: StaffId,
    /// Whether there is an agreement; `null` if it was not talked over.
    pub agreement: Option<Agreement>,
    /// How the two work together.
    pub structure: Structure,
    /// How firmly it is anchored.
    pub anchoring: Anchored,
    /// The visits.
    pub presence: Presence,
}

/// How the two work together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Structure {
    /// How often Steg for Steg is present.
    pub rhythm: Option<Rhythm>,
    /// Where and how.
    pub settings: Vec<Setting>,
}

/// How firmly a cooperation is anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Anchored {
    /// In the leadership.
    pub leadership: Option<Anchoring>,
    /// In the treatment.
    pub treatment: Option<Anchoring>,
}

/// Visits of Steg for Steg at a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Presence {
    /// How many.
    pub visits: i64,
    /// Day of the first.
    pub first: Option<Day>,
    /// Day of the last.
    pub last: Option<Day>,
}

const DEFINITION: &str = "Each cooperation as last described as of the day. presence: visits \
    held up to as_of, with the days of the first and the last.";

pub(crate) struct Visited {
    pub(crate) unit: UnitId,
    pub(crate) department: UnitId,
    visits: i64,
    first_held: Option<Day>,
    last_held: Option<Day>,
}
selected!(Visited {
    unit,
    department,
    visits,
    first_held,
    last_held
});

impl From<&Visited> for Presence {
    fn from(visited: &Visited) -> Self {
        Self {
            visits: visited.visits,
            first: visited.first_held,
            last: visited.last_held,
        }
    }
}

pub(crate) async fn count_visits(
    rows: &mut Rows<'_>,
    since: Option<Day>,
    until: Day,
) -> Result<Vec<Visited>, sqlx::Error> {
    rows.sql(include_str!("count_visits.sql"))
        .bind(since.map_or(chrono::NaiveDate::default(), |day| day.0))
        .bind(until.0)
        .all()
        .await
}

impl Question for Cooperations {
    type View = CooperationsView;
    const TABLES: &'static [&'static str] = &[table::<CooperationRow>(), table::<PresenceRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<CooperationsView, AskError> {
        let mut found: Vec<CooperationRow> = rows
            .sql(include_str!("select_cooperations.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(unit_to_bind(self.department.as_ref()))
            .bind(self.scope.to_bind())
            .all()
            .await?;
        // Engines order text differently.
        found.sort_by(|one, other| {
            (&one.unit, &one.department).cmp(&(&other.unit, &other.department))
        });
        let visited = count_visits(rows, None, as_of).await?;
        let presence = |row: &CooperationRow| {
            visited
                .iter()
                .find(|visited| visited.unit == row.unit && visited.department == row.department)
                .map(Presence::from)
                .unwrap_or_default()
        };
        let cooperations = found
            .into_iter()
            .map(|row| CooperationSummary {
                presence: presence(&row),
                unit: row.unit,
                department: row.department,
                standing: row.standing,
                begun: row.begun,
                paused_since: row.paused_since,
                pause_reason: row.pause_reason,
                coordinator: row.coordinator,
                agreement: row.agreement,
                structure: Structure {
                    rhythm: row.rhythm,
                    settings: row.settings,
                },
                anchoring: Anchored {
                    leadership: row.leadership,
                    treatment: row.treatment,
                },
            })
            .collect();
        Ok(CooperationsView {
            definition: DEFINITION,
            cooperations,
        })
    }
}
