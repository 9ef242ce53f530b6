//! The list of participants, one of them, and their journey fact by fact.

use domain::{
    es::{Day, EventData},
    event::Recorded,
    words::ParticipantId,
};
use serde_json::{Value, json};

use super::{
    lives::{Life, Lives, Stay},
    log::{Log, steps},
};

pub(super) fn list(lives: &Lives, as_of: Day) -> Vec<Value> {
    let last = |life: &Life| {
        let stay = life.stays.last()?;
        Some(json!({
            "participant_id": stay.person,
            "stay_id": stay.id,
            "department": stay.department,
            "standing": stay.standing,
            "active": stay.is_active(as_of),
            "veileder": stay.veileder,
            "plan": stay.plan,
            "opened": stay.opened,
            "begun": stay.begun,
            "ended": stay.ended,
            "last_contact": stay.last_contact,
        }))
    };
    lives.values().filter_map(last).collect()
}

fn whole(stay: &Stay, as_of: Day) -> Value {
    let mut told = json!({
        "stay_id": stay.id,
        "department": stay.department,
        "standing": stay.standing,
        "active": stay.is_active(as_of),
        "veileder": stay.veileder,
        "through": stay.through,
        "referral_id": stay.referral,
        "opened": stay.opened,
        "kartlegging": stay.kartlegging,
        "begun": stay.begun,
        "passive_since": stay.passive_since,
        "ended": stay.ended,
        "plan": stay.plan,
        "discharge": stay.discharge,
        "contacts": stay.contacts,
        "last_contact": stay.last_contact,
    });
    for (field, value) in &stay.shown {
        told[*field] = value.clone();
    }
    told
}

pub(super) fn detail(life: &Life, person: ParticipantId, as_of: Day) -> Value {
    if life.stays.is_empty() {
        return Value::Null;
    }
    let stays: Vec<Value> = life.stays.iter().map(|stay| whole(stay, as_of)).collect();
    let mut oppdrag: Vec<_> = life.oppdrag.iter().collect();
    oppdrag.sort_by_key(|one| (one.agreed.begins, one.id));
    let mut relapses: Vec<_> = life.relapses.iter().collect();
    relapses.sort_by_key(|one| (one.reported, one.id));
    let mut sentences: Vec<_> = life.sentences.iter().collect();
    sentences.sort_by_key(|one| (one.begun, one.id));
    let mut concerns: Vec<_> = life.concerns.iter().collect();
    concerns.sort_by_key(|one| (one.raised, one.id));
    json!({
        "participant_id": person,
        "stays": stays,
        "oppdrag": oppdrag.iter().map(|one| json!({
            "oppdrag_id": one.id,
            "stay_id": one.stay,
            "tidgiver_id": one.agreed.tidgiver,
            "kind": one.kind,
            "purpose": one.agreed.purpose,
            "begins": one.agreed.begins,
            "review": one.review,
            "ends": one.ends,
            "started": one.started,
            "meetings": one.meetings,
            "cancellations": one.cancelled.len(),
            "ended": one.ended.as_ref().map(|ended| ended.0),
            "end_reason": one.ended.as_ref().map(|ended| &ended.1),
        })).collect::<Vec<_>>(),
        "relapses": relapses.iter().map(|one| json!({
            "stay_id": one.stay,
            "reported": one.reported,
            "contacted": one.contacted,
            "returned": one.returned,
        })).collect::<Vec<_>>(),
        "sentences": sentences.iter().map(|one| json!({
            "stay_id": one.stay,
            "form": one.form,
            "begun": one.begun,
            "completed": one.completed.map(|completed| completed.0),
            "continues": one.completed.map(|completed| completed.1),
        })).collect::<Vec<_>>(),
        "safety_concerns": concerns.iter().map(|one| json!({
            "concern_id": one.id,
            "stay_id": one.stay,
            "oppdrag_id": one.oppdrag,
            "raised": one.raised,
            "acknowledged": one.acknowledged,
        })).collect::<Vec<_>>(),
    })
}

pub(super) fn timeline(log: &Log, person: ParticipantId) -> Vec<Value> {
    let facts: &[Recorded] = log.people.get(&person).map_or(&[], Vec::as_slice);
    steps(facts)
        .map(|step| {
            let data: Value = serde_json::from_str(&step.event.to_json()).unwrap();
            json!({
                "event_id": step.recorded.id,
                "position": step.recorded.position,
                "stay_id": step.stay,
                "occurred_at": step.recorded.occurred_at,
                "recorded_at": step.recorded.recorded_at,
                "kind": step.event.kind(),
                "data": data["fact"],
            })
        })
        .collect()
}
