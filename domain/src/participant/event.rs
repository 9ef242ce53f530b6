//! What can happen on a participant's way, and the commands that tell of it.
//!
//! A payload holds codes, dates and ids. Words about the person are in the vault; the fields named
//! `personal` in the catalogue hold the id of the entry.

use serde::Deserialize;

use super::codes::{
    Arena, CancelledBy, Channel, ConsentPurpose, ContactChannel, ContactWith, EndReason,
    InquiryClosure, Learned, MatchReason, OppdragEnd, OppdragKind, PlanForm, Progress, Readiness,
    SentenceForm, SupportWish, TreatmentPhase,
};

use crate::{
    es::{ConsentId, Day, VaultEntryId},
    shape::payload,
    words::{
        ConcernId, GoalId, OppdragId, ReferralId, Situation, StaffId, StayId, TidgiverId, UnitId,
    },
};

payload! {
    /// A person made contact. Needs no referral, decision or fee (rule D1).
    FirstContactMade {
        /// The department contacted.
        department: UnitId,
        /// How the person came into contact; at least one (rule D3).
        channels: Vec<Channel>,
        /// Through which unit, if through one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<UnitId>,
        /// Where the person stands in life, if told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        situation: Option<Situation>,
        /// The referral that led to it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        referral_id: Option<ReferralId>,
        /// What the person is called: the vault's entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<VaultEntryId>,
        /// How the person is reached: the vault's entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<VaultEntryId>,
    }
}
payload! {
    /// The first conversation was booked.
    FirstConversationBooked {
        /// For which day.
        on: Day,
    }
}
payload! {
    /// The first conversation took place.
    FirstConversationHeld {}
}
payload! {
    /// The kartlegging (mapping conversation) was done.
    KartleggingDone {
        /// What the person wishes support with.
        wishes: Vec<SupportWish>,
        /// Whether the social network was mapped too (nettverkskartlegging).
        network_mapped: bool,
    }
}
payload! {
    /// The inquiry came to nothing.
    InquiryClosed {
        /// Why.
        reason: InquiryClosure,
    }
}
payload! {
    /// The person became a participant.
    ParticipationBegun {}
}
payload! {
    /// A veileder (mentor) was assigned, first or instead of another.
    VeilederAssigned {
        /// Who.
        veileder: StaffId,
    }
}
payload! {
    /// The person consented.
    ConsentGiven {
        /// The consent's name: later facts refer to it.
        consent_id: ConsentId,
        /// To what.
        purpose: ConsentPurpose,
        /// Towards which unit.
        unit: UnitId,
        /// The referral it was given with: it stops when the consent is withdrawn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        referral_id: Option<ReferralId>,
    }
}
payload! {
    /// The person withdrew a consent. It stops everything that rests on it, at once (rule D5).
    ConsentWithdrawn {
        /// Which consent.
        consent_id: ConsentId,
    }
}
payload! {
    /// A plan (tiltaksplan) was made.
    PlanMade {
        /// In which form.
        form: PlanForm,
    }
}
payload! {
    /// The person chose to have no plan (rule D19).
    PlanDeclined {}
}
payload! {
    /// The participant set a goal of their own.
    GoalSet {
        /// The goal's name.
        goal_id: GoalId,
        /// Its wording: the vault's entry.
        text: VaultEntryId,
        /// That the participant agreed to it (rule D18).
        participant_agreed: bool,
    }
}
payload! {
    /// A goal was reached.
    GoalReached {
        /// Which.
        goal_id: GoalId,
    }
}
payload! {
    /// A goal was let go.
    GoalDropped {
        /// Which.
        goal_id: GoalId,
    }
}
payload! {
    /// The participant said how far a goal has come.
    GoalProgressReported {
        /// Which.
        goal_id: GoalId,
        /// How far.
        progress: Progress,
    }
}
payload! {
    /// There was contact (rule D16: channel, with whom, date, and no more).
    ContactHeld {
        /// Through what.
        channel: ContactChannel,
        /// With whom.
        with: ContactWith,
        /// Where, for an activity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arena: Option<Arena>,
    }
}
payload! {
    /// It was talked over whether the participant wishes a tidgiver (rule D26).
    TidgiverReadinessAssessed {
        /// The answer.
        readiness: Readiness,
        /// For an in-patient: whether the institution said yes too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        institution_agrees: Option<bool>,
    }
}
payload! {
    /// A tidgiver was matched with the participant in a bounded assignment (oppdrag).
    TidgiverMatched {
        /// The assignment's name.
        oppdrag_id: OppdragId,
        /// The tidgiver.
        tidgiver: TidgiverId,
        /// What kind it is.
        kind: OppdragKind,
        /// What it is for, in the words of the support wishes.
        purpose: SupportWish,
        /// First day.
        begins: Day,
        /// Day of review.
        review: Day,
        /// Last day.
        ends: Day,
        /// What the match rests on (rule D25).
        because: Vec<MatchReason>,
        /// That the participant accepted the ground rules (rule D29).
        ground_rules_accepted: bool,
        /// Offered although the department does not by default (rule D38).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_exception: bool,
    }
}
payload! {
    /// Participant, tidgiver and veileder met to begin the assignment (rule D28).
    StartConversationHeld {
        /// Which assignment.
        oppdrag_id: OppdragId,
    }
}
payload! {
    /// Participant and tidgiver met.
    OppdragMeetingHeld {
        /// In which assignment.
        oppdrag_id: OppdragId,
    }
}
payload! {
    /// A meeting of participant and tidgiver was cancelled.
    OppdragMeetingCancelled {
        /// In which assignment.
        oppdrag_id: OppdragId,
        /// By whom.
        by: CancelledBy,
    }
}
payload! {
    /// The assignment was reviewed.
    OppdragReviewed {
        /// Which.
        oppdrag_id: OppdragId,
        /// When it is reviewed next, if again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_review: Option<Day>,
    }
}
payload! {
    /// The assignment was extended: a new decision (rule D27).
    OppdragExtended {
        /// Which.
        oppdrag_id: OppdragId,
        /// Day of the next review.
        review: Day,
        /// New last day.
        ends: Day,
    }
}
payload! {
    /// The assignment ended.
    OppdragEnded {
        /// Which.
        oppdrag_id: OppdragId,
        /// Why.
        reason: OppdragEnd,
    }
}
payload! {
    /// Somebody is worried about safety (rule D35). What about is told in person, not here.
    SafetyConcernRaised {
        /// The worry's name.
        concern_id: ConcernId,
        /// In which assignment, if in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oppdrag_id: Option<OppdragId>,
    }
}
payload! {
    /// Somebody responsible took the worry on.
    SafetyConcernAcknowledged {
        /// Which.
        concern_id: ConcernId,
    }
}
payload! {
    /// A relapse became known. It pauses, and never ends, participation (rule D12).
    RelapseReported {}
}
payload! {
    /// Contact was made, or tried, after a relapse.
    RelapseContactMade {
        /// Whether the person was reached.
        reached: bool,
    }
}
payload! {
    /// The person is back after a relapse. Needs no new application (rule D12).
    Returned {}
}
payload! {
    /// The person entered a phase of treatment; recorded with consent only.
    TreatmentPhaseEntered {
        /// Where.
        unit: UnitId,
        /// Which phase.
        phase: TreatmentPhase,
        /// The consent it rests on.
        consent_id: ConsentId,
    }
}
payload! {
    /// A day of discharge was told; recorded with consent only (rule D7).
    DischargePlanned {
        /// From where.
        unit: UnitId,
        /// The day.
        on: Day,
        /// The consent it rests on.
        consent_id: ConsentId,
    }
}
payload! {
    /// The person left treatment before its end; recorded with consent only.
    TreatmentLeftEarly {
        /// Which institution.
        unit: UnitId,
        /// The consent it rests on.
        consent_id: ConsentId,
    }
}
payload! {
    /// The person began to serve a sentence in Steg for Steg.
    SentenceServingBegun {
        /// In which form.
        form: SentenceForm,
    }
}
payload! {
    /// The sentence is served (rule D42).
    SentenceServingCompleted {
        /// Whether the person goes on by choice.
        continues: bool,
    }
}
payload! {
    /// The participant is on the list without being active, and may be (rule D13).
    BecamePassive {}
}
payload! {
    /// The participant is active again.
    BecameActive {}
}
payload! {
    /// The participant moved to another department, with all that is open (rule D15).
    Transferred {
        /// To which department.
        to: UnitId,
    }
}
payload! {
    /// The participation ended (rule D14).
    ParticipationEnded {
        /// Why.
        reason: EndReason,
        /// How it was learned.
        learned: Learned,
    }
}
payload! {
    /// The person came back after an end: a new stay begins (rule D15).
    ReEntered {
        /// The department contacted.
        department: UnitId,
        /// How the person came into contact; at least one (rule D3).
        channels: Vec<Channel>,
        /// Through which unit, if through one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        through: Option<UnitId>,
        /// Where the person stands in life, if told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        situation: Option<Situation>,
        /// The referral that led to it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        referral_id: Option<ReferralId>,
    }
}

crate::es::catalogue! {
    stream "participant";
    /// What can happen on a participant's way, in the order of a life.
    facts ParticipantFact;
    /// What can be asked to be recorded of a participant.
    commands ParticipantCommand;

    /// A person made contact.
    "first-contact-made" v 1 = FirstContactMade, asked by "make-first-contact" MakeFirstContact, personal ["name", "contact"];
    /// The person came back after an end: a new stay begins.
    "re-entered" v 1 = ReEntered, asked by "re-enter" ReEnter;
    /// The first conversation was booked.
    "first-conversation-booked" v 1 = FirstConversationBooked, asked by "book-first-conversation" BookFirstConversation;
    /// The first conversation took place.
    "first-conversation-held" v 1 = FirstConversationHeld, asked by "hold-first-conversation" HoldFirstConversation;
    /// The kartlegging (mapping conversation) was done.
    "kartlegging-done" v 1 = KartleggingDone, asked by "complete-kartlegging" CompleteKartlegging;
    /// The inquiry came to nothing.
    "inquiry-closed" v 1 = InquiryClosed, asked by "close-inquiry" CloseInquiry;
    /// The person became a participant.
    "participation-begun" v 1 = ParticipationBegun, asked by "begin-participation" BeginParticipation;
    /// A veileder was assigned, first or instead of another.
    "veileder-assigned" v 1 = VeilederAssigned, asked by "assign-veileder" AssignVeileder;
    /// The person consented.
    "consent-given" v 1 = ConsentGiven, asked by "give-consent" GiveConsent, names "consent_id";
    /// A plan (tiltaksplan) was made.
    "plan-made" v 1 = PlanMade, asked by "make-plan" MakePlan;
    /// The person chose to have no plan.
    "plan-declined" v 1 = PlanDeclined, asked by "decline-plan" DeclinePlan;
    /// The participant set a goal of their own.
    "goal-set" v 1 = GoalSet, asked by "set-goal" SetGoal, personal ["text"], names "goal_id";
    /// The participant said how far a goal has come.
    "goal-progress-reported" v 1 = GoalProgressReported, asked by "report-goal-progress" ReportGoalProgress;
    /// A goal was reached.
    "goal-reached" v 1 = GoalReached, asked by "reach-goal" ReachGoal;
    /// A goal was let go.
    "goal-dropped" v 1 = GoalDropped, asked by "drop-goal" DropGoal;
    /// It was talked over whether the participant wishes a tidgiver.
    "tidgiver-readiness-assessed" v 1 = TidgiverReadinessAssessed, asked by "assess-tidgiver-readiness" AssessTidgiverReadiness;
    /// A tidgiver was matched with the participant in a bounded assignment (oppdrag).
    "tidgiver-matched" v 1 = TidgiverMatched, asked by "match-tidgiver" MatchTidgiver, names "oppdrag_id";
    /// Participant, tidgiver and veileder met to begin the assignment.
    "start-conversation-held" v 1 = StartConversationHeld, asked by "hold-start-conversation" HoldStartConversation;
    /// Participant and tidgiver met.
    "oppdrag-meeting-held" v 1 = OppdragMeetingHeld, asked by "hold-oppdrag-meeting" HoldOppdragMeeting;
    /// A meeting of participant and tidgiver was cancelled.
    "oppdrag-meeting-cancelled" v 1 = OppdragMeetingCancelled, asked by "cancel-oppdrag-meeting" CancelOppdragMeeting;
    /// The assignment was reviewed.
    "oppdrag-reviewed" v 1 = OppdragReviewed, asked by "review-oppdrag" ReviewOppdrag;
    /// The assignment was extended.
    "oppdrag-extended" v 1 = OppdragExtended, asked by "extend-oppdrag" ExtendOppdrag;
    /// The assignment ended.
    "oppdrag-ended" v 1 = OppdragEnded, asked by "end-oppdrag" EndOppdrag;
    /// Somebody is worried about safety.
    "safety-concern-raised" v 1 = SafetyConcernRaised, asked by "raise-safety-concern" RaiseSafetyConcern, names "concern_id";
    /// Somebody responsible took the worry on.
    "safety-concern-acknowledged" v 1 = SafetyConcernAcknowledged, asked by "acknowledge-safety-concern" AcknowledgeSafetyConcern;
    /// The person entered a phase of treatment; recorded with consent only.
    "treatment-phase-entered" v 1 = TreatmentPhaseEntered, asked by "enter-treatment-phase" EnterTreatmentPhase;
    /// A day of discharge was told; recorded with consent only.
    "discharge-planned" v 1 = DischargePlanned, asked by "plan-discharge" PlanDischarge;
    /// The person left treatment before its end; recorded with consent only.
    "treatment-left-early" v 1 = TreatmentLeftEarly, asked by "leave-treatment-early" LeaveTreatmentEarly;
    /// The person began to serve a sentence in Steg for Steg.
    "sentence-serving-begun" v 1 = SentenceServingBegun, asked by "begin-serving-sentence" BeginServingSentence;
    /// The sentence is served.
    "sentence-serving-completed" v 1 = SentenceServingCompleted, asked by "complete-serving-sentence" CompleteServingSentence;
    /// There was contact.
    "contact-held" v 1 = ContactHeld, asked by "hold-contact" HoldContact;
    /// A relapse became known. It pauses, and never ends, participation.
    "relapse-reported" v 1 = RelapseReported, asked by "report-relapse" ReportRelapse;
    /// Contact was made, or tried, after a relapse.
    "relapse-contact-made" v 1 = RelapseContactMade, asked by "make-relapse-contact" MakeRelapseContact;
    /// The person is back after a relapse.
    "returned" v 1 = Returned, asked by "return" Return;
    /// The participant is on the list without being active.
    "became-passive" v 1 = BecamePassive, asked by "become-passive" BecomePassive;
    /// The participant is active again.
    "became-active" v 1 = BecameActive, asked by "become-active" BecomeActive;
    /// The participant moved to another department, with all that is open.
    "transferred" v 1 = Transferred, asked by "transfer" Transfer;
    /// The person withdrew a consent.
    "consent-withdrawn" v 1 = ConsentWithdrawn, asked by "withdraw-consent" WithdrawConsent;
    /// The participation ended.
    "participation-ended" v 1 = ParticipationEnded, asked by "end-participation" EndParticipation;
}

/// A fact with the stay it belongs to, and the referral that led there: a read model finds its
/// row from the event alone.
///
/// As data: `{"stay_id":"…","referral_id":"…","fact":{…}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipantEvent {
    /// The stay.
    pub stay_id: StayId,
    /// The referral that led to the stay, if one did.
    pub referral_id: Option<ReferralId>,
    /// What happened.
    pub fact: ParticipantFact,
}

#[derive(Deserialize)]
struct Stored<'a> {
    stay_id: StayId,
    #[serde(default)]
    referral_id: Option<ReferralId>,
    #[serde(borrow)]
    fact: &'a serde_json::value::RawValue,
}

/// What was asked for, whichever stay it was found to belong to.
impl From<ParticipantEvent> for ParticipantCommand {
    fn from(event: ParticipantEvent) -> Self {
        event.fact.into()
    }
}

impl crate::es::EventData for ParticipantEvent {
    fn kind(&self) -> &'static str {
        ParticipantFact::KINDS[self.fact.index()].kind
    }
    fn schema_version(&self) -> u16 {
        ParticipantFact::KINDS[self.fact.index()].schema_version
    }
    fn rank(&self) -> u16 {
        u16::try_from(self.fact.index()).expect("a catalogue holds fewer than 65536 kinds")
    }
    fn opens(&self) -> bool {
        matches!(
            self.fact,
            ParticipantFact::FirstContactMade(_) | ParticipantFact::ReEntered(_)
        )
    }
    fn to_json(&self) -> String {
        let referral = self.referral_id.map_or_else(String::new, |referral| {
            format!(r#","referral_id":"{referral}""#)
        });
        format!(
            r#"{{"stay_id":"{}"{referral},"fact":{}}}"#,
            self.stay_id,
            self.fact.write_json()
        )
    }
    fn from_json(
        kind: &str,
        schema_version: u16,
        data: &str,
    ) -> Result<Self, crate::es::DecodeError> {
        let Stored {
            stay_id,
            referral_id,
            fact,
        } = serde_json::from_str(data)
            .map_err(|source| crate::es::DecodeError::data(kind, schema_version, source))?;
        let fact = ParticipantFact::read_json(kind, schema_version, fact.get())?;
        Ok(Self {
            stay_id,
            referral_id,
            fact,
        })
    }
    fn amendment(&self) -> Option<crate::es::amend::Amendment<'_>> {
        self.fact.as_amendment()
    }
    /// A correction says what the fact should have been; the stay remains.
    fn corrected(
        &self,
        schema_version: u16,
        data: &serde_json::Value,
    ) -> Result<Self, crate::es::DecodeError> {
        let fact = ParticipantFact::read_json(self.kind(), schema_version, &data.to_string())?;
        Ok(Self {
            fact,
            ..self.clone()
        })
    }
}
