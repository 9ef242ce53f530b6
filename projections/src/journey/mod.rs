//! The journey: one row a participant's stay, with where it stands and the days of its steps.

mod participants;
mod standing;

pub use participants::{ParticipantSummary, Participants, ParticipantsView};
pub use standing::{StandingNow, StandingView};

use domain::{
    es::{ConsentId, Day},
    participant::{
        Channel, ConsentWithdrawn, EndReason, Learned, ParticipantFact as F, ReEntered, Readiness,
        TreatmentPhase,
    },
    words::{ParticipantId, ReferralId, Situation, StaffId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Happened, ParticipantHappened, Projection, column::kept_as_word, row::row};

/// A definition that says `{days}` for those within which a contact makes a participant active.
pub(crate) fn defined_within(definition: &str, days: u64) -> String {
    definition.replace("{days}", &days.to_string())
}

/// How far a stay has come (rule D11). Whether a participant is active or passive also depends on
/// the day it is asked, so that is for the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Contact was made.
    Inquiry,
    /// The first conversation was held.
    Conversation,
    /// The kartlegging was done.
    Mapped,
    /// A participant.
    Participant,
    /// A participant after a relapse (rule D12).
    Paused,
    /// The participation ended.
    Ended,
    /// The inquiry came to nothing.
    Closed,
}

/// Whether there is a plan (rule D19: none by choice is a state).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanState {
    /// None yet.
    NotYet,
    /// Made.
    Made,
    /// None, by choice.
    Declined,
}
kept_as_word!(Standing, PlanState);

row! {
    /// One period of participation.
    JourneyRow in "journey_v1" of participant_id, named by [stay_id] {
        /// The stay.
        stay_id: StayId,
        /// The person.
        participant_id: ParticipantId,
        /// The department it is at now.
        department: UnitId,
        /// The veileder, if there is one.
        veileder: Option<StaffId>,
        /// How the person came into contact.
        channels: Vec<Channel>,
        /// Through which unit.
        through: Option<UnitId>,
        /// The referral that led to it.
        referral_id: Option<ReferralId>,
        /// Where the person stood in life at the first contact.
        situation: Option<Situation>,
        /// How far it has come.
        standing: Standing,
        /// Day of the first contact.
        opened: Day,
        /// Day on which the first conversation was booked.
        booked: Option<Day>,
        /// Day for which it was booked.
        booked_for: Option<Day>,
        /// Day of the first conversation.
        conversation: Option<Day>,
        /// Day of the first kartlegging.
        kartlegging: Option<Day>,
        /// Day on which participation began.
        begun: Option<Day>,
        /// Since when passive by agreement (rule D13).
        passive_since: Option<Day>,
        /// Since when paused after a relapse (rule D12).
        paused_since: Option<Day>,
        /// Day on which it ended, or the inquiry was closed.
        ended: Option<Day>,
        /// Why it ended.
        end_reason: Option<EndReason>,
        /// How the end was learned.
        learned: Option<Learned>,
        /// Day on which the end was recorded.
        end_recorded: Option<Day>,
        /// Whether there is a plan.
        plan: PlanState,
        /// What the person last said of having a tidgiver.
        readiness: Option<Readiness>,
        /// The last consented phase of treatment.
        phase: Option<TreatmentPhase>,
        /// Where.
        phase_unit: Option<UnitId>,
        /// The consent by which it is told: withdrawn, it is told no more (rule D5).
        phase_consent: Option<ConsentId>,
        /// The told day of a discharge that is still to come about.
        discharge: Option<Day>,
        /// The consent by which that is told.
        discharge_consent: Option<ConsentId>,
        /// Day on which a treatment was left before its end.
        left_treatment: Option<Day>,
        /// The consent by which that is told.
        left_consent: Option<ConsentId>,
        /// Day of the first match with a tidgiver.
        first_matched: Option<Day>,
        /// Matches.
        matches: i64,
        /// Contacts, and meetings in oppdrag.
        contacts: i64,
        /// Day of the last of them.
        last_contact: Option<Day>,
        /// Relapses.
        relapses: i64,
        /// Returns after a relapse.
        returns: i64,
        /// Goals set.
        goals_set: i64,
        /// Goals reached.
        goals_reached: i64,
        /// Goals let go.
        goals_dropped: i64,
    }
}

impl JourneyRow {
    fn opened(happened: &ParticipantHappened<'_>, day: Day, opening: &ReEntered) -> Self {
        Self {
            stay_id: happened.stay_id,
            participant_id: happened.participant_id,
            department: opening.department.clone(),
            veileder: None,
            channels: opening.channels.clone(),
            through: opening.through.clone(),
            referral_id: happened.referral_id,
            situation: opening.situation,
            standing: Standing::Inquiry,
            opened: day,
            booked: None,
            booked_for: None,
            conversation: None,
            kartlegging: None,
            begun: None,
            passive_since: None,
            paused_since: None,
            ended: None,
            end_reason: None,
            learned: None,
            end_recorded: None,
            plan: PlanState::NotYet,
            readiness: None,
            phase: None,
            phase_unit: None,
            phase_consent: None,
            discharge: None,
            discharge_consent: None,
            left_treatment: None,
            left_consent: None,
            first_matched: None,
            matches: 0,
            contacts: 0,
            last_contact: None,
            relapses: 0,
            returns: 0,
            goals_set: 0,
            goals_reached: 0,
            goals_dropped: 0,
        }
    }

    /// Rule D5: nothing is told any more of what rested on a consent that was withdrawn.
    fn forget_treatment(&mut self, by: ConsentId) {
        if self.phase_consent == Some(by) {
            self.phase = None;
            self.phase_unit = None;
            self.phase_consent = None;
        }
        if self.discharge_consent == Some(by) {
            self.plan_no_discharge();
        }
        if self.left_consent == Some(by) {
            self.left_treatment = None;
            self.left_consent = None;
        }
    }

    fn plan_no_discharge(&mut self) {
        self.discharge = None;
        self.discharge_consent = None;
    }

    fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Ended | Standing::Closed)
    }

    fn held_contact(&mut self, day: Day) {
        self.contacts += 1;
        self.last_contact = Some(day);
        self.passive_since = None;
    }

    fn end(&mut self, standing: Standing, day: Day, recorded: Day) {
        self.standing = standing;
        self.ended = Some(day);
        self.end_recorded = Some(recorded);
        self.passive_since = None;
        self.paused_since = None;
    }
}

/// Folds stays.
#[derive(Debug)]
pub struct Journey;

impl Projection for Journey {
    const CATEGORY: &'static str = "participant";
    type Row = JourneyRow;

    fn apply(rows: &mut Vec<JourneyRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let day = happened.day;
        match to.fact {
            F::FirstContactMade(_) | F::ReEntered(_)
                if rows.iter().any(|row| row.stay_id == to.stay_id) => {}
            F::FirstContactMade(made) => {
                rows.push(JourneyRow::opened(&to, day, &made.clone().into()));
            }
            F::ReEntered(opening) => rows.push(JourneyRow::opened(&to, day, opening)),
            // Consents are the person's, over all stays.
            F::ConsentWithdrawn(ConsentWithdrawn { consent_id }) => rows
                .iter_mut()
                .for_each(|stay| stay.forget_treatment(*consent_id)),
            fact => {
                // Without its opening (retracted, or after the day that is looked at) there is no
                // stay.
                if let Some(stay) = rows.iter_mut().find(|row| row.stay_id == to.stay_id) {
                    step(stay, fact, day, happened.event.recorded_at.day());
                }
            }
        }
    }
}

fn step(stay: &mut JourneyRow, fact: &F, day: Day, recorded: Day) {
    match fact {
        F::FirstConversationBooked(booked) => {
            stay.booked = stay.booked.or(Some(day));
            stay.booked_for = Some(booked.on);
        }
        F::FirstConversationHeld(_) => {
            stay.conversation = stay.conversation.or(Some(day));
            if stay.standing == Standing::Inquiry {
                stay.standing = Standing::Conversation;
            }
        }
        F::KartleggingDone(_) => {
            stay.kartlegging = stay.kartlegging.or(Some(day));
            if matches!(stay.standing, Standing::Inquiry | Standing::Conversation) {
                stay.standing = Standing::Mapped;
            }
        }
        F::ParticipationBegun(_) => {
            stay.begun = stay.begun.or(Some(day));
            if !stay.is_over() {
                stay.standing = Standing::Participant;
            }
        }
        F::InquiryClosed(_) => stay.end(Standing::Closed, day, recorded),
        F::ParticipationEnded(ended) => {
            stay.end(Standing::Ended, day, recorded);
            stay.end_reason = Some(ended.reason);
            stay.learned = Some(ended.learned);
        }
        F::VeilederAssigned(assigned) => stay.veileder = Some(assigned.veileder),
        F::PlanMade(_) => stay.plan = PlanState::Made,
        F::PlanDeclined(_) => stay.plan = PlanState::Declined,
        F::GoalSet(_) => stay.goals_set += 1,
        F::GoalReached(_) => stay.goals_reached += 1,
        F::GoalDropped(_) => stay.goals_dropped += 1,
        F::ContactHeld(_) | F::OppdragMeetingHeld(_) => stay.held_contact(day),
        F::TidgiverReadinessAssessed(assessed) => stay.readiness = Some(assessed.readiness),
        F::TidgiverMatched(_) => {
            stay.first_matched = stay.first_matched.or(Some(day));
            stay.matches += 1;
        }
        F::RelapseReported(_) => {
            // Until the return it is one relapse, however often it is told.
            if stay.relapses <= stay.returns {
                stay.relapses += 1;
            }
            if stay.standing == Standing::Participant {
                stay.standing = Standing::Paused;
                stay.paused_since = Some(day);
            }
        }
        F::Returned(_) => {
            stay.returns += 1;
            if stay.standing == Standing::Paused {
                stay.standing = Standing::Participant;
                stay.paused_since = None;
            }
        }
        F::TreatmentPhaseEntered(entered) => {
            stay.phase = Some(entered.phase);
            stay.phase_unit = Some(entered.unit.clone());
            stay.phase_consent = Some(entered.consent_id);
            if entered.phase == TreatmentPhase::After {
                stay.plan_no_discharge();
            }
        }
        F::DischargePlanned(planned) => {
            stay.discharge = Some(planned.on);
            stay.discharge_consent = Some(planned.consent_id);
        }
        F::TreatmentLeftEarly(left) => {
            stay.phase = Some(TreatmentPhase::After);
            stay.phase_unit = Some(left.unit.clone());
            stay.phase_consent = Some(left.consent_id);
            stay.plan_no_discharge();
            stay.left_treatment = Some(day);
            stay.left_consent = Some(left.consent_id);
        }
        F::BecamePassive(_) if !stay.is_over() => stay.passive_since = Some(day),
        F::BecameActive(_) => stay.passive_since = None,
        F::Transferred(transferred) => stay.department = transferred.to.clone(),
        F::BecamePassive(_)
        | F::FirstContactMade(_)
        | F::ReEntered(_)
        | F::ConsentGiven(_)
        | F::ConsentWithdrawn(_)
        | F::GoalProgressReported(_)
        | F::StartConversationHeld(_)
        | F::OppdragMeetingCancelled(_)
        | F::OppdragReviewed(_)
        | F::OppdragExtended(_)
        | F::OppdragEnded(_)
        | F::SafetyConcernRaised(_)
        | F::SafetyConcernAcknowledged(_)
        | F::SentenceServingBegun(_)
        | F::SentenceServingCompleted(_)
        | F::RelapseContactMade(_)
        | F::EntryCorrected(_)
        | F::EntryRetracted(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_definition_says_within_how_many_days() {
        let defined = super::defined_within("within {days} days (a parameter)", 30);
        assert_eq!(defined, "within 30 days (a parameter)");
    }
}
