//! The list of participants.

use domain::{
    es::Day,
    participant::Readiness,
    words::{ParticipantId, StaffId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{JourneyRow, PlanState, Standing, defined_within};
use crate::{
    AskError, Cursor, CursorError, PageSize, Question, Rows, Scope,
    page::cut,
    question::{table, unit_to_bind},
    row::selected,
};

/// Asks for the persons of a unit.
#[derive(Debug, Clone)]
pub struct Participants {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// How many at a time.
    pub size: PageSize,
    /// Within how many days a contact makes a participant active.
    pub active_within_days: u64,
    /// Only those whose stay is open.
    pub open_only: bool,
}

/// Persons, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParticipantsView {
    /// How it is counted.
    pub definition: String,
    /// The persons, in the order of their pseudonyms.
    pub participants: Vec<ParticipantSummary>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// One person's present or last stay, of those that the asker may hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParticipantSummary {
    /// The person.
    pub participant_id: ParticipantId,
    /// The present stay, or the last one.
    pub stay_id: StayId,
    /// The department.
    pub department: UnitId,
    /// How far it has come.
    pub standing: Standing,
    /// Whether active, if a participant.
    pub active: bool,
    /// The veileder.
    pub veileder: Option<StaffId>,
    /// Whether there is a plan.
    pub plan: PlanState,
    /// Day of the first contact.
    pub opened: Day,
    /// Day on which participation began.
    pub begun: Option<Day>,
    /// Day on which it ended.
    pub ended: Option<Day>,
    /// Day of the last contact.
    pub last_contact: Option<Day>,
    /// What the person last said of having a tidgiver.
    pub readiness: Option<Readiness>,
}
selected!(ParticipantSummary {
    participant_id,
    stay_id,
    department,
    standing,
    active,
    veileder,
    plan,
    opened,
    begun,
    ended,
    last_contact,
    readiness
});

const LIST: &str = "Each person once, by their present or last stay as of the day at a \
    department asked for. active: participant, not passive by agreement, with a contact \
    within {days} days (a parameter) up to as_of.";

impl Question for Participants {
    type View = ParticipantsView;
    const TABLES: &'static [&'static str] = &[table::<JourneyRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<ParticipantsView, AskError> {
        let after = match &self.after {
            None => None,
            Some(cursor) => Some(
                cursor
                    .key()
                    .parse::<ParticipantId>()
                    .map_err(|_| CursorError)?,
            ),
        };
        let found: Vec<ParticipantSummary> = rows
            .sql(include_str!("select_participants.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(self.scope.to_bind())
            .bind(after.unwrap_or(ParticipantId(uuid::Uuid::nil())).0)
            .bind(i64::try_from(self.size.get() + 1).unwrap_or(i64::MAX))
            .bind(as_of.minus(self.active_within_days).0)
            .bind(if self.open_only { "open" } else { "" })
            .all()
            .await?;
        let (participants, next_cursor) =
            cut(found, self.size, |last| last.participant_id.to_string());
        Ok(ParticipantsView {
            definition: defined_within(LIST, self.active_within_days),
            participants,
            next_cursor,
        })
    }
}
