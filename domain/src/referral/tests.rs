//! The rules of a referral, one test each.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    es::{
        ConsentId, VaultEntryId,
        spec::{Given, given, nth_id},
    },
    words::{ParticipantId, UnitId, UnitKind, UnitTraits},
};

type C = ReferralCommand;
type Told = (&'static str, ReferralFact);
use ReferralRejection as Why;

fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

fn world() -> World {
    let traits = |kind| UnitTraits {
        kind,
        offers_individual_tidgiver: true,
    };
    World {
        units: Arc::new(BTreeMap::from([
            (unit("stegforsteg-oslo"), traits(UnitKind::Department)),
            (unit("slemdal"), traits(UnitKind::TreatmentInstitution)),
            (unit("kommune"), traits(UnitKind::Other)),
        ])),
        ..World::default()
    }
}

fn proposal(situation: Situation, consent: bool) -> ReferralProposed {
    ReferralProposed {
        from: unit("slemdal"),
        to: unit("stegforsteg-oslo"),
        situation,
        consent_id: consent.then(|| ConsentId(nth_id(90))),
        name: None,
        contact: Some(VaultEntryId(nth_id(91))),
    }
}

fn proposed(situation: Situation) -> Vec<Told> {
    vec![(
        "2020-01-01",
        ReferralFact::ReferralProposed(proposal(situation, false)),
    )]
}

fn yes() -> PatientAgreed {
    PatientAgreed {
        participant_id: ParticipantId(nth_id(80)),
        consent_id: ConsentId(nth_id(90)),
    }
}

fn agreed(situation: Situation) -> Vec<Told> {
    let mut history = proposed(situation);
    history.push(("2020-01-05", ReferralFact::PatientAgreed(yes())));
    history
}

fn decline(onward: &str, back: &str) -> C {
    C::DeclineReferral(ReferralDeclined {
        reason: DeclineReason::NotReadyYet,
        onward_to: unit(onward),
        welcome_back_from: back.parse().unwrap(),
    })
}

fn told(history: Vec<Told>) -> Given<Referral> {
    given(history)
}

fn taken(history: Vec<Told>, day: &str, command: C) {
    let fact = command.clone().into_fact();
    told(history).when_in(&world(), day, command).then([fact]);
}

fn refused(history: Vec<Told>, day: &str, command: C, why: &Why) {
    told(history)
        .when_in(&world(), day, command)
        .then_rejected(why);
}

#[test]
fn d4_a_referral_is_a_proposal_until_the_person_says_yes() {
    let accept = C::AcceptReferral(ReferralAccepted {});
    refused(
        proposed(Situation::OutPatient),
        "2020-01-10",
        accept.clone(),
        &Why::PatientHasNotAgreed,
    );
    taken(
        proposed(Situation::OutPatient),
        "2020-01-05",
        C::Agree(yes()),
    );
    taken(agreed(Situation::OutPatient), "2020-01-10", accept);
}

#[test]
fn d5_without_consent_only_a_way_to_reach_the_person_is_kept() {
    let named = ReferralProposed {
        name: Some(VaultEntryId(nth_id(92))),
        ..proposal(Situation::InPatient, false)
    };
    refused(
        vec![],
        "2020-01-01",
        C::ProposeReferral(named),
        &Why::MoreThanContact,
    );
    let consented = ReferralProposed {
        name: Some(VaultEntryId(nth_id(92))),
        ..proposal(Situation::InPatient, true)
    };
    taken(vec![], "2020-01-01", C::ProposeReferral(consented));
}

#[test]
fn d5_nothing_is_told_of_a_patient_without_their_yes() {
    for command in [
        C::AdmitToTreatment(TreatmentAdmitted {}),
        C::TellDischargeDate(DischargeDateTold {
            on: "2020-03-01".parse().unwrap(),
        }),
        C::EndTreatment(TreatmentEnded {}),
        C::LeaveTreatmentEarly(TreatmentLeftEarly {}),
        C::HoldJointConversation(JointConversationHeld {}),
    ] {
        refused(
            proposed(Situation::InPatient),
            "2020-01-10",
            command.clone(),
            &Why::NoConsent,
        );
        taken(agreed(Situation::InPatient), "2020-01-10", command.clone());
        let mut withdrawn = agreed(Situation::InPatient);
        let by = WithdrawnBy::ConsentWithdrawn;
        withdrawn.push((
            "2020-01-07",
            ReferralFact::ReferralWithdrawn(ReferralWithdrawn { by }),
        ));
        refused(withdrawn, "2020-01-10", command, &Why::Withdrawn);
    }
}

#[test]
fn d5_a_referral_without_consent_expires() {
    taken(
        proposed(Situation::InPatient),
        "2020-01-31",
        C::Agree(yes()),
    );
    refused(
        proposed(Situation::InPatient),
        "2020-02-01",
        C::Agree(yes()),
        &Why::Expired,
    );
    let with_consent = vec![(
        "2020-01-01",
        ReferralFact::ReferralProposed(proposal(Situation::InPatient, true)),
    )];
    taken(with_consent, "2020-06-01", C::Agree(yes()));
}

#[test]
fn d8_contact_with_an_in_patient_starts_with_a_joint_conversation() {
    let accept = C::AcceptReferral(ReferralAccepted {});
    let history = agreed(Situation::InPatient);
    refused(
        history.clone(),
        "2020-01-10",
        accept.clone(),
        &Why::NoJointConversation,
    );
    let mut talked = history;
    talked.push((
        "2020-01-08",
        ReferralFact::JointConversationHeld(JointConversationHeld {}),
    ));
    taken(talked, "2020-01-10", accept);
}

#[test]
fn d9_not_now_has_a_way_onward_and_is_never_a_dead_end() {
    let history = agreed(Situation::OutPatient);
    taken(
        history.clone(),
        "2020-01-10",
        decline("kommune", "2020-06-01"),
    );
    let nowhere = Why::UnknownUnit {
        unit: unit("nowhere"),
    };
    refused(
        history.clone(),
        "2020-01-10",
        decline("nowhere", "2020-06-01"),
        &nowhere,
    );
    refused(
        history.clone(),
        "2020-01-10",
        decline("stegforsteg-oslo", "2020-06-01"),
        &Why::NoWayOnward,
    );
    refused(
        history.clone(),
        "2020-01-10",
        decline("kommune", "2020-01-09"),
        &Why::WelcomeBackInThePast,
    );
    let mut declined = history;
    declined.push(("2020-01-10", decline("kommune", "2020-06-01").into_fact()));
    refused(
        declined,
        "2020-01-11",
        C::AcceptReferral(ReferralAccepted {}),
        &Why::Declined,
    );
}

#[test]
fn a_referral_told_twice_is_one() {
    let again = C::ProposeReferral(proposal(Situation::InPatient, false));
    told(proposed(Situation::InPatient))
        .when_in(&world(), "2020-01-02", again)
        .then_nothing();
    told(agreed(Situation::InPatient))
        .when_in(&world(), "2020-01-06", C::Agree(yes()))
        .then_nothing();
    let another = PatientAgreed {
        participant_id: ParticipantId(nth_id(81)),
        ..yes()
    };
    refused(
        agreed(Situation::InPatient),
        "2020-01-06",
        C::Agree(another),
        &Why::AnotherPerson,
    );
}

#[test]
fn g1_a_referral_is_to_a_registered_department() {
    let elsewhere = ReferralProposed {
        to: unit("kommune"),
        ..proposal(Situation::InPatient, false)
    };
    refused(
        vec![],
        "2020-01-01",
        C::ProposeReferral(elsewhere),
        &Why::UnknownUnit {
            unit: unit("kommune"),
        },
    );
}

#[test]
fn g2_nothing_lies_before_the_proposal_or_the_yes_it_follows() {
    let before = |day: &str| Why::BeforeItsBeginning {
        begun: day.parse().unwrap(),
    };
    let by = WithdrawnBy::Patient;
    for command in [
        C::Agree(yes()),
        C::WithdrawReferral(ReferralWithdrawn { by }),
    ] {
        let history = proposed(Situation::InPatient);
        refused(history, "2019-12-31", command, &before("2020-01-01"));
    }
    for command in [
        C::HoldJointConversation(JointConversationHeld {}),
        C::EndTreatment(TreatmentEnded {}),
        C::LeaveTreatmentEarly(TreatmentLeftEarly {}),
        C::AcceptReferral(ReferralAccepted {}),
    ] {
        let history = agreed(Situation::InPatient);
        refused(history, "2020-01-04", command, &before("2020-01-05"));
    }
    let past = DischargeDateTold {
        on: "2020-02-01".parse().unwrap(),
    };
    let told_late = C::TellDischargeDate(past);
    refused(
        agreed(Situation::InPatient),
        "2020-02-02",
        told_late,
        &before("2020-02-02"),
    );
}

#[test]
fn an_admission_may_lie_before_and_a_withdrawn_consent_stops_whenever_it_was() {
    let admitted = C::AdmitToTreatment(TreatmentAdmitted {});
    taken(agreed(Situation::InPatient), "2019-06-01", admitted);
    let by = WithdrawnBy::ConsentWithdrawn;
    let withdrawn = C::WithdrawReferral(ReferralWithdrawn { by });
    taken(agreed(Situation::InPatient), "2019-12-31", withdrawn);
}
