//! What counts of a log: on a day, as known at a moment, stream by stream, in the order of the world.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    es::{
        Day, EventStore, Position, RecordedAt,
        amend::{Amendable, Amendment},
    },
    event::{DomainEvent, Recorded},
    participant::{ParticipantEvent, ParticipantFact},
    unit::UnitFact,
    words::{ParticipantId, ReferralId, StayId, TidgiverId, UnitId},
};

/// The facts that count.
pub(super) struct Log {
    pub(super) as_of: Day,
    pub(super) people: BTreeMap<ParticipantId, Vec<Recorded>>,
    pub(super) referrals: BTreeMap<ReferralId, Vec<Recorded>>,
    pub(super) tidgivere: BTreeMap<TidgiverId, Vec<Recorded>>,
    /// By unit and department.
    pub(super) cooperations: BTreeMap<(UnitId, UnitId), Vec<Recorded>>,
    pub(super) units: BTreeMap<UnitId, Vec<Recorded>>,
}

impl Log {
    pub(super) async fn read(store: &dyn EventStore, as_of: Day, known_at: RecordedAt) -> Self {
        let mut streams: BTreeMap<_, Vec<Recorded>> = BTreeMap::new();
        for event in store.read_all(Position::START, usize::MAX).await.unwrap() {
            if event.recorded_at <= known_at {
                let event = Recorded::decode(event).unwrap();
                streams.entry(event.stream.clone()).or_default().push(event);
            }
        }
        let mut log = Self {
            as_of,
            people: BTreeMap::new(),
            referrals: BTreeMap::new(),
            tidgivere: BTreeMap::new(),
            cooperations: BTreeMap::new(),
            units: BTreeMap::new(),
        };
        for (stream, history) in streams {
            let mut facts: Vec<Recorded> = (0..history.len())
                .filter(|at| history[*at].event.amendment().is_none() && counts(&history, *at))
                .map(|at| as_corrected(&history, at))
                .filter(|fact| day_of(fact) <= as_of)
                .collect();
            facts.sort_by_key(|fact| (stands_at(fact), fact.event.rank(), fact.id));
            let key = stream.key();
            match stream.category() {
                "participant" => drop(log.people.insert(key.parse().unwrap(), facts)),
                "referral" => drop(log.referrals.insert(key.parse().unwrap(), facts)),
                "tidgiver" => drop(log.tidgivere.insert(key.parse().unwrap(), facts)),
                "unit" => drop(log.units.insert(key.parse().unwrap(), facts)),
                "cooperation" => {
                    let (unit, department) = key.split_once('~').unwrap();
                    let pair = (unit.parse().unwrap(), department.parse().unwrap());
                    log.cooperations.insert(pair, facts);
                }
                other => panic!("nothing to count in {other}"),
            }
        }
        log
    }

    /// How many facts count.
    pub(super) fn facts(&self) -> usize {
        let people = self.people.values().map(Vec::len).sum::<usize>();
        let referrals = self.referrals.values().map(Vec::len).sum::<usize>();
        people + referrals
    }
}

/// Figures that a unit reports are of the day they are for, whenever they were told.
fn day_of(fact: &Recorded) -> Day {
    match &fact.event {
        DomainEvent::Unit(UnitFact::KeyFiguresReported(told)) => told.on,
        _ => fact.occurred_at.day(),
    }
}

/// A day counts as its first moment, and what opens a stay comes first on its day.
fn stands_at(fact: &Recorded) -> DateTime<Utc> {
    match &fact.event {
        DomainEvent::Participant(ParticipantEvent {
            fact: ParticipantFact::FirstContactMade(_) | ParticipantFact::ReEntered(_),
            ..
        }) => fact.occurred_at.day().begins(),
        _ => fact.occurred_at.begins(),
    }
}

/// Whether no later entry that counts retracts this one.
fn counts(history: &[Recorded], at: usize) -> bool {
    !(at + 1..history.len()).any(|later| {
        history[later].event.amendment() == Some(Amendment::Retracted(history[at].id))
            && counts(history, later)
    })
}

/// An entry as the last correction that counts says.
fn as_corrected(history: &[Recorded], at: usize) -> Recorded {
    let mut fact = history[at].clone();
    for later in at + 1..history.len() {
        if let Some(Amendment::Corrected(correction)) = history[later].event.amendment()
            && correction.entry == fact.id
            && counts(history, later)
        {
            fact = history[at].clone().corrected(correction);
        }
    }
    fact
}

/// A fact of somebody's journey.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) day: Day,
    pub(super) stay: StayId,
    pub(super) fact: &'a ParticipantFact,
    pub(super) event: &'a ParticipantEvent,
    pub(super) recorded: &'a Recorded,
}

pub(super) fn steps(facts: &[Recorded]) -> impl Iterator<Item = Step<'_>> {
    facts.iter().map(|recorded| {
        let DomainEvent::Participant(event) = &recorded.event else {
            panic!("not of a participant");
        };
        Step {
            day: recorded.occurred_at.day(),
            stay: event.stay_id,
            fact: &event.fact,
            event,
            recorded,
        }
    })
}
