//! Sentences served in Steg for Steg, and whether the person went on by choice (rule D42).

use domain::{
    es::{Day, EventId},
    participant::{ParticipantFact as F, SentenceForm},
    words::{ParticipantId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    AskError, Happened, Projection, Question, Rows, Scope,
    journey::JourneyRow,
    question::{table, unit_to_bind},
    row::{row, selected},
};

row! {
    /// A sentence served in Steg for Steg.
    SentenceRow in "sentence_v1" of participant_id, named by [sentence_id] {
        /// The event that began it.
        sentence_id: EventId,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// In which form.
        form: SentenceForm,
        /// First day.
        begun: Day,
        /// Day on which it was served.
        completed: Option<Day>,
        /// Whether the person goes on by choice.
        continues: Option<bool>,
    }
}

/// Folds sentences.
#[derive(Debug)]
pub struct Sentence;

impl Projection for Sentence {
    const CATEGORY: &'static str = "participant";
    type Row = SentenceRow;

    fn apply(rows: &mut Vec<SentenceRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        match to.fact {
            F::SentenceServingBegun(begun) => rows.push(SentenceRow {
                sentence_id: happened.event.id,
                participant_id: to.participant_id,
                stay_id: to.stay_id,
                form: begun.form,
                begun: happened.day,
                completed: None,
                continues: None,
            }),
            F::SentenceServingCompleted(completed) => {
                let open = rows
                    .iter_mut()
                    .rev()
                    .find(|row| row.stay_id == to.stay_id && row.completed.is_none());
                if let Some(row) = open {
                    row.completed = Some(happened.day);
                    row.continues = Some(completed.continues);
                }
            }
            _ => {}
        }
    }
}

/// Asks how many served a sentence in Steg for Steg, and how many went on by choice.
#[derive(Debug, Clone)]
pub struct SentenceServing {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// The calendar year; all years if not told.
    pub year: Option<i32>,
}

/// Who served, and who went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SentenceServingView {
    /// How it is counted.
    pub definition: &'static str,
    /// The department that was asked for; null is all.
    pub unit: Option<UnitId>,
    /// The calendar year that was asked for; null is all years up to `as_of`.
    pub year: Option<i32>,
    /// Persons who served.
    pub served: i64,
    /// Persons of them who went on by choice.
    pub continued: i64,
}

const DEFINITION: &str = "served: persons who served a sentence in Steg for Steg on at least one \
    day of the year, up to as_of; of any year, where none is asked for. continued: those of them \
    whose sentence was completed by the end of the year, and by as_of, with 'continues'. Unit is the department of the stay.";

struct Counted {
    served: i64,
    continued: i64,
}
selected!(Counted { served, continued });

impl Question for SentenceServing {
    type View = SentenceServingView;
    const TABLES: &'static [&'static str] = &[table::<JourneyRow>(), table::<SentenceRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<SentenceServingView, AskError> {
        let day =
            |year: i32, month, of_month| chrono::NaiveDate::from_ymd_opt(year, month, of_month);
        let since = self.year.and_then(|year| day(year, 1, 1));
        let until = self.year.and_then(|year| day(year, 12, 31));
        let counted: Counted = rows
            .sql(include_str!("count_served.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(self.scope.to_bind())
            .bind(since.unwrap_or_default())
            .bind(until.unwrap_or(as_of.0))
            .one()
            .await?;
        Ok(SentenceServingView {
            definition: DEFINITION,
            unit: self.unit.clone(),
            year: self.year,
            served: counted.served,
            continued: counted.continued,
        })
    }
}
