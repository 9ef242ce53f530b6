//! Flows from units to departments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use domain::{
    cooperation::CooperationFact as C,
    es::Day,
    event::DomainEvent,
    words::{ParticipantId, UnitId},
};
use serde_json::{Value, json};

use super::{
    lives::{Life, Lives, Stay, stay},
    log::Log,
    referrals::Way,
};

/// Days of the stages that a referral reached.
struct Reached {
    proposed: Day,
    agreed: Option<Day>,
    joint: Option<Day>,
    accepted: Option<Day>,
    kartlegging: Option<Day>,
    participant: Option<Day>,
    matched: Option<Day>,
    /// Whether that day has come, and whether the person was still in.
    in_at: [(bool, bool); 3],
    declined: Option<Day>,
    withdrawn: Option<Day>,
}

/// The stay that the yes opened, or that the person was in.
fn stay_of<'a>(way: &Way, lives: &'a Lives) -> Option<&'a Stay> {
    let life = lives.get(&way.person?)?;
    let opened = life.stays.iter().find(|stay| stay.referral == Some(way.id));
    opened.or_else(|| {
        let agreed = way.agreed?;
        life.stays
            .iter()
            .find(|stay| stay.ended.is_none_or(|ended| ended >= agreed))
    })
}

fn reached(way: &Way, lives: &Lives, as_of: Day) -> Reached {
    let stay = stay_of(way, lives);
    let begun = stay.and_then(|stay| stay.begun);
    let ended = stay.and_then(|stay| stay.ended);
    let in_at = |days: i64| {
        begun.map_or((false, false), |begun| {
            let come = as_of.days_since(begun) >= days;
            let lasting = ended.is_none_or(|ended| ended.days_since(begun) > days);
            (come, come && lasting)
        })
    };
    Reached {
        proposed: way.proposed,
        agreed: way.agreed,
        joint: way.joint,
        accepted: way.accepted,
        kartlegging: stay.and_then(|stay| stay.kartlegging),
        participant: begun,
        matched: stay.and_then(|stay| stay.first_matched),
        in_at: [in_at(91), in_at(182), in_at(365)],
        declined: way.declined,
        withdrawn: way.withdrawn,
    }
}

pub(super) fn middle(mut days: Vec<i64>) -> Value {
    days.sort_unstable();
    if days.is_empty() {
        return Value::Null;
    }
    let (low, high) = (days[(days.len() - 1) / 2], days[days.len() / 2]);
    let sum = i32::try_from(low + high).unwrap();
    json!(f64::from(sum) / 2.0)
}

/// Name, how many, and the days that it took those who took it.
fn stages(all: &[&Reached], heads: [i64; 2]) -> Vec<(&'static str, i64, Value)> {
    type At = fn(&Reached) -> Option<Day>;
    let took = |from: At, to: At| {
        let days = |one: &&Reached| Some(to(one)?.days_since(from(one)?));
        middle(all.iter().filter_map(days).collect())
    };
    let who = |counts: &dyn Fn(&Reached) -> bool| {
        i64::try_from(all.iter().filter(|one| counts(one)).count()).unwrap()
    };
    vec![
        ("informed", heads[0], Value::Null),
        ("interested", heads[1], Value::Null),
        ("proposed", who(&|_| true), Value::Null),
        (
            "agreed",
            who(&|one| one.agreed.is_some()),
            took(|one| Some(one.proposed), |one| one.agreed),
        ),
        (
            "joint-conversation",
            who(&|one| one.joint.is_some()),
            took(|one| one.agreed, |one| one.joint),
        ),
        (
            "accepted",
            who(&|one| one.accepted.is_some()),
            took(|one| one.joint.or(one.agreed), |one| one.accepted),
        ),
        (
            "kartlegging",
            who(&|one| one.kartlegging.is_some()),
            took(|one| one.accepted, |one| one.kartlegging),
        ),
        (
            "participant",
            who(&|one| one.participant.is_some()),
            took(|one| one.kartlegging, |one| one.participant),
        ),
        (
            "matched",
            who(&|one| one.matched.is_some()),
            took(|one| one.participant, |one| one.matched),
        ),
        ("in-at-3-months", who(&|one| one.in_at[0].1), Value::Null),
        ("in-at-6-months", who(&|one| one.in_at[1].1), Value::Null),
        ("in-at-12-months", who(&|one| one.in_at[2].1), Value::Null),
        (
            "declined",
            who(&|one| one.declined.is_some()),
            took(|one| Some(one.proposed), |one| one.declined),
        ),
        (
            "withdrawn",
            who(&|one| one.withdrawn.is_some()),
            took(|one| Some(one.proposed), |one| one.withdrawn),
        ),
    ]
}

/// For how many participants the day has come, after so many months.
fn observed(all: &[&Reached]) -> [(u8, usize); 3] {
    let come = |nth: usize| all.iter().filter(|one| one.in_at[nth].0).count();
    [(3, come(0)), (6, come(1)), (12, come(2))]
}

fn month(day: Day) -> (i32, u32) {
    (day.0.year(), day.0.month())
}

fn is_within(day: Day, window: (Day, Day)) -> bool {
    window.0 <= day && day <= window.1
}

fn pairs(log: &Log, lives: &Lives, ways: &[Way]) -> BTreeSet<(UnitId, UnitId)> {
    let mut pairs: BTreeSet<_> = ways
        .iter()
        .map(|way| (way.from.clone(), way.to.clone()))
        .collect();
    for (pair, facts) in &log.cooperations {
        let begun = facts.iter().any(|fact| {
            matches!(
                &fact.event,
                DomainEvent::Cooperation(C::CooperationBegun(_))
            )
        });
        if begun {
            pairs.insert(pair.clone());
        }
    }
    for patient in lives.values().flat_map(|life| &life.patient) {
        if let Some(stay) = stay(lives, patient.stay) {
            pairs.insert((patient.unit.clone(), stay.department.clone()));
        }
    }
    pairs
}

/// Both parties' own counts of persons.
fn counted(
    (from, to): (&UnitId, &UnitId),
    lives: &Lives,
    ways: &[Way],
    window: (Day, Day),
) -> (usize, usize) {
    let referred: BTreeSet<ParticipantId> = ways
        .iter()
        .filter(|way| way.from == *from && way.to == *to)
        .filter(|way| way.accepted.is_some_and(|day| day <= window.1))
        .filter_map(|way| way.person)
        .collect();
    let in_contact = |life: &Life| life.contacts.iter().any(|day| is_within(*day, window));
    let was_participant = |life: &Life| {
        life.stays.iter().any(|stay| {
            stay.begun.is_some_and(|begun| begun <= window.1)
                && stay.ended.is_none_or(|ended| ended >= window.0)
        })
    };
    let was_treated = |life: &Life| {
        life.patient.iter().any(|one| {
            one.unit == *from
                && one.treated_since.is_some_and(|day| day <= window.1)
                && one.treated_until.is_none_or(|day| day >= window.0)
        })
    };
    let was_patient = |life: &Life| {
        life.patient
            .iter()
            .any(|one| one.unit == *from && one.since <= window.1)
    };
    let (mut partner, mut ours) = (0, 0);
    for (person, life) in lives {
        let sent = referred.contains(person);
        if sent && was_treated(life) && (in_contact(life) || was_participant(life)) {
            partner += 1;
        }
        let here = life.stays.iter().any(|stay| stay.department == *to);
        if here && in_contact(life) && (sent || was_patient(life)) {
            ours += 1;
        }
    }
    (partner, ours)
}

/// Heads told and heads interested, by the day they were counted; and the days of visits.
fn cooperation(log: &Log, pair: &(UnitId, UnitId)) -> (Vec<(Day, [i64; 2])>, Vec<Day>) {
    let (mut heads, mut visits) = (vec![], vec![]);
    for fact in log.cooperations.get(pair).into_iter().flatten() {
        let day = fact.occurred_at.day();
        match &fact.event {
            DomainEvent::Cooperation(C::PatientsInformed(told)) => {
                heads.push((day, [i64::from(told.count), 0]));
            }
            DomainEvent::Cooperation(C::InterestShown(shown)) => {
                heads.push((day, [0, i64::from(shown.count)]));
            }
            DomainEvent::Cooperation(C::PresenceHeld(_)) => visits.push(day),
            _ => {}
        }
    }
    (heads, visits)
}

fn sum<'a>(heads: impl Iterator<Item = &'a (Day, [i64; 2])>) -> [i64; 2] {
    heads.fold([0, 0], |sum, (_, more)| {
        [sum[0] + more[0], sum[1] + more[1]]
    })
}

pub(super) fn flows(log: &Log, lives: &Lives, ways: &[Way], window: (Day, Day)) -> Value {
    let mut flows = vec![];
    for pair in pairs(log, lives, ways) {
        let (from, to) = &pair;
        let all: Vec<Reached> = ways
            .iter()
            .filter(|way| way.from == *from && way.to == *to)
            .filter(|way| is_within(way.proposed, window))
            .map(|way| reached(way, lives, log.as_of))
            .collect();
        let (mut heads, mut visits) = cooperation(log, &pair);
        heads.retain(|(day, _)| is_within(*day, window));
        visits.retain(|day| is_within(*day, window));
        let of_month: BTreeSet<(i32, u32)> = all
            .iter()
            .map(|one| month(one.proposed))
            .chain(heads.iter().map(|(day, _)| month(*day)))
            .collect();
        let months: Vec<Value> = of_month
            .into_iter()
            .map(|(year, number)| {
                let then = |day: Day| month(day) == (year, number);
                let some: Vec<_> = all.iter().filter(|one| then(one.proposed)).collect();
                let heads = sum(heads.iter().filter(|(day, _)| then(*day)));
                let mut told: BTreeMap<String, Value> = stages(&some, heads)
                    .into_iter()
                    .map(|(name, count, _)| (name.replace('-', "_"), json!(count)))
                    .collect();
                for (months, count) in observed(&some) {
                    told.insert(format!("observed_at_{months}_months"), json!(count));
                }
                told.insert("month".to_owned(), json!(format!("{year}-{number:02}")));
                json!(told)
            })
            .collect();
        let (partner, ours) = counted((from, to), lives, ways, window);
        let every: Vec<_> = all.iter().collect();
        let stages: Vec<Value> = stages(&every, sum(heads.iter()))
            .into_iter()
            .map(|(stage, count, days)| {
                let followed = observed(&every).into_iter();
                let observed: Vec<_> = followed
                    .filter(|(months, _)| stage == format!("in-at-{months}-months"))
                    .map(|(_, count)| count)
                    .collect();
                json!({
                    "stage": stage,
                    "count": count,
                    "observed": observed.first(),
                    "median_days_from_previous": days,
                })
            })
            .collect();
        flows.push(json!({
            "from": from,
            "to": to,
            "stages": stages,
            "counted_by_partner": partner,
            "counted_by_steg_for_steg": ours,
            "months": months,
            "presence": {
                "visits": visits.len(),
                "first": visits.iter().min(),
                "last": visits.iter().max(),
            },
        }));
    }
    json!(flows)
}
