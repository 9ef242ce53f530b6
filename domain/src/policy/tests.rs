//! What follows from a fact in another stream.

use super::*;
use crate::{
    es::{ConsentId, Decider, OccurredAt, spec::nth_id},
    participant::{ConsentWithdrawn, Participant},
    referral::{
        DeclineReason, DischargeDateTold, PatientAgreed, Referral, ReferralDeclined,
        ReferralProposed, TreatmentEnded,
    },
    words::{StayId, UnitId},
};

fn at(day: &str) -> OccurredAt {
    day.parse().unwrap()
}

fn slemdal() -> UnitId {
    "slemdal".parse().unwrap()
}

fn referral_id() -> ReferralId {
    ReferralId(nth_id(10))
}

fn person() -> ParticipantId {
    ParticipantId(nth_id(11))
}

fn consent_id() -> ConsentId {
    ConsentId(nth_id(12))
}

/// What follows from the last of the facts.
fn reactions(facts: Vec<ReferralFact>) -> Vec<Reaction> {
    let mut state = ReferralState::default();
    let mut last = vec![];
    for (n, event) in facts.into_iter().enumerate() {
        let entry = Entry {
            id: EventId(nth_id(n)),
            occurred_at: at("2020-01-01"),
            event,
        };
        state = Referral::evolve(state, &entry);
        last = after_referral(referral_id(), &state, &entry);
    }
    last
}

fn proposed() -> ReferralFact {
    ReferralFact::ReferralProposed(ReferralProposed {
        from: slemdal(),
        to: "stegforsteg-oslo".parse().unwrap(),
        situation: Situation::InPatient,
        consent_id: None,
        name: None,
        contact: None,
    })
}

fn agreed() -> ReferralFact {
    ReferralFact::PatientAgreed(PatientAgreed {
        participant_id: person(),
        consent_id: consent_id(),
    })
}

#[test]
fn d4_a_proposal_alone_leads_to_nothing() {
    assert_eq!(reactions(vec![proposed()]), vec![]);
}

#[test]
fn d4_the_persons_yes_opens_an_inquiry_with_its_consent_and_phase() {
    let to_person = |command| Reaction::Participant(person(), command);
    assert_eq!(
        reactions(vec![proposed(), agreed()]),
        vec![
            to_person(ParticipantCommand::MakeFirstContact(FirstContactMade {
                department: "stegforsteg-oslo".parse().unwrap(),
                channels: vec![Channel::TherapistOrPrisonStaff],
                through: Some(slemdal()),
                situation: Some(Situation::InPatient),
                referral_id: Some(referral_id()),
                name: None,
                contact: None,
            })),
            to_person(ParticipantCommand::GiveConsent(ConsentGiven {
                consent_id: consent_id(),
                purpose: ConsentPurpose::Cooperation,
                unit: slemdal(),
                referral_id: Some(referral_id()),
            })),
            to_person(ParticipantCommand::EnterTreatmentPhase(
                TreatmentPhaseEntered {
                    unit: slemdal(),
                    phase: TreatmentPhase::During,
                    consent_id: consent_id(),
                }
            )),
        ]
    );
}

#[test]
fn d7_a_discharge_date_becomes_part_of_the_journey() {
    let told = DischargeDateTold {
        on: "2020-03-01".parse().unwrap(),
    };
    assert_eq!(
        reactions(vec![
            proposed(),
            agreed(),
            ReferralFact::DischargeDateTold(told.clone())
        ]),
        vec![Reaction::Participant(
            person(),
            ParticipantCommand::PlanDischarge(DischargePlanned {
                unit: slemdal(),
                on: told.on,
                consent_id: consent_id(),
            })
        )]
    );
}

#[test]
fn d5_after_a_withdrawal_nothing_follows() {
    let by = WithdrawnBy::ConsentWithdrawn;
    let withdrawn = ReferralFact::ReferralWithdrawn(ReferralWithdrawn { by });
    let ended = ReferralFact::TreatmentEnded(TreatmentEnded {});
    assert_eq!(
        reactions(vec![proposed(), agreed(), withdrawn, ended]),
        vec![]
    );
}

#[test]
fn d5_a_consent_withdrawn_towards_the_unit_is_withdrawn_for_the_person() {
    let withdrawn = |by| ReferralFact::ReferralWithdrawn(ReferralWithdrawn { by });
    let consent_id = consent_id();
    let for_the_person = [Reaction::Participant(
        person(),
        ParticipantCommand::WithdrawConsent(ConsentWithdrawn { consent_id }),
    )];
    let by_consent = withdrawn(WithdrawnBy::ConsentWithdrawn);
    assert_eq!(
        reactions(vec![proposed(), agreed(), by_consent.clone()]),
        for_the_person
    );
    let declined = ReferralFact::ReferralDeclined(ReferralDeclined {
        reason: DeclineReason::OutsideCapacity,
        onward_to: "nav".parse().unwrap(),
        welcome_back_from: "2020-06-01".parse().unwrap(),
    });
    assert_eq!(
        reactions(vec![proposed(), agreed(), declined, by_consent.clone()]),
        for_the_person
    );
    // Without a yes there is nobody to tell, and without consent withdrawn nothing to stop.
    assert_eq!(reactions(vec![proposed(), by_consent]), []);
    let by_patient = withdrawn(WithdrawnBy::Patient);
    assert_eq!(reactions(vec![proposed(), agreed(), by_patient]), []);
}

#[test]
fn d5_a_consent_withdrawn_stops_the_referral_that_rests_on_it() {
    let in_stay = |fact| ParticipantEvent {
        stay_id: StayId(nth_id(0)),
        referral_id: None,
        fact,
    };
    let history = [
        ParticipantFact::FirstContactMade(FirstContactMade {
            department: "stegforsteg-oslo".parse().unwrap(),
            channels: vec![Channel::Other],
            through: None,
            situation: None,
            referral_id: Some(referral_id()),
            name: None,
            contact: None,
        }),
        ParticipantFact::ConsentGiven(ConsentGiven {
            consent_id: consent_id(),
            purpose: ConsentPurpose::Cooperation,
            unit: slemdal(),
            referral_id: Some(referral_id()),
        }),
        ParticipantFact::ConsentWithdrawn(ConsentWithdrawn {
            consent_id: consent_id(),
        }),
    ];
    let mut state = ParticipantState::default();
    let mut last = vec![];
    for (n, fact) in history.into_iter().enumerate() {
        let entry = Entry {
            id: EventId(nth_id(n)),
            occurred_at: at("2020-01-01"),
            event: in_stay(fact),
        };
        state = Participant::evolve(state, &entry);
        last = after_participant(&state, &entry);
    }
    let by = WithdrawnBy::ConsentWithdrawn;
    assert_eq!(
        last,
        vec![Reaction::Referral(
            referral_id(),
            ReferralCommand::WithdrawReferral(ReferralWithdrawn { by })
        )]
    );
}

#[test]
fn a_reaction_has_the_same_id_each_time_and_one_of_its_own() {
    let cause = EventId(nth_id(1));
    assert_eq!(reaction_id(cause, 0), reaction_id(cause, 0));
    assert_ne!(reaction_id(cause, 0), reaction_id(cause, 1));
}
