//! Flows: of a unit's patients, how many became participants of a department, and how long each
//! step took.

mod count;
mod referred;

use std::collections::BTreeMap;

use chrono::Datelike;
use domain::{es::Day, words::UnitId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    AskError, Question, Rows, Scope,
    contact::ContactRow,
    cooperation::{CooperationRow, HeadCount, HeadCountRow, Presence, PresenceRow, count_visits},
    journey::JourneyRow,
    patient::PatientRow,
    question::{table, unit_to_bind},
    referral::ReferralRow,
    row::selected,
};

pub use count::{Stage, StageCounts};

use referred::Referred;

/// Asks for the flows from units to departments.
#[derive(Debug, Clone)]
pub struct Flows {
    /// One unit that introduces; all if not told.
    pub from: Option<UnitId>,
    /// One department; all in scope if not told.
    pub to: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// First day of the window; the beginning of time if not told.
    pub since: Option<Day>,
    /// Last day of the window; as of if not told.
    pub until: Option<Day>,
}

/// The flows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FlowsView {
    /// How they are counted.
    pub definition: &'static str,
    /// First day of the window.
    pub since: Option<Day>,
    /// Last day of the window.
    pub until: Day,
    /// By unit and department.
    pub flows: Vec<Flow>,
}

/// The flow from a unit to a department.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Flow {
    /// The unit.
    pub from: UnitId,
    /// The department.
    pub to: UnitId,
    /// The steps, in their order.
    pub stages: Vec<Stage>,
    /// The partner's own count.
    pub counted_by_partner: i64,
    /// Steg for Steg's count.
    pub counted_by_steg_for_steg: i64,
    /// The same steps by the month of the proposal, or of the head count.
    pub months: Vec<Month>,
    /// The visits within the window.
    pub presence: Presence,
}

/// The steps of one month's proposals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Month {
    /// Such as `2020-03`.
    pub month: String,
    /// How many reached each step.
    #[serde(flatten)]
    pub counts: StageCounts,
}

const DEFINITION: &str = "informed, interested: heads counted on days within the window \
    (nobody is a person yet). proposed: referrals proposed within the window; every later stage \
    counts those of them that reached it by as_of. kartlegging, participant, matched: the stay \
    that the person's yes opened, or was in. in-at-3-months (6, 12): participation begun and not \
    ended 91 (182, 365) days later, where that day has come; observed: for how many participants \
    it has. median_days_from_previous: over \
    those who reached both the stage and the one named before it (participant for matched, \
    proposed for declined and withdrawn); none for head counts and in-at. counted_by_partner: \
    persons with an accepted referral from the unit to the department, who were the unit's \
    patients within the window (treatment, with consent, begun by its end and not over before its \
    beginning) and had a contact or were participants within it. counted_by_steg_for_steg: \
    persons with a stay at the department, with an accepted referral from the unit or any \
    consented treatment phase there, and a contact-held or oppdrag-meeting-held within the window.";

struct Heads {
    unit: UnitId,
    department: UnitId,
    counted: Day,
    whose: HeadCount,
    number: i64,
}
selected!(Heads {
    unit,
    department,
    counted,
    whose,
    number
});

struct Pair {
    from_unit: UnitId,
    to_unit: UnitId,
}
selected!(Pair { from_unit, to_unit });

struct Counted {
    from_unit: UnitId,
    to_unit: UnitId,
    persons: i64,
}
selected!(Counted {
    from_unit,
    to_unit,
    persons
});

impl Question for Flows {
    type View = FlowsView;
    const TABLES: &'static [&'static str] = &[
        table::<ContactRow>(),
        table::<CooperationRow>(),
        table::<HeadCountRow>(),
        table::<JourneyRow>(),
        table::<PatientRow>(),
        table::<PresenceRow>(),
        table::<ReferralRow>(),
    ];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<FlowsView, AskError> {
        let until = self.until.map_or(as_of, |until| until.min(as_of));
        let since = self.since.map_or(chrono::NaiveDate::default(), |day| day.0);
        let mut pairs: Vec<Pair> = rows
            .sql(include_str!("select_pairs.sql"))
            .bind(unit_to_bind(self.from.as_ref()))
            .bind(unit_to_bind(self.to.as_ref()))
            .bind(self.scope.to_bind())
            .all()
            .await?;
        // Engines order text differently.
        pairs.sort_by(|one, other| {
            (&one.from_unit, &one.to_unit).cmp(&(&other.from_unit, &other.to_unit))
        });
        let referred: Vec<Referred> = rows
            .sql(include_str!("select_referred.sql"))
            .bind(since)
            .bind(until.0)
            .all()
            .await?;
        let heads: Vec<Heads> = rows
            .sql(include_str!("../cooperation/count_heads.sql"))
            .bind(since)
            .bind(until.0)
            .all()
            .await?;
        let by_partner: Vec<Counted> = rows
            .sql(include_str!("count_by_partner.sql"))
            .bind(since)
            .bind(until.0)
            .all()
            .await?;
        let by_steg_for_steg: Vec<Counted> = rows
            .sql(include_str!("count_by_steg_for_steg.sql"))
            .bind(since)
            .bind(until.0)
            .all()
            .await?;
        let visits = count_visits(rows, self.since, until).await?;

        let mut flows: BTreeMap<(UnitId, UnitId), Gathered<'_>> = pairs
            .into_iter()
            .map(|pair| ((pair.from_unit, pair.to_unit), Gathered::default()))
            .collect();
        for referral in &referred {
            let pair = (referral.from_unit.clone(), referral.to_unit.clone());
            if let Some(flow) = flows.get_mut(&pair) {
                flow.referred.push(referral);
            }
        }
        for head in &heads {
            if let Some(flow) = flows.get_mut(&(head.unit.clone(), head.department.clone())) {
                flow.heads.push(head);
            }
        }
        for counted in by_partner {
            if let Some(flow) = flows.get_mut(&(counted.from_unit, counted.to_unit)) {
                flow.by_partner = counted.persons;
            }
        }
        for counted in by_steg_for_steg {
            if let Some(flow) = flows.get_mut(&(counted.from_unit, counted.to_unit)) {
                flow.by_steg_for_steg = counted.persons;
            }
        }
        for visited in &visits {
            let pair = (visited.unit.clone(), visited.department.clone());
            if let Some(flow) = flows.get_mut(&pair) {
                flow.presence = visited.into();
            }
        }
        Ok(FlowsView {
            definition: DEFINITION,
            since: self.since,
            until,
            flows: flows
                .into_iter()
                .map(|((from, to), gathered)| gathered.into_flow(from, to, as_of))
                .collect(),
        })
    }
}

#[derive(Default)]
struct Gathered<'a> {
    referred: Vec<&'a Referred>,
    heads: Vec<&'a Heads>,
    by_partner: i64,
    by_steg_for_steg: i64,
    presence: Presence,
}

impl Gathered<'_> {
    fn into_flow(self, from: UnitId, to: UnitId, as_of: Day) -> Flow {
        let mut total = StageCounts::default();
        let mut months: BTreeMap<String, StageCounts> = BTreeMap::new();
        for referral in &self.referred {
            total.add(referral, as_of);
            months
                .entry(month(referral.proposed))
                .or_default()
                .add(referral, as_of);
        }
        for head in &self.heads {
            total.add_heads(head.whose, head.number);
            months
                .entry(month(head.counted))
                .or_default()
                .add_heads(head.whose, head.number);
        }
        Flow {
            from,
            to,
            stages: total.into_stages(&self.referred),
            counted_by_partner: self.by_partner,
            counted_by_steg_for_steg: self.by_steg_for_steg,
            months: months
                .into_iter()
                .map(|(month, counts)| Month { month, counts })
                .collect(),
            presence: self.presence,
        }
    }
}

fn month(day: Day) -> String {
    format!("{:04}-{:02}", day.0.year(), day.0.month())
}
