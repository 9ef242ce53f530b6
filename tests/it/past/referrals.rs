//! Referrals, told as plain structs.

use std::collections::BTreeMap;

use domain::{
    es::Day,
    event::DomainEvent,
    referral::ReferralFact as R,
    words::{ParticipantId, ReferralId, Situation, UnitId},
};
use serde_json::{Value, json};

use super::log::Log;

pub(super) struct Way {
    pub(super) id: ReferralId,
    pub(super) from: UnitId,
    pub(super) to: UnitId,
    pub(super) situation: Situation,
    pub(super) with_consent: bool,
    pub(super) person: Option<ParticipantId>,
    pub(super) proposed: Day,
    pub(super) agreed: Option<Day>,
    pub(super) joint: Option<Day>,
    pub(super) accepted: Option<Day>,
    pub(super) declined: Option<Day>,
    pub(super) withdrawn: Option<Day>,
    /// What is only shown, never counted.
    shown: BTreeMap<&'static str, Value>,
}

pub(super) fn ways(log: &Log) -> Vec<Way> {
    let mut ways = vec![];
    for (id, facts) in &log.referrals {
        let mut way: Option<Way> = None;
        for fact in facts {
            let DomainEvent::Referral(event) = &fact.event else {
                panic!("not of a referral");
            };
            let day = fact.occurred_at.day();
            match (event, &mut way) {
                (R::ReferralProposed(proposed), None) => {
                    way = Some(Way {
                        id: *id,
                        from: proposed.from.clone(),
                        to: proposed.to.clone(),
                        situation: proposed.situation,
                        with_consent: proposed.consent_id.is_some(),
                        person: None,
                        proposed: day,
                        agreed: None,
                        joint: None,
                        accepted: None,
                        declined: None,
                        withdrawn: None,
                        shown: BTreeMap::from([("left_early", json!(false))]),
                    });
                }
                (R::PatientAgreed(yes), Some(way)) => {
                    way.person = Some(yes.participant_id);
                    way.agreed = way.agreed.or(Some(day));
                }
                (R::JointConversationHeld(_), Some(way)) => way.joint = way.joint.or(Some(day)),
                (R::ReferralAccepted(_), Some(way)) => way.accepted = way.accepted.or(Some(day)),
                (R::ReferralDeclined(declined), Some(way)) => {
                    way.declined = Some(day);
                    way.shown.extend([
                        ("decline_reason", json!(declined.reason)),
                        ("onward_to", json!(declined.onward_to)),
                        ("welcome_back", json!(declined.welcome_back_from)),
                    ]);
                }
                (R::ReferralWithdrawn(withdrawn), Some(way)) => {
                    way.withdrawn = Some(day);
                    way.shown.insert("withdrawn_by", json!(withdrawn.by));
                }
                (R::TreatmentAdmitted(_), Some(way)) => {
                    way.shown.insert("admitted", json!(day));
                }
                (R::DischargeDateTold(told), Some(way)) => {
                    way.shown.insert("discharge", json!(told.on));
                }
                (R::TreatmentEnded(_), Some(way)) => {
                    way.shown.insert("treatment_over", json!(day));
                }
                (R::TreatmentLeftEarly(_), Some(way)) => {
                    way.shown.insert("treatment_over", json!(day));
                    way.shown.insert("left_early", json!(true));
                }
                _ => {}
            }
        }
        ways.extend(way);
    }
    ways
}

/// The list, the newest proposal first. What is due is told of those to a department.
pub(super) fn list(
    ways: &[Way],
    between: (Option<&UnitId>, Option<&UnitId>),
    tasks: &[Value],
    as_of: Day,
) -> Vec<Value> {
    let seen = |way: &&Way| {
        between.0.is_none_or(|from| way.from == *from) && between.1.is_none_or(|to| way.to == *to)
    };
    let mut found: Vec<&Way> = ways.iter().filter(seen).collect();
    found.sort_by_key(|way| (std::cmp::Reverse(way.proposed), way.id));
    let told = found.into_iter().map(|way| {
        let mut due: Vec<&Value> = tasks
            .iter()
            .filter(|task| task["about_id"] == json!(way.id) && task["about"] == "referral")
            .filter(|task| between.1.is_some_and(|to| task["unit"] == json!(to)))
            .collect();
        due.sort_by_key(|task| (task["due_on"].to_string(), task["rule"] != "D8"));
        let expires = (!way.with_consent).then(|| way.proposed.plus(30));
        let status = if way.withdrawn.is_some() {
            "withdrawn"
        } else if way.declined.is_some() {
            "declined"
        } else if way.accepted.is_some() {
            "accepted"
        } else if way.agreed.is_some() {
            "agreed"
        } else if way.with_consent {
            "proposed"
        } else if expires < Some(as_of) {
            "expired"
        } else {
            "in-quarantine"
        };
        let mut whole = json!({
            "referral_id": way.id,
            "from": way.from,
            "to": way.to,
            "situation": way.situation,
            "status": status,
            "with_consent": way.with_consent,
            "participant_id": way.person,
            "proposed": way.proposed,
            "expires": expires,
            "agreed": way.agreed,
            "joint_conversation": way.joint,
            "accepted": way.accepted,
            "declined": way.declined,
            "withdrawn": way.withdrawn,
            "due": due,
        });
        for field in SHOWN {
            whole[field] = way.shown.get(field).cloned().unwrap_or_default();
        }
        whole
    });
    told.collect()
}

const SHOWN: [&str; 8] = [
    "decline_reason",
    "onward_to",
    "welcome_back",
    "withdrawn_by",
    "admitted",
    "discharge",
    "treatment_over",
    "left_early",
];
