//! Counts over a played history the naive way, fact by fact: a check that shares no code with the
//! read models.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Mutex,
};

use chrono::{DateTime, Utc};
use domain::{
    es::{
        Day, EventStore, Hash, PersonKey, PersonVault, Position, RecordedEvent, VaultEntry,
        VaultEntryId, VaultError, amend::effective,
    },
    event::{DomainEvent, Recorded},
    participant::{ParticipantFact as P, TreatmentPhase},
    referral::ReferralFact as R,
    words::{StayId, UnitId},
};

/// A vault that keeps words in memory.
#[derive(Default)]
pub(super) struct Words(pub(super) Mutex<Vec<VaultEntry>>);

#[async_trait::async_trait]
impl PersonVault for Words {
    async fn keep(&self, entries: Vec<VaultEntry>) -> Result<(), VaultError> {
        self.0.lock().unwrap().extend(entries);
        Ok(())
    }
    async fn open(&self, _: &[VaultEntryId]) -> Result<Vec<VaultEntry>, VaultError> {
        Ok(vec![])
    }
    async fn of_person(&self, _: PersonKey) -> Result<Vec<VaultEntry>, VaultError> {
        Ok(vec![])
    }
    async fn discard(&self, _: &[VaultEntryId]) -> Result<(), VaultError> {
        Ok(())
    }
    async fn erase(&self, _: PersonKey) -> Result<(), VaultError> {
        Ok(())
    }
}

/// A whole log.
pub(super) async fn log_of(store: &dyn EventStore) -> Vec<RecordedEvent> {
    let mut log: Vec<RecordedEvent> = vec![];
    loop {
        let after = log.last().map_or(Position::START, |event| event.position);
        let page = store.read_all(after, 5000).await.unwrap();
        if page.is_empty() {
            return log;
        }
        log.extend(page);
    }
}

pub(super) fn decode_all(log: &[RecordedEvent]) -> Vec<Recorded> {
    log.iter()
        .map(|event| Recorded::decode(event.clone()).unwrap())
        .collect()
}

pub(super) fn last_hash(log: &[RecordedEvent]) -> Option<(Position, Hash)> {
    log.last().map(|event| (event.position, event.hash))
}

/// What counts as known at a moment, of what happened up to a day, in the order of the world.
pub(super) fn facts(log: &[Recorded], as_of: Day, known_at: DateTime<Utc>) -> Vec<Recorded> {
    let known: Vec<_> = log
        .iter()
        .filter(|event| event.recorded_at.0 <= known_at)
        .cloned()
        .collect();
    let mut facts = effective(known);
    facts.retain(|fact| fact.occurred_at.day() <= as_of);
    facts.sort_by_key(|fact| {
        (
            fact.event.stands_at(fact.occurred_at).begins(),
            fact.event.rank(),
            fact.id,
        )
    });
    facts
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) registered: usize,
    pub(super) active: usize,
    pub(super) incoming: usize,
    pub(super) passive: usize,
    pub(super) paused: usize,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact, seen or not"
)]
struct Seen {
    department: UnitId,
    begun: bool,
    over: bool,
    paused: bool,
    passive: bool,
    last_contact: Option<Day>,
}

/// How the stays of each department stand.
pub(super) fn standing(facts: &[Recorded], as_of: Day) -> BTreeMap<String, Standing> {
    let mut stays: HashMap<StayId, Seen> = HashMap::new();
    for fact in facts {
        let DomainEvent::Participant(event) = &fact.event else {
            continue;
        };
        let department = match &event.fact {
            P::FirstContactMade(made) => Some(&made.department),
            P::ReEntered(entered) => Some(&entered.department),
            _ => None,
        };
        if let Some(department) = department {
            stays.insert(
                event.stay_id,
                Seen {
                    department: department.clone(),
                    begun: false,
                    over: false,
                    paused: false,
                    passive: false,
                    last_contact: None,
                },
            );
        }
        let seen = stays.get_mut(&event.stay_id).expect("a stay opens first");
        match &event.fact {
            P::ParticipationBegun(_) => seen.begun = true,
            P::InquiryClosed(_) | P::ParticipationEnded(_) => seen.over = true,
            P::RelapseReported(_) => seen.paused = true,
            P::Returned(_) => seen.paused = false,
            P::BecamePassive(_) => seen.passive = true,
            P::BecameActive(_) => seen.passive = false,
            P::ContactHeld(_) | P::OppdragMeetingHeld(_) => {
                seen.passive = false;
                seen.last_contact = Some(fact.occurred_at.day());
            }
            P::Transferred(transferred) => seen.department = transferred.to.clone(),
            _ => {}
        }
    }
    let mut all: BTreeMap<String, Standing> = BTreeMap::new();
    for seen in stays.values().filter(|seen| !seen.over) {
        let standing = all.entry(seen.department.to_string()).or_default();
        standing.registered += 1;
        if !seen.begun {
            standing.incoming += 1;
        } else if seen.paused {
            standing.paused += 1;
        } else if !seen.passive
            && seen
                .last_contact
                .is_some_and(|on| as_of.days_since(on) <= 90)
        {
            standing.active += 1;
        } else {
            standing.passive += 1;
        }
    }
    all
}

/// The two counts of a partner's patients in a window: the partner's, and Steg for Steg's.
pub(super) fn partner_counts(
    facts: &[Recorded],
    partner: &str,
    department: &str,
    (since, until): (Day, Day),
) -> (usize, usize) {
    let mut referred = HashSet::new();
    let mut person_of = HashMap::new();
    let mut from = HashSet::new();
    let mut patients: HashSet<String> = HashSet::new();
    let mut periods: HashMap<String, Vec<(Day, Option<Day>)>> = HashMap::new();
    let mut contacts: HashSet<String> = HashSet::new();
    let mut departments: HashMap<String, UnitId> = HashMap::new();
    for fact in facts {
        let key = fact.stream.key().to_owned();
        let day = fact.occurred_at.day();
        match &fact.event {
            DomainEvent::Referral(R::ReferralProposed(proposed))
                if proposed.from.as_str() == partner && proposed.to.as_str() == department =>
            {
                from.insert(key);
            }
            DomainEvent::Referral(R::PatientAgreed(agreed)) => {
                person_of.insert(key, agreed.participant_id.to_string());
            }
            DomainEvent::Referral(R::ReferralAccepted(_)) if from.contains(&key) => {
                referred.insert(person_of[&key].clone());
            }
            DomainEvent::Participant(event) => match &event.fact {
                P::FirstContactMade(made) => {
                    departments.insert(key, made.department.clone());
                }
                P::ReEntered(made) => {
                    departments.insert(key, made.department.clone());
                }
                P::Transferred(to) => {
                    departments.insert(key, to.to.clone());
                }
                P::ContactHeld(_) | P::OppdragMeetingHeld(_) if day >= since && day <= until => {
                    contacts.insert(key);
                }
                P::TreatmentPhaseEntered(entered) if entered.unit.as_str() == partner => {
                    patients.insert(key.clone());
                    let periods = periods.entry(key).or_default();
                    if entered.phase == TreatmentPhase::During {
                        periods.push((day, None));
                    } else if let Some(last) = periods.last_mut() {
                        last.1 = Some(day);
                    }
                }
                P::TreatmentLeftEarly(left) if left.unit.as_str() == partner => {
                    if let Some(last) = periods.entry(key).or_default().last_mut() {
                        last.1 = Some(day);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    let here: BTreeSet<_> = contacts
        .iter()
        .filter(|key| departments[*key].as_str() == department)
        .collect();
    let by_partner = here
        .iter()
        .filter(|key| referred.contains(**key))
        .filter(|key| {
            periods.get(**key).is_some_and(|periods| {
                periods
                    .iter()
                    .any(|(begun, over)| *begun <= until && over.is_none_or(|over| over >= since))
            })
        })
        .count();
    let by_steg_for_steg = here
        .iter()
        .filter(|key| referred.contains(**key) || patients.contains(**key))
        .count();
    (by_partner, by_steg_for_steg)
}
