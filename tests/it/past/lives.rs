//! Stays and what belongs to them, told as plain structs.

use std::collections::BTreeMap;

use domain::{
    es::{ConsentId, Day, EventId},
    participant::{
        ContactWith, OppdragKind, ParticipantFact as F, TidgiverMatched, TreatmentPhase,
    },
    words::{ConcernId, OppdragId, ParticipantId, ReferralId, StaffId, StayId, UnitId},
};
use serde_json::{Value, json};

use super::log::{Log, Step, steps};

pub(super) struct Stay {
    pub(super) id: StayId,
    pub(super) person: ParticipantId,
    pub(super) department: UnitId,
    pub(super) veileder: Option<StaffId>,
    pub(super) through: Option<UnitId>,
    pub(super) referral: Option<ReferralId>,
    pub(super) standing: &'static str,
    pub(super) opened: Day,
    pub(super) booked: Option<Day>,
    pub(super) kartlegging: Option<Day>,
    pub(super) begun: Option<Day>,
    pub(super) passive_since: Option<Day>,
    pub(super) ended: Option<Day>,
    pub(super) end_learned: Option<Day>,
    pub(super) plan: &'static str,
    /// The consents by which phase, discharge and leaving are told.
    pub(super) told_by: [Option<ConsentId>; 3],
    pub(super) discharge: Option<Day>,
    pub(super) left_treatment: Option<Day>,
    pub(super) first_matched: Option<Day>,
    pub(super) contacts: i64,
    pub(super) last_contact: Option<Day>,
    /// What is only shown, never counted.
    pub(super) shown: BTreeMap<&'static str, Value>,
}

pub(super) struct Relapse {
    pub(super) id: EventId,
    pub(super) stay: StayId,
    pub(super) reported: Day,
    pub(super) tried: Option<Day>,
    pub(super) contacted: Option<Day>,
    pub(super) returned: Option<Day>,
}

pub(super) struct Oppdrag {
    pub(super) id: OppdragId,
    pub(super) stay: StayId,
    pub(super) kind: OppdragKind,
    pub(super) agreed: TidgiverMatched,
    pub(super) matched: Day,
    pub(super) review: Option<Day>,
    pub(super) ends: Day,
    pub(super) started: Option<Day>,
    pub(super) followed_up: Option<Day>,
    pub(super) meetings: i64,
    /// Days of cancelled meetings.
    pub(super) cancelled: Vec<Day>,
    pub(super) cancelled_since_review: usize,
    pub(super) ended: Option<(Day, Value)>,
}

pub(super) struct Sentence {
    pub(super) id: EventId,
    pub(super) stay: StayId,
    pub(super) form: Value,
    pub(super) begun: Day,
    pub(super) completed: Option<(Day, bool)>,
}

pub(super) struct Concern {
    pub(super) id: ConcernId,
    pub(super) stay: StayId,
    pub(super) oppdrag: Option<OppdragId>,
    pub(super) raised: Day,
    pub(super) acknowledged: Option<Day>,
}

/// A treatment at a unit, told of during a stay.
pub(super) struct Patient {
    pub(super) stay: StayId,
    pub(super) unit: UnitId,
    pub(super) since: Day,
    pub(super) treated_since: Option<Day>,
    pub(super) treated_until: Option<Day>,
}

/// One person.
#[derive(Default)]
pub(super) struct Life {
    pub(super) stays: Vec<Stay>,
    pub(super) contacts: Vec<Day>,
    pub(super) relapses: Vec<Relapse>,
    pub(super) oppdrag: Vec<Oppdrag>,
    pub(super) sentences: Vec<Sentence>,
    pub(super) concerns: Vec<Concern>,
    pub(super) patient: Vec<Patient>,
}

pub(super) type Lives = BTreeMap<ParticipantId, Life>;

pub(super) fn lives(log: &Log) -> Lives {
    let live = |(person, facts): (&ParticipantId, &Vec<_>)| {
        let mut life = Life::default();
        for step in steps(facts) {
            life.step(*person, step);
        }
        life.stays.sort_by_key(|stay| (stay.opened, stay.id));
        (*person, life)
    };
    log.people.iter().map(live).collect()
}

/// Who had stays at more than one department.
pub(super) fn moved(lives: &Lives) -> Vec<ParticipantId> {
    let moved = lives.iter().filter(|(_, life)| {
        let mut stays = life.stays.iter();
        let first = stays.next();
        stays.any(|stay| Some(&stay.department) != first.map(|first| &first.department))
    });
    moved.map(|(person, _)| *person).collect()
}

impl Stay {
    pub(super) fn is_open(&self) -> bool {
        self.standing != "ended" && self.standing != "closed"
    }

    pub(super) fn is_active(&self, as_of: Day) -> bool {
        self.standing == "participant"
            && self.passive_since.is_none()
            && self
                .last_contact
                .is_some_and(|last| as_of.days_since(last) <= 90)
    }

    fn open(person: ParticipantId, step: Step<'_>) -> Option<Self> {
        let (department, channels, through, situation) = match step.fact {
            F::FirstContactMade(made) => (
                &made.department,
                &made.channels,
                &made.through,
                made.situation,
            ),
            F::ReEntered(made) => (
                &made.department,
                &made.channels,
                &made.through,
                made.situation,
            ),
            _ => return None,
        };
        Some(Self {
            id: step.stay,
            person,
            department: department.clone(),
            veileder: None,
            through: through.clone(),
            referral: step.event.referral_id,
            standing: "inquiry",
            opened: step.day,
            booked: None,
            kartlegging: None,
            begun: None,
            passive_since: None,
            ended: None,
            end_learned: None,
            plan: "not-yet",
            told_by: [None; 3],
            discharge: None,
            left_treatment: None,
            first_matched: None,
            contacts: 0,
            last_contact: None,
            shown: BTreeMap::from([
                ("channels", json!(channels)),
                ("situation", json!(situation)),
                ("booked_for", Value::Null),
                ("conversation", Value::Null),
                ("paused_since", Value::Null),
                ("end_reason", Value::Null),
                ("learned", Value::Null),
                ("readiness", Value::Null),
                ("phase", Value::Null),
                ("phase_unit", Value::Null),
                ("goals_set", json!(0)),
                ("goals_reached", json!(0)),
                ("goals_dropped", json!(0)),
            ]),
        })
    }

    fn count(&mut self, what: &'static str) {
        let so_far = self.shown[what].as_i64().unwrap();
        self.shown.insert(what, json!(so_far + 1));
    }

    fn over(&mut self, how: &'static str, step: Step<'_>) {
        self.standing = how;
        self.ended = Some(step.day);
        self.end_learned = Some(step.recorded.recorded_at.day());
        self.passive_since = None;
        self.shown.insert("paused_since", Value::Null);
    }

    fn step(&mut self, step: Step<'_>) {
        let day = step.day;
        let incoming = ["inquiry", "conversation", "mapped"];
        match step.fact {
            F::FirstConversationBooked(booked) => {
                self.booked = self.booked.or(Some(day));
                self.shown.insert("booked_for", json!(booked.on));
            }
            F::FirstConversationHeld(_) => {
                if self.shown["conversation"].is_null() {
                    self.shown.insert("conversation", json!(day));
                }
                if self.standing == "inquiry" {
                    self.standing = "conversation";
                }
            }
            F::KartleggingDone(_) => {
                self.kartlegging = self.kartlegging.or(Some(day));
                if incoming.contains(&self.standing) {
                    self.standing = "mapped";
                }
            }
            F::ParticipationBegun(_) => {
                self.begun = self.begun.or(Some(day));
                if self.is_open() {
                    self.standing = "participant";
                }
            }
            F::InquiryClosed(_) => self.over("closed", step),
            F::ParticipationEnded(ended) => {
                self.over("ended", step);
                self.shown.insert("end_reason", json!(ended.reason));
                self.shown.insert("learned", json!(ended.learned));
            }
            F::VeilederAssigned(assigned) => self.veileder = Some(assigned.veileder),
            F::PlanMade(_) => self.plan = "made",
            F::PlanDeclined(_) => self.plan = "declined",
            F::GoalSet(_) => self.count("goals_set"),
            F::GoalReached(_) => self.count("goals_reached"),
            F::GoalDropped(_) => self.count("goals_dropped"),
            F::ContactHeld(_) | F::OppdragMeetingHeld(_) => {
                self.contacts += 1;
                self.last_contact = Some(day);
                self.passive_since = None;
            }
            F::TidgiverReadinessAssessed(assessed) => {
                self.shown.insert("readiness", json!(assessed.readiness));
            }
            F::TidgiverMatched(_) => self.first_matched = self.first_matched.or(Some(day)),
            F::RelapseReported(_) if self.standing == "participant" => {
                self.standing = "paused";
                self.shown.insert("paused_since", json!(day));
            }
            F::Returned(_) if self.standing == "paused" => {
                self.standing = "participant";
                self.shown.insert("paused_since", Value::Null);
            }
            F::TreatmentPhaseEntered(entered) => {
                self.shown.insert("phase", json!(entered.phase));
                self.shown.insert("phase_unit", json!(entered.unit));
                self.told_by[0] = Some(entered.consent_id);
                if entered.phase == TreatmentPhase::After {
                    self.discharge = None;
                }
            }
            F::DischargePlanned(planned) => {
                self.discharge = Some(planned.on);
                self.told_by[1] = Some(planned.consent_id);
            }
            F::TreatmentLeftEarly(left) => {
                self.shown.insert("phase", json!("after"));
                self.shown.insert("phase_unit", json!(left.unit));
                self.told_by[0] = Some(left.consent_id);
                self.told_by[2] = Some(left.consent_id);
                self.discharge = None;
                self.left_treatment = Some(day);
            }
            F::BecamePassive(_) if self.is_open() => self.passive_since = Some(day),
            F::BecameActive(_) => self.passive_since = None,
            F::Transferred(transferred) => self.department = transferred.to.clone(),
            _ => {}
        }
    }
}

impl Life {
    fn step(&mut self, person: ParticipantId, step: Step<'_>) {
        match self.stays.iter_mut().find(|stay| stay.id == step.stay) {
            Some(stay) => stay.step(step),
            None => self.stays.extend(Stay::open(person, step)),
        }
        self.step_relapse(step);
        self.step_oppdrag(step);
        self.step_treatment(step);
        let day = step.day;
        match step.fact {
            F::ContactHeld(_) | F::OppdragMeetingHeld(_) => self.contacts.push(day),
            F::ConsentWithdrawn(withdrawn) => {
                for stay in &mut self.stays {
                    let [phase, discharge, left] = stay.told_by;
                    if phase == Some(withdrawn.consent_id) {
                        stay.shown.insert("phase", Value::Null);
                        stay.shown.insert("phase_unit", Value::Null);
                    }
                    if discharge == Some(withdrawn.consent_id) {
                        stay.discharge = None;
                    }
                    if left == Some(withdrawn.consent_id) {
                        stay.left_treatment = None;
                    }
                }
            }
            F::SentenceServingBegun(begun) => self.sentences.push(Sentence {
                id: step.recorded.id,
                stay: step.stay,
                form: json!(begun.form),
                begun: day,
                completed: None,
            }),
            F::SentenceServingCompleted(completed) => {
                let last = self
                    .sentences
                    .iter_mut()
                    .rfind(|one| one.stay == step.stay && one.completed.is_none());
                if let Some(sentence) = last {
                    sentence.completed = Some((day, completed.continues));
                }
            }
            F::SafetyConcernRaised(raised)
                if !self.concerns.iter().any(|one| one.id == raised.concern_id) =>
            {
                self.concerns.push(Concern {
                    id: raised.concern_id,
                    stay: step.stay,
                    oppdrag: raised.oppdrag_id,
                    raised: day,
                    acknowledged: None,
                });
            }
            F::SafetyConcernAcknowledged(taken_on) => {
                for concern in &mut self.concerns {
                    if concern.id == taken_on.concern_id && concern.acknowledged.is_none() {
                        concern.acknowledged = Some(day);
                    }
                }
            }
            _ => {}
        }
    }

    fn step_relapse(&mut self, step: Step<'_>) {
        let day = step.day;
        let open = self
            .relapses
            .iter_mut()
            .find(|one| one.stay == step.stay && one.returned.is_none());
        match (step.fact, open) {
            (F::RelapseReported(_), None) => self.relapses.push(Relapse {
                id: step.recorded.id,
                stay: step.stay,
                reported: day,
                tried: None,
                contacted: None,
                returned: None,
            }),
            (F::RelapseContactMade(made), Some(open)) if open.contacted.is_none() => {
                if made.reached {
                    open.contacted = Some(day);
                } else {
                    open.tried = Some(day);
                }
            }
            (F::Returned(_), Some(open)) => open.returned = Some(day),
            _ => {}
        }
    }

    fn step_oppdrag(&mut self, step: Step<'_>) {
        let day = step.day;
        if let F::TidgiverMatched(matched) = step.fact {
            if !self.oppdrag.iter().any(|one| one.id == matched.oppdrag_id) {
                self.oppdrag.push(Oppdrag {
                    id: matched.oppdrag_id,
                    stay: step.stay,
                    kind: matched.kind,
                    agreed: matched.clone(),
                    matched: day,
                    review: Some(matched.review),
                    ends: matched.ends,
                    started: None,
                    followed_up: None,
                    meetings: 0,
                    cancelled: vec![],
                    cancelled_since_review: 0,
                    ended: None,
                });
            }
            return;
        }
        for one in &mut self.oppdrag {
            match step.fact {
                F::StartConversationHeld(held) if held.oppdrag_id == one.id => {
                    one.started = one.started.or(Some(day));
                    one.followed_up = Some(day);
                }
                F::OppdragMeetingHeld(held) if held.oppdrag_id == one.id => one.meetings += 1,
                F::OppdragMeetingCancelled(cancelled) if cancelled.oppdrag_id == one.id => {
                    one.cancelled.push(day);
                    one.cancelled_since_review += 1;
                }
                F::OppdragReviewed(reviewed) if reviewed.oppdrag_id == one.id => {
                    one.review = reviewed.next_review;
                    one.followed_up = Some(day);
                    one.cancelled_since_review = 0;
                }
                F::OppdragExtended(extended) if extended.oppdrag_id == one.id => {
                    one.review = Some(extended.review);
                    one.ends = extended.ends;
                    one.followed_up = Some(day);
                }
                F::OppdragEnded(ended) if ended.oppdrag_id == one.id => {
                    one.ended = Some((day, json!(ended.reason)));
                }
                F::ContactHeld(contact)
                    if contact.with == ContactWith::Veileder
                        && one.stay == step.stay
                        && one.ended.is_none() =>
                {
                    one.followed_up = Some(day);
                }
                _ => {}
            }
        }
    }

    fn step_treatment(&mut self, step: Step<'_>) {
        let (unit, phase) = match step.fact {
            F::TreatmentPhaseEntered(entered) => (&entered.unit, entered.phase),
            F::TreatmentLeftEarly(left) => (&left.unit, TreatmentPhase::After),
            _ => return,
        };
        let known = |one: &Patient| one.stay == step.stay && one.unit == *unit;
        if !self.patient.iter().any(known) {
            self.patient.push(Patient {
                stay: step.stay,
                unit: unit.clone(),
                since: step.day,
                treated_since: None,
                treated_until: None,
            });
        }
        for one in self.patient.iter_mut().filter(|one| known(one)) {
            match phase {
                TreatmentPhase::Before => {}
                TreatmentPhase::During | TreatmentPhase::Discharge => {
                    one.treated_since = one.treated_since.or(Some(step.day));
                    one.treated_until = None;
                }
                TreatmentPhase::After => one.treated_until = Some(step.day),
            }
        }
    }
}

pub(super) fn stays(lives: &Lives) -> impl Iterator<Item = &Stay> {
    lives.values().flat_map(|life| &life.stays)
}

pub(super) fn stay(lives: &Lives, id: StayId) -> Option<&Stay> {
    stays(lives).find(|stay| stay.id == id)
}

/// How many oppdrag were left open at the end of a stay and ended later.
pub(super) fn ended_after_their_stay(lives: &Lives) -> usize {
    let oppdrag = lives.values().flat_map(|life| &life.oppdrag);
    let late = oppdrag.filter(|one| {
        let over = stay(lives, one.stay).and_then(|stay| stay.ended);
        let ended = one.ended.as_ref().map(|ended| ended.0);
        over.zip(ended).is_some_and(|(over, ended)| ended > over)
    });
    late.count()
}
