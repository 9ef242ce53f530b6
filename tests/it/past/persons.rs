//! The list of participants, one of them, and their journey fact by fact, as all is seen and as a
//! department sees it.

use domain::{
    es::{Day, EventData},
    event::Recorded,
    words::{ParticipantId, StayId, UnitId},
};
use serde_json::{Value, json};

use super::{
    lives::{Life, Lives, Stay},
    log::{Log, steps},
};

/// Of which department is asked; of all, if of none. It hears of the stays that it holds.
pub(super) type By<'a> = Option<&'a UnitId>;

fn held(stay: &Stay, by: By<'_>) -> bool {
    by.is_none_or(|department| stay.department == *department)
}

pub(super) fn list(lives: &Lives, by: By<'_>, as_of: Day) -> Vec<Value> {
    let last = |life: &Life| {
        let stay = life.stays.iter().rfind(|stay| held(stay, by))?;
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
            "readiness": stay.shown["readiness"],
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

pub(super) fn detail(life: &Life, person: ParticipantId, by: By<'_>, as_of: Day) -> Value {
    let of_stay = |id: StayId| {
        by.is_none()
            || life
                .stays
                .iter()
                .any(|stay| stay.id == id && held(stay, by))
    };
    let stays = life.stays.iter().filter(|stay| held(stay, by));
    let stays: Vec<Value> = stays.map(|stay| whole(stay, as_of)).collect();
    if stays.is_empty() {
        return Value::Null;
    }
    let mut oppdrag: Vec<_> = life
        .oppdrag
        .iter()
        .filter(|one| of_stay(one.stay))
        .collect();
    oppdrag.sort_by_key(|one| (one.agreed.begins, one.id));
    let mut relapses: Vec<_> = life
        .relapses
        .iter()
        .filter(|one| of_stay(one.stay))
        .collect();
    relapses.sort_by_key(|one| (one.reported, one.id));
    let mut sentences: Vec<_> = life
        .sentences
        .iter()
        .filter(|one| of_stay(one.stay))
        .collect();
    sentences.sort_by_key(|one| (one.begun, one.id));
    let mut concerns: Vec<_> = life
        .concerns
        .iter()
        .filter(|one| of_stay(one.stay))
        .collect();
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

pub(super) fn timeline(log: &Log, life: &Life, person: ParticipantId, by: By<'_>) -> Vec<Value> {
    let facts: &[Recorded] = log.people.get(&person).map_or(&[], Vec::as_slice);
    let of_stay = |id: StayId| {
        by.is_none()
            || life
                .stays
                .iter()
                .any(|stay| stay.id == id && held(stay, by))
    };
    steps(facts)
        .filter(|step| of_stay(step.stay))
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
