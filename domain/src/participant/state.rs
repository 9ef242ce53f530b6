//! What is known of a participant.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    ConsentGiven, OppdragKind, ParticipantEvent, ParticipantFact as F, ReEntered, Readiness,
    SupportWish, TidgiverMatched, TreatmentPhase,
};
use crate::{
    es::{ConsentId, Day, Entry},
    words::{
        ConcernId, GoalId, OppdragId, ReferralId, Situation, StaffId, StayId, TidgiverId, UnitId,
    },
};

/// Whether anything is known of the person.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ParticipantState {
    /// No contact was made.
    #[default]
    Unknown,
    /// The person made contact.
    Known(Box<Person>),
}

/// A person who made contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The present stay, or the last one.
    pub stay: Stay,
    /// The stays before it; all of them are over.
    pub earlier: Vec<Stay>,
    /// What the person consented to, over all stays.
    pub consents: BTreeMap<ConsentId, Consent>,
    /// The safety concerns, over all stays: a worry does not end with a stay (rule D35).
    pub concerns: BTreeMap<ConcernId, Concern>,
}

/// How far a stay has come (rule D11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
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
    /// It ended, or the inquiry came to nothing, on a day.
    Over(Day),
}

/// One period of participation.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// Its name.
    pub id: StayId,
    /// The referral that led to it.
    pub referral_id: Option<ReferralId>,
    /// The day of the first contact.
    pub opened: Day,
    /// The department.
    pub department: UnitId,
    /// Where the person stood in life.
    pub situation: Option<Situation>,
    /// How far it has come.
    pub stage: Stage,
    /// The day of the first conversation.
    pub conversation: Option<Day>,
    /// The day participation began.
    pub begun: Option<Day>,
    /// The veileder; at most one (rule D23).
    pub veileder: Option<StaffId>,
    /// Whether there is a plan.
    pub plan: Plan,
    /// The goals, and whether each is still open.
    pub goals: BTreeMap<GoalId, bool>,
    /// What the person last said of having a tidgiver.
    pub readiness: Option<Readiness>,
    /// The day on which that was said.
    pub readiness_on: Option<Day>,
    /// Whether the institution of an in-patient said yes to a tidgiver.
    pub institution_agrees: bool,
    /// The assignments.
    pub oppdrag: BTreeMap<OppdragId, Oppdrag>,
    /// The last relapse.
    pub relapse: Relapse,
    /// Where the person is in a treatment, as far as consented.
    pub phase: Option<TreatmentPhase>,
    /// The day on which the sentence began that is being served.
    pub serving: Option<Day>,
    /// The day from which the person is on the list without being active, by agreement (rule D13).
    pub passive: Option<Day>,
}

/// A consent, given and perhaps withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    /// What was consented to.
    pub given: ConsentGiven,
    /// Whether it holds.
    pub holds: bool,
}

/// A worry about somebody's safety.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concern {
    /// The stay in which it was raised.
    pub stay: StayId,
    /// The day it was raised.
    pub raised: Day,
    /// Whether somebody responsible took it on.
    pub acknowledged: bool,
}

/// Whether there is a plan (rule D19: none by choice is a state).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// None yet.
    NotYet,
    /// Made.
    Made,
    /// None, by choice.
    Declined,
}

/// A bounded assignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Oppdrag {
    /// The tidgiver.
    pub tidgiver: TidgiverId,
    /// What kind it is.
    pub kind: OppdragKind,
    /// What it is for.
    pub purpose: SupportWish,
    /// Day of the match.
    pub matched: Day,
    /// First day.
    pub begins: Day,
    /// Day from which its length counts: the first, or that of its last extension, which is a new
    /// decision (rule D27).
    pub counts_from: Day,
    /// Last day, as last decided.
    pub ends: Day,
    /// The day of the conversation of three.
    pub started: Option<Day>,
    /// The day it ended, if it did.
    pub ended: Option<Day>,
}

impl Oppdrag {
    /// Whether a match tells of this one, under another name, on a day on which it is open.
    #[must_use]
    pub fn is_told_again_by(&self, matched: &TidgiverMatched, day: Day) -> bool {
        let same = self.tidgiver == matched.tidgiver
            && self.kind == matched.kind
            && self.purpose == matched.purpose
            && self.begins == matched.begins;
        same && self.ended.is_none_or(|on| day < on)
    }
}

/// The last relapse, and what followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relapse {
    /// None is known.
    None,
    /// Reported, on a day.
    Reported(Day),
    /// Contact was made or tried, after it was reported on a day.
    Contacted(Day),
}

impl Relapse {
    /// The day on which it was first reported, while it lasts.
    #[must_use]
    pub fn reported(self) -> Option<Day> {
        match self {
            Self::None => None,
            Self::Reported(on) | Self::Contacted(on) => Some(on),
        }
    }

    /// Reported, or reported once more: until the return it is one relapse.
    fn and_reported(self, day: Day) -> Self {
        match self {
            Self::None => Self::Reported(day),
            Self::Reported(on) => Self::Reported(on.min(day)),
            Self::Contacted(on) => Self::Contacted(on.min(day)),
        }
    }
}

impl Person {
    /// Every stay, the first one first.
    pub fn stays(&self) -> impl Iterator<Item = &Stay> {
        self.earlier.iter().chain([&self.stay])
    }

    /// The person as a department knows them: by the stays that it holds, the last of them as the
    /// present one. `None` if it holds none. Whoever asks for no department knows them all.
    #[must_use]
    pub fn as_known_to(&self, department: Option<&UnitId>) -> Option<Cow<'_, Self>> {
        let holds = |stay: &&Stay| department.is_none_or(|one| stay.department == *one);
        if self.stays().all(|stay| holds(&stay)) {
            return Some(Cow::Borrowed(self));
        }
        let mut held: Vec<Stay> = self.stays().filter(holds).cloned().collect();
        let concerns = self.concerns.iter();
        let concerns = concerns
            .filter(|(_, concern)| held.iter().any(|stay| stay.id == concern.stay))
            .map(|(id, concern)| (*id, *concern))
            .collect();
        Some(Cow::Owned(Self {
            stay: held.pop()?,
            earlier: held,
            consents: self.consents.clone(),
            concerns,
        }))
    }

    /// The earlier stay that a fact of `day`, told late, belongs to; `None` if it belongs to the
    /// present one.
    #[must_use]
    pub fn earlier_stay_on(&self, day: Day) -> Option<&Stay> {
        if day >= self.stay.opened {
            return None;
        }
        self.earlier.iter().find(|earlier| {
            earlier.opened <= day && matches!(earlier.stage, Stage::Over(on) if day <= on)
        })
    }

    /// The earlier stay of this name.
    #[must_use]
    pub fn earlier_stay(&self, id: StayId) -> Option<&Stay> {
        self.earlier.iter().find(|earlier| earlier.id == id)
    }

    /// The earlier stay in which a goal was set.
    #[must_use]
    pub fn earlier_stay_aiming_at(&self, goal: GoalId) -> Option<&Stay> {
        self.earlier
            .iter()
            .find(|earlier| earlier.goals.contains_key(&goal))
    }

    /// The earlier stay that an assignment was part of.
    #[must_use]
    pub fn earlier_stay_with(&self, oppdrag: OppdragId) -> Option<&Stay> {
        self.earlier
            .iter()
            .find(|earlier| earlier.oppdrag.contains_key(&oppdrag))
    }

    /// Whether a consent holds towards a unit.
    #[must_use]
    pub fn consents_to(&self, consent: ConsentId, unit: &UnitId) -> bool {
        self.consents
            .get(&consent)
            .is_some_and(|known| known.holds && known.given.unit == *unit)
    }
}

impl Stay {
    /// Whether the kartlegging was done.
    #[must_use]
    pub fn mapped(&self) -> bool {
        match self.stage {
            Stage::Inquiry | Stage::Conversation => false,
            Stage::Mapped | Stage::Participant | Stage::Paused => true,
            Stage::Over(_) => self.begun.is_some(),
        }
    }

    fn open(id: StayId, opened: Day, entry: &ReEntered) -> Self {
        Self {
            id,
            referral_id: entry.referral_id,
            opened,
            department: entry.department.clone(),
            situation: entry.situation,
            stage: Stage::Inquiry,
            conversation: None,
            begun: None,
            veileder: None,
            plan: Plan::NotYet,
            goals: BTreeMap::new(),
            readiness: None,
            readiness_on: None,
            institution_agrees: false,
            oppdrag: BTreeMap::new(),
            relapse: Relapse::None,
            phase: None,
            serving: None,
            passive: None,
        }
    }
}

impl ParticipantState {
    pub(super) fn evolve(self, entry: &Entry<ParticipantEvent>) -> Self {
        let ParticipantEvent { stay_id, fact, .. } = &entry.event;
        match (fact, self) {
            (F::FirstContactMade(made), Self::Unknown) => Self::Known(Box::new(Person {
                stay: Stay::open(*stay_id, entry.day(), &made.clone().into()),
                earlier: vec![],
                consents: BTreeMap::new(),
                concerns: BTreeMap::new(),
            })),
            (_, Self::Unknown) => Self::Unknown,
            (fact, Self::Known(mut person)) => {
                person.evolve(*stay_id, entry.day(), fact);
                Self::Known(person)
            }
        }
    }
}

impl Person {
    fn evolve(&mut self, stay_id: StayId, day: Day, fact: &F) {
        match fact {
            F::ReEntered(re_entered) => {
                let next = Stay::open(stay_id, day, re_entered);
                let mut last = std::mem::replace(&mut self.stay, next);
                if !matches!(last.stage, Stage::Over(_)) {
                    last.stage = Stage::Over(day);
                }
                self.earlier.push(last);
            }
            F::ConsentGiven(given) => {
                self.consents.insert(
                    given.consent_id,
                    Consent {
                        given: given.clone(),
                        holds: true,
                    },
                );
            }
            F::ConsentWithdrawn(withdrawn) => {
                if let Some(consent) = self.consents.get_mut(&withdrawn.consent_id) {
                    consent.holds = false;
                }
            }
            F::SafetyConcernRaised(raised) => {
                let concern = Concern {
                    stay: stay_id,
                    raised: day,
                    acknowledged: false,
                };
                self.concerns.insert(raised.concern_id, concern);
            }
            F::SafetyConcernAcknowledged(known) => {
                if let Some(concern) = self.concerns.get_mut(&known.concern_id) {
                    concern.acknowledged = true;
                }
            }
            fact if stay_id == self.stay.id => self.stay.evolve(day, fact),
            // Told late: nothing of the present stay changes.
            fact => {
                let mut earlier = self.earlier.iter_mut();
                if let Some(stay) = earlier.find(|stay| stay.id == stay_id) {
                    stay.evolve(day, fact);
                }
            }
        }
    }
}

impl Stay {
    fn evolve(&mut self, day: Day, fact: &F) {
        match fact {
            F::FirstConversationHeld(_) => {
                self.conversation = Some(day);
                if self.stage == Stage::Inquiry {
                    self.stage = Stage::Conversation;
                }
            }
            F::KartleggingDone(_) if matches!(self.stage, Stage::Inquiry | Stage::Conversation) => {
                self.stage = Stage::Mapped;
            }
            F::ParticipationBegun(_) => {
                if !matches!(self.stage, Stage::Over(_)) {
                    self.stage = Stage::Participant;
                }
                self.begun = self.begun.or(Some(day));
            }
            F::InquiryClosed(_) | F::ParticipationEnded(_) => self.stage = Stage::Over(day),
            F::VeilederAssigned(assigned) => self.veileder = Some(assigned.veileder),
            F::PlanMade(_) => self.plan = Plan::Made,
            F::PlanDeclined(_) => self.plan = Plan::Declined,
            F::GoalSet(goal) => {
                self.goals.insert(goal.goal_id, true);
            }
            F::GoalReached(super::GoalReached { goal_id })
            | F::GoalDropped(super::GoalDropped { goal_id }) => {
                self.goals.insert(*goal_id, false);
            }
            F::TidgiverReadinessAssessed(assessed) => {
                self.readiness = Some(assessed.readiness);
                self.readiness_on = Some(day);
                self.institution_agrees = assessed.institution_agrees == Some(true);
            }
            F::TidgiverMatched(matched) => {
                self.oppdrag.insert(
                    matched.oppdrag_id,
                    Oppdrag {
                        tidgiver: matched.tidgiver,
                        kind: matched.kind,
                        purpose: matched.purpose,
                        matched: day,
                        begins: matched.begins,
                        counts_from: matched.begins,
                        ends: matched.ends,
                        started: None,
                        ended: None,
                    },
                );
            }
            F::StartConversationHeld(held) => {
                self.with_oppdrag(held.oppdrag_id, |oppdrag| oppdrag.started = Some(day));
            }
            F::OppdragExtended(extended) => {
                self.with_oppdrag(extended.oppdrag_id, |oppdrag| {
                    oppdrag.counts_from = day;
                    oppdrag.ends = extended.ends;
                });
            }
            F::OppdragEnded(ended) => {
                self.with_oppdrag(ended.oppdrag_id, |oppdrag| oppdrag.ended = Some(day));
            }
            F::RelapseReported(_) => {
                self.relapse = self.relapse.and_reported(day);
                if self.stage == Stage::Participant {
                    self.stage = Stage::Paused;
                }
            }
            F::RelapseContactMade(_) => {
                if let Relapse::Reported(reported) = self.relapse {
                    self.relapse = Relapse::Contacted(reported);
                }
            }
            F::Returned(_) => {
                self.relapse = Relapse::None;
                if self.stage == Stage::Paused {
                    self.stage = Stage::Participant;
                }
            }
            F::TreatmentPhaseEntered(entered) => self.phase = Some(entered.phase),
            F::TreatmentLeftEarly(_) => self.phase = Some(TreatmentPhase::After),
            F::SentenceServingBegun(_) => self.serving = Some(day),
            F::SentenceServingCompleted(_) => self.serving = None,
            F::BecamePassive(_) => self.passive = Some(day),
            F::BecameActive(_) | F::ContactHeld(_) | F::OppdragMeetingHeld(_) => {
                self.passive = None;
            }
            F::Transferred(transferred) => self.department = transferred.to.clone(),
            F::FirstContactMade(_)
            | F::ReEntered(_)
            | F::FirstConversationBooked(_)
            | F::KartleggingDone(_)
            | F::ConsentGiven(_)
            | F::ConsentWithdrawn(_)
            | F::GoalProgressReported(_)
            | F::SafetyConcernRaised(_)
            | F::SafetyConcernAcknowledged(_)
            | F::OppdragMeetingCancelled(_)
            | F::OppdragReviewed(_)
            | F::DischargePlanned(_)
            | F::EntryCorrected(_)
            | F::EntryRetracted(_) => {}
        }
    }

    fn with_oppdrag(&mut self, id: OppdragId, change: impl FnOnce(&mut Oppdrag)) {
        if let Some(oppdrag) = self.oppdrag.get_mut(&id) {
            change(oppdrag);
        }
    }
}

/// A first contact seen as what opens a stay.
impl From<super::FirstContactMade> for ReEntered {
    fn from(made: super::FirstContactMade) -> Self {
        Self {
            department: made.department,
            channels: made.channels,
            through: made.through,
            situation: made.situation,
            referral_id: made.referral_id,
        }
    }
}
