//! A tidgiver's own oppdrag, with what a tidgiver may know of them (rule D34).

use domain::{
    es::Day,
    participant::{OppdragKind, SupportWish},
    words::{OppdragId, ParticipantId, TidgiverId},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::OppdragRow;
use crate::{AskError, Question, Rows, journey::JourneyRow, question::table, row::selected};

/// Asks for a tidgiver's own oppdrag.
#[derive(Debug, Clone, Copy)]
pub struct OppdragOfTidgiver {
    /// The tidgiver.
    pub tidgiver_id: TidgiverId,
}

/// A tidgiver's own oppdrag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OppdragOfTidgiverView {
    /// Which they are.
    pub definition: &'static str,
    /// With whom, and what was agreed.
    pub participants: Vec<AgreedWith>,
}

/// With whom an oppdrag is, and what was agreed: no background, nothing of treatment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AgreedWith {
    /// The person.
    pub participant_id: ParticipantId,
    /// The oppdrag.
    pub oppdrag_id: OppdragId,
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
    /// Day on which it ended.
    pub ended: Option<Day>,
    /// Since when it is left open: the person no longer takes part, and nobody has ended it.
    pub left_open: Option<Day>,
}
selected!(AgreedWith {
    participant_id,
    oppdrag_id,
    kind,
    purpose,
    begins,
    review,
    ends,
    started,
    meetings,
    cancellations,
    ended,
    left_open
});

const DEFINITION: &str =
    "The oppdrag of one tidgiver as of the day: with whom, what for, and its dates.";

impl Question for OppdragOfTidgiver {
    type View = OppdragOfTidgiverView;
    const TABLES: &'static [&'static str] = &[table::<OppdragRow>(), table::<JourneyRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<OppdragOfTidgiverView, AskError> {
        let participants: Vec<AgreedWith> = rows
            .sql(include_str!("select_of_tidgiver.sql"))
            .bind(self.tidgiver_id.0)
            .all()
            .await?;
        Ok(OppdragOfTidgiverView {
            definition: DEFINITION,
            participants,
        })
    }
}
