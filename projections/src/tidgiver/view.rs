//! The tidgivere of a department: how far each has come, what they like, and what they do now.

use domain::{
    es::Day,
    participant::{OppdragKind, SupportWish},
    tidgiver::{Language, LeaveReason},
    words::{OppdragId, ParticipantId, TidgiverId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::TidgiverRow;
use crate::{
    AskError, Cursor, CursorError, PageSize, Question, Rows, Scope,
    journey::JourneyRow,
    oppdrag::OppdragRow,
    page::cut,
    question::{table, unit_to_bind},
    row::selected,
};

/// Asks for the tidgivere of a department.
#[derive(Debug, Clone)]
pub struct Tidgivere {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// How many at a time.
    pub size: PageSize,
}

/// Asks for one tidgiver.
#[derive(Debug, Clone)]
pub struct OneTidgiver {
    /// Who.
    pub tidgiver_id: TidgiverId,
    /// Of which departments the asker may hear.
    pub scope: Scope,
}

/// Tidgivere, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TidgivereView {
    /// How they are told.
    pub definition: &'static str,
    /// The tidgivere, in the order of their pseudonyms.
    pub tidgivere: Vec<TidgiverTold>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// One tidgiver. `None` where there is none, or none that the asker may hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OneTidgiverView {
    /// How they are told.
    pub definition: &'static str,
    /// The tidgiver.
    #[serde(flatten)]
    pub tidgiver: TidgiverTold,
}

/// How far a tidgiver has come: the last step that was taken (rule D30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TidgiverStage {
    /// Offered their time.
    Applied,
    /// Was interviewed.
    Interviewed,
    /// Was trained.
    Trained,
    /// Was approved: may have oppdrag.
    Approved,
    /// Left.
    Left,
}

/// A volunteer, with the days of their steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TidgiverTold {
    /// The tidgiver.
    pub tidgiver_id: TidgiverId,
    /// The department they give time in.
    pub department: UnitId,
    /// How far they have come.
    pub stage: TidgiverStage,
    /// Day of the application.
    pub applied: Day,
    /// Day of the interview.
    pub interviewed: Option<Day>,
    /// Day of the training.
    pub trained: Option<Day>,
    /// Day on which they accepted the ground rules.
    pub ground_rules: Option<Day>,
    /// Day of the approval.
    pub approved: Option<Day>,
    /// Day on which they left.
    pub left_on: Option<Day>,
    /// Why.
    pub leave_reason: Option<LeaveReason>,
    /// What they like to give time to.
    pub interests: Vec<SupportWish>,
    /// Languages they speak.
    pub languages: Vec<Language>,
    /// For how many oppdrag at once they have time, 0 being a pause; null if not told.
    pub capacity: Option<i64>,
    /// How many oppdrag are open, wherever.
    pub open_oppdrag: usize,
    /// Those of them that are with participants of the department.
    pub oppdrag: Vec<OpenOppdrag>,
}

/// An oppdrag that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenOppdrag {
    /// Its name.
    pub oppdrag_id: OppdragId,
    /// With whom.
    pub participant_id: ParticipantId,
    /// What kind it is.
    pub kind: OppdragKind,
    /// What it is for.
    pub purpose: SupportWish,
    /// First day.
    pub begins: Day,
    /// Day of the next review, if one is set.
    pub review: Option<Day>,
    /// Last day, as last decided.
    pub ends: Day,
    /// Day of the conversation of three.
    pub started: Option<Day>,
    /// Meetings held.
    pub meetings: i64,
    /// Meetings cancelled.
    pub cancellations: i64,
}

struct Open {
    oppdrag_id: OppdragId,
    tidgiver_id: TidgiverId,
    participant_id: ParticipantId,
    department: Option<UnitId>,
    kind: OppdragKind,
    purpose: SupportWish,
    begins: Day,
    review: Option<Day>,
    ends: Day,
    started: Option<Day>,
    meetings: i64,
    cancellations: i64,
}
selected!(Open {
    oppdrag_id,
    tidgiver_id,
    participant_id,
    department,
    kind,
    purpose,
    begins,
    review,
    ends,
    started,
    meetings,
    cancellations
});

const DEFINITION: &str = "Who offered their time up to as_of, with the first day of each step \
    since they last applied. stage: the last step taken. open_oppdrag: matched and not ended; \
    oppdrag: those of them in stays that the tidgiver's department holds.";

const TABLES: &[&str] = &[
    table::<TidgiverRow>(),
    table::<OppdragRow>(),
    table::<JourneyRow>(),
];

impl Question for Tidgivere {
    type View = TidgivereView;
    const TABLES: &'static [&'static str] = TABLES;

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<TidgivereView, AskError> {
        let after = match &self.after {
            None => TidgiverId(uuid::Uuid::nil()),
            Some(cursor) => cursor.key().parse().map_err(|_| CursorError)?,
        };
        let found: Vec<TidgiverRow> = rows
            .sql(include_str!("select_tidgivere.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(self.scope.to_bind())
            .bind(after.0)
            .bind(i64::try_from(self.size.get() + 1).unwrap_or(i64::MAX))
            .all()
            .await?;
        let (page, next_cursor) = cut(found, self.size, |last| last.tidgiver_id.to_string());
        Ok(TidgivereView {
            definition: DEFINITION,
            tidgivere: told(rows, page).await?,
            next_cursor,
        })
    }
}

impl Question for OneTidgiver {
    type View = Option<OneTidgiverView>;
    const TABLES: &'static [&'static str] = TABLES;

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<Option<OneTidgiverView>, AskError> {
        let found: Vec<TidgiverRow> = rows
            .sql(include_str!("select_tidgiver.sql"))
            .bind(self.tidgiver_id.0)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let one = told(rows, found).await?.pop();
        Ok(one.map(|tidgiver| OneTidgiverView {
            definition: DEFINITION,
            tidgiver,
        }))
    }
}

/// A page of tidgivere, in the order of their ids, with their oppdrag.
async fn told(rows: &mut Rows<'_>, page: Vec<TidgiverRow>) -> Result<Vec<TidgiverTold>, AskError> {
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(vec![]);
    };
    let open: Vec<Open> = rows
        .sql(include_str!("../oppdrag/select_open.sql"))
        .bind(first.tidgiver_id.0)
        .bind(last.tidgiver_id.0)
        .all()
        .await?;
    Ok(page
        .into_iter()
        .map(|row| TidgiverTold::of(row, &open))
        .collect())
}

impl TidgiverTold {
    fn of(row: TidgiverRow, open: &[Open]) -> Self {
        let own = || open.iter().filter(|one| one.tidgiver_id == row.tidgiver_id);
        let here = own().filter(|one| one.department.as_ref() == Some(&row.department));
        Self {
            open_oppdrag: own().count(),
            oppdrag: here.map(OpenOppdrag::from).collect(),
            stage: stage(&row),
            tidgiver_id: row.tidgiver_id,
            department: row.department,
            applied: row.applied,
            interviewed: row.interviewed,
            trained: row.trained,
            ground_rules: row.ground_rules,
            approved: row.approved,
            left_on: row.left_on,
            leave_reason: row.leave_reason,
            interests: row.interests,
            languages: row.languages,
            capacity: row.capacity,
        }
    }
}

fn stage(row: &TidgiverRow) -> TidgiverStage {
    if row.left_on.is_some() {
        TidgiverStage::Left
    } else if row.approved.is_some() {
        TidgiverStage::Approved
    } else if row.trained.is_some() {
        TidgiverStage::Trained
    } else if row.interviewed.is_some() {
        TidgiverStage::Interviewed
    } else {
        TidgiverStage::Applied
    }
}

impl From<&Open> for OpenOppdrag {
    fn from(open: &Open) -> Self {
        Self {
            oppdrag_id: open.oppdrag_id,
            participant_id: open.participant_id,
            kind: open.kind,
            purpose: open.purpose,
            begins: open.begins,
            review: open.review,
            ends: open.ends,
            started: open.started,
            meetings: open.meetings,
            cancellations: open.cancellations,
        }
    }
}
