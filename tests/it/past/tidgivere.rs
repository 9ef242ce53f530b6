//! A tidgiver's own oppdrag, and the tidgivere of a department.

use std::collections::BTreeSet;

use domain::{
    event::DomainEvent,
    tidgiver::TidgiverFact as T,
    words::{TidgiverId, UnitId},
};
use serde_json::{Value, json};

use super::{
    lives::{Lives, stay},
    log::Log,
};

/// All that anything is told of.
pub(super) fn tidgivere(log: &Log, lives: &Lives) -> BTreeSet<TidgiverId> {
    let matched = lives
        .values()
        .flat_map(|life| life.oppdrag.iter().map(|one| one.agreed.tidgiver));
    log.tidgivere.keys().copied().chain(matched).collect()
}

pub(super) fn oppdrag(lives: &Lives, tidgiver: TidgiverId) -> Value {
    let mut own: Vec<_> = lives
        .iter()
        .flat_map(|(person, life)| life.oppdrag.iter().map(move |one| (person, one)))
        .filter(|(_, one)| one.agreed.tidgiver == tidgiver)
        .collect();
    own.sort_by_key(|(_, one)| (one.agreed.begins, one.id));
    let told = own.iter().map(|(person, one)| {
        let stay = stay(lives, one.stay);
        json!({
            "participant_id": person,
            "oppdrag_id": one.id,
            "kind": one.kind,
            "purpose": one.agreed.purpose,
            "begins": one.agreed.begins,
            "review": one.review,
            "ends": one.ends,
            "started": one.started,
            "meetings": one.meetings,
            "cancellations": one.cancelled.len(),
            "ended": one.ended.as_ref().map(|ended| ended.0),
            "left_open": match &one.ended {
                None => stay.and_then(|stay| stay.ended),
                Some(_) => None,
            },
        })
    });
    json!({ "participants": told.collect::<Vec<_>>() })
}

/// The tidgivere of a department, in the order of their ids.
pub(super) fn list(log: &Log, lives: &Lives, department: &UnitId) -> Vec<Value> {
    let mut all = vec![];
    for (id, facts) in &log.tidgivere {
        let mut now = Value::Null;
        for fact in facts {
            let day = json!(fact.occurred_at.day());
            let DomainEvent::Tidgiver(event) = &fact.event else {
                panic!("not of a tidgiver");
            };
            let mut step = |field: &str| {
                if now.is_object() && now[field].is_null() {
                    now[field] = day.clone();
                }
            };
            match event {
                T::TidgiverInterviewed(_) => step("interviewed"),
                T::TidgiverTrained(_) => step("trained"),
                T::TidgiverGroundRulesAccepted(_) => step("ground_rules"),
                T::TidgiverApproved(_) => step("approved"),
                T::TidgiverLeft(left) if now.is_object() => {
                    now["left_on"] = day;
                    now["leave_reason"] = json!(left.reason);
                }
                T::TidgiverApplied(applied) if now.is_null() || !now["left_on"].is_null() => {
                    now = json!({
                        "tidgiver_id": id, "department": applied.department, "applied": day,
                        "interviewed": null, "trained": null, "ground_rules": null,
                        "approved": null, "left_on": null, "leave_reason": null,
                        "interests": [], "languages": [], "capacity": null,
                    });
                }
                T::TidgiverInterestsRecorded(told) if now.is_object() => {
                    now["interests"] = json!(told.interests);
                    now["languages"] = json!(told.languages);
                }
                T::TidgiverAvailabilityChanged(told) if now.is_object() => {
                    now["capacity"] = json!(told.capacity);
                }
                _ => {}
            }
        }
        if now["department"] != json!(department) {
            continue;
        }
        let steps = [
            ("left_on", "left"),
            ("approved", "approved"),
            ("trained", "trained"),
            ("interviewed", "interviewed"),
            ("applied", "applied"),
        ];
        let last = steps.iter().find(|(field, _)| !now[*field].is_null());
        now["stage"] = json!(last.unwrap().1);
        let mut open: Vec<_> = lives
            .iter()
            .flat_map(|(person, life)| life.oppdrag.iter().map(move |one| (person, one)))
            .filter(|(_, one)| one.agreed.tidgiver == *id && one.ended.is_none())
            .collect();
        open.sort_by_key(|(_, one)| (one.agreed.begins, one.id));
        now["open_oppdrag"] = json!(open.len());
        let here = open.iter().filter(|(_, one)| {
            stay(lives, one.stay).is_some_and(|at| at.department == *department)
        });
        now["oppdrag"] = here
            .map(|(person, one)| {
                json!({
                    "oppdrag_id": one.id,
                    "participant_id": person,
                    "kind": one.kind,
                    "purpose": one.agreed.purpose,
                    "begins": one.agreed.begins,
                    "review": one.review,
                    "ends": one.ends,
                    "started": one.started,
                    "meetings": one.meetings,
                    "cancellations": one.cancelled.len(),
                })
            })
            .collect();
        all.push(now);
    }
    all
}
