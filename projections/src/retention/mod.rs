//! Retention: how long participation lasts, and what follows a relapse.

mod kaplan_meier;
mod steps;

pub use kaplan_meier::{CurvePoint, Spell, curve, median_days};
pub use steps::{Estimate, Step, curve_of_steps};

use std::collections::BTreeMap;

use chrono::Datelike;
use domain::{es::Day, words::UnitId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    AskError, Question, Rows, Scope,
    journey::JourneyRow,
    median::median,
    question::{table, unit_to_bind},
    referral::ReferralRow,
    relapse::RelapseRow,
    row::selected,
};

/// Asks how long participation lasts.
#[derive(Debug, Clone)]
pub struct Retention {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Only persons that this unit introduced.
    pub introduced_by: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
}

/// How long participation lasts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RetentionView {
    /// How it is counted.
    pub definition: &'static str,
    /// By the quarter in which participation began.
    pub cohorts: Vec<Cohort>,
    /// The estimate, with the recorded days of the ends.
    pub curve: Vec<CurvePoint>,
    /// The estimate, with ends that were learned late put at the last contact.
    pub curve_ended_at_last_contact: Vec<CurvePoint>,
    /// The estimate, with ends put at the day on which they were learned.
    pub curve_ended_when_learned: Vec<CurvePoint>,
    /// Days after which at most half are still in; `null` if more than half are.
    pub median_days: Option<i64>,
    /// What followed relapses.
    pub relapses: Relapses,
}

/// Those whose participation began in the same quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cohort {
    /// Such as `2020-Q1`.
    pub cohort: String,
    /// How many began.
    pub size: i64,
    /// How many have ended.
    pub ended: i64,
    /// How many were still in some days later.
    pub still_in: Vec<StillIn>,
}

/// How many of a cohort were still in some days after the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StillIn {
    /// Days after the beginning.
    pub days: i64,
    /// Persons for whom that day has come.
    pub observed: i64,
    /// Of these, still in.
    pub still_in: i64,
}

/// What followed relapses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Relapses {
    /// Relapses reported.
    pub reported: i64,
    /// Of these, the person was reached.
    pub contacted: i64,
    /// Of these, the person returned.
    pub returned: i64,
    /// Days from the relapse to the contact, in the middle.
    pub median_days_to_contact: Option<f64>,
    /// Days from the relapse to the return, in the middle.
    pub median_days_to_return: Option<f64>,
}

const DEFINITION: &str = "Time from participation-begun to participation-ended, in days, \
    right-censored at as_of; a return after an end is a new stay. curve: Kaplan-Meier, ends before \
    censorings of the same day; lower and upper: 95 % by Greenwood's variance on the scale of \
    log(-log S). curve_ended_at_last_contact: an end recorded after the day it is said to have \
    happened is put at the last contact. curve_ended_when_learned: each end is put at the day on \
    which it was recorded; if that is after as_of, the stay is censored. median_days: first day \
    with survival of at most one half. cohorts: by the quarter of participation-begun. relapses: \
    contacted when the person was reached. Unit is the department of the stay now; introduced_by: \
    the unit through which the first contact came, or whose referral opened the stay.";

struct Stay {
    begun: Day,
    ended: Option<Day>,
    last_contact: Option<Day>,
    end_recorded: Option<Day>,
}
selected!(Stay {
    begun,
    ended,
    last_contact,
    end_recorded
});

struct Relapse {
    reported: Day,
    contacted: Option<Day>,
    returned: Option<Day>,
}
selected!(Relapse {
    reported,
    contacted,
    returned
});

impl Stay {
    fn spell(&self, ended: Option<Day>, as_of: Day) -> Spell {
        let ended = ended.filter(|day| *day <= as_of);
        Spell {
            days: ended.unwrap_or(as_of).days_since(self.begun).max(0),
            ended: ended.is_some(),
        }
    }

    fn ended_at_last_contact(&self) -> Option<Day> {
        let ended = self.ended?;
        if self.end_recorded.is_none_or(|learned| learned <= ended) {
            return Some(ended);
        }
        Some(
            self.last_contact
                .unwrap_or(self.begun)
                .clamp(self.begun, ended.max(self.begun)),
        )
    }

    fn ended_when_learned(&self) -> Option<Day> {
        let ended = self.ended?;
        Some(
            self.end_recorded
                .map_or(ended, |learned| learned.max(ended)),
        )
    }
}

impl Question for Retention {
    type View = RetentionView;
    const TABLES: &'static [&'static str] = &[
        table::<JourneyRow>(),
        table::<ReferralRow>(),
        table::<RelapseRow>(),
    ];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<RetentionView, AskError> {
        let stays: Vec<Stay> = rows
            .sql(include_str!("select_stays.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(unit_to_bind(self.introduced_by.as_ref()))
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let relapses: Vec<Relapse> = rows
            .sql(include_str!("select_relapses.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(unit_to_bind(self.introduced_by.as_ref()))
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let curve_of = |end: fn(&Stay) -> Option<Day>| {
            let spells: Vec<Spell> = stays
                .iter()
                .map(|stay| stay.spell(end(stay), as_of))
                .collect();
            curve(&spells)
        };
        let recorded = curve_of(|stay| stay.ended);
        Ok(RetentionView {
            definition: DEFINITION,
            cohorts: cohorts(&stays, as_of),
            median_days: median_days(&recorded),
            curve: recorded,
            curve_ended_at_last_contact: curve_of(Stay::ended_at_last_contact),
            curve_ended_when_learned: curve_of(Stay::ended_when_learned),
            relapses: follow_up(&relapses),
        })
    }
}

fn cohorts(stays: &[Stay], as_of: Day) -> Vec<Cohort> {
    let mut cohorts: BTreeMap<(i32, u32), Cohort> = BTreeMap::new();
    for stay in stays {
        let (year, quarter) = (stay.begun.0.year(), stay.begun.0.month0() / 3 + 1);
        let cohort = cohorts.entry((year, quarter)).or_insert_with(|| Cohort {
            cohort: format!("{year}-Q{quarter}"),
            size: 0,
            ended: 0,
            still_in: [90, 182, 365]
                .map(|days| StillIn {
                    days,
                    observed: 0,
                    still_in: 0,
                })
                .to_vec(),
        });
        cohort.size += 1;
        cohort.ended += i64::from(stay.ended.is_some());
        for after in &mut cohort.still_in {
            let then = stay.begun.plus(after.days.unsigned_abs());
            if then <= as_of {
                after.observed += 1;
                after.still_in += i64::from(stay.ended.is_none_or(|ended| ended > then));
            }
        }
    }
    cohorts.into_values().collect()
}

fn follow_up(relapses: &[Relapse]) -> Relapses {
    let days = |step: fn(&Relapse) -> Option<Day>| -> Vec<i64> {
        relapses
            .iter()
            .filter_map(|relapse| Some(step(relapse)?.days_since(relapse.reported)))
            .collect()
    };
    let mut to_contact = days(|relapse| relapse.contacted);
    let mut to_return = days(|relapse| relapse.returned);
    let count = |days: &[i64]| i64::try_from(days.len()).unwrap_or(i64::MAX);
    Relapses {
        reported: i64::try_from(relapses.len()).unwrap_or(i64::MAX),
        contacted: count(&to_contact),
        returned: count(&to_return),
        median_days_to_contact: median(&mut to_contact),
        median_days_to_return: median(&mut to_return),
    }
}
