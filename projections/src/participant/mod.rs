//! One participant, whole: every stay, and what belongs to it.

use std::collections::BTreeSet;

use domain::{
    es::{ConsentId, Day, StreamName},
    participant::{
        Channel, EndReason, Learned, OppdragEnd, OppdragKind, Participant, Readiness, SentenceForm,
        SupportWish, TreatmentPhase,
    },
    words::{
        ConcernId, OppdragId, ParticipantId, ReferralId, Situation, StaffId, StayId, TidgiverId,
        UnitId,
    },
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    AskError, Question, Rows, Scope,
    journey::{JourneyRow, PlanState, Standing, defined_within},
    oppdrag::OppdragRow,
    question::table,
    relapse::RelapseRow,
    safety::SafetyConcernRow,
    sentence::SentenceRow,
};

/// Asks for one person.
#[derive(Debug, Clone)]
pub struct ParticipantDetail {
    /// The person.
    pub participant_id: ParticipantId,
    /// Of which departments the asker may hear: of the stays that these hold.
    pub scope: Scope,
    /// Within how many days a contact makes a participant active.
    pub active_within_days: u64,
}

/// One person. `None` where there is no such person, or none that the asker may hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParticipantDetailView {
    /// How it is counted.
    pub definition: String,
    /// The person.
    pub participant_id: ParticipantId,
    /// The stays, the first one first.
    pub stays: Vec<Stay>,
    /// The oppdrag of all stays.
    pub oppdrag: Vec<Oppdrag>,
    /// The relapses of all stays.
    pub relapses: Vec<Relapse>,
    /// The sentences served in Steg for Steg.
    pub sentences: Vec<Sentence>,
    /// The worries about safety.
    pub safety_concerns: Vec<SafetyConcern>,
}

impl ParticipantDetailView {
    /// Leaves out what is told of treatment by consents that are withdrawn by now (rule D5).
    pub fn forget(&mut self, withdrawn: &BTreeSet<ConsentId>) {
        for stay in &mut self.stays {
            if stay.phase_consent.is_some_and(|id| withdrawn.contains(&id)) {
                stay.phase = None;
                stay.phase_unit = None;
                stay.phase_consent = None;
            }
            if stay
                .discharge_consent
                .is_some_and(|id| withdrawn.contains(&id))
            {
                stay.discharge = None;
                stay.discharge_consent = None;
            }
        }
    }
}

/// One period of participation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stay {
    /// Its name.
    pub stay_id: StayId,
    /// The department.
    pub department: UnitId,
    /// How far it has come.
    pub standing: Standing,
    /// Whether active, if a participant.
    pub active: bool,
    /// The veileder.
    pub veileder: Option<StaffId>,
    /// How the person came into contact.
    pub channels: Vec<Channel>,
    /// Through which unit.
    pub through: Option<UnitId>,
    /// The referral that led to it.
    pub referral_id: Option<ReferralId>,
    /// Where the person stood in life at the first contact.
    pub situation: Option<Situation>,
    /// Day of the first contact.
    pub opened: Day,
    /// Day for which the first conversation was booked.
    pub booked_for: Option<Day>,
    /// Day of the first conversation.
    pub conversation: Option<Day>,
    /// Day of the kartlegging.
    pub kartlegging: Option<Day>,
    /// Day on which participation began.
    pub begun: Option<Day>,
    /// Since when passive by agreement.
    pub passive_since: Option<Day>,
    /// Since when paused after a relapse.
    pub paused_since: Option<Day>,
    /// Day on which it ended or was closed.
    pub ended: Option<Day>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// How the end was learned.
    pub learned: Option<Learned>,
    /// Whether there is a plan.
    pub plan: PlanState,
    /// Goals set.
    pub goals_set: i64,
    /// Goals reached.
    pub goals_reached: i64,
    /// Goals let go.
    pub goals_dropped: i64,
    /// What the person last said of having a tidgiver.
    pub readiness: Option<Readiness>,
    /// The last consented phase of treatment.
    pub phase: Option<TreatmentPhase>,
    /// Where.
    pub phase_unit: Option<UnitId>,
    /// The consent by which phase and unit are told.
    #[serde(skip)]
    pub phase_consent: Option<ConsentId>,
    /// The told day of a discharge still to come about.
    pub discharge: Option<Day>,
    /// The consent by which that is told.
    #[serde(skip)]
    pub discharge_consent: Option<ConsentId>,
    /// Contacts, and meetings in oppdrag.
    pub contacts: i64,
    /// Day of the last of them.
    pub last_contact: Option<Day>,
}

impl Stay {
    fn of(row: JourneyRow, active_since: Day) -> Self {
        let active = row.standing == Standing::Participant
            && row.passive_since.is_none()
            && row.last_contact.is_some_and(|last| last >= active_since);
        Self {
            stay_id: row.stay_id,
            department: row.department,
            standing: row.standing,
            active,
            veileder: row.veileder,
            channels: row.channels,
            through: row.through,
            referral_id: row.referral_id,
            situation: row.situation,
            opened: row.opened,
            booked_for: row.booked_for,
            conversation: row.conversation,
            kartlegging: row.kartlegging,
            begun: row.begun,
            passive_since: row.passive_since,
            paused_since: row.paused_since,
            ended: row.ended,
            end_reason: row.end_reason,
            learned: row.learned,
            plan: row.plan,
            goals_set: row.goals_set,
            goals_reached: row.goals_reached,
            goals_dropped: row.goals_dropped,
            readiness: row.readiness,
            phase: row.phase,
            phase_unit: row.phase_unit,
            phase_consent: row.phase_consent,
            discharge: row.discharge,
            discharge_consent: row.discharge_consent,
            contacts: row.contacts,
            last_contact: row.last_contact,
        }
    }
}

/// A bounded assignment of a tidgiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Oppdrag {
    /// Its name.
    pub oppdrag_id: OppdragId,
    /// The stay.
    pub stay_id: StayId,
    /// The tidgiver.
    pub tidgiver_id: TidgiverId,
    /// What kind it is.
    pub kind: OppdragKind,
    /// What it is for.
    pub purpose: SupportWish,
    /// First day.
    pub begins: Day,
    /// Day of the next review, if one is set.
    pub review: Option<Day>,
    /// Last day.
    pub ends: Day,
    /// Day of the conversation of three.
    pub started: Option<Day>,
    /// Meetings held.
    pub meetings: i64,
    /// Meetings cancelled.
    pub cancellations: i64,
    /// Day on which it ended.
    pub ended: Option<Day>,
    /// Why.
    pub end_reason: Option<OppdragEnd>,
}

/// A relapse and what followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Relapse {
    /// The stay.
    pub stay_id: StayId,
    /// Day of the relapse.
    pub reported: Day,
    /// Day on which contact was made.
    pub contacted: Option<Day>,
    /// Day of the return.
    pub returned: Option<Day>,
}

/// A sentence served in Steg for Steg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sentence {
    /// The stay.
    pub stay_id: StayId,
    /// In which form.
    pub form: SentenceForm,
    /// First day.
    pub begun: Day,
    /// Day on which it was served.
    pub completed: Option<Day>,
    /// Whether the person goes on by choice.
    pub continues: Option<bool>,
}

/// A worry about safety.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SafetyConcern {
    /// Its name.
    pub concern_id: ConcernId,
    /// The stay.
    pub stay_id: StayId,
    /// In which oppdrag.
    pub oppdrag_id: Option<OppdragId>,
    /// Day on which it was raised.
    pub raised: Day,
    /// Day on which somebody took it on.
    pub acknowledged: Option<Day>,
}

const DETAIL: &str = "Everything that counts about one person as of the day: facts as last \
    corrected, without those retracted; to a department, what belongs to the stays that it \
    holds. Of treatment, nothing that rests on a consent withdrawn by now, whatever the day. \
    active: participant, not passive by agreement, with a \
    contact within {days} days (a parameter) up to as_of.";

impl Question for ParticipantDetail {
    type View = Option<ParticipantDetailView>;
    const TABLES: &'static [&'static str] = &[
        table::<JourneyRow>(),
        table::<OppdragRow>(),
        table::<RelapseRow>(),
        table::<SentenceRow>(),
        table::<SafetyConcernRow>(),
    ];

    fn streams(&self) -> Option<Vec<StreamName>> {
        Some(vec![Participant::stream(self.participant_id)])
    }

    async fn ask(
        &self,
        rows: &mut Rows<'_>,
        as_of: Day,
    ) -> Result<Option<ParticipantDetailView>, AskError> {
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
        let oppdrag: Vec<OppdragRow> = rows
            .sql(include_str!("../oppdrag/select_of_participant.sql"))
            .bind(person)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let relapses: Vec<RelapseRow> = rows
            .sql(include_str!("../relapse/select_of_participant.sql"))
            .bind(person)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let sentences: Vec<SentenceRow> = rows
            .sql(include_str!("../sentence/select_of_participant.sql"))
            .bind(person)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let concerns: Vec<SafetyConcernRow> = rows
            .sql(include_str!("../safety/select_of_participant.sql"))
            .bind(person)
            .bind(self.scope.to_bind())
            .all()
            .await?;
        let active_since = as_of.minus(self.active_within_days);
        Ok(Some(ParticipantDetailView {
            definition: defined_within(DETAIL, self.active_within_days),
            participant_id: self.participant_id,
            stays: stays
                .into_iter()
                .map(|row| Stay::of(row, active_since))
                .collect(),
            oppdrag: oppdrag.into_iter().map(Oppdrag::from).collect(),
            relapses: relapses.into_iter().map(Relapse::from).collect(),
            sentences: sentences.into_iter().map(Sentence::from).collect(),
            safety_concerns: concerns.into_iter().map(SafetyConcern::from).collect(),
        }))
    }
}

impl From<OppdragRow> for Oppdrag {
    fn from(row: OppdragRow) -> Self {
        Self {
            oppdrag_id: row.oppdrag_id,
            stay_id: row.stay_id,
            tidgiver_id: row.tidgiver_id,
            kind: row.kind,
            purpose: row.purpose,
            begins: row.begins,
            review: row.review,
            ends: row.ends,
            started: row.started,
            meetings: row.meetings,
            cancellations: row.cancellations,
            ended: row.ended,
            end_reason: row.end_reason,
        }
    }
}

impl From<RelapseRow> for Relapse {
    fn from(row: RelapseRow) -> Self {
        Self {
            stay_id: row.stay_id,
            reported: row.reported,
            contacted: row.contacted,
            returned: row.returned,
        }
    }
}

impl From<SentenceRow> for Sentence {
    fn from(row: SentenceRow) -> Self {
        Self {
            stay_id: row.stay_id,
            form: row.form,
            begun: row.begun,
            completed: row.completed,
            continues: row.continues,
        }
    }
}

impl From<SafetyConcernRow> for SafetyConcern {
    fn from(row: SafetyConcernRow) -> Self {
        Self {
            concern_id: row.concern_id,
            stay_id: row.stay_id,
            oppdrag_id: row.oppdrag_id,
            raised: row.raised,
            acknowledged: row.acknowledged,
        }
    }
}
