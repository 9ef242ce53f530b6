//! Files to import: lives of made-up people, told by another system in any order that is possible.

use std::collections::VecDeque;

use infra::ids::{IdSource, SeededIds};
use serde_json::{Value, json};

use crate::{OSLO, SLEMDAL};

/// A line of a file to import: an event that another system tells, and knew at the same time.
#[must_use]
pub fn line(id: &str, kind: &str, subject: &str, time: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "/old/system", "subject": subject,
        "type": format!("no.stegspor.{kind}.v1"), "time": time, "recordedat": time, "data": data,
    })
    .to_string()
}

type Told = (&'static str, String, Value);

/// A file of `persons` lives, told side by side in an order that follows from `seed`. Every life
/// is told in order; the lines in which one life begins stand anywhere among those of others.
#[must_use]
pub fn lines_of_lives(persons: usize, seed: u64) -> Vec<String> {
    let dice = SeededIds::new(seed);
    let throw = |sides: usize| usize::from(dice.next().as_bytes()[15]) % sides;
    let mut lives: Vec<VecDeque<Told>> = (0..persons).map(|n| life(n, &dice).into()).collect();
    let mut told: Vec<Told> = vec![
        (
            "unit.unit-registered",
            OSLO.to_owned(),
            json!({ "kind": "department", "offers_individual_tidgiver": true }),
        ),
        (
            "unit.unit-registered",
            SLEMDAL.to_owned(),
            json!({ "kind": "treatment-institution", "offers_individual_tidgiver": false }),
        ),
    ];
    let tidgiver = "tidgiver-1".to_owned();
    let applied = json!({ "department": OSLO, "name": "Tone Tidgiver" });
    told.push(("tidgiver.tidgiver-applied", tidgiver, applied));
    while !lives.is_empty() {
        let chosen = throw(lives.len().min(8));
        match lives[chosen].pop_front() {
            Some(next) => told.push(next),
            None => drop(lives.remove(chosen)),
        }
    }
    told.iter()
        .enumerate()
        .map(|(n, (kind, subject, data))| {
            let time = format!(
                "2020-{:02}-{:02}T{:02}:{:02}:00Z",
                1 + n / 20_160 % 12,
                1 + n / 720 % 28,
                n / 60 % 12 + 6,
                n % 60
            );
            line(&n.to_string(), kind, subject, &time, data)
        })
        .collect()
}

fn life(n: usize, dice: &SeededIds) -> Vec<Told> {
    let referred = n.is_multiple_of(3);
    let (person, mut life) = if referred {
        let (referral, person) = (format!("referral-{n}"), dice.next().to_string());
        let proposed = json!({
            "from": SLEMDAL, "to": OSLO, "situation": "in-patient", "contact": "900 00 000",
        });
        let agreed = json!({ "consent_id": dice.next(), "participant_id": person });
        let opened: Vec<Told> = vec![
            ("referral.referral-proposed", referral.clone(), proposed),
            ("referral.patient-agreed", referral.clone(), agreed),
            ("referral.joint-conversation-held", referral, json!({})),
        ];
        (person, opened)
    } else {
        let person = format!("person-{n}");
        let contact = json!({
            "department": OSLO, "channels": ["other"], "name": format!("Ola Nummer {n}"),
        });
        let opened: Vec<Told> = vec![("participant.first-contact-made", person.clone(), contact)];
        (person, opened)
    };
    let mapped = json!({ "wishes": ["housing"], "network_mapped": false });
    let goal = json!({ "text": format!("Finne bolig nummer {n}"), "participant_agreed": true });
    let contact = json!({ "channel": "phone", "with": "veileder", "arena": "own-offer" });
    let mut rest = vec![
        ("participant.first-conversation-held", json!({})),
        ("participant.kartlegging-done", mapped),
        ("participant.participation-begun", json!({})),
        ("participant.goal-set", goal),
        ("participant.contact-held", contact.clone()),
        ("participant.relapse-reported", json!({})),
        ("participant.returned", json!({})),
        ("participant.contact-held", contact),
    ];
    if n % 5 == 4 {
        rest.remove(1); // nobody is a participant before the kartlegging: what follows is refused
    }
    life.extend(
        rest.into_iter()
            .map(|(kind, data)| (kind, person.clone(), data)),
    );
    life
}
