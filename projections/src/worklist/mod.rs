//! The worklist: what is due, computed from the facts. No event and no policy makes a task, so
//! none can be forgotten, doubled or left behind: what was done is gone from the list, and a
//! person who moves takes everything open along.
//!
//! That a person has no plan by choice is not here, and never will be (rule D19).

mod parked;

use domain::{
    es::{ConsentId, Day},
    participant::OppdragKind,
    rules::{self, Rule},
    words::{Figures, ParticipantId, UnitId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AskError, Cursor, CursorError, PageSize, Question, Rows, Scope,
    column::word,
    journey::JourneyRow,
    oppdrag::OppdragRow,
    page::cut,
    question::{table, unit_to_bind},
    referral::ReferralRow,
    relapse::RelapseRow,
    row::selected,
    safety::SafetyConcernRow,
    tidgiver::TidgiverRow,
};

pub use parked::ParkedRecord;

/// Asks what is due.
#[derive(Debug, Clone)]
pub struct Worklist {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// How many at a time.
    pub size: PageSize,
    /// The figures that rules use.
    pub figures: Figures,
}

/// What is due, a page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorklistView {
    /// How it is made.
    pub definition: &'static str,
    /// What is due, the most pressing first.
    pub items: Vec<Item>,
    /// For who runs the service: the records that stand still. Left out for all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parked: Vec<ParkedRecord>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

impl WorklistView {
    /// The worklist of who runs the service.
    #[must_use]
    pub fn of_parked(parked: Vec<ParkedRecord>) -> Self {
        Self {
            definition: parked::DEFINITION,
            items: vec![],
            parked,
            next_cursor: None,
        }
    }
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    /// What is to be done.
    pub task: Task,
    /// The day by which.
    pub due_on: Day,
    /// The day of what made it due.
    pub since: Day,
    /// The rule that asks for it.
    pub rule: &'static str,
    /// What the rule says.
    pub why: &'static str,
    /// The department whose work it is.
    pub unit: UnitId,
    /// The person, where one is known.
    pub participant_id: Option<ParticipantId>,
    /// What it is about: a stay, a referral, an oppdrag, a worry about safety, a relapse or a
    /// tidgiver.
    pub about: About,
    /// Its id.
    pub about_id: Uuid,
    /// The consent that it rests on, if it tells of treatment.
    #[serde(skip)]
    pub consent: Option<ConsentId>,
}

/// What is to be done.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Somebody made contact, and no first conversation is booked.
    BookFirstConversation,
    /// Nobody is the person's veileder.
    AssignVeileder,
    /// A discharge is coming.
    BeReadyBeforeDischarge,
    /// A relapse, and the person has not been reached.
    MakeContactAfterRelapse,
    /// An in-patient said yes, and there has been no conversation of three.
    HoldJointConversation,
    /// A referral waits in quarantine for a consent; it expires on the day it is due.
    AskForConsent,
    /// The person said yes, and the department has not answered.
    AnswerReferral,
    /// An oppdrag without its start conversation.
    HoldStartConversation,
    /// An oppdrag's review has come.
    ReviewOppdrag,
    /// An oppdrag is past its last day.
    EndOrExtendOppdrag,
    /// A stay ended, and an oppdrag of it was left open.
    EndOppdragLeftOpen,
    /// An oppdrag's follow-up has come.
    FollowUpOppdrag,
    /// Nobody has taken on a worry about safety.
    AcknowledgeSafetyConcern,
    /// Meetings of an oppdrag were cancelled again and again.
    TalkOverCancellations,
    /// A treatment was left before its end, and there has been no contact since.
    MakeContactAfterTreatmentLeft,
    /// A tidgiver has more oppdrag open than they told to have time for.
    TalkOverCapacity,
}

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A stay.
    Stay,
    /// A referral.
    Referral,
    /// An oppdrag.
    Oppdrag,
    /// A worry about safety.
    SafetyConcern,
    /// A relapse.
    Relapse,
    /// A tidgiver.
    Tidgiver,
}

impl Task {
    /// Every task.
    pub const ALL: &'static [Self] = &[
        Self::BookFirstConversation,
        Self::AssignVeileder,
        Self::BeReadyBeforeDischarge,
        Self::MakeContactAfterRelapse,
        Self::HoldJointConversation,
        Self::AskForConsent,
        Self::AnswerReferral,
        Self::HoldStartConversation,
        Self::ReviewOppdrag,
        Self::EndOrExtendOppdrag,
        Self::EndOppdragLeftOpen,
        Self::FollowUpOppdrag,
        Self::AcknowledgeSafetyConcern,
        Self::TalkOverCancellations,
        Self::MakeContactAfterTreatmentLeft,
        Self::TalkOverCapacity,
    ];

    /// The rule that asks for it.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::BookFirstConversation => rules::D2,
            Self::AssignVeileder => rules::D23,
            Self::BeReadyBeforeDischarge | Self::MakeContactAfterTreatmentLeft => rules::D7,
            Self::MakeContactAfterRelapse => rules::D12,
            Self::HoldJointConversation => rules::D8,
            Self::AskForConsent => rules::D5,
            Self::AnswerReferral => rules::D4,
            Self::HoldStartConversation => rules::D28,
            Self::ReviewOppdrag | Self::EndOrExtendOppdrag | Self::EndOppdragLeftOpen => rules::D27,
            Self::FollowUpOppdrag => rules::D32,
            Self::AcknowledgeSafetyConcern => rules::D35,
            Self::TalkOverCancellations => rules::D36,
            Self::TalkOverCapacity => rules::D25,
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::BookFirstConversation => "contact was made and no first conversation is booked",
            Self::AssignVeileder => "nobody is the person's veileder",
            Self::BeReadyBeforeDischarge => "a day of discharge was told",
            Self::MakeContactAfterRelapse => {
                "a relapse was reported and the person has not been reached"
            }
            Self::HoldJointConversation => {
                "an in-patient said yes and there was no conversation of three yet"
            }
            Self::AskForConsent => "the referral waits without a consent and expires on this day",
            Self::AnswerReferral => "the person said yes and the department has not answered",
            Self::HoldStartConversation => "the oppdrag has had no conversation of three",
            Self::ReviewOppdrag => "the oppdrag's review has come",
            Self::EndOrExtendOppdrag => "the oppdrag is past its last day",
            Self::EndOppdragLeftOpen => "the stay ended and its oppdrag was left open",
            Self::FollowUpOppdrag => "the follow-up that this kind of oppdrag needs has come",
            Self::AcknowledgeSafetyConcern => "nobody has taken the worry on",
            Self::TalkOverCancellations => "meetings were cancelled again and again",
            Self::TalkOverCapacity => {
                "the tidgiver has more oppdrag open than they told to have time for"
            }
            Self::MakeContactAfterTreatmentLeft => {
                "a treatment was left before its end, with no contact since"
            }
        }
    }

    const fn about(self) -> About {
        match self {
            Self::BookFirstConversation
            | Self::AssignVeileder
            | Self::BeReadyBeforeDischarge
            | Self::MakeContactAfterTreatmentLeft => About::Stay,
            Self::MakeContactAfterRelapse => About::Relapse,
            Self::HoldJointConversation | Self::AskForConsent | Self::AnswerReferral => {
                About::Referral
            }
            Self::HoldStartConversation
            | Self::ReviewOppdrag
            | Self::EndOrExtendOppdrag
            | Self::EndOppdragLeftOpen
            | Self::FollowUpOppdrag
            | Self::TalkOverCancellations => About::Oppdrag,
            Self::AcknowledgeSafetyConcern => About::SafetyConcern,
            Self::TalkOverCapacity => About::Tidgiver,
        }
    }

    fn due(self, open: &Open, figures: &Figures) -> Day {
        let since = open.since;
        match self {
            Self::MakeContactAfterRelapse | Self::MakeContactAfterTreatmentLeft => {
                since.plus(figures.relapse_contact_days)
            }
            Self::AskForConsent => since.plus(figures.quarantine_days),
            Self::AcknowledgeSafetyConcern => since.plus(figures.concern_days),
            Self::FollowUpOppdrag => since.plus(match open.kind {
                Some(OppdragKind::ShortPractical) | None => figures.follow_up_short_days,
                Some(OppdragKind::LongPractical) => figures.follow_up_long_days,
                Some(OppdragKind::Social) => figures.follow_up_social_days,
            }),
            Self::BookFirstConversation
            | Self::AssignVeileder
            | Self::BeReadyBeforeDischarge
            | Self::HoldJointConversation
            | Self::AnswerReferral
            | Self::HoldStartConversation
            | Self::ReviewOppdrag
            | Self::EndOrExtendOppdrag
            | Self::EndOppdragLeftOpen
            | Self::TalkOverCancellations
            | Self::TalkOverCapacity => since,
        }
    }
}

impl crate::Column for Task {
    type Stored = String;
    fn store(&self) -> String {
        word(self)
    }
    fn load(stored: String) -> Result<Self, crate::ColumnError> {
        Self::ALL
            .iter()
            .copied()
            .find(|task| word(task) == stored)
            .ok_or(crate::ColumnError { what: "Task" })
    }
}

struct Open {
    task: Task,
    since: Day,
    department: UnitId,
    participant_id: Option<ParticipantId>,
    about_id: Uuid,
    kind: Option<OppdragKind>,
    consent: Option<ConsentId>,
}
selected!(Open {
    task,
    since,
    department,
    participant_id,
    about_id,
    kind,
    consent
});

const DEFINITION: &str = "Computed from the facts as of the day: whatever a rule asks for and no \
    fact answers yet, of persons whose stay is open, at the department they are at now. Reviews, \
    ends and follow-ups of oppdrag appear on the day they are due; an oppdrag left open and a \
    safety concern outlive the stay, at the department that held it; of a tidgiver's capacity, \
    every oppdrag counts that is matched and not ended, wherever; no plan by choice never appears, nor anything of treatment that rests on a consent \
    withdrawn by now.";

impl Question for Worklist {
    type View = WorklistView;
    const TABLES: &'static [&'static str] = &[
        table::<JourneyRow>(),
        table::<OppdragRow>(),
        table::<ReferralRow>(),
        table::<RelapseRow>(),
        table::<SafetyConcernRow>(),
        table::<TidgiverRow>(),
    ];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<WorklistView, AskError> {
        let after = self.after.as_ref().map(place).transpose()?;
        let (unit, scope) = (self.unit.as_ref(), &self.scope);
        let mut items = due(rows, unit, scope, as_of, &self.figures).await?;
        if let Some(after) = after {
            items.retain(|item| item.place() > after);
        }
        let (items, next_cursor) = cut(items, self.size, |last| {
            let (due, task, id) = last.place();
            format!("{due} {} {id}", word(&task))
        });
        Ok(WorklistView {
            definition: DEFINITION,
            items,
            parked: vec![],
            next_cursor,
        })
    }
}

/// All that is due, the most pressing first.
pub(crate) async fn due(
    rows: &mut Rows<'_>,
    unit: Option<&UnitId>,
    scope: &Scope,
    as_of: Day,
    figures: &Figures,
) -> Result<Vec<Item>, AskError> {
    let open: Vec<Open> = rows
        .sql(include_str!("select_open.sql"))
        .bind(unit_to_bind(unit))
        .bind(scope.to_bind())
        .bind(as_of.0)
        .bind(as_of.minus(figures.quarantine_days).0)
        .bind(as_of.minus(figures.follow_up_short_days).0)
        .bind(as_of.minus(figures.follow_up_long_days).0)
        .bind(as_of.minus(figures.follow_up_social_days).0)
        .bind(i64::from(figures.cancellations))
        .all()
        .await?;
    let mut items: Vec<Item> = open.iter().map(|open| Item::of(open, figures)).collect();
    items.sort_by_key(Item::place);
    Ok(items)
}

impl Item {
    fn of(open: &Open, figures: &Figures) -> Self {
        let task = open.task;
        Self {
            task,
            due_on: task.due(open, figures),
            since: open.since,
            rule: task.rule().id,
            why: task.why(),
            unit: open.department.clone(),
            participant_id: open.participant_id,
            about: task.about(),
            about_id: open.about_id,
            consent: open.consent,
        }
    }

    fn place(&self) -> (Day, Task, Uuid) {
        (self.due_on, self.task, self.about_id)
    }
}

fn place(cursor: &Cursor) -> Result<(Day, Task, Uuid), CursorError> {
    let mut parts = cursor.key().split(' ');
    let mut next = || parts.next().ok_or(CursorError);
    let day = next()?.parse().map_err(|_| CursorError)?;
    let task = crate::Column::load(next()?.to_owned()).map_err(|_| CursorError)?;
    let id = next()?.parse().map_err(|_| CursorError)?;
    Ok((day, task, id))
}
