//! The same answers, made the simplest way that can be thought of: everything in memory, nothing
//! kept, no SQL, and no code of the read models.

use std::collections::{BTreeMap, HashMap};

use domain::{
    es::{
        Day, EventStore, Position, RecordedAt, StreamName,
        amend::{Amendable, Amendment},
    },
    event::{DomainEvent, Recorded},
    participant::ParticipantFact as F,
    referral::ReferralFact as R,
    words::{ParticipantId, StayId, UnitId},
};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stay {
    pub(super) person: ParticipantId,
    pub(super) department: UnitId,
    pub(super) stage: &'static str,
    pub(super) begun: Option<Day>,
    pub(super) ended: Option<Day>,
    pub(super) kartlegging: Option<Day>,
    pub(super) passive: bool,
    pub(super) last_contact: Option<Day>,
    pub(super) opened: Day,
}

#[derive(Debug, Default)]
pub(super) struct Naive {
    pub(super) stays: BTreeMap<StayId, Stay>,
    /// Reported, contacted, returned.
    pub(super) relapses: Vec<(StayId, Day, Option<Day>, Option<Day>)>,
    /// Agreed by whom and when, accepted, withdrawn.
    pub(super) referrals: Vec<Way>,
}

#[derive(Debug)]
pub(super) struct Way {
    pub(super) agreed: Option<(ParticipantId, Day)>,
    pub(super) accepted: bool,
    pub(super) withdrawn: bool,
}

/// Everything that counted on a day, as known at a moment.
pub(super) async fn refold(log: &dyn EventStore, as_of: Day, known_at: RecordedAt) -> Naive {
    let mut streams: HashMap<StreamName, Vec<Recorded>> = HashMap::new();
    for event in log.read_all(Position::START, usize::MAX).await.unwrap() {
        if event.recorded_at <= known_at {
            let event = Recorded::decode(event).unwrap();
            streams.entry(event.stream.clone()).or_default().push(event);
        }
    }
    let mut naive = Naive::default();
    for (stream, history) in streams {
        let mut facts: Vec<Recorded> = (0..history.len())
            .filter(|at| history[*at].amendment().is_none() && counts(&history, *at))
            .map(|at| corrected(&history, at))
            .filter(|fact| fact.occurred_at.day() <= as_of)
            .collect();
        facts.sort_by_key(|fact| (fact.occurred_at.begins(), fact.event.rank(), fact.id));
        match stream.category() {
            "participant" => naive.take_person(stream.key().parse().unwrap(), &facts),
            "referral" => naive.take_referral(&facts),
            other => panic!("nothing to count in {other}"),
        }
    }
    naive
}

/// Whether no later entry that counts retracts this one.
fn counts(history: &[Recorded], at: usize) -> bool {
    let retracts = |later: &usize| matches!(history[*later].amendment(), Some(Amendment::Retracted(id)) if id == history[at].id);
    !(at + 1..history.len())
        .filter(retracts)
        .any(|later| counts(history, later))
}

fn corrected(history: &[Recorded], at: usize) -> Recorded {
    let last = (at + 1..history.len())
        .rev()
        .filter(|later| counts(history, *later))
        .find_map(|later| match history[later].amendment() {
            Some(Amendment::Corrected(correction)) if correction.entry == history[at].id => {
                Some(correction)
            }
            _ => None,
        });
    let fact = history[at].clone();
    match last {
        Some(correction) => fact.corrected(correction),
        None => fact,
    }
}

impl Naive {
    fn take_person(&mut self, person: ParticipantId, facts: &[Recorded]) {
        for fact in facts {
            let DomainEvent::Participant(event) = &fact.event else {
                panic!("not about a participant");
            };
            let (id, day) = (event.stay_id, fact.occurred_at.day());
            let department = match &event.fact {
                F::FirstContactMade(made) => Some(&made.department),
                F::ReEntered(again) => Some(&again.department),
                _ => None,
            };
            if let Some(department) = department {
                let stay = Stay {
                    person,
                    department: department.clone(),
                    stage: "inquiry",
                    begun: None,
                    ended: None,
                    kartlegging: None,
                    passive: false,
                    last_contact: None,
                    opened: day,
                };
                self.stays.insert(id, stay);
                continue;
            }
            self.take_relapse(id, &event.fact, day);
            if let Some(stay) = self.stays.get_mut(&id) {
                stay.take(&event.fact, day);
            }
        }
    }

    fn take_relapse(&mut self, stay: StayId, fact: &F, day: Day) {
        let open = self
            .relapses
            .iter_mut()
            .find(|relapse| relapse.0 == stay && relapse.3.is_none());
        match (fact, open) {
            (F::RelapseReported(_), None) => self.relapses.push((stay, day, None, None)),
            (F::RelapseContactMade(made), Some(open)) if made.reached && open.2.is_none() => {
                open.2 = Some(day);
            }
            (F::Returned(_), Some(open)) => open.3 = Some(day),
            _ => {}
        }
    }

    fn take_referral(&mut self, facts: &[Recorded]) {
        let mut way: Option<Way> = None;
        for fact in facts {
            let DomainEvent::Referral(event) = &fact.event else {
                panic!("not about a referral");
            };
            let day = fact.occurred_at.day();
            match (event, &mut way) {
                (R::ReferralProposed(_), None) => {
                    way = Some(Way {
                        agreed: None,
                        accepted: false,
                        withdrawn: false,
                    });
                }
                (R::PatientAgreed(yes), Some(way)) => way.agreed = Some((yes.participant_id, day)),
                (R::ReferralAccepted(_), Some(way)) => way.accepted = true,
                (R::ReferralWithdrawn(_), Some(way)) => way.withdrawn = true,
                _ => {}
            }
        }
        self.referrals.extend(way);
    }
}

impl Stay {
    fn take(&mut self, fact: &F, day: Day) {
        let over = self.ended.is_some();
        match fact {
            F::FirstConversationHeld(_) if self.stage == "inquiry" => self.stage = "conversation",
            F::KartleggingDone(_) => {
                self.kartlegging = self.kartlegging.or(Some(day));
                if self.stage == "inquiry" || self.stage == "conversation" {
                    self.stage = "mapped";
                }
            }
            F::ParticipationBegun(_) => {
                self.begun = self.begun.or(Some(day));
                if !over {
                    self.stage = "participant";
                }
            }
            F::RelapseReported(_) if self.stage == "participant" => self.stage = "paused",
            F::Returned(_) if self.stage == "paused" => self.stage = "participant",
            F::ParticipationEnded(_) => {
                self.stage = "ended";
                self.ended = Some(day);
                self.passive = false;
            }
            F::BecamePassive(_) => self.passive = !over,
            F::ContactHeld(_) => {
                self.last_contact = Some(day);
                self.passive = false;
            }
            F::Transferred(transferred) => self.department = transferred.to.clone(),
            _ => {}
        }
    }
}
