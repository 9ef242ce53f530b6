//! What is due.

use domain::{
    es::Day,
    event::DomainEvent,
    participant::OppdragKind,
    tidgiver::TidgiverFact as T,
    words::{Situation, UnitId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    lives::{Lives, stay, stays},
    log::Log,
    referrals::Way,
};

struct List {
    items: Vec<Value>,
}

impl List {
    fn due(
        &mut self,
        (task, rule, about): (&str, &str, &str),
        (since, days): (Day, u64),
        unit: &UnitId,
        (participant, id): (Option<Uuid>, Uuid),
    ) {
        self.items.push(json!({
            "task": task,
            "due_on": since.plus(days),
            "since": since,
            "rule": rule,
            "unit": unit,
            "participant_id": participant,
            "about": about,
            "about_id": id,
        }));
    }
}

/// In no particular order.
pub(super) fn worklist(log: &Log, lives: &Lives, ways: &[Way]) -> Vec<Value> {
    let mut list = List { items: vec![] };
    of_stays(&mut list, lives);
    of_referrals(&mut list, lives, ways, log.as_of);
    of_oppdrag(&mut list, lives, log.as_of);
    of_tidgivere(&mut list, log, lives);
    list.items
}

/// Those who have more to do than they have time for.
fn of_tidgivere(list: &mut List, log: &Log, lives: &Lives) {
    for (id, facts) in &log.tidgivere {
        let (mut at, mut told) = (None, None);
        for fact in facts {
            let DomainEvent::Tidgiver(event) = &fact.event else {
                panic!("not of a tidgiver");
            };
            match event {
                T::TidgiverApplied(applied) if at.is_none() => {
                    (at, told) = (Some(&applied.department), None);
                }
                T::TidgiverAvailabilityChanged(changed) => {
                    told = Some((usize::from(changed.capacity), fact.occurred_at.day()));
                }
                T::TidgiverLeft(_) => at = None,
                _ => {}
            }
        }
        let (Some(at), Some((capacity, told_on))) = (at, told) else {
            continue;
        };
        let oppdrag = lives.values().flat_map(|life| &life.oppdrag);
        let mut matched: Vec<Day> = oppdrag
            .filter(|one| one.agreed.tidgiver == *id && one.ended.is_none())
            .map(|one| one.matched)
            .collect();
        matched.sort();
        if let Some(beyond) = matched.get(capacity) {
            list.due(
                ("talk-over-capacity", "D25", "tidgiver"),
                (told_on.max(*beyond), 0),
                at,
                (None, id.0),
            );
        }
    }
}

fn of_stays(list: &mut List, lives: &Lives) {
    for one in stays(lives).filter(|stay| stay.is_open()) {
        let (at, who) = (&one.department, (Some(one.person.0), one.id.0));
        if one.standing == "inquiry" && one.booked.is_none() {
            list.due(
                ("book-first-conversation", "D2", "stay"),
                (one.opened, 0),
                at,
                who,
            );
        }
        if one.veileder.is_none() {
            list.due(("assign-veileder", "D23", "stay"), (one.opened, 0), at, who);
        }
        if let Some(day) = one.discharge {
            list.due(
                ("be-ready-before-discharge", "D7", "stay"),
                (day, 0),
                at,
                who,
            );
        }
        if let Some(left) = one.left_treatment
            && one.last_contact.is_none_or(|last| last < left)
        {
            list.due(
                ("make-contact-after-treatment-left", "D7", "stay"),
                (left, 3),
                at,
                who,
            );
        }
    }
    for (person, life) in lives {
        for relapse in &life.relapses {
            if let Some(at) = stay(lives, relapse.stay)
                && at.is_open()
                && relapse.contacted.is_none()
                && relapse.returned.is_none()
            {
                list.due(
                    ("make-contact-after-relapse", "D12", "relapse"),
                    (relapse.tried.unwrap_or(relapse.reported), 3),
                    &at.department,
                    (Some(person.0), relapse.id.0),
                );
            }
        }
        for concern in &life.concerns {
            if let Some(at) = stay(lives, concern.stay)
                && concern.acknowledged.is_none()
            {
                list.due(
                    ("acknowledge-safety-concern", "D35", "safety-concern"),
                    (concern.raised, 1),
                    &at.department,
                    (Some(person.0), concern.id.0),
                );
            }
        }
    }
}

fn of_referrals(list: &mut List, lives: &Lives, ways: &[Way], as_of: Day) {
    for way in ways {
        if way.declined.is_some() || way.withdrawn.is_some() {
            continue;
        }
        let Some(agreed) = way.agreed else {
            if !way.with_consent && as_of.days_since(way.proposed) <= 30 {
                list.due(
                    ("ask-for-consent", "D5", "referral"),
                    (way.proposed, 30),
                    &way.to,
                    (None, way.id.0),
                );
            }
            continue;
        };
        if way.accepted.is_some() {
            continue;
        }
        let led_to: Vec<_> = stays(lives)
            .filter(|stay| stay.referral == Some(way.id))
            .collect();
        let mut at: Vec<&UnitId> = led_to
            .iter()
            .filter(|stay| stay.is_open())
            .map(|stay| &stay.department)
            .collect();
        if led_to.is_empty() {
            at.push(&way.to);
        }
        let who = (way.person.map(|person| person.0), way.id.0);
        for at in at {
            if way.situation == Situation::InPatient && way.joint.is_none() {
                list.due(
                    ("hold-joint-conversation", "D8", "referral"),
                    (agreed, 0),
                    at,
                    who,
                );
            }
            list.due(("answer-referral", "D4", "referral"), (agreed, 0), at, who);
        }
    }
}

fn of_oppdrag(list: &mut List, lives: &Lives, as_of: Day) {
    for (person, life) in lives {
        for one in life.oppdrag.iter().filter(|one| one.ended.is_none()) {
            let Some(stay) = stay(lives, one.stay) else {
                continue;
            };
            let (at, who) = (&stay.department, (Some(person.0), one.id.0));
            if let Some(over) = stay.ended {
                list.due(
                    ("end-oppdrag-left-open", "D27", "oppdrag"),
                    (over, 0),
                    at,
                    who,
                );
                continue;
            }
            if one.started.is_none() {
                list.due(
                    ("hold-start-conversation", "D28", "oppdrag"),
                    (one.agreed.begins, 0),
                    at,
                    who,
                );
            } else {
                let since = one.followed_up.unwrap_or(one.agreed.begins);
                let days = match one.kind {
                    OppdragKind::ShortPractical => 14,
                    OppdragKind::LongPractical => 42,
                    OppdragKind::Social => 28,
                };
                if since.plus(days) <= as_of {
                    list.due(
                        ("follow-up-oppdrag", "D32", "oppdrag"),
                        (since, days),
                        at,
                        who,
                    );
                }
            }
            if let Some(review) = one.review.filter(|review| *review <= as_of) {
                list.due(("review-oppdrag", "D27", "oppdrag"), (review, 0), at, who);
            }
            if one.ends < as_of {
                list.due(
                    ("end-or-extend-oppdrag", "D27", "oppdrag"),
                    (one.ends, 0),
                    at,
                    who,
                );
            }
            if one.cancelled_since_review >= 2 {
                list.due(
                    ("talk-over-cancellations", "D36", "oppdrag"),
                    (*one.cancelled.last().unwrap(), 0),
                    at,
                    who,
                );
            }
        }
    }
}
