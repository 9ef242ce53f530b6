//! How long participation lasts, and what follows a relapse.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use domain::{es::Day, words::UnitId};
use serde_json::{Value, json};

use super::{
    flow::middle,
    lives::{Lives, Stay, stay, stays},
    referrals::Way,
};

/// Days, and whether it is over.
type Spell = (i64, bool);

fn spell(begun: Day, ended: Option<Day>, as_of: Day) -> Spell {
    match ended {
        Some(ended) if ended <= as_of => (ended.days_since(begun).max(0), true),
        _ => (as_of.days_since(begun).max(0), false),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred stays")]
fn curve(spells: &[Spell]) -> (Value, Value) {
    let days: BTreeSet<i64> = spells.iter().map(|spell| spell.0).collect();
    let (mut points, mut median) = (vec![], Value::Null);
    // Each point from nothing, by the formula as it is printed.
    for last in &days {
        let (mut survival, mut variance, mut bounds) = (1.0_f64, 0.0_f64, (1.0_f64, 1.0_f64));
        for day in days.range(..=last) {
            let at_risk = spells.iter().filter(|spell| spell.0 >= *day).count() as f64;
            let ended = spells
                .iter()
                .filter(|spell| **spell == (*day, true))
                .count() as f64;
            if at_risk.total_cmp(&ended).is_eq() {
                survival = 0.0;
                bounds.0 = 0.0;
                continue;
            }
            survival *= 1.0 - ended / at_risk;
            variance += ended / (at_risk * (at_risk - ended));
            if survival < 1.0 {
                let middle = (-survival.ln()).ln();
                let width = 1.959_963_984_540_054 * variance.sqrt() / survival.ln().abs();
                bounds = (
                    (-(middle + width).exp()).exp(),
                    (-(middle - width).exp()).exp(),
                );
            }
        }
        let at = |ended: bool| {
            spells
                .iter()
                .filter(|spell| **spell == (*last, ended))
                .count()
        };
        points.push(json!({
            "day": last,
            "at_risk": spells.iter().filter(|spell| spell.0 >= *last).count(),
            "ended": at(true),
            "censored": at(false),
            "survival": survival,
            "lower": bounds.0,
            "upper": bounds.1,
        }));
        if median.is_null() && survival < 0.500_000_001 {
            median = json!(last);
        }
    }
    (json!(points), median)
}

fn quarter(day: Day) -> String {
    format!("{}-Q{}", day.0.year(), day.0.month().div_ceil(3))
}

pub(super) fn retention(
    lives: &Lives,
    ways: &[Way],
    (unit, introduced_by): (Option<&UnitId>, Option<&UnitId>),
    as_of: Day,
) -> Value {
    let is_meant = |stay: &Stay| {
        let introduced = introduced_by.is_none_or(|by| {
            let sent = |way: &Way| Some(way.id) == stay.referral && way.from == *by;
            stay.through.as_ref() == Some(by) || ways.iter().any(sent)
        });
        unit.is_none_or(|unit| stay.department == *unit) && introduced
    };
    let begun: Vec<(&Stay, Day)> = stays(lives)
        .filter(|stay| is_meant(stay))
        .filter_map(|stay| Some((stay, stay.begun?)))
        .collect();
    let curve_of = |end: &dyn Fn(&Stay, Day) -> Option<Day>| {
        let spells: Vec<Spell> = begun
            .iter()
            .map(|(stay, begun)| spell(*begun, end(stay, *begun), as_of))
            .collect();
        curve(&spells)
    };
    let (recorded, median) = curve_of(&|stay, _| stay.ended);
    let (at_last_contact, _) = curve_of(&|stay, begun| {
        let (ended, learned) = (stay.ended?, stay.end_learned?);
        if learned <= ended {
            return Some(ended);
        }
        let last = stay.last_contact.unwrap_or(begun);
        Some(last.min(ended).max(begun))
    });
    let (when_learned, _) = curve_of(&|stay, _| Some(stay.ended?.max(stay.end_learned?)));
    let mut cohorts: BTreeMap<String, Vec<(&Stay, Day)>> = BTreeMap::new();
    for (stay, day) in &begun {
        cohorts.entry(quarter(*day)).or_default().push((stay, *day));
    }
    let cohorts: Vec<Value> = cohorts
        .into_iter()
        .map(|(cohort, some)| {
            let still_in = [90, 182, 365].map(|days| {
                let observed = some
                    .iter()
                    .filter(|(_, begun)| as_of.days_since(*begun) >= days);
                let still_in = observed.clone().filter(|(stay, begun)| {
                    stay.ended
                        .is_none_or(|ended| ended.days_since(*begun) > days)
                });
                json!({
                    "days": days, "observed": observed.count(), "still_in": still_in.count(),
                })
            });
            json!({
                "cohort": cohort,
                "size": some.len(),
                "ended": some.iter().filter(|(stay, _)| stay.ended.is_some()).count(),
                "still_in": still_in,
            })
        })
        .collect();
    json!({
        "cohorts": cohorts,
        "curve": recorded,
        "curve_ended_at_last_contact": at_last_contact,
        "curve_ended_when_learned": when_learned,
        "median_days": median,
        "relapses": relapses(lives, &is_meant),
    })
}

fn relapses(lives: &Lives, is_meant: &dyn Fn(&Stay) -> bool) -> Value {
    let (mut reported, mut to_contact, mut to_return) = (0, vec![], vec![]);
    for relapse in lives.values().flat_map(|life| &life.relapses) {
        if stay(lives, relapse.stay).is_some_and(is_meant) {
            reported += 1;
            let after = |day: Day| day.days_since(relapse.reported);
            to_contact.extend(relapse.contacted.map(after));
            to_return.extend(relapse.returned.map(after));
        }
    }
    json!({
        "reported": reported,
        "contacted": to_contact.len(),
        "returned": to_return.len(),
        "median_days_to_contact": middle(to_contact),
        "median_days_to_return": middle(to_return),
    })
}
