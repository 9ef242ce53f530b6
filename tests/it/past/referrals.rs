//! Referrals, told as plain structs.

use domain::{
    es::Day,
    event::DomainEvent,
    referral::ReferralFact as R,
    words::{ParticipantId, ReferralId, Situation, UnitId},
};

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
                    });
                }
                (R::PatientAgreed(yes), Some(way)) => {
                    way.person = Some(yes.participant_id);
                    way.agreed = way.agreed.or(Some(day));
                }
                (R::JointConversationHeld(_), Some(way)) => way.joint = way.joint.or(Some(day)),
                (R::ReferralAccepted(_), Some(way)) => way.accepted = way.accepted.or(Some(day)),
                (R::ReferralDeclined(_), Some(way)) => way.declined = Some(day),
                (R::ReferralWithdrawn(_), Some(way)) => way.withdrawn = Some(day),
                _ => {}
            }
        }
        ways.extend(way);
    }
    ways
}
