//! Who stands where, sentences served, and the key figures.

use std::collections::BTreeSet;

use domain::{
    es::Day,
    event::DomainEvent,
    tidgiver::TidgiverFact as T,
    unit::{KeyFiguresReported, UnitFact as U},
    words::{UnitId, UnitKind},
};
use serde_json::{Value, json};

use super::{
    lives::{Lives, Stay, stay, stays},
    log::Log,
};

fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap()
}

pub(super) fn standing(lives: &Lives, unit: Option<&UnitId>, as_of: Day) -> Value {
    let here: Vec<&Stay> = stays(lives)
        .filter(|stay| unit.is_none_or(|unit| stay.department == *unit))
        .collect();
    let which = |standing: &str| count(here.iter().filter(|stay| stay.standing == standing));
    let active = count(here.iter().filter(|stay| stay.is_active(as_of)));
    let incoming = which("inquiry") + which("conversation") + which("mapped");
    json!({
        "registered": incoming + which("participant") + which("paused"),
        "active": active,
        "incoming": incoming,
        "passive": which("participant") - active,
        "paused": which("paused"),
        "ended": which("ended"),
        "closed": which("closed"),
    })
}

pub(super) fn sentence_serving(
    lives: &Lives,
    (unit, year): (Option<&UnitId>, Option<i32>),
    window: (Day, Day),
) -> Value {
    let (mut served, mut continued) = (BTreeSet::new(), BTreeSet::new());
    for (person, life) in lives {
        for sentence in &life.sentences {
            let at = stay(lives, sentence.stay).map(|stay| &stay.department);
            if at.is_none() || (unit.is_some() && unit != at) || sentence.begun > window.1 {
                continue;
            }
            match sentence.completed {
                Some((day, _)) if day < window.0 => {}
                Some((day, true)) if day <= window.1 => {
                    served.insert(person);
                    continued.insert(person);
                }
                _ => {
                    served.insert(person);
                }
            }
        }
    }
    json!({
        "unit": unit, "year": year, "served": served.len(), "continued": continued.len(),
    })
}

/// Department, approved, left: of the tidgiver's last time with us.
type Volunteer = (UnitId, bool, bool);

fn volunteers(log: &Log) -> Vec<Volunteer> {
    let mut all = vec![];
    for facts in log.tidgivere.values() {
        let mut now: Option<Volunteer> = None;
        for fact in facts {
            let DomainEvent::Tidgiver(event) = &fact.event else {
                panic!("not of a tidgiver");
            };
            match (event, &mut now) {
                (T::TidgiverApplied(applied), None | Some((_, _, true))) => {
                    now = Some((applied.department.clone(), false, false));
                }
                (T::TidgiverApproved(_), Some(now)) => now.1 = true,
                (T::TidgiverLeft(_), Some(now)) => now.2 = true,
                _ => {}
            }
        }
        all.extend(now);
    }
    all
}

pub(super) fn key_figures(log: &Log, lives: &Lives) -> Value {
    let volunteers = volunteers(log);
    let mut units = vec![];
    for (unit, facts) in &log.units {
        let mut kind = None;
        let mut last: Option<&KeyFiguresReported> = None;
        let mut last_of_tidgivere: Option<(Day, u32)> = None;
        for fact in facts {
            match &fact.event {
                DomainEvent::Unit(U::UnitRegistered(registered)) => kind = Some(registered.kind),
                DomainEvent::Unit(U::KeyFiguresReported(told)) if told.on <= log.as_of => {
                    if last.is_none_or(|last| last.on <= told.on) {
                        last = Some(told);
                    }
                    if let Some(heads) = told.tidgivere
                        && last_of_tidgivere.is_none_or(|(on, _)| on <= told.on)
                    {
                        last_of_tidgivere = Some((told.on, heads));
                    }
                }
                _ => {}
            }
        }
        let Some(kind) = kind else { continue };
        if kind != UnitKind::Department && last.is_none() {
            continue;
        }
        let here: Vec<_> = volunteers.iter().filter(|one| one.0 == *unit).collect();
        let tidgivere = if here.is_empty() {
            last_of_tidgivere.map(|(_, heads)| i64::from(heads))
        } else {
            Some(count(here.iter().filter(|one| one.1 && !one.2)))
        };
        units.push(json!({
            "unit": unit,
            "employees": last.map(|last| last.employees),
            "full_time_equivalents":
                last.map(|last| f64::from(last.full_time_equivalents_hundredths) / 100.0),
            "tidgivere": tidgivere,
            "participants": count(
                stays(lives).filter(|stay| stay.department == *unit && stay.is_open())
            ),
            "reported_for": last.map(|last| last.on),
            "tidgivere_reported_for": match last_of_tidgivere {
                Some((on, _)) if here.is_empty() => Some(on),
                _ => None,
            },
        }));
    }
    json!({ "units": units })
}
