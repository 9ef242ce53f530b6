//! The timeline: one row a fact of a person's journey, with its codes, dates and ids.

use std::collections::BTreeSet;

use domain::{
    es::{ConsentId, Day, EventId, OccurredAt, Position, RecordedAt, StreamName},
    participant::Participant,
    words::{ParticipantId, StayId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AskError, Cursor, CursorError, Happened, PageSize, Projection, Question, Rows, Scope,
    journey::JourneyRow, page::cut, question::table, row::row,
};

row! {
    /// One fact of a person's journey, as last corrected.
    TimelineRow in "timeline_v2" of participant_id, named by [participant_id, world_order, position] {
        /// Where it stands in the log.
        position: i64,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// The event.
        event_id: EventId,
        /// Where it stands among the facts of the journey, in the world.
        world_order: i64,
        /// When it happened, as it was told.
        occurred_at: String,
        /// When it became known, in microseconds.
        recorded_micros: i64,
        /// What kind of fact it is.
        kind: String,
        /// The event's data as JSON: codes, dates and ids.
        data: String,
    }
}

/// Folds timelines.
#[derive(Debug)]
pub struct Timeline;

impl Projection for Timeline {
    const CATEGORY: &'static str = "participant";
    const ONLY_ADDS: bool = true;
    type Row = TimelineRow;

    fn apply(rows: &mut Vec<TimelineRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let event = happened.event;
        rows.push(TimelineRow {
            position: i64::try_from(event.position.0).unwrap_or(i64::MAX),
            participant_id: to.participant_id,
            stay_id: to.stay_id,
            event_id: event.id,
            world_order: happened.order.packed,
            occurred_at: event.occurred_at.to_string(),
            recorded_micros: event.recorded_at.0.timestamp_micros(),
            kind: event.event.kind().to_owned(),
            data: event.event.to_json().get().to_owned(),
        });
    }
}

/// Asks for a person's journey, fact by fact.
#[derive(Debug, Clone)]
pub struct TimelineOf {
    /// The person.
    pub participant_id: ParticipantId,
    /// Of which departments the asker may hear: of the stays that these hold.
    pub scope: Scope,
    /// Of which kinds of facts the asker may hear; of all if not told.
    pub kinds: Option<&'static [&'static str]>,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// How many at a time.
    pub size: PageSize,
}

/// A journey, a page of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimelineView {
    /// How it is read.
    pub definition: &'static str,
    /// The person.
    pub participant_id: ParticipantId,
    /// The facts, in the order in which they happened.
    pub facts: Vec<TimelineFact>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// One fact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimelineFact {
    /// The event.
    pub event_id: EventId,
    /// Where it stands in the log.
    pub position: Position,
    /// The stay it belongs to.
    pub stay_id: StayId,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it became known.
    pub recorded_at: RecordedAt,
    /// What kind of fact it is.
    pub kind: String,
    /// What it says: codes, dates and ids.
    pub data: serde_json::Value,
    /// The consent that it rests on, if it tells of treatment.
    #[serde(skip)]
    pub consent: Option<ConsentId>,
}

impl TimelineView {
    /// Leaves out what is told of treatment by consents that are withdrawn by now (rule D5). The
    /// page is the shorter for it.
    pub fn forget(&mut self, withdrawn: &BTreeSet<ConsentId>) {
        self.facts
            .retain(|fact| fact.consent.is_none_or(|id| !withdrawn.contains(&id)));
    }
}

/// What is told of treatment, with consent only.
const OF_TREATMENT: [&str; 3] = [
    "treatment-phase-entered",
    "discharge-planned",
    "treatment-left-early",
];

const DEFINITION: &str = "The facts of one person's journey that count as of the day, each as \
    last corrected, without those retracted, in the order in which they happened; of the same \
    moment, in the order of a life. Of treatment, nothing that rests on a consent withdrawn by \
    now, whatever the day. A department is told of the stays that it holds.";

impl Question for TimelineOf {
    type View = Option<TimelineView>;
    const TABLES: &'static [&'static str] = &[table::<JourneyRow>(), table::<TimelineRow>()];

    fn streams(&self) -> Option<Vec<StreamName>> {
        Some(vec![Participant::stream(self.participant_id)])
    }

    async fn ask(
        &self,
        rows: &mut Rows<'_>,
        _as_of: Day,
    ) -> Result<Option<TimelineView>, AskError> {
        let (order, event_id) = match &self.after {
            None => (i64::MIN, uuid::Uuid::nil()),
            Some(cursor) => {
                let (order, id) = cursor.key().split_once(' ').ok_or(CursorError)?;
                (
                    order.parse().map_err(|_| CursorError)?,
                    id.parse().map_err(|_| CursorError)?,
                )
            }
        };
        let person = self.participant_id;
        let stays: Vec<JourneyRow> = rows
            .sql(include_str!("../journey/select_stays.sql"))
            .bind(person.0)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        if stays.is_empty() {
            return Ok(None);
        }
        let found: Vec<TimelineRow> = rows
            .sql(include_str!("select_timeline.sql"))
            .bind(person.0)
            .bind(order)
            .bind(event_id)
            .bind(kinds_to_bind(self.kinds))
            .bind(i64::try_from(self.size.get() + 1).unwrap_or(i64::MAX))
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let (page, next_cursor) = cut(found, self.size, |last| {
            format!("{} {}", last.world_order, last.event_id)
        });
        let facts = page
            .into_iter()
            .map(TimelineFact::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Some(TimelineView {
            definition: DEFINITION,
            participant_id: person,
            facts,
            next_cursor,
        }))
    }
}

/// As one text to bind, like [`Scope::to_bind`].
fn kinds_to_bind(kinds: Option<&[&str]>) -> String {
    kinds.map_or_else(|| "*".to_owned(), |kinds| format!(",{},", kinds.join(",")))
}

impl TryFrom<TimelineRow> for TimelineFact {
    type Error = sqlx::Error;
    fn try_from(row: TimelineRow) -> Result<Self, sqlx::Error> {
        let data = serde_json::from_str::<Stored>(&row.data)
            .map_err(undecodable)?
            .fact;
        let of_treatment = OF_TREATMENT.contains(&row.kind.as_str());
        let consent = data["consent_id"].as_str().filter(|_| of_treatment);
        Ok(Self {
            consent: consent.and_then(|id| id.parse().ok()),
            event_id: row.event_id,
            position: Position(row.position.unsigned_abs()),
            stay_id: row.stay_id,
            occurred_at: row.occurred_at.parse().map_err(undecodable)?,
            recorded_at: RecordedAt(
                chrono::DateTime::from_timestamp_micros(row.recorded_micros).unwrap_or_default(),
            ),
            kind: row.kind,
            data,
        })
    }
}

/// The part of an event's data that says what happened, without the ids that say to whom.
#[derive(Deserialize)]
struct Stored {
    fact: serde_json::Value,
}

fn undecodable(source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(source))
}
