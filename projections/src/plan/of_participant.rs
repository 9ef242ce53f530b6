//! The plans of one person, with their goals.

use domain::{
    es::{Day, StreamName, VaultEntryId},
    participant::{Participant, PlanForm, Progress},
    words::{GoalId, ParticipantId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{GoalRow, PlanRow};
use crate::{
    AskError, Question, Rows, Scope,
    journey::{JourneyRow, PlanState},
    question::table,
};

/// Asks for the plans of one person, of the stays that are in scope.
#[derive(Debug, Clone)]
pub struct PlansOf {
    /// The person.
    pub participant_id: ParticipantId,
    /// Of which departments the asker may hear: of the stays that these hold.
    pub scope: Scope,
}

/// The plans of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlansOfView {
    /// What it shows.
    pub definition: &'static str,
    /// The person.
    pub participant_id: ParticipantId,
    /// One a stay, the newest first.
    pub plans: Vec<PlanOfStay>,
}

/// The plan (tiltaksplan) of one stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanOfStay {
    /// The stay.
    pub stay_id: StayId,
    /// The department.
    pub department: UnitId,
    /// Day of the stay's first contact.
    pub opened: Day,
    /// Day on which the stay ended.
    pub ended: Option<Day>,
    /// Whether there is a plan; none by choice is a state of its own (rule D19).
    pub plan: PlanState,
    /// In which form it was made.
    pub form: Option<PlanForm>,
    /// Since when the plan is made or declined.
    pub since: Option<Day>,
    /// The participant's own goals, in the order in which they were set.
    pub goals: Vec<Goal>,
}

/// A participant's own goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Goal {
    /// Its name.
    pub goal_id: GoalId,
    /// Where its wording lies.
    #[serde(skip)]
    pub wording: VaultEntryId,
    /// Its wording, for those who may read it; null where the vault no longer holds it.
    pub text: Option<String>,
    /// That the participant agreed to it (rule D18).
    pub participant_agreed: bool,
    /// Day on which it was set.
    pub set_on: Day,
    /// How far it has come, as last said.
    pub progress: Option<Progress>,
    /// Day on which that was said.
    pub progress_on: Option<Day>,
    /// Day on which it was reached.
    pub reached_on: Option<Day>,
    /// Day on which it was let go.
    pub dropped_on: Option<Day>,
}

const DEFINITION: &str = "The plan of each stay as last decided as of the day, the newest stay \
    first, with the goals set in it and what was last said of each.";

impl Question for PlansOf {
    type View = Option<PlansOfView>;
    const TABLES: &'static [&'static str] = &[
        table::<JourneyRow>(),
        table::<PlanRow>(),
        table::<GoalRow>(),
    ];

    fn streams(&self) -> Option<Vec<StreamName>> {
        Some(vec![Participant::stream(self.participant_id)])
    }

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<Option<PlansOfView>, AskError> {
        let person = self.participant_id.0;
        let stays: Vec<JourneyRow> = rows
            .sql(include_str!("../journey/select_stays.sql"))
            .bind(person)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        if stays.is_empty() {
            return Ok(None);
        }
        let plans: Vec<PlanRow> = rows
            .sql(include_str!("select_plans.sql"))
            .bind(person)
            .all()
            .await?;
        let goals: Vec<GoalRow> = rows
            .sql(include_str!("select_goals.sql"))
            .bind(person)
            .all()
            .await?;
        Ok(Some(PlansOfView {
            definition: DEFINITION,
            participant_id: self.participant_id,
            plans: stays
                .into_iter()
                .rev()
                .map(|stay| PlanOfStay::of(stay, &plans, &goals))
                .collect(),
        }))
    }
}

impl PlanOfStay {
    fn of(stay: JourneyRow, plans: &[PlanRow], goals: &[GoalRow]) -> Self {
        let plan = plans.iter().find(|plan| plan.stay_id == stay.stay_id);
        let goals = goals.iter().filter(|goal| goal.stay_id == stay.stay_id);
        Self {
            stay_id: stay.stay_id,
            department: stay.department,
            opened: stay.opened,
            ended: stay.ended,
            plan: plan.map_or(PlanState::NotYet, |plan| plan.state),
            form: plan.and_then(|plan| plan.form),
            since: plan.map(|plan| plan.since),
            goals: goals.map(Goal::of).collect(),
        }
    }
}

impl Goal {
    fn of(row: &GoalRow) -> Self {
        Self {
            goal_id: row.goal_id,
            wording: row.wording,
            text: None,
            participant_agreed: row.agreed,
            set_on: row.set_on,
            progress: row.progress,
            progress_on: row.progress_on,
            reached_on: row.reached_on,
            dropped_on: row.dropped_on,
        }
    }
}
